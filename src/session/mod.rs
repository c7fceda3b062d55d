//! One run: the cluster, the target, the person and the output.

pub mod change;
pub mod change_all;
pub mod consent;
pub mod draft;
pub mod overview;
pub mod planned;
pub mod report;
pub mod select;
pub mod send_all;
pub mod several;
pub mod shell;
pub mod verbs;
pub mod verify_all;
pub mod wait;

use std::sync::Arc;

use futures::future::{join, try_join_all};

use crate::cluster::{Cluster, Fresh, Kind, Log, Observation, Reach, Row, Survey, transport};
use crate::error::Error;
use crate::escape::line;
use crate::kubectl::connection::{Connection, pod_namespace, request_timeout};
use crate::kubectl::kubeconfig::{self, Settings};
use crate::kubectl::output::Output;
use crate::kubectl::table::table;
use crate::lifecycle::{Assessment, Stage, Target, Verb, preserved};
use crate::terminal::{Terminal, Tone};
use crate::words::next::Typed;
use consent::Consent;
use select::Selection;

/// The namespace of OpenStack's charts, used unless a flag, a context or a pod gives another.
const NAMESPACE: &str = "openstack";

/// The maximum number of volumes of other claims that are offered.
const MOST: usize = 5;

/// One run of a verb.
#[derive(Clone)]
pub struct Session {
    /// The cluster.
    pub cluster: Arc<Cluster>,
    /// The claims that the user means.
    pub selection: Selection,
    /// The claim, if it is one; of several, their namespace and the name that was typed first.
    pub target: Target,
    /// The flags that were typed.
    pub typed: Typed,
    /// The terminal.
    pub terminal: Terminal,
    /// The output format.
    pub output: Output,
    /// The consent to changes.
    pub consent: Consent,
    /// The field manager of changes.
    pub field_manager: String,
}

impl Session {
    /// The observation, and the name of the volume that `verb` is about.
    pub async fn preserved(&self, named: Option<&str>, verb: Verb) -> Result<(Observation, String), Error> {
        let seen = self.cluster.observe(&self.target, named, Reach::All, Fresh::Consistent).await?;
        if named.is_none() && seen.assess().stage == Stage::Absent {
            return Err(self.absent().await);
        }
        let name = preserved(&seen.situation(), verb)?.name.clone();
        Ok((seen, name))
    }

    /// The error for a target with neither claim nor volume; it names the namespaces that have a claim of that name, and
    /// the claims of this one.
    pub async fn absent(&self) -> Error {
        let claims = Kind::Claim.path(Some(&self.target.namespace));
        let (elsewhere, here) = join(self.cluster.elsewhere(&self.target), self.cluster.names(&claims)).await;
        let kept = self.cluster.kept_for_missing(&self.target).await;
        match (allowed(elsewhere), allowed(here), allowed(kept)) {
            (Ok(elsewhere), Ok(here), Ok(mut kept)) => {
                kept.truncate(MOST);
                Error::Absent { target: self.target.clone(), elsewhere, here, kept }
            }
            (Err(error), ..) | (_, Err(error), _) | (_, _, Err(error)) => error,
        }
    }

    /// Adds findings that take another request, only if there is something to explain: the newest events of a claim
    /// that is not bound and of a volume that may be deleted, and the pods that keep a claim from being deleted.
    pub async fn explain(&self, found: &mut Assessment<'_>) -> Result<(), Error> {
        let waits = matches!(found.stage, Stage::Binding | Stage::Released);
        let claim = async {
            match found.situation.claim.filter(|_| waits) {
                Some(claim) => allowed(self.cluster.events_of_claim(&self.target, &claim.uid).await),
                None => Ok(Vec::new()),
            }
        };
        let untouched = matches!(found.stage, Stage::AtRisk | Stage::Retained | Stage::Absent);
        let volume = async {
            match found.volume.filter(|_| !untouched) {
                Some(volume) => allowed(self.cluster.events_of_volume(&volume.name).await),
                None => Ok(Vec::new()),
            }
        };
        let (claim, volume) = join(claim, volume).await;
        found.add_claim_events(claim?);
        found.add_volume_events(volume?);
        if found.stage == Stage::Binding && found.volume.is_none() {
            let mut kept = allowed(self.cluster.kept_for_missing(&self.target).await)?;
            kept.truncate(MOST);
            found.add_kept_for_others(kept);
        }
        if found.situation.claim.is_some_and(|claim| claim.terminating) {
            found.add_holders(allowed(self.cluster.pods_using(&self.target).await)?);
        }
        Ok(())
    }

