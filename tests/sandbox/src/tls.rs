//! Certificates made for one run, and the kubeconfig that goes with them.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use serde_json::json;
use tokio_rustls::TlsAcceptor;

/// Writes `ca.crt`, `client.crt`, `client.key` and `kubeconfig` (JSON, which is YAML) to `folder`,
/// for a server on `port`; what that server shows and asks for.
pub fn prepare(folder: &Path, port: u16) -> io::Result<TlsAcceptor> {
    let (authority_key, client_key, server_key) = (key()?, key()?, key()?);
    let mut params = named("glancepv sandbox authority", &[])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).map_err(io::Error::other)?;
    let issuer = Issuer::new(params, authority_key);
    let client = named("admin", &[])?.signed_by(&client_key, &issuer).map_err(io::Error::other)?;
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let server = named("glancepv sandbox", &names)?.signed_by(&server_key, &issuer).map_err(io::Error::other)?;

    let at = |name: &str| folder.join(name).to_string_lossy().into_owned();
    std::fs::write(at("ca.crt"), authority.pem())?;
    std::fs::write(at("client.crt"), client.pem())?;
    std::fs::write(at("client.key"), client_key.serialize_pem())?;
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "sandbox",
        "clusters": [{"name": "sandbox", "cluster": {
            "server": format!("https://127.0.0.1:{port}"), "certificate-authority": at("ca.crt")}}],
        "users": [{"name": "admin", "user": {
            "client-certificate": at("client.crt"), "client-key": at("client.key")}}],
        "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": "admin"}}],
    });
    std::fs::write(at("kubeconfig"), serde_json::to_string_pretty(&kubeconfig)?)?;

    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).map_err(io::Error::other)?;
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).allow_unauthenticated();
    let chain: Vec<CertificateDer<'static>> = vec![server.der().clone()];
    let private = PrivateKeyDer::try_from(server_key.serialize_der()).map_err(io::Error::other)?;
    let mut config = ServerConfig::builder()
        .with_client_cert_verifier(verifier.build().map_err(io::Error::other)?)
        .with_single_cert(chain, private)
        .map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn key() -> io::Result<KeyPair> {
    KeyPair::generate().map_err(io::Error::other)
}

fn named(name: &str, also: &[String]) -> io::Result<CertificateParams> {
    let mut params = CertificateParams::new(also).map_err(io::Error::other)?;
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}
