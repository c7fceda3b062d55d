//! Several claims in one run: by names and patterns, of a release, of a namespace, of the whole cluster.

use expect_test::expect;
use serde_json::{Value, json};

use crate::procedure::check;
use crate::world::{World, says};

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

/// Rows without the names of volumes, which differ from run to run.
fn rows(text: &str) -> String {
    let volumes = regex_lite::Regex::new(r"pvc-\S+").unwrap();
    let ages = regex_lite::Regex::new(r"(500Gi +)\d+s( +)").unwrap();
    ages.replace_all(&volumes.replace_all(text, "PV"), "${1}9s$2").into_owned()
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
        ("retain --release nova,novo --yes", "error: claim novo: no claim in namespace openstack"),
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
        "pin v -f x.yaml --all",
        "unpin -f x.yaml --claim a,b",
        "retain v --all",
        "unretain --all",
        "reuse --all",
        "verify --claim a,b",
        "export v --claim a,b",
        "reuse v --claim a*",
        "reuse --all -f x.yaml",
        "unretain --release x",
        "unretain --claim a*",
        "guide --all",
        "check --all",
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
            "next: uninstall the release of the claim, then",
            "  kubectl glancepv status --all",
        ],
    );
    // Once the claims are deleted nothing tells which were the release's.
    let release = world.run("status --release nova");
    says(&release, &["  kubectl glancepv status --claim nova-instances\n"]);
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
fn a_connection_that_breaks_stops_all_and_says_what_was_not_tried() {
    use glancepv_sandbox::state::Fault;
    let world = installed_in(World::sandbox());
    let state = &world.sandbox.as_ref().unwrap().state;
    state.plan("PATCH", &world.volume_of("mysql-data-2"), 1000, Fault::Break);
    state.plan("GET", &world.volume_of("mysql-data-2"), 1000, Fault::Break);
    // Read while planning.
    let retain = world.run("retain --all --yes");
    assert_eq!(retain.status, 1, "{retain}");
    assert!(!retain.contains("patched"), "nothing is patched before everything is read: {retain}");
    state.plan_nothing();
    state.plan("PATCH", &world.volume_of("mysql-data-2"), 1000, Fault::LoseAnswer);
    let retain = world.run("retain --all --yes --request-timeout 300ms");
    assert_eq!(retain.status, 0, "a lost answer is read back: {retain}");
    world.run("unretain --yes --claim nova-instances");
    world.run("unretain --yes --claim mysql-data-10");
    let unauthorized = glancepv_sandbox::answer::Refusal::new(401, "Unauthorized", "expired");
    state.plan("PATCH", "/persistentvolumes/", 1, Fault::Answer(unauthorized));
    let retain = world.run("retain --all --yes");
    assert_eq!(retain.status, 1, "{retain}");
    says(&retain, &["error: 1 of 5 claims failed; 1 not tried"]);
    world.sandbox.as_ref().unwrap().state.plan_nothing();
    world.type_line(retain.next.last().unwrap());
    assert!(policies(&world).iter().all(|(_, policy)| policy == "Retain"));
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
    assert_eq!(list["items"][0]["target"]["name"], "glance-images");
    for _ in 0..2 {
        let volumes: Value = serde_json::from_str(&world.run("retain --all --yes -o json").stdout).unwrap();
        assert_eq!((&volumes["kind"], volumes["items"].as_array().unwrap().len()), (&json!("List"), 5));
    }
    assert_eq!(world.run("retain --all -o name").stdout.lines().count(), 5);
}

#[test]
fn every_claim_of_the_cluster_is_shown_and_none_is_changed() {
    let world = installed_in(World::sandbox());
    world.requests();
    let run = world.run("status -A");
    assert_eq!(run.status, 0, "{run}");
    let requests = world.requests();
    assert_eq!(requests.lines().count(), 2, "{requests}");
    says(&run, &["NAMESPACE", "AtRisk: 5 of 5 claims in all namespaces: deleting them deletes their volumes and data"]);
    assert_eq!(run.next, [format!("kubectl glancepv retain --all -n {}", world.namespace)], "{run}");
    world.type_line(&run.next[0]);
    assert!(policies(&world).iter().all(|(_, policy)| policy == "Retain"));
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
    says(&status, &["Released: claim openstack/mysql-data-0: ", "  kubectl glancepv reuse --claim mysql-data-0\n"]);
    let document: Value = serde_json::from_str(&world.run("status --all -o json").stdout).unwrap();
    let item =
        document["items"].as_array().unwrap().iter().find(|item| item["target"]["name"] == "mysql-data-0").unwrap();
    assert_eq!(item["next"][0]["command"], "kubectl glancepv reuse --claim mysql-data-0");
}
