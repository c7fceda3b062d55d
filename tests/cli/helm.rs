//! The procedure as it is in life: a chart, installed and uninstalled by a real helm.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::world::{Run, World, plugin};

const WHY: &str = "helm on PATH: tests/cluster/suite.sh puts it there";

/// A copy of the chart, for this world's class, to be edited and installed.
struct Chart<'a> {
    world: &'a World,
    folder: PathBuf,
}

impl<'a> Chart<'a> {
    fn new(world: &'a World) -> Self {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cluster/chart");
        let folder = world.home().join("glance");
        fs::create_dir_all(folder.join("templates")).unwrap();
        for file in ["Chart.yaml", "values.yaml", "templates/pvc-images.yaml", "templates/configmap-etc.yaml"] {
            fs::copy(from.join(file), folder.join(file)).unwrap();
        }
        Self { world, folder }
    }

    fn template(&self) -> String {
        self.folder.join("templates/pvc-images.yaml").display().to_string()
    }

    fn install(&self) -> String {
        format!(
            "helm upgrade --install glance {} -n {} --set volume.class_name={}",
            self.folder.display(),
            self.world.namespace,
            self.world.class
        )
    }

    fn uninstall(&self) -> String {
        format!("helm uninstall glance --ignore-not-found -n {}", self.world.namespace)
    }

