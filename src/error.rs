//! Everything that can end a command early, and its exit status; `words` has the sentences.

use std::process::ExitCode;

pub use kube::core::Status;
use strum::{IntoStaticStr, VariantNames};

use crate::lifecycle::{Applier, Refusal, Stage, Target, Verb};
use crate::template::Misfit;

/// Reason why a command did not do as asked.
#[derive(Debug, IntoStaticStr, VariantNames)]
pub enum Error {
    /// The API server answered with an error.
    Api(Box<Status>),
    /// The API server, `host:port`, was not reached, or the connection broke.
    Connection { server: String, trouble: Trouble },
    /// The API server's response cannot be used; the text says why.
    Response(String),
    /// The kubeconfig or a connection flag is wrong; the whole message, as kubectl words it.
    Configuration(String),
    /// Neither the claim nor a volume for it exists; the namespaces that have a claim of that name, and the claims of this
    /// one, and the volumes that are kept here for other claims, which do not exist.
    Absent { target: Target, elsewhere: Vec<String>, here: Vec<String>, kept: Vec<(String, Target)> },
    /// No claim of this namespace is selected by these flags.
    NothingSelected(String, String),
    /// The error, whose remedies are about these claims, separated by commas.
    OfClaims(String, Box<Error>),
    /// Of `reuse`: no selected claim of this namespace has a volume to reuse.
    NothingToReuse(String),
    /// Of several claims these failed, and were told; these were not tried; the number of all. True to repeat the command for
    /// the same selection: naming the claims of a set would take it in part.
    SomeFailed { verb: Verb, failed: Vec<Target>, not_tried: Vec<Target>, of: usize, repeats: bool },
    /// There is no volume of the name that the user gave: it is that of this claim.
    ClaimNamed(Target),
    /// The verb was refused.
    Refused(Refusal),
    /// The verb is still refused after this long, as it was typed.
    TimedOut(String, Refusal),
    /// A file cannot be used.
    File { name: String, problem: FileProblem },
    /// A check failed, and that was the result.
    Failed,
    /// The user answered no.
    Declined(Action),
    /// The user chose none of several volumes.
    NotChosen,
    /// There is no terminal to ask for confirmation at.
    NoTerminal(Action),
    /// A patch was sent, and its effect did not follow.
    Unsettled(Target, Unsettled),
    /// The guide stopped.
    Guide(Target, Halt),
    /// The terminal or the output cannot be used.
    Terminal(std::io::Error),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-C during a verb, after so many of all volumes were patched.
    InterruptedAfter { verb: Verb, patched: usize, of: usize },
}

