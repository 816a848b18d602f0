//! Doors to what is private, for the targets of `tests/fuzz`. cargo-fuzz sets
//! `--cfg fuzzing`; no other build has this module.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response};
use url::Url;

use crate::clock::Timestamp;
use crate::config::{ClientAuth, ClientCredential, Guid, MAX_CHUNKS};
use crate::flow::fuzzing::{Grant, TokenRequest, token_response, userinfo_response};
use crate::flow::parameters::Parameters;
use crate::flow::return_to::ReturnTo;
use crate::flow::transaction::Transaction;
use crate::metadata::{AcceptedIssuer, Metadata, metadata_response};
use crate::session::key_ring::KeyRing;
use crate::session::seal::{Purpose, SealContext};
use crate::session::{Lifetimes, Session, cookie};
use crate::token::VerifiedIdToken;
use crate::{Authority, Ciam, Claims, Random, Secret};

/// The names of the chunks of one value.
pub type Names = [String; MAX_CHUNKS];

/// The names of the session's cookies, then those of the ID token's.
pub fn cookie_names(ciam: &Ciam) -> [&Names; 2] {
    let cookies = ciam.config().cookies();
    [cookies.session_names(), cookies.id_token_names()]
}

/// The name of the cookie that has the state of a sign-out.
pub fn logout_state_name(ciam: &Ciam) -> &str {
    ciam.config().cookies().logout_state_name()
}

/// What is before and after the attempt in the name of a transaction's cookie.
pub fn transaction_affixes(ciam: &Ciam) -> (&str, &str) {
    ciam.config().cookies().transaction_affixes()
}

/// A value in chunks, or the code of the refusal.
pub fn read_cookie(headers: &HeaderMap, names: &Names) -> Result<Option<Vec<u8>>, &'static str> {
    let value = cookie::read(cookie::lines(headers), names).map_err(|error| error.code())?;
    Ok(value.map(|value| value.text().to_vec()))
}

/// A value in one cookie, or the code of the refusal.
pub fn read_single(headers: &HeaderMap, name: &str) -> Result<Option<Vec<u8>>, &'static str> {
    let value = cookie::single(headers, name).map_err(|error| error.code())?;
    Ok(value.map(<[u8]>::to_vec))
}

/// The cookies of sign-in attempts: what stands between the affixes, and the value.
pub fn read_matching(headers: &HeaderMap, before: &str, after: &str) -> Vec<(String, Vec<u8>)> {
    cookie::matching(headers, before, after)
        .map(|(middle, value)| (middle.to_owned(), value.to_vec()))
        .collect()
}

/// The chunks that would be cleared if none were kept.
pub fn present_chunks(headers: &HeaderMap, names: &Names) -> Vec<usize> {
    cookie::present(headers, names).beyond(0).collect()
}

/// The cookies of a value, or the code of the refusal.
pub fn split_cookie<'n>(
    value: &str,
    names: &'n Names,
) -> Result<Vec<(&'n str, String)>, &'static str> {
    cookie::split(value, names).map_err(|error| error.code())
}

/// A key ring.
#[derive(Debug)]
pub struct Ring(KeyRing);

/// A key ring of these secrets, each of 32 bytes or more, the newest first.
pub fn ring(secrets: &[&[u8]], max_lifetime: Duration) -> Ring {
    Ring(KeyRing::new(secrets, max_lifetime).expect("the target's secrets are long enough"))
}

/// What something is sealed for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Context<'a> {
    /// Of three, counted from 0: ID token, session, transaction.
    pub purpose: u8,
    /// The cookie it is kept in.
    pub cookie_name: &'a str,
    /// The configuration it belongs to.
    pub realm: &'a str,
}

impl<'a> Context<'a> {
    const fn seal(self) -> SealContext<'a> {
        SealContext {
            purpose: match self.purpose % 3 {
                0 => Purpose::IdToken,
                1 => Purpose::Session,
                _ => Purpose::Transaction,
            },
            cookie_name: self.cookie_name,
            realm: self.realm,
        }
    }
}

/// A sealed text, or the code of the refusal.
pub fn seal(
    ring: &Ring,
    context: Context<'_>,
    plaintext: &[u8],
    expires_at: Timestamp,
    now: Timestamp,
    random: &dyn Random,
) -> Result<String, &'static str> {
    let sealed = ring
        .0
        .seal(&context.seal(), plaintext, expires_at, now, random);
    sealed.map_err(|error| error.code())
}