    fn shell(&self, command: &str) -> String {
        let output =
            Command::new("sh").args(["-c", command]).env("KUBECONFIG", self.world.kubeconfig()).output().expect(WHY);
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn guide(&self) -> Command {
        let mut command = self.world.command("");
        // helm runs as the guide does, and needs more rights.
        command.env("KUBECONFIG", self.world.kubeconfig());
        command.env("PATH", std::env::var_os("PATH").unwrap());
        command.args(["guide", "--yes", "--timeout", "60s", "-f", &self.template()]);
        command.args(["--uninstall", &self.uninstall(), "--install", &self.install()]);
        command
    }
}

/// A release whose claim is bound to the volume that was made for it.
fn released(world: &World) -> (Chart<'_>, String) {
    let chart = Chart::new(world);
    chart.shell(&chart.install());
    let volume = world.bound();
    // What is installed again is told from the volume by its age, in whole seconds.
    world.await_later_than(&volume);
    (chart, volume)
}

fn assert_verified(world: &World, volume: &str) {
    assert_eq!(world.bound(), volume);
    let run = world.run("verify");
    assert_eq!(run.status, 0, "{run}");
}

#[test]
#[ignore = "needs helm: tests/cluster/suite.sh"]
fn by_hand() {
    let world = World::new().provisioned();
    let (chart, volume) = released(&world);
    let ok = |run: Run| assert_eq!(run.status, 0, "{run}");
    ok(world.run("retain --yes"));
    chart.shell(&chart.uninstall());
    ok(world.run(&format!("reuse --yes --timeout 60s -f {}", chart.template())));
    chart.shell(&chart.install());
    ok(world.run("verify --timeout 60s"));
    assert_verified(&world, &volume);
    // An upgrade of the pinned chart is no change of the claim, which could not be changed.
    chart.shell(&chart.install());
    assert_verified(&world, &volume);
}

#[test]
#[ignore = "needs helm: tests/cluster/suite.sh"]
fn guided() {
    let world = World::new().provisioned();
    let (chart, volume) = released(&world);
    let output = chart.guide().output().unwrap();
    let run = world.outcome("guide", output);
    assert_eq!(run.status, 0, "{run}");
    assert_verified(&world, &volume);
    let again = world.outcome("guide", chart.guide().output().unwrap());
    assert_eq!(again.status, 0, "a second guide finds it done: {again}");
}

#[test]
#[ignore = "needs helm: tests/cluster/suite.sh"]
fn guided_and_killed_at_each_step() {
    let steps = [
        "AtRisk: ",
        "  spec.persistentVolumeReclaimPolicy",
        "Retained: ",
        "release \"glance\" uninstalled",
        "  spec.claimRef.uid",
        " patched",
        "+++ ",
        " pinned",
        "Reserved: ",
        "Release \"glance\"",
        "Reused: ",
    ];
    for step in steps {
        let world = World::new().provisioned();
        let (chart, volume) = released(&world);
        // Both streams in the order in which they are written.
        let (reader, writer) = std::io::pipe().unwrap();
        let mut command = chart.guide();
        let mut guide =
            command.stdout(writer.try_clone().unwrap()).stderr(writer).stdin(Stdio::null()).spawn().unwrap();
        drop(command);
        let seen = BufReader::new(reader).lines().map_while(Result::ok).any(|line| line.contains(step));
        assert!(seen, "{step:?} is never printed");
        guide.kill().unwrap();
        guide.wait().unwrap();
        // A helm that was under way ends by itself, and the next guide may meet it.
        let attempts = (0..5).map(|_| world.outcome("guide", chart.guide().output().unwrap()));
        let last = attempts.into_iter().find(|run| run.status == 0);
        assert!(last.is_some(), "killed at {step:?}, it is not to be finished");
        assert_verified(&world, &volume);
    }
}

#[test]
#[ignore = "needs helm: tests/cluster/suite.sh"]
fn diverted_and_back() {
    let world = World::new().provisioned();
    let (chart, volume) = released(&world);
    world.run("retain --yes");
    chart.shell(&chart.uninstall());
    chart.shell(&chart.install());
    let fresh = world.bound();
    assert_ne!(fresh, volume);
    let status = world.run("status");
    assert!(status.stderr.contains("Diverted: "), "{status}");
    assert!(status.stderr.contains("1. uninstall glance   2. kubectl glancepv reuse "), "{status}");
    chart.shell(&chart.uninstall());
    let reuse = world.run(&format!("reuse {volume} --yes --timeout 60s -f {}", chart.template()));
    assert_eq!(reuse.status, 0, "{reuse}");
    chart.shell(&chart.install());
    assert_eq!(world.run("verify --timeout 60s").status, 0);
    assert_verified(&world, &volume);
}

#[test]
#[ignore = "needs helm: tests/cluster/suite.sh"]
fn a_kept_claim_stays_with_its_volume() {
    let world = World::new().provisioned();
    let chart = Chart::new(&world);
    chart.shell(&format!("{} --set keep_pvc=true", chart.install()));
    let volume = world.bound();
    assert!(world.run("status").stderr.contains("KeptByHelm: "));
    chart.shell(&chart.uninstall());
    assert_eq!(world.bound(), volume);
    assert_eq!(world.run("reuse --yes").status, 1);
    world.delete_claim();
}

#[test]
#[ignore = "needs helm: tests/cluster/suite.sh"]
fn what_helm_renders_of_a_pinned_chart() {
    let world = World::new();
    let chart = Chart::new(&world);
    let render = format!("helm template glance {}", chart.folder.display());
    let before = chart.shell(&render);
    // As a post-renderer of Helm 3, the template stays as it is.
    let plugin = plugin();
    let arguments: String =
        ["pin", "pvc-b0f01f0f", "-f", "-"].iter().map(|a| format!(" --post-renderer-args={a}")).collect();
    let filtered = chart.shell(&format!("{render} --post-renderer {plugin}{arguments}"));
    assert_eq!(world.run(&format!("pin pvc-b0f01f0f --yes -f {}", chart.template())).status, 0);
    let after = chart.shell(&render);
    let added: Vec<&str> = after.lines().filter(|line| !before.lines().any(|b| b == *line)).collect();
    assert_eq!(added, ["  volumeName: pvc-b0f01f0f"]);
    assert_eq!(after.replace("  volumeName: pvc-b0f01f0f\n", ""), before);
    assert!(filtered.contains("\n  volumeName: pvc-b0f01f0f\n"), "{filtered}");
    let claim = after.split("---\n").find(|d| d.contains("kind: PersistentVolumeClaim")).unwrap();
    assert!(claim.trim_end().ends_with("storageClassName: netapp\n  volumeName: pvc-b0f01f0f"), "{claim}");
}
