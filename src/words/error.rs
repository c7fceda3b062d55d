//! Errors: the message and the hints.

use super::next::Typed;
use super::{refusal, template};
use crate::error::{Answer, Deed, Error, FileProblem, Halt, Status, Trouble, Unsettled, said};
use crate::escape::{line, quote};
use crate::lifecycle::{Next, Remark, Stage, Step, Target, Verb};

/// The whole message, with the word that kubectl would begin it with.
pub fn message(error: &Error) -> String {
    let ours = |text: String| format!("error: {text}");
    match error {
        Error::Api(status) => api(status),
        Error::Connection { server, trouble: Trouble::Refused } => {
            format!("The connection to the server {server} was refused - did you specify the right host or port?")
        }
        Error::Connection { trouble, .. } => format!("Unable to connect to the server: {}", unreached(trouble)),
        Error::Setup(trouble) => ours(unreached(trouble)),
        Error::Answer(problem) => ours(format!("unexpected response from the API server: {}", answer(problem))),
        Error::Configuration(message) => message.clone(),
        Error::Absent { target, .. } => {
            format!("Error from server (NotFound): persistentvolumeclaims \"{}\" not found", target.claim)
        }
        Error::Refused(why) => ours(refusal::message(why)),
        Error::TimedOut(limit, why) => ours(format!("timed out after {limit}: {}", refusal::message(why))),
        Error::File { name, problem } => ours(file(name, problem)),
        Error::Failed => ours("a check has failed".to_owned()),
        Error::Declined(deed) => ours(format!("canceled; {}", undone(deed))),
        Error::NoTerminal(deed) => ours(format!("refusing to {} without confirmation: no terminal", refused(deed).0)),
        Error::Unsettled(_, what) => ours(unsettled(what)),
        Error::Guide(target, halt) => ours(halted(target, halt)),
        Error::Terminal(source) => ours(format!("cannot use the terminal: {source}")),
        Error::Interrupted => ours("interrupted".to_owned()),
    }
}

/// An error's words within a sentence.
pub fn within(error: &Error) -> String {
    let text = message(error);
    text.strip_prefix("error: ").map_or(text.clone(), str::to_owned)
}

/// What the user can do about it, a line each.
pub fn hints(error: &Error, typed: &Typed) -> Vec<String> {
    let one = |text: &str| vec![text.to_owned()];
    match error {
        Error::Refused(why) | Error::TimedOut(_, why) => match refusal::advice(&why.reason) {
            Some(advice) => one(advice),
            None => typed.lines(&why.target, &why.next),
        },
        Error::Absent { target, elsewhere } => match elsewhere.as_slice() {
            [] => one("no volume refers to it either; check -n and --claim"),
            [other] => {
                let there = Target { namespace: other.clone(), ..target.clone() };
                vec![typed.line(target, &Step::Elsewhere(there).into())]
            }
            several => vec![format!("found in namespaces {}; pass -n NAMESPACE", several.join(", "))],
        },
        Error::File { name, problem } => match problem {
            FileProblem::Folder | FileProblem::NoFile => one("pass the template file that contains the claim"),
            FileProblem::ReadOnly => {
                let writable = if cfg!(windows) { "attrib -r" } else { "chmod u+w" };
                vec![format!("{writable} {}", quote(name))]
            }
            FileProblem::HardLinks => one("edit it by hand, or copy it first"),
            FileProblem::Changed => one("review the file and re-run the command"),
            FileProblem::Template(misfit) => template::problem(&misfit.problem).1.map_or(Vec::new(), one),
            FileProblem::Io(_) | FileProblem::Encoding(_) => Vec::new(),
        },
        Error::NoTerminal(deed) => one(refused(deed).1),
        Error::Unsettled(target, what) => match what {
            Unsettled::NotAvailable(volume, _) => {
                vec![typed.line(target, &Next::on(Verb::Reuse, volume).because(Remark::SafeToRepeat))]
            }
            Unsettled::Unknown(..) | Unsettled::NotDone(..) => one("safe to re-run: nothing is patched twice"),
            Unsettled::PolicyReset(..) => {
                one("an admission webhook may be changing it; do not uninstall while the policy is not Retain")
            }
        },
        Error::Guide(target, halt) => match halt {
            Halt::Kept | Halt::Stopped(_) => Vec::new(),
            Halt::TimedOut(..) | Halt::Interrupted(..) => {
                vec![typed.line(target, &Next::run(Verb::Guide).because(Remark::SafeToRepeat))]
            }
            Halt::Command(..) | Halt::NoShell(_) => {
                vec![typed.line(target, &Next::run(Verb::Guide).because(Remark::OnceFixed))]
            }
        },
        Error::Api(_)
        | Error::Connection { .. }
        | Error::Setup(_)
        | Error::Answer(_)
        | Error::Configuration(_)
        | Error::Failed
        | Error::Declined(_)
        | Error::Terminal(_)
        | Error::Interrupted => Vec::new(),
    }
}

