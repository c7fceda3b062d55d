//! A small Kubernetes API for one job: claims and volumes, over HTTPS, with a volume binder.
//!
//! It is trusted only because the same scenarios pass on real control planes (`tests/cluster`).
//! A difference from one is a mistake here.

pub mod answer;
mod binder;
mod discovery;
mod fault;
pub mod provisioner;
mod resources;
mod server;
pub mod state;
mod store;
mod table;
mod tls;
mod watch;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};
use tokio_rustls::TlsAcceptor;

use crate::resources::Resource;
use crate::state::State;

/// A running API server on loopback, with a kubeconfig; it stops when this is dropped.
pub struct Sandbox {
    /// The objects, the requests that were recorded, and the faults that are planned.
    pub state: Arc<State>,
    folder: tempfile::TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts on a free port of 127.0.0.1, with certificates of its own and a kubeconfig whose
    /// user has a client certificate (`admin`).
    ///
    /// # Errors
    ///
    /// No port, no temporary folder, no thread.
    pub fn start() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("glancepv-sandbox").tempdir()?;
        let state = Arc::new(State::default());
        for namespace in ["default", "kube-system"] {
            let object = json!({"metadata": {"name": namespace}});
            if let Some(resource) = Resource::find("", "namespaces") {
                state.store().create(resource, "", object).map_err(|e| io::Error::other(e.message))?;
            }
        }
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let tls = tls::prepare(folder.path(), port)?;
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::clone(&state);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name("sandbox".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, tls, Arc::clone(&shared)) => {}
                    () = control(shared) => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_background();
        })?;
        Ok(Self { state, folder, stop: Some(stop), thread: Some(thread) })
    }

    /// The kubeconfig of the administrator.
    #[must_use]
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// The folder with the certificates, the keys and the kubeconfig.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A copy of the kubeconfig for another user, who has a bearer token instead.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn kubeconfig_of(&self, user: &str) -> io::Result<PathBuf> {
        let path = self.folder.path().join(format!("kubeconfig-{user}"));
        let mut config: Value = serde_json::from_slice(&std::fs::read(self.kubeconfig())?).map_err(io::Error::other)?;
        config["users"][0]["user"] = json!({"token": format!("{user}-token")});
        std::fs::write(&path, config.to_string())?;
        Ok(path)
    }

    /// Adds what the procedure starts from: namespace `openstack`, class `netapp` and the claim
    /// `openstack/glance-images` (500Gi, RWX). A [`provisioner`] of that class's name makes its
    /// volume.
    ///
    /// # Errors
    ///
    /// They are there already.
    pub fn add_glance(&self) -> io::Result<()> {
        let mut store = self.state.store();
        for (group, plural, namespace, object) in [
            ("", "namespaces", "", json!({"metadata": {"name": "openstack"}})),
            (
                "storage.k8s.io",
                "storageclasses",
                "",
                json!({"metadata": {"name": "netapp"}, "provisioner": PROVISIONER}),
            ),
            ("", "persistentvolumeclaims", "openstack", claim()),
        ] {
            if let Some(resource) = Resource::find(group, plural) {
                store.create(resource, namespace, object).map_err(|e| io::Error::other(e.message))?;
            }
        }
        drop(store);
        self.state.touched();
        Ok(())
    }

    /// Adds `count` volumes of other claims, all of them gone.
    ///
    /// # Errors
    ///
    /// They are there already.
    pub fn add_volumes(&self, count: usize) -> io::Result<()> {
        let mut store = self.state.store();
        for n in 0..count {
            let claim = json!({"kind": "PersistentVolumeClaim", "namespace": format!("tenant-{}", n % 97),
                "name": format!("data-{n}"), "uid": format!("{n:08x}-0000-4000-8000-000000000000")});
            let volume = json!({"metadata": {"name": format!("pvc-{n:08x}-0000-4000-8000-000000000000")},
                "spec": {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "10Gi"}, "storageClassName": "netapp",
                    "persistentVolumeReclaimPolicy": "Retain", "claimRef": claim,
                    "csi": {"driver": PROVISIONER, "volumeHandle": n.to_string()}}});
            if let Some(resource) = Resource::find("", "persistentvolumes") {
                store.create(resource, "", volume).map_err(|e| io::Error::other(e.message))?;
            }
        }
        store.compact();
        drop(store);
        self.state.touched();
        Ok(())
    }

    /// Stops or restarts the volume controller.
    pub fn pause_controller(&self, paused: bool) {
        self.state.paused.store(paused, Ordering::SeqCst);
        self.state.touched();
    }
}

/// The provisioner that class `netapp` names: NetApp Trident's CSI driver.
pub const PROVISIONER: &str = "csi.trident.netapp.io";

/// Glance's claim as OpenStack-Helm's chart renders it for burrito.
#[must_use]
pub fn claim() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "glance-images"},
        "spec": {
            "accessModes": ["ReadWriteMany"],
            "resources": {"requests": {"storage": "500Gi"}},
            "storageClassName": "netapp",
        },
    })
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: std::net::TcpListener, tls: TlsAcceptor, state: Arc<State>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, state) = (tls.clone(), Arc::clone(&state));
        tokio::spawn(async move {
            let Ok(stream) = tls.accept(stream).await else { return };
            let certificate = stream.get_ref().1.peer_certificates().is_some();
            let broken = Arc::new(Notify::new());
            let breaking = Arc::clone(&broken);
            let service = service_fn(move |request| {
                server::serve(Arc::clone(&state), certificate, Arc::clone(&breaking), request)
            });
            let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
            tokio::select! {
                // A client that breaks off is no failure of the server.
                _ = server.serve_connection(TokioIo::new(stream), service) => {}
                () = broken.notified() => {}
            }
        });
    }
}

/// The volume controller: looks again whenever something has changed.
async fn control(state: Arc<State>) {
    let mut changes = state.changes();
    loop {
        changes.borrow_and_update();
        if !state.paused.load(Ordering::SeqCst) {
            let (before, after) = {
                let mut store = state.store();
                let before = store.version;
                binder::reconcile(&mut store);
                (before, store.version)
            };
            if before != after {
                state.touched();
            }
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}
