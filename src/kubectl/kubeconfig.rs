//! kubeconfig files, merged and overridden as kubectl does it.
//!
//! kube's own loader knows the flags `--context`, `--cluster` and `--user`; what else a flag says is
//! written into the entries that these choose, before kube makes its settings of them. What client-go
//! refuses and kube would pass over is refused here, in kubectl's words
//! (`k8s.io/client-go/tools/clientcmd`).

use std::collections::HashMap;
use std::fmt::Display;
use std::io::Read;
use std::path::{Path, PathBuf};

use hyper_util::client::proxy::matcher::Matcher;
use kube::Config;
use kube::config::{
    AuthInfo, Cluster, Context, KubeConfigOptions, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext,
};
use secrecy::ExposeSecret;

use super::connection::Connection;
use crate::error::{Error, os_message};

/// The settings of a connection.
pub struct Settings {
    /// Server, certificates and credentials.
    pub config: Config,
    /// The name of the context, if there is one.
    pub context: Option<String>,
    /// The namespace of the context, if it has one.
    pub namespace: Option<String>,
}

/// Resolves flags, files and environment. kubectl words some errors differently with `-n` (`namespaced`).
pub async fn settings(flags: &Connection, namespaced: bool) -> Result<Settings, Error> {
    let mut kubeconfig = read(flags.kubeconfig.as_deref())?;
    let chosen = flags.context.clone().or(kubeconfig.current_context.clone()).filter(|name| !name.is_empty());
    let bare = chosen.is_none() && flags.server.is_none() && flags.cluster.is_none();
    let context = context(&kubeconfig, chosen.as_deref(), namespaced)?;
    let cluster_name = flags.cluster.clone().unwrap_or_else(|| context.cluster.clone());
    let user_name = flags.user.clone().or(context.user.clone()).unwrap_or_default();
    let (cluster, user) = match pod().filter(|_| bare) {
        Some(pod) => pod,
        None => (cluster(&kubeconfig, flags, &cluster_name, namespaced)?, user(&kubeconfig, &user_name)?),
    };
    // Errors about the chosen entries.
    let entry = |problem: String| wrong(if namespaced { "Error in configuration" } else { "error" }, problem);
    let cluster = overridden_cluster(flags, cluster)?;
    readable_cluster(&cluster, &cluster_name).map_err(entry)?;
    let user = overridden_user(flags, user, &user_name).map_err(entry)?;
    let own_proxy = flags.proxy_url.clone().or(cluster.proxy_url.clone()).filter(|url| !url.is_empty());

    // The chosen entries, under a name of their own.
    let name = "chosen".to_owned();
    kubeconfig.clusters = vec![NamedCluster { name: name.clone(), cluster: Some(cluster), ..NamedCluster::default() }];
    kubeconfig.auth_infos =
        vec![NamedAuthInfo { name: name.clone(), auth_info: Some(user), ..NamedAuthInfo::default() }];
    let entry = Context { cluster: name.clone(), user: Some(name.clone()), ..context.clone() };
    kubeconfig.contexts = vec![NamedContext { name: name.clone(), context: Some(entry), ..NamedContext::default() }];
    let options = KubeConfigOptions { context: Some(name), ..KubeConfigOptions::default() };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    let mut config = config.map_err(|e| wrong("error", e))?;
    config.proxy_url = proxy(own_proxy, &config.cluster_url)?;
    Ok(Settings { config, context: chosen, namespace: context.namespace.filter(|n| !n.is_empty()) })
}

