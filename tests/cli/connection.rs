//! Which cluster, and as whom: kubeconfigs, credentials, namespaces.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

#[cfg(unix)]
use crate::world::executable;
use crate::world::{Run, World, plugin};

fn world() -> World {
    let world = World::sandbox().provisioned();
    world.install(None);
    world
}

fn kubeconfig(world: &World) -> Value {
    serde_json::from_slice(&std::fs::read(world.kubeconfig()).unwrap()).unwrap()
}

fn write(world: &World, name: &str, config: &Value) -> PathBuf {
    let path = world.home().join(name);
    std::fs::write(&path, config.to_string()).unwrap();
    path
}

fn run_with(world: &World, kubeconfigs: &[&Path], arguments: &str) -> Run {
    let list = std::env::join_paths(kubeconfigs).unwrap();
    let output = world.command(arguments).env("KUBECONFIG", list).output().unwrap();
    world.outcome(arguments, output)
}

#[test]
fn several_files_are_merged_and_missing_ones_passed_over() {
    let world = world();
    let whole = kubeconfig(&world);
    let mut contexts = whole.clone();
    contexts["users"] = json!([]);
    contexts["clusters"] = json!([]);
    let mut rest = whole.clone();
    rest["contexts"] = json!([]);
    rest["current-context"] = json!("never-used");
    let (first, second) = (write(&world, "first", &contexts), write(&world, "second", &rest));
    let run = run_with(&world, &[&first, &world.home().join("missing"), &second], "status -o name");
    assert_eq!(run.status, 0, "{run}");
}

#[test]
#[cfg(unix)]
fn a_token_and_an_exec_plugin() {
    let world = world();
    let mut config = kubeconfig(&world);
    let plugin = world.home().join("plugin");
    executable(
        &plugin,
        "echo run >> \"$0.runs\"\necho '{\"kind\": \"ExecCredential\", \"apiVersion\": \"client.authentication.k8s.io/v1\", \
        \"status\": {\"token\": \"operator-token\"}}'",
    );
    config["users"] = json!([
        {"name": "with-token", "user": {"token": "operator-token"}},
        {"name": "with-plugin", "user": {"exec": {"apiVersion": "client.authentication.k8s.io/v1",
            "command": plugin, "interactiveMode": "IfAvailable"}}},
        {"name": "with-wrong-token", "user": {"token": "wrong"}},
    ]);
    let path = write(&world, "users", &config);
    for user in ["with-token", "with-plugin"] {
        let run = run_with(&world, &[&path], &format!("status -o name --user {user}"));
        assert_eq!(run.status, 0, "{run}");
    }
    let runs = std::fs::read_to_string(world.home().join("plugin.runs")).unwrap();
    assert_eq!(runs, "run\n", "a plugin may ask a person, so it is run once");
    let run = run_with(&world, &[&path], "status --user with-wrong-token");
    assert_eq!((run.status, run.stderr.as_str()), (1, "error: You must be logged in to the server (Unauthorized)\n"));
}

#[test]
fn contexts_clusters_and_users_that_do_not_exist() {
    let world = world();
    for (arguments, expected) in [
        ("status --context nope", "error: context \"nope\" does not exist\n"),
        ("status --cluster nope", "error: cluster \"nope\" does not exist\n"),
        ("status --user nope", "error: auth info \"nope\" does not exist\n"),
        ("status --kubeconfig /nope/nope", "error: stat /nope/nope: no such file or directory\n"),
    ] {
        let run = world.run(&format!("{arguments} -n openstack"));
        assert_eq!((run.status, run.stderr.as_str(), run.stdout.as_str()), (1, expected, ""));
    }
}

#[test]
fn the_namespace_is_the_flags_else_the_contexts_else_openstack() {
    let world = world();
    let mut config = kubeconfig(&world);
    config["contexts"][0]["context"]["namespace"] = Value::Null;
    let asked = |config: &Value, arguments: &[&str]| {
        let path = write(&world, "namespaces", config);
        world.requests();
        let mut command = std::process::Command::new(plugin());
        let output = command
            .env_clear()
            .env("KUBECONFIG", path)
            .args(["status", "-o", "name"])
            .args(arguments)
            .output()
            .unwrap();
        let requests = world.requests();
        let line = requests.lines().find(|l| l.contains("/persistentvolumeclaims/")).unwrap_or_default().to_owned();
        (output.status.code(), line.split('/').nth(4).unwrap_or_default().to_owned())
    };
    assert_eq!(asked(&config, &[]), (Some(1), "openstack".to_owned()));
    config["contexts"][0]["context"]["namespace"] = json!("of-the-context");
    assert_eq!(asked(&config, &[]), (Some(1), "of-the-context".to_owned()));
    assert_eq!(asked(&config, &["-n", "of-the-flag"]), (Some(1), "of-the-flag".to_owned()));
}

