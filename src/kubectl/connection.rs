//! Which cluster, and as whom: kubectl's connection flags and the files that they override.

use std::path::{Path, PathBuf};

use clap::Args;
use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig};

use crate::cluster::api::Cluster;
use crate::cluster::transport;
use crate::error::Error;

/// The namespace of OpenStack's charts, where no flag, context or pod tells another.
const NAMESPACE: &str = "openstack";

/// The flags by which kubectl is told how to connect, with the same meaning.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Connection (as kubectl's)")]
pub struct Connection {
    /// Path to the kubeconfig file to use, instead of $KUBECONFIG or ~/.kube/config
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The kubeconfig context to use
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    /// The kubeconfig cluster to use
    #[arg(long, global = true, value_name = "NAME")]
    pub cluster: Option<String>,
    /// The kubeconfig user to use
    #[arg(long, global = true, value_name = "NAME")]
    pub user: Option<String>,
}

impl Connection {
    /// The flags that were given, as they can be typed again, each with a leading space.
    #[must_use]
    pub fn typed(&self) -> String {
        let file = self.kubeconfig.as_ref().map(|p| p.to_string_lossy().into_owned());
        [("kubeconfig", &file), ("context", &self.context), ("cluster", &self.cluster), ("user", &self.user)]
            .iter()
            .filter_map(|(flag, value)| Some(format!(" --{flag} {}", shell_words::quote(value.as_deref()?))))
            .collect()
    }

    /// The cluster, and the namespace that the context (or, in a pod, the service account) tells;
    /// `openstack` where nothing does. Nothing is sent yet.
    pub async fn open(&self, warn: fn(&str)) -> Result<(Cluster, String), Error> {
        let (config, context, namespace) = self.config().await?;
        if let Some(proxy) = &config.proxy_url {
            return Err(Error::Configuration(format!("error: proxies are not supported yet: {proxy}")));
        }
        let port = config.cluster_url.port_u16().map_or(String::new(), |p| format!(":{p}"));
        let server = format!("{}{port}", config.cluster_url.host().unwrap_or_default());
        let client = transport::client(&config).map_err(|e| credentials(&server, e))?;
        let url = config.cluster_url.to_string().trim_end_matches('/').to_owned();
        Ok((
            Cluster { client, server, url, context, warn },
            namespace.or_else(pod_namespace).unwrap_or_else(|| NAMESPACE.to_owned()),
        ))
    }

    async fn config(&self) -> Result<(Config, Option<String>, Option<String>), Error> {
        let kubeconfig = self.read()?;
        let context = self.context.clone().or(kubeconfig.current_context.clone()).filter(|name| !name.is_empty());
        let Some(name) = context else { return no_context() };
        let named = kubeconfig.contexts.iter().find(|c| c.name == name);
        let Some(context) = named.and_then(|named| named.context.clone()) else {
            return Err(Error::Configuration(format!(
                "Error in configuration: context was not found for specified context: {name}"
            )));
        };
        let cluster = self.cluster.as_ref().unwrap_or(&context.cluster);
        if !kubeconfig.clusters.iter().any(|c| c.name == *cluster) {
            return Err(Error::Configuration(format!("error: no server found for cluster \"{cluster}\"")));
        }
        // kube takes an unknown user for nobody, and would connect as nobody.
        let user = self.user.as_ref().or(context.user.as_ref()).filter(|user| !user.is_empty());
        if let Some(user) = user.filter(|user| !kubeconfig.auth_infos.iter().any(|a| a.name == **user)) {
            return Err(Error::Configuration(format!("error: auth info \"{user}\" does not exist")));
        }
        let options =
            KubeConfigOptions { context: Some(name.clone()), cluster: self.cluster.clone(), user: self.user.clone() };
        let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
        let config = config.map_err(|e| Error::Configuration(format!("error: {e}")))?;
        Ok((config, Some(name), context.namespace.filter(|n| !n.is_empty())))
    }

    /// The files merged, the first to name a thing winning. Like kubectl, files of `KUBECONFIG`
    /// that are not there are passed over; one that a flag names must be there.
    fn read(&self) -> Result<Kubeconfig, Error> {
        let paths = match (&self.kubeconfig, std::env::var_os("KUBECONFIG").filter(|v| !v.is_empty())) {
            (Some(path), _) => {
                std::fs::metadata(path)
                    .map_err(|e| Error::Configuration(format!("error: stat {}: {}", path.display(), reason(&e))))?;
                vec![path.clone()]
            }
            (None, Some(list)) => std::env::split_paths(&list).filter(|p| p.exists()).collect(),
            (None, None) => {
                std::env::home_dir().map(|h| h.join(".kube/config")).filter(|p| p.exists()).into_iter().collect()
            }
        };
        paths.iter().try_fold(Kubeconfig::default(), |merged, path| {
            let one = Kubeconfig::read_from(path).map_err(|e| unreadable(path, &e))?;
            merged.merge(one).map_err(|e| unreadable(path, &e))
        })
    }
}

/// Without a context: the pod's service account, else what kubectl tries, `localhost:8080`.
fn no_context() -> Result<(Config, Option<String>, Option<String>), Error> {
    if std::env::var_os("KUBERNETES_SERVICE_HOST").is_some() {
        let config = Config::incluster().map_err(|e| Error::Configuration(format!("error: {e}")))?;
        return Ok((config, None, None));
    }
    Ok((Config::new(http::Uri::from_static("http://localhost:8080")), None, None))
}

/// The namespace of the pod that this runs in, if it runs in one.
fn pod_namespace() -> Option<String> {
    std::env::var_os("KUBERNETES_SERVICE_HOST")?;
    let text = std::fs::read_to_string("/var/run/secrets/kubernetes.io/serviceaccount/namespace").ok()?;
    Some(text.trim().to_owned()).filter(|name| !name.is_empty())
}

fn unreadable(path: &Path, error: &kube::config::KubeconfigError) -> Error {
    Error::Configuration(format!("error: error loading config file \"{}\": {error}", path.display()))
}

/// The operating system's words alone, as kubectl prints them.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

fn credentials(server: &str, error: kube::Error) -> Error {
    match transport::failure(server, error) {
        Error::Connection { reason, .. } => Error::Configuration(format!("error: {reason}")),
        other => other,
    }
}
