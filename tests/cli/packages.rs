//! The release archives and the krew manifest that krew/package.sh makes.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::pages::block;
use crate::world::plugin;

fn run(program: &str, arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(program).args(arguments).current_dir(folder).output().expect(program);
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn package(binaries: &Path, licenses: &Path, out: &Path) -> BTreeMap<String, Vec<u8>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("krew/package.sh");
    run(script.to_str().unwrap(), &[binaries, licenses, out].map(|path| path.to_str().unwrap()), out.parent().unwrap());
    let files = fs::read_dir(out).unwrap().map(|e| e.unwrap());
    files.map(|f| (f.file_name().into_string().unwrap(), fs::read(f.path()).unwrap())).collect()
}

const PLATFORMS: [&str; 6] =
    ["darwin-amd64", "darwin-arm64", "linux-amd64", "linux-arm64", "windows-amd64", "windows-arm64"];

/// A binary for each platform: ours without its debug information, the others in name only; and the licenses.
fn binaries(home: &Path) -> (PathBuf, PathBuf) {
    for platform in PLATFORMS {
        let name = if platform.starts_with("windows") { "kubectl-glancepv.exe" } else { "kubectl-glancepv" };
        let folder = home.join("binaries").join(platform);
        fs::create_dir_all(&folder).unwrap();
        if platform == "linux-amd64" {
            run("strip", &["-o", name, plugin()], &folder);
        } else {
            fs::write(folder.join(name), platform).unwrap();
        }
    }
    fs::write(home.join("licenses.txt"), "of the crates").unwrap();
    (home.join("binaries"), home.join("licenses.txt"))
}