/// An error with the prefix that kubectl gives it.
fn wrong(prefix: &str, problem: impl Display) -> Error {
    Error::Configuration(format!("{prefix}: {problem}"))
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

/// The merged files, for completion; `None` if they cannot be read.
pub fn merged(flag: Option<&Path>) -> Option<Kubeconfig> {
    read(flag).ok()
}

/// The merged files; the first to define an entry wins. As in kubectl, files of `KUBECONFIG` that do not exist are
/// skipped; one that a flag names must exist.
fn read(flag: Option<&Path>) -> Result<Kubeconfig, Error> {
    let paths: Vec<PathBuf> = match (flag, std::env::var_os("KUBECONFIG").filter(|v| !v.is_empty())) {
        (Some(path), _) => {
            std::fs::metadata(path)
                .map_err(|e| wrong("error", format!("stat {}: {}", path.display(), os_message(&e))))?;
            vec![path.to_owned()]
        }
        (None, Some(list)) => std::env::split_paths(&list).filter(|p| p.exists()).collect(),
        (None, None) => {
            homes().map(|home| home.join(".kube").join("config")).find(|p| p.exists()).into_iter().collect()
        }
    };
    paths.iter().try_fold(Kubeconfig::default(), |merged, path| {
        if ends_in_half_a_letter(path) {
            return Err(unreadable(path, &"invalid UTF-16"));
        }
        let one = Kubeconfig::read_from(path).map_err(|e| unreadable(path, &e))?;
        merged.merge(one).map_err(|e| unreadable(path, &e))
    })
}

/// The folders that may have `.kube/config` (`homedir.HomeDir` of client-go).
fn homes() -> impl Iterator<Item = PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let drive = set("HOMEDRIVE").zip(set("HOMEPATH")).map(|(mut drive, path)| {
        drive.push(path);
        drive
    });
    let windows = [drive, set("USERPROFILE")].into_iter().flatten().filter(|_| cfg!(windows));
    set("HOME").into_iter().chain(windows).map(PathBuf::from)
}

/// Detects UTF-16 files with an odd number of bytes, on which kube panics.
fn ends_in_half_a_letter(path: &Path) -> bool {
    let mut mark = [0; 2];
    let Ok(mut file) = std::fs::File::open(path) else { return false };
    let marked = file.read_exact(&mut mark).is_ok() && matches!(mark, [0xff, 0xfe] | [0xfe, 0xff]);
    marked && file.metadata().is_ok_and(|m| m.len() % 2 == 1)
}

fn unreadable(path: &Path, error: &dyn Display) -> Error {
    wrong("error", format!("error loading config file \"{}\": {error}", path.display()))
}

/// The context of that name; an empty one if none is chosen.
fn context(kubeconfig: &Kubeconfig, name: Option<&str>, namespaced: bool) -> Result<Context, Error> {
    let Some(name) = name else { return Ok(Context::default()) };
    let found = kubeconfig.contexts.iter().find(|c| c.name == name).and_then(|c| c.context.clone());
    found.ok_or_else(|| {
        if namespaced {
            return wrong("error", format!("context \"{name}\" does not exist"));
        }
        wrong("Error in configuration", format!("context was not found for specified context: {name}"))
    })
}

/// The cluster of that name. One that a flag names must exist; without any, kubectl tries `localhost:8080`.
fn cluster(kubeconfig: &Kubeconfig, flags: &Connection, name: &str, namespaced: bool) -> Result<Cluster, Error> {
    let found = kubeconfig.clusters.iter().find(|c| c.name == name).and_then(|c| c.cluster.clone());
    match found {
        Some(cluster) => Ok(cluster),
        None if flags.cluster.is_some() && namespaced => {
            Err(wrong("error", format!("cluster \"{name}\" does not exist")))
        }
        None if flags.cluster.is_some() => Err(wrong("error", format!("no server found for cluster \"{name}\""))),
        None => Ok(Cluster { server: Some("http://localhost:8080".to_owned()), ..Cluster::default() }),
    }
}

/// The user of that name. kube treats an unknown user as anonymous; kubectl fails.
fn user(kubeconfig: &Kubeconfig, name: &str) -> Result<AuthInfo, Error> {
    if name.is_empty() {
        return Ok(AuthInfo::default());
    }
    let found = kubeconfig.auth_infos.iter().find(|a| a.name == name).and_then(|a| a.auth_info.clone());
    found.ok_or_else(|| wrong("error", format!("auth info \"{name}\" does not exist")))
}

