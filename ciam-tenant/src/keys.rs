//! The signing keys, and the key set that publishes them.

use aws_lc_rs::digest;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::application::AccessTokenVersion;
use crate::clock::Timestamp;
use crate::random::base64url;

/// The key that signs, and the one that did before it; both are published.
#[derive(Debug)]
pub(crate) struct KeySet {
    current: Key,
    previous: Key,
}

impl KeySet {
    /// Makes two keys. Takes a moment: not for an async thread.
    pub(crate) fn new(now: Timestamp) -> Self {
        let (current, previous) = std::thread::scope(|scope| {
            let other = scope.spawn(|| Key::new(now));
            let current = Key::new(now);
            (current, other.join().unwrap_or_else(|_| Key::new(now)))
        });
        Self { current, previous }
    }

    /// Signs with `next` from now on; the current key stays published, the one before does not.
    pub(crate) fn rotate(&mut self, next: Key) {
        let retired = std::mem::replace(&mut self.current, next);
        self.previous = retired;
    }

    pub(crate) fn current(&self) -> &Key {
        &self.current
    }

    /// The public keys, the older first: the order has no meaning, and a client that takes the
    /// first should notice.
    pub(crate) fn public(&self, issuer: &str) -> JsonWebKeySet {
        JsonWebKeySet {
            keys: [&self.previous, &self.current].map(|key| key.public(issuer)),
        }
    }

    /// The payload of a token signed with a published key.
    pub(crate) fn open(&self, token: &str) -> Option<Vec<u8>> {
        let (message, signature) = token.rsplit_once('.')?;
        let signature = decode(signature)?;
        let known = [&self.current, &self.previous];
        known
            .iter()
            .any(|key| key.verify(message.as_bytes(), &signature))
            .then(|| decode(message.split_once('.')?.1))?
    }
}

/// One RSA key with its certificate.
#[derive(Debug)]
pub(crate) struct Key {
    pair: KeyPair,
    certificate: Vec<u8>,
    thumbprint: String,
}

impl Key {
    /// Makes a 2048-bit key. Takes a moment: not for an async thread.
    pub(crate) fn new(now: Timestamp) -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("2048 bits are supported");
        let certificate = certificate(&pair, now).expect("an RSA key makes a certificate");
        let sha1 = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &certificate);
        let thumbprint = base64url(sha1.as_ref());
        Self {
            pair,
            certificate,
            thumbprint,
        }
    }

    /// A compact JWS over `payload`, RS256.
    pub(crate) fn sign(&self, payload: &[u8]) -> String {
        self.sign_with(&self.header(AccessTokenVersion::V2), payload)
    }

    /// The header of a token of this version.
    pub(crate) fn header(&self, version: AccessTokenVersion) -> Map<String, Value> {
        let thumbprint = &self.thumbprint;
        let header = match version {
            AccessTokenVersion::V1 => {
                json!({"typ": "JWT", "alg": "RS256", "x5t": thumbprint, "kid": thumbprint})
            }
            AccessTokenVersion::V2 => json!({"typ": "JWT", "alg": "RS256", "kid": thumbprint}),
        };
        header.as_object().cloned().unwrap_or_default()
    }

    /// A compact JWS with this header, signed as RS256 whatever it says.
    pub(crate) fn sign_with(&self, header: &Map<String, Value>, payload: &[u8]) -> String {
        let header = serde_json::to_vec(header).expect("a JSON value makes a header");
        let message = format!("{}.{}", base64url(&header), base64url(payload));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message.as_bytes(),
                &mut signature,
            )
            .expect("the buffer has the length of the modulus");
        format!("{message}.{}", base64url(&signature))
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let algorithm = &aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256;
        aws_lc_rs::signature::UnparsedPublicKey::new(algorithm, self.pair.public_key())
            .verify(message, signature)
            .is_ok()
    }

    fn public(&self, issuer: &str) -> JsonWebKey {
        let key = self.pair.public_key();
        JsonWebKey {
            kty: "RSA",
            key_use: "sig",
            kid: self.thumbprint.clone(),
            x5t: self.thumbprint.clone(),
            n: base64url(key.modulus().big_endian_without_leading_zero()),
            e: base64url(key.exponent().big_endian_without_leading_zero()),
            x5c: [base64_simd::STANDARD.encode_to_string(&self.certificate)],
            issuer: issuer.to_owned(),
        }
    }
}

/// The key set document: no `alg` member, as in the real one.
#[derive(Debug, Serialize)]
pub(crate) struct JsonWebKeySet {
    keys: [JsonWebKey; 2],
}

#[derive(Debug, Serialize)]
struct JsonWebKey {
    kty: &'static str,
    #[serde(rename = "use")]
    key_use: &'static str,
    kid: String,
    x5t: String,
    n: String,
    e: String,
    x5c: [String; 1],
    issuer: String,
}

fn certificate(pair: &KeyPair, now: Timestamp) -> Result<Vec<u8>, rcgen::Error> {
    let pkcs8 = pair.as_der().map_err(|_| rcgen::Error::RemoteKeyError)?;
    let pkcs8 = tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer::from(pkcs8.as_ref());
    let pair = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8, &rcgen::PKCS_RSA_SHA256)?;
    let mut params = rcgen::CertificateParams::default();
    let name = &mut params.distinguished_name;
    *name = rcgen::DistinguishedName::new();
    name.push(
        rcgen::DnType::CommonName,
        "accounts.accesscontrol.windows.net",
    );
    crate::tls::set_validity(&mut params, now, Timestamp(now.0 + FIVE_YEARS));
    Ok(params.self_signed(&pair)?.der().to_vec())
}

fn decode(text: &str) -> Option<Vec<u8>> {
    base64_simd::URL_SAFE_NO_PAD
        .decode_to_vec(text.as_bytes())
        .ok()
}

const FIVE_YEARS: u64 = 5 * 365 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_what_a_published_key_signed() {
        let now = Timestamp(1_800_000_000);
        let mut keys = KeySet::new(now);
        let token = keys.current().sign(b"{}");
        assert_eq!(keys.open(&token).as_deref(), Some(&b"{}"[..]));
        keys.rotate(Key::new(now));
        assert_eq!(keys.open(&token).as_deref(), Some(&b"{}"[..]));
        keys.rotate(Key::new(now));
        assert_eq!(keys.open(&token), None);
    }

    #[test]
    fn opens_nothing_that_was_changed() {
        let keys = KeySet::new(Timestamp(1_800_000_000));
        let token = keys.current().sign(b"{}");
        let (message, signature) = token.rsplit_once('.').unwrap();
        assert_eq!(keys.open(&format!("{message}A.{signature}")), None);
        for broken in ["", ".", "..", "a.b.c", message] {
            assert_eq!(keys.open(broken), None);
        }
    }
}
