//! Errors: the message and the hints.

use super::next::Typed;
use super::{refusal, template};
use crate::error::{Answer, Deed, Error, FileProblem, Halt, Status, Trouble, Unsettled, said};
use crate::lifecycle::facts::Target;
use crate::lifecycle::next::{Next, Remark, Step, Verb};
use crate::lifecycle::stage::Stage;

/// The whole message, with the word that kubectl would begin it with.
#[must_use]
pub fn message(error: &Error) -> String {
    let ours = |text: String| format!("error: {text}");
    match error {
        Error::Api(status) => api(status),
        Error::Connection { server, trouble: Trouble::Refused } => {
            format!("The connection to the server {server} was refused - did you specify the right host or port?")
        }
        Error::Connection { trouble, .. } => format!("Unable to connect to the server: {}", unreached(trouble)),
        Error::Setup(trouble) => ours(unreached(trouble)),
        Error::Answer(problem) => ours(format!("the API server's answer cannot be used: {}", answer(problem))),
        Error::Configuration(message) => message.clone(),
        Error::Absent { target, .. } => {
            format!("Error from server (NotFound): persistentvolumeclaims \"{}\" not found", target.claim)
        }
        Error::Refused(why) => ours(refusal::message(why)),
        Error::TimedOut(limit, why) => ours(format!("{} (waited {limit})", refusal::message(why))),
        Error::File { name, problem } => ours(file(name, problem)),
        Error::Failed => ours("a check has failed".to_owned()),
        Error::Declined(deed) => ours(format!("declined; {}", undone(deed))),
        Error::NoTerminal(deed) => ours(format!("this would {} and there is no terminal to ask at", would(deed))),
        Error::Unsettled(_, what) => ours(unsettled(what)),
        Error::Guide(target, halt) => ours(halted(target, halt)),
        Error::Terminal(source) => ours(format!("the terminal: {source}")),
        Error::Interrupted => ours("interrupted".to_owned()),
    }
}

/// An error's words within a sentence.
#[must_use]
pub fn within(error: &Error) -> String {
    let text = message(error);
    text.strip_prefix("error: ").map_or(text.clone(), str::to_owned)
}

/// What the user can do about it, a line each.
#[must_use]
pub fn hints(error: &Error, typed: &Typed) -> Vec<String> {
    let one = |text: &str| vec![text.to_owned()];
    match error {
        Error::Refused(why) | Error::TimedOut(_, why) => match refusal::advice(&why.reason) {
            Some(advice) => one(advice),
            None => typed.lines(&why.target, &why.next),
        },
        Error::Absent { target, elsewhere } => match elsewhere.as_slice() {
            [] => one(
                "there is no volume for it either; is it another namespace or another name? -n NAMESPACE, --claim NAME",
            ),
            [other] => {
                let there = Target { namespace: other.clone(), ..target.clone() };
                vec![typed.line(target, &Step::Elsewhere(there).into())]
            }
            several => vec![format!("there is one in each of the namespaces {}: -n NAMESPACE", several.join(", "))],
        },
        Error::File { problem, .. } => match problem {
            FileProblem::Folder | FileProblem::NoFile => one("name the template of the claim"),
            FileProblem::ReadOnly => one("chmod u+w, or edit a copy"),
            FileProblem::HardLinks => one("edit it by hand, or copy it first"),
            FileProblem::Changed => one("look at it, and repeat the command"),
            FileProblem::Template(misfit) => template::problem(&misfit.problem).1.map_or(Vec::new(), one),
            FileProblem::Io(_) | FileProblem::Encoding(_) => Vec::new(),
        },
        Error::NoTerminal(_) => one("pass --yes, or look first with --dry-run=server"),
        Error::Unsettled(target, what) => match what {
            Unsettled::NotAvailable(volume, _) => {
                vec![typed.line(target, &Next::on(Verb::Reuse, volume).because(Remark::SafeToRepeat))]
            }
            Unsettled::Unknown(..) => one("it is safe to repeat the command: what is done already is not done again"),
            Unsettled::PolicyReset(..) => {
                one("something in the cluster sets it back, an admission webhook perhaps; do not uninstall glance")
            }
        },
        Error::Guide(target, halt) => match halt {
            Halt::Kept => vec![typed.line(target, &Next::from(Step::Uninstall).because(Remark::ClaimStays))],
            Halt::Stopped(_) => Vec::new(),
            Halt::TimedOut(..) => vec![typed.line(target, &Next::run(Verb::Guide).because(Remark::SafeToRepeat))],
            Halt::Command(..) => vec![typed.line(target, &Next::run(Verb::Guide).because(Remark::OnceFixed))],
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
    if let ("Invalid", Some(details)) = (status.reason.as_str(), &status.details) {
        let said = match details.causes.as_slice() {
            [] => String::new(),
            [cause] => format!(": {}: {}", cause.field, cause.message),
            causes => {
                ": ".to_owned() + &causes.iter().map(|c| format!("\n* {}: {}", c.field, c.message)).collect::<String>()
            }
        };
        return format!("The {} \"{}\" is invalid{said}", details.kind, details.name);
    }
    match status.reason.as_str() {
        "" => format!("Error from server: {}", status.message),
        reason => format!("Error from server ({reason}): {}", status.message),
    }
}

fn unreached(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Refused => "connection refused".to_owned(),
        Trouble::Silent(limit) => format!("no answer within {limit}"),
        Trouble::NoConnection(limit) => format!("no connection within {}s", limit.as_secs()),
        Trouble::ExecFailed(status, said) => format!("getting credentials: exec: the plugin failed ({status}): {said}"),
        Trouble::NoExec(said) => format!("getting credentials: exec: the plugin cannot be run: {said}"),
        Trouble::Credentials(said) => format!("getting credentials: {said}"),
        Trouble::ProxyScheme(other) => format!("a proxy is http, https or socks5, not {}", quoted(other)),
        Trouble::Other(said) => said.clone(),
    }
}

fn answer(problem: &Answer) -> String {
    match problem {
        Answer::Form(said) => said.clone(),
        Answer::Name(name) => format!("{} is no object's name", quoted(name)),
        Answer::NoVolume(name) => format!("{name} was not read"),
        Answer::NoRow => "a Table without a row".to_owned(),
        Answer::NoObject => "a Table row without its object".to_owned(),
        Answer::NoColumn(name) => format!("its table has no column {}", quoted(name)),
        Answer::NoList(kind) => format!("a {} came instead of a list", quoted(kind)),
    }
}

/// In quotation marks, what would break the line escaped.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.escape_debug())
}

