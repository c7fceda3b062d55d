//! Everything that can end a command early, and the exit status it gives; `words` has how it reads.

use std::process::ExitCode;

pub use kube::core::Status;

use crate::lifecycle::{Refusal, Stage, Target};
use crate::template::Misfit;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub enum Error {
    // The API server answered with an error.
    Api(Box<Status>),
    // The API server, `host:port`, was not reached, or the connection broke.
    Connection { server: String, trouble: Trouble },
    // A connection cannot be tried.
    Setup(Trouble),
    // The API server answered with something that cannot be used.
    Answer(Answer),
    // The kubeconfig or a flag that overrides it is wrong; the whole message, as kubectl words it.
    Configuration(String),
    // Neither the claim nor a volume for it exists; namespaces that have a claim of that name.
    Absent { target: Target, elsewhere: Vec<String> },
    Refused(Refusal),
    // The situation still forbids it after this long, as it was typed.
    TimedOut(String, Refusal),
    File { name: String, problem: FileProblem },
    // A check has failed, and that was the result.
    Failed,
    // The user said no to this.
    Declined(Deed),
    // There is no terminal to ask at about this.
    NoTerminal(Deed),
    // A change was sent, and what had to follow from it did not.
    Unsettled(Target, Unsettled),
    // The guide goes no further.
    Guide(Target, Halt),
    // The terminal or the output could not be used.
    Terminal(std::io::Error),
    // Ctrl-C.
    Interrupted,
}

/// Why a server was not reached; an error among errors of a connection, too, until `words` has it.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// Nothing listens there.
    Refused,
    /// No answer within this time; it is named with the flag that sets it.
    Silent(String),
    NoConnection(std::time::Duration),
    /// The exec plugin's status, and what it wrote to standard error.
    ExecFailed(String, String),
    /// The exec plugin cannot be run; the operating system's words.
    NoExec(String),
    /// There are no credentials for another reason.
    Credentials(String),
    /// A proxy of a kind that is not spoken to.
    ProxyScheme(String),
    /// TLS cannot be agreed on: a certificate that is not trusted, most of all.
    Tls(String),
    /// Anything else, in the words of whoever noticed.
    Other(String),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Trouble {}

/// Why an answer cannot be used.
#[derive(Debug)]
pub enum Answer {
    /// It is no JSON of the expected form; the parser's words.
    Form(String),
    /// The name of an object is none.
    Name(String),
    /// This volume was not in it.
    NoVolume(String),
    NoRow,
    NoObject,
    NoColumn(&'static str),
    /// An object of this kind, and no list.
    NoList(String),
    /// More bytes than this.
    TooLong(u64),
}

/// What is wrong with a file.
#[derive(Debug)]
pub enum FileProblem {
    Io(std::io::Error),
    Folder,
    /// It is a device or the like.
    NoFile,
    /// It is not UTF-8, from this line on.
    Encoding(usize),
    ReadOnly,
    /// It has other hard links, which a rename would part from it.
    HardLinks,
    /// It is no longer what was read.
    Changed,
    /// It is no template that can be edited.
    Template(Misfit),
}

/// Something that is done only if the user agrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// This volume is patched.
    Patch(String),
    /// This file is written.
    Write(String),
    /// This command of the operator's is run.
    Run(String),
    /// A volume is chosen.
    Choose,
    /// Another round of the procedure is begun.
    Round,
}

/// What did not follow from a change of this volume.
#[derive(Debug)]
pub enum Unsettled {
    /// It is not Available after this time.
    NotAvailable(String, String),
    /// Whether it was patched is not known, for this reason.
    Unknown(String, Box<Error>),
    /// The answer to the patch was lost for this reason, and the volume read back is as it was.
    NotDone(String, Box<Error>),
    /// It has this policy all the same.
    PolicyReset(String, String),
}

/// Why the guide goes no further.
#[derive(Debug)]
pub enum Halt {
    /// Helm keeps the claim.
    Kept,
    /// From this stage a person has to choose the way, which was just told.
    Stopped(Stage),
    /// A step that is done elsewhere was not done within this time.
    TimedOut(Stage, String),
    /// The operator's command failed, with this status.
    Command(String, String),
    /// The shell that would run the operator's command cannot be run; the operating system's words.
    NoShell(String),
    /// Ctrl-C while the operator's command ran, which ended with this status.
    Interrupted(String, String),
}

impl Error {
    /// 1 for failures, refusals and declined prompts; 130 after Ctrl-C. (Wrong usage, 2, never
    /// gets here: the parser ends the program.)
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Interrupted | Self::Guide(_, Halt::Interrupted(..)) => ExitCode::from(130),
            Self::Api(_)
            | Self::Connection { .. }
            | Self::Setup(_)
            | Self::Answer(_)
            | Self::Configuration(_)
            | Self::Absent { .. }
            | Self::File { .. }
            | Self::Failed
            | Self::Refused(_)
            | Self::TimedOut(..)
            | Self::Declined(_)
            | Self::NoTerminal(_)
            | Self::Unsettled(..)
            | Self::Guide(..)
            | Self::Terminal(_) => ExitCode::FAILURE,
        }
    }

    /// Whether the server refused a patch because the volume has moved on since it was read.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Api(status) if status.code == 409)
    }

    /// Whether the user lacks a right.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Api(status) if status.code == 403)
    }

    /// Whether trying again later may help although nothing was changed here: the connection, or a
    /// server that says that it is busy or starting.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Connection { trouble, .. } => match trouble {
                Trouble::Refused | Trouble::Silent(_) | Trouble::NoConnection(_) | Trouble::Other(_) => true,
                Trouble::Tls(_)
                | Trouble::ExecFailed(..)
                | Trouble::NoExec(_)
                | Trouble::Credentials(_)
                | Trouble::ProxyScheme(_) => false,
            },
            Self::Api(status) => matches!(status.code, 429 | 500 | 502 | 503 | 504),
            _ => false,
        }
    }

    /// An answer that is not what was expected, in the parser's words.
    pub fn form(error: impl std::fmt::Display) -> Self {
        Self::Answer(Answer::Form(error.to_string()))
    }

    /// An error about a file.
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
    /// A prompt that was interrupted by Ctrl-C is told by this kind.
    fn from(source: std::io::Error) -> Self {
        if source.kind() == std::io::ErrorKind::Interrupted { Self::Interrupted } else { Self::Terminal(source) }
    }
}

/// The operating system's words alone, as kubectl prints them.
#[must_use]
pub fn said(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}
