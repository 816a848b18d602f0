//! One key of a key set, read alone: an odd neighbour does not spoil it.

use base64_simd::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Algorithm, parse_algorithm};
use crate::text::shortened;

/// A public key that can verify signatures, as it stands in the set.
#[derive(Debug)]
pub(super) struct PublicJwk {
    pub(super) kid: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) algorithm: Option<Algorithm>,
    pub(super) material: Material,
}

/// The numbers of a public key, big-endian, each in its one form.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Material {
    Ed25519 { x: Vec<u8> },
    P256 { point: Vec<u8> },
    P384 { point: Vec<u8> },
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
}

impl PublicJwk {
    /// Reads one member of `keys`.
    pub(super) fn parse(json: &str) -> Result<Self, SkippedKey> {
        // Members this crate does not read are not its business; those it reads
        // must be there once and of their type.
        let wire = match serde_json::from_str::<Wire>(json) {
            Ok(wire) if json.starts_with('{') => wire,
            _ => return Err(SkippedKey::new(None, SkipReason::Malformed)),
        };
        match wire.public_key() {
            Ok((algorithm, material)) => Ok(Self {
                kid: wire.kid,
                issuer: wire.issuer,
                algorithm,
                material,
            }),
            Err(reason) => Err(SkippedKey::new(wire.kid.as_deref(), reason)),
        }
    }
}

/// A key of the set that is not used, for the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SkippedKey {
    kid: Option<String>,
    reason: SkipReason,
}

impl SkippedKey {
    pub(super) fn new(kid: Option<&str>, reason: SkipReason) -> Self {
        Self {
            kid: kid.map(shortened),
            reason,
        }
    }

    /// The key's id, shortened, when it has one that can be read.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Why it is not used.
    pub const fn reason(&self) -> SkipReason {
        self.reason
    }
}

/// Why a key of a set is not used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SkipReason {
    /// `alg` names an algorithm this crate does not verify.
    #[error("its algorithm is not supported")]
    Algorithm,
    /// `alg` and `kty` or `crv` contradict each other.
    #[error("its algorithm is not for keys of its type")]
    AlgorithmMismatch,
    /// A curve this crate does not verify on.
    #[error("its curve is not supported")]
    Curve,
    /// Members missing, of the wrong type, twice, too long or not base64url; a
    /// number that is no key.
    #[error("it is malformed")]
    Malformed,
    /// It holds private members: whoever reads the set can sign.
    #[error("it holds a private key")]
    Private,
    /// An RSA modulus under 2048 or over 8192 bits, or an exponent to match.
    #[error("its size is out of range")]
    Size,
    /// A shared secret.
    #[error("it is a shared secret")]
    Symmetric,
    /// A key type this crate does not know.
    #[error("its type is not known")]
    Type,
    /// `use` or `key_ops` say that it is not for verifying signatures.
    #[error("it is not for signatures")]
    Use,
}

/// [RFC 7517, section 4](https://www.rfc-editor.org/rfc/rfc7517#section-4) and
/// [RFC 7518, section 6](https://www.rfc-editor.org/rfc/rfc7518#section-6), with
/// Microsoft's `issuer` beside them. Embedded certificates (`x5c`, `x5u`) are
/// never looked at: the key counts because of where the set came from.
#[derive(Deserialize)]
struct Wire {
    kty: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    kid: Option<String>,
    issuer: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    d: Option<IgnoredAny>,
    p: Option<IgnoredAny>,
    q: Option<IgnoredAny>,
}

impl Wire {
    fn public_key(&self) -> Result<(Option<Algorithm>, Material), SkipReason> {
        if too_long(self.kid.as_deref(), MAX_KID_BYTES)
            || too_long(self.issuer.as_deref(), MAX_ISSUER_BYTES)
        {
            return Err(SkipReason::Malformed);
        }
        let kty = self.kty.as_deref().ok_or(SkipReason::Malformed)?;
        if kty == "oct" {
            return Err(SkipReason::Symmetric);
        }
        // `use` and `key_ops` may be absent; what they say must allow verifying.
        let for_signatures = self.usage.as_deref().is_none_or(|usage| usage == "sig");
        let for_verifying = self
            .key_ops
            .as_ref()
            .is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        if !for_signatures || !for_verifying {
            return Err(SkipReason::Use);
        }
        if self.d.is_some() || self.p.is_some() || self.q.is_some() {
            return Err(SkipReason::Private);
        }
        let material = match kty {
            "EC" => self.elliptic_curve()?,
            "OKP" => self.octet_key_pair()?,
            "RSA" => self.rsa()?,
            _ => return Err(SkipReason::Type),
        };
        let algorithm = match self.alg.as_deref() {
            None => None,
            Some(name) => Some(parse_algorithm(name).map_err(|_| SkipReason::Algorithm)?),
        };
        if algorithm.is_some_and(|algorithm| !material.algorithms().contains(&algorithm)) {
            return Err(SkipReason::AlgorithmMismatch);
        }
        Ok((algorithm, material))
    }

