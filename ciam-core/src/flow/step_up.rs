//! What a visitor has to prove beyond signing in: an authentication context, or that they
//! are there now.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use super::parameters::{HintError, Parameters};
use crate::claims::Claims;
use crate::clock::Timestamp;
use crate::text::shortened;

/// What a guard lacked. Sealed with the attempt, so that what comes back is held to it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepUp {
    /// Each of them, in `acrs` or `acr`.
    pub(crate) contexts: Vec<String>,
    /// How long ago `auth_time` may be, in seconds.
    pub(crate) max_age: Option<u64>,
}

impl StepUp {
    /// From the login route's parameters. Whoever makes a link with them asks for a
    /// stricter sign-in, never for a laxer one.
    pub(crate) fn from_parameters(parameters: &Parameters) -> Result<Self, HintError> {
        let max_age = parameters.value(MAX_AGE).map(|text| {
            let seconds = text.parse().ok().filter(|seconds| *seconds <= LONGEST);
            seconds.ok_or_else(|| HintError::of(MAX_AGE))
        });
        let contexts = parameters.value(ACR_VALUES).unwrap_or_default();
        if contexts.len() > MAX_CONTEXT_BYTES || contexts.chars().any(char::is_control) {
            return Err(HintError::of(ACR_VALUES));
        }
        let contexts = contexts.split(' ').filter(|context| !context.is_empty());
        Ok(Self {
            contexts: contexts.map(str::to_owned).collect(),
            max_age: max_age.transpose()?,
        })
    }

    /// The same parameters, for a link to the login route.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = (&'static str, String)> {
        let contexts = (!self.contexts.is_empty()).then(|| (ACR_VALUES, self.contexts.join(" ")));
        let max_age = self.max_age.map(|seconds| (MAX_AGE, seconds.to_string()));
        contexts.into_iter().chain(max_age)
    }

    pub(crate) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Asks the provider for it: OpenID Connect Core 1.0, section 3.1.2.1, and where
    /// Microsoft reads another parameter, that one.
    pub(crate) fn ask(&self, url: &mut Url, of_microsoft: bool) {
        let mut query = url.query_pairs_mut();
        match (self.contexts.as_slice(), of_microsoft) {
            ([], _) => {}
            // Microsoft's contexts are a list of one: `c1` to `c99`.
            ([context, ..], true) => {
                let wanted = json!({"essential": true, "value": context});
                let claims = json!({"id_token": {"acrs": wanted}});
                query.append_pair("claims", &claims.to_string());
            }
            (contexts, false) => {
                query.append_pair(ACR_VALUES, &contexts.join(" "));
            }
        }
        match self.max_age {
            // It is not among Microsoft's parameters; `auth_time` shows what came of it.
            Some(_) if of_microsoft => query.append_pair("prompt", "login"),
            Some(seconds) => query.append_pair(MAX_AGE, &seconds.to_string()),
            None => &mut query,
        };
    }

    /// Whether the ID token of the sign-in shows it.
    pub(crate) fn check(
        &self,
        claims: &Claims,
        now: Timestamp,
        tolerance: Duration,
    ) -> Result<(), StepUpError> {
        for context in &self.contexts {
            if !claims.contains("acrs", context) && !claims.contains("acr", context) {
                return Err(StepUpError::Context {
                    expected: shortened(context),
                });
            }
        }
        let Some(max_age) = self.max_age else {
            return Ok(());
        };
        // Never `iat`: a provider that did not ask again issues a new token, too.
        let seconds = claims.value("auth_time").and_then(|value| value.as_u64());
        let at = Timestamp::from_unix(seconds.ok_or(StepUpError::AuthTimeMissing)?);
        let recent = at.after(Duration::from_secs(max_age)).after(tolerance) >= now;
        if recent && at <= now.after(tolerance) {
            Ok(())
        } else {
            Err(StepUpError::NotFresh { at, now, max_age })
        }
    }
}

/// A sign-in that does not show what was asked for.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum StepUpError {
    /// It cannot be told when the user proved who they are.
    #[error(
        "the ID token has no auth_time, which `fresh` needs: with Microsoft Entra add the \
         optional claim auth_time to the ID token of the registration"
    )]
    AuthTimeMissing,
    /// The provider did not ask for the context, or does not say so.
    #[error(
        "the ID token does not have the authentication context {expected} in acrs or acr: with \
         Microsoft Entra a Conditional Access policy has to publish it to applications"
    )]
    Context {
        /// The one that is missing.
        expected: String,
    },
    /// The provider did not ask again.
    #[error("the user proved who they are at {at}, it is {now}, allowed are {max_age} seconds")]
    NotFresh {
        /// `auth_time`.
        at: Timestamp,
        /// The time of the check.
        now: Timestamp,
        /// What was asked for.
        max_age: u64,
    },
}

impl StepUpError {
    /// A stable code.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::AuthTimeMissing => "step_up.auth_time_missing",
            Self::Context { .. } => "step_up.context",
            Self::NotFresh { .. } => "step_up.not_fresh",
        }
    }
}

const ACR_VALUES: &str = "acr_values";
const MAX_AGE: &str = "max_age";

/// As long as a cookie may live: 400 days.
const LONGEST: u64 = 400 * 24 * 60 * 60;

const MAX_CONTEXT_BYTES: usize = 256;
