//! Sealed text: what only this application can read, change or make.
//!
//! ```text
//! version (1) | key id (4) | day (4) | expiry (8) | nonce (12) | ciphertext | tag (16)
//! ```
//!
//! Numbers are big-endian; the day is that of sealing and, with the key id,
//! selects the subkey. In a cookie the whole is written as base64url without
//! padding. The associated data are the context (purpose, cookie name, realm) and
//! everything before the nonce.

use std::fmt;
use std::ops::Range;

use aws_lc_rs::aead::{Aad, NONCE_LEN, Nonce};
use base64_simd::URL_SAFE_NO_PAD;
use bytes::{Buf as _, Bytes};
use zeroize::Zeroize;

use crate::clock::Timestamp;
use crate::random::{self, Random};

use super::key_ring::{Day, KeyAge, KeyId, KeyRing};

mod error;

pub(crate) use error::SealError;

/// What a sealed text is for; it opens for nothing else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SealContext<'a> {
    /// The kind of thing sealed.
    pub(crate) purpose: Purpose,
    /// The cookie it is kept in, as the browser sees the name.
    pub(crate) cookie_name: &'a str,
    /// The configuration it belongs to.
    pub(crate) realm: &'a str,
}

impl SealContext<'_> {
    /// Every part has a length before it: no two contexts are the same bytes.
    fn write(&self, buffer: &mut Vec<u8>) {
        buffer.push(self.purpose.byte());
        for part in [self.cookie_name, self.realm] {
            buffer.extend((part.len() as u64).to_be_bytes());
            buffer.extend(part.as_bytes());
        }
    }

    const fn length(&self) -> usize {
        1 + 2 * size_of::<u64>() + self.cookie_name.len() + self.realm.len()
    }
}

/// The kind of thing sealed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Purpose {
    /// What the next sign-in is asked for, in a link.
    Challenge,
    /// The ID token, kept as the hint of sign-out.
    IdToken,
    /// The session.
    Session,
    /// A session in a store, bound to its key.
    StoredSession,
    /// One sign-in attempt.
    Transaction,
}

impl Purpose {
    /// What is bound; a number once used is never given to something else.
    const fn byte(self) -> u8 {
        match self {
            Self::Challenge => 5,
            Self::IdToken => 1,
            Self::Session => 2,
            Self::StoredSession => 4,
            Self::Transaction => 3,
        }
    }
}

impl KeyRing {
    /// Seals `plaintext` for one context until `expires_at`, as text.
    ///
    /// The text is 60 characters and a third longer than the plaintext.
    pub(crate) fn seal(
        &self,
        context: &SealContext<'_>,
        plaintext: &[u8],
        expires_at: Timestamp,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<String, SealError> {
        let length = (OVERHEAD + plaintext.len()).saturating_mul(4).div_ceil(3);
        if length > MAX_SEALED {
            return Err(SealError::TooLarge { length });
        }
        let sealed = self.seal_bytes(context, plaintext, expires_at, now, random)?;
        Ok(URL_SAFE_NO_PAD.encode_to_string(&sealed))
    }

    /// The same as bytes, for what need not be text. 45 bytes longer than the plaintext.
    pub(crate) fn seal_bytes(
        &self,
        context: &SealContext<'_>,
        plaintext: &[u8],
        expires_at: Timestamp,
        now: Timestamp,
        random: &dyn Random,
    ) -> Result<Vec<u8>, SealError> {
        if expires_at <= now {
            return Err(SealError::Expired { expires_at, now });
        }
        let latest = now.after(self.max_lifetime());
        if expires_at > latest {
            return Err(SealError::Lifetime { expires_at, latest });
        }
        let length = OVERHEAD + plaintext.len();
        if length > MAX_SEALED {
            return Err(SealError::TooLarge { length });
        }

        let day = Day::of(now);
        let (position, key_id) = self.sealing();
        let subkey = self
            .subkey(position, day)
            .map_err(|_| SealError::Underivable)?;
        let nonce: [u8; NONCE_LEN] = random::bytes(random)?;

        let size = context.length() + OVERHEAD + plaintext.len();
        let mut buffer = Wiped(Vec::with_capacity(size));
        context.write(&mut buffer.0);
        let start = buffer.0.len();
        buffer.0.push(VERSION);
        buffer.0.extend(key_id.0);
        buffer.0.extend(day.0.to_be_bytes());
        buffer.0.extend(expires_at.unix().to_be_bytes());
        let header = buffer.0.len();
        buffer.0.extend(nonce);
        buffer.0.extend(plaintext);

        let (bound, rest) = buffer.0.split_at_mut(header);
        let sealed = subkey.aead().seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(&*bound),
            &mut rest[NONCE_LEN..],
        );
        let tag = sealed.map_err(|_| SealError::Refused)?;
        buffer.0.extend(tag.as_ref());
        self.remember(subkey);
        Ok(buffer.0[start..].to_vec())
    }

    /// Opens what [`Self::seal`] made for the same context.
    ///
    /// Whoever sent the text learns nothing from the error: it is for the log.
    pub(crate) fn open(
        &self,
        context: &SealContext<'_>,
        text: &[u8],
        now: Timestamp,
    ) -> Result<Opened, SealError> {
        let decoded = URL_SAFE_NO_PAD.estimated_decoded_length(text.len());
        self.open_with(context, (text.len(), decoded), now, |buffer| {
            let decoded = URL_SAFE_NO_PAD.decode_append(text, buffer);
            decoded.map_err(|_| SealError::Malformed)
        })
    }

