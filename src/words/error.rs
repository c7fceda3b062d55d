//! Errors: the message and the hints.

use jiff::Timestamp;

use super::next::{Line, Shown, Typed};
use super::{refusal, template};
use crate::error::{Action, Error, FileProblem, Halt, Status, Trouble, Unsettled, os_message};
use crate::escape::{line, quote};
use crate::lifecycle::{Next, Remark, Stage, Step, Target, Verb};

/// The whole message, with the prefix that kubectl would give it.
pub fn message(error: &Error) -> String {
    let ours = |text: String| format!("error: {text}");
    match error {
        Error::Api(status) => api(status),
        Error::Connection { server, trouble: Trouble::Refused } => {
            format!("The connection to the server {server} was refused - did you specify the right host or port?")
        }
        Error::Connection { trouble, .. } => format!("Unable to connect to the server: {}", line(&trouble.to_string())),
        Error::Response(why) => ours(format!("unexpected response from the API server: {why}")),
        Error::Configuration(message) => message.clone(),
        Error::Absent { target, .. } => {
            format!("Error from server (NotFound): persistentvolumeclaims \"{}\" not found", target.name)
        }
        Error::ClaimNamed(claim) => {
            format!("Error from server (NotFound): persistentvolumes \"{}\" not found", claim.name)
        }
        Error::NothingSelected(namespace, flags) => {
            ours(format!("no claim in namespace {namespace} is selected by {flags}"))
        }
        Error::OfClaims(_, error) => message(error),
        Error::NothingToReuse(namespace) => {
            ours(format!("no selected claim in namespace {namespace} has a volume to reuse"))
        }
        Error::InterruptedAfter { patched, of, .. } if *patched > 0 => {
            ours(format!("interrupted; {patched} of {of} persistentvolumes were patched"))
        }
        Error::SomeFailed { failed, not_tried, of, .. } => {
            let left = not_tried.len();
            let left = if left == 0 { String::new() } else { format!("; {left} not tried") };
            ours(format!("{} of {of} claims failed{left}", failed.len()))
        }
        Error::Refused(why) => ours(refusal::message(why)),
        Error::TimedOut(limit, why) => ours(format!("timed out after {limit}: {}", refusal::message(why))),
        Error::File { name, problem } => ours(file(name, problem)),
        Error::Failed => ours("a check has failed".to_owned()),
        Error::Declined(action) => ours(format!("canceled; {}", undone(action))),
        Error::NotChosen => ours("canceled; nothing was changed".to_owned()),
        Error::NoTerminal(action) => {
            ours(format!("refusing to {} without confirmation: no terminal", refused(action).0))
        }
        Error::Unsettled(_, what) => ours(unsettled(what)),
        Error::Guide(target, halt) => ours(halted(target, halt)),
        Error::Terminal(source) => ours(format!("cannot use the terminal: {source}")),
        Error::Interrupted | Error::InterruptedAfter { .. } => ours("interrupted".to_owned()),
    }
}

/// The message as part of a sentence.
pub fn within(error: &Error) -> String {
    let text = message(error);
    text.strip_prefix("error: ").map_or(text.clone(), str::to_owned)
}

/// The remedies as lines of the screen.
pub fn hints(error: &Error, typed: &Typed, now: Timestamp) -> Vec<Shown> {
    if let Error::OfClaims(claims, of) = error
        && !matches!(**of, Error::InterruptedAfter { .. })
    {
        return hints(of, &typed.of_claim(claims), now);
    }
    if let Error::Refused(why) | Error::TimedOut(_, why) = error
        && !why.next.is_empty()
    {
        return typed.shown(&why.target, "hint", &why.next, now);
    }
    let mut shown = Vec::new();
    for Line { command, remark } in remedies(error, typed) {
        let head = if shown.is_empty() { "hint" } else { "then" };
        match (remark, &command) {
            (None, Some(_)) if !shown.is_empty() => {}
            (remark, _) => shown.push(Shown::Words(head, remark.unwrap_or_default())),
        }
        shown.extend(command.map(Shown::Command));
    }
    shown
}

