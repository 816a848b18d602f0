//! TLS mode: a throw-away CA, one certificate, and the acceptor that uses it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ServerConfig, crypto, pki_types};
use tokio_rustls::server::TlsStream;

use crate::clock::Timestamp;

/// A certificate for the tenant's host names, and the CA that issued it.
pub(crate) struct Identity {
    pub(crate) ca_pem: String,
    config: Arc<ServerConfig>,
}

impl Identity {
    pub(crate) fn new(names: Vec<String>, now: Timestamp) -> Result<Self, String> {
        let fail = |error: rcgen::Error| error.to_string();
        let ca_key = rcgen::KeyPair::generate().map_err(fail)?;
        let mut ca = rcgen::CertificateParams::default();
        ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
        ca.key_usages = vec![
            rcgen::KeyUsagePurpose::KeyCertSign,
            rcgen::KeyUsagePurpose::CrlSign,
        ];
        ca.distinguished_name
            .push(rcgen::DnType::CommonName, "ciam-tenant throw-away CA");
        set_short_validity(&mut ca, now);
        let ca_pem = ca.self_signed(&ca_key).map_err(fail)?.pem();
        let issuer = rcgen::Issuer::new(ca, ca_key);

        let key = rcgen::KeyPair::generate().map_err(fail)?;
        let mut leaf = rcgen::CertificateParams::new(names).map_err(fail)?;
        leaf.distinguished_name
            .push(rcgen::DnType::CommonName, "ciam-tenant");
        leaf.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        set_short_validity(&mut leaf, now);
        let certificate = leaf.signed_by(&key, &issuer).map_err(fail)?.der().clone();

        let key = pki_types::PrivatePkcs8KeyDer::from(key.serialize_der());
        // Named, because a process may have several providers or none chosen.
        let provider = Arc::new(crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder
                    .with_no_client_auth()
                    .with_single_cert(vec![certificate], key.into())
            })
            .map_err(|error| error.to_string())?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            ca_pem,
            config: Arc::new(config),
        })
    }
}

/// Accepts TLS connections; one slow handshake does not hold up the others.
pub(crate) struct TlsListener {
    address: SocketAddr,
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    accepting: tokio::task::JoinHandle<()>,
}

impl TlsListener {
    pub(crate) fn new(listener: TcpListener, identity: &Identity) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (sender, ready) = mpsc::channel(1);
        let acceptor = TlsAcceptor::from(identity.config.clone());
        let accepting = tokio::spawn(accept(listener, acceptor, sender));
        Ok(Self {
            address,
            ready,
            accepting,
        })
    }
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The accepting task ends with this listener only.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}

impl Drop for TlsListener {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Makes a certificate valid from the midnight before `from` to the one before `until`.
pub(crate) fn set_validity(
    certificate: &mut rcgen::CertificateParams,
    from: Timestamp,
    until: Timestamp,
) {
    let midnight = |at: Timestamp| {
        let (year, month, day) = at.date();
        rcgen::date_time_ymd(
            i32::try_from(year).unwrap_or(2999),
            u8::try_from(month).unwrap_or(1),
            u8::try_from(day).unwrap_or(1),
        )
    };
    certificate.not_before = midnight(from);
    certificate.not_after = midnight(until);
}

async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    sender: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let handshakes = Arc::new(Semaphore::new(MAX_HANDSHAKES));
    while let Ok(permit) = handshakes.clone().acquire_owned().await {
        match listener.accept().await {
            Ok(connection) => {
                tokio::spawn(handshake(
                    connection,
                    acceptor.clone(),
                    sender.clone(),
                    permit,
                ));
            }
            // Out of file descriptors, most likely: some will be closed.
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn handshake(
    (stream, from): (TcpStream, SocketAddr),
    acceptor: TlsAcceptor,
    sender: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
    _permit: OwnedSemaphorePermit,
) {
    if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_TIME, acceptor.accept(stream)).await {
        let _ = sender.send((stream, from)).await;
    }
}

/// From yesterday, because clocks differ, to a quarter later: nobody needs it so long.
fn set_short_validity(certificate: &mut rcgen::CertificateParams, now: Timestamp) {
    let from = Timestamp(now.0.saturating_sub(DAY));
    set_validity(certificate, from, Timestamp(now.0 + 90 * DAY));
}

const DAY: u64 = 86_400;
const MAX_HANDSHAKES: usize = 64;
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