#[test]
fn what_can_be_typed_again_has_the_flags_that_were_given() {
    let world = world();
    let path = world.kubeconfig().display().to_string();
    let run = world.run(&format!("status --kubeconfig {path} --context sandbox"));
    let next = format!("next:\n  kubectl glancepv retain --kubeconfig {path} --context sandbox\n");
    assert!(run.stdout.ends_with(&next), "{run}");
    let output = world.command("status").env("GLANCEPV_CLAIM", "other").output().unwrap();
    let run = world.outcome("status", output);
    assert!(
        run.stderr.starts_with("Error from server (NotFound): persistentvolumeclaims \"other\" not found\n"),
        "{run}"
    );
}

#[test]
fn wrong_usage_exits_with_2() {
    let world = World::sandbox();
    for arguments in [
        "nope",
        "status extra",
        "retain a b",
        "retain Not_A_Name",
        "reuse --timeout ten",
        "status -o nope",
        "retain --dry-run=maybe",
        "guide --dry-run=client",
    ] {
        let run = world.run(arguments);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{run}");
        assert!(run.stderr.contains("--help"), "{run}");
    }
    assert_eq!(world.requests().lines().filter(|l| l.contains("includeObject")).count(), 0);
}

/// The kubeconfig with its cluster and user changed, and what the plugin does with it.
fn with(world: &World, change: impl FnOnce(&mut Value, &mut Value), arguments: &[&str]) -> Run {
    let mut config = kubeconfig(world);
    let (mut cluster, mut user) = (config["clusters"][0]["cluster"].clone(), config["users"][0]["user"].clone());
    change(&mut cluster, &mut user);
    (config["clusters"][0]["cluster"], config["users"][0]["user"]) = (cluster, user);
    let path = write(world, "changed", &config);
    let output = world.command("status -o name").args(arguments).env("KUBECONFIG", path).output().unwrap();
    world.outcome(&arguments.join(" "), output)
}

fn file(world: &World, name: &str) -> String {
    world.sandbox.as_ref().unwrap().folder().join(name).display().to_string()
}

fn server(world: &World) -> String {
    kubeconfig(world)["clusters"][0]["cluster"]["server"].as_str().unwrap().to_owned()
}

/// Takes something from a kubeconfig's cluster or user.
type Change = fn(&mut Value, &mut Value);

/// Each flag against a kubeconfig that fails without it.
#[test]
fn flags_that_mend_what_the_kubeconfig_lacks() {
    let world = world();
    let (ca, certificate, key, server) =
        (file(&world, "ca.crt"), file(&world, "client.crt"), file(&world, "client.key"), server(&world));
    let no_server: Change = |cluster, _| cluster["server"] = json!("https://127.0.0.1:1");
    let no_authority: Change = |cluster, _| cluster["certificate-authority"] = json!(null);
    let nobody: Change = |_, user| *user = json!({});
    let other_name: Change = |cluster, _| cluster["tls-server-name"] = json!("wrong.example.com");
    let table: [(Change, &[&str], &str); 7] = [
        (no_server, &["--server", &server], "was refused"),
        (no_authority, &["--certificate-authority", &ca], "Unable to connect to the server: "),
        (no_authority, &["--insecure-skip-tls-verify"], "Unable to connect to the server: "),
        (nobody, &["--client-certificate", &certificate, "--client-key", &key], "You must be logged in"),
        (nobody, &["--token", "operator-token"], "You must be logged in"),
        (other_name, &["--tls-server-name", "localhost"], "Unable to connect to the server: "),
        (|_, user| *user = json!({"token": "wrong"}), &["--token", "operator-token"], "You must be logged in"),
    ];
    for (change, flags, without) in table {
        let run = with(&world, change, &[]);
        assert!(run.status == 1 && run.stderr.contains(without), "{flags:?}: {run}");
        let run = with(&world, change, flags);
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{flags:?}: {run}");
    }
}

