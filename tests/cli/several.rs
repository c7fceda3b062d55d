//! Several claims in one run: by names and patterns, of a release, of a namespace, of the whole cluster.

use std::time::{Duration, Instant};

use expect_test::expect;
use glancepv_sandbox::answer::Refusal;
use glancepv_sandbox::state::Fault;
use serde_json::{Value, json};

use crate::procedure::check;
use crate::world::{PATIENCE, Run, World, await_line, interrupt, phase, says};

/// A namespace with claims of several kinds: the images, a release's, a set's.
fn installed() -> World {
    installed_in(World::new())
}

fn installed_in(world: World) -> World {
    let world = world.provisioned();
    world.install(None);
    let helm = json!({"meta.helm.sh/release-name": "nova", "meta.helm.sh/release-namespace": "openstack"});
    for (name, annotations) in [
        ("nova-instances", helm),
        ("mysql-data-10", json!({})),
        ("mysql-data-2", json!({})),
        ("mysql-data-0", json!({})),
    ] {
        world.create_claim(|claim| {
            claim["metadata"]["name"] = name.into();
            claim["metadata"]["annotations"] = annotations;
        });
        world.await_bound(name);
    }
    world
}

fn policies(world: &World) -> Vec<(String, String)> {
    let of = |claim: &str| {
        let run = world.run(&format!("status -o json --claim {claim}"));
        let document: Value = serde_json::from_str(&run.stdout).unwrap();
        document["volumes"][0]["reclaimPolicy"].as_str().unwrap().to_owned()
    };
    NAMES.map(|name| (name.to_owned(), of(name))).to_vec()
}

/// Rows without the names of volumes and without ages, which differ from run to run.
fn rows(text: &str) -> String {
    let volumes = regex_lite::Regex::new(r"pvc-\S+").unwrap();
    let ages = regex_lite::Regex::new(r"(Gi +)\d+s ").unwrap();
    ages.replace_all(&volumes.replace_all(text, "PV"), "${1}[age] ").into_owned()
}

