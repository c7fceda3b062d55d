//! Bad input of every kind, as one table: what is told of it and the exit status. Nothing of it may
//! reach the cluster as a change or the terminal as an escape.

#[cfg(unix)]
use std::fs;
use std::path::Path;

use expect_test::expect_file;
use glancepv_sandbox::answer::Refusal;
use glancepv_sandbox::state::Fault;
#[cfg(unix)]
use serde_json::Value;
use serde_json::json;

use crate::world::World;
#[cfg(unix)]
use crate::world::executable;

/// One line of the table.
fn line(world: &World, what: &str, arguments: &[&str], kubeconfig: Option<&Path>) -> String {
    let mut command = world.command("--request-timeout 2s");
    if let Some(path) = kubeconfig {
        command.env("KUBECONFIG", path);
    }
    let output = command.args(arguments).output().expect("the executable");
    let harmful =
        |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(|c: char| c.is_control() && c != '\n' && c != '\t');
    assert!(!harmful(&output.stdout) && !harmful(&output.stderr), "{what}: {output:?}");
    let run = world.outcome(&arguments.join(" "), output);
    assert!(!run.stderr.contains("a-secret"), "{what}: {run}");
    assert!(matches!(run.status, 1 | 2), "{what}: {run}");
    let told = run.stderr.lines().find(|l| !l.trim().is_empty() && !l.starts_with("Warning")).unwrap_or_default();
    let told = told.replace(&*world.home().to_string_lossy(), "HOME").replace(&*world.sandbox_folder(), "SANDBOX");
    let told = regex_lite::Regex::new(r"127\.0\.0\.1:\d+").unwrap().replace_all(&told, "SERVER").into_owned();
    let told: String =
        if told.chars().count() > 220 { told.chars().take(220).chain("…".chars()).collect() } else { told };
    format!("{what:<44} [{}] {told}\n", run.status)
}

/// The sandbox's kubeconfig, changed.
#[cfg(unix)]
fn changed(world: &World, how: impl FnOnce(&mut Value)) -> String {
    let mut config = serde_json::from_slice(&fs::read(world.kubeconfig()).unwrap()).unwrap();
    how(&mut config);
    config.to_string()
}

/// An exec credential plugin in place of the client certificate.
#[cfg(unix)]
fn exec(world: &World, name: &str, script: &str) -> String {
    let path = world.home().join(name);
    executable(&path, script);
    changed(world, |config| {
        config["users"][0]["user"] = json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": path,
            "interactiveMode": "Never"}});
    })
}

