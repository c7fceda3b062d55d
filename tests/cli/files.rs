//! Files that cannot be written, that change meanwhile, that have odd names; and a plugin that is
//! killed while it writes.

#![allow(clippy::print_stderr, reason = "the counts are the result")]

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::world::plugin;
use expect_test::expect_file;
use rexpect::session::spawn_command;

const TEMPLATE: &str =
    "kind: PersistentVolumeClaim\nmetadata:\n  name: glance-images\nspec:\n  storageClassName: netapp\n";
const PINNED: &str = "kind: PersistentVolumeClaim\nmetadata:\n  name: glance-images\nspec:\n  storageClassName: netapp\n  volumeName: pvc-1\n";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.yaml"), TEMPLATE).unwrap();
    folder
}

fn prepared(folder: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("NO_COLOR", "1").env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").current_dir(folder);
    command.stdin(Stdio::null());
    command
}

/// Runs shell commands in which `$0` is the plugin.
fn shell(folder: &Path, script: &str) -> Output {
    prepared(folder, "sh").args(["-c", script, plugin()]).output().expect("a shell")
}

/// The text on standard error. The system's words are its C library's: musl's here as glibc has them.
fn told(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    said.replace("symbolic link loop", "too many levels of symbolic links")
        .replace("filename too long", "file name too long")
}

/// The template and nothing else is in the folder.
fn untouched(folder: &Path) {
    assert_eq!(fs::read_to_string(folder.join("t.yaml")).unwrap(), TEMPLATE);
    assert_eq!(fs::read_dir(folder).unwrap().count(), 1, "something was left behind");
}

#[test]
fn a_file_that_may_not_grow() {
    let folder = folder();
    let run = shell(folder.path(), "trap '' XFSZ; ulimit -f 0; exec \"$0\" pin pvc-1 -f t.yaml --yes");
    assert_eq!(run.status.code(), Some(1));
    assert!(told(&run).ends_with("error: t.yaml: file too large\n"), "{}", told(&run));
    untouched(folder.path());
}

#[test]
#[ignore = "mounts a small disk, which takes root: tests/cluster/suite.sh outages"]
fn a_full_disk_and_a_read_only_one() {
    let folder = folder();
    let script = "set -e; mount -t tmpfs -o size=16k,nr_inodes=4 none . && cd \"$PWD\"; cat >t.yaml; \
        dd if=/dev/zero of=rest bs=4k 2>/dev/null || true; \
        \"$0\" pin pvc-1 -f t.yaml --yes && exit 9; rm rest; : full; \
        mount -o remount,ro .; \"$0\" pin pvc-1 -f t.yaml --yes && exit 9; \
        mount -o remount,rw .; \"$0\" pin pvc-1 -f t.yaml --yes; ls -A; cat t.yaml";
    let mut command = prepared(folder.path(), "unshare");
    command
        .args(["--map-root-user", "--mount", "sh", "-c", script, plugin()])
        .stdin(fs::File::open(folder.path().join("t.yaml")).unwrap());
    let run = command.output().expect("unshare");
    let errors: Vec<String> = told(&run).lines().filter(|l| l.starts_with("error")).map(str::to_owned).collect();
    assert_eq!(
        errors,
        ["error: t.yaml: no space left on device", "error: t.yaml: read-only file system"],
        "{}",
        told(&run)
    );
    let stdout = String::from_utf8_lossy(&run.stdout).into_owned();
    assert_eq!(stdout, format!("t.yaml pinned\nt.yaml\n{PINNED}"), "{}", told(&run));
}

