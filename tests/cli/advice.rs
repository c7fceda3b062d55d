//! What the plugin prints as next steps, typed as it was printed.

use clap::CommandFactory;
use kubectl_glancepv::cli::Cli;
use serde_json::Value;

use crate::world::{Run, World};

/// The lines that are to be typed, whole: behind `next:`, `then:` and `hint:`.
pub fn lines(stderr: &str) -> Vec<String> {
    let typed =
        |line: &str| ["next: ", "then: ", "hint: "].iter().find_map(|head| line.strip_prefix(head).map(str::to_owned));
    stderr.lines().filter_map(typed).collect()
}

/// What a shell makes of a line.
fn words(line: &str) -> Vec<String> {
    let line = line.split_once("  # ").map_or(line, |(command, _)| command);
    let line = line.split_once(" > ").map_or(line, |(command, _)| command);
    shell_words::split(line).unwrap_or_else(|error| panic!("{line}: {error}"))
}

/// A line of the plugin's own is one that it takes.
pub fn assert_can_be_typed(line: &str) {
    if let Some(rest) = line.strip_prefix("kubectl glancepv ") {
        let taken = Cli::command().try_get_matches_from([vec!["kubectl-glancepv".to_owned()], words(rest)].concat());
        assert!(taken.is_ok(), "{line}: {}", taken.unwrap_err());
    }
}

impl World {
    /// Types what `status` says is next, and what that says, until the claim has its old volume. Where
    /// something has to be done that the plugin cannot spell, it is done.
    pub fn follow(&self) {
        let mut typed = Vec::new();
        for _ in 0..6 {
            let status = self.run("status -o json");
            let stage = serde_json::from_str::<Value>(&status.stdout).map(|s| s["stage"].clone()).unwrap_or_default();
            if stage == "Reused" {
                return;
            }
            let run = self.run("status");
            assert_eq!(run.status, 0, "after {typed:#?}\n{run}");
            let next = run.next.clone();
            assert!(!next.is_empty(), "{stage} leads nowhere after {typed:#?}\n{run}");
            for line in next {
                typed.push(format!("{stage}: {line}"));
                self.type_line(&line);
            }
        }
        panic!("in a circle: {typed:#?}");
    }

    /// Types one line.
    pub fn type_line(&self, line: &str) -> Option<Run> {
        let line = line.replace("TEMPLATE", "pvc-images.yaml");
        if line.starts_with("# uninstall") {
            self.uninstall_all();
        } else if line.starts_with("# install") {
            self.install_again();
        } else if let Some(rest) = line.strip_prefix("kubectl glancepv ") {
            let mut arguments = words(rest);
            if ["retain", "reuse", "pin"].contains(&arguments[0].as_str()) {
                // As the operator who reads the question would answer.
                arguments.push("--yes".to_owned());
            }
            let output = self.command("").args(&arguments).output().expect("the executable");
            return Some(self.outcome(rest, output));
        } else {
            assert!(line.starts_with('#'), "nobody knows how to type {line}");
        }
        None
    }
}
