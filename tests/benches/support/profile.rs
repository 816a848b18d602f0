//! The twenty claims of the session as an application's type. The peers have it too.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Profile {
    pub(crate) iss: String,
    pub(crate) sub: String,
    pub(crate) tid: String,
    pub(crate) oid: String,
    pub(crate) name: String,
    pub(crate) given_name: String,
    pub(crate) family_name: String,
    pub(crate) email: String,
    pub(crate) email_verified: bool,
    pub(crate) preferred_username: String,
    pub(crate) roles: Vec<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) auth_time: u64,
    pub(crate) acr: String,
    pub(crate) sid: String,
    pub(crate) idp: String,
    pub(crate) city: String,
    pub(crate) country: String,
    #[serde(rename = "postalCode")]
    pub(crate) postal_code: String,
    #[serde(rename = "jobTitle")]
    pub(crate) job_title: String,
}