/// Killed at the entry of each of its system calls in turn, it leaves the old bytes or the new.
#[test]
#[ignore = "takes strace: tests/cluster/suite.sh outages"]
fn killed_at_every_system_call() {
    let pin = |options: &[&str]| {
        let folder = folder();
        let mut command = prepared(folder.path(), "strace");
        command.args(["-f", "-qq"]).args(options).args([plugin(), "pin", "pvc-1", "-f", "t.yaml", "--yes"]);
        let run = command.output().expect("strace");
        (folder, run)
    };
    // The number of calls of each kind: strace counts each kind by itself.
    let (traced, _) = pin(&["-o", "trace"]);
    let mut calls: BTreeMap<String, usize> = BTreeMap::new();
    for line in fs::read_to_string(traced.path().join("trace")).unwrap().lines() {
        let call = line.split_whitespace().nth(1).and_then(|call| call.split_once('('));
        if let Some((name, _)) = call.filter(|(name, _)| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')) {
            *calls.entry(name.to_owned()).or_default() += 1;
        }
    }
    let (mut old, mut new, mut left) = (0, 0, 0);
    for (name, times) in &calls {
        for nth in 1..=*times {
            let (folder, _) = pin(&["-o", "/dev/null", "-e", &format!("inject={name}:signal=KILL:when={nth}")]);
            match fs::read_to_string(folder.path().join("t.yaml")).unwrap().as_str() {
                TEMPLATE => old += 1,
                PINNED => new += 1,
                other => panic!("killed at {name} {nth}: {other:?}"),
            }
            left += fs::read_dir(folder.path()).unwrap().count() - 1;
            // Whatever it left behind, repeating the command finishes it.
            let again = shell(folder.path(), "exec \"$0\" pin pvc-1 -f t.yaml --yes");
            assert!(again.status.success(), "{}", told(&again));
            assert_eq!(fs::read_to_string(folder.path().join("t.yaml")).unwrap(), PINNED);
        }
    }
    eprintln!(
        "killed at {} system calls: {old} times the old file, {new} times the new, {left} times a temporary one left",
        old + new
    );
    assert!(old > 0 && new > 0);
}

#[test]
fn another_editor_between_diff_and_yes() {
    let folder = folder();
    let path = folder.path().join("t.yaml");
    let mut command = prepared(folder.path(), plugin());
    command.args(["pin", "pvc-1", "-f", "t.yaml"]).env("TERM", "xterm").stdin(Stdio::inherit());
    let mut session = spawn_command(command, Some(30_000)).unwrap();
    session.exp_string("? [y/N]").unwrap();
    let theirs = TEMPLATE.replace("netapp", "ceph");
    fs::write(&path, &theirs).unwrap();
    session.send_line("y").unwrap();
    session.exp_string("error: t.yaml: file changed after it was read; nothing was written").unwrap();
    session.exp_eof().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), theirs);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn hostile_names() {
    let folder = folder();
    let at = |name: &OsStr| folder.path().join(name);
    symlink("loop", at("loop".as_ref())).unwrap();
    assert!(Command::new("mkfifo").arg(at("pipe".as_ref())).status().unwrap().success());
    let odd: Vec<OsString> =
        ["-leading", " ", "two\nlines", "\u{1b}[31mred\u{7}", "*", "..yaml", "%s%n", "ünï", "a\u{202e}lmay"]
            .iter()
            .map(OsString::from)
            .chain([OsStr::from_bytes(b"no\xffUTF-8").to_owned()])
            .collect();
    for name in &odd {
        fs::copy(at("t.yaml".as_ref()), at(name)).unwrap();
    }
    let wrong = ["", ".", "/", "/dev/null", "pipe", "loop", "none/at.yaml", "t.yaml/", "t.yaml\0"].map(OsString::from);
    let long = OsString::from("x".repeat(300));
    let mut table = String::new();
    for name in odd.iter().chain(&wrong).chain([&long]) {
        let mut argument = OsString::from("--filename=");
        argument.push(name);
        let Ok(run) = prepared(folder.path(), plugin()).args(["pin", "pvc-1", "--yes"]).arg(argument).output() else {
            // A NUL cannot be in an argument at all.
            continue;
        };
        let (stdout, stderr) = (String::from_utf8_lossy(&run.stdout), told(&run));
        let harmful = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!stdout.contains(harmful) && !stderr.contains(harmful), "{name:?}: {stdout}{stderr}");
        if odd.contains(name) {
            assert_eq!(fs::read_to_string(at(name)).unwrap(), PINNED, "{name:?}: {stderr}");
        }
        let ended = if run.status.success() { &*stdout } else { &*stderr };
        let shown: String = format!("{name:?}").chars().take(40).collect();
        table +=
            &format!("{shown:<24} [{}] {}\n", run.status.code().unwrap_or(-1), ended.trim_end().replace('\n', "⏎"));
    }
    expect_file!["files.txt"].assert_eq(&table);
}