/// Flags override the kubeconfig cluster.
fn overridden_cluster(flags: &Connection, mut cluster: Cluster) -> Result<Cluster, Error> {
    if let Some(server) = &flags.server {
        cluster.server = Some(if server.contains("://") { server.clone() } else { format!("http://{server}") });
    }
    let server = cluster.server.clone().unwrap_or_default();
    let uri: http::Uri =
        server.parse().map_err(|_| wrong("error", format!("host must be a URL or a host:port pair: \"{server}\"")))?;
    match uri.scheme_str() {
        Some("http" | "https") => {}
        other => {
            let scheme = other.unwrap_or_default();
            return Err(wrong("Unable to connect to the server", format!("unsupported protocol scheme \"{scheme}\"")));
        }
    }
    if let Some(file) = &flags.certificate_authority {
        (cluster.certificate_authority, cluster.certificate_authority_data) = (Some(file.clone()), None);
    }
    if flags.insecure_skip_tls_verify {
        if flags.certificate_authority.is_some() {
            let problem = "specifying a root certificates file with the insecure flag is not allowed";
            return Err(wrong("error", problem));
        }
        (cluster.certificate_authority, cluster.certificate_authority_data) = (None, None);
        cluster.insecure_skip_tls_verify = Some(true);
    }
    cluster.tls_server_name = flags.tls_server_name.clone().or(cluster.tls_server_name);
    Ok(cluster)
}

fn readable_cluster(cluster: &Cluster, name: &str) -> Result<(), String> {
    match cluster.certificate_authority_data {
        Some(_) => Ok(()),
        None => readable(cluster.certificate_authority.as_ref(), "certificate-authority", name),
    }
}

/// Flags override the kubeconfig user; competing credentials of the file are cleared.
fn overridden_user(flags: &Connection, mut user: AuthInfo, name: &str) -> Result<AuthInfo, String> {
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
        return Err(format!("the token of user {name} has a line break or another control character"));
    }
    let token = user.token.is_some() || user.token_file.is_some();
    let basic = user.username.as_ref().is_some_and(|n| !n.is_empty());
    if token && basic {
        return Err(format!(
            "more than one authentication method found for {name}; found [token basicAuth], only one is allowed"
        ));
    }
    if user.client_certificate_data.is_none() {
        readable(user.client_certificate.as_ref(), "client-cert", name)?;
    }
    if user.client_key_data.is_none() {
        readable(user.client_key.as_ref(), "client-key", name)?;
    }
    impersonated(flags, user, name)
}

fn impersonated(flags: &Connection, mut user: AuthInfo, name: &str) -> Result<AuthInfo, String> {
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
        return Err(format!("requesting uid, groups or user-extra for {name} without impersonating a user"));
    }
    Ok(user)
}

/// client-go opens the files of an entry before it connects, and names the one that it cannot read.
fn readable(file: Option<&String>, what: &str, name: &str) -> Result<(), String> {
    let Some(file) = file.filter(|f| !f.is_empty()) else { return Ok(()) };
    match std::fs::File::open(file) {
        Ok(_) => Ok(()),
        Err(e) => Err(format!("unable to read {what} {file} for {name} due to open {file}: {}", os_message(&e))),
    }
}

/// The proxy of flag or kubeconfig, else the environment's, by Go's rules: `NO_PROXY` names the servers that need
/// none, and those on this machine never do.
fn proxy(own: Option<String>, server: &http::Uri) -> Result<Option<http::Uri>, Error> {
    if let Some(url) = own {
        return url.parse().map(Some).map_err(|_| wrong("error", "the proxy's address is no URL"));
    }
    let host = server.host().unwrap_or_default().trim_matches(['[', ']']);
    let local = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if local {
        return Ok(None);
    }
    // Go's clients know no `ALL_PROXY` (golang.org/x/net/http/httpproxy).
    let first = |names: [&str; 2]| names.iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    let given = match server.scheme_str() {
        Some("https") => first(["HTTPS_PROXY", "https_proxy"]),
        _ => first(["HTTP_PROXY", "http_proxy"]),
    };
    let Some(given) = given else { return Ok(None) };
    let exceptions = first(["NO_PROXY", "no_proxy"]).unwrap_or_default();
    let Some(found) = Matcher::builder().all(given.clone()).no(exceptions).build().intercept(server) else {
        return Ok(None);
    };
    // The credentials are in the variable, and not in what was made of it.
    let given = if given.contains("://") { given } else { format!("http://{given}") };
    Ok(given.parse().ok().or_else(|| Some(found.uri().clone())))
}