/// The headers that the flags of impersonation and login send.
#[test]
fn flags_that_become_headers() {
    let world = world();
    let headers = |arguments: &[&str], change: fn(&mut Value, &mut Value)| {
        let state = &world.sandbox.as_ref().unwrap().state;
        state.take_requests();
        with(&world, change, arguments);
        let requests = state.take_requests();
        let asked = requests.iter().find(|r| r.path.contains("includeObject=None")).expect("a list").headers.clone();
        let told = asked.into_iter().filter(|(name, _)| {
            name.starts_with("impersonate") || name == "authorization" || name == "accept-encoding"
        });
        let mut told: Vec<String> = told.map(|(name, value)| format!("{name}: {value}")).collect();
        told.sort();
        told
    };
    let flags = [
        "--as",
        "someone",
        "--as-uid",
        "u-1",
        "--as-group",
        "a",
        "--as-group",
        "b",
        "--as-user-extra",
        "example.com/reason=upkeep",
    ];
    let expected = [
        "impersonate-extra-example.com%2freason: upkeep",
        "impersonate-group: a",
        "impersonate-group: b",
        "impersonate-uid: u-1",
        "impersonate-user: someone",
    ];
    assert_eq!(headers(&flags, |_, _| {}), expected);
    assert_eq!(
        headers(&["--username", "glance", "--password", "secret"], |_, user| *user = json!({})),
        ["authorization: Basic Z2xhbmNlOnNlY3JldA=="]
    );
    assert_eq!(
        headers(&["--token", "operator-token"], |_, user| *user =
            json!({"tokenFile": "/none", "exec": {"command": "/none"}})),
        ["authorization: Bearer operator-token"]
    );
    // Nothing is ever compressed, so there is nothing to disable; and nothing is kept in a cache.
    let cache = world.home().join("cache");
    assert_eq!(headers(&["--disable-compression", "--cache-dir", cache.to_str().unwrap()], |_, _| {}), [""; 0]);
    assert!(!cache.exists());
}

#[test]
fn a_proxy_by_flag_by_kubeconfig_and_by_environment() {
    use std::io::{BufRead, BufReader, Write};
    let world = world();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://user:pass@{}", listener.local_addr().unwrap());
    // It tunnels wherever it is asked to, and tells what it was asked.
    let (told, heard) = std::sync::mpsc::channel();
    let to = server(&world).trim_start_matches("https://").to_owned();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(client.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).is_ok_and(|n| n > 0) {}
            told.send(head).unwrap();
            let upstream = std::net::TcpStream::connect(&to).unwrap();
            let mut client = client;
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            let (mut up, mut down) = (upstream.try_clone().unwrap(), client.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut reader, &mut up));
            std::thread::spawn(move || std::io::copy(&mut &upstream, &mut down));
        }
    });
    let asked = |run: Run| {
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{run}");
        heard.recv_timeout(std::time::Duration::from_secs(10)).expect("the proxy is asked").to_lowercase()
    };
    let head = asked(with(&world, |_, _| {}, &["--proxy-url", &proxy]));
    assert!(
        head.starts_with("connect 127.0.0.1:") && head.contains("proxy-authorization: basic dxnlcjpwyxnz"),
        "{head}"
    );
    let flags = ["--proxy-url", &proxy, "--as", "someone", "--as-user-extra", "why=a b"];
    let shown = world.outcome("status", world.command("status").args(flags).output().unwrap());
    let quote = if cfg!(windows) { '"' } else { '\'' };
    let next = format!("retain --as someone --as-user-extra {quote}why=a b{quote}\n");
    assert!(shown.stdout.ends_with(&next), "no password in what is to be typed: {shown}");
    heard.recv_timeout(std::time::Duration::from_secs(10)).expect("the proxy is asked");
    asked(with(&world, |cluster, _| cluster["proxy-url"] = json!(proxy), &[]));
    // Go never asks the environment's proxy for a server on this machine.
    let output = world.command("status -o name").env("HTTPS_PROXY", &proxy).output().unwrap();
    assert!(output.status.success());
    let elsewhere = ["--server", "https://sandbox.example.com:6443", "--tls-server-name", "localhost"];
    let command = |name: &str, value: &str| {
        world.command("status -o name").args(elsewhere).env(name, value).env("HTTPS_PROXY", &proxy).output().unwrap()
    };
    let output = command("UNUSED", "");
    let head = asked(world.outcome("", output));
    assert!(head.starts_with("connect sandbox.example.com:6443"), "{head}");
    assert!(head.contains("proxy-authorization: basic dxnlcjpwyxnz"), "who one is to it, too: {head}");
    let direct = world.command("status -o name").args(elsewhere).env("ALL_PROXY", &proxy).output().unwrap();
    assert_eq!(direct.status.code(), Some(1), "Go's clients do not know it");
    let output = command("NO_PROXY", "example.com");
    assert_eq!(output.status.code(), Some(1), "named in NO_PROXY, it is sought directly, and there is none");
    assert!(heard.try_recv().is_err());
}

