//! kubeconfig files, merged and overridden as kubectl does it.
//!
//! kube's own loader knows the flags `--context`, `--cluster` and `--user`; what else a flag says is
//! written into the entries that these choose, before kube makes its settings of them. What client-go
//! refuses and kube would pass over is refused here, in kubectl's words
//! (`k8s.io/client-go/tools/clientcmd`).

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use hyper_util::client::proxy::matcher::Matcher;
use kube::Config;
use kube::config::{
    AuthInfo, Cluster, Context, KubeConfigOptions, Kubeconfig, KubeconfigError, NamedAuthInfo, NamedCluster,
    NamedContext,
};
use secrecy::ExposeSecret;

use super::connection::Connection;
use crate::error::{Error, said};

/// How to connect.
pub struct Settings {
    pub config: Config,
    pub context: Option<String>,
    /// The context's, where it has one.
    pub namespace: Option<String>,
}

/// Resolves flags, files and environment. kubectl words some errors differently with `-n` (`namespaced`).
pub async fn settings(flags: &Connection, namespaced: bool) -> Result<Settings, Error> {
    resolved(flags).await.map_err(|mistake| Error::Configuration(mistake.worded(namespaced)))
}

/// What is wrong with flags or files.
enum Mistake {
    /// A context that is not there.
    Context(String),
    /// A cluster that is not there.
    Cluster(String),
    /// Something in the entries that were chosen.
    Entry(String),
    /// Anything else, as kubectl words it.
    Other(String),
}

impl Mistake {
    fn worded(self, namespaced: bool) -> String {
        match (self, namespaced) {
            (Self::Context(name), true) => format!("error: context \"{name}\" does not exist"),
            (Self::Context(name), false) => {
                format!("Error in configuration: context was not found for specified context: {name}")
            }
            (Self::Cluster(name), true) => format!("error: cluster \"{name}\" does not exist"),
            (Self::Cluster(name), false) => format!("error: no server found for cluster \"{name}\""),
            (Self::Entry(what), true) => format!("Error in configuration: {what}"),
            (Self::Entry(what), false) => format!("error: {what}"),
            (Self::Other(message), _) => message,
        }
    }
}

async fn resolved(flags: &Connection) -> Result<Settings, Mistake> {
    let mut kubeconfig = read(flags.kubeconfig.as_deref())?;
    let chosen = flags.context.clone().or(kubeconfig.current_context.clone()).filter(|name| !name.is_empty());
    let bare = chosen.is_none() && flags.server.is_none() && flags.cluster.is_none();
    let context = context(&kubeconfig, chosen.as_deref())?;
    let cluster_name = flags.cluster.clone().unwrap_or_else(|| context.cluster.clone());
    let user_name = flags.user.clone().or(context.user.clone()).unwrap_or_default();
    let (cluster, user) = match pod().filter(|_| bare) {
        Some(pod) => pod,
        None => (cluster(&kubeconfig, flags, &cluster_name)?, user(&kubeconfig, &user_name)?),
    };
    let cluster = overridden_cluster(flags, cluster, &cluster_name)?;
    let user = overridden_user(flags, user, &user_name)?;
    let own_proxy = flags.proxy_url.clone().or(cluster.proxy_url.clone()).filter(|url| !url.is_empty());

    // The entries that were chosen, under names of their own.
    let name = "chosen".to_owned();
    kubeconfig.clusters = vec![NamedCluster { name: name.clone(), cluster: Some(cluster), ..NamedCluster::default() }];
    kubeconfig.auth_infos =
        vec![NamedAuthInfo { name: name.clone(), auth_info: Some(user), ..NamedAuthInfo::default() }];
    let entry = Context { cluster: name.clone(), user: Some(name.clone()), ..context.clone() };
    kubeconfig.contexts = vec![NamedContext { name: name.clone(), context: Some(entry), ..NamedContext::default() }];
    let options = KubeConfigOptions { context: Some(name), ..KubeConfigOptions::default() };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    let mut config = config.map_err(|e| wrong(format!("error: {e}")))?;
    config.proxy_url = proxy(own_proxy, &config.cluster_url)?;
    Ok(Settings { config, context: chosen, namespace: context.namespace.filter(|n| !n.is_empty()) })
}

/// The cluster of the pod that this runs in, and its service account, if it runs in one (client-go,
/// `rest.InClusterConfig`). Flags override them as they do a kubeconfig's.
fn pod() -> Option<(Cluster, AuthInfo)> {
    let (host, port) = (std::env::var("KUBERNETES_SERVICE_HOST").ok()?, std::env::var("KUBERNETES_SERVICE_PORT").ok()?);
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let file = |name: &str| Some(format!("/var/run/secrets/kubernetes.io/serviceaccount/{name}"));
    let server = Some(format!("https://{host}:{port}"));
    let cluster = Cluster { server, certificate_authority: file("ca.crt"), ..Cluster::default() };
    Some((cluster, AuthInfo { token_file: file("token"), ..AuthInfo::default() }))
}

/// The files as they are, for completion; `None` where they cannot be read.
pub fn known(flag: Option<&Path>) -> Option<Kubeconfig> {
    read(flag).ok()
}

