//! The provider's metadata: found under the authority, checked against its issuer policy, kept.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, header};

use crate::cache::{Cached, Health, Policy, Unanswered};
use crate::clock::Timestamp;
use crate::config::{Authority, Guid, Tenants};
use crate::telemetry;
use crate::transport::{self, HttpClient, TransportError};

mod document;
mod issuer;

pub(crate) use document::Document;
pub(crate) use issuer::AcceptedIssuer;

/// A metadata document whose issuer was accepted.
#[derive(Debug)]
pub(crate) struct Metadata {
    document: Document,
    issuer: AcceptedIssuer,
}

impl Metadata {
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer.issuer
    }

    /// What `tid` of every token must be, where the issuer is that of a tenant.
    pub(crate) fn tenant_id(&self) -> Option<&str> {
        self.issuer.tenant_id.as_ref().map(Guid::as_str)
    }

    /// Whose tenants' tokens are accepted, where the provider serves many; the issuer
    /// then has `{tenantid}` in it.
    pub(crate) const fn tenants(&self) -> Option<&Tenants> {
        self.issuer.tenants.as_ref()
    }

    pub(crate) const fn document(&self) -> &Document {
        &self.document
    }
}

/// Why there is no metadata.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum MetadataError {
    /// An endpoint is neither https nor on this machine.
    #[error(
        "{name} of the metadata is at {host} without TLS: is CIAM_AUTHORITY the address of your \
         provider, and does the provider know that it is behind TLS?"
    )]
    InsecureEndpoint {
        /// The member of the document.
        name: &'static str,
        /// The endpoint's host.
        host: String,
    },
    /// The request was given up with the runtime it ran on.
    #[error("the request for the metadata was interrupted")]
    Interrupted,
    /// The document names an issuer that the authority's policy does not allow.
    #[error(transparent)]
    Issuer(Box<IssuerRefused>),
    /// A later document names another issuer than the first.
    #[error(
        "the metadata names the issuer {found}, and {pinned} is pinned: restart the application \
         if the change was meant, or set CIAM_TENANT_ID to the tenant that is meant"
    )]
    IssuerChanged {
        /// The issuer of the first document.
        pinned: String,
        /// The issuer of this one.
        found: String,
    },
    /// A required member is absent or unusable.
    #[error(
        "{name} of the metadata is missing, empty, too long or not what it must be: is \
         CIAM_AUTHORITY the address of an OpenID provider?"
    )]
    Member {
        /// The member of the document.
        name: &'static str,
    },
    /// The answer is not a JSON object.
    #[error(
        "the metadata is no JSON object with each name once (content type {content_type}, line \
         {line}, column {column}): is CIAM_AUTHORITY the address of an OpenID provider?"
    )]
    NotJson {
        /// Of the answer.
        content_type: String,
        /// Where the parser stopped.
        line: usize,
        /// Where the parser stopped.
        column: usize,
    },
    /// Asked for too often in a row without success.
    #[error("the metadata was asked for too often in a short time")]
    OverBudget,
    /// The provider answers elsewhere.
    #[error(
        "the metadata address answers {status}, a redirect, which is not followed: set \
         CIAM_AUTHORITY to the address it leads to, if that is your provider's"
    )]
    Redirect {
        /// The HTTP status.
        status: u16,
    },
    /// The provider has no document there.
    #[error("the metadata address answers {status}: {remedy}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// What to look at.
        remedy: &'static str,
    },
    /// Issuer and endpoints are those of different tenants.
    #[error(
        "the metadata under {authority_host} names the issuer {issuer}, and the tenant in its \
         endpoints is {found}: check CIAM_AUTHORITY and CIAM_TENANT_ID"
    )]
    TenantOfEndpoints {
        /// Where the document was found.
        authority_host: String,
        /// The issuer it names, which is the expected one.
        issuer: String,
        /// The tenant of the endpoints.
        found: String,
    },
    /// There was no answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

