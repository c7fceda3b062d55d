//! Tab completion: kubectl's protocol for plugins, from the same definitions as the help. The scripts of all
//! shells speak it, too.
//!
//! kubectl 1.26 and newer runs `kubectl_complete-glancepv` with the words after the plugin's name and
//! reads one candidate a line, a TAB and its description, and last `:` and a sum of directives
//! (`ShellCompDirective` of spf13/cobra).

use std::ffi::OsString;

use clap::{Command, FromArgMatches, ValueHint};
use clap_complete::engine::complete;

use super::connection::Connection;
use super::kubeconfig;
use super::suggest::{CLAIMS, CLUSTERS, CONTEXTS, RELEASES, USERS};

/// Nothing but the candidates: no files.
const NO_FILES: u8 = 4;
/// The shell completes files.
const FILES: u8 = 0;

/// The scripts that can be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Script {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Elvish,
    /// The `kubectl_complete-glancepv` helper
    Kubectl,
}

impl Script {
    /// Its text, which runs this program.
    pub fn text(self) -> &'static str {
        match self {
            Self::Bash => include_str!("../../completions/kubectl-glancepv.bash"),
            Self::Zsh => include_str!("../../completions/_kubectl-glancepv"),
            Self::Fish => include_str!("../../completions/kubectl-glancepv.fish"),
            Self::Powershell => include_str!("../../completions/_kubectl-glancepv.ps1"),
            Self::Elvish => include_str!("../../completions/kubectl-glancepv.elv"),
            Self::Kubectl => include_str!("../../completions/kubectl_complete-glancepv"),
        }
    }
}

/// A candidate and its description.
pub type Candidate = (String, String);

/// The word to complete, and the words before it.
#[derive(Debug)]
pub struct Request {
    /// Candidates from the definitions.
    pub candidates: Vec<Candidate>,
    /// The placeholder whose values have to be looked up (`suggest`).
    pub placeholder: Option<String>,
    /// The beginning of the word.
    pub prefix: String,
    // The words before it.
    pub connection: Connection,
    pub namespace: Option<String>,
    pub claim: Option<String>,
    pub verb: Option<String>,
    /// The claims and the releases that were named before.
    chosen: Vec<String>,
    /// A sum of `ShellCompDirective`.
    directive: u8,
}

/// Reads the words after `kubectl glancepv`, of which the last is to be completed.
pub fn request(mut command: Command, words: &[OsString]) -> Request {
    let program = OsString::from("kubectl-glancepv");
    let line: Vec<OsString> = std::iter::once(program).chain(words.iter().cloned()).collect();
    let text = |word: &OsString| word.to_string_lossy().into_owned();
    let current = words.last().map(text).unwrap_or_default();
    // kubectl wants bare values for `--flag=val`.
    let (flag, prefix) = match current.split_once('=').filter(|_| current.starts_with("--")) {
        Some((flag, value)) => (Some(flag.to_owned()), value.to_owned()),
        None => (words.iter().rev().nth(1).map(text).filter(|w| w.starts_with('-')), current.clone()),
    };
    let typed = command.clone().ignore_errors(true).try_get_matches_from(&line[..line.len() - 1]).ok();
    let verb = typed.as_ref().and_then(|m| m.subcommand_name()).map(str::to_owned);
    let flags = typed.as_ref().map(|m| m.subcommand().map_or(m, |(_, sub)| sub));
    let given = |id: &str| {
        let source = |m: &&clap::ArgMatches| m.value_source(id) == Some(clap::parser::ValueSource::CommandLine);
        flags.filter(source).and_then(|m| m.get_one::<String>(id).cloned())
    };
    let chosen = |id: &str| flags.and_then(|m| m.get_many::<String>(id)).into_iter().flatten().cloned();
    let chosen = given("claim").into_iter().flat_map(|_| chosen("claim")).chain(chosen("release")).collect();
    let connection = flags.and_then(|m| Connection::from_arg_matches(m).ok()).unwrap_or_default();
    let (namespace, claim) = (given("namespace"), given("claim"));
    let wants_file = flag.is_some_and(|flag| takes_file(&mut command, verb.as_deref(), &flag));
    let index = line.len() - 1;
    let found = complete(&mut command, line, index, None).unwrap_or_default();
    let mut request = Request {
        candidates: Vec::new(),
        placeholder: None,
        prefix,
        connection,
        namespace,
        claim,
        verb,
        chosen,
        directive: if wants_file { FILES } else { NO_FILES },
    };
    for candidate in found.iter().filter(|c| !c.is_hide_set()) {
        let value = candidate.get_value().to_string_lossy();
        // As in kubectl, flags are offered only after a dash.
        if value.starts_with('-') && !request.prefix.starts_with('-') && !current.starts_with('-') {
            continue;
        }
        let value = value.split_once('=').filter(|_| value.starts_with("--")).map_or(&*value, |(_, value)| value);
        // Behind a comma clap puts what is before it.
        if let Some(at) = value.find('\0') {
            request.placeholder = Some(value[at..].to_owned());
        } else if !wants_file {
            let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
            request.candidates.push((value.to_owned(), help));
        }
    }
    request
}