/// The remedies.
pub fn remedies(error: &Error, typed: &Typed) -> Vec<Line> {
    match error {
        Error::Refused(why) | Error::TimedOut(_, why) => match refusal::advice(&why.reason) {
            Some(advice) => words(advice),
            None => typed.lines(&why.target, &why.next),
        },
        Error::NothingSelected(..) => vec![typed.everywhere("check -n; every claim of the cluster:")],
        Error::SomeFailed { verb, repeats: true, .. } => {
            vec![typed.line(&nobody(), &Next::run(*verb).because(Remark::OnceWhole))]
        }
        Error::SomeFailed { verb, failed, not_tried, .. } => {
            // A release that owns nothing has no claim's name.
            let failed = failed.iter().chain(not_tried).filter(|target| !target.name.is_empty());
            let targets: Vec<&Target> = failed.collect();
            let names: Vec<_> = targets.iter().map(|target| target.name.as_str()).collect();
            match targets.first() {
                Some(target) => {
                    vec![typed.of_claim(&names.join(",")).line(target, &Next::run(*verb).because(Remark::OnceFixed))]
                }
                None => Vec::new(),
            }
        }
        Error::ClaimNamed(claim) => words(&format!("{} is a claim: pass --claim {}", claim.key(), claim.name)),
        Error::Absent { target, elsewhere, here, kept } => {
            let mut lines = match elsewhere.as_slice() {
                [] if here.is_empty() && kept.is_empty() => {
                    words("no volume refers to it either; check -n and --claim")
                }
                [] if here.is_empty() => Vec::new(),
                [] => words(&format!(
                    "claims in namespace {}: {}; pass --claim NAME",
                    target.namespace,
                    nearest(target, here)
                )),
                [other] => {
                    let there = Target { namespace: other.clone(), ..target.clone() };
                    vec![typed.line(target, &Step::Elsewhere(there).into())]
                }
                several => words(&format!("found in namespaces {}; pass -n NAMESPACE", several.join(", "))),
            };
            for (volume, owner) in kept {
                let step = Next::from(Step::ReuseFrom(volume.clone(), owner.clone()));
                lines.push(typed.line(target, &step.because(Remark::KeptForOther(owner.clone()))));
            }
            lines
        }
        Error::File { name, problem } => match problem {
            FileProblem::Directory | FileProblem::NotRegular => words("pass the template file that contains the claim"),
            FileProblem::ReadOnly => {
                let writable = if cfg!(windows) { "attrib -r" } else { "chmod u+w" };
                vec![Line { command: Some(format!("{writable} {}", quote(name))), remark: None }]
            }
            FileProblem::HardLinks => words("edit it by hand, or copy it first"),
            FileProblem::Changed => words("review the file and re-run the command"),
            FileProblem::Template(misfit) => template::problem(&misfit.problem).1.map_or(Vec::new(), words),
            FileProblem::Io(_) | FileProblem::Encoding(_) => Vec::new(),
        },
        Error::NoTerminal(action) => words(refused(action).1),
        Error::Unsettled(target, what) => match what {
            Unsettled::NotAvailable(volume, _) => {
                vec![typed.line(target, &Next::on(Verb::Reuse, volume).because(Remark::SafeToRepeat))]
            }
            Unsettled::Unknown(..) | Unsettled::NotDone(..) => words("safe to re-run: nothing is patched twice"),
            Unsettled::PolicyReset(..) => words(
                "whoever applies the volume, or an admission webhook, sets it back: uninstall only under policy Retain",
            ),
        },
        Error::Guide(target, halt) => after(target, halt, typed),
        Error::OfClaims(claims, error) => match (&**error, typed.of_claim(claims)) {
            // The same command would not find them any more.
            (Error::InterruptedAfter { verb, .. }, typed) => {
                vec![typed.line(&nobody(), &Next::run(*verb).because(Remark::SafeToRepeat))]
            }
            (error, typed) => remedies(error, &typed),
        },
        Error::NothingToReuse(_) => vec![typed.line(&nobody(), &Next::run(Verb::Status))],
        Error::Interrupted | Error::InterruptedAfter { .. } => {
            words("safe to re-run: the same command goes on from there")
        }
        Error::Api(_)
        | Error::Connection { .. }
        | Error::Response(_)
        | Error::Configuration(_)
        | Error::Failed
        | Error::Declined(_)
        | Error::NotChosen
        | Error::Terminal(_) => Vec::new(),
    }
}

/// A remedy in words.
fn words(text: &str) -> Vec<Line> {
    vec![Line { command: None, remark: Some(text.to_owned()) }]
}

/// The remedies after the guide has stopped.
fn after(target: &Target, halt: &Halt, typed: &Typed) -> Vec<Line> {
    let guide = |remark| vec![typed.line(target, &Next::run(Verb::Guide).because(remark))];
    match halt {
        Halt::Kept | Halt::Stopped(_) => Vec::new(),
        Halt::Applied(applier) => {
            let suspend = applier.driver.clone().map(|driver| vec![typed.line(target, &Step::Suspend(driver).into())]);
            let mut lines = suspend.unwrap_or_else(|| words("suspend it, or change the policy there"));
            lines.extend(guide(Remark::OnceSuspended));
            lines
        }
        Halt::TimedOut(..) | Halt::Interrupted(..) => guide(Remark::SafeToRepeat),
        Halt::Command(..) | Halt::NoShell(_) => guide(Remark::OnceFixed),
        Halt::CommandAgain(..) => {
            vec![typed.without("--uninstall").line(target, &Next::run(Verb::Guide).because(Remark::IfUninstalled))]
        }
    }
}