#[test]
fn credentials_in_the_url_are_sent_to_a_socks_proxy() {
    use std::io::{Read, Write};
    let world = world();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let to = server(&world).trim_start_matches("https://").to_owned();
    // RFC 1928 and RFC 1929: it wants a name and a password, and connects wherever it is asked to.
    let (told, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let mut take = |count: usize| {
                let mut bytes = vec![0; count];
                client.read_exact(&mut bytes).map(|()| bytes)
            };
            let methods = take(2).unwrap()[1];
            take(usize::from(methods)).unwrap();
            client.write_all(&[5, 2]).unwrap();
            let mut take = |count: usize| {
                let mut bytes = vec![0; count];
                client.read_exact(&mut bytes).map(|()| bytes)
            };
            let name_length = take(2).unwrap()[1];
            let name = take(usize::from(name_length)).unwrap();
            let password_length = take(1).unwrap()[0];
            let password = take(usize::from(password_length)).unwrap();
            told.send([name, b":".to_vec(), password].concat()).unwrap();
            client.write_all(&[1, 0]).unwrap();
            let mut request = [0; 4];
            client.read_exact(&mut request).unwrap();
            let length = if request[3] == 1 {
                4
            } else {
                let mut length = [0];
                client.read_exact(&mut length).unwrap();
                usize::from(length[0])
            };
            client.read_exact(&mut vec![0; length + 2]).unwrap();
            client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
            let upstream = std::net::TcpStream::connect(&to).unwrap();
            let (mut up, mut down) = (upstream.try_clone().unwrap(), client.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut client, &mut up));
            std::thread::spawn(move || std::io::copy(&mut &upstream, &mut down));
        }
    });
    let run = with(&world, |_, _| {}, &["--proxy-url", &format!("socks5://user:p%40ss@{address}")]);
    assert_eq!(run.status, 0, "{run}");
    assert_eq!(heard.try_recv().unwrap(), b"user:p@ss");
}

#[test]
fn flags_are_heeded_in_a_pod() {
    let world = world();
    let address = server(&world);
    let (host, port) = address.trim_start_matches("https://").split_once(':').unwrap();
    let authority = format!("{}/ca.crt", world.sandbox_folder());
    let run = |flags: &[&str]| {
        let mut command = world.command("status -o name");
        command.args(["-n", &world.namespace]).args(flags);
        command.env_remove("KUBECONFIG").env("KUBERNETES_SERVICE_HOST", host).env("KUBERNETES_SERVICE_PORT", port);
        world.requests();
        let run = world.outcome("status", command.output().unwrap());
        (run, world.sandbox.as_ref().unwrap().state.take_requests())
    };
    // The service account's files are not there: what a flag gives instead is enough.
    let flags = ["--certificate-authority", &authority, "--token", "operator-token"];
    assert_eq!(run(&flags).0.status, 0, "{}", run(&flags).0);
    let (as_other, _) = run(&[&flags[..], &["--as", "someone-else", "--proxy-url", "ftp://127.0.0.1:1"]].concat());
    assert!(as_other.stderr.contains("unsupported proxy scheme"), "{as_other}");
    let (without, _) = run(&["--token", "operator-token"]);
    assert!(without.status == 1 && without.stderr.contains("serviceaccount/ca.crt"), "{without}");
}

#[test]
#[cfg(unix)]
fn an_exec_plugin_that_never_asks_may_give_a_token_and_a_certificate() {
    let world = world();
    let pem = |name: &str| std::fs::read_to_string(format!("{}/{name}", world.sandbox_folder())).unwrap();
    for (certificate, works) in [(pem("client.crt"), true), ("no certificate".to_owned(), false)] {
        let status = json!({"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status":
            {"token": "operator-token", "clientCertificateData": certificate, "clientKeyData": pem("client.key")}});
        let plugin = world.home().join("both");
        executable(&plugin, &format!("cat <<'END'\n{status}\nEND"));
        let run = with(
            &world,
            |_, user| {
                *user = json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": plugin,
                    "interactiveMode": "Never"}});
            },
            &[],
        );
        assert_eq!(run.status == 0, works, "the certificate is used, with the token: {run}");
    }
}

#[test]
fn request_timeouts() {
    use glancepv_sandbox::state::Fault;
    let world = world();
    for wrong in ["nope", "-1", "5x"] {
        let run = world.run(&format!("status --request-timeout={wrong}"));
        assert_eq!(
            (run.status, run.stderr.starts_with("error: Invalid timeout value. Timeout must be a single integer")),
            (1, true),
            "{run}"
        );
    }
    for good in ["0", "30", "30s", "1m"] {
        assert_eq!(world.run(&format!("status --request-timeout={good}")).status, 0);
    }
    world.sandbox.as_ref().unwrap().state.plan("GET", "/glance-images", 1, Fault::Hang);
    let run = world.run("status --request-timeout=300ms");
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (1, "Unable to connect to the server: no response within 300ms (--request-timeout)\n")
    );
}

#[test]
fn verbose_output_has_requests_and_no_secrets() {
    let world = world();
    let run = world.run("status -v 6 --token operator-token");
    assert_eq!(run.stderr.matches(" 200 OK in ").count(), 3, "{run}");
    assert!(run.stderr.contains("] GET https://127.0.0.1:"), "{run}");
    assert!(!run.stderr.contains("operator-token") && !run.stderr.to_lowercase().contains("authorization"), "{run}");
    assert_eq!(world.run("status -v 5").stderr.matches(" 200 OK in ").count(), 0);
}
