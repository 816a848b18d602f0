//! TLS to a server.
//!
//! The redis client would build this itself, but from the process-wide default of rustls:
//! it panics where an application has both ring and aws-lc-rs and chose none of them, and
//! takes whatever was chosen otherwise. So it gets a stream that is ready.

use std::sync::{Arc, OnceLock};

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;

/// What is trusted; read when it is needed first.
pub(super) struct Tls {
    ca_pem: Option<Vec<u8>>,
    connector: OnceLock<Result<TlsConnector, String>>,
}

impl Tls {
    pub(super) const fn new(ca_pem: Option<Vec<u8>>) -> Self {
        Self {
            ca_pem,
            connector: OnceLock::new(),
        }
    }

    /// Checks the certificate, and that it is of this host. The error is its reason.
    pub(super) async fn handshake(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, String> {
        let connector = self.connector.get_or_init(|| self.connector()).clone()?;
        let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
        let handshake = connector.connect(name, stream).await;
        handshake.map_err(|error| error.to_string())
    }

    fn connector(&self) -> Result<TlsConnector, String> {
        let pem = self.ca_pem.as_deref().unwrap_or_default();
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let certificates = certificates.map_err(|_| "the CA certificates are no PEM text")?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = Verifier::new_with_extra_roots(certificates, Arc::clone(&provider))
            .and_then(|verifier| {
                let config = ClientConfig::builder_with_provider(provider)
                    .with_safe_default_protocol_versions()?;
                // "Dangerous" is to bring a verifier; this one is as strict as rustls' own,
                // with the machine's certificates.
                let config = config.dangerous();
                Ok(config.with_custom_certificate_verifier(Arc::new(verifier)))
            })
            .map_err(|error| error.to_string())?;
        Ok(TlsConnector::from(Arc::new(config.with_no_client_auth())))
    }
}