impl MetadataError {
    /// A stable code.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::InsecureEndpoint { .. } => "metadata.insecure_endpoint",
            Self::Interrupted => "metadata.interrupted",
            Self::Issuer(_) => "metadata.issuer",
            Self::IssuerChanged { .. } => "metadata.issuer_changed",
            Self::Member { .. } => "metadata.member",
            Self::NotJson { .. } => "metadata.not_json",
            Self::OverBudget => "metadata.over_budget",
            Self::Redirect { .. } => "metadata.redirect",
            Self::Status { .. } => "metadata.status",
            Self::TenantOfEndpoints { .. } => "metadata.tenant",
            Self::Transport(error) => error.code(),
        }
    }
}

impl From<Unanswered> for MetadataError {
    fn from(reason: Unanswered) -> Self {
        match reason {
            Unanswered::Interrupted => Self::Interrupted,
            Unanswered::OverBudget => Self::OverBudget,
        }
    }
}

/// An issuer that was refused: both hosts, and what to set.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "the metadata under {authority_host} names the issuer {found} (host {issuer_host}), \
     expected {expected}; {remedy}"
)]
pub(crate) struct IssuerRefused {
    /// Where the document was found.
    pub(crate) authority_host: String,
    /// The host of the issuer it names.
    pub(crate) issuer_host: String,
    /// The issuer the policy expects.
    pub(crate) expected: String,
    /// The issuer the document names.
    pub(crate) found: String,
    /// What to set.
    pub(crate) remedy: String,
}

/// The metadata of one authority, fetched when it is needed.
#[derive(Debug)]
pub(crate) struct MetadataSource {
    authority: Authority,
    client: Arc<dyn HttpClient>,
    cached: Arc<Cached<Metadata, MetadataError>>,
    pinned: Arc<OnceLock<AcceptedIssuer>>,
}

impl MetadataSource {
    pub(crate) fn new(authority: Authority, client: Arc<dyn HttpClient>) -> Self {
        let cached = Arc::new(Cached::new(POLICY));
        Self {
            authority,
            client,
            cached,
            pinned: Arc::default(),
        }
    }

    pub(crate) async fn metadata(&self, now: Timestamp) -> Result<Arc<Metadata>, MetadataError> {
        self.cached.value(now, || self.fetch()).await
    }

    pub(crate) fn health(&self, now: Timestamp) -> Health {
        self.cached.health(now, MetadataError::code)
    }

    fn fetch(&self) -> impl Future<Output = Result<Metadata, MetadataError>> + Send + use<> {
        let client = Arc::clone(&self.client);
        let pinned = Arc::clone(&self.pinned);
        let authority = self.authority.clone();
        async move {
            let request = metadata_request(authority.metadata_url());
            let metadata = match telemetry::timed("metadata", client.send(request)).await {
                Ok(response) => metadata_response(&response, &authority, pinned.get()),
                Err(error) => Err(error.into()),
            };
            let metadata = metadata.inspect_err(|error| {
                tracing::warn!(code = error.code(), %error, "no metadata");
            })?;
            if pinned.set(metadata.issuer.clone()).is_ok() {
                tracing::info!(issuer = metadata.issuer(), "issuer pinned");
            }
            Ok(metadata)
        }
    }
}

fn metadata_request(url: &str) -> Request<Bytes> {
    let mut request = transport::get(url);
    let json = header::HeaderValue::from_static("application/json");
    request.headers_mut().insert(header::ACCEPT, json);
    request
}

pub(crate) fn metadata_response(
    response: &Response<Bytes>,
    authority: &Authority,
    pinned: Option<&AcceptedIssuer>,
) -> Result<Metadata, MetadataError> {
    let document = Document::parse(response, authority)?;
    let issuer = issuer::accept(authority, &document, pinned)?;
    Ok(Metadata { document, issuer })
}

/// Metadata changes once in years: half a day fresh (as Microsoft's own
/// libraries have it), a week usable while the provider cannot be reached.
const POLICY: Policy = Policy {
    fresh: Duration::from_secs(12 * 3600),
    usable: Duration::from_secs(7 * 24 * 3600),
    burst: 5,
    refill: Duration::from_secs(5),
};

#[cfg(test)]
mod tests;