/// What was sealed, or the code of the refusal.
pub fn open(
    ring: &Ring,
    context: Context<'_>,
    text: &[u8],
    now: Timestamp,
) -> Result<Vec<u8>, &'static str> {
    let opened = ring.0.open(&context.seal(), text, now);
    opened
        .map(|opened| opened.plaintext.to_vec())
        .map_err(|error| error.code())
}

/// The claims of a session and when it ends, or the code of the refusal.
pub fn open_session(
    ring: &Ring,
    context: Context<'_>,
    text: &[u8],
    now: Timestamp,
    idle: Duration,
    absolute: Duration,
) -> Result<(Claims, Timestamp), &'static str> {
    let renewal = idle / 10;
    let lifetimes = Lifetimes {
        idle,
        absolute,
        renewal,
    };
    let session = Session::open(&ring.0, &context.seal(), text, now, &lifetimes);
    session
        .map(|session| (session.claims().clone(), session.expires_at()))
        .map_err(|error| error.code())
}

/// Where the transaction of an opened cookie returns to, if it is one.
pub fn transaction_return_to(plaintext: &[u8], own_prefix: &str) -> Option<String> {
    let transaction = Transaction::decode(plaintext, own_prefix)?;
    Some(transaction.return_to.as_str().to_owned())
}

/// One parameter of a query or form, or the code of the refusal.
pub fn parameter(text: &[u8], name: &str) -> Result<Option<String>, &'static str> {
    let parameters = Parameters::parse(text).map_err(|error| error.code())?;
    Ok(parameters.value(name).map(str::to_owned))
}

/// Where to return to; `None` when the text is refused.
pub fn return_to(text: &str, own_prefix: &str) -> Option<String> {
    let return_to = ReturnTo::parse(text, own_prefix).ok()?;
    Some(return_to.as_str().to_owned())
}

/// Metadata whose issuer was accepted.
#[derive(Debug)]
pub struct Accepted(Metadata);

impl Accepted {
    /// The issuer.
    pub fn issuer(&self) -> &str {
        self.0.issuer()
    }

    /// The tenant, where the issuer is one's.
    pub fn tenant_id(&self) -> Option<&str> {
        self.0.tenant_id()
    }

    /// Authorization endpoint, token endpoint, key set; then the optional ones.
    pub fn endpoints(&self) -> Vec<&Url> {
        let document = self.0.document();
        let required = [
            &document.authorization_endpoint,
            &document.token_endpoint,
            &document.jwks_uri,
        ];
        let optional = [
            &document.userinfo_endpoint,
            &document.end_session_endpoint,
            &document.revocation_endpoint,
        ];
        let optional = optional.into_iter().flatten();
        required.into_iter().chain(optional).collect()
    }
}

/// The metadata in an answer, or the text of the refusal.
pub fn metadata(
    response: &Response<Bytes>,
    authority: &Authority,
    pinned: Option<&Accepted>,
) -> Result<Accepted, String> {
    let pinned = pinned.map(|pinned| AcceptedIssuer {
        issuer: pinned.issuer().to_owned(),
        tenant_id: pinned.tenant_id().and_then(Guid::parse),
        tenants: None,
    });
    metadata_response(response, authority, pinned.as_ref())
        .map(Accepted)
        .map_err(|error| error.to_string())
}

/// The ID token and the access token in an answer, or the text of the refusal.
pub fn token_answer(
    response: &Response<Bytes>,
    client_secret: &str,
    code: &str,
    code_verifier: &str,
) -> Result<(String, Option<String>), String> {
    let endpoint = Url::parse("https://issuer.example/token").expect("an address");
    let asked = TokenRequest {
        token_endpoint: &endpoint,
        client_id: "client",
        credential: &ClientCredential::Secret(Secret::new(client_secret)),
        client_auth: ClientAuth::Post,
        grant: Grant::AuthorizationCode {
            code: &Secret::new(code),
            redirect_uri: "https://shop.example/auth/callback",
            code_verifier: &Secret::new(code_verifier),
        },
    };
    let answer = token_response(response, &asked).map_err(|error| error.to_string())?;
    let id_token = answer.id_token().map_err(|error| error.to_string())?;
    let access_token = answer.access_token.as_ref();
    Ok((
        id_token.expose().to_owned(),
        access_token.map(|token| token.expose().to_owned()),
    ))
}

/// The ID token's claims with those of a userinfo answer, or the text of the refusal.
pub fn userinfo_answer(
    response: &Response<Bytes>,
    id_token: &VerifiedIdToken,
) -> Result<Claims, String> {
    userinfo_response(response, id_token).map_err(|error| error.to_string())
}