/// The target of a line that is about no claim.
fn nobody() -> Target {
    Target { namespace: String::new(), name: String::new() }
}

/// The names that are most like the target's, the nearest first.
fn nearest(target: &Target, names: &[String]) -> String {
    const MOST: usize = 5;
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    let likeness = |name: &str| strsim::jaro_winkler(name, &target.name);
    names.sort_by(|a, b| likeness(b).total_cmp(&likeness(a)));
    let more = names.len().saturating_sub(MOST);
    names.truncate(MOST);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    names.join(", ") + &more
}

/// An error of the server, worded like `StandardErrorMessage` and `CheckErr` of kubectl.
fn api(status: &Status) -> String {
    if status.code == 401 {
        return "error: You must be logged in to the server (Unauthorized)".to_owned();
    }
    if let ("Invalid", Some(details)) = (status.reason.as_str(), &status.details) {
        let cause = |field: &str, message: &str| format!("{}: {}", line(field), line(message));
        let causes = match details.causes.as_slice() {
            [] => String::new(),
            [only] => format!(": {}", cause(&only.field, &only.message)),
            several => {
                ": ".to_owned()
                    + &several.iter().map(|c| format!("\n* {}", cause(&c.field, &c.message))).collect::<String>()
            }
        };
        return format!("The {} \"{}\" is invalid{causes}", line(&details.kind), line(&details.name));
    }
    match status.reason.as_str() {
        "" => format!("Error from server: {}", line(&status.message)),
        reason => format!("Error from server ({}): {}", line(reason), line(&status.message)),
    }
}

fn file(name: &str, problem: &FileProblem) -> String {
    let at = |at: Option<usize>| at.map_or_else(|| name.to_owned(), |line| format!("{name}:{line}"));
    match problem {
        FileProblem::Io(error) => format!("{name}: {}", os_message(error)),
        FileProblem::Directory => format!("{name}: is a directory"),
        FileProblem::NotRegular => format!("{name}: is not a regular file"),
        FileProblem::Encoding(line) => format!("{}: invalid UTF-8", at(Some(*line))),
        FileProblem::ReadOnly => format!("{name}: file is read-only"),
        FileProblem::HardLinks => {
            format!("{name}: file has other hard links; replacing it would leave them with the old text")
        }
        FileProblem::Changed => format!("{name}: file changed after it was read; nothing was written"),
        FileProblem::Template(misfit) => format!("{}: {}", at(misfit.line), template::problem(&misfit.problem).0),
    }
}

/// An action that is refused without a terminal, and how to go on.
fn refused(action: &Action) -> (String, &'static str) {
    match action {
        Action::Patch(volume) => {
            (format!("patch persistentvolume/{volume}"), "pass --yes, or preview with --dry-run=server")
        }
        Action::PatchAll { volumes, .. } => {
            (format!("patch {volumes} persistentvolumes"), "pass --yes, or preview with --dry-run=server")
        }
        Action::Write { file, .. } => (format!("write {file}"), "pass --yes, or preview with --dry-run=client"),
        Action::Run(command) => (format!("run `{command}`"), "pass --yes"),
    }
}

fn undone(action: &Action) -> String {
    match action {
        Action::Patch(_) | Action::PatchAll { .. } => "nothing was changed".to_owned(),
        Action::Write { file, .. } => format!("{file} was not written"),
        Action::Run(command) => format!("`{command}` was not run"),
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
        Halt::Kept => {
            format!("claim {key} may stay bound when it is uninstalled, with nothing to reuse; guide stops here")
        }
        Halt::Applied(applier) => format!(
            "{} applies the volume of claim {key} and may set the policy back before the release is uninstalled",
            applier.manager
        ),
        Halt::Stopped(stage) => format!("guide cannot continue from stage {stage}: the next steps are above"),
        Halt::TimedOut(stage, limit) => {
            let what = match stage {
                Stage::Retained | Stage::Releasing | Stage::Released | Stage::Reused => {
                    format!("claim {key} to be deleted")
                }
                Stage::Reserved => format!("claim {key} to be created and bound"),
                _ => format!("claim {key} to be bound"),
            };
            format!("timed out after {limit} waiting for {what}")
        }
        Halt::Command(command, status) => format!("`{command}` failed: {status}"),
        Halt::CommandAgain(command, status) => {
            format!("`{command}` failed: {status}; claims were deleted before this run began")
        }
        Halt::NoShell(why) => format!("cannot run a shell: {why}"),
        Halt::Interrupted(command, status) => format!("interrupted; `{command}` ended with {status}"),
    }
}