/// Reason why a server was not reached; the texts are those of whoever noticed.
#[derive(Clone, Debug, IntoStaticStr, VariantNames)]
pub enum Trouble {
    /// Nothing listens there.
    Refused,
    /// A later attempt may succeed.
    Passing(String),
    /// No attempt will succeed: a certificate that is not trusted, credentials, a proxy.
    Lasting(String),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused => f.write_str("connection refused"),
            Self::Passing(text) | Self::Lasting(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Trouble {}

/// Problem with a file.
#[derive(Debug, IntoStaticStr, VariantNames)]
pub enum FileProblem {
    /// An error of the operating system.
    Io(std::io::Error),
    /// A directory.
    Directory,
    /// A device or the like.
    NotRegular,
    /// Not UTF-8, from this line on.
    Encoding(usize),
    /// The read-only permission.
    ReadOnly,
    /// Other hard links, which a rename would leave with the old text.
    HardLinks,
    /// The file was changed after it was read.
    Changed,
    /// A template that cannot be edited.
    Template(Misfit),
}

/// Something that is done only if the user agrees.
#[derive(Clone, Debug, IntoStaticStr, PartialEq, Eq, VariantNames)]
pub enum Action {
    /// Patch this volume.
    Patch(String),
    /// Patch this many volumes, of this many claims, in this namespace.
    PatchAll { volumes: usize, claims: usize, namespace: String },
    /// Pin the claim in this file, or unpin it.
    Write {
        file: String,
        claim: String,
        /// The name of the claim's document, as written.
        document: String,
        pins: bool,
    },
    /// Run this command of the operator's.
    Run(String),
}

/// Missing effect of a patch of this volume.
#[derive(Debug, IntoStaticStr, VariantNames)]
pub enum Unsettled {
    /// The volume is not Available after this time.
    NotAvailable(String, String),
    /// The response to the patch was lost for this reason, and the volume cannot be read.
    Unknown(String, Box<Error>),
    /// The response to the patch was lost for this reason, and the volume is unchanged.
    NotDone(String, Box<Error>),
    /// The volume has this policy all the same.
    PolicyReset(String, String),
}

/// Reason why the guide stopped.
#[derive(Debug, IntoStaticStr, VariantNames)]
pub enum Halt {
    /// The claim stays when it is uninstalled.
    Kept,
    /// A tool applies the volume and may set the policy back.
    Applied(Applier),
    /// From this stage a person has to choose the way; the steps were printed.
    Stopped(Stage),
    /// A step that is done elsewhere was not done within this time.
    TimedOut(Stage, String),
    /// The operator's command failed with this status.
    Command(String, String),
    /// The operator's command that uninstalls failed with this status, where an earlier run may have run it.
    CommandAgain(String, String),
    /// The shell cannot be run; the operating system's words.
    NoShell(String),
    /// Ctrl-C while the operator's command ran, which ended with this status.
    Interrupted(String, String),
}

impl Error {
    /// 1 for failures, refusals and declined prompts; 130 after Ctrl-C. (For wrong usage, 2, the parser ends the
    /// program.)
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::OfClaims(_, error) => error.exit_code(),
            Self::Interrupted | Self::InterruptedAfter { .. } | Self::Guide(_, Halt::Interrupted(..)) => {
                ExitCode::from(130)
            }
            Self::Api(_)
            | Self::Connection { .. }
            | Self::Response(_)
            | Self::Configuration(_)
            | Self::Absent { .. }
            | Self::ClaimNamed(_)
            | Self::NothingSelected(..)
            | Self::NothingToReuse(_)
            | Self::SomeFailed { .. }
            | Self::File { .. }
            | Self::Failed
            | Self::Refused(_)
            | Self::TimedOut(..)
            | Self::Declined(_)
            | Self::NotChosen
            | Self::NoTerminal(_)
            | Self::Unsettled(..)
            | Self::Guide(..)
            | Self::Terminal(_) => ExitCode::FAILURE,
        }
    }

    /// True if the server refused a patch because the volume has changed since it was read.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Api(status) if status.code == 409)
    }

    /// True if the user lacks a right.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Api(status) if status.code == 403)
    }

    /// True if the server may have applied a patch although this was the outcome: the response was lost, or a gateway timed
    /// out.
    pub fn may_have_been_applied(&self) -> bool {
        match self {
            Self::Connection { trouble, .. } => !matches!(trouble, Trouble::Refused),
            Self::Api(status) => status.code == 504,
            Self::Response(_) => true,
            _ => false,
        }
    }

    /// True if a later attempt may succeed: the connection broke, or the server is busy or starting.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Connection { trouble, .. } => !matches!(trouble, Trouble::Lasting(_)),
            Self::Api(status) => matches!(status.code, 429 | 500 | 502 | 503 | 504),
            Self::Unsettled(_, Unsettled::Unknown(_, cause) | Unsettled::NotDone(_, cause)) => cause.is_passing(),
            Self::OfClaims(_, error) => error.is_passing(),
            _ => false,
        }
    }

    /// An unexpected response, in the parser's words.
    pub fn response(error: impl std::fmt::Display) -> Self {
        Self::Response(error.to_string())
    }

    /// A problem with the file of that name.
    pub fn file(name: &str, problem: FileProblem) -> Self {
        Self::File { name: name.to_owned(), problem }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<std::io::Error> for Error {
    /// dialoguer reports Ctrl-C at a prompt as this kind.
    fn from(source: std::io::Error) -> Self {
        if source.kind() == std::io::ErrorKind::Interrupted { Self::Interrupted } else { Self::Terminal(source) }
    }
}

/// The operating system's words alone, as kubectl prints them.
#[must_use]
pub fn os_message(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}