    fn elliptic_curve(&self) -> Result<Material, SkipReason> {
        let coordinate_len = match self.crv.as_deref() {
            Some("P-256") => 32,
            Some("P-384") => 48,
            Some(_) => return Err(SkipReason::Curve),
            None => return Err(SkipReason::Malformed),
        };
        let x = decode(self.x.as_deref())?;
        let y = decode(self.y.as_deref())?;
        // RFC 7518, section 6.2.1.2: the full size of a coordinate, always.
        if x.len() != coordinate_len || y.len() != coordinate_len {
            return Err(SkipReason::Malformed);
        }
        let point = [&[UNCOMPRESSED], x.as_slice(), y.as_slice()].concat();
        Ok(match coordinate_len {
            32 => Material::P256 { point },
            _ => Material::P384 { point },
        })
    }

    fn octet_key_pair(&self) -> Result<Material, SkipReason> {
        match self.crv.as_deref() {
            Some("Ed25519") => {}
            Some(_) => return Err(SkipReason::Curve),
            None => return Err(SkipReason::Malformed),
        }
        let x = decode(self.x.as_deref())?;
        if x.len() != ED25519_BYTES {
            return Err(SkipReason::Malformed);
        }
        Ok(Material::Ed25519 { x })
    }

    fn rsa(&self) -> Result<Material, SkipReason> {
        let modulus = without_leading_zeros(decode(self.n.as_deref())?);
        let exponent = without_leading_zeros(decode(self.e.as_deref())?);
        let (Some(high), Some(low)) = (modulus.first(), modulus.last()) else {
            return Err(SkipReason::Malformed);
        };
        let bits = modulus.len() * 8 - high.leading_zeros() as usize;
        if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) {
            return Err(SkipReason::Size);
        }
        // The verifying code below does not look at these when it takes the
        // numbers in: an exponent of 1 would make every signature valid.
        let exponent_is_odd = exponent.last().is_some_and(|low| low % 2 == 1);
        if !exponent_is_odd || exponent == [1] || exponent.len() > MAX_RSA_EXPONENT_BYTES {
            return Err(SkipReason::Size);
        }
        if low % 2 == 0 {
            return Err(SkipReason::Malformed);
        }
        Ok(Material::Rsa { modulus, exponent })
    }
}

impl Material {
    /// All algorithms a key of this type can serve when its `alg` names none.
    pub(super) const fn algorithms(&self) -> &'static [Algorithm] {
        match self {
            Self::Ed25519 { .. } => &[Algorithm::EdDSA],
            Self::P256 { .. } => &[Algorithm::ES256],
            Self::P384 { .. } => &[Algorithm::ES384],
            Self::Rsa { .. } => &[
                Algorithm::RS256,
                Algorithm::RS384,
                Algorithm::RS512,
                Algorithm::PS256,
                Algorithm::PS384,
                Algorithm::PS512,
            ],
        }
    }
}

fn decode(member: Option<&str>) -> Result<Vec<u8>, SkipReason> {
    let text = member.ok_or(SkipReason::Malformed)?;
    if text.len() > MAX_MEMBER_BYTES {
        return Err(SkipReason::Size);
    }
    URL_SAFE_NO_PAD
        .decode_to_vec(text)
        .map_err(|_| SkipReason::Malformed)
}

/// RFC 7518, section 6.3.1.1: some implementations prefix a zero octet, and
/// readers should not trip over it.
fn without_leading_zeros(mut number: Vec<u8>) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.drain(..zeros);
    number
}

fn too_long(text: Option<&str>, limit: usize) -> bool {
    text.is_some_and(|text| text.len() > limit)
}

/// [RFC 7518, section 3.3](https://www.rfc-editor.org/rfc/rfc7518#section-3.3).
const MIN_RSA_BITS: usize = 2048;

/// What the verifying code accepts; verifying costs the square of it.
const MAX_RSA_BITS: usize = 8192;

/// 33 bits are the most the verifying code accepts; 65537 takes 3 bytes.
const MAX_RSA_EXPONENT_BYTES: usize = 4;

/// The base64url form of [`MAX_RSA_BITS`], with room for a leading zero octet.
const MAX_MEMBER_BYTES: usize = 1400;

/// Key ids in the wild are hashes or UUIDs; no standard sets a limit.
const MAX_KID_BYTES: usize = 512;

/// The longest URL that is worth comparing with an issuer.
const MAX_ISSUER_BYTES: usize = 2048;

/// [RFC 8032, section 5.1.5](https://www.rfc-editor.org/rfc/rfc8032#section-5.1.5).
const ED25519_BYTES: usize = 32;

/// SEC 1, section 2.3.3: the point follows as both coordinates.
const UNCOMPRESSED: u8 = 4;
