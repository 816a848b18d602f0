//! The twenty claims of the access token as an application's type. The peers have it too.

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
