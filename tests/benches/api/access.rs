//! What an API knows of its tokens: their twenty claims as a type, and what some of them must
//! say. The peers have it too.

use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
#[allow(dead_code)] // read, as an application would
pub(crate) struct Access {
    pub(crate) aud: String,
    pub(crate) iss: String,
    pub(crate) iat: u64,
    pub(crate) nbf: u64,
    pub(crate) exp: u64,
    pub(crate) aio: String,
    pub(crate) azp: String,
    pub(crate) azpacr: String,
    pub(crate) groups: Vec<String>,
    pub(crate) name: String,
    pub(crate) oid: String,
    pub(crate) preferred_username: String,
    pub(crate) rh: String,
    pub(crate) roles: Vec<String>,
    pub(crate) scp: String,
    pub(crate) sid: String,
    pub(crate) sub: String,
    pub(crate) tid: String,
    pub(crate) uti: String,
    pub(crate) ver: String,
}

/// Who issues the tokens. Never asked over a network.
pub(crate) const ISSUER: &str = "https://aaaabbbb-0000-cccc-1111-dddd2222eeee.login.example/\
    aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0";

/// Which API they are for.
pub(crate) const AUDIENCE: &str = "00001111-aaaa-2222-bbbb-3333cccc4444";

/// The application that calls, which every handler answers with.
pub(crate) const APPLICATION: &str = "55556666-ffff-7777-aaaa-8888bbbb9999";