/// True if the flag, `-f` or `--filename`, takes a file or folder.
fn takes_file(command: &mut Command, verb: Option<&str>, flag: &str) -> bool {
    command.build();
    let sub = verb.and_then(|verb| command.find_subcommand(verb)).unwrap_or(command);
    sub.get_arguments().any(|arg| {
        let long = arg.get_long().is_some_and(|long| flag == format!("--{long}"));
        let short = arg.get_short().is_some_and(|short| flag == format!("-{short}"));
        let path = matches!(arg.get_value_hint(), ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath);
        (long || short) && path
    })
}

impl Request {
    /// The values that the kubeconfig alone has.
    pub fn kubeconfig_values(&self) -> Vec<Candidate> {
        let Some(config) = kubeconfig::merged(self.connection.kubeconfig.as_deref()) else { return Vec::new() };
        let named = |names: Vec<String>| names.into_iter().map(|name| (name, String::new())).collect();
        match self.placeholder.as_deref() {
            Some(CONTEXTS) => named(config.contexts.into_iter().map(|c| c.name).collect()),
            Some(CLUSTERS) => named(config.clusters.into_iter().map(|c| c.name).collect()),
            Some(USERS) => named(config.auth_infos.into_iter().map(|a| a.name).collect()),
            _ => Vec::new(),
        }
    }

    /// The values that are left to choose; after a comma, each behind those that the word has already.
    fn of_list(&self, mut values: Vec<Candidate>) -> Vec<Candidate> {
        if !matches!(self.placeholder.as_deref(), Some(CLAIMS | RELEASES)) {
            return values;
        }
        let before = self.prefix.rsplit_once(',').map_or("", |(before, _)| before);
        values.retain(|(value, _)| before.split(',').all(|known| known != value) && !self.chosen.contains(value));
        let behind = |value: String| if before.is_empty() { value } else { format!("{before},{value}") };
        values.into_iter().map(|(value, help)| (behind(value), help)).collect()
    }

    /// The response in kubectl's form, with the values that were looked up.
    pub fn response(&self, values: Vec<Candidate>) -> String {
        let values = self.of_list(values);
        let begins = |(value, _): &Candidate| value.starts_with(&self.prefix);
        let directive = if values.iter().any(begins) { NO_FILES } else { self.directive };
        let mut lines: Vec<String> = Vec::new();
        for (value, help) in self.candidates.iter().cloned().chain(values) {
            // kubectl does not filter.
            if value.starts_with(&self.prefix) {
                let help = help.lines().next().unwrap_or_default();
                lines.push(if help.is_empty() { value } else { format!("{value}\t{help}") });
            }
        }
        lines.push(format!(":{directive}\n"));
        lines.join("\n")
    }
}
