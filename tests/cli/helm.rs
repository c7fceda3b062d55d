//! The procedure as it is in life: a chart, installed and uninstalled by a real helm.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::world::{Run, World, copy_plugin, plugin};

const WHY: &str = "helm on PATH: tests/cluster/suite.sh puts it there";

/// A copy of the chart, for this world's class, to be edited and installed.
pub struct Chart<'a> {
    world: &'a World,
    release: &'static str,
    pub folder: PathBuf,
}

impl<'a> Chart<'a> {
    pub fn new(world: &'a World) -> Self {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cluster/chart");
        let folder = world.home().join("glance");
        fs::create_dir_all(folder.join("templates")).unwrap();
        for file in ["Chart.yaml", "values.yaml", "templates/pvc-images.yaml", "templates/configmap-etc.yaml"] {
            fs::copy(from.join(file), folder.join(file)).unwrap();
        }
        Self { world, release: "glance", folder }
    }

    /// A release of three claims.
    fn of_three(world: &'a World) -> Self {
        let folder = world.home().join("nova");
        fs::create_dir_all(folder.join("templates")).unwrap();
        fs::write(folder.join("Chart.yaml"), "apiVersion: v2\nname: nova\nversion: 0.1.0\n").unwrap();
        let claims = format!(
            "{{{{- range list \"{}\" }}}}\n---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: {{{{ . }}}}\n\
             spec:\n  accessModes: [ReadWriteMany]\n  storageClassName: {{{{ $.Values.volume.class_name }}}}\n  \
             resources: {{requests: {{storage: 1Gi}}}}\n{{{{- end }}}}\n",
            THREE.join("\" \"")
        );
        fs::write(folder.join("templates/claims.yaml"), claims).unwrap();
        Self { world, release: "nova", folder }
    }

    fn template(&self) -> String {
        self.folder.join("templates/pvc-images.yaml").display().to_string()
    }

    pub fn install(&self) -> String {
        format!(
            "helm upgrade --install {} {} -n {} --set volume.class_name={}",
            self.release,
            self.folder.display(),
            self.world.namespace,
            self.world.class
        )
    }

    pub fn uninstall(&self) -> String {
        format!("helm uninstall {} --ignore-not-found -n {}", self.release, self.world.namespace)
    }