#[test]
fn a_namespace_a_pattern_and_a_release() {
    let world = installed();
    world.run("retain --yes");
    let mut runs = [
        world.run("status --all"),
        world.run("status --claim mysql-data-*"),
        world.run("status --claim glance-images,nova-instances"),
        world.run("status --release nova"),
    ];
    for run in &mut runs {
        run.stdout = rows(&run.stdout);
    }
    check(
        &runs,
        &expect![[r#"
            $ kubectl glancepv status --all
            CLAIM            STAGE      POLICY   CAPACITY   AGE   DELETED WITH   VOLUME
            glance-images    Retained   Retain   500Gi      [age]   <none>         PV
            mysql-data-0     AtRisk     Delete   500Gi      [age]   <none>         PV
            mysql-data-2     AtRisk     Delete   500Gi      [age]   <none>         PV
            mysql-data-10    AtRisk     Delete   500Gi      [age]   <none>         PV
            nova-instances   AtRisk     Delete   500Gi      [age]   release nova   PV
            AtRisk: 4 of 5 claims in openstack: deleting them deletes their volumes and data
            Retained: 1 of 5
            next:
              kubectl glancepv retain --all
            [0]

            $ kubectl glancepv status --claim mysql-data-*
            CLAIM           STAGE    POLICY   CAPACITY   AGE   DELETED WITH   VOLUME
            mysql-data-0    AtRisk   Delete   500Gi      [age]   <none>         PV
            mysql-data-2    AtRisk   Delete   500Gi      [age]   <none>         PV
            mysql-data-10   AtRisk   Delete   500Gi      [age]   <none>         PV
            AtRisk: 3 of 3 claims in openstack: deleting them deletes their volumes and data
            next:
              kubectl glancepv retain --claim 'mysql-data-*'
            [0]

            $ kubectl glancepv status --claim glance-images,nova-instances
            CLAIM            STAGE      POLICY   CAPACITY   AGE   DELETED WITH   VOLUME
            glance-images    Retained   Retain   500Gi      [age]   <none>         PV
            nova-instances   AtRisk     Delete   500Gi      [age]   release nova   PV
            AtRisk: 1 of 2 claims in openstack: deleting them deletes their volumes and data
            Retained: 1 of 2
            next:
              kubectl glancepv retain --claim glance-images --claim nova-instances
            [0]

            $ kubectl glancepv status --release nova
            CLAIM            STAGE    POLICY   CAPACITY   AGE   DELETED WITH   VOLUME
            nova-instances   AtRisk   Delete   500Gi      [age]   release nova   PV
            AtRisk: 1 of 1 claims in openstack: deleting them deletes their volumes and data
            next:
              kubectl glancepv retain --release nova
            [0]
        "#]],
    );
}

#[test]
fn a_selection_of_nothing_and_a_name_that_is_nowhere_are_errors() {
    let world = installed();
    for (arguments, said) in [
        ("status --claim no-*", "error: no claim in namespace openstack is selected by --claim no-*"),
        ("retain --release no --yes", "error: no claim in namespace openstack is selected by --release no"),
        ("retain --all -n no-such --yes", "error: no claim in namespace no-such is selected by --all"),
        ("status --claim glance-images,no-such", "persistentvolumeclaims \"no-such\" not found"),
        ("retain --claim glance-images,no-such --yes", "error: claim no-such: "),
        ("retain --claim glance-images,mysq-* --yes", "error: claim mysq-*: no claim in namespace openstack"),
        ("status --release nova,novo", "error: no claim in namespace openstack is selected by --release novo"),
        ("retain --release nova,novo --yes", "error: no claim in namespace openstack is selected by --release novo"),
    ] {
        let run = world.run(arguments);
        assert_eq!(run.status, 1, "{run}");
        says(&run, &[said]);
    }
    // The one that is there was retained.
    assert_eq!(policies(&world)[0].1, "Retain");
}

#[test]
fn selections_that_exclude_each_other_and_verbs_that_take_one_claim() {
    let world = World::new();
    for arguments in [
        "status --all --claim x",
        "status --all --release x",
        "status --release x --claim y",
        "status -A --all",
        "status -A -n x",
        "status -A -o wide",
        "pin v -f x.yaml --all",
        "unpin -f x.yaml --claim a,b",
        "retain v --all",
        "verify v --all",
        "unretain --all",
        "export v --claim a,b",
        "reuse v --claim a*",
        "reuse --all -f x.yaml",
        "unretain --release x",
        "unretain --claim a*",
        "guide --all -f x.yaml",
        "check --all -f x.yaml",
        "status --claim A",
        "status --claim a,",
    ] {
        let run = world.run(arguments);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{run}");
    }
}

#[test]
fn retain_of_several_asks_once_and_patches_each_volume_once() {
    let world = installed_in(World::sandbox());
    let before = policies(&world);
    assert!(before.iter().all(|(_, policy)| policy == "Delete"), "{before:?}");
    let asked = world.run("retain --all");
    assert_eq!(asked.status, 1, "{asked}");
    says(&asked, &["error: refusing to patch 5 persistentvolumes without confirmation: no terminal"]);
    assert_eq!(policies(&world), before, "nothing is done without an answer");
    world.requests();
    let retain = world.run("retain --all --yes");
    assert_eq!(retain.status, 0, "{retain}");
    let requests = world.requests();
    assert_eq!(requests.matches("PATCH ").count(), 5, "{requests}");
    assert_eq!(retain.stdout.matches(" patched\n").count(), 5, "{retain}");
    says(
        &retain,
        &[
            "Retained: 5 of 5 claims in openstack",
            "next: uninstall the release of the claim",
            "  helm uninstall nova -n openstack\n  kubectl glancepv reuse --timeout 10m --all",
        ],
    );
    // Once the claims are deleted nothing tells which were the release's.
    let release = world.run("status --release nova");
    says(&release, &["  kubectl glancepv reuse --timeout 10m --claim nova-instances\n"]);
    assert!(policies(&world).iter().all(|(_, policy)| policy == "Retain"));
    world.requests();
    let again = world.run("retain --all");
    assert_eq!((again.status, again.stdout.as_str()), (0, ""), "{again}");
    assert!(!world.requests().contains("PATCH "));
}

#[test]
fn a_failure_of_one_claim_leaves_the_others_and_is_repeated_for_it_alone() {
    let world = installed_in(World::sandbox());
    world.refuse("PATCH", &world.volume_of("mysql-data-2"));
    let retain = world.run("retain --all --yes");
    assert_eq!(retain.status, 1, "{retain}");
    says(
        &retain,
        &["error: claim mysql-data-2: Error from server (Forbidden): may not", "error: 1 of 5 claims failed"],
    );
    assert_eq!(retain.next.last().unwrap(), "kubectl glancepv retain --claim mysql-data-2");
    let policies = policies(&world);
    assert_eq!(policies.iter().filter(|(_, policy)| policy == "Retain").count(), 4, "{policies:?}");
    world.sandbox.as_ref().unwrap().state.plan_nothing();
    world.type_line(retain.next.last().unwrap());
    assert_eq!(world.run("status --all -o json").status, 0);
    assert!(self::policies(&world).iter().all(|(_, policy)| policy == "Retain"));
}

#[test]
fn a_connection_that_breaks_while_all_is_read_patches_nothing() {
    let world = installed_in(World::sandbox());
    let state = &world.sandbox.as_ref().unwrap().state;
    state.plan("GET", &world.volume_of("mysql-data-2"), 1, Fault::Break);
    let retain = world.run("retain --all --yes");
    assert_eq!(retain.status, 1, "{retain}");
    assert_eq!(state.planned(), 0, "it has struck");
    assert!(policies(&world).iter().all(|(_, policy)| policy == "Delete"), "{retain}");
}

/// The third claim fails in a way that would be everybody's: two volumes are patched, and the printed line patches the rest.
fn stopped_at_the_third(world: &World, method: &str, path: &str, fault: Fault) {
    let state = &world.sandbox.as_ref().unwrap().state;
    state.plan(method, path, 1, fault);
    let retain = world.run("retain --all --yes");
    assert_eq!((retain.status, retain.stdout.matches(" patched\n").count()), (1, 2), "{retain}");
    assert_eq!(state.planned(), 0, "it has struck");
    says(&retain, &["error: claim mysql-data-2: ", "error: 1 of 5 claims failed; 2 not tried"]);
    let rest = retain.next.last().unwrap();
    assert_eq!(rest, "kubectl glancepv retain --claim mysql-data-2,mysql-data-10,nova-instances");
    world.type_line(rest);
    assert!(policies(world).iter().all(|(_, policy)| policy == "Retain"));
}

#[test]
fn a_connection_that_breaks_between_two_patches_stops_the_rest() {
    let world = installed_in(World::sandbox());
    // By name it is read before its patch alone.
    stopped_at_the_third(&world, "GET", "/persistentvolumeclaims/mysql-data-2?", Fault::Break);
}

#[test]
fn a_login_that_is_rejected_stops_the_rest() {
    let world = installed_in(World::sandbox());
    let volume = world.volume_of("mysql-data-2");
    stopped_at_the_third(&world, "PATCH", &volume, Fault::Answer(Refusal::new(401, "Unauthorized", "expired")));
}

#[test]
fn an_answer_that_is_lost_is_read_back_and_the_others_go_on() {
    let world = installed_in(World::sandbox());
    let state = &world.sandbox.as_ref().unwrap().state;
    state.plan("PATCH", &world.volume_of("mysql-data-2"), 1, Fault::LoseAnswer);
    let retain = world.run("retain --all --yes");
    assert_eq!((retain.status, retain.stdout.matches(" patched\n").count()), (0, 5), "{retain}");
    assert_eq!(state.planned(), 0, "it has struck");
    assert!(policies(&world).iter().all(|(_, policy)| policy == "Retain"));
}

#[test]
fn equal_errors_are_told_once_and_each_name_that_is_nowhere_by_itself() {
    let world = installed_in(World::sandbox());
    for name in ["mysql-data-0", "mysql-data-2"] {
        world.refuse("PATCH", &world.volume_of(name));
    }
    let retain = world.run("retain --all --yes");
    says(&retain, &["error: claims mysql-data-0, mysql-data-2 (2): Error from server (Forbidden): may not\n"]);
    let other = World::beside(&world);
    world.name(&other.namespace, "elsewhere");
    other.create_claim(|claim| claim["metadata"]["name"] = "over-there".into());
    for verb in ["status", "retain --yes", "guide --yes"] {
        let run = world.run(&format!("{verb} --claim nova-instances,over-there,nowhere"));
        assert_eq!(run.status, 1, "{run}");
        says(
            &run,
            &[
                "persistentvolumeclaims \"over-there\" not found\n",
                "  kubectl glancepv status --claim over-there -n elsewhere1\n",
                "persistentvolumeclaims \"nowhere\" not found\n",
            ],
        );
    }
    says(&world.run("export --claim nova-instances,nowhere"), &["error: 1 of 2 claims failed"]);
}

#[test]
fn lines_name_those_claims_of_a_release_that_are_deleted_with_it() {
    let world = installed_in(World::sandbox());
    let app = json!({"meta.helm.sh/release-name": "app", "meta.helm.sh/release-namespace": "openstack"});
    let mut kept = app.clone();
    kept["helm.sh/resource-policy"] = json!("keep");
    for (name, annotations) in [("app-data", app.clone()), ("app-kept", kept)] {
        world.create_claim(|claim| {
            claim["metadata"]["name"] = name.into();
            claim["metadata"]["annotations"] = annotations;
        });
        world.await_bound(name);
    }
    // It waits for a class that nobody provisions for.
    world.create_claim(|claim| {
        claim["metadata"]["name"] = "app-later".into();
        claim["metadata"]["annotations"] = app;
        claim["spec"]["storageClassName"] = "nobodys".into();
    });
    let retain = world.run("retain --release app --yes");
    assert_eq!(retain.status, 0, "{retain}");
    assert_eq!(retain.next.last().unwrap(), "kubectl glancepv reuse --timeout 10m --claim app-data", "{retain}");
    // The findings of several claims are one, the commands are each claim's own.
    let other = json!({"meta.helm.sh/release-name": "other", "meta.helm.sh/release-namespace": "openstack",
        "helm.sh/resource-policy": "keep"});
    world.create_claim(|claim| {
        claim["metadata"]["name"] = "other-kept".into();
        claim["metadata"]["annotations"] = other;
    });
    world.await_bound("other-kept");
    let check = world.run("check --claim app-kept,other-kept");
    says(
        &check,
        &[
            "KeptByHelm: claims app-kept, other-kept: ",
            "    helm get manifest app -n openstack\n",
            "    helm get manifest other -n openstack\n",
        ],
    );
    // The claim that stays is not waited for, though it was named.
    let (mut guide, mut lines) = world.follow_lines("guide --yes --claim app-kept,app-data --timeout 60s");
    await_line(&mut lines, "Retained: 2 of 2");
    reset(&world, &["app-data"]);
    await_line(&mut lines, "Reserved: 1 of 2");
    install(&world, &["app-data"]);
    await_line(&mut lines, "Reused: 1 of 2");
    assert_eq!(guide.wait().unwrap().code(), Some(0));
}

#[test]
fn a_guide_whose_uninstallation_fails_after_an_earlier_one_prints_the_line_without_it() {
    let world = installed_in(World::sandbox());
    assert_eq!(world.run("retain --all --yes").status, 0);
    let before = world.volume_of("glance-images");
    reset(&world, &["glance-images"]);
    // An earlier guide may have run it: the other claim is not of that release.
    let arguments = "guide --yes --claim glance-*,nova-* --timeout 60s";
    let guide = world.run(&format!("{arguments} --uninstall false"));
    assert_eq!(guide.status, 1, "{guide}");
    says(
        &guide,
        &[
            "error: `false` failed: exit status: 1; claims were deleted before this run began\n",
            "hint: if the release was uninstalled before\n",
        ],
    );
    let line = "kubectl glancepv guide --claim 'glance-*' --claim 'nova-*' --timeout 60s";
    assert_eq!(guide.next.last().unwrap(), line, "{guide}");
    let (mut guide, mut lines) = world.follow_lines(arguments);
    await_line(&mut lines, "Reserved: 1 of 2");
    install(&world, &["glance-images"]);
    await_line(&mut lines, "Reused: 1 of 2");
    assert_eq!(guide.wait().unwrap().code(), Some(0));
    assert_eq!(world.volume_of("glance-images"), before);
    // A claim that waits for its first volume is no sign of an uninstallation.
    world.create_claim(|claim| {
        claim["metadata"]["name"] = "later".into();
        claim["spec"]["storageClassName"] = "nobodys".into();
    });
    says(&world.run("guide --yes --claim glance-images,later"), &["nothing was uninstalled"]);
}

#[test]
fn a_guide_of_several_looks_again_after_a_connection_that_broke_between_two_patches() {
    let world = installed_in(World::sandbox());
    let state = &world.sandbox.as_ref().unwrap().state;
    state.plan("GET", "/persistentvolumeclaims/mysql-data-2?", 1, Fault::Break);
    let (mut guide, mut lines) = world.follow_lines("guide --yes --all --timeout 60s");
    assert!(lines.any(|line| line.ends_with("; trying again")), "it says why");
    await_line(&mut lines, "Retained: 5 of 5");
    assert_eq!(state.planned(), 0, "it has struck");
    guide.kill().unwrap();
    guide.wait().unwrap();
}

#[test]
fn a_watch_that_is_refused_after_the_patches_is_told_as_it_is() {
    let world = installed_in(World::sandbox());
    assert_eq!(world.run("retain --all --yes").status, 0);
    reset(&world, &["glance-images", "nova-instances"]);
    let state = &world.sandbox.as_ref().unwrap().state;
    state.paused.store(true, std::sync::atomic::Ordering::SeqCst);
    world.refuse("GET", "/persistentvolumes?&watch=true");
    let reuse = world.run("reuse --claim glance-images,nova-instances --yes");
    assert_eq!((reuse.status, reuse.stdout.matches(" patched\n").count()), (1, 2), "{reuse}");
    says(&reuse, &["Error from server (Forbidden): may not"]);
    assert!(!reuse.contains("timed out"), "{reuse}");
}

#[test]
fn a_watch_of_several_remembers_a_release_and_outlives_its_claims() {
    let world = installed_in(World::sandbox());
    assert_eq!(world.run("retain --release nova --yes").status, 0);
    let (mut watch, mut lines) = world.follow_lines("status --release nova --watch");
    let (mut documents, mut parts) = world.follow_lines("status --release nova --watch -o json");
    await_line(&mut lines, "Retained: 1 of 1");
    assert!(parts.any(|line| line.contains("\"stage\": \"Retained\"")));
    let volume = world.volume_of("nova-instances");
    reset(&world, &["nova-instances"]);
    await_line(&mut lines, "Released: ");
    let is_clock = |line: &str| line.ends_with('Z') && !line.contains('"');
    let is_released = |line: String| {
        assert!(!is_clock(&line), "documents alone: {line}");
        line.contains("\"stage\": \"Released\"")
    };
    assert!(parts.any(is_released));
    world.delete_volume(&volume);
    await_line(&mut lines, "no claim in namespace ");
    install(&world, &["nova-instances"]);
    await_line(&mut lines, "AtRisk: 1 of 1");
    for child in [&mut watch, &mut documents] {
        assert!(child.try_wait().unwrap().is_none(), "it watches");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
#[cfg(unix)]
fn the_progress_of_several_counts_the_claims_that_are_awaited() {
    let mut world = installed_in(World::sandbox());
    assert_eq!(world.run("retain --all --yes").status, 0);
    reset(&world, &["glance-images"]);
    world.claim = "nova-instances";
    world.mount("nova-0");
    world.delete_claim();
    let (mut session, _) = crate::confirmation::ask(&world, "reuse --all --yes --timeout 60s");
    // It fits a terminal of 80 columns.
    session.exp_string("of 60s: 1 of 2 claims are deleted; nova-instances is held by pod nova-0").unwrap();
    world.unmount("nova-0");
    session.exp_string("2 of 2 claims are deleted").unwrap();
    session.exp_eof().unwrap();
    // The set of mysql-data is not whole, and is left alone.
    assert_eq!(crate::confirmation::status(&session), 0);
}

const NAMES: [&str; 5] = ["glance-images", "mysql-data-0", "mysql-data-2", "mysql-data-10", "nova-instances"];

#[test]
fn documents_of_several_are_lists() {
    let world = installed();
    let list: Value = serde_json::from_str(&world.run("status --all -o json").stdout).unwrap();
    assert_eq!((&list["kind"], &list["apiVersion"]), (&json!("StatusList"), &json!("glancepv.io/v1alpha1")));
    assert_eq!((&list["namespace"], &list["selection"]), (&json!("openstack"), &json!("--all")));
    assert_eq!(list["stages"], json!([{"stage": "AtRisk", "claims": 5}]));
    assert_eq!(list["next"][0]["command"], "kubectl glancepv retain --all");
    assert_eq!(list["items"].as_array().unwrap().len(), 5);
    assert_eq!(list["items"][0]["target"]["claim"], "glance-images");
    assert_eq!(list["items"][0]["kind"], "Status");
    for _ in 0..2 {
        let volumes: Value = serde_json::from_str(&world.run("retain --all --yes -o json").stdout).unwrap();
        assert_eq!((&volumes["kind"], volumes["items"].as_array().unwrap().len()), (&json!("List"), 5));
    }
    assert_eq!(world.run("retain --all -o name").stdout.lines().count(), 5);
}

#[test]
fn a_claim_that_is_bound_between_the_two_lists_of_the_cluster_is_shown() {
    let world = World::sandbox().provisioned();
    world.install(None);
    let shown = rows(&world.run("status -A").stdout);
    // As it was before the claim was created.
    let none = r#"{"kind":"Table","apiVersion":"meta.k8s.io/v1","columnDefinitions":[],"rows":[]}"#;
    let state = &world.sandbox.as_ref().unwrap().state;
    state.plan("GET", "/api/v1/persistentvolumeclaims?", 1, Fault::Garble("application/json", none));
    let run = world.run("status -A");
    assert_eq!((state.planned(), rows(&run.stdout)), (0, shown), "{run}");
    assert!(run.contains("AtRisk: 1 of 1"), "{run}");
}

#[test]
fn every_claim_of_the_cluster_is_shown_and_none_is_changed() {
    let world = installed_in(World::sandbox());
    let other = World::beside(&world);
    other.install(None);
    world.name(&other.namespace, "elsewhere");
    // A volume whose claim is gone.
    let gone = world.create_volume(
        json!({"namespace": other.namespace, "name": "gone", "uid": "11111111-1111-1111-1111-111111111111"}),
    );
    world.await_volume(&gone, |v| v.is_some_and(|v| phase(v) == "Released"));
    world.requests();
    let mut run = world.run("status -A");
    assert_eq!(run.status, 0, "{run}");
    let requests = ours(&world);
    assert_eq!(requests.len(), 2, "{requests:?}");
    assert!(requests.iter().all(|line| line.starts_with("GET ") && !line.contains("/namespaces/")), "{requests:?}");
    let next = run.next.clone();
    run.stdout = rows(&run.stdout);
    check(
        &[run, world.run("status -A -o name")],
        &expect![[r#"
            $ kubectl glancepv status -A
            NAMESPACE   CLAIM            STAGE      POLICY   CAPACITY   AGE   DELETED WITH   VOLUME
            openstack   glance-images    AtRisk     Delete   500Gi      [age]    <none>         PV
            openstack   mysql-data-0     AtRisk     Delete   500Gi      [age]    <none>         PV
            openstack   mysql-data-2     AtRisk     Delete   500Gi      [age]    <none>         PV
            openstack   mysql-data-10    AtRisk     Delete   500Gi      [age]    <none>         PV
            openstack   nova-instances   AtRisk     Delete   500Gi      [age]    release nova   PV
            elsewhere1   glance-images    AtRisk     Delete   500Gi      [age]    <none>         PV
            elsewhere1   gone             Released   Retain   500Gi      [age]    <none>         PV
            AtRisk: 6 of 7 claims in all namespaces: deleting them deletes their volumes and data
            Released: 1 of 7
            next:
              kubectl glancepv retain --all -n openstack
              kubectl glancepv retain --all -n elsewhere1
            [0]

            $ kubectl glancepv status -A -o name
            persistentvolumeclaim/glance-images
            persistentvolumeclaim/mysql-data-0
            persistentvolumeclaim/mysql-data-2
            persistentvolumeclaim/mysql-data-10
            persistentvolumeclaim/nova-instances
            persistentvolumeclaim/glance-images
            persistentvolumeclaim/gone
            [0]
        "#]],
    );
    let list = json_of(&world.run("status -A -o json"));
    assert_eq!((&list["kind"], &list["namespace"]), (&json!("StatusList"), &Value::Null));
    let targets: Vec<&Value> = list["items"].as_array().unwrap().iter().map(|item| &item["target"]).collect();
    assert!(targets.contains(&&json!({"namespace": "elsewhere1", "claim": "glance-images"})), "{targets:?}");
    for line in &next {
        world.type_line(line);
    }
    assert!(policies(&world).iter().all(|(_, policy)| policy == "Retain"));
    other.await_policy("Retain");
}

#[test]
fn volumes_that_are_released_have_a_line_each_and_export_prints_all() {
    let world = installed();
    assert_eq!(world.run("retain --all --yes").status, 0);
    let export = world.run("export --all");
    assert_eq!((export.status, export.stdout.matches("---\n").count()), (0, 4), "{export}");
    let list: Value = serde_json::from_str(&world.run("export --all -o json").stdout).unwrap();
    assert_eq!(list["items"].as_array().unwrap().len(), 5);
    let volume = world.volume_of("mysql-data-0");
    world.delete_named("mysql-data-0");
    world.await_volume(&volume, |v| v.is_some_and(|v| crate::world::phase(v) == "Released"));
    let status = world.run("status --all");
    says(
        &status,
        &[
            "Released: claim openstack/mysql-data-0: ",
            "  kubectl glancepv status --claim mysql-data-0\n",
            "SetIncomplete: claim mysql-data-0: the set is kept in part: mysql-data-0 kept; mysql-data-1, mysql-data-2,",
        ],
    );
    let document: Value = serde_json::from_str(&world.run("status --all -o json").stdout).unwrap();
    let item =
        document["items"].as_array().unwrap().iter().find(|item| item["target"]["claim"] == "mysql-data-0").unwrap();
    assert_eq!(item["next"][0]["command"], "kubectl glancepv reuse --claim mysql-data-0");
}

/// Deletes claims, as the reset of a namespace does, and waits until their volumes are Released.
fn reset(world: &World, names: &[&str]) {
    for name in names {
        let volume = world.volume_of(name);
        world.delete_named(name);
        world.await_volume(&volume, |v| v.is_some_and(|v| phase(v) == "Released"));
    }
}

/// Creates claims again, once their volumes are older, and waits until they are bound.
fn install(world: &World, names: &[&str]) {
    for name in names {
        world.create_claim(|claim| claim["metadata"]["name"] = (*name).into());
        world.await_bound(name);
    }
}

/// The claims of `installed`, with the set of mysql-data made whole: 0, 1 and 2.
const WHOLE: [&str; 5] = ["glance-images", "mysql-data-0", "mysql-data-1", "mysql-data-2", "nova-instances"];

fn whole() -> World {
    whole_in(World::new())
}

fn whole_in(world: World) -> World {
    let world = installed_in(world);
    let volume = world.volume_of("mysql-data-10");
    world.delete_named("mysql-data-10");
    world.await_volume(&volume, |v| v.is_none());
    install(&world, &["mysql-data-1"]);
    world
}

fn volumes(world: &World, names: &[&str]) -> Vec<String> {
    names.iter().map(|name| world.volume_of(name)).collect()
}

fn json_of(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run}"))
}

#[test]
fn a_namespace_that_is_reset_has_its_volumes_again() {
    let world = whole();
    assert_eq!(world.run("retain --all --yes").status, 0);
    let before = volumes(&world, &WHOLE);
    let early = world.run("verify --all");
    assert_eq!(early.status, 1, "nothing was deleted: {early}");
    let none = world.run("reuse --all --yes");
    assert_eq!(none.status, 1, "{none}");
    says(
        &none,
        &[
            "claim openstack/glance-images is not deleted and is left as it is",
            "error: no selected claim in namespace openstack has a volume to reuse",
        ],
    );
    let command = format!("reuse --yes --timeout 60s --claim {}", WHOLE.join(","));
    let waiting = world.spawn(&command);
    reset(&world, &WHOLE);
    let reuse = world.finish(&command, waiting);
    assert_eq!(reuse.status, 0, "{reuse}");
    assert_eq!(reuse.stdout.matches(" patched\n").count(), 5, "{reuse}");
    says(&reuse, &["Reserved: 5 of 5 claims in openstack", "  kubectl glancepv verify --timeout 60s --claim "]);
    let again = world.run("reuse --all --yes");
    assert_eq!((again.status, again.stdout.as_str()), (0, ""), "nothing is done twice: {again}");
    install(&world, &WHOLE);
    let verify = world.run("verify --all --timeout 60s");
    assert_eq!(verify.status, 0, "{verify}");
    says(&verify, &["Reused: 5 of 5"]);
    assert_eq!(volumes(&world, &WHOLE), before);
    let document = json_of(&world.run("verify --all -o json"));
    assert_eq!((&document["kind"], &document["verified"]), (&json!("VerificationList"), &json!(true)));
    // One is deleted, and its kept volume is not used.
    reset(&world, &["mysql-data-0"]);
    let verify = world.run("verify --all");
    assert_eq!(verify.status, 1, "{verify}");
    says(&verify, &["error: claim mysql-data-0: ", "error: 1 of 5 claims failed"]);
    let document = json_of(&world.run("verify --all -o json"));
    let refused = |item: &&Value| item["verified"] == false;
    let refused: Vec<&Value> = document["items"].as_array().unwrap().iter().filter(refused).collect();
    assert_eq!((refused.len(), &refused[0]["target"]["claim"]), (1, &json!("mysql-data-0")), "{document}");
    assert_eq!((&refused[0]["kind"], &refused[0]["reason"]["reason"]), (&json!("Verification"), &json!("NoClaim")));
}

#[test]
fn a_set_is_reused_as_a_whole_or_left_alone() {
    let world = installed();
    assert_eq!(world.run("retain --all --yes").status, 0);
    // 0 is deleted; 2 and 10 live, and the others are nowhere.
    let [member, instances] = ["mysql-data-0", "nova-instances"].map(|name| world.volume_of(name));
    reset(&world, &["mysql-data-0", "nova-instances"]);
    for selection in ["--all", "--claim mysql-data-0*,nova-instances"] {
        let reuse = world.run(&format!("reuse --yes {selection}"));
        assert_eq!(reuse.status, 1, "{reuse}");
        says(&reuse, &["error: claim mysql-data-0: the set is kept in part: mysql-data-0 kept; mysql-data-1, "]);
        // Naming its claims would take it: the same selection is to be typed again.
        assert!(!reuse.next.last().unwrap().ends_with("--claim mysql-data-0"), "{reuse}");
        assert_eq!(phase(&world.volume(&member)), "Released");
    }
    // The other claim is not of the set.
    assert_eq!(phase(&world.volume(&instances)), "Available");
    // Naming the claim takes it.
    let named = world.run("reuse --yes --claim mysql-data-0,glance-images");
    says(&named, &["error: claim glance-images: ", "is still bound"]);
    assert_eq!(named.stdout.matches(" patched\n").count(), 1, "{named}");
}

#[test]
fn a_set_of_which_one_member_is_refused_is_left_alone() {
    let world = whole();
    assert_eq!(world.run("retain --all --yes").status, 0);
    reset(&world, &WHOLE);
    // A second kept volume for member 1: a person has to choose.
    let target = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "namespace": world.namespace, "name": "mysql-data-1", "uid": "11111111-1111-1111-1111-111111111111"});
    let volume = world.create_volume(target);
    world.await_volume(&volume, |v| v.is_some_and(|v| phase(v) == "Released"));
    let reuse = world.run("reuse --all --yes");
    assert_eq!(reuse.status, 1, "{reuse}");
    says(&reuse, &["kept; mysql-data-1 missing, new, being deleted, or not selected", "2 volumes refer to claim"]);
    assert_eq!(reuse.stdout.matches(" patched\n").count(), 2, "those that are of no set: {reuse}");
}

#[test]
fn a_set_that_is_not_deleted_in_time_is_waited_for_by_the_same_selection() {
    let mut world = whole_in(World::sandbox());
    assert_eq!(world.run("retain --all --yes").status, 0);
    for (claim, pod) in [("mysql-data-0", "mysql-0"), ("mysql-data-1", "mysql-1"), ("mysql-data-2", "mysql-2")] {
        world.claim = claim;
        world.mount(pod);
        world.delete_claim();
    }
    let reuse = world.run("reuse --all --yes --timeout 1s");
    assert_eq!(reuse.status, 1, "{reuse}");
    says(&reuse, &["timed out after 1s: "]);
    // By name, those that are deleted first would be taken without the others.
    assert_eq!(reuse.next.last().unwrap(), "kubectl glancepv reuse --all --timeout 1s", "{reuse}");
}

#[test]
fn a_member_of_a_set_that_fails_is_repeated_with_those_that_wait_for_it() {
    let world = whole_in(World::sandbox());
    assert_eq!(world.run("retain --all --yes").status, 0);
    let kept = volumes(&world, &WHOLE);
    reset(&world, &WHOLE);
    world.refuse("PATCH", &kept[2]);
    let reuse = world.run("reuse --all --yes");
    assert_eq!((reuse.status, reuse.stdout.matches(" patched\n").count()), (1, 3), "{reuse}");
    assert_eq!(reuse.next.last().unwrap(), "kubectl glancepv reuse --claim mysql-data-1,mysql-data-2", "{reuse}");
    world.sandbox.as_ref().unwrap().state.plan_nothing();
    world.type_line(reuse.next.last().unwrap());
    assert!(kept.iter().all(|volume| phase(&world.volume(volume)) == "Available"));
}

#[test]
fn unretain_of_several_takes_names() {
    let world = installed();
    assert_eq!(world.run("retain --all --yes").status, 0);
    let unretain = world.run("unretain --yes --claim mysql-data-0,mysql-data-2");
    assert_eq!(unretain.status, 0, "{unretain}");
    says(&unretain, &["deleting these claims will then delete their volumes and data"]);
    let exposed: Vec<String> =
        policies(&world).into_iter().filter(|(_, p)| p == "Delete").map(|(name, _)| name).collect();
    assert_eq!(exposed, ["mysql-data-0", "mysql-data-2"]);
}

#[test]
fn check_of_several_names_the_claims_of_each_line() {
    let world = installed_in(World::sandbox());
    let run = world.run("check --all");
    assert_eq!(run.status, 1, "{run}");
    let names = "glance-images, mysql-data-0, mysql-data-2, mysql-data-10, nova-instances";
    says(&run, &[&format!("✖ AtRisk: claims {names}: deleting them deletes their volumes and data")]);
    assert_eq!(run.stdout.matches("class: ").count(), 1, "{run}");
    assert_eq!(run.stdout.matches("rights: ").count(), 1, "{run}");
    world.run("retain --all --yes");
    let run = world.run("check --all");
    assert_eq!(run.status, 0, "{run}");
    let document = json_of(&world.run("check --all -o json"));
    assert_eq!((&document["kind"], &document["passed"]), (&json!("CheckList"), &json!(true)));
    assert_eq!(document["items"].as_array().unwrap().len(), 5);
    assert_eq!(document["items"][0]["target"]["claim"], "glance-images");
    assert_eq!(document["items"][0]["checks"][0]["name"], "Retained");
    assert_eq!(world.run("check --claim glance-images,no-such").status, 1);
    let run = world.run("check --release nova,novo");
    assert_eq!(run.status, 1, "{run}");
    says(&run, &["✖ selection: no claim in namespace openstack is selected by --release novo"]);
    world.refuse("GET", &format!("/api/v1/namespaces/{}/persistentvolumeclaims", world.namespace));
    let document = json_of(&world.run("check --all -o json"));
    assert_eq!((&document["kind"], &document["passed"]), (&json!("CheckList"), &json!(false)));
    let failed = |check: &&serde_json::Value| check["name"] == "claims" && check["outcome"] == "failed";
    assert_eq!(document["checks"].as_array().unwrap().iter().filter(failed).count(), 1, "{document}");
}

fn await_watch(world: &World) {
    let begun = Instant::now();
    while !world.requests().contains("watch=true") {
        assert!(begun.elapsed() < PATIENCE, "nothing is watched");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_release_is_remembered_while_its_claims_are_deleted() {
    let mut world = installed_in(World::sandbox());
    world.run("retain --release nova --yes");
    let bound = world.run("reuse --yes --timeout 60s --release nova");
    assert_eq!(bound.status, 1, "a selected claim that is bound is not waited for: {bound}");
    world.claim = "nova-instances";
    world.mount("nova-compute-0");
    world.delete_claim();
    world.requests();
    let command = "reuse --yes --timeout 60s --release nova";
    let waiting = world.spawn(command);
    await_watch(&world);
    interrupt(&waiting);
    let interrupted = world.finish(command, waiting);
    assert_eq!(interrupted.status, 130, "{interrupted}");
    let command = "reuse --timeout 60s --claim nova-instances";
    assert_eq!(interrupted.next, [format!("kubectl glancepv {command}")], "{interrupted}");
    let command = &format!("{command} --yes");
    let waiting = world.spawn(command);
    await_watch(&world);
    world.unmount("nova-compute-0");
    let reuse = world.finish(command, waiting);
    assert_eq!(reuse.status, 0, "{reuse}");
    says(&reuse, &["  kubectl glancepv verify --timeout 60s --claim nova-instances\n"]);
    let gone = world.run("reuse --yes --release nova");
    assert_eq!(gone.status, 1, "nothing tells any more: {gone}");
    says(&gone, &["error: no claim in namespace openstack is selected by --release nova"]);
}

#[test]
#[cfg(unix)]
fn a_guide_of_a_release_that_is_interrupted_names_its_claims() {
    let world = installed_in(World::sandbox());
    let command = "guide --yes --release nova --timeout 60s";
    world.requests();
    let waiting = world.spawn(command);
    await_watch(&world);
    interrupt(&waiting);
    let interrupted = world.finish(command, waiting);
    assert_eq!(interrupted.status, 130, "{interrupted}");
    let next = interrupted.next.last().unwrap();
    assert_eq!(next, "kubectl glancepv guide --timeout 60s --claim nova-instances", "{interrupted}");
    // In the middle of a patch.
    world.run("unretain --yes --claim nova-instances");
    world.sandbox.as_ref().unwrap().state.plan("PATCH", &world.volume_of("nova-instances"), 1, Fault::Hang);
    let waiting = world.spawn(command);
    world.await_struck();
    interrupt(&waiting);
    let interrupted = world.finish(command, waiting);
    assert_eq!(interrupted.status, 130, "{interrupted}");
    let next = interrupted.next.last().unwrap();
    assert_eq!(next, "kubectl glancepv guide --timeout 60s --claim nova-instances", "{interrupted}");
}

#[test]
fn guide_of_several_while_somebody_does_the_rest_elsewhere() {
    let world = whole();
    let (mut guide, mut lines) = world.follow_lines("guide --yes --all --timeout 60s");
    await_line(&mut lines, "Retained: 5 of 5 claims");
    let before = volumes(&world, &WHOLE);
    reset(&world, &WHOLE);
    await_line(&mut lines, "Reserved: 5 of 5 claims");
    install(&world, &WHOLE);
    await_line(&mut lines, "Reused: 5 of 5 claims");
    assert_eq!(guide.wait().unwrap().code(), Some(0));
    assert_eq!(volumes(&world, &WHOLE), before);
    let again = world.run("guide --yes --all");
    assert_eq!(again.status, 0, "{again}");
    says(&again, &["nothing was uninstalled", "  kubectl glancepv guide --again --all"]);
}

#[test]
fn interrupted_after_each_patch_the_same_line_finishes_the_rest() {
    for kill in ["-INT", "-KILL"] {
        let world = installed_in(World::sandbox());
        let state = &world.sandbox.as_ref().unwrap().state;
        let volumes = volumes(&world, &NAMES);
        let mut patched = 0;
        world.requests();
        for at in 0..volumes.len() - 1 {
            state.plan("PATCH", &volumes[at + 1], 1, Fault::Hang);
            let child = world.spawn("retain --all --yes");
            let retained = |v: &k8s_openapi::api::core::v1::PersistentVolume| {
                v.spec.as_ref().and_then(|s| s.persistent_volume_reclaim_policy.as_deref()) == Some("Retain")
            };
            world.await_volume(&volumes[at], |v| v.is_some_and(retained));
            world.await_struck();
            let id = child.id().to_string();
            assert!(std::process::Command::new("kill").args([kill, &id]).status().unwrap().success());
            let run = world.finish("retain --all --yes", child);
            if kill == "-INT" {
                assert_eq!(run.status, 130, "{run}");
                says(
                    &run,
                    &[&format!("error: interrupted; 1 of {} persistentvolumes were patched", volumes.len() - at)],
                );
            }
            patched += world.requests().matches("PATCH ").count();
            state.plan_nothing();
        }
        let last = world.run("retain --all --yes");
        assert_eq!(last.status, 0, "{last}");
        patched += world.requests().matches("PATCH ").count();
        // Each once, and those that were never answered.
        assert_eq!(patched, 2 * volumes.len() - 1);
        assert!(policies(&world).iter().all(|(_, policy)| policy == "Retain"));
    }
}

/// The requests of the program: the provisioner asks for whole lists, and not for tables.
fn ours(world: &World) -> Vec<String> {
    let ours = |line: &&str| line.contains("includeObject") || line.starts_with("PATCH ");
    world.requests().lines().filter(ours).map(str::to_owned).collect()
}

#[test]
fn forty_claims_are_read_once_and_patched_once() {
    let world = World::sandbox().provisioned();
    let names: Vec<String> = (0..40).map(|nth| format!("data-{nth}")).collect();
    for name in &names {
        world.create_claim(|claim| {
            claim["metadata"]["name"] = name.as_str().into();
            claim["metadata"]["annotations"] =
                json!({"meta.helm.sh/release-name": "data", "meta.helm.sh/release-namespace": "openstack"});
        });
    }
    for name in &names {
        world.await_bound(name);
    }
    let counted = |arguments: &str| {
        world.requests();
        let run = world.run(arguments);
        assert_eq!(run.status, 0, "{run}");
        let requests = ours(&world);
        let of = |what: &str| requests.iter().filter(|line| line.starts_with(what)).count();
        let single = of("GET /api/v1/persistentvolumes/");
        (of("GET ") - single, single, of("PATCH "))
    };
    // Two lists and each volume.
    assert_eq!(counted("status --all"), (2, 40, 0));
    // A cached list may not have a claim's volume yet: it is listed again, and what was read is not read again.
    world.create_claim(|claim| {
        claim["metadata"]["name"] = "later".into();
        claim["spec"]["storageClassName"] = "nobodys".into();
    });
    assert_eq!(counted("status --all"), (3, 40, 0));
    world.delete_named("later");
    // Before each patch the claim and its volume again, and everything at the end.
    let (lists, volumes, patches) = counted("retain --all --yes");
    assert_eq!((lists, volumes, patches), (2 + 40 + 2, 40 + 40 + 40, 40));
    assert_eq!(counted("retain --all --yes"), (4, 80, 0));
}

#[test]
fn claims_of_other_names_and_of_other_namespaces_are_not_touched() {
    let world = installed_in(World::sandbox());
    let mut other = World::beside(&world);
    other.claim = "mysql-data-0";
    other.install(None);
    install(&world, &["mysql-data"]);
    // A namespace whose name begins like this one's.
    let longer = format!("{}-2", world.namespace);
    world.create_volume(
        json!({"namespace": longer, "name": "mysql-data-0", "uid": "11111111-1111-1111-1111-111111111111"}),
    );
    assert!(world.run("status --claim mysql-data-*").contains("AtRisk: 3 of 3 claims in openstack"));
    let run = world.run("retain --claim mysql-data-* --yes");
    assert_eq!((run.status, run.stdout.matches(" patched\n").count()), (0, 3), "{run}");
    assert_eq!(policies(&world)[0].1, "Delete");
    let document = json_of(&world.run("status -o json --claim mysql-data"));
    assert_eq!(document["volumes"][0]["reclaimPolicy"], "Delete", "a name that begins like theirs");
    let volume = other.volume_of("mysql-data-0");
    let policy = other.volume(&volume).spec.and_then(|s| s.persistent_volume_reclaim_policy);
    assert_eq!(policy.as_deref(), Some("Delete"), "the same name in another namespace");
}

#[test]
fn a_claim_that_was_created_again_before_the_answer_is_left_alone() {
    let world = whole_in(World::sandbox());
    assert_eq!(world.run("retain --all --yes").status, 0);
    let [images, instances] = ["glance-images", "nova-instances"].map(|name| world.volume_of(name));
    reset(&world, &["glance-images", "nova-instances"]);
    let (mut session, _) = crate::confirmation::ask(&world, "reuse --claim glance-images,nova-instances");
    session.exp_string("Patch 2 persistentvolumes of 2 claims in ").unwrap();
    install(&world, &["nova-instances"]);
    assert_ne!(world.volume_of("nova-instances"), instances, "it has a new volume");
    session.send_line("y").unwrap();
    session.exp_string("error: claim nova-instances: ").unwrap();
    session.exp_eof().unwrap();
    assert_eq!(crate::confirmation::status(&session), 1);
    assert_eq!(phase(&world.volume(&images)), "Available");
    assert_eq!(phase(&world.volume(&instances)), "Released", "nothing was changed");
}

#[test]
fn a_namespace_of_one_claim_and_of_none() {
    let world = World::new().provisioned();
    assert_eq!(world.run("status --all").status, 1);
    world.install(None);
    says(&world.run("retain --all --yes"), &["Retained: 1 of 1 claims in openstack"]);
}
