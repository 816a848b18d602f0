//! Signing in and out: each network step a pair of pure functions and a short driver.

use std::sync::Arc;

use crate::keys::KeySource;
use crate::metadata::MetadataSource;
use crate::transport::HttpClient;

mod aadsts;
pub(crate) mod backchannel;
pub(crate) mod callback;
pub(crate) mod challenge;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod parameters;
mod redact;
pub(crate) mod refresh;
pub(crate) mod return_to;
pub(crate) mod revocation;
pub(crate) mod step_up;
pub(crate) mod token_endpoint;
pub(crate) mod tokens;
pub(crate) mod transaction;
mod userinfo;

pub(crate) use backchannel::LogoutError;
pub(crate) use callback::CallbackError;
pub use parameters::CALLBACK_BODY_LIMIT;
pub(crate) use parameters::{HintError, ParameterError};
pub(crate) use step_up::StepUpError;
pub(crate) use token_endpoint::TokenEndpointError;
pub(crate) use tokens::TokensError;
pub(crate) use userinfo::UserinfoError;

/// Answers of the provider, for the fuzz targets.
#[cfg(fuzzing)]
pub(crate) mod fuzzing {
    pub(crate) use super::token_endpoint::{Grant, TokenRequest, token_response};
    pub(crate) use super::userinfo::userinfo_response;
}

/// What is known of the provider, and the way to it.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) client: Arc<dyn HttpClient>,
    pub(crate) metadata: MetadataSource,
    pub(crate) keys: KeySource,
}