    pub fn shell(&self, command: &str) -> String {
        let output =
            Command::new("sh").args(["-c", command]).env("KUBECONFIG", self.world.kubeconfig()).output().expect(WHY);
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn guide(&self) -> Command {
        self.guide_with(&["-f", &self.template()])
    }

    fn guide_with(&self, flags: &[&str]) -> Command {
        let mut command = self.world.command("");
        // helm runs as the guide does, and needs more rights.
        command.env("KUBECONFIG", self.world.kubeconfig());
        command.env("PATH", std::env::var_os("PATH").unwrap());
        command.args(["guide", "--yes", "--timeout", "60s"]).args(flags);
        command.args(["--uninstall", &self.uninstall(), "--install", &self.install()]);
        command
    }
}

const THREE: [&str; 3] = ["nova-cache", "nova-instances", "nova-tmp"];

/// A release whose claim is bound to the volume that was made for it.
fn released(world: &World) -> (Chart<'_>, String) {
    let chart = Chart::new(world);
    chart.shell(&chart.install());
    let volume = world.bound();
    // A later claim is told from the volume by its age, in whole seconds.
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
fn the_steps_with_a_real_helm_keep_the_volume() {
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
fn a_guide_with_a_real_helm_keeps_the_volume() {
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
fn a_guide_that_is_killed_at_each_step_is_finished_by_the_same_line() {
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
        killed_and_finished(&world, step, || chart.guide());
        assert_verified(&world, &volume);
    }
}

/// Kills the guide once it has printed `step`, and runs it again to its end.
fn killed_and_finished(world: &World, step: &str, guide: impl Fn() -> Command) {
    // Both streams in the order in which they are written.
    let (reader, writer) = std::io::pipe().unwrap();
    let mut command = guide();
    let mut running = command.stdout(writer.try_clone().unwrap()).stderr(writer).stdin(Stdio::null()).spawn().unwrap();
    drop(command);
    let seen = BufReader::new(reader).lines().map_while(Result::ok).any(|line| line.contains(step));
    assert!(seen, "{step:?} is never printed");
    running.kill().unwrap();
    running.wait().unwrap();
    // A helm that was under way ends by itself, and the next guide may meet it.
    let attempts = (0..5).map(|_| world.outcome("guide", guide().output().unwrap()));
    let last = attempts.into_iter().find(|run| run.status == 0);
    assert!(last.is_some(), "killed at {step:?}, it is not to be finished");
}

/// Types what is printed until the claim has its volume; a real helm installs and uninstalls.
fn follow(world: &mut World, install: &str) -> Vec<String> {
    world.installer = Some(install.to_owned());
    let typed = world.follow();
    assert!(!typed.iter().any(|line| line.contains("Error: ")), "{typed:#?}");
    typed
}

#[test]
#[ignore = "needs helm: tests/cluster/suite.sh"]
fn the_printed_lines_with_a_real_helm_keep_the_volume() {
    let mut world = World::new().provisioned();
    let (chart, volume) = released(&world);
    let install = chart.install();
    let uninstall = format!("helm uninstall glance -n {}", world.namespace);
    let typed = follow(&mut world, &install);
    assert!(typed.iter().any(|line| line.contains(&uninstall)), "{typed:#?}");
    assert_verified(&world, &volume);
}

#[test]
#[ignore = "needs helm: tests/cluster/suite.sh"]
fn diverted_and_back() {
    let mut world = World::new().provisioned();
    let (chart, volume) = released(&world);
    let (install, uninstall) = (chart.install(), chart.uninstall());
    world.run("retain --yes");
    chart.shell(&uninstall);
    chart.shell(&install);
    let fresh = world.bound();
    assert_ne!(fresh, volume);
    let status = world.run("status");
    assert!(status.contains("Diverted: "), "{status}");
    follow(&mut world, &install);
    assert_verified(&world, &volume);
    assert_eq!(world.volume(&fresh).spec.unwrap().persistent_volume_reclaim_policy.as_deref(), Some("Retain"));
}

#[test]
#[ignore = "needs helm: tests/cluster/suite.sh"]
fn a_claim_that_the_chart_keeps_stays_with_its_volume() {
    let world = World::new().provisioned();
    let chart = Chart::new(&world);
    chart.shell(&format!("{} --set keep_pvc=true", chart.install()));
    let volume = world.bound();
    let at_risk = world.run("status");
    assert!(
        at_risk.contains("KeptByHelm: ")
            && at_risk.next.last().is_some_and(|next| next.starts_with("kubectl glancepv retain")),
        "{at_risk}"
    );
    assert!(!at_risk.contains("nothing"), "while the policy is Delete: {at_risk}");
    world.run("retain --yes");
    let retained = world.run("status");
    assert!(retained.next[0].starts_with("helm get manifest glance -n "), "{retained}");
    let manifest = world.type_line(&retained.next[0]);
    assert!(manifest.contains("helm.sh/resource-policy"), "{manifest}");
    world.type_line(&retained.next[1]);
    assert_eq!(world.bound(), volume);
    assert_eq!(world.run("reuse --yes").status, 1);
    world.delete_claim();
}

#[test]
#[ignore = "needs helm: tests/cluster/suite.sh"]
fn a_claim_annotated_by_hand_is_deleted_and_its_volume_reused() {
    let mut world = World::new().provisioned();
    let (chart, volume) = released(&world);
    let install = chart.install();
    chart.shell(&format!("kubectl annotate pvc glance-images -n {} helm.sh/resource-policy=keep", world.namespace));
    world.run("retain --yes");
    let status = world.run("status");
    assert!(status.contains("KeepByHand: "), "{status}");
    follow(&mut world, &install);
    assert_verified(&world, &volume);
}

#[test]
#[ignore = "needs helm: tests/cluster/suite.sh"]
fn unpin_under_a_living_claim_warns_of_what_helm_then_refuses() {
    let world = World::new().provisioned();
    let (chart, volume) = released(&world);
    let template = chart.template();
    world.run("retain --yes");
    chart.shell(&chart.uninstall());
    let pinned = world.run(&format!("reuse --yes --timeout 60s -f {template}"));
    assert!(pinned.stderr.contains("without it, `helm upgrade` fails"), "{pinned}");
    chart.shell(&chart.install());
    assert_eq!(world.run("verify --timeout 60s").status, 0);
    let unpinned = world.run(&format!("unpin --yes -f {template}"));
    assert!(unpinned.stderr.contains("every later `helm upgrade` fails"), "{unpinned}");
    let upgrade =
        Command::new("sh").args(["-c", &chart.install()]).env("KUBECONFIG", world.kubeconfig()).output().unwrap();
    let refused = String::from_utf8_lossy(&upgrade.stderr);
    assert!(!upgrade.status.success() && refused.contains("spec is immutable after creation"), "{refused}");
    assert_eq!(world.run(&format!("pin {volume} --yes -f {template}")).status, 0);
    chart.shell(&chart.install());
    assert_verified(&world, &volume);
}

#[test]
#[ignore = "needs helm: tests/cluster/suite.sh"]
fn what_helm_renders_of_a_pinned_chart() {
    let world = World::new();
    let chart = Chart::new(&world);
    let render = format!("helm template glance {}", chart.folder.display());
    let before = chart.shell(&render);
    // As a post-renderer, the template stays as it is: a program of Helm 3, a plugin of Helm 4.
    let version = chart.shell("helm version --template '{{.Version}}'");
    let filtered = if version.starts_with("v3.") {
        let arguments: String =
            ["pin", "pvc-b0f01f0f", "-f", "-"].iter().map(|a| format!(" --post-renderer-args={a}")).collect();
        chart.shell(&format!("{render} --post-renderer {}{arguments}", plugin()))
    } else {
        let plugins = world.home().join("plugins/glancepv");
        fs::create_dir_all(&plugins).unwrap();
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("plugin.yaml"), plugins.join("plugin.yaml")).unwrap();
        copy_plugin(&plugins.join("kubectl-glancepv"));
        let plugins = plugins.parent().unwrap().display().to_string();
        chart.shell(&format!(
            "HELM_PLUGINS={plugins} {render} --post-renderer glancepv --post-renderer-args=pvc-b0f01f0f"
        ))
    };
    assert_eq!(world.run(&format!("pin pvc-b0f01f0f --yes -f {}", chart.template())).status, 0);
    let after = chart.shell(&render);
    let added: Vec<&str> = after.lines().filter(|line| !before.lines().any(|b| b == *line)).collect();
    assert_eq!(added, ["  volumeName: pvc-b0f01f0f"]);
    assert_eq!(after.replace("  volumeName: pvc-b0f01f0f\n", ""), before);
    assert!(filtered.contains("\n  volumeName: pvc-b0f01f0f\n"), "{filtered}");
    let claim = after.split("---\n").find(|d| d.contains("kind: PersistentVolumeClaim")).unwrap();
    assert!(claim.trim_end().ends_with("storageClassName: netapp\n  volumeName: pvc-b0f01f0f"), "{claim}");
}

/// The volumes of the three claims, once they are bound.
fn bound_of_three(world: &World) -> Vec<String> {
    for name in THREE {
        world.await_bound(name);
    }
    THREE.map(|name| world.volume_of(name)).to_vec()
}

#[test]
#[ignore = "needs helm: tests/cluster/suite.sh"]
fn a_release_of_three_claims_by_the_lines_that_are_printed() {
    let world = World::new().provisioned();
    let chart = Chart::of_three(&world);
    chart.shell(&chart.install());
    let volumes = bound_of_three(&world);
    let one = world.run("retain --yes --claim nova-tmp");
    assert!(one.contains("SiblingsAtRisk: release nova owns claims nova-cache, nova-instances,"), "{one}");
    let retain = world.run("retain --yes --release nova");
    assert_eq!(retain.status, 0, "{retain}");
    let [uninstall, reuse] = retain.next.as_slice() else { panic!("{retain}") };
    assert_eq!(world.stable(uninstall), "helm uninstall nova -n openstack");
    chart.shell(uninstall);
    world.type_line(reuse);
    chart.shell(&chart.install());
    assert_eq!(bound_of_three(&world), volumes);
    let verify = world.run("verify --release nova --timeout 60s");
    assert_eq!(verify.status, 0, "{verify}");
}

#[test]
#[ignore = "needs helm: tests/cluster/suite.sh"]
fn a_release_of_three_claims_guided() {
    let world = World::new().provisioned();
    let chart = Chart::of_three(&world);
    chart.shell(&chart.install());
    let volumes = bound_of_three(&world);
    let run = world.outcome("guide", chart.guide_with(&["--release", "nova"]).output().unwrap());
    assert_eq!(run.status, 0, "{run}");
    assert_eq!(bound_of_three(&world), volumes);
}

#[test]
#[ignore = "needs helm: tests/cluster/suite.sh"]
fn a_guide_of_three_claims_that_is_killed_while_it_retains_and_uninstalls() {
    killed_at(&["AtRisk: ", "Delete → Retain", " patched", "Retained: ", "release \"nova\" uninstalled"]);
}

#[test]
#[ignore = "needs helm: tests/cluster/suite.sh"]
fn a_guide_of_three_claims_that_is_killed_while_it_reuses_and_installs() {
    killed_at(&["Released: ", "claimRef.uid → (none)", "Reserved: ", "Release \"nova\"", "Reused: "]);
}

/// A guide of a release's claims is killed at each of the steps, and finished by the same line.
fn killed_at(steps: &[&str]) {
    // Once the release is gone, the guide prints the names.
    let names = THREE.join(",");
    for step in steps {
        let world = World::new().provisioned();
        let chart = Chart::of_three(&world);
        chart.shell(&chart.install());
        let volumes = bound_of_three(&world);
        for volume in &volumes {
            world.await_later_than(volume);
        }
        killed_and_finished(&world, step, || chart.guide_with(&["--claim", &names]));
        assert_eq!(bound_of_three(&world), volumes, "killed at {step:?}");
    }
}
