//! Which issuer a metadata document may name: the policy of the authority, never an off switch.

use url::{Host, Url};

use super::{Document, MetadataError};
use crate::config::{Authority, Guid, IssuerPolicy, Tenants};
use crate::text::shortened;

/// The issuer every token must name, and the tenant it must carry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct AcceptedIssuer {
    /// With `{tenantid}` in it where there are many tenants.
    pub(crate) issuer: String,
    pub(crate) tenant_id: Option<Guid>,
    pub(crate) tenants: Option<Tenants>,
}

/// Decides whether the document at the authority speaks for the issuer it names.
///
/// OpenID Connect Discovery 1.0, section 4.3 wants the issuer to be the address
/// the document was found under. A customer tenant's document is found under
/// the tenant's name and names the tenant's GUID; what replaces the comparison
/// is that the same document's endpoints, which receive the secrets, carry that
/// GUID too.
pub(super) fn accept(
    authority: &Authority,
    document: &Document,
    pinned: Option<&AcceptedIssuer>,
) -> Result<AcceptedIssuer, MetadataError> {
    let accepted = match authority.policy() {
        IssuerPolicy::Exact { issuer } => exact(issuer, authority, document)?,
        IssuerPolicy::MultiTenant { template, tenants } => AcceptedIssuer {
            tenants: Some(tenants.clone()),
            ..exact(template, authority, document)?
        },
        IssuerPolicy::CustomerTenant { tenant_id } => {
            let expected = |tenant: &Guid| format!("https://{tenant}.ciamlogin.com/{tenant}/v2.0");
            customer_tenant(authority, document, tenant_id.as_ref(), expected)?
        }
        IssuerPolicy::Loopback {
            authority: issuer,
            tenant_id,
        } => {
            // Without a tenant anywhere it is a provider as any other.
            let of_tenant = tenant_id.is_some() || tenant_of_endpoints(document).is_some();
            if !of_tenant || (tenant_id.is_none() && document.issuer == *issuer) {
                exact(issuer, authority, document)?
            } else {
                let origin = authority.url().origin().ascii_serialization();
                let expected = |tenant: &Guid| format!("{origin}/{tenant}/v2.0");
                customer_tenant(authority, document, tenant_id.as_ref(), expected)?
            }
        }
    };
    match pinned {
        Some(pinned) if *pinned != accepted => Err(MetadataError::IssuerChanged {
            pinned: pinned.issuer.clone(),
            found: shortened(&document.issuer),
        }),
        _ => Ok(accepted),
    }
}

fn exact(
    issuer: &str,
    authority: &Authority,
    document: &Document,
) -> Result<AcceptedIssuer, MetadataError> {
    if document.issuer == issuer {
        return Ok(AcceptedIssuer {
            issuer: issuer.to_owned(),
            tenant_id: None,
            tenants: None,
        });
    }
    Err(refused(
        authority,
        document,
        issuer.to_owned(),
        remedy(issuer, &document.issuer),
    ))
}

fn customer_tenant(
    authority: &Authority,
    document: &Document,
    configured: Option<&Guid>,
    expected: impl Fn(&Guid) -> String,
) -> Result<AcceptedIssuer, MetadataError> {
    let carried = tenant_of_endpoints(document);
    let Some(tenant) = configured.or(carried.as_ref()) else {
        let expected = "the issuer of a customer tenant".to_owned();
        let remedy = "the endpoints of the document carry no tenant id: check CIAM_AUTHORITY, \
                      or set CIAM_TENANT_ID to the tenant's GUID";
        return Err(refused(authority, document, expected, remedy.to_owned()));
    };
    let expected = expected(tenant);
    if document.issuer != expected {
        let remedy = match tenant_of_issuer(&document.issuer) {
            Some(found) if found != *tenant => {
                format!(
                    "the document is that of tenant {found}, not {tenant}: check CIAM_AUTHORITY \
                     and CIAM_TENANT_ID"
                )
            }
            _ => "check CIAM_AUTHORITY; set CIAM_ISSUER only if that issuer is yours".to_owned(),
        };
        return Err(refused(authority, document, expected, remedy));
    }
    // Without this, a document could name the right issuer and send the secrets
    // to endpoints of another tenant.
    if carried.as_ref() != Some(tenant) {
        return Err(MetadataError::TenantOfEndpoints {
            authority_host: host_of(authority.metadata_url()),
            issuer: expected,
            found: carried.map_or_else(|| "none or several".to_owned(), |g| g.to_string()),
        });
    }
    Ok(AcceptedIssuer {
        issuer: expected,
        tenant_id: Some(tenant.clone()),
        tenants: None,
    })
}

/// The GUID that begins the path of all three endpoints that matter, if it is one.
fn tenant_of_endpoints(document: &Document) -> Option<Guid> {
    let of = |url: &Url| Guid::parse(url.path_segments()?.next()?);
    let tenant = of(&document.authorization_endpoint)?;
    let same = of(&document.token_endpoint)? == tenant && of(&document.jwks_uri)? == tenant;
    same.then_some(tenant)
}

fn tenant_of_issuer(issuer: &str) -> Option<Guid> {
    Guid::parse(Url::parse(issuer).ok()?.path_segments()?.next()?)
}

fn refused(
    authority: &Authority,
    document: &Document,
    expected: String,
    remedy: String,
) -> MetadataError {
    let found = shortened(&document.issuer);
    let authority_host = host_of(authority.metadata_url());
    let issuer_host = host_of(&document.issuer);
    MetadataError::Issuer(Box::new(super::IssuerRefused {
        authority_host,
        issuer_host,
        expected,
        found,
        remedy,
    }))
}

/// What to look at when there is no document.
pub(super) const fn remedy_for_status(authority: &Authority) -> &'static str {
    match authority.policy() {
        IssuerPolicy::CustomerTenant { .. } => {
            "is CIAM_AUTHORITY right, and is the tenant's name spelled as it is registered?"
        }
        _ => {
            "is CIAM_AUTHORITY right? A customer tenant under a domain of its own needs \
             CIAM_TENANT_ID too"
        }
    }
}

/// What to set when an exact comparison failed.
fn remedy(expected: &str, found: &str) -> String {
    let ciamlogin = host_of(found)
        .to_ascii_lowercase()
        .ends_with(".ciamlogin.com");
    if ciamlogin {
        return "this looks like a customer tenant under a domain of its own: \
                set CIAM_TENANT_ID to the tenant's GUID"
            .to_owned();
    }
    if found.contains("{tenantid}") {
        return "this is the document of all tenants: put your tenant's id into CIAM_AUTHORITY"
            .to_owned();
    }
    let same_but_slash = expected.trim_end_matches('/') == found.trim_end_matches('/');
    if same_but_slash || expected.eq_ignore_ascii_case(found) {
        return format!(
            "set CIAM_AUTHORITY (or CIAM_ISSUER) to exactly {}: letters and slashes count",
            shortened(found)
        );
    }
    "set CIAM_AUTHORITY to the issuer of your provider, \
     or CIAM_ISSUER if the document is found elsewhere"
        .to_owned()
}

fn host_of(url: &str) -> String {
    let url = Url::parse(url).ok();
    match url.as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => shortened(name),
        Some(address) => address.to_string(),
        None => "no host".to_owned(),
    }
}