fn wrong(message: String) -> Mistake {
    Mistake::Other(message)
}

/// The files merged, the first to name a thing winning. Like kubectl, files of `KUBECONFIG` that
/// are not there are passed over; one that a flag names must be there.
fn read(flag: Option<&Path>) -> Result<Kubeconfig, Mistake> {
    let paths: Vec<PathBuf> = match (flag, std::env::var_os("KUBECONFIG").filter(|v| !v.is_empty())) {
        (Some(path), _) => {
            std::fs::metadata(path).map_err(|e| wrong(format!("error: stat {}: {}", path.display(), said(&e))))?;
            vec![path.to_owned()]
        }
        (None, Some(list)) => std::env::split_paths(&list).filter(|p| p.exists()).collect(),
        (None, None) => {
            homes().map(|home| home.join(".kube").join("config")).find(|p| p.exists()).into_iter().collect()
        }
    };
    paths.iter().try_fold(Kubeconfig::default(), |merged, path| {
        if ends_in_half_a_letter(path) {
            return Err(wrong(format!("error: error loading config file \"{}\": invalid UTF-16", path.display())));
        }
        let one = Kubeconfig::read_from(path).map_err(|e| unreadable(path, &e))?;
        merged.merge(one).map_err(|e| unreadable(path, &e))
    })
}

/// Where `.kube/config` may be (`homedir.HomeDir` of client-go).
fn homes() -> impl Iterator<Item = PathBuf> {
    let told = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let drive = told("HOMEDRIVE").zip(told("HOMEPATH")).map(|(mut drive, path)| {
        drive.push(path);
        drive
    });
    let windows = [drive, told("USERPROFILE")].into_iter().flatten().filter(|_| cfg!(windows));
    told("HOME").into_iter().chain(windows).map(PathBuf::from)
}

/// Detects UTF-16 files with an odd number of bytes, on which kube panics.
fn ends_in_half_a_letter(path: &Path) -> bool {
    let mut mark = [0; 2];
    let Ok(mut file) = std::fs::File::open(path) else { return false };
    let marked = file.read_exact(&mut mark).is_ok() && matches!(mark, [0xff, 0xfe] | [0xfe, 0xff]);
    marked && file.metadata().is_ok_and(|m| m.len() % 2 == 1)
}

fn unreadable(path: &Path, error: &KubeconfigError) -> Mistake {
    wrong(format!("error: error loading config file \"{}\": {error}", path.display()))
}

/// The context of that name; an empty one where none is chosen.
fn context(kubeconfig: &Kubeconfig, name: Option<&str>) -> Result<Context, Mistake> {
    let Some(name) = name else { return Ok(Context::default()) };
    let found = kubeconfig.contexts.iter().find(|c| c.name == name).and_then(|c| c.context.clone());
    found.ok_or_else(|| Mistake::Context(name.to_owned()))
}

/// The cluster of that name. One that a flag names must be there; without any, kubectl tries
/// `localhost:8080`.
fn cluster(kubeconfig: &Kubeconfig, flags: &Connection, name: &str) -> Result<Cluster, Mistake> {
    let found = kubeconfig.clusters.iter().find(|c| c.name == name).and_then(|c| c.cluster.clone());
    match found {
        Some(cluster) => Ok(cluster),
        None if flags.cluster.is_some() => Err(Mistake::Cluster(name.to_owned())),
        None => Ok(Cluster { server: Some("http://localhost:8080".to_owned()), ..Cluster::default() }),
    }
}

/// The user of that name. kube treats an unknown user as anonymous; kubectl fails.
fn user(kubeconfig: &Kubeconfig, name: &str) -> Result<AuthInfo, Mistake> {
    if name.is_empty() {
        return Ok(AuthInfo::default());
    }
    let found = kubeconfig.auth_infos.iter().find(|a| a.name == name).and_then(|a| a.auth_info.clone());
    found.ok_or_else(|| wrong(format!("error: auth info \"{name}\" does not exist")))
}

fn overridden_cluster(flags: &Connection, mut cluster: Cluster, name: &str) -> Result<Cluster, Mistake> {
    if let Some(server) = &flags.server {
        cluster.server = Some(if server.contains("://") { server.clone() } else { format!("http://{server}") });
    }
    let server = cluster.server.clone().unwrap_or_default();
    let uri: http::Uri =
        server.parse().map_err(|_| wrong(format!("error: host must be a URL or a host:port pair: \"{server}\"")))?;
    match uri.scheme_str() {
        Some("http" | "https") => {}
        other => {
            let scheme = other.unwrap_or_default();
            return Err(wrong(format!("Unable to connect to the server: unsupported protocol scheme \"{scheme}\"")));
        }
    }
    if let Some(file) = &flags.certificate_authority {
        (cluster.certificate_authority, cluster.certificate_authority_data) = (Some(file.clone()), None);
    }
    if flags.insecure_skip_tls_verify {
        if flags.certificate_authority.is_some() {
            return Err(wrong(
                "error: specifying a root certificates file with the insecure flag is not allowed".to_owned(),
            ));
        }
        (cluster.certificate_authority, cluster.certificate_authority_data) = (None, None);
        cluster.insecure_skip_tls_verify = Some(true);
    }
    if cluster.certificate_authority_data.is_none() {
        readable(cluster.certificate_authority.as_ref(), "certificate-authority", name)?;
    }
    cluster.tls_server_name = flags.tls_server_name.clone().or(cluster.tls_server_name);
    Ok(cluster)
}

