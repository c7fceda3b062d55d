//! One connection to the API server, shared by all requests.
//!
//! kube's own client opens a connection for each request that is under way, over HTTP/1.1, and so does
//! hyper-util's pool until the first has negotiated HTTP/2. Here requests that go together share one HTTP/2
//! connection and one TLS handshake; a server or proxy that speaks HTTP/1.1 alone is served too, with a
//! connection for each request under way.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderValue, Request, Response, Uri, header};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::rt::{Read, Write};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::client::{AuthError, Body, ConfigExt};
use kube::config::{ExecConfig, ExecInteractiveMode};
use kube::{Client, Config};
use tokio::sync::Mutex;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt};

use crate::error::{Error, Trouble, os_message};

/// The interval after which a silent connection is pinged, and the time that it then has to answer: a firewall that
/// has forgotten the connection drops packets silently. `--request-timeout` makes it shorter.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// The shortest such interval: a busy server is not a dead one.
const SHORTEST: Duration = Duration::from_secs(1);

/// The HTTP/2 flow-control window: a list of volumes comes without waiting for credit.
const WINDOW: u32 = 1 << 20;

/// A receiver of lines.
pub type Log = Arc<dyn Fn(&str) + Send + Sync>;

/// A byte stream to the API server, through whatever proxy there is.
trait Stream: Read + Write + Connection + Send + Unpin {}
impl<T: Read + Write + Connection + Send + Unpin> Stream for T {}

/// A connector for such streams, whatever the proxy.
type Connector = BoxCloneSyncService<Uri, Box<dyn Stream>, BoxError>;

/// A client for the cluster of `config`, which logs each request to `log`. Nothing is sent yet. `limit` is the limit
/// for one response.
pub fn client(config: &Config, limit: Option<Duration>, log: Option<Log>) -> Result<Client, kube::Error> {
    let auth = config.auth_layer()?;
    // kube runs an exec plugin twice, for a token and for a certificate. One that may prompt is not run again
    // once there is a token.
    let mut config = config.clone();
    let never_asks = |exec: &ExecConfig| exec.interactive_mode == Some(ExecInteractiveMode::Never);
    config.auth_info.exec = config.auth_info.exec.filter(|exec| auth.is_none() || never_asks(exec));
    let config = &config;
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    let connector = match config.proxy_url.as_ref().map(|url| (url, url.scheme_str().unwrap_or_default())) {
        None => secured(config, http)?,
        Some((url, "http")) => secured(config, tunnel(url, http))?,
        Some((url, "https")) => {
            let tls = HttpsConnectorBuilder::new().with_tls_config(config.rustls_client_config()?).https_only();
            secured(config, tunnel(url, tls.enable_http1().wrap_connector(http)))?
        }
        Some((url, "socks5" | "socks5h")) => {
            let known = known(url);
            let auth = known.as_ref().and_then(Intercept::raw_auth);
            let address = known.as_ref().map_or_else(|| url.clone(), |known| known.uri().clone());
            let socks = SocksV5::new(address, http);
            let socks = match auth {
                Some((user, password)) => socks.with_auth(user.to_owned(), password.to_owned()),
                None => socks,
            };
            secured(config, socks)?
        }
        // The proxy's credentials may be part of its URL.
        Some((_, other)) => {
            return Err(kube::Error::Service(Box::new(lasting(format!(
                "unsupported proxy scheme \"{}\": use http, https or socks5",
                other.escape_debug()
            )))));
        }
    };
    // A dead connection is noticed before the limit of a request on it.
    let keep_alive = limit.map_or(KEEP_ALIVE, |limit| (limit / 3).clamp(SHORTEST, KEEP_ALIVE));
    let transport = Transport { connector, timeout: config.connect_timeout, keep_alive, pool: Arc::default(), log };
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(auth)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service_fn(move |request| transport.clone().send(request));
    Ok(Client::new(service, config.default_namespace.clone()))
}

/// A proxy's address and credentials.
fn known(proxy: &Uri) -> Option<Intercept> {
    Matcher::builder().all(proxy.to_string()).build().intercept(&Uri::from_static("https://any"))
}

/// An HTTP CONNECT tunnel; credentials come from the userinfo part of the proxy URL.
fn tunnel<C>(proxy: &Uri, connector: C) -> Tunnel<C> {
    let tunnel = Tunnel::new(proxy.clone(), connector);
    match known(proxy).as_ref().and_then(|k| k.basic_auth()) {
        Some(auth) => tunnel.with_auth(auth.clone()),
        None => tunnel,
    }
}

/// TLS over what the connector gives, as the kubeconfig wants it.
fn secured<C>(config: &Config, connector: C) -> Result<Connector, kube::Error>
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: Read + Write + Connection + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<BoxError>,
{
    let tls = HttpsConnectorBuilder::new().with_tls_config(config.rustls_client_config()?).https_or_http();
    let connector = match &config.tls_server_name {
        Some(name) => {
            let name = name.clone().try_into().map_err(|e| kube::Error::Service(Box::new(e)))?;
            tls.with_server_name_resolver(hyper_rustls::FixedServerNameResolver::new(name))
        }
        None => tls,
    }
    .enable_all_versions()
    .wrap_connector(connector);
    let boxed = connector.map_response(|stream| Box::new(stream) as Box<dyn Stream>);
    Ok(BoxCloneSyncService::new(boxed))
}

#[derive(Clone)]
struct Transport {
    connector: Connector,
    timeout: Option<Duration>,
    keep_alive: Duration,
    pool: Arc<Mutex<Vec<Sender>>>,
    log: Option<Log>,
}

/// A connection: over HTTP/2 all requests share it, over HTTP/1.1 each has one to its end.
enum Sender {
    Http2(http2::SendRequest<Body>),
    Http1(http1::SendRequest<Body>),
}