#[test]
#[cfg(unix)]
fn kubeconfigs() {
    let world = World::sandbox();
    let user = |key: &str, value: Value| changed(&world, |c| c["users"][0]["user"][key] = value);
    let cluster = |key: &str, value: Value| changed(&world, |c| c["clusters"][0]["cluster"][key] = value);
    let secret = world.home().join("secret.key");
    fs::write(&secret, "not a key").unwrap();
    let aliases: String = (1..30).map(|n| format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}, *a{0}]\n", n - 1)).collect();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("empty", Vec::new()),
        ("spaces alone", b"   \n\n".to_vec()),
        ("binary", (0..=255).cycle().take(4096).collect()),
        ("half a letter of UTF-16", b"\xff\xfea".to_vec()),
        ("UTF-16", b"\xff\xfea\0".to_vec()),
        ("not UTF-8", b"apiVersion: \xff\xfe".to_vec()),
        ("10 MB of one word", vec![b'a'; 10_000_000]),
        ("10 MB of list", b"- a\n".repeat(2_500_000)),
        ("deeply nested", b"[".repeat(100_000)),
        ("an anchor in itself", b"a: &a [*a]\nclusters: *a\n".to_vec()),
        ("a billion laughs", format!("a0: &a0 lol\n{aliases}clusters: *a29\n").into_bytes()),
        ("a list instead of a map", b"[1, 2]".to_vec()),
        ("a number instead of a list", b"apiVersion: v1\nkind: Config\nclusters: 5\n".to_vec()),
        ("tabs for indentation", b"clusters:\n\t- name: a\n".to_vec()),
        ("two documents", b"apiVersion: v1\nkind: Config\n---\napiVersion: v1\nkind: Config\n".to_vec()),
        ("without server", cluster("server", Value::Null).into_bytes()),
        ("a server that is no URL", cluster("server", json!("https://bad host:x")).into_bytes()),
        ("a server with escapes", cluster("server", json!("https://\u{1b}[31mred")).into_bytes()),
        ("an authority that is not there", cluster("certificate-authority", json!("/none/ca.crt")).into_bytes()),
        ("an authority that is no certificate", cluster("certificate-authority", json!(secret)).into_bytes()),
        ("an authority in broken base64", cluster("certificate-authority-data", json!("%%%")).into_bytes()),
        ("without the user that is named", changed(&world, |c| c["users"] = json!([])).into_bytes()),
        ("a key that is not there", user("client-key", json!("/none/client.key")).into_bytes()),
        ("a key that is no key", user("client-key", json!(secret)).into_bytes()),
        ("a key that is a folder", user("client-key", json!(world.home())).into_bytes()),
        ("a token file that is not there", {
            changed(&world, |c| c["users"][0]["user"] = json!({"tokenFile": "/none/token"})).into_bytes()
        }),
        ("a token with a line break", {
            changed(&world, |c| c["users"][0]["user"] = json!({"token": "a\nb"})).into_bytes()
        }),
        ("an unknown auth provider", {
            changed(&world, |c| c["users"][0]["user"] = json!({"auth-provider": {"name": "nope", "config": {}}}))
                .into_bytes()
        }),
        (
            "exec: not there",
            changed(&world, |c| {
                c["users"][0]["user"] =
                    json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "/none/plugin"}});
            })
            .into_bytes(),
        ),
        ("exec: fails", exec(&world, "fails", "echo a-secret; echo 'your session is over' >&2; exit 3").into_bytes()),
        ("exec: prints rubbish", exec(&world, "rubbish", "echo hello").into_bytes()),
        ("exec: prints escapes", exec(&world, "escapes", "printf '\\033[31m'").into_bytes()),
        ("exec: prints nothing", exec(&world, "nothing", "true").into_bytes()),
        ("exec: is killed", exec(&world, "killed", "kill -9 $$").into_bytes()),
        (
            "exec: no status",
            exec(&world, "bare", r#"echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential"}'"#)
                .into_bytes(),
        ),
    ];
    let path = world.home().join("kubeconfig");
    let mut table = String::new();
    for (what, bytes) in cases {
        fs::write(&path, bytes).unwrap();
        table += &line(&world, what, &["status"], Some(&path));
    }
    table += &line(&world, "a folder", &["status", "--kubeconfig", "."], None);
    table += &line(&world, "a file that is not there", &["status", "--kubeconfig", "none"], None);
    expect_file!["bad_kubeconfigs.txt"].assert_eq(&table);
}

