//! Names and flags as they are typed: kubectl's prefixes, a claim's name in a volume's place, a name that is mistyped, flags
//! that a verb does not take, and the commands that only print.

use serde_json::Value;

use crate::world::{World, await_line, says};

#[test]
fn a_volume_is_named_as_kubectl_names_it() {
    let (world, volume) = World::installed();
    for name in [volume.clone(), format!("pv/{volume}"), format!("persistentvolume/{volume}")] {
        let run = world.run(&format!("retain {name} --dry-run=client"));
        assert_eq!(run.status, 0, "{run}");
    }
    for name in [format!("pod/{volume}"), format!("pv/pv/{volume}"), "pv/".to_owned()] {
        let run = world.run(&format!("retain {name} --dry-run=client"));
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{run}");
    }
}

#[test]
fn a_claims_name_in_a_volumes_place_is_told_of_the_flag() {
    let (world, _) = World::installed();
    for verb in ["retain", "reuse", "verify", "export"] {
        let run = world.run(&format!("{verb} glance-images"));
        assert_eq!(run.status, 1, "{run}");
        says(
            &run,
            &[
                "Error from server (NotFound): persistentvolumes \"glance-images\" not found",
                "hint: openstack/glance-images is a claim: pass --claim glance-images",
            ],
        );
    }
    let run = world.run("retain no-such");
    assert!(!run.contains("--claim"), "{run}");
}

#[test]
fn a_claim_that_is_not_there_is_answered_with_the_names_that_are() {
    let (world, _) = World::installed();
    for name in ["mysql-data-0", "nova-instances"] {
        world.create_claim(|claim| claim["metadata"]["name"] = name.into());
    }
    let run = world.run("status --claim glance-imges");
    assert_eq!(run.status, 1, "{run}");
    says(&run, &["hint: claims in namespace openstack: glance-images, "]);
}

#[test]
fn a_flag_that_a_verb_would_ignore_is_refused() {
    let world = World::new();
    for arguments in [
        "check -o wide",
        "check -o name",
        "export -o wide",
        "export -o name",
        "pin v -f x.yaml -o json",
        "unpin -f x.yaml -o name",
        "completion bash -n openstack",
        "completion bash --claim x",
        "options --context x",
        "version -o json",
    ] {
        let run = world.run(arguments);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{run}");
        says(&run, &["cannot be used with"]);
    }
}

#[test]
fn version_help_and_options_need_no_cluster() {
    let world = World::new();
    let version = world.run("version");
    assert_eq!(version.stdout, format!("kubectl-glancepv {}\n", env!("CARGO_PKG_VERSION")));
    let options = world.run("options");
    says(&options, &["--context <NAME>", "--as-group <NAME>", "--request-timeout <D>"]);
    // The examples in it are not next steps.
    let printed = |arguments| String::from_utf8(world.command(arguments).output().unwrap().stdout).unwrap();
    assert_eq!(printed("help retain"), printed("retain --help"));
    assert!(!printed("retain --help").contains("--as-group"), "they are printed once");
}

#[test]
fn a_watch_tells_the_time_and_the_change_of_the_stage() {
    let (world, _) = World::installed();
    let (mut child, mut lines) = world.follow_lines("status --watch");
    assert!(lines.any(|line| line == "  kubectl glancepv retain"));
    world.run("retain --yes");
    let change = lines.find(|line| line.contains(" → ")).unwrap();
    let change = regex_lite::Regex::new(r"^\d\d:\d\d:\d\dZ AtRisk → Retained after \d+s$").unwrap().is_match(&change);
    assert!(change);
    // The policy is another: the row is printed again, under its header.
    assert!(lines.next().unwrap().starts_with("CLAIM "));
    world.mount("glance-api-0");
    world.delete_claim();
    assert!(lines.any(|line| line.contains(" Retained → Releasing after ")));
    world.unmount("glance-api-0");
    await_line(&mut lines, "Released: ");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_claim_that_is_reused_is_told_so_before_another_round() {
    let (world, _) = World::installed();
    world.run("retain --yes");
    world.uninstall();
    world.run("reuse --yes");
    world.install_again();
    world.bound();
    let run = world.run("reuse --yes");
    assert_eq!(run.status, 1, "{run}");
    says(
        &run,
        &[
            "error: nothing to reuse: claim openstack/glance-images is bound to",
            "hint: to uninstall and install once more",
        ],
    );
    let document: Value = serde_json::from_str(&world.run("status -o json").stdout).unwrap();
    assert_eq!(document["stage"], "Reused");
}
