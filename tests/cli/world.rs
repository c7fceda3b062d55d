//! A cluster with Glance's claim in it, and the plugin to run against it.

use std::collections::BTreeMap;
use std::fmt::{self, Debug};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use futures::StreamExt;
use glancepv_sandbox::{Sandbox, provisioner};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{Event, Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod};
use k8s_openapi::api::storage::v1::StorageClass;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams, PostParams,
    WatchParams,
};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config, Resource, ResourceExt};
use kubectl_glancepv::os_message;
use regex_lite::Regex;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::typing;

/// The executable under test: the one that cargo has built, or the one that is named.
pub fn plugin() -> &'static str {
    static PLUGIN: LazyLock<String> = LazyLock::new(|| {
        let named = std::env::var("GLANCEPV_BIN").ok();
        named.unwrap_or_else(|| env!("CARGO_BIN_EXE_kubectl-glancepv").to_owned())
    });
    &PLUGIN
}

/// The limit of every wait: after an outage, a controller asks for a watch again within
/// a minute, and is told that it is too old; it lists within another (`defaultBackoffMax` and its jitter, for
/// `watch` and for `RunWithContext`, client-go's reflector.go). Of two controllers one may wait for the other, on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// Glance's claim.
pub const CLAIM: &str = "glance-images";

/// A namespace, a class and a provisioner of their own, in the sandbox or in a real cluster.
pub struct World {
    pub sandbox: Option<Sandbox>,
    pub namespace: String,
    /// The claim that the tests are about.
    pub claim: &'static str,
    kubeconfig: PathBuf,
    /// The plugin's kubeconfig: with the namespace, and on our own control planes of a user with the least
    /// rights.
    operator: PathBuf,
    pub class: String,
    provisioner: String,
    client: Client,
    runtime: Runtime,
    /// The node that a scheduler has chosen for the pods that use the claim.
    selected: Option<String>,
    /// The size that the chart asks for.
    pub size: &'static str,
    /// The volume attributes class that it asks for, if any.
    pub attributes: Option<&'static str>,
    /// The command that installs the release, where a real chart is installed.
    pub installer: Option<String>,
    home: tempfile::TempDir,
    /// Texts that differ from run to run, each with its form in snapshots.
    names: Mutex<Vec<(String, String)>>,
}

/// The outcome of one run of the plugin.
pub struct Run {
    pub stdout: String,
    pub stderr: String,
    pub status: i32,
    /// The lines to type next, as they were printed.
    pub next: Vec<String>,
    /// The arguments.
    pub typed: String,
}

impl Run {
    /// True if it printed `text`, to either stream.
    pub fn contains(&self, text: &str) -> bool {
        self.stdout.contains(text) || self.stderr.contains(text)
    }

    /// Without what a real binder says of a claim that nobody provisions for.
    pub fn without_events(mut self) -> Self {
        for text in [&mut self.stdout, &mut self.stderr] {
            let lines = text.lines().filter(|line| !line.starts_with("ExternalProvisioning"));
            *text = lines.map(|line| format!("{line}\n")).collect();
        }
        self
    }
}

impl fmt::Display for Run {
    /// As a terminal would show it, with `2|` before what went to standard error.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "$ kubectl glancepv {}", self.typed)?;
        f.write_str(&self.stdout)?;
        for line in self.stderr.lines() {
            writeln!(f, "2| {line}")?;
        }
        writeln!(f, "[{}]", self.status)
    }
}

impl World {
    /// A namespace of the cluster that was named, else of a new sandbox.
    pub fn new() -> Self {
        match std::env::var_os("GLANCEPV_TEST_CLUSTER") {
            Some(kubeconfig) => Self::with(None, kubeconfig.into()),
            None => Self::sandbox(),
        }
    }

    /// A new sandbox, whatever cluster was named.
    pub fn sandbox() -> Self {
        let sandbox = Sandbox::start().expect("a sandbox");
        let kubeconfig = sandbox.kubeconfig();
        Self::with(Some(sandbox), kubeconfig)
    }

    /// Another namespace of the same sandbox, with a class and a provisioner of its own.
    pub fn beside(other: &Self) -> Self {
        Self::with(None, other.sandbox.as_ref().expect("a sandbox").kubeconfig()).provisioned()
    }

    /// Another namespace of the same cluster.
    pub fn another(other: &Self) -> Self {
        if other.sandbox.is_some() { Self::beside(other) } else { Self::new() }
    }