/// Flags override the kubeconfig user; competing credentials of the file are cleared.
fn overridden_user(flags: &Connection, mut user: AuthInfo, name: &str) -> Result<AuthInfo, Mistake> {
    if let Some(token) = &flags.token {
        user.token = Some(token.clone().into());
        (user.token_file, user.exec, user.auth_provider) = (None, None, None);
    }
    // Most are scripts there (`az.cmd`), which are found by their extensions only if one looks for them.
    #[cfg(windows)]
    if let Some(command) = user.exec.as_mut().and_then(|exec| exec.command.as_mut())
        && let Ok(found) = which::which(&*command)
    {
        *command = found.to_string_lossy().into_owned();
    }
    if flags.username.is_some() || flags.password.is_some() {
        user.username = flags.username.clone().or(user.username);
        user.password = flags.password.clone().map(Into::into).or(user.password);
    }
    if let Some(file) = &flags.client_certificate {
        (user.client_certificate, user.client_certificate_data) = (Some(file.clone()), None);
    }
    if let Some(file) = &flags.client_key {
        (user.client_key, user.client_key_data) = (Some(file.clone()), None);
    }
    // kube takes a token for a header value without looking.
    if user.token.as_ref().is_some_and(|token| http::HeaderValue::from_str(token.expose_secret()).is_err()) {
        return Err(Mistake::Entry(format!("the token of user {name} has a line break or another control character")));
    }
    let token = user.token.is_some() || user.token_file.is_some();
    let basic = user.username.as_ref().is_some_and(|n| !n.is_empty());
    if token && basic {
        return Err(Mistake::Entry(format!(
            "more than one authentication method found for {name}; found [token basicAuth], only one is allowed"
        )));
    }
    if user.client_certificate_data.is_none() {
        readable(user.client_certificate.as_ref(), "client-cert", name)?;
    }
    if user.client_key_data.is_none() {
        readable(user.client_key.as_ref(), "client-key", name)?;
    }
    impersonated(flags, user, name)
}

fn impersonated(flags: &Connection, mut user: AuthInfo, name: &str) -> Result<AuthInfo, Mistake> {
    if let Some(other) = &flags.as_user {
        user.impersonate = Some(other.clone());
    }
    if !flags.as_group.is_empty() {
        user.impersonate_groups = Some(flags.as_group.clone());
    }
    if let Some(uid) = &flags.as_uid {
        user.impersonate_uid = Some(uid.clone());
    }
    if !flags.as_user_extra.is_empty() {
        let mut extra: HashMap<String, Vec<String>> = HashMap::new();
        for (key, value) in &flags.as_user_extra {
            extra.entry(key.clone()).or_default().push(value.clone());
        }
        user.impersonate_user_extra = Some(extra);
    }
    let given = |groups: &Option<Vec<String>>| groups.as_ref().is_some_and(|g| !g.is_empty());
    let extra = user.impersonate_user_extra.as_ref().is_some_and(|e| !e.is_empty());
    let more = given(&user.impersonate_groups) || user.impersonate_uid.is_some() || extra;
    if more && user.impersonate.as_ref().is_none_or(String::is_empty) {
        return Err(Mistake::Entry(format!(
            "requesting uid, groups or user-extra for {name} without impersonating a user"
        )));
    }
    Ok(user)
}

/// client-go opens the files that it is given before it connects, and says which it cannot.
fn readable(file: Option<&String>, what: &str, name: &str) -> Result<(), Mistake> {
    let Some(file) = file.filter(|f| !f.is_empty()) else { return Ok(()) };
    match std::fs::File::open(file) {
        Ok(_) => Ok(()),
        Err(e) => {
            Err(Mistake::Entry(format!("unable to read {what} {file} for {name} due to open {file}: {}", said(&e))))
        }
    }
}

/// The proxy that is told, else the environment's, by Go's rules: `NO_PROXY` names the servers that
/// need none, and those on this machine never do.
fn proxy(own: Option<String>, server: &http::Uri) -> Result<Option<http::Uri>, Mistake> {
    if let Some(url) = own {
        return url.parse().map(Some).map_err(|_| wrong("error: the proxy's address is no URL".to_owned()));
    }
    let host = server.host().unwrap_or_default().trim_matches(['[', ']']);
    let local = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if local {
        return Ok(None);
    }
    let Some(found) = Matcher::from_env().intercept(server) else { return Ok(None) };
    // The credentials are in the variable, and not in what was made of it.
    let names: &[&str] = match server.scheme_str() {
        Some("https") => &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
        _ => &["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"],
    };
    let told = names.iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let told = told.map(|told| if told.contains("://") { told } else { format!("http://{told}") });
    Ok(told.and_then(|told| told.parse().ok()).or_else(|| Some(found.uri().clone())))
}
