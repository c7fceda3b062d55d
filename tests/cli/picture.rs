//! The pictures of a terminal in the documentation: real output of the real executable, drawn.
//!
//! `UPDATE_EXPECT=1 cargo test --test cli picture` draws them again.

use std::process::Command;

use anstyle::RgbColor;
use anstyle_svg::{Term, VGA};
use expect_test::expect_file;
use rexpect::ReadUntil;
use rexpect::session::spawn_command;
use serde_json::json;

use crate::world::{PATIENCE, World, executable};

/// The terminal after a command, its questions answered with yes.
fn screen(world: &World, typed: &str) -> String {
    on_terminal(world.command(typed), typed)
}

fn on_terminal(mut command: Command, typed: &str) -> String {
    // Nothing but the pseudo-terminal.
    command.env_remove("NO_COLOR").stdin(std::process::Stdio::inherit());
    let mut session = spawn_command(command, Some(60_000)).expect("a terminal");
    let mut shown = format!("$ kubectl glancepv {typed}\n");
    loop {
        let ends = vec![ReadUntil::String("[y/N] ".to_owned()), ReadUntil::EOF];
        let (before, end) = session.exp_any(ends).unwrap_or_else(|error| panic!("{typed}: {error}"));
        // It takes each byte for a letter.
        let bytes: Vec<u8> = (before + &end).chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
        shown += &String::from_utf8_lossy(&bytes);
        if !end.ends_with("[y/N] ") {
            return shown + "\n";
        }
        shown += "y\n";
        session.send_line("y").unwrap();
    }
}

/// Without what differs from run to run: names and ages, and the lines that are drawn while waiting.
fn still(world: &World, text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let rule = |text: String, pattern: &str, with: &str| {
        regex_lite::Regex::new(pattern).unwrap().replace_all(&text, with).into_owned()
    };
    // Of a line that is drawn again and again, the last state stays.
    let text = rule(text, "[⠀-⣿] [^\u{1b}\n]*\u{1b}\\[2K", "");
    let text = rule(text, "\u{1b}\\[2K|\r", "");
    // The volume may be Available at once.
    let text = rule(text, r"✔ \d+s: the volume of [^\n]* is Available\n", "");
    let text = rule(text, r"✔ \d+s: ", "✔ 1s: ");
    let text = text.replace(&world.namespace, "openstack").replace(&world.class, "netapp");
    let text = rule(
        text,
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "b0f01f0f-fab5-4c0f-b549-89f47d819cf1",
    );
    let text = rule(text, r"AtRisk +Delete   500Gi      \d+s +", "AtRisk   Delete   500Gi      25h   ");
    let text = rule(text, r"Reused +Retain   500Gi      \d+s +", "Reused   Retain   500Gi      3m    ");
    let text = rule(text, r"\(\d+s old\)", "(26h old)");
    let text = rule(text, r" for \d+s with", " for 9s with");
    let text = rule(text, r"resourceVersion: \d+", "resourceVersion: 21883");
    text.split('\n').map(wrapped).collect::<Vec<_>>().join("\n")
}

/// A line as a terminal of 80 columns has it.
fn wrapped(line: &str) -> String {
    const COLUMNS: usize = 80;
    let (mut shown, mut column, mut escape) = (String::new(), 0, false);
    for c in line.chars() {
        escape |= c == '\u{1b}';
        if !escape && column == COLUMNS {
            shown.push('\n');
            column = 0;
        }
        shown.push(c);
        column += usize::from(!escape);
        escape &= c != 'm';
    }
    shown
}

/// In colors that are read on their dark ground, whatever page it is on: each has a contrast of 7 and more to it.
fn drawn(text: &str) -> String {
    let [ground, words, red, green, yellow, cyan] =
        [(13, 17, 23), (230, 237, 243), (255, 123, 114), (63, 185, 80), (210, 153, 34), (57, 197, 207)]
            .map(|(r, g, b)| RgbColor(r, g, b));
    let mut palette = VGA;
    palette.0[1] = red;
    palette.0[2] = green;
    palette.0[3] = yellow;
    palette.0[6] = cyan;
    Term::new().palette(palette).fg_color(words.into()).bg_color(ground.into()).render_svg(text)
}

#[test]
fn a_session() {
    let world = World::sandbox().provisioned();
    world.install(None);
    let mut shown = screen(&world, "status --color=always");
    shown += &screen(&world, "retain --color=always");
    world.uninstall();
    shown += "$ helm uninstall glance -n openstack\n\n";
    shown += &screen(&world, "reuse --color=always");
    world.install_again();
    world.bound();
    shown += "$ helm install glance ./glance -n openstack\n\n";
    shown += &screen(&world, "verify --color=always");
    let text = still(&world, &shown.replace(" --color=always", ""));
    expect_file![concat!(env!("CARGO_MANIFEST_DIR"), "/docs/session.svg")].assert_eq(&drawn(text.trim_end()));
}

/// Several claims: what they are at, and the one question about them.
#[test]
fn several_claims() {
    let world = World::sandbox().provisioned();
    world.install(None);
    let helm = json!({"meta.helm.sh/release-name": "nova", "meta.helm.sh/release-namespace": "openstack"});
    for (name, annotations) in [("mysql-data-0", json!({})), ("mysql-data-1", json!({})), ("nova-instances", helm)] {
        world.create_claim(|claim| {
            claim["metadata"]["name"] = name.into();
            claim["metadata"]["annotations"] = annotations;
        });
        world.await_bound(name);
    }
    let mut shown = screen(&world, "status --all --color=always");
    shown += &screen(&world, "retain --all --color=always");
    let text = still(&world, &shown.replace(" --color=always", ""));
    expect_file![concat!(env!("CARGO_MANIFEST_DIR"), "/docs/several.svg")].assert_eq(&drawn(text.trim_end()));
}

/// From the start to the end, with a helm that says nothing and ends once the sandbox has done what it is for.
#[test]
fn the_guide() {
    const UNINSTALL: &str = "helm uninstall glance -n openstack";
    const INSTALL: &str = "helm install glance ./glance -n openstack";
    let world = World::sandbox().provisioned();
    world.install(None);
    executable(&world.home().join("helm"), "touch $1; while [ -e $1 ]; do sleep 0.05; done");
    let mut command = world.command("--color=always");
    command.args(["guide", "--uninstall", UNINSTALL, "--install", INSTALL]);
    command.env("PATH", format!("{}:/usr/bin:/bin", world.home().display()));
    let shown = std::thread::scope(|scope| {
        scope.spawn(|| {
            for verb in ["uninstall", "install"] {
                let asked = world.home().join(verb);
                await_file(&asked);
                if verb == "uninstall" {
                    world.uninstall();
                } else {
                    world.install_again();
                    world.bound();
                }
                std::fs::remove_file(asked).unwrap();
            }
        });
        on_terminal(command, &format!("guide --uninstall '{UNINSTALL}' \\\n    --install '{INSTALL}'"))
    });
    let text = still(&world, &shown);
    expect_file![concat!(env!("CARGO_MANIFEST_DIR"), "/docs/guide.svg")].assert_eq(&drawn(text.trim_end()));
}

fn await_file(path: &std::path::Path) {
    let begun = std::time::Instant::now();
    while !path.exists() {
        assert!(begun.elapsed() < PATIENCE, "{} is not there", path.display());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
