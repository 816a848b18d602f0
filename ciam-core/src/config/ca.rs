//! Extra CA certificates for connections to the provider and the store.

use std::path::Path;
use std::{fmt, io};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::problem::Fault;

/// A PEM file with at least one certificate.
#[derive(Clone)]
pub(crate) struct CaCertificates {
    pem: Vec<u8>,
    count: usize,
}

impl CaCertificates {
    pub(super) fn read(path: &Path, read: ReadFile<'_>) -> Result<Self, Fault> {
        let pem = read(path).map_err(|error| {
            Fault::new(
                "config.ca_file_unreadable",
                format!("{} cannot be read: {error}", path.display()),
                "correct the path, or the file's permissions",
            )
        })?;
        let count = CertificateDer::pem_slice_iter(&pem)
            .take(MAX_CERTIFICATES + 1)
            .try_fold(0, |count, certificate| certificate.map(|_| count + 1));
        let fix = "name a file of PEM certificates (-----BEGIN CERTIFICATE-----)";
        match count {
            Ok(count @ 1..=MAX_CERTIFICATES) => Ok(Self { pem, count }),
            Ok(0) => {
                let what = format!("{} holds no certificate", path.display());
                Err(Fault::new("config.ca_file_empty", what, fix))
            }
            Ok(_) => {
                let what = format!(
                    "{} holds more than {MAX_CERTIFICATES} certificates",
                    path.display()
                );
                let fix = "name a file of only those that are needed in addition";
                Err(Fault::new("config.ca_file_too_many", what, fix))
            }
            Err(_) => {
                let what = format!("{} is not a proper PEM file", path.display());
                Err(Fault::new("config.ca_file_invalid", what, fix))
            }
        }
    }

    /// The file as it was read.
    pub(crate) fn pem(&self) -> &[u8] {
        &self.pem
    }
}

impl fmt::Debug for CaCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaCertificates")
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

/// How a file is read, so that tests need none.
pub(super) type ReadFile<'a> = &'a dyn Fn(&Path) -> io::Result<Vec<u8>>;

/// Above the whole public set (about 150), so that a system's bundle is allowed.
const MAX_CERTIFICATES: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";

    fn read(content: &str) -> Result<CaCertificates, Fault> {
        let content = content.as_bytes().to_vec();
        CaCertificates::read(Path::new("ca.pem"), &|_| Ok(content.clone()))
    }

    #[test]
    fn certificates_are_counted_and_kept() {
        let certificates = read(&CERTIFICATE.repeat(2)).expect("two certificates");
        assert_eq!(certificates.pem(), CERTIFICATE.repeat(2).as_bytes());
        assert_eq!(
            format!("{certificates:?}"),
            "CaCertificates { count: 2, .. }"
        );
    }

    #[test]
    fn what_is_refused_has_a_code_and_names_the_file() {
        let key = CERTIFICATE.replace("CERTIFICATE", "PRIVATE KEY");
        for (content, code) in [
            ("", "config.ca_file_empty"),
            ("not PEM", "config.ca_file_empty"),
            (&key, "config.ca_file_empty"),
            (&CERTIFICATE.replace("MAA=", "%"), "config.ca_file_invalid"),
            (&CERTIFICATE.repeat(1025), "config.ca_file_too_many"),
        ] {
            let fault = read(content).expect_err(code);
            assert_eq!(fault.code, code);
            assert!(format!("{fault:?}").contains("ca.pem"), "{fault:?}");
        }
        let missing =
            CaCertificates::read(
                Path::new("ca.pem"),
                &|_| Err(io::ErrorKind::NotFound.into()),
            );
        let fault = missing.expect_err("no file");
        assert_eq!(fault.code, "config.ca_file_unreadable");
        assert!(format!("{fault:?}").contains("ca.pem"), "{fault:?}");
    }
}
