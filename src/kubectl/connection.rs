//! kubectl's connection flags: the cluster and the user.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::suggest::{CLUSTERS, CONTEXTS, USERS, suggests};
use crate::error::Error;

/// kubectl's connection flags, with the same meaning.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Connection, as in kubectl")]
pub struct Connection {
    /// Path to the kubeconfig file to use, instead of $KUBECONFIG or ~/.kube/config
    #[arg(long, global = true, hide_short_help = true, hide_long_help = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// The kubeconfig context to use
    #[arg(long, global = true, hide_short_help = true, hide_long_help = true, value_name = "NAME", add = suggests(CONTEXTS))]
    pub context: Option<String>,
    /// The kubeconfig cluster to use
    #[arg(long, global = true, hide_short_help = true, hide_long_help = true, value_name = "NAME", add = suggests(CLUSTERS))]
    pub cluster: Option<String>,
    /// The kubeconfig user to use
    #[arg(long, global = true, hide_short_help = true, hide_long_help = true, value_name = "NAME", add = suggests(USERS))]
    pub user: Option<String>,
    /// The address and port of the API server
    #[arg(short, long, global = true, hide_short_help = true, hide_long_help = true, value_name = "URL")]
    pub server: Option<String>,
    /// Bearer token for the API server
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        hide_long_help = true,
        value_name = "TOKEN",
        hide_env_values = true
    )]
    pub token: Option<String>,
    /// Username for basic authentication
    #[arg(long, global = true, hide_short_help = true, hide_long_help = true, value_name = "NAME")]
    pub username: Option<String>,
    /// Password for basic authentication
    #[arg(long, global = true, hide_short_help = true, hide_long_help = true, value_name = "PASSWORD")]
    pub password: Option<String>,
    /// User to impersonate
    #[arg(long = "as", global = true, hide_short_help = true, hide_long_help = true, value_name = "NAME")]
    pub as_user: Option<String>,
    /// Group to impersonate; may be repeated
    #[arg(long, global = true, hide_short_help = true, hide_long_help = true, value_name = "NAME")]
    pub as_group: Vec<String>,
    /// UID to impersonate
    #[arg(long, global = true, hide_short_help = true, hide_long_help = true, value_name = "UID")]
    pub as_uid: Option<String>,
    /// Extra field to impersonate; may be repeated
    #[arg(long, global = true, hide_short_help = true, hide_long_help = true, value_name = "KEY=VALUE", value_parser = key_value)]
    pub as_user_extra: Vec<(String, String)>,
    /// Path to a CA certificate file
    #[arg(long, global = true, hide_short_help = true, hide_long_help = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub certificate_authority: Option<String>,
    /// Path to a client certificate file for TLS
    #[arg(long, global = true, hide_short_help = true, hide_long_help = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub client_certificate: Option<String>,
    /// Path to a client key file for TLS
    #[arg(long, global = true, hide_short_help = true, hide_long_help = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub client_key: Option<String>,
    /// Do not verify the API server's certificate; this makes the connection insecure
    #[arg(long, global = true, hide_short_help = true, hide_long_help = true)]
    pub insecure_skip_tls_verify: bool,
    /// Server name to use for certificate validation instead of the host name
    #[arg(long, global = true, hide_short_help = true, hide_long_help = true, value_name = "NAME")]
    pub tls_server_name: Option<String>,
    /// Timeout of a single request (5, 5s, 1m); 0 means no timeout
    #[arg(long, global = true, hide_short_help = true, hide_long_help = true, value_name = "D", default_value = "0")]
    pub request_timeout: String,
    /// Accepted for compatibility; responses are never compressed
    #[arg(long, global = true, hide_short_help = true, hide_long_help = true)]
    pub disable_compression: bool,
    /// Proxy URL, overriding the kubeconfig and `HTTPS_PROXY`
    #[arg(long, global = true, hide_short_help = true, hide_long_help = true, value_name = "URL")]
    pub proxy_url: Option<String>,
    /// Accepted for compatibility; nothing is cached
    #[arg(long, global = true, hide_short_help = true, hide_long_help = true, value_name = "DIR")]
    pub cache_dir: Option<PathBuf>,
    /// Log requests to standard error from 6 on: method, address, status and time
    #[arg(
        short,
        long,
        global = true,
        hide_short_help = true,
        hide_long_help = true,
        value_name = "LEVEL",
        default_value_t = 0
    )]
    pub v: u8,
}

/// The namespace of the pod that this runs in, if it runs in one.
pub fn pod_namespace() -> Option<String> {
    std::env::var_os("KUBERNETES_SERVICE_HOST")?;
    let text = std::fs::read_to_string("/var/run/secrets/kubernetes.io/serviceaccount/namespace").ok()?;
    Some(text.trim().to_owned()).filter(|name| !name.is_empty())
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// kubectl's forms: whole seconds, or numbers with units; `None` is without limit.
pub fn request_timeout(text: &str) -> Result<Option<Duration>, Error> {
    let parsed = text.parse::<u64>().ok().map(Duration::from_secs);
    let parsed = parsed.or_else(|| Duration::try_from(text.parse::<jiff::SignedDuration>().ok()?).ok());
    let limit = parsed.ok_or_else(|| {
        Error::Configuration(
            "error: Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a \
             corresponding time unit (e.g. 1s | 2m | 3h)"
                .to_owned(),
        )
    })?;
    Ok(Some(limit).filter(|limit| !limit.is_zero()))
}