/// As `StandardErrorMessage` and `CheckErr` of kubectl word what a server says.
fn api(status: &Status) -> String {
    if status.code == 401 {
        return "error: You must be logged in to the server (Unauthorized)".to_owned();
    }
    // Whatever a server says, it begins no line of ours.
    let said = line;
    if let ("Invalid", Some(details)) = (status.reason.as_str(), &status.details) {
        let cause = |field: &str, message: &str| format!("{}: {}", said(field), said(message));
        let causes = match details.causes.as_slice() {
            [] => String::new(),
            [only] => format!(": {}", cause(&only.field, &only.message)),
            several => {
                ": ".to_owned()
                    + &several.iter().map(|c| format!("\n* {}", cause(&c.field, &c.message))).collect::<String>()
            }
        };
        return format!("The {} \"{}\" is invalid{causes}", said(&details.kind), said(&details.name));
    }
    match status.reason.as_str() {
        "" => format!("Error from server: {}", said(&status.message)),
        reason => format!("Error from server ({}): {}", said(reason), said(&status.message)),
    }
}

fn unreached(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Refused => "connection refused".to_owned(),
        Trouble::Silent(limit) => format!("no response within {limit}"),
        Trouble::NoConnection(limit) => format!("no connection after {}s", limit.as_secs()),
        Trouble::ExecFailed(status, said) => {
            format!("getting credentials: exec: plugin failed with {status}: {}", line(said))
        }
        Trouble::NoExec(said) => format!("getting credentials: exec: cannot run plugin: {said}"),
        Trouble::Credentials(said) => format!("getting credentials: {said}"),
        Trouble::ProxyScheme(other) => format!("unsupported proxy scheme {}: use http, https or socks5", quoted(other)),
        Trouble::Tls(said) | Trouble::Other(said) => line(said),
    }
}

fn answer(problem: &Answer) -> String {
    match problem {
        Answer::Form(said) => said.clone(),
        Answer::Name(name) => format!("invalid object name {}", quoted(name)),
        Answer::NoVolume(name) => format!("persistentvolume/{name} is missing from the response"),
        Answer::NoRow => "Table has no rows".to_owned(),
        Answer::NoObject => "Table row has no object".to_owned(),
        Answer::NoColumn(name) => format!("Table has no column {}", quoted(name)),
        Answer::TooLong(limit) => format!("more than {} MiB", limit >> 20),
        Answer::NoList(kind) => format!("got kind {} instead of a list", quoted(kind)),
    }
}

/// In quotation marks, what would break the line escaped.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.escape_debug())
}

fn file(name: &str, problem: &FileProblem) -> String {
    let at = |at: Option<usize>| at.map_or_else(|| name.to_owned(), |line| format!("{name}:{line}"));
    match problem {
        FileProblem::Io(error) => format!("{name}: {}", said(error)),
        FileProblem::Folder => format!("{name}: is a directory"),
        FileProblem::NoFile => format!("{name}: is not a regular file"),
        FileProblem::Encoding(line) => format!("{}: invalid UTF-8", at(Some(*line))),
        FileProblem::ReadOnly => format!("{name}: file is read-only"),
        FileProblem::HardLinks => {
            format!("{name}: file has other hard links; replacing it would leave them with the old text")
        }
        FileProblem::Changed => format!("{name}: file changed after it was read; nothing was written"),
        FileProblem::Template(misfit) => format!("{}: {}", at(misfit.line), template::problem(&misfit.problem).0),
    }
}

/// A deed that is refused without a terminal: what would be done, and how to go on.
fn refused(deed: &Deed) -> (String, &'static str) {
    match deed {
        Deed::Patch(volume) => {
            (format!("patch persistentvolume/{volume}"), "pass --yes, or preview with --dry-run=server")
        }
        Deed::Write(file) => (format!("write {file}"), "pass --yes, or preview with --dry-run=client"),
        Deed::Run(command) => (format!("run `{command}`"), "pass --yes"),
        Deed::Choose => ("choose a volume".to_owned(), "pass --yes, or preview with --dry-run=server"),
        Deed::Round => ("begin another round".to_owned(), "pass --again"),
    }
}

fn undone(deed: &Deed) -> String {
    match deed {
        Deed::Patch(_) | Deed::Choose | Deed::Round => "nothing was changed".to_owned(),
        Deed::Write(file) => format!("{file} was not written"),
        Deed::Run(command) => format!("`{command}` was not run"),
    }
}

fn unsettled(what: &Unsettled) -> String {
    match what {
        Unsettled::NotAvailable(volume, limit) => {
            format!("timed out after {limit} waiting for persistentvolume/{volume} to be Available (it was patched)")
        }
        Unsettled::Unknown(volume, cause) => {
            format!("cannot tell whether persistentvolume/{volume} was patched: {}", within(cause))
        }
        Unsettled::NotDone(volume, cause) => {
            format!("persistentvolume/{volume} was not patched when it was read back: {}", within(cause))
        }
        Unsettled::PolicyReset(volume, policy) => {
            format!("persistentvolume/{volume} was patched, but its policy is {policy}")
        }
    }
}

fn halted(target: &Target, halt: &Halt) -> String {
    let key = target.key();
    match halt {
        Halt::Kept => format!("claim {key} is annotated helm.sh/resource-policy and may stay bound; guide stops here"),
        Halt::Stopped(stage) => format!("guide cannot continue from stage {stage}: the next steps are above"),
        Halt::TimedOut(stage, limit) => {
            let what = match stage {
                Stage::Retained | Stage::Releasing => format!("claim {key} to be deleted"),
                Stage::Reserved => format!("claim {key} to be created and bound"),
                _ => format!("claim {key} to be bound"),
            };
            format!("timed out after {limit} waiting for {what}")
        }
        Halt::Command(command, status) => format!("`{command}` failed: {status}"),
        Halt::NoShell(said) => format!("cannot run a shell: {said}"),
        Halt::Interrupted(command, status) => format!("interrupted; `{command}` ended with {status}"),
    }
}