    fn with(sandbox: Option<Sandbox>, kubeconfig: PathBuf) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let client = runtime.block_on(async {
            let read = Kubeconfig::read_from(&kubeconfig).expect("a kubeconfig");
            let config = Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await.expect("a config");
            Client::try_from(config).expect("a client")
        });
        // As long as `openstack` and `netapp`, so that the columns of tables are as wide.
        let unique = (std::process::id() << 8 | COUNT.fetch_add(1, Ordering::SeqCst)) & 0xff_ffff;
        let (namespace, class) = (format!("os-{unique:06x}"), format!("n{:05x}", unique & 0xf_ffff));
        let provisioner = format!("{class}.csi.example.com");
        let names = vec![
            (namespace.clone(), "openstack".to_owned()),
            (provisioner.clone(), "csi".to_owned()),
            (class.clone(), "netapp".to_owned()),
        ];
        let home = tempfile::tempdir().unwrap();
        let given = std::env::var_os("GLANCEPV_TEST_OPERATOR").filter(|_| sandbox.is_none()).map(PathBuf::from);
        let operator = within(given.as_ref().unwrap_or(&kubeconfig), &namespace, &home.path().join("operator"));
        let kubeconfig = within(&kubeconfig, &namespace, &home.path().join("administrator"));
        let world = Self {
            operator,
            sandbox,
            namespace,
            claim: CLAIM,
            kubeconfig,
            class,
            provisioner,
            client,
            runtime,
            selected: None,
            size: "500Gi",
            attributes: None,
            installer: None,
            home,
            names: Mutex::new(names),
        };
        world.create::<Namespace>(&Api::all(world.client.clone()), json!({"metadata": {"name": world.namespace}}));
        let class = json!({"metadata": {"name": world.class}, "provisioner": world.provisioner});
        world.create::<StorageClass>(&Api::all(world.client.clone()), class);
        world
    }

    /// Starts the provisioner of the class; without one, claims wait and nothing is deleted.
    pub fn provisioned(self) -> Self {
        let (client, name) = (self.client.clone(), self.provisioner.clone());
        self.runtime.spawn(async move { provisioner::run(client, &name, "Delete").await });
        self
    }

    /// A class of the real provisioner, whose volumes are folders with real bytes in them.
    pub fn on_bytes(mode: &str) -> Self {
        let mut world = Self::new();
        let class = format!("{}b", world.class);
        world.create::<StorageClass>(
            &Api::all(world.client.clone()),
            json!({"metadata": {"name": class},
            "provisioner": "folder.csi.example.com", "volumeBindingMode": mode}),
        );
        if mode == "WaitForFirstConsumer" {
            // The node that the scheduler would choose for the first pod.
            let nodes: Api<Node> = Api::all(world.client.clone());
            let node = serde_json::from_value(json!({"metadata": {"name": "node-1"}})).unwrap();
            let _ = world.runtime.block_on(nodes.create(&PostParams::default(), &node));
            world.selected = Some("node-1".to_owned());
        }
        world.class = class;
        world
    }

    /// A provisioned world with the claim bound to the volume that was made for it: how it begins.
    pub fn installed() -> (Self, String) {
        let world = Self::new().provisioned();
        let volume = world.install(None);
        (world, volume)
    }

    fn create<K>(&self, api: &Api<K>, object: Value) -> K
    where
        K: Clone + DeserializeOwned + serde::Serialize + Debug,
    {
        let object = serde_json::from_value(object).expect("an object");
        self.runtime.block_on(api.create(&PostParams::default(), &object)).expect("created")
    }

    fn in_namespace<K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>>(&self) -> Api<K> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    pub fn claims(&self) -> Api<PersistentVolumeClaim> {
        self.in_namespace()
    }

    pub fn volumes(&self) -> Api<PersistentVolume> {
        Api::all(self.client.clone())
    }

    /// Creates the claim, as installing Glance does, with what `change` makes of it.
    pub fn create_claim(&self, change: impl FnOnce(&mut Value)) -> PersistentVolumeClaim {
        let mut claim = glancepv_sandbox::claim();
        claim["metadata"]["name"] = json!(self.claim);
        claim["spec"]["storageClassName"] = json!(self.class);
        claim["spec"]["resources"]["requests"]["storage"] = json!(self.size);
        if let Some(class) = self.attributes {
            claim["spec"]["volumeAttributesClassName"] = json!(class);
        }
        if let Some(node) = &self.selected {
            claim["metadata"]["annotations"] = json!({"volume.kubernetes.io/selected-node": node});
        }
        change(&mut claim);
        let made = self.create(&self.claims(), claim);
        self.name(&made.uid().unwrap(), "uid-of-claim");
        made
    }

    /// Installs Glance and waits until its claim is bound; the name of the volume.
    pub fn install(&self, pinned: Option<&str>) -> String {
        if let Some(volume) = pinned {
            self.await_later_than(volume);
        }
        self.create_claim(|claim| {
            if let Some(volume) = pinned {
                claim["spec"]["volumeName"] = json!(volume);
            }
        });
        self.bound()
    }

    /// Waits until what is created is younger than the volume. Timestamps are whole seconds, and an
    /// operator is slower than that.
    pub fn await_later_than(&self, volume: &str) {
        let made = self.volume(volume).metadata.creation_timestamp.expect("a timestamp").0;
        while jiff::Timestamp::now().as_second() <= made.as_second() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The volume that the claim is bound to, once it is.
    pub fn bound(&self) -> String {
        let claim = self
            .await_claim(|c| c.is_some_and(|c| c.status.as_ref().and_then(|s| s.phase.as_deref()) == Some("Bound")));
        let volume = claim.and_then(|c| c.spec).and_then(|s| s.volume_name).expect("a bound claim names its volume");
        self.name(&volume, "pvc");
        volume
    }

    /// Deletes a claim of another name.
    pub fn delete_named(&self, name: &str) {
        let gone = async {
            self.claims().delete(name, &DeleteParams::default()).await.expect("deleted");
            awaited(&self.claims(), name, |claim| claim.is_none()).await;
        };
        self.runtime.block_on(gone);
    }

    /// Deletes every claim, as `kubectl delete pvc --all` does, and waits until they are gone.
    pub fn delete_all_claims(&self) {
        self.runtime.block_on(async {
            let names = self.claims().list(&ListParams::default()).await.expect("claims");
            for claim in names {
                self.claims().delete(&claim.name_any(), &DeleteParams::default()).await.expect("deleted");
                awaited(&self.claims(), &claim.name_any(), |claim| claim.is_none()).await;
            }
        });
    }

    /// Deletes the namespace with all that is in it, and makes it again.
    pub fn make_namespace_again(&self) {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        self.runtime.block_on(async {
            namespaces.delete(&self.namespace, &DeleteParams::default()).await.expect("deleted");
            awaited(&namespaces, &self.namespace, |namespace| namespace.is_none()).await;
        });
        self.create::<Namespace>(&namespaces, json!({"metadata": {"name": self.namespace}}));
    }

    /// The volume that a claim of another name names.
    pub fn volume_of(&self, claim: &str) -> String {
        let claim = self.runtime.block_on(self.claims().get(claim)).expect("the claim");
        claim.spec.and_then(|spec| spec.volume_name).expect("a volume")
    }

    /// Waits until a claim of another name is bound.
    pub fn await_bound(&self, name: &str) {
        let phase = |c: &PersistentVolumeClaim| c.status.as_ref().and_then(|s| s.phase.clone());
        let bound = |c: Option<&PersistentVolumeClaim>| c.and_then(phase).as_deref() == Some("Bound");
        self.runtime.block_on(awaited(&self.claims(), name, bound));
    }

    /// Uninstalls Glance: deletes its pods and its claim, and waits until every volume knows.
    pub fn uninstall(&self) {
        let pods: Api<Pod> = self.in_namespace();
        for pod in self.runtime.block_on(pods.list(&ListParams::default())).expect("pods").items {
            self.unmount(&pod.name_any());
        }
        if self.delete_claim() {
            self.await_claim(|claim| claim.is_none());
            for name in self.volumes_of_target() {
                self.await_volume(&name, |v| v.is_none_or(|v| phase(v) != "Bound"));
            }
        }
    }

    /// Puts the claim's template where the plugin runs.
    pub fn template(&self) {
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/templates/openstack-helm.yaml");
        std::fs::copy(fixture, self.home.path().join("pvc-images.yaml")).expect("a template");
    }

    /// As an operator installs, with the template as it is: a claim that is there stays as it is.
    pub fn install_again(&self) {
        if self.phase_of_claim().is_some() {
            return;
        }
        self.volumes_of_target().iter().for_each(|name| self.await_later_than(name));
        if let Some(command) = &self.installer {
            let installed =
                Command::new("sh").args(["-c", command]).env("KUBECONFIG", &self.kubeconfig).output().unwrap();
            assert!(installed.status.success(), "{command}: {}", String::from_utf8_lossy(&installed.stderr));
            return;
        }
        let template = std::fs::read_to_string(self.home.path().join("pvc-images.yaml")).unwrap_or_default();
        let pinned = template.lines().find_map(|line| line.trim().strip_prefix("volumeName: "));
        self.create_claim(|claim| {
            if let Some(volume) = pinned {
                claim["spec"]["volumeName"] = json!(volume);
            }
        });
    }

    /// Deletes the claim; false if there is none.
    pub fn delete_claim(&self) -> bool {
        self.runtime.block_on(self.claims().delete(self.claim, &DeleteParams::default())).is_ok()
    }

    /// Creates a claim that names the volume; false if there is one already.
    pub fn try_install(&self, volume: &str) -> bool {
        let mut claim = glancepv_sandbox::claim();
        claim["spec"]["storageClassName"] = json!(self.class);
        claim["spec"]["volumeName"] = json!(volume);
        let claim = serde_json::from_value(claim).expect("a claim");
        self.runtime.block_on(self.claims().create(&PostParams::default(), &claim)).is_ok()
    }

    pub fn phase_of_claim(&self) -> Option<String> {
        self.runtime.block_on(self.claims().get_opt(self.claim)).expect("an answer")?.status?.phase
    }

    pub fn delete_volume(&self, name: &str) {
        self.runtime.block_on(self.volumes().delete(name, &DeleteParams::default())).expect("deleted");
    }

    /// The names of the volumes whose claimRef names Glance's claim in this world's namespace.
    pub fn volumes_of_target(&self) -> Vec<String> {
        let key = Some(self.namespace.clone());
        let mine = |v: &PersistentVolume| {
            v.spec
                .as_ref()
                .and_then(|s| s.claim_ref.as_ref())
                .is_some_and(|r| r.namespace == key && r.name.as_deref() == Some(self.claim))
        };
        self.all_volumes().into_iter().filter(mine).map(|v| v.name_any()).collect()
    }

    fn all_volumes(&self) -> Vec<PersistentVolume> {
        self.runtime.block_on(self.volumes().list(&ListParams::default())).expect("volumes").items
    }

    pub fn volume(&self, name: &str) -> PersistentVolume {
        self.runtime.block_on(self.volumes().get(name)).expect("the volume")
    }

    /// Another writer: a merge patch of a volume, as somebody else might send it.
    pub fn patch_volume(&self, name: &str, patch: Value) {
        self.patch_volume_as("somebody-else", name, patch);
    }

    /// A merge patch of a volume by this field manager.
    pub fn patch_volume_as(&self, manager: &str, name: &str, patch: Value) {
        let params = PatchParams { field_manager: Some(manager.to_owned()), ..Default::default() };
        self.runtime.block_on(self.volumes().patch(name, &params, &Patch::Merge(patch))).expect("patched");
    }

    /// Another writer that applies, as GitOps does.
    pub fn apply_volume(&self, name: &str, manager: &str, mut patch: Value) {
        patch["apiVersion"] = json!("v1");
        patch["kind"] = json!("PersistentVolume");
        patch["metadata"]["name"] = json!(name);
        let params = PatchParams::apply(manager).force();
        self.runtime.block_on(self.volumes().patch(name, &params, &Patch::Apply(patch))).expect("applied");
    }

    /// Waits until the claim is a second old, so that what is created now is younger.
    pub fn await_later_than_claim(&self) {
        let made =
            self.await_claim(|c| c.is_some()).and_then(|c| c.metadata.creation_timestamp).expect("a timestamp").0;
        while jiff::Timestamp::now().as_second() <= made.as_second() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn create_in_namespace<K>(&self, object: Value) -> K
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + DeserializeOwned
            + serde::Serialize
            + Debug,
    {
        self.create(&self.in_namespace(), object)
    }

    pub fn delete_in_namespace<K>(&self, name: &str)
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + Clone + DeserializeOwned + Debug,
    {
        let api: Api<K> = self.in_namespace();
        self.runtime.block_on(api.delete(name, &DeleteParams::default())).expect("deleted");
    }

    /// The pod that a Job's controller makes, once it has.
    pub fn await_pod_of(&self, job: &str) -> String {
        let pods: Api<Pod> = self.in_namespace();
        let begun = std::time::Instant::now();
        loop {
            let params = ListParams::default().labels(&format!("job-name={job}"));
            if let Some(pod) = self.runtime.block_on(pods.list(&params)).expect("pods").items.first() {
                return pod.name_any();
            }
            assert!(begun.elapsed() < PATIENCE, "no pod of {job}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Gives a pod a node, as a scheduler does.
    pub fn schedule(&self, pod: &str) {
        let pods: Api<Pod> = self.in_namespace();
        let binding = json!({"apiVersion": "v1", "kind": "Binding", "metadata": {"name": pod},
            "target": {"apiVersion": "v1", "kind": "Node", "name": "node-1"}});
        let options = PostParams::default();
        let bound = pods.create_subresource::<_, Value>("binding", pod, &options, &binding);
        self.runtime.block_on(bound).expect("scheduled");
    }

    /// Another writer: a merge patch of the claim.
    pub fn patch_claim(&self, patch: Value) {
        self.runtime
            .block_on(self.claims().patch(self.claim, &PatchParams::default(), &Patch::Merge(patch)))
            .expect("patched");
    }

    pub fn patch_claim_status(&self, patch: Value) {
        let (claims, params, patch) = (self.claims(), PatchParams::default(), Patch::Merge(patch));
        self.runtime.block_on(claims.patch_status(self.claim, &params, &patch)).expect("patched");
    }

    /// The phase of a pod, as a kubelet says it.
    pub fn pod_phase(&self, pod: &str, phase: &str) {
        let pods: Api<Pod> = self.in_namespace();
        let patch = Patch::Merge(json!({"status": {"phase": phase}}));
        self.runtime.block_on(pods.patch_status(pod, &PatchParams::default(), &patch)).expect("patched");
    }

    /// An object that has no namespace.
    pub fn create_for_cluster<K>(&self, object: Value)
    where
        K: Resource<Scope = k8s_openapi::ClusterResourceScope, DynamicType = ()>
            + Clone
            + DeserializeOwned
            + serde::Serialize
            + Debug,
    {
        self.create::<K>(&Api::all(self.client.clone()), object);
    }

    /// Has the sandbox refuse requests from now on.
    pub fn refuse(&self, method: &str, path: &str) {
        let forbidden = glancepv_sandbox::answer::Refusal::new(403, "Forbidden", "may not");
        let sandbox = self.sandbox.as_ref().expect("a sandbox");
        sandbox.state.plan(method, path, 1000, glancepv_sandbox::state::Fault::Answer(forbidden));
    }

    /// Waits until every fault that was planned has struck.
    pub fn await_struck(&self) {
        let state = &self.sandbox.as_ref().expect("a sandbox").state;
        let begun = std::time::Instant::now();
        while state.planned() > 0 {
            assert!(begun.elapsed() < PATIENCE, "{} faults have not struck", state.planned());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// An event of a volume.
    pub fn event_of_volume(&self, volume: &str, reason: &str, message: &str) {
        self.create::<Event>(
            &Api::namespaced(self.client.clone(), "default"),
            json!({"metadata": {"name": format!("e-{}", rand())}, "reason": reason, "message": message,
            "involvedObject": {"kind": "PersistentVolume", "name": volume}, "type": "Warning",
            "lastTimestamp": "2030-01-01T00:00:00Z"}),
        );
    }

    /// An event of the claim.
    pub fn event(&self, claim: &PersistentVolumeClaim, reason: &str, message: &str) {
        self.create::<Event>(
            &self.in_namespace(),
            json!({"metadata": {"generateName": "e-", "name": format!("e-{}", rand())},
            "involvedObject": {"kind": "PersistentVolumeClaim", "namespace": self.namespace, "name": claim.name_any(),
                "uid": claim.metadata.uid}, "reason": reason, "message": message, "type": "Warning",
            "lastTimestamp": "2030-01-01T00:00:00Z"}),
        );
    }

    /// Waits until the claim's volume has the policy.
    pub fn await_policy(&self, policy: &str) {
        let volume = self.bound();
        let has = |v: &PersistentVolume| {
            v.spec.as_ref().and_then(|s| s.persistent_volume_reclaim_policy.as_deref()) == Some(policy)
        };
        self.await_volume(&volume, |v| v.is_some_and(has));
    }

    /// Waits until the template names a volume.
    pub fn await_template(&self) {
        let file = self.home.path().join("pvc-images.yaml");
        let begun = std::time::Instant::now();
        while !std::fs::read_to_string(&file).unwrap_or_default().contains("volumeName: ") {
            assert!(begun.elapsed() < PATIENCE, "the template is not pinned");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn patch_volume_status(&self, name: &str, patch: Value) {
        self.runtime
            .block_on(self.volumes().patch_status(name, &PatchParams::default(), &Patch::Merge(patch)))
            .expect("patched");
    }

    /// A claimRef to the claim, with this UID.
    pub fn reference(&self, uid: Option<&str>) -> Value {
        json!({"kind": "PersistentVolumeClaim", "namespace": self.namespace, "name": self.claim, "uid": uid})
    }

    /// A volume that nobody provisions, with this claimRef.
    pub fn create_volume(&self, claim_ref: Value) -> String {
        let name = format!("pvc-{:08x}-0000-4000-8000-{:012x}", rand(), rand());
        self.create(&self.volumes(), json!({
            "metadata": {"name": name},
            "spec": {"capacity": {"storage": "500Gi"}, "accessModes": ["ReadWriteMany"], "storageClassName": self.class,
                "persistentVolumeReclaimPolicy": "Retain", "claimRef": claim_ref,
                "csi": {"driver": self.provisioner, "volumeHandle": name}},
        }));
        self.name(&name, "pvc");
        name
    }

    /// A volume as a manifest has it.
    pub fn create_volume_from(&self, manifest: Value) {
        self.create(&self.volumes(), manifest);
    }

    fn trident_volumes(&self) -> Api<DynamicObject> {
        let kind = GroupVersionKind::gvk("trident.netapp.io", "v1", "TridentVolume");
        let resource = ApiResource::from_gvk_with_plural(&kind, "tridentvolumes");
        Api::namespaced_with(self.client.clone(), &format!("{}-trident", self.class), &resource)
    }

    /// Defines NetApp Trident's resource, if that was not done, and waits until it is served; its objects are in a namespace of
    /// their own.
    pub fn define_trident(&self) {
        self.create_for_cluster::<Namespace>(json!({"metadata": {"name": format!("{}-trident", self.class)}}));
        let definitions: Api<CustomResourceDefinition> = Api::all(self.client.clone());
        let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        let definition = json!({"metadata": {"name": "tridentvolumes.trident.netapp.io"}, "spec": {
            "group": "trident.netapp.io", "scope": "Namespaced",
            "names": {"plural": "tridentvolumes", "singular": "tridentvolume", "kind": "TridentVolume"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}]}});
        let definition = serde_json::from_value(definition).expect("a definition");
        self.runtime.block_on(async {
            match definitions.create(&PostParams::default(), &definition).await {
                Err(kube::Error::Api(status)) if status.code == 409 => {}
                created => drop(created.expect("created")),
            }
            let begun = std::time::Instant::now();
            while self.trident_volumes().list(&ListParams::default()).await.is_err() {
                assert!(begun.elapsed() < Duration::from_secs(30), "Trident's resource is not served");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
    }

    /// Trident's object for a volume.
    pub fn in_trident(&self, volume: &str, state: &str) {
        let object = json!({"apiVersion": "trident.netapp.io/v1", "kind": "TridentVolume", "metadata": {"name": volume},
            "config": {"name": volume}, "state": state, "orphaned": false});
        let object = serde_json::from_value(object).expect("an object");
        self.runtime.block_on(self.trident_volumes().create(&PostParams::default(), &object)).expect("created");
    }

    /// Changes its state.
    pub fn set_in_trident(&self, volume: &str, state: &str) {
        let patch = Patch::Merge(json!({"state": state}));
        let patched = self.trident_volumes();
        self.runtime.block_on(patched.patch(volume, &PatchParams::default(), &patch)).expect("patched");
    }

    /// A pod that mounts the claim, as glance-api does.
    pub fn mount(&self, pod: &str) {
        self.create::<Pod>(&self.in_namespace(), json!({
            "metadata": {"name": pod},
            "spec": {"nodeName": "node-1", "containers": [{"name": "api", "image": "glance"}], "terminationGracePeriodSeconds": 0,
                "volumes": [{"name": "images", "persistentVolumeClaim": {"claimName": self.claim}}]},
        }));
        self.pod_phase(pod, "Running");
    }

    pub fn unmount(&self, pod: &str) {
        let pods: Api<Pod> = self.in_namespace();
        self.runtime.block_on(pods.delete(pod, &DeleteParams::default().grace_period(0))).expect("deleted");
    }

    pub fn await_claim(
        &self,
        wanted: impl Fn(Option<&PersistentVolumeClaim>) -> bool,
    ) -> Option<PersistentVolumeClaim> {
        self.runtime.block_on(awaited(&self.claims(), self.claim, wanted))
    }

    pub fn await_volume(
        &self,
        name: &str,
        wanted: impl Fn(Option<&PersistentVolume>) -> bool,
    ) -> Option<PersistentVolume> {
        self.runtime.block_on(awaited(&self.volumes(), name, wanted))
    }

    /// Has snapshots say `as_what`-1, -2… for `text`, as long as it.
    pub fn name(&self, text: &str, as_what: &str) {
        let mut names = self.names.lock().unwrap();
        if names.iter().any(|(known, _)| known == text) {
            return;
        }
        let nth = names.iter().filter(|(_, alias)| alias.starts_with(as_what)).count() + 1;
        let mut alias = as_what.to_owned();
        while alias.len() + nth.to_string().len() < text.len() {
            alias.push('-');
        }
        names.push((text.to_owned(), format!("{alias}{nth}")));
        // A volume's name holds its claim's UID: the longest first.
        names.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
    }

    /// Text in which nothing is left that differs from run to run or from server to server.
    pub fn stable(&self, text: &str) -> String {
        let mut text = as_on_unix(text);
        for (from, to) in self.names.lock().unwrap().iter() {
            text = text.replace(from, to);
        }
        let rules = [
            // Servers before 1.29 have no such column.
            ("VOLUMEATTRIBUTESCLASS   ", ""),
            (r"<unset> {17}", ""),
            // A cell: `--timeout 10m` at the end of a line is none.
            (r"(?m) {3}\d+[smh]\d*s?$", "   [age]"),
            (r"(?m) \d+[smh]\d*s?( +Filesystem)$", " [age]$1"),
            (r"\(\d+[smh]\d*s?\)", "([age])"),
            (r"\(\d+[smh]\d*s? old\)", "([age] old)"),
            (r"(?m)^(\S+ +[A-Z][a-zA-Z]+ +(?:Retain|Delete|Recycle|<none>) +\S+ +)\d+[smh]\d*s? +", "$1[age]   "),
            (r"by age [0-9smh, ]+", "by age [ages]"),
            // Servers before 1.28 do not tell since when.
            (r"has been (\w+) for \d+[smh]\d*s? with policy", "is $1 with policy"),
            (r"resourceVersion: \d+", "resourceVersion: [version]"),
            (r"resourceVersion: \(none\)", "resourceVersion: [version]"),
        ];
        for (pattern, with) in rules {
            text = Regex::new(pattern).unwrap().replace_all(&text, with).into_owned();
        }
        text
    }

    /// The command, ready to be run: a cleared environment with the kubeconfig in it.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(plugin());
        command
            .env_clear()
            .env("HOME", self.home.path())
            .env("KUBECONFIG", &self.operator)
            .env("TERM", "xterm")
            .env("NO_COLOR", "1")
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .args(arguments.split_whitespace());
        // Without these, nothing starts or connects on Windows.
        let kept = ["SystemRoot", "ComSpec", "PATH"].iter().filter(|_| cfg!(windows));
        command.envs(kept.filter_map(|name| Some((name, std::env::var_os(name)?))));
        command
    }

    /// Runs the plugin in this world's namespace.
    pub fn run(&self, arguments: &str) -> Run {
        self.finish(arguments, self.spawn(arguments))
    }

    /// Runs the plugin with arguments that have spaces.
    pub fn command_with(&self, arguments: &[&str]) -> Run {
        let output = self.command("").args(arguments).output().expect("the executable");
        self.outcome(&arguments.join(" "), output)
    }

    /// Runs the plugin again whenever the claim's events may have changed, until it says `text`.
    pub fn eventually(&self, arguments: &str, text: &str) -> Run {
        self.eventually_in(&self.namespace, arguments, text)
    }

    fn eventually_in(&self, namespace: &str, arguments: &str, text: &str) -> Run {
        let events: Api<Event> = Api::namespaced(self.client.clone(), namespace);
        let look = async {
            loop {
                let mut news =
                    events.watch_metadata(&WatchParams::default().timeout(5), "").await.expect("a watch").boxed();
                let run = self.run(arguments);
                if run.contains(text) {
                    return run;
                }
                let _ = news.next().await;
            }
        };
        self.runtime.block_on(async { tokio::time::timeout(PATIENCE, look).await }).expect(text)
    }

    /// As `eventually`, for the events of volumes.
    pub fn eventually_of_volumes(&self, arguments: &str, text: &str) -> Run {
        self.eventually_in("default", arguments, text)
    }

    /// Starts the plugin, to be finished later.
    pub fn spawn(&self, arguments: &str) -> std::process::Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the executable")
    }

    /// Runs the plugin with a context that is not the current one: what it prints has to reach the same cluster.
    pub fn run_from_elsewhere(&self, arguments: &str) -> Run {
        let read = Kubeconfig::read_from(&self.operator).expect("a kubeconfig");
        let context = read.current_context.expect("a context");
        let mut command = self.command(&format!("{arguments} --context {context}"));
        let output = command.env("KUBECONFIG", self.operator.with_extension("elsewhere")).output();
        self.outcome(arguments, output.expect("the executable"))
    }

    /// Starts the plugin, and the lines that it prints to either stream.
    pub fn follow_lines(&self, arguments: &str) -> (std::process::Child, impl Iterator<Item = String> + use<>) {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let mut command = self.command(arguments);
        let child = command.stdout(writer.try_clone().expect("a pipe")).stderr(writer).spawn().expect("the executable");
        // The command holds the writing end: without it the lines end with the plugin.
        drop(command);
        // They end, too, where none comes any more: a test fails then, and does not hang.
        let (sender, received) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let lines = std::io::BufRead::lines(std::io::BufReader::new(reader)).map_while(Result::ok);
            lines.take_while(|line| sender.send(line.clone()).is_ok()).count()
        });
        (child, std::iter::from_fn(move || received.recv_timeout(PATIENCE).ok()))
    }

    pub fn finish(&self, arguments: &str, child: std::process::Child) -> Run {
        self.outcome(arguments, child.wait_with_output().expect("an end"))
    }

    pub fn outcome(&self, arguments: &str, output: std::process::Output) -> Run {
        let text = |bytes: &[u8]| self.stable(&String::from_utf8_lossy(bytes));
        let printed = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
        let next = typing::lines(&printed.concat());
        for line in &next {
            typing::assert_can_be_typed(line);
        }
        let status = output.status.code().unwrap_or(-1);
        Run { stdout: text(&output.stdout), stderr: text(&output.stderr), status, next, typed: self.stable(arguments) }
    }

    /// The requests that arrived since the last call, one line each, without those of the test.
    pub fn requests(&self) -> String {
        let sandbox = self.sandbox.as_ref().expect("only the sandbox records");
        let taken = sandbox.state.take_requests();
        taken
            .iter()
            .map(|r| {
                let body = if r.body.is_null() { String::new() } else { format!(" {}", r.body) };
                let versions = Regex::new(r#"(resourceVersion(=|":"))[1-9]\d*"#).unwrap();
                let line = self.stable(&format!("{} {}{body}\n", r.method, r.path));
                versions.replace_all(&line, "$1[version]").into_owned()
            })
            .collect()
    }

    pub fn operator(&self) -> &std::path::Path {
        &self.operator
    }

    pub fn kubeconfig(&self) -> &std::path::Path {
        &self.kubeconfig
    }

    /// The sandbox's folder, as messages have it.
    pub fn sandbox_folder(&self) -> String {
        self.sandbox.as_ref().expect("a sandbox").folder().to_string_lossy().into_owned()
    }

    pub fn home(&self) -> &std::path::Path {
        self.home.path()
    }

    /// The annotations that a claim kept by Helm has.
    pub fn kept() -> BTreeMap<&'static str, &'static str> {
        BTreeMap::from([("helm.sh/resource-policy", "keep")])
    }
}

/// Fails unless a run printed each of `parts`.
pub fn says(run: &Run, parts: &[&str]) {
    for part in parts {
        assert!(run.contains(part), "{part:?} is not in\n{run}");
    }
}

/// Presses Ctrl-C.
pub fn interrupt(program: &std::process::Child) {
    assert!(Command::new("kill").args(["-INT", &program.id().to_string()]).status().unwrap().success());
}

/// Reads the lines of a running program up to the first that begins with `start`.
pub fn await_line(lines: &mut impl Iterator<Item = String>, start: &str) {
    assert!(lines.any(|line| line.starts_with(start)), "{start:?} is never told");
}

/// A copy of a kubeconfig whose contexts have the namespace. Beside it, with the ending `elsewhere`, one whose current context
/// is another: nothing listens there.
fn within(kubeconfig: &Path, namespace: &str, copy: &Path) -> PathBuf {
    let mut read = Kubeconfig::read_from(kubeconfig).expect("a kubeconfig");
    for context in read.contexts.iter_mut().filter_map(|named| named.context.as_mut()) {
        context.namespace = Some(namespace.to_owned());
    }
    std::fs::write(copy, serde_json::to_string(&read).unwrap()).unwrap();
    let mut elsewhere = serde_json::to_value(&read).unwrap();
    let mut add = |list: &str, entry: Value| elsewhere[list].as_array_mut().unwrap().push(entry);
    add("clusters", json!({"name": "staging", "cluster": {"server": "https://127.0.0.1:1"}}));
    add("contexts", json!({"name": "staging", "context": {"cluster": "staging", "user": read.auth_infos[0].name}}));
    elsewhere["current-context"] = json!("staging");
    std::fs::write(copy.with_extension("elsewhere"), elsewhere.to_string()).unwrap();
    copy.to_owned()
}

/// A text in which what a system says of a missing file is in Unix' words.
pub fn as_on_unix(text: &str) -> String {
    ["missing", "missing/missing"].iter().fold(text.to_owned(), |text, path| {
        text.replace(&os_message(&std::fs::metadata(path).unwrap_err()), "no such file or directory")
    })
}

/// Writes a shell script. Another process does: what a test of another thread starts meanwhile would inherit the file, open for
/// writing, and it could not be executed ("text file busy").
#[cfg(unix)]
pub fn executable(path: &Path, script: &str) {
    let write = "printf '%s\\n' '#!/bin/sh' \"$1\" > \"$0\" && chmod 755 \"$0\"";
    assert!(Command::new("sh").args(["-c", write]).arg(path).arg(script).status().unwrap().success());
}

/// Copies the executable under test, by another process as [`executable`] does.
#[cfg(unix)]
pub fn copy_plugin(to: &Path) {
    assert!(Command::new("cp").arg(plugin()).arg(to).status().unwrap().success());
}

/// Copies the executable under test.
#[cfg(windows)]
pub fn copy_plugin(to: &Path) {
    std::fs::copy(plugin(), to).unwrap();
}

pub fn phase(volume: &PersistentVolume) -> &str {
    volume.status.as_ref().and_then(|s| s.phase.as_deref()).unwrap_or_default()
}

fn rand() -> u32 {
    use std::hash::{BuildHasher, Hasher};
    let random = std::collections::hash_map::RandomState::new().build_hasher().finish();
    u32::try_from(random & 0xffff_ffff).unwrap()
}

/// Reads the object, and again whenever it has changed, until it is as wanted.
async fn awaited<K>(api: &Api<K>, name: &str, wanted: impl Fn(Option<&K>) -> bool) -> Option<K>
where
    K: Clone + DeserializeOwned + Debug + Resource,
{
    let look = async {
        loop {
            let version = api.list_metadata(&ListParams::default()).await.expect("a list").metadata.resource_version;
            let found = api.get_opt(name).await.expect("an answer");
            if wanted(found.as_ref()) {
                return found;
            }
            let params = WatchParams::default().fields(&format!("metadata.name={name}")).timeout(5);
            let mut events = api.watch_metadata(&params, &version.unwrap_or_default()).await.expect("a watch").boxed();
            let _ = events.next().await;
        }
    };
    tokio::time::timeout(PATIENCE, look).await.unwrap_or_else(|_| panic!("{name} did not become what was waited for"))
}
