//! The next steps that the plugin prints, typed as they were printed.

#[cfg(unix)]
use std::path::Path;

use clap::CommandFactory;
use kubectl_glancepv::Cli;
#[cfg(unix)]
use rexpect::{ReadUntil, session::spawn_command};
#[cfg(unix)]
use serde_json::Value;

#[cfg(unix)]
use crate::world::{World, executable, plugin};

/// The tools whose commands are printed.
const TOOLS: [&str; 5] = ["kubectl ", "helm ", "flux ", "argocd ", "chmod "];

/// The steps that a screen shows: commands as they stand, and after `# ` what it has only words for.
pub fn lines(screen: &str) -> Vec<String> {
    let command = |line: &str| {
        let typed = line.strip_prefix("  ").filter(|typed| TOOLS.iter().any(|tool| typed.starts_with(tool)));
        typed.map(str::to_owned)
    };
    let mut lines = screen.lines().peekable();
    let mut steps = Vec::new();
    while let Some(line) = lines.next() {
        steps.extend(command(line));
        let words = ["next: ", "then: ", "or: ", "hint: "].iter().find_map(|head| line.strip_prefix(head));
        let Some(words) = words else { continue };
        // Words that a command follows tell about it, unless they are done before.
        match words.strip_suffix(", then") {
            Some(words) => steps.push(format!("# {words}")),
            None if lines.peek().and_then(|next| command(next)).is_none() => steps.push(format!("# {words}")),
            None => {}
        }
    }
    steps
}

/// The words of a line, as a shell splits it.
fn words(line: &str) -> Vec<String> {
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

#[cfg(unix)]
impl World {
    /// Types what `status` says is next, and what that says, until the claim has its old volume; what
    /// was typed, and what stood there then. Where something has to be done that the plugin cannot
    /// spell, it is done.
    pub fn follow(&self) -> Vec<String> {
        let mut typed = Vec::new();
        for _ in 0..6 {
            let status = self.run("status -o json");
            let stage = serde_json::from_str::<Value>(&status.stdout).map(|s| s["stage"].clone()).unwrap_or_default();
            if stage == "Reused" {
                return typed;
            }
            let run = self.run_from_elsewhere("status");
            assert_eq!(run.status, 0, "after {typed:#?}\n{run}");
            let next = run.next.clone();
            assert!(!next.is_empty(), "{stage} leads nowhere after {typed:#?}\n{run}");
            for line in next {
                let shown = self.type_line(&line);
                typed.push(format!("{stage}: {line}\n{shown}"));
            }
        }
        panic!("in a circle: {typed:#?}");
    }

    /// Types one line at a terminal, and says yes to what it asks; what stood there then.
    ///
    /// On a real cluster it is a real shell's and a real kubectl's; in the sandbox what kubectl would
    /// do is done.
    pub fn type_line(&self, line: &str) -> String {
        let line = line.replace("TEMPLATE", "pvc-images.yaml");
        if line.starts_with("# uninstall") {
            self.uninstall();
        } else if line.starts_with("# install") {
            self.install_again();
        } else if line.starts_with('#') {
            // A remark.
        } else if let ["kubectl", verb, rest @ ..] = line.split(' ').collect::<Vec<_>>().as_slice()
            && *verb != "glancepv"
            && self.sandbox.is_some()
        {
            self.kubectl(verb, rest);
        } else {
            return self.at_a_terminal(&line);
        }
        String::new()
    }

    fn kubectl(&self, verb: &str, rest: &[&str]) {
        match (verb, rest) {
            ("apply", ["-f", file, ..]) => {
                let manifest = std::fs::read(self.home().join(file)).expect("an export");
                self.create_volume_from(serde_saphyr::from_slice(&manifest).expect("a manifest"));
            }
            ("wait", ["--for=delete", volume, ..]) => {
                let name = volume.strip_prefix("persistentvolume/").expect("a volume");
                self.await_volume(name, |v| v.is_none());
            }
            ("delete", ["pvc", ..]) => self.uninstall(),
            ("delete", ["pod", name, ..]) => self.unmount(name),
            ("annotate", ["pv", volume, mark, ..]) => {
                let mark = mark.strip_suffix('-').expect("a mark to remove");
                self.patch_volume(volume, serde_json::json!({"metadata": {"annotations": {mark: null}}}));
            }
            ("get", _) => {}
            other => panic!("nobody knows how to type kubectl {other:?}"),
        }
    }

    fn at_a_terminal(&self, line: &str) -> String {
        let bin = self.home().join("bin");
        std::fs::create_dir_all(&bin).unwrap();
        let mut path = vec![bin.clone(), "/usr/bin".into(), "/bin".into()];
        if self.sandbox.is_some() {
            executable(&bin.join("kubectl"), &format!("shift\nexec {} \"$@\"", plugin()));
        } else {
            path.insert(0, Path::new(plugin()).parent().unwrap().to_owned());
            path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
        }
        // kubectl's own steps need more rights than the plugin's.
        let own = line.starts_with("kubectl glancepv");
        let command = self.command("");
        let kubeconfig = if own { self.operator() } else { self.kubeconfig() };
        let elsewhere = kubeconfig.with_extension("elsewhere");
        // From where the current context is another.
        let kubeconfig = if line.contains("context ") { &elsewhere } else { kubeconfig };
        let mut shell = std::process::Command::new("sh");
        shell.env_clear().envs(command.get_envs().filter_map(|(key, value)| Some((key, value?))));
        shell.env("KUBECONFIG", kubeconfig).env("PATH", std::env::join_paths(path).unwrap());
        shell.current_dir(self.home()).args(["-c", line]);
        let mut session = spawn_command(shell, Some(120_000)).expect("a terminal");
        let mut shown = String::new();
        loop {
            let ends = vec![ReadUntil::String("[y/N] ".to_owned()), ReadUntil::EOF];
            let (before, end) = session.exp_any(ends).unwrap_or_else(|error| panic!("{line}: {error}"));
            shown += &(before + &end);
            if !end.ends_with("[y/N] ") {
                return shown;
            }
            session.send_line("y").unwrap();
        }
    }
}
