//! Everything that can end a command early, how it reads, and the exit status it gives.

use std::fmt;
use std::process::ExitCode;

use kube::core::Status;

use crate::lifecycle::plan::Refusal;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub enum Error {
    /// The API server answered with an error.
    Api(Box<Status>),
    /// The API server was not reached, or the connection broke.
    Connection {
        /// `host:port` of the server.
        server: String,
        /// Whether nothing listens there.
        refused: bool,
        /// What the transport said.
        reason: String,
    },
    /// The API server answered with something that is no Kubernetes object.
    Answer(String),
    /// The kubeconfig or a flag that overrides it is wrong; the whole message, as kubectl words it.
    Configuration(String),
    /// Neither the claim nor a volume for it exists.
    Absent {
        /// The claim's name.
        claim: String,
        /// Where else it may be.
        hint: String,
    },
    /// The situation forbids it.
    Refused(Refusal),
    /// A file cannot be read, edited or written.
    File {
        /// The file, with the line where there is one: `pvc-images.yaml:12`.
        place: String,
        /// What is wrong.
        message: String,
        /// What to do, where there is something.
        hint: Option<String>,
    },
    /// A check has failed, and that was the result.
    Failed,
    /// The user said no; what has therefore not happened.
    Declined(String),
    /// Something had to be asked, and there is no terminal: what would have been done.
    NoTerminal(String),
    /// The change was made, and what had to follow from it did not.
    Unsettled {
        /// What is not as it should be.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The terminal or the output could not be used.
    Terminal(std::io::Error),
    /// Ctrl-C.
    Interrupted,
}

impl Error {
    /// 1 for failures, refusals and declined prompts; 130 after Ctrl-C. (Wrong usage, 2, never
    /// gets here: the parser ends the program.)
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Interrupted => ExitCode::from(130),
            Self::Api(_)
            | Self::Connection { .. }
            | Self::Answer(_)
            | Self::Configuration(_)
            | Self::Absent { .. }
            | Self::File { .. }
            | Self::Failed
            | Self::Refused(_)
            | Self::Declined(_)
            | Self::NoTerminal(_)
            | Self::Unsettled { .. }
            | Self::Terminal(_) => ExitCode::FAILURE,
        }
    }

    /// What the user can do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) => refusal.hint.as_deref(),
            Self::File { hint, .. } => hint.as_deref(),
            Self::NoTerminal(_) => Some("pass --yes, or look first with --dry-run=server"),
            Self::Unsettled { hint, .. } | Self::Absent { hint, .. } => Some(hint),
            _ => None,
        }
    }

    /// Whether the server refused a patch because the volume has moved on since it was read.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Api(status) if status.code == 409)
    }

    /// Whether the user lacks a right.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Api(status) if status.code == 403)
    }

    /// Whether trying again later may help although nothing was changed here: the connection, or a
    /// server that says that it is busy or starting.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Connection { .. } => true,
            Self::Api(status) => matches!(status.code, 429 | 500 | 502 | 503 | 504),
            _ => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api(status) => api(f, status),
            Self::Connection { server, refused: true, .. } => {
                write!(f, "The connection to the server {server} was refused - did you specify the right host or port?")
            }
            Self::Connection { reason, .. } => write!(f, "Unable to connect to the server: {reason}"),
            Self::Answer(reason) => write!(f, "error: the API server's answer cannot be used: {reason}"),
            Self::Configuration(message) => f.write_str(message),
            Self::Absent { claim, .. } => {
                write!(f, "Error from server (NotFound): persistentvolumeclaims \"{claim}\" not found")
            }
            Self::Refused(refusal) => write!(f, "error: {}", refusal.message),
            Self::File { place, message, .. } => write!(f, "error: {place}: {message}"),
            Self::Failed => f.write_str("error: a check has failed"),
            Self::Declined(what) => write!(f, "error: declined; {what}"),
            Self::NoTerminal(what) => write!(f, "error: this would {what} and there is no terminal to ask at"),
            Self::Unsettled { message, .. } => write!(f, "error: {message}"),
            Self::Terminal(source) => write!(f, "error: the terminal: {source}"),
            Self::Interrupted => f.write_str("error: interrupted"),
        }
    }
}

/// As `StandardErrorMessage` and `CheckErr` of kubectl word what a server says.
fn api(f: &mut fmt::Formatter<'_>, status: &Status) -> fmt::Result {
    if status.code == 401 {
        return f.write_str("error: You must be logged in to the server (Unauthorized)");
    }
    if let ("Invalid", Some(details)) = (status.reason.as_str(), &status.details) {
        write!(f, "The {} \"{}\" is invalid", details.kind, details.name)?;
        return match details.causes.as_slice() {
            [] => Ok(()),
            [cause] => write!(f, ": {}: {}", cause.field, cause.message),
            causes => {
                f.write_str(": ")?;
                causes.iter().try_for_each(|c| write!(f, "\n* {}: {}", c.field, c.message))
            }
        };
    }
    match status.reason.as_str() {
        "" => write!(f, "Error from server: {}", status.message),
        reason => write!(f, "Error from server ({reason}): {}", status.message),
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