    /// Reads the driver's own state of the volume that the stage speaks of, once its claim may have been deleted.
    pub async fn ask_driver(&self, seen: &mut Observation) -> Result<(), Error> {
        let found = seen.assess();
        let asks = !matches!(found.stage, Stage::AtRisk | Stage::Retained | Stage::Absent);
        match found.volume.filter(|_| asks).map(|volume| volume.name.clone()) {
            Some(name) => self.cluster.ask_trident(seen, |volume| volume.name == name).await,
            None => Ok(()),
        }
    }

    /// Reads the same of several claims.
    pub async fn ask_driver_of_all(&self, survey: &mut Survey) -> Result<(), Error> {
        try_join_all(survey.claims.iter_mut().map(|seen| self.ask_driver(seen))).await.map(|_| ())
    }

    /// Adds a finding if no node can use the volume; nothing is asked where any node will do. An error if nodes may not be listed.
    pub async fn look_for_node(&self, found: &mut Assessment<'_>) -> Result<(), Error> {
        if found.volume.is_some_and(|volume| !volume.nodes.is_empty()) {
            found.add_nodes(&self.cluster.nodes().await?);
        }
        Ok(())
    }

    /// Rows of one kind, in a table.
    pub fn table(&self, rows: &[&Row]) -> String {
        let columns = rows.first().map_or(&[][..], |row| &row.columns);
        let columns: Vec<_> =
            columns.iter().map(|c| (c.name.as_str(), self.output.is_wide() || c.priority == 0)).collect();
        let cells: Vec<_> = rows.iter().map(|row| row.cells.as_slice()).collect();
        table(&columns, &cells, self.output.headers)
    }
}

/// The cluster, and the default namespace: that of the context, else (in a pod) of the service account, else
/// `openstack`. Nothing is sent yet. `namespaced` is true if a flag gives a namespace.
pub async fn connect(flags: &Connection, namespaced: bool, terminal: Terminal) -> Result<(Cluster, String), Error> {
    let timeout = request_timeout(&flags.request_timeout)?.map(|limit| (limit, flags.request_timeout.clone()));
    let Settings { config, context, namespace } = kubeconfig::settings(flags, namespaced).await?;
    let port = config.cluster_url.port_u16().map_or(String::new(), |p| format!(":{p}"));
    let server = format!("{}{port}", config.cluster_url.host().unwrap_or_default());
    let url = config.cluster_url.to_string().trim_end_matches('/').to_owned();
    // Warnings of the API server, as kubectl prints them.
    let warn: Log = Arc::new(move |text| terminal.headline(Tone::Warning, "Warning", text));
    // A request, in the form of klog's lines.
    let log: Log = Arc::new(move |text| {
        let now = jiff::Timestamp::now().strftime("%m%d %H:%M:%S%.6f");
        terminal.note(&format!("I{now} {}] {text}", std::process::id()));
    });
    let log = (flags.v >= 6).then_some(log);
    let limit = timeout.as_ref().map(|(limit, _)| *limit);
    let client = if config.auth_info.exec.is_some() {
        // kube blocks on the exec plugin, which therefore gets a thread of its own: Ctrl-C works.
        let made = tokio::task::spawn_blocking(move || transport::client(&config, limit, log)).await;
        made.map_err(std::io::Error::other)?
    } else {
        transport::client(&config, limit, log)
    };
    let client = client.map_err(|error| match transport::failure(&server, error) {
        Error::Connection { trouble, .. } => Error::Configuration(format!("error: {}", line(&trouble.to_string()))),
        other => other,
    })?;
    let namespace = namespace.or_else(pod_namespace).unwrap_or_else(|| NAMESPACE.to_owned());
    Ok((Cluster { client, server, url, context, timeout, warn }, namespace))
}

/// The outcome, or nothing if the user lacks the right to read it.
pub fn allowed<T: Default>(outcome: Result<T, Error>) -> Result<T, Error> {
    match outcome {
        Err(error) if error.is_forbidden() => Ok(T::default()),
        outcome => outcome,
    }
}
