//! A certificate authority for one test, and a server's certificate of it.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

/// PEM texts; the server is 127.0.0.1 and localhost.
#[derive(Debug)]
pub struct Certificates {
    /// The authority's certificate.
    pub ca: String,
    /// The server's certificate.
    pub certificate: String,
    /// The server's private key.
    pub key: String,
}

impl Certificates {
    /// Makes an authority that nobody else knows.
    pub fn make() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Another name than the server's, or OpenSSL takes that one for its own issuer.
        let name = "an authority of a test";
        params.distinguished_name.push(DnType::CommonName, name);
        let ca_key = KeyPair::generate().expect("a key");
        let ca = CertifiedIssuer::self_signed(params, ca_key).expect("a certificate");
        let names = ["127.0.0.1", "localhost"].map(str::to_owned).to_vec();
        let server = CertificateParams::new(names).expect("two names");
        let key = KeyPair::generate().expect("a key");
        let certificate = server.signed_by(&key, &ca).expect("a certificate");
        Self {
            ca: ca.pem(),
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }
}