impl Sender {
    fn is_closed(&self) -> bool {
        match self {
            Self::Http2(sender) => sender.is_closed(),
            Self::Http1(sender) => sender.is_closed(),
        }
    }

    fn is_ready(&self) -> bool {
        match self {
            Self::Http2(_) => true,
            Self::Http1(sender) => sender.is_ready(),
        }
    }
}

impl Transport {
    /// A connection to send one request on: one that is open, else a new one. The lock is held
    /// while connecting, so that a second request waits and shares what comes of it.
    async fn sender(&self, uri: &Uri) -> Result<Sender, BoxError> {
        let mut pool = self.pool.lock().await;
        pool.retain(|sender| !sender.is_closed());
        if let Some(at) = pool.iter().position(Sender::is_ready) {
            let ready = pool.swap_remove(at);
            if let Sender::Http2(shared) = &ready {
                pool.push(Sender::Http2(shared.clone()));
            }
            return Ok(ready);
        }
        let connecting = self.connector.clone().call(uri.clone());
        let stream = match self.timeout {
            Some(limit) => tokio::time::timeout(limit, connecting).await.map_err(|_| no_connection(limit))??,
            None => connecting.await?,
        };
        if stream.connected().is_negotiated_h2() {
            let (sender, connection) = http2::Builder::new(TokioExecutor::new())
                .initial_stream_window_size(WINDOW)
                .initial_connection_window_size(WINDOW)
                .timer(TokioTimer::new())
                .keep_alive_interval(self.keep_alive)
                .keep_alive_timeout(self.keep_alive)
                .keep_alive_while_idle(true)
                .handshake(stream)
                .await?;
            tokio::spawn(connection);
            pool.push(Sender::Http2(sender.clone()));
            return Ok(Sender::Http2(sender));
        }
        let (sender, connection) = http1::handshake(stream).await?;
        tokio::spawn(connection);
        Ok(Sender::Http1(sender))
    }

    async fn send(self, request: Request<Body>) -> Result<Response<Incoming>, BoxError> {
        let Some(log) = self.log.clone() else { return self.sent(request).await };
        // The headers are not logged: they carry tokens.
        let (line, begun) = (format!("{} {}", request.method(), request.uri()), Instant::now());
        let outcome = self.sent(request).await;
        let status = outcome.as_ref().map_or_else(|_| "no answer".to_owned(), |answer| answer.status().to_string());
        log(&format!("{line} {status} in {} milliseconds", begun.elapsed().as_millis()));
        outcome
    }

    async fn sent(self, request: Request<Body>) -> Result<Response<Incoming>, BoxError> {
        match self.sender(request.uri()).await? {
            Sender::Http2(mut sender) => Ok(sender.send_request(request).await?),
            Sender::Http1(mut sender) => {
                let response = sender.send_request(origin_form(request)?).await?;
                self.pool.lock().await.push(Sender::Http1(sender));
                Ok(response)
            }
        }
    }
}

/// HTTP/1.1 wants the host in a header and only the path in the request line (RFC 9112, 3.2.1).
fn origin_form(mut request: Request<Body>) -> Result<Request<Body>, BoxError> {
    if let Some(authority) = request.uri().authority() {
        let host = HeaderValue::from_str(authority.as_str())?;
        request.headers_mut().entry(header::HOST).or_insert(host);
    }
    if let Some(path) = request.uri().path_and_query() {
        *request.uri_mut() = Uri::from(path.clone());
    }
    Ok(request)
}

/// The error of credentials that cannot be had. The output and the environment of an exec plugin are not repeated:
/// both may hold secrets.
fn no_credentials(error: &AuthError) -> Trouble {
    match error {
        AuthError::AuthExecRun { out, .. } => {
            let printed = String::from_utf8_lossy(&out.stderr);
            lasting(format!("getting credentials: exec: plugin failed with {}: {}", out.status, printed.trim()))
        }
        AuthError::AuthExecStart(cause) => {
            lasting(format!("getting credentials: exec: cannot run plugin: {}", os_message(cause)))
        }
        other => lasting(format!("getting credentials: {other}")),
    }
}

fn lasting(text: String) -> Trouble {
    Trouble::Lasting(text)
}

fn no_connection(limit: Duration) -> Trouble {
    Trouble::Passing(format!("no connection after {}s", limit.as_secs()))
}

/// The error of a failed request to `server` (`host:port`).
pub fn failure(server: &str, error: kube::Error) -> Error {
    if let kube::Error::Api(status) = error {
        return Error::Api(status);
    }
    Error::Connection { server: server.to_owned(), trouble: trouble(&error) }
}

/// The innermost cause of a failed request.
fn trouble(error: &kube::Error) -> Trouble {
    let (mut reason, mut lasts) = (String::new(), false);
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(at) = cause {
        match at.downcast_ref::<std::io::Error>().map(std::io::Error::kind) {
            Some(ErrorKind::ConnectionRefused) => return Trouble::Refused,
            // rustls's own errors: a certificate that is not trusted, most of all.
            Some(ErrorKind::InvalidData) => lasts = true,
            _ => {}
        }
        if let Some(auth) = at.downcast_ref() {
            return no_credentials(auth);
        }
        if let Some(ours) = at.downcast_ref::<Trouble>() {
            return ours.clone();
        }
        // The innermost cause is the clearest; what wraps it says "service error: client error".
        reason = at.to_string();
        cause = at.source();
    }
    // rustls appends a link to its manual; the whole message is replaced.
    if reason.contains("without sending TLS close_notify") {
        "unexpected EOF".clone_into(&mut reason);
    }
    if lasts { Trouble::Lasting(reason) } else { Trouble::Passing(reason) }
}