#[test]
#[ignore = "needs tar, zip and sha256sum: tests/cluster/suite.sh"]
fn archives_and_manifest() {
    let home = tempfile::tempdir().unwrap();
    let (binaries, licenses) = binaries(home.path());
    let first = package(&binaries, &licenses, &home.path().join("first"));
    let second = package(&binaries, &licenses, &home.path().join("second"));
    assert!(first == second, "the same bytes again");
    let manifest: Value = serde_saphyr::from_slice(&first["glancepv.yaml"]).unwrap();
    assert_eq!(manifest["apiVersion"], "krew.googlecontainertools.github.com/v1alpha2");
    assert_eq!(manifest["kind"], "Plugin");
    let sums = String::from_utf8(first["SHA256SUMS"].clone()).unwrap();
    assert_eq!(sums.lines().count(), PLATFORMS.len() + 1, "the archives and the manifest: {sums}");
    let plugin_yaml: Value =
        serde_saphyr::from_str(&fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/plugin.yaml")).unwrap())
            .unwrap();
    assert_eq!(plugin_yaml["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(manifest["metadata"]["name"], "glancepv");
    assert_eq!(manifest["spec"]["version"], concat!("v", env!("CARGO_PKG_VERSION")));
    let description = manifest["spec"]["shortDescription"].as_str().unwrap();
    assert!(description.lines().count() == 1 && description.chars().count() <= 50, "{description}");
    let entries = manifest["spec"]["platforms"].as_array().unwrap();
    assert_eq!(entries.len(), PLATFORMS.len());
    for (entry, platform) in entries.iter().zip(PLATFORMS) {
        let labels = &entry["selector"]["matchLabels"];
        assert_eq!(format!("{}-{}", labels["os"].as_str().unwrap(), labels["arch"].as_str().unwrap()), platform);
        let archive = entry["uri"].as_str().unwrap().rsplit('/').next().unwrap();
        let for_binstall = archive.replace(env!("CARGO_PKG_VERSION"), "{ version }");
        assert!(include_str!("../../Cargo.toml").contains(&for_binstall), "cargo binstall looks for {for_binstall}");
        let sum = run("sha256sum", &[archive], &home.path().join("first"));
        assert_eq!(entry["sha256"].as_str(), sum.split(' ').next());
        let unpacked = home.path().join(platform);
        fs::create_dir(&unpacked).unwrap();
        let path = home.path().join("first").join(archive);
        if platform.starts_with("windows") {
            run("unzip", &["-q", path.to_str().unwrap()], &unpacked);
        } else {
            let listed = run("tar", &["-tvzf", path.to_str().unwrap()], &unpacked);
            assert!(listed.lines().all(|line| line.starts_with('-')), "files alone, no links: {listed}");
            let binary = listed.lines().find(|line| line.ends_with("/kubectl-glancepv")).expect("the binary");
            assert!(binary.starts_with("-rwxr-xr-x"), "{binary}");
            run("tar", &["-xzf", path.to_str().unwrap()], &unpacked);
        }
        let (folder, program) = entry["bin"].as_str().unwrap().split_once('/').unwrap();
        assert!(archive.starts_with(folder), "{archive}");
        for file in
            ["LICENSE", "LICENSES-OF-CRATES.txt", "plugin.yaml", "completions/kubectl_complete-glancepv", program]
        {
            assert!(unpacked.join(folder).join(file).is_file(), "{archive}: {file}");
        }
        for page in ["README.md", "README.ko.md"] {
            let text = fs::read_to_string(unpacked.join(folder).join(page)).unwrap();
            let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
            for link in links.filter(|link| !link.contains("://")) {
                assert!(unpacked.join(folder).join(link).is_file(), "{archive}: {page} links {link}");
            }
        }
    }
    let ours = home.path().join("linux-amd64").join(concat!(
        "kubectl-glancepv-v",
        env!("CARGO_PKG_VERSION"),
        "-linux-amd64/kubectl-glancepv"
    ));
    assert!(run(ours.to_str().unwrap(), &["--version"], home.path()).contains(env!("CARGO_PKG_VERSION")));
}

/// Serves a folder on loopback until it is dropped.
struct Server(Child, String);

impl Server {
    fn start(folder: &Path) -> Self {
        let mut command = Command::new("python3");
        command.args(["-u", "-m", "http.server", "--bind", "127.0.0.1", "0"]).current_dir(folder);
        let mut server = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("python3");
        let mut said = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let port = said.split(" port ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a port");
        Self(server, format!("http://127.0.0.1:{port}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// As docs/install.md tells an air-gapped site: an index of its own, and an http server with the archives.
#[test]
#[ignore = "needs krew, git and python3: tests/cluster/suite.sh"]
fn krew_installs_and_upgrades_from_an_index_of_its_own() {
    let krew = PathBuf::from(std::env::var_os("GLANCEPV_KREW").expect("tests/cluster/suite.sh sets it"));
    let home = tempfile::tempdir().unwrap();
    let (binaries, licenses) = binaries(home.path());
    let archives = home.path().join("archives");
    package(&binaries, &licenses, &archives);
    let server = Server::start(&archives);
    let index = home.path().join("index");
    fs::create_dir_all(index.join("plugins")).unwrap();
    let git = |arguments: &[&str]| {
        let who = ["-c", "user.name=site", "-c", "user.email=site@example.com"];
        run("git", &[&who, arguments].concat(), &index)
    };
    git(&["init", "--quiet"]);
    let publish = |version: &str| {
        let manifest = fs::read_to_string(archives.join("glancepv.yaml")).unwrap();
        let base = concat!("https://example.com/releases/download/v", env!("CARGO_PKG_VERSION"));
        let manifest = manifest
            .replace(base, &server.1)
            .replace(concat!("version: v", env!("CARGO_PKG_VERSION")), &format!("version: v{version}"));
        fs::write(index.join("plugins/glancepv.yaml"), manifest).unwrap();
        git(&["add", "."]);
        git(&["commit", "--quiet", "-m", version]);
    };
    let krew = |arguments: &[&str]| {
        let mut command = Command::new(krew.join("krew"));
        command.args(arguments).env("KREW_ROOT", home.path().join("krew")).env("KREW_NO_UPGRADE_CHECK", "1");
        let output = command.env("HOME", home.path()).output().unwrap();
        let said = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned()).concat();
        assert!(output.status.success(), "krew {arguments:?}: {said}");
        said
    };
    publish(env!("CARGO_PKG_VERSION"));
    krew(&["index", "add", "site", &format!("file://{}", index.display())]);
    assert!(krew(&["search", "glancepv"]).contains("site/glancepv"));
    let said = krew(&["install", "site/glancepv"]);
    assert!(said.contains("kubectl_complete-glancepv"), "the caveats: {said}");
    let installed = home.path().join("krew/bin/kubectl-glancepv");
    let version = run(installed.to_str().unwrap(), &["--version"], home.path());
    assert_eq!(version.trim(), concat!("kubectl-glancepv ", env!("CARGO_PKG_VERSION")));
    publish("99.0.0");
    krew(&["upgrade", "glancepv"]);
    assert!(krew(&["info", "site/glancepv"]).contains("VERSION: v99.0.0"));
    assert!(fs::read_link(&installed).unwrap().to_str().unwrap().contains("v99.0.0"));
    krew(&["uninstall", "glancepv"]);
    assert!(fs::symlink_metadata(&installed).is_err());
}

#[test]
#[ignore = "needs krew, git and kubectl: tests/cluster/suite.sh"]
fn the_install_page_as_it_stands() {
    let krew = PathBuf::from(std::env::var_os("GLANCEPV_KREW").expect("tests/cluster/suite.sh sets it"));
    let home = tempfile::tempdir().unwrap();
    let (binaries, licenses) = binaries(home.path());
    let archives = home.path().join("archives");
    package(&binaries, &licenses, &archives);
    let (bin, local) = (home.path().join("bin"), home.path().join(".local/bin"));
    fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(krew.join("krew"), bin.join("kubectl-krew")).unwrap();
    let path = format!("{}:{}:{}", local.display(), bin.display(), std::env::var("PATH").unwrap());
    let bash = |script: &str| {
        let mut command = Command::new("bash");
        command.args(["-ec", script]).current_dir(&archives).env("HOME", home.path()).env("PATH", &path);
        let output = command.env("KREW_NO_UPGRADE_CHECK", "1").output().unwrap();
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let page = |first: &str| bash(&block("docs/install.md", first));
    page("tar -xzf");
    assert!(bash("kubectl-glancepv --version").contains(env!("CARGO_PKG_VERSION")));
    page("source <(kubectl completion bash)");
    assert!(bash("kubectl_complete-glancepv re").contains("retain"));
    page("kubectl krew install");
    let installed = home.path().join(".krew/bin/kubectl-glancepv");
    assert!(installed.is_file());
    page("git init index");
    assert!(!installed.exists());
}