#[test]
fn names_and_durations() {
    let world = World::sandbox().provisioned();
    let volume = world.install(None);
    let before = world.volume(&volume);
    let long = "x".repeat(254);
    let odd = [
        "",
        "-x",
        "--",
        "a/b",
        "../kube-system",
        "A",
        "a_b",
        "a b",
        "a..b",
        ".a",
        "a\nb",
        "\u{1b}[31m",
        "ü",
        "a%2fb",
        "a?b",
        "a#b",
        &long,
    ];
    let mut table = String::new();
    for name in odd {
        let shown: String = format!("{name:?}").chars().take(24).collect();
        for (what, arguments) in [
            ("--claim", vec!["status".to_owned(), format!("--claim={name}")]),
            ("--namespace", vec!["status".to_owned(), format!("--namespace={name}")]),
            ("retain PV", vec!["retain".to_owned(), "--yes".to_owned(), "--".to_owned(), name.to_owned()]),
            ("pin PV", vec!["pin".to_owned(), "--filename=t.yaml".to_owned(), "--".to_owned(), name.to_owned()]),
            (
                "--field-manager",
                vec!["retain".to_owned(), "--yes".to_owned(), format!("--field-manager={name}&force=true")],
            ),
        ] {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            table += &line(&world, &format!("{what} {shown}"), &arguments, None);
        }
        // Any of these may be right as far as the plugin can tell; the server says.
        for flag in [
            "--as",
            "--as-group=g --as",
            "--as=u --as-uid",
            "--as=u --as-user-extra",
            "--token",
            "--tls-server-name",
            "--proxy-url",
            "--server",
            "--context",
            "--cluster",
            "--user",
            "--username=u --password",
        ] {
            let (first, last) = flag.rsplit_once(' ').unwrap_or(("", flag));
            let mut command = world.command(&format!("status --request-timeout 2s {first}"));
            let output = command.arg(format!("{last}=k={name}")).output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(
                matches!(output.status.code(), Some(0..=2)) && !told.contains("panicked"),
                "{flag}={name:?}: {told}"
            );
            assert!(!told.contains(|c: char| c.is_control() && c != '\n'), "{flag}={name:?}: {told}");
        }
    }
    for duration in ["", "x", "-5s", "5", "1x", "1h1", "99999999999999999999s", "1e9s", "５s", " 5s", "0x5s", "inf"] {
        for what in ["--timeout", "--request-timeout"] {
            let flag = format!("{what}={duration}");
            table += &line(&world, &format!("{what} {duration:?}"), &["verify", &flag], None);
        }
    }
    assert_eq!(world.volume(&volume), before, "a bad name has changed something");
    expect_file!["bad_names.txt"].assert_eq(&table);
}

/// Text from a cluster is printed without characters that act on a terminal.
#[test]
fn escapes_from_the_cluster() {
    let world = World::sandbox().provisioned();
    let volume = world.install(None);
    let evil = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\rno\u{8}\nnext: kubectl delete pv";
    let state = &world.sandbox.as_ref().unwrap().state;
    let mut table = String::new();
    for (code, reason) in [(403, "Forbidden"), (500, "InternalError"), (422, "Invalid"), (503, "\u{1b}[31mX")] {
        state.plan("GET", "glance-images?includeObject", 1, Fault::Answer(Refusal::new(code, reason, evil)));
        table += &line(&world, &format!("a message of {code}"), &["status"], None);
    }
    state.plan("GET", "glance-images?includeObject", 1, Fault::Garble("text/plain", "\u{1b}[31mrubbish"));
    table += &line(&world, "an answer that is no JSON", &["status"], None);
    world.patch_volume_status(&volume, json!({"status": {"reason": evil, "message": evil}}));
    world.patch_volume(&volume, json!({"metadata": {"annotations": {"a": evil}}}));
    for arguments in [
        "status",
        "status -o wide",
        "retain --dry-run=client",
        "retain --yes",
        "export",
        "status -o json",
        "status -o yaml",
    ] {
        let output = world.command(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        for bytes in [&output.stdout, &output.stderr] {
            let text = String::from_utf8_lossy(bytes);
            assert!(!text.contains(|c: char| c.is_control() && c != '\n' && c != '\t'), "{arguments}: {text:?}");
        }
    }
    expect_file!["bad_answers.txt"].assert_eq(&table);
}

/// Whoever has had enough of an exec plugin that hangs interrupts it.
#[test]
#[cfg(unix)]
fn an_exec_plugin_that_hangs() {
    let world = World::sandbox();
    let begun = world.home().join("begun");
    let path = world.home().join("kubeconfig");
    fs::write(&path, exec(&world, "hangs", &format!("touch {}; exec sleep 20", begun.display()))).unwrap();
    let child = world
        .command("status")
        .env("KUBECONFIG", &path)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let limit = std::time::Instant::now() + std::time::Duration::from_secs(15);
    while !begun.exists() {
        assert!(std::time::Instant::now() < limit, "the plugin was not run");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    crate::world::interrupt(&child);
    let ended = child.wait_with_output().unwrap();
    assert!(std::time::Instant::now() < limit, "it has waited for the plugin");
    assert_eq!(ended.status.code(), Some(130));
}
