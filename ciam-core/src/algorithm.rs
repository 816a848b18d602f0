//! The signature algorithms this crate knows, read from their names.

pub use jsonwebtoken::Algorithm;

use crate::text::shortened;

/// Reads an `alg` value: of a token's header, a key, a provider's metadata, a setting.
///
/// Known are RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA and
/// its fully specified name Ed25519 ([RFC 9864, section 2.2]). Names are compared
/// exactly ([RFC 7515, section 4.1.1]: they are case-sensitive).
///
/// # Errors
///
/// For `none` however it is written, for algorithms with a shared secret, and
/// for every other name; each has a code of its own.
///
/// [RFC 7515, section 4.1.1]: https://www.rfc-editor.org/rfc/rfc7515#section-4.1.1
/// [RFC 9864, section 2.2]: https://www.rfc-editor.org/rfc/rfc9864#section-2.2
pub fn parse_algorithm(name: &str) -> Result<Algorithm, AlgorithmError> {
    match name {
        "ES256" => Ok(Algorithm::ES256),
        "ES384" => Ok(Algorithm::ES384),
        "Ed25519" | "EdDSA" => Ok(Algorithm::EdDSA),
        "PS256" => Ok(Algorithm::PS256),
        "PS384" => Ok(Algorithm::PS384),
        "PS512" => Ok(Algorithm::PS512),
        "RS256" => Ok(Algorithm::RS256),
        "RS384" => Ok(Algorithm::RS384),
        "RS512" => Ok(Algorithm::RS512),
        _ if name.trim().eq_ignore_ascii_case("none") => Err(AlgorithmError::None),
        // A public key used as a shared secret is the oldest attack on these
        // tokens: it is told apart from a name nobody knows.
        "HS256" | "HS384" | "HS512" => Err(AlgorithmError::Symmetric {
            found: shortened(name),
        }),
        _ => Err(AlgorithmError::Unknown {
            found: shortened(name),
        }),
    }
}

/// An `alg` value that is never used to verify a signature.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AlgorithmError {
    /// `none`: an unsigned token.
    #[error("unsigned: the algorithm is none")]
    None,
    /// A MAC under a shared secret.
    #[error("algorithm {found} uses a shared secret")]
    Symmetric {
        /// The name found.
        found: String,
    },
    /// A name this crate does not know.
    #[error("algorithm {found} is not supported")]
    Unknown {
        /// The name found.
        found: String,
    },
}

impl AlgorithmError {
    /// The stable code of this failure.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::None => "token.alg_none",
            Self::Symmetric { .. } => "token.alg_symmetric",
            Self::Unknown { .. } => "token.alg_unknown",
        }
    }
}

/// All that this crate can verify a signature with.
pub(crate) const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_exactly_the_asymmetric_names() {
        for name in [
            "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA",
        ] {
            let algorithm = parse_algorithm(name).expect("a supported name");
            assert_eq!(format!("{algorithm:?}"), name);
        }
        assert_eq!(parse_algorithm("Ed25519"), Ok(Algorithm::EdDSA));
    }

    #[test]
    fn refuses_the_rest_each_with_its_code() {
        for (name, code) in [
            ("none", "token.alg_none"),
            ("None", "token.alg_none"),
            ("NONE", "token.alg_none"),
            ("nOnE", "token.alg_none"),
            (" none\n", "token.alg_none"),
            ("HS256", "token.alg_symmetric"),
            ("HS384", "token.alg_symmetric"),
            ("HS512", "token.alg_symmetric"),
            ("", "token.alg_unknown"),
            ("rs256", "token.alg_unknown"),
            ("RS256 ", "token.alg_unknown"),
            ("ES256K", "token.alg_unknown"),
            ("ES512", "token.alg_unknown"),
            ("Ed448", "token.alg_unknown"),
            ("RS1", "token.alg_unknown"),
            ("RSA-OAEP", "token.alg_unknown"),
        ] {
            let error = parse_algorithm(name).expect_err(name);
            assert_eq!(error.code(), code, "{name:?}");
        }
    }
}