fn file(name: &str, problem: &FileProblem) -> String {
    let at = |line: Option<usize>| line.map_or_else(|| name.to_owned(), |line| format!("{name}:{line}"));
    match problem {
        FileProblem::Io(error) => format!("{name}: {}", said(error)),
        FileProblem::Folder => format!("{name}: this is a folder"),
        FileProblem::NoFile => format!("{name}: this is no file"),
        FileProblem::Encoding(line) => format!("{}: this is not UTF-8", at(Some(*line))),
        FileProblem::ReadOnly => format!("{name}: the file is read-only"),
        FileProblem::HardLinks => format!("{name}: the file has other hard links, which would keep the old text"),
        FileProblem::Changed => format!("{name}: the file has changed since it was read; nothing was written"),
        FileProblem::Template(misfit) => format!("{}: {}", at(misfit.line), template::problem(&misfit.problem).0),
    }
}

fn would(deed: &Deed) -> String {
    match deed {
        Deed::Patch(volume) => format!("patch persistentvolume/{volume}"),
        Deed::Write(file) => format!("write {file}"),
        Deed::Uninstall(command) | Deed::Install(command) => format!("run `{command}`"),
        Deed::Choose => "choose a volume".to_owned(),
    }
}

fn undone(deed: &Deed) -> String {
    match deed {
        Deed::Patch(_) | Deed::Choose => "nothing was changed".to_owned(),
        Deed::Write(file) => format!("{file} was not written"),
        Deed::Uninstall(command) | Deed::Install(command) => format!("`{command}` was not run"),
    }
}

fn unsettled(what: &Unsettled) -> String {
    match what {
        Unsettled::NotAvailable(volume, seconds) => {
            format!("persistentvolume/{volume} was patched and is not Available after {seconds}s")
        }
        Unsettled::Unknown(volume, cause) => {
            format!("whether persistentvolume/{volume} was patched is not known: {}", within(cause))
        }
        Unsettled::PolicyReset(volume, policy) => format!("persistentvolume/{volume} has policy {policy} all the same"),
    }
}

fn halted(target: &Target, halt: &Halt) -> String {
    let key = target.key();
    match halt {
        Halt::Kept => format!("Helm keeps claim {key} when glance is uninstalled, so there is nothing to reuse"),
        Halt::Stopped(stage) => format!("the procedure cannot go on from {stage}: the next steps are above"),
        Halt::TimedOut(stage, limit) => {
            let what = match stage {
                Stage::Retained => "glance to be uninstalled",
                Stage::Releasing => "the claim to go",
                Stage::Reserved => "glance to be installed",
                _ => "the claim to be bound",
            };
            format!("waited for {what}, in vain (waited {limit})")
        }
        Halt::Command(command, status) => format!("`{command}` failed: {status}"),
    }
}
