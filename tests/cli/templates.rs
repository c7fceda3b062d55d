//! `pin` and `unpin` on files: odd templates (tests/templates), and odd files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use expect_test::{expect, expect_file};

use crate::world::{World, as_on_unix, plugin};

/// The plugin where there is no cluster at all.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(plugin())
        .env_clear()
        .env("NO_COLOR", "1")
        .env("HOME", folder)
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("the executable");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/templates");
    let mut all: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    all.retain(|path| path.extension().is_some_and(|e| e == "yaml"));
    all.sort();
    all
}

const PV: &str = "pvc-b0f01f0f";

#[test]
fn odd_templates() {
    let mut table = String::new();
    for path in fixtures() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let (status, stdout, stderr) = run(path.parent().unwrap(), &["pin", PV, "-f", name, "--dry-run=client"]);
        table += &format!("== {name} [{status}]\n{stdout}{}\n", stderr.replace('\r', "␍"));
    }
    expect_file![concat!(env!("CARGO_MANIFEST_DIR"), "/tests/templates/what-pin-does.txt")].assert_eq(&table);
}

#[test]
fn unpin_restores_the_very_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("template.yaml");
    let mut pinned = 0;
    for path in fixtures() {
        fs::copy(&path, &copy).unwrap();
        let before = fs::read(&path).unwrap();
        if before.windows(10).any(|w| w == b"volumeName") {
            continue;
        }
        let (status, ..) = run(folder.path(), &["pin", PV, "-f", "template.yaml", "--yes"]);
        if status == 0 {
            pinned += 1;
            assert_ne!(fs::read(&copy).unwrap(), before, "{path:?}");
            assert_eq!(run(folder.path(), &["unpin", "-f", "template.yaml", "--yes"]).0, 0, "{path:?}");
        }
        assert_eq!(fs::read(&copy).unwrap(), before, "{path:?}");
    }
    assert!(pinned >= 20, "only {pinned} could be pinned");
}

fn template(folder: &Path) -> PathBuf {
    let path = folder.join("pvc-images.yaml");
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/templates/openstack-helm.yaml"), &path).unwrap();
    path
}

#[test]
fn pin_and_unpin_print_the_edit_or_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    template(folder.path());
    let mut shown = String::new();
    for arguments in [
        "pin pvc-1 -f pvc-images.yaml",
        "pin pvc-1 -f pvc-images.yaml --dry-run=client",
        "pin pvc-1 -f pvc-images.yaml --yes",
        "pin pvc-1 -f pvc-images.yaml",
        "unpin -f pvc-images.yaml --yes",
        "unpin -f pvc-images.yaml",
        "pin pvc-1 -f missing.yaml",
        "pin pvc-1 -f .",
    ] {
        let (status, stdout, stderr) = run(folder.path(), &arguments.split(' ').collect::<Vec<_>>());
        shown += &format!("$ kubectl glancepv {arguments}\n{stdout}{}[{status}]\n", as_on_unix(&stderr));
    }
    expect![[r#"
        $ kubectl glancepv pin pvc-1 -f pvc-images.yaml
        error: refusing to write pvc-images.yaml without confirmation: no terminal
        hint: pass --yes, or preview with --dry-run=client
        [1]
        $ kubectl glancepv pin pvc-1 -f pvc-images.yaml --dry-run=client
        pvc-images.yaml pinned (dry run)
        --- pvc-images.yaml
        +++ pvc-images.yaml
        @@ -15,4 +15,5 @@
             requests:
               storage: {{ .Values.volume.size }}
           storageClassName: {{ .Values.volume.class_name }}
        +  volumeName: pvc-1
         {{- end }}
        Keep this line in the chart for as long as the claim exists: without it, `helm upgrade` fails.
        [0]
        $ kubectl glancepv pin pvc-1 -f pvc-images.yaml --yes
        pvc-images.yaml pinned
        --- pvc-images.yaml
        +++ pvc-images.yaml
        @@ -15,4 +15,5 @@
             requests:
               storage: {{ .Values.volume.size }}
           storageClassName: {{ .Values.volume.class_name }}
        +  volumeName: pvc-1
         {{- end }}
        Keep this line in the chart for as long as the claim exists: without it, `helm upgrade` fails.
        [0]
        $ kubectl glancepv pin pvc-1 -f pvc-images.yaml
        pvc-images.yaml pinned (no change)
        [0]
        $ kubectl glancepv unpin -f pvc-images.yaml --yes
        pvc-images.yaml unpinned
        warning: cannot tell whether claim glance-images exists (The connection to the server localhost:8080 was refused - did you specify the right host or port?); if it was made from this template, `helm upgrade` will fail
        --- pvc-images.yaml
        +++ pvc-images.yaml
        @@ -15,5 +15,4 @@
             requests:
               storage: {{ .Values.volume.size }}
           storageClassName: {{ .Values.volume.class_name }}
        -  volumeName: pvc-1
         {{- end }}
        [0]
        $ kubectl glancepv unpin -f pvc-images.yaml
        pvc-images.yaml unpinned (no change)
        warning: cannot tell whether claim glance-images exists (The connection to the server localhost:8080 was refused - did you specify the right host or port?); if it was made from this template, `helm upgrade` will fail
        [0]
        $ kubectl glancepv pin pvc-1 -f missing.yaml
        error: missing.yaml: no such file or directory
        [1]
        $ kubectl glancepv pin pvc-1 -f .
        error: .: is a directory
        hint: pass the template file that contains the claim
        [1]
    "#]]
    .assert_eq(&shown);
}

#[test]
#[cfg(unix)]
fn mode_and_symbolic_links_stay() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let real = template(folder.path());
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    let link = folder.path().join("link.yaml");
    symlink("pvc-images.yaml", &link).unwrap();
    let inode = fs::metadata(&real).unwrap().ino();
    assert_eq!(run(folder.path(), &["pin", PV, "-f", "link.yaml", "--yes"]).0, 0);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read_to_string(&real).unwrap().contains(PV));
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert_ne!(fs::metadata(&real).unwrap().ino(), inode, "a new file took its place");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left behind");
}

