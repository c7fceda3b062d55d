//! The release archives and the krew manifest that krew/package.sh makes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::world::plugin;

fn run(program: &str, arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(program).args(arguments).current_dir(folder).output().expect(program);
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn package(binaries: &Path, out: &Path) -> BTreeMap<String, Vec<u8>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("krew/package.sh");
    run(script.to_str().unwrap(), &[binaries.to_str().unwrap(), out.to_str().unwrap()], out.parent().unwrap());
    let files = fs::read_dir(out).unwrap().map(|e| e.unwrap());
    files.map(|f| (f.file_name().into_string().unwrap(), fs::read(f.path()).unwrap())).collect()
}

#[test]
#[ignore = "needs tar, zip and sha256sum: tests/cluster/suite.sh"]
fn archives_and_manifest() {
    let home = tempfile::tempdir().unwrap();
    let binaries = home.path().join("binaries");
    let platforms = ["darwin-amd64", "darwin-arm64", "linux-amd64", "linux-arm64", "windows-amd64", "windows-arm64"];
    for platform in platforms {
        let name = if platform.starts_with("windows") { "kubectl-glancepv.exe" } else { "kubectl-glancepv" };
        let folder = binaries.join(platform);
        fs::create_dir_all(&folder).unwrap();
        // Ours without its debug information, the others in name only.
        if platform == "linux-amd64" {
            run("strip", &["-o", name, plugin()], &folder);
        } else {
            fs::write(folder.join(name), platform).unwrap();
        }
    }
    let first = package(&binaries, &home.path().join("first"));
    let second = package(&binaries, &home.path().join("second"));
    assert!(first == second, "the same bytes again");
    let manifest: Value = serde_saphyr::from_slice(&first["glancepv.yaml"]).unwrap();
    assert_eq!(manifest["apiVersion"], "krew.googlecontainertools.github.com/v1alpha2");
    assert_eq!(manifest["kind"], "Plugin");
    let sums = String::from_utf8(first["SHA256SUMS"].clone()).unwrap();
    assert_eq!(sums.lines().count(), platforms.len() + 1, "the archives and the manifest: {sums}");
    let plugin_yaml: Value =
        serde_saphyr::from_str(&fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/plugin.yaml")).unwrap())
            .unwrap();
    assert_eq!(plugin_yaml["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(manifest["metadata"]["name"], "glancepv");
    assert_eq!(manifest["spec"]["version"], concat!("v", env!("CARGO_PKG_VERSION")));
    let description = manifest["spec"]["shortDescription"].as_str().unwrap();
    assert!(description.lines().count() == 1 && description.chars().count() <= 50, "{description}");
    let entries = manifest["spec"]["platforms"].as_array().unwrap();
    assert_eq!(entries.len(), platforms.len());
    for (entry, platform) in entries.iter().zip(platforms) {
        let labels = &entry["selector"]["matchLabels"];
        assert_eq!(format!("{}-{}", labels["os"].as_str().unwrap(), labels["arch"].as_str().unwrap()), platform);
        let archive = entry["uri"].as_str().unwrap().rsplit('/').next().unwrap();
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
        for file in [
            "LICENSE",
            "README.md",
            "plugin.yaml",
            "completions/kubectl_complete-glancepv",
            entry["bin"].as_str().unwrap(),
        ] {
            assert!(unpacked.join(file).is_file(), "{archive}: {file}");
        }
    }
    let ours = home.path().join("linux-amd64/kubectl-glancepv");
    assert!(run(ours.to_str().unwrap(), &["--version"], home.path()).contains(env!("CARGO_PKG_VERSION")));
}
