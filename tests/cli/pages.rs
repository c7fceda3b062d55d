//! The commands of the pages, typed as they stand there.

use std::path::Path;
use std::process::Command;

use rexpect::{ReadUntil, session::spawn_command};

use crate::helm::Chart;
use crate::typing::assert_can_be_typed;
use crate::world::{World, copy_plugin, plugin};

const PAGES: [&str; 7] = [
    "README.md",
    "README.ko.md",
    "docs/helm-and-gitops.md",
    "docs/install.md",
    "docs/reference.md",
    "docs/several-claims.md",
    "docs/trident.md",
];

/// The blocks of code of a page, without the backslashes that continue a line.
fn blocks(page: &str) -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
    let blocks = text.split("\n```").skip(1).step_by(2);
    blocks.map(|block| block.split_once('\n').unwrap().1.replace("\\\n", " ")).collect()
}

/// The block of the page that begins with this line.
pub fn block(page: &str, first: &str) -> String {
    let found = blocks(page).into_iter().find(|block| block.starts_with(first));
    found.unwrap_or_else(|| panic!("{page} has no block that begins with {first}"))
}

#[test]
fn every_command_of_ours_on_the_pages_is_one_that_it_takes() {
    let mut typed = 0;
    for page in PAGES {
        let blocks = blocks(page).join("\n");
        let commands = blocks.split(['\n', '|']).flat_map(|line| line.split("&&"));
        for command in commands.map(|command| command.trim().trim_start_matches("$ ")) {
            if !command.starts_with("kubectl glancepv ") || command.ends_with("--help") {
                continue;
            }
            let given = |word| match word {
                "PV" => "pvc-b0f0",
                "NAMESPACE" => "openstack",
                "CLAIM" => "glance-images",
                other => other,
            };
            let command: Vec<&str> = command.split(' ').map(given).collect();
            assert_can_be_typed(&command.join(" "));
            typed += 1;
        }
    }
    assert!(typed > 40, "{typed}");
}

/// Has bash run the block in the world's namespace, and answers each question with yes.
fn type_block(world: &World, block: &str) {
    let bin = world.home().join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let _ = std::os::unix::fs::symlink(plugin(), bin.join("kubectl-glancepv"));
    let block = block.replace("-n openstack", &format!("-n {}", world.namespace));
    let mut command = Command::new("bash");
    command.args(["-c", &block]).current_dir(world.home()).env_clear();
    command.env("HOME", world.home()).env("KUBECONFIG", world.kubeconfig()).env("TERM", "xterm");
    command.env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()));
    let mut session = spawn_command(command, Some(120_000)).unwrap();
    let mut screen = String::new();
    loop {
        let ends = vec![ReadUntil::String("[y/N] ".to_owned()), ReadUntil::EOF];
        let (before, end) = session.exp_any(ends).unwrap_or_else(|error| panic!("{block}: {screen}: {error}"));
        screen += &before;
        if end.is_empty() {
            break;
        }
        session.send_line("y").unwrap();
    }
    let status = session.process().wait().unwrap();
    assert!(matches!(status, rexpect::process::WaitStatus::Exited(_, 0)), "{block}: {screen}: {status:?}");
}

/// A world in which the chart `glance` of the working folder is installed, and its volume.
fn installed(world: &World) -> (Chart<'_>, String) {
    let chart = Chart::new(world);
    let values = chart.folder.join("values.yaml");
    let text = std::fs::read_to_string(&values)
        .unwrap()
        .replace("class_name: netapp", &format!("class_name: {}", world.class));
    std::fs::write(values, text).unwrap();
    chart.shell(&chart.install());
    let volume = world.bound();
    world.await_later_than(&volume);
    (chart, volume)
}

#[test]
#[ignore = "needs helm and kubectl: tests/cluster/suite.sh"]
fn the_procedure_of_a_release_as_it_stands() {
    for first in ["kubectl glancepv retain -n openstack &&", "kubectl glancepv guide -n openstack --uninstall"] {
        let world = World::new().provisioned();
        let (_, volume) = installed(&world);
        type_block(&world, &block("README.md", first));
        assert_eq!(world.bound(), volume);
    }
}

#[test]
#[ignore = "needs helm and kubectl: tests/cluster/suite.sh"]
fn the_procedure_of_a_namespace_as_it_stands() {
    for page in ["README.md", "docs/several-claims.md"] {
        let world = World::new().provisioned();
        let (chart, volume) = installed(&world);
        let of = |verb: &str| {
            let is_of_all = |block: &String| block.contains(verb) && block.contains("--all") && !block.contains("-y");
            blocks(page).into_iter().find(is_of_all).unwrap()
        };
        type_block(&world, &of("glancepv retain"));
        chart.shell(&chart.uninstall());
        type_block(&world, &of("glancepv reuse"));
        chart.shell(&chart.install());
        type_block(&world, &of("glancepv verify"));
        assert_eq!(world.bound(), volume);
    }
}

#[test]
#[ignore = "needs helm: tests/cluster/suite.sh"]
fn a_pin_by_a_post_renderer_as_it_stands() {
    let world = World::new().provisioned();
    let (chart, volume) = installed(&world);
    assert_eq!(world.run("retain --yes").status, 0);
    chart.shell(&chart.uninstall());
    assert_eq!(world.run("reuse --yes --timeout 60s").status, 0);
    let first = if chart.shell("helm version --template '{{.Version}}'").starts_with("v3.") {
        "helm upgrade"
    } else {
        // As the archive has it.
        let folder = world.home().join("kubectl-glancepv-v0.1.0-linux-amd64");
        std::fs::create_dir(&folder).unwrap();
        std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("plugin.yaml"), folder.join("plugin.yaml")).unwrap();
        copy_plugin(&folder.join("kubectl-glancepv"));
        "helm plugin install"
    };
    type_block(&world, &block("docs/helm-and-gitops.md", first).replace("=PV", &format!("={volume}")));
    assert_eq!(world.bound(), volume);
    let claim = world.await_claim(|claim| claim.is_some()).unwrap();
    // The binder writes it, too, but marks that it did.
    let bound_by = claim.metadata.annotations.unwrap_or_default().get("pv.kubernetes.io/bound-by-controller").cloned();
    assert_eq!(bound_by, None, "pinned");
}