#[test]
#[cfg(unix)]
fn files_that_cannot_be_replaced_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let real = template(folder.path());
    let before = fs::read(&real).unwrap();
    let mode = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode;
    fs::set_permissions(&real, mode(0o444)).unwrap();
    let (status, _, stderr) = run(folder.path(), &["pin", PV, "-f", "pvc-images.yaml", "--yes"]);
    assert!(status == 1 && stderr.contains("error: pvc-images.yaml: file is read-only"), "{stderr}");
    fs::set_permissions(&real, mode(0o644)).unwrap();
    fs::hard_link(&real, folder.path().join("other.yaml")).unwrap();
    let (status, _, stderr) = run(folder.path(), &["pin", PV, "-f", "pvc-images.yaml", "--yes"]);
    assert!(status == 1 && stderr.contains("other hard links"), "{stderr}");
    assert_eq!(fs::read(&real).unwrap(), before);
}

#[test]
fn a_filter_from_standard_input_to_standard_output() {
    use std::io::Write;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/templates/rendered.yaml");
    let before = fs::read_to_string(path).unwrap();
    let mut child = Command::new(plugin())
        .args(["pin", PV, "-f", "-"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(before.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let after = String::from_utf8(output.stdout).unwrap();
    assert_eq!(after, before.replace("Name: netapp\n", &format!("Name: netapp\n  volumeName: {PV}\n")));
}

#[test]
fn reuse_pins_after_the_cluster_is_done_and_repeating_finishes() {
    let world = World::sandbox().provisioned();
    let volume = world.install(None);
    let template = template(world.home());
    world.run("retain --yes");
    world.uninstall();
    let dry = world.run("reuse -f pvc-images.yaml --dry-run=server");
    assert!(dry.stdout.contains("patched (server dry run)") && dry.stdout.contains("pinned (dry run)"), "{dry}");
    assert!(!fs::read_to_string(&template).unwrap().contains(&volume));
    let bad = world.run("reuse -f missing.yaml --yes");
    assert_eq!((bad.status, world.volume(&volume).spec.unwrap().claim_ref.unwrap().uid.is_some()), (1, true), "{bad}");
    // The cluster's part is done, the file's is not: as after an interruption.
    world.run("reuse --yes");
    let rest = world.run("reuse -f pvc-images.yaml --yes");
    assert_eq!(rest.status, 0, "{rest}");
    assert!(rest.stdout.contains("patched (no change)") && rest.stdout.contains("pvc-images.yaml pinned\n"), "{rest}");
    assert!(fs::read_to_string(&template).unwrap().contains(&format!("  volumeName: {volume}\n")));
    assert!(rest.next[0].starts_with("# install the release again"), "{rest}");
    let named = world.run("pin -f pvc-images.yaml");
    assert!(named.stdout.ends_with("pinned (no change)\n"), "the volume is found where none is named: {named}");
}
