//! Randomness as an input.

use std::fmt;

use base64_simd::URL_SAFE_NO_PAD;

/// Fills a buffer with random bytes. The default is [`SystemRandom`].
pub trait Random: fmt::Debug + Send + Sync + 'static {
    /// Fills the whole of `bytes`, unpredictably to anyone else.
    ///
    /// # Errors
    ///
    /// When the source cannot give randomness; the request then fails.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError>;
}

/// The operating system's random numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        aws_lc_rs::rand::fill(bytes).map_err(|_| RandomError)
    }
}

/// The source of randomness failed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the source of randomness failed")]
pub struct RandomError;

/// Fresh random bytes.
pub(crate) fn bytes<const N: usize>(random: &dyn Random) -> Result<[u8; N], RandomError> {
    let mut bytes = [0; N];
    random.fill(&mut bytes)?;
    Ok(bytes)
}

/// 256 fresh random bits as 43 characters of base64url: a `state`, a `nonce`,
/// a `code_verifier` ([RFC 7636, section 4.1] asks for at least 43).
///
/// [RFC 7636, section 4.1]: https://www.rfc-editor.org/rfc/rfc7636#section-4.1
pub(crate) fn token(random: &dyn Random) -> Result<String, RandomError> {
    Ok(URL_SAFE_NO_PAD.encode_to_string(bytes::<32>(random)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_43_characters_and_never_the_same() {
        let one = token(&SystemRandom).expect("the system has randomness");
        let other = token(&SystemRandom).expect("the system has randomness");
        assert_eq!(one.len(), 43);
        assert_ne!(one, other);
    }
}
