//! What every verb travels on: one run, about one claim.

pub mod change;
pub mod draft;
pub mod flags;
pub mod report;
pub mod wait;

use std::fmt::Display;
use std::sync::Arc;

use futures::future::join;

use crate::cluster::{Cluster, Observation, Row, Scope, Told, transport};
use crate::error::Error;
use crate::kubectl::connection::{Connection, pod_namespace, request_timeout};
use crate::kubectl::kubeconfig::{self, Settings};
use crate::kubectl::output::Output;
use crate::kubectl::table::table;
use crate::lifecycle::{Assessment, Finding, Situation, Stage, Target, Verb, assess, preserved};
use crate::terminal::{Terminal, Tone};
use crate::words::next::Typed;
use flags::Shared;

/// The namespace of OpenStack's charts, where no flag, context or pod tells another.
const NAMESPACE: &str = "openstack";

/// What a verb is given: whom to ask, about what, and how to answer.
pub struct Session {
    pub cluster: Cluster,
    pub target: Target,
    pub typed: Typed,
    pub terminal: Terminal,
    pub output: Output,
}

impl Session {
    /// Connects, as the flags say; nothing is sent yet.
    pub async fn open(
        shared: &Shared,
        connection: &Connection,
        typed: Typed,
        terminal: Terminal,
    ) -> Result<Self, Error> {
        let (cluster, namespace) = connect(connection, shared.namespace.is_some(), terminal).await?;
        let namespace = shared.namespace.clone().unwrap_or(namespace);
        let target = Target { namespace, claim: shared.claim.clone() };
        let output = Output { format: shared.output, headers: !shared.no_headers };
        Ok(Self { cluster, target, typed, terminal, output })
    }

    /// What there is, and the name of the volume that is to be, or was, or is the target's.
    pub async fn preserved(&self, named: Option<&str>, verb: Verb) -> Result<(Observation, String), Error> {
        let seen = self.cluster.observe(&self.target, named, Scope::All).await?;
        if named.is_none() && assess(&seen.situation()).stage == Stage::Absent {
            return Err(self.absent().await);
        }
        let name = preserved(&seen.situation(), verb)?.name.clone();
        Ok((seen, name))
    }

    /// The error for a target that is not there, neither claim nor volume; it names the namespaces
    /// that have a claim of that name.
    pub async fn absent(&self) -> Error {
        match allowed(self.cluster.elsewhere(&self.target).await) {
            Ok(elsewhere) => Error::Absent { target: self.target.clone(), elsewhere },
            Err(error) => error,
        }
    }

    /// Adds what takes another request, only where there is something to explain: why a claim waits and
    /// whether a volume's deletion was begun, in the words of their newest events, and which pods keep
    /// a claim from being deleted.
    pub async fn explain(&self, found: &mut Assessment<'_>, situation: &Situation<'_>) -> Result<(), Error> {
        let waits = matches!(found.stage, Stage::Binding | Stage::Released);
        let claim = async {
            match situation.claim.filter(|_| waits) {
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
        found.hear_of_claim(claim?);
        found.hear_of_volume(volume?);
        if situation.claim.is_some_and(|claim| claim.terminating) {
            let pods = allowed(self.cluster.mounting(&self.target).await)?;
            found.findings.extend((!pods.is_empty()).then_some(Finding::HeldByPods(pods)));
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

/// The cluster, and the default namespace: of the context, else (in a pod) of the service account, else
/// `openstack`. Nothing is sent yet. `namespaced` is whether a flag gives a namespace.
pub async fn connect(flags: &Connection, namespaced: bool, terminal: Terminal) -> Result<(Cluster, String), Error> {
    let timeout = request_timeout(&flags.request_timeout)?.map(|limit| (limit, flags.request_timeout.clone()));
    let Settings { config, context, namespace } = kubeconfig::settings(flags, namespaced).await?;
    let port = config.cluster_url.port_u16().map_or(String::new(), |p| format!(":{p}"));
    let server = format!("{}{port}", config.cluster_url.host().unwrap_or_default());
    let url = config.cluster_url.to_string().trim_end_matches('/').to_owned();
    // As kubectl prints what an API server warns of.
    let warn: Told = Arc::new(move |text| terminal.headline(Tone::Plain, "Warning", text));
    // A request, in the form of klog's lines.
    let log: Told = Arc::new(move |text| {
        let now = jiff::Timestamp::now().strftime("%m%d %H:%M:%S%.6f");
        terminal.note(&format!("I{now} {}] {text}", std::process::id()));
    });
    let log = (flags.v >= 6).then_some(log);
    let client = if config.auth_info.exec.is_some() {
        // kube blocks on the exec plugin; it has a thread of its own, so that Ctrl-C works.
        let made = tokio::task::spawn_blocking(move || transport::client(&config, log)).await;
        made.map_err(std::io::Error::other)?
    } else {
        transport::client(&config, log)
    };
    let client = client.map_err(|error| match transport::failure(&server, error) {
        Error::Connection { trouble, .. } => Error::Setup(trouble),
        other => other,
    })?;
    let namespace = namespace.or_else(pod_namespace).unwrap_or_else(|| NAMESPACE.to_owned());
    Ok((Cluster { client, server, url, context, timeout, warn }, namespace))
}

/// Nothing, where the user may not look.
pub fn allowed<T: Default>(outcome: Result<T, Error>) -> Result<T, Error> {
    match outcome {
        Err(error) if error.is_forbidden() => Ok(T::default()),
        outcome => outcome,
    }
}

/// `persistentvolume/NAME`, and what follows it.
pub fn volume_line(name: &str, outcome: impl Display) -> String {
    format!("persistentvolume/{name}{outcome}\n")
}