    /// Opens what [`Self::seal_bytes`] made for the same context.
    pub(crate) fn open_bytes(
        &self,
        context: &SealContext<'_>,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<Opened, SealError> {
        self.open_with(context, (bytes.len(), bytes.len()), now, |buffer| {
            buffer.extend_from_slice(bytes);
            Ok(())
        })
    }

    fn open_with(
        &self,
        context: &SealContext<'_>,
        (length, decoded): (usize, usize),
        now: Timestamp,
        decode: impl FnOnce(&mut Vec<u8>) -> Result<(), SealError>,
    ) -> Result<Opened, SealError> {
        // 1. The length, before anything is decoded.
        if length > MAX_SEALED {
            return Err(SealError::TooLarge { length });
        }

        // 2. One buffer: the context, then what was sealed. The associated data
        //    are its first bytes, the rest is opened in place.
        let start = context.length();
        let mut buffer = Wiped(Vec::with_capacity(start + decoded));
        context.write(&mut buffer.0);
        decode(&mut buffer.0)?;

        // 3. The version, before the length: another version may be shorter.
        let header = match buffer.0.get(start) {
            None => return Err(SealError::Malformed),
            Some(&VERSION) => Header::read(&buffer.0[start..])?,
            Some(&found) => return Err(SealError::Version { found }),
        };

        // 4. A key of ours and a day it can have been used on, before
        //    anything is derived.
        let position = self.position(header.key_id);
        let Some(position) = position else {
            let found = header.key_id;
            return Err(SealError::UnknownKey { found });
        };
        if !self.accepts(header.day, now) {
            let found = header.day;
            return Err(SealError::Day { found, now });
        }
        let subkey = self
            .subkey(position, header.day)
            .map_err(|_| SealError::Underivable)?;

        // 5. Authenticate and decrypt.
        let (bound, rest) = buffer.0.split_at_mut(start + HEADER);
        let (_, ciphertext) = rest.split_at_mut(NONCE_LEN);
        let opened = subkey.aead().open_in_place(
            Nonce::assume_unique_for_key(header.nonce),
            Aad::from(&*bound),
            ciphertext,
        );
        let length = opened.map_err(|_| SealError::Refused)?.len();

        // 6. The expiry, which is authentic by now.
        let expires_at = header.expires_at;
        if expires_at <= now {
            return Err(SealError::Expired { expires_at, now });
        }

        self.remember(subkey);
        let plaintext = start + HEADER + NONCE_LEN;
        Ok(Opened {
            plaintext: buffer.into_bytes(plaintext..plaintext + length),
            expires_at,
            key: KeyAge::of(position),
        })
    }
}

/// What was sealed, and how.
pub(crate) struct Opened {
    /// The text as it was before sealing; overwritten when its last part is dropped.
    pub(crate) plaintext: Bytes,
    /// When it would have been refused.
    pub(crate) expires_at: Timestamp,
    /// The key that opened it.
    pub(crate) key: KeyAge,
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opened")
    }
}

/// What stands in front of the ciphertext.
struct Header {
    key_id: KeyId,
    day: Day,
    expires_at: Timestamp,
    nonce: [u8; NONCE_LEN],
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Self, SealError> {
        let malformed = SealError::Malformed;
        if bytes.len() < OVERHEAD {
            return Err(malformed);
        }
        let (key_id, rest) = bytes[1..].split_first_chunk().ok_or(malformed)?;
        let (day, rest) = rest.split_first_chunk().ok_or(malformed)?;
        let (expiry, rest) = rest.split_first_chunk().ok_or(malformed)?;
        let (nonce, _) = rest.split_first_chunk().ok_or(malformed)?;
        Ok(Self {
            key_id: KeyId(*key_id),
            day: Day(u32::from_be_bytes(*day)),
            expires_at: Timestamp::from_unix(u64::from_be_bytes(*expiry)),
            nonce: *nonce,
        })
    }
}

/// A buffer that is overwritten when it is dropped.
///
/// `Zeroizing<Vec<u8>>` does the same one byte at a time, which costs more
/// than opening the cookie.
struct Wiped(Vec<u8>);

impl Wiped {
    /// A part of the buffer, still overwritten when the last clone is dropped.
    fn into_bytes(self, part: Range<usize>) -> Bytes {
        let mut bytes = Bytes::from_owner(self);
        bytes.advance(part.start);
        bytes.truncate(part.len());
        bytes
    }
}

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.as_mut_slice().zeroize();
    }
}

const VERSION: u8 = 1;

/// Version, key id, day and expiry.
const HEADER: usize = 1 + 4 + 4 + 8;

/// What sealing adds before base64: header, nonce and tag.
const OVERHEAD: usize = HEADER + NONCE_LEN + 16;

/// Four times what the chunks of a cookie hold, for what is kept in a store:
/// 64 KiB.
const MAX_SEALED: usize = 64 * 1024;

#[cfg(test)]
mod tests;
