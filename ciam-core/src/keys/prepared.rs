//! A key parsed once, when its set arrives, and used for every token after.

use std::fmt;
use std::sync::OnceLock;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
    RsaPublicKeyComponents,
};

use super::Algorithm;
use super::jwk::{Material, PublicJwk, SkipReason, SkippedKey};

/// A public key, bound to the algorithms it may verify.
///
/// A token's header only chooses among them: the key's type, its `alg` and the
/// configuration decide.
pub struct PreparedKey {
    kid: Option<String>,
    issuer: Option<String>,
    material: Material,
    /// One per algorithm, because a parsed key is bound to its algorithm. The
    /// first is parsed when the set arrives; an RSA key without `alg` has five
    /// more, each parsed when a token first needs it.
    verifiers: Vec<(Algorithm, Verifier)>,
}

type Verifier = OnceLock<Result<ParsedPublicKey, SkipReason>>;

impl PreparedKey {
    pub(super) fn new(jwk: PublicJwk) -> Result<Self, SkippedKey> {
        let algorithms = match &jwk.algorithm {
            Some(algorithm) => std::slice::from_ref(algorithm),
            None => jwk.material.algorithms(),
        };
        let verifiers = algorithms
            .iter()
            .map(|algorithm| (*algorithm, Verifier::new()))
            .collect();
        let key = Self {
            kid: jwk.kid,
            issuer: jwk.issuer,
            material: jwk.material,
            verifiers,
        };
        // What is no key for one algorithm is none for the others.
        match key.verifier(algorithms[0]) {
            Ok(_) => Ok(key),
            Err(reason) => Err(SkippedKey::new(key.kid(), reason)),
        }
    }

    /// The key's id in its set.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The issuer this key may sign for, as the set says it: concrete, or with
    /// `{tenantid}` in place of the tenant.
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// Whether the key may verify signatures of this algorithm.
    pub fn serves(&self, algorithm: Algorithm) -> bool {
        self.algorithms().any(|serves| serves == algorithm)
    }

    /// Verifies a signature.
    ///
    /// # Errors
    ///
    /// When the signature is not this key's, or the key does not serve the algorithm.
    pub fn verify(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureError> {
        self.verifier(algorithm)
            .map_err(|_| SignatureError)?
            .verify_sig(message, signature)
            .map_err(|_| SignatureError)
    }

    /// Whether both are the same public key with the same restrictions: listed
    /// twice, it is still one key.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.kid == other.kid
            && self.issuer == other.issuer
            && self.material == other.material
            && self.algorithms().eq(other.algorithms())
    }

    fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.verifiers.iter().map(|(algorithm, _)| *algorithm)
    }

    fn verifier(&self, algorithm: Algorithm) -> Result<&ParsedPublicKey, SkipReason> {
        let mut verifiers = self.verifiers.iter();
        let (_, verifier) = verifiers
            .find(|(serves, _)| *serves == algorithm)
            .ok_or(SkipReason::AlgorithmMismatch)?;
        verifier
            .get_or_init(|| parse(&self.material, algorithm))
            .as_ref()
            .map_err(|reason| *reason)
    }
}

impl fmt::Debug for PreparedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedKey")
            .field("kid", &self.kid)
            .field("issuer", &self.issuer)
            .field("algorithms", &Algorithms(self))
            .finish_non_exhaustive()
    }
}

/// A signature is not the key's.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the signature is not valid")]
pub struct SignatureError;

struct Algorithms<'a>(&'a PreparedKey);

impl fmt::Debug for Algorithms<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.algorithms()).finish()
    }
}

fn parse(material: &Material, algorithm: Algorithm) -> Result<ParsedPublicKey, SkipReason> {
    let parsed = match material {
        Material::Ed25519 { x } => ParsedPublicKey::new(&ED25519, x),
        Material::P256 { point } => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point),
        Material::P384 { point } => ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point),
        Material::Rsa { modulus, exponent } => RsaPublicKeyComponents {
            n: modulus,
            e: exponent,
        }
        .to_parsed_public_key(rsa_parameters(algorithm)?),
    };
    parsed.map_err(|_| SkipReason::Malformed)
}

const fn rsa_parameters(algorithm: Algorithm) -> Result<&'static RsaParameters, SkipReason> {
    match algorithm {
        Algorithm::PS256 => Ok(&RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Ok(&RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Ok(&RSA_PSS_2048_8192_SHA512),
        Algorithm::RS256 => Ok(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Ok(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Ok(&RSA_PKCS1_2048_8192_SHA512),
        _ => Err(SkipReason::AlgorithmMismatch),
    }
}
