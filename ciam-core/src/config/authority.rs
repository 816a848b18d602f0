//! The provider's address: where its metadata is, and which issuer is expected.
//!
//! These are two values (OpenID Connect Discovery 1.0, section 4.3, wants them to
//! be one): a customer tenant is reached by its name, and its issuer carries its
//! GUID.

mod tenant_path;

use url::Url;

use super::address::Address;
use super::guid::Guid;
use super::problem::{Fault, shown};
use crate::transport::is_loopback;
use tenant_path::TenantPath;

/// A provider's address and what follows from it.
#[derive(Clone, Debug)]
pub struct Authority {
    raw: String,
    url: Url,
    metadata_url: Url,
    policy: IssuerPolicy,
    is_microsoft: bool,
}

/// Which issuer a provider's metadata and tokens may name.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum IssuerPolicy {
    /// A Microsoft Entra External ID tenant: the issuer is
    /// `https://{guid}.ciamlogin.com/{guid}/v2.0`.
    CustomerTenant {
        /// The GUID, where it is configured or in the authority; otherwise the
        /// one that the endpoints of the metadata carry.
        tenant_id: Option<Guid>,
    },

    /// The issuer is this text, byte for byte.
    Exact {
        /// `CIAM_ISSUER`, or else the authority as it was written.
        issuer: String,
    },

    /// Microsoft's address for many tenants: each has an issuer of its own, made from
    /// the template. For APIs only.
    MultiTenant {
        /// With `{tenantid}` in it, as the metadata has it.
        template: String,
        /// Whose tokens are accepted.
        tenants: Tenants,
    },

    /// A provider on this machine: the issuer is the authority byte for byte,
    /// or it has the authority's origin and the path `/{guid}/v2.0`.
    Loopback {
        /// The authority as it was written.
        authority: String,
        /// The GUID, where it is configured or in the authority; otherwise the
        /// one that the endpoints of the metadata carry.
        tenant_id: Option<Guid>,
    },
}

/// The tenants whose access tokens an API accepts, where its provider serves many.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Tenants {
    /// Every one there is: whoever has an account anywhere may call.
    Any,
    /// These.
    AnyOf(Vec<Guid>),
}

impl Authority {
    /// Reads the authority; `tenant_id`, `issuer` and `tenants` are settings of their own.
    pub(super) fn new(
        raw: &str,
        tenant_id: Option<Guid>,
        issuer: Option<&str>,
        tenants: Option<&Tenants>,
    ) -> Result<Self, Fault> {
        refuse_metadata_url(raw)?;
        let address = Address::parse(raw)?;
        let site = Site::of(&address.url);
        let located = match &site {
            Site::Workforce if tenants.is_some() => multi_tenant(raw, &address, tenants)?,
            _ if tenants.is_some() => return Err(no_tenants(raw)),
            Site::CustomerTenant { label } => customer_tenant(&address, label, tenant_id)?,
            Site::Loopback => loopback(raw, &address, tenant_id)?,
            Site::Workforce => workforce(raw, &address, tenant_id, issuer)?,
            Site::Other => match tenant_id {
                Some(tenant_id) => custom_domain(&address, tenant_id)?,
                None => Located::exactly(raw)?,
            },
        };
        let is_microsoft = matches!(site, Site::CustomerTenant { .. } | Site::Workforce)
            || matches!(located.policy, IssuerPolicy::CustomerTenant { .. });
        let policy = match issuer {
            Some(issuer) => IssuerPolicy::Exact {
                issuer: issuer.to_owned(),
            },
            None => located.policy,
        };
        Ok(Self {
            raw: raw.to_owned(),
            url: address.url,
            metadata_url: located.metadata_url,
            policy,
            is_microsoft,
        })
    }

    /// As it was written, surrounding white space removed.
    pub fn as_str(&self) -> &str {
        &self.raw
    }

    /// Where the provider's metadata is.
    pub fn metadata_url(&self) -> &str {
        self.metadata_url.as_str()
    }

    /// Which issuer is expected.
    pub const fn policy(&self) -> &IssuerPolicy {
        &self.policy
    }

    /// Whether the provider is Microsoft's, so that its rules for redirect URIs
    /// and secrets apply. A provider on this machine is not.
    pub const fn is_microsoft(&self) -> bool {
        self.is_microsoft
    }

    /// As a URL, for its origin and host.
    pub(crate) const fn url(&self) -> &Url {
        &self.url
    }
}

/// Reads `CIAM_ISSUER`: any URL an issuer may be, kept as it was written.
pub(super) fn issuer(text: &str) -> Result<&str, Fault> {
    Address::parse(text).map(|_| text)
}

/// Reads `CIAM_TENANT_ID`.
pub(super) fn tenant_id(text: &str) -> Result<Guid, Fault> {
    Guid::parse(text).ok_or_else(|| {
        Fault::new(
            "config.tenant_id_invalid",
            format!("{} is not a GUID", shown(text)),
            "set it to the directory (tenant) id, like aaaabbbb-0000-cccc-1111-dddd2222eeee",
        )
    })
}

/// Whose host it is.
enum Site {
    CustomerTenant { label: String },
    Loopback,
    Other,
    Workforce,
}

impl Site {
    fn of(url: &Url) -> Self {
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        // One label only: whoever owns `a.b.ciamlogin.com` is not known to be
        // the tenant `b`.
        let label = host.strip_suffix(CUSTOMER_TENANTS);
        if let Some(label) = label.filter(|label| !label.is_empty() && !label.contains('.')) {
            Self::CustomerTenant {
                label: label.to_owned(),
            }
        } else if is_loopback(url) {
            Self::Loopback
        } else if host == WORKFORCE {
            Self::Workforce
        } else {
            Self::Other
        }
    }
}

/// Where the metadata is and which issuer follows from the address alone.
struct Located {
    metadata_url: Url,
    policy: IssuerPolicy,
}

impl Located {
    fn exactly(raw: &str) -> Result<Self, Fault> {
        let metadata_url = plain_metadata_url(raw)?;
        Ok(Self {
            metadata_url,
            policy: IssuerPolicy::Exact {
                issuer: raw.to_owned(),
            },
        })
    }
}

/// `https://contoso.ciamlogin.com`, alone or with the tenant's domain or GUID.
fn customer_tenant(
    address: &Address<'_>,
    label: &str,
    configured: Option<Guid>,
) -> Result<Located, Fault> {
    if address.url.port().is_some() {
        return Err(Fault::new(
            "config.authority_port",
            format!(
                "{} is a customer tenant's host with a port",
                shown(address.url.as_str())
            ),
            "remove the port: customer tenants are on 443 only",
        ));
    }
    let of_host = Guid::parse(label);
    let (segment, of_path) = match TenantPath::of(address.path) {
        TenantPath::Absent if of_host.is_some() => (label.to_owned(), None),
        TenantPath::Absent => (format!("{label}{DIRECTORY_DOMAIN}"), None),
        TenantPath::Tenant { segment, id } => (segment, id),
        TenantPath::Shared { name } => return Err(shared_tenant(&name)),
        TenantPath::Other => {
            return Err(Fault::new(
                "config.authority_path",
                format!(
                    "{} has a path that no customer tenant has",
                    shown(address.url.as_str())
                ),
                format!("use https://{label}{CUSTOMER_TENANTS}"),
            ));
        }
    };
    let tenant_id = one_tenant([of_host, of_path, configured])?;
    let metadata_url = tenant_metadata_url(address, &segment)?;
    Ok(Located {
        metadata_url,
        policy: IssuerPolicy::CustomerTenant { tenant_id },
    })
}

/// A tenant's own domain; only the configured id says that it is one.
fn custom_domain(address: &Address<'_>, configured: Guid) -> Result<Located, Fault> {
    let (segment, of_path) = tenant_path_or_id(address, &configured)?;
    let tenant_id = one_tenant([of_path, Some(configured)])?;
    let metadata_url = tenant_metadata_url(address, &segment)?;
    Ok(Located {
        metadata_url,
        policy: IssuerPolicy::CustomerTenant { tenant_id },
    })
}

/// A local tenant, or any other provider on this machine.
fn loopback(raw: &str, address: &Address<'_>, configured: Option<Guid>) -> Result<Located, Fault> {
    let (segment, of_path) = match (&configured, TenantPath::of(address.path)) {
        (Some(configured), _) => {
            let (segment, id) = tenant_path_or_id(address, configured)?;
            (Some(segment), id)
        }
        (None, TenantPath::Tenant { segment, id }) => (Some(segment), id),
        (None, _) => (None, None),
    };
    let tenant_id = one_tenant([of_path, configured])?;
    let metadata_url = match segment {
        Some(segment) => tenant_metadata_url(address, &segment)?,
        None => plain_metadata_url(raw)?,
    };
    let policy = IssuerPolicy::Loopback {
        authority: raw.to_owned(),
        tenant_id,
    };
    Ok(Located {
        metadata_url,
        policy,
    })
}

/// `login.microsoftonline.com`: its issuer is `/{guid}/v2.0` on the same host,
/// so any other authority would be refused at the first metadata document.
fn workforce(
    raw: &str,
    address: &Address<'_>,
    configured: Option<Guid>,
    issuer: Option<&str>,
) -> Result<Located, Fault> {
    let form = "use https://login.microsoftonline.com/{tenant id}/v2.0 with the GUID of one tenant";
    if configured.is_some() {
        return Err(Fault::new(
            "config.authority_tenant",
            format!("{WORKFORCE} is not an address of a customer tenant"),
            "remove CIAM_TENANT_ID, or use the tenant's https://NAME.ciamlogin.com or own domain",
        ));
    }
    if let TenantPath::Shared { name } = TenantPath::of(address.path) {
        let what = format!("/{name} stands for many tenants");
        return Err(Fault::new("config.authority_shared", what, form));
    }
    let tenant = address
        .path
        .strip_prefix('/')
        .and_then(|path| path.strip_suffix("/v2.0"));
    if issuer.is_none() && tenant.and_then(Guid::parse).is_none() {
        let what = format!("{} is not what its issuer is", shown(raw));
        return Err(Fault::new("config.authority_path", what, form));
    }
    Located::exactly(raw)
}

/// `/common`, `/organizations` or `/consumers`, for an API of many tenants.
fn multi_tenant(
    raw: &str,
    address: &Address<'_>,
    tenants: Option<&Tenants>,
) -> Result<Located, Fault> {
    let (Some(tenants), TenantPath::Shared { .. }) = (tenants, TenantPath::of(address.path)) else {
        return Err(no_tenants(raw));
    };
    let metadata_url = plain_metadata_url(raw)?;
    Ok(Located {
        metadata_url,
        policy: IssuerPolicy::MultiTenant {
            template: format!("https://{WORKFORCE}/{{tenantid}}/v2.0"),
            tenants: tenants.clone(),
        },
    })
}

fn no_tenants(raw: &str) -> Fault {
    Fault::new(
        "config.authority_not_shared",
        format!(
            "{} stands for one tenant, and many are to be accepted",
            shown(raw)
        ),
        format!("use https://{WORKFORCE}/organizations/v2.0"),
    )
}

fn tenant_path_or_id(
    address: &Address<'_>,
    configured: &Guid,
) -> Result<(String, Option<Guid>), Fault> {
    match TenantPath::of(address.path) {
        TenantPath::Absent => Ok((configured.to_string(), None)),
        TenantPath::Tenant { segment, id } => Ok((segment, id)),
        TenantPath::Shared { name } => Err(shared_tenant(&name)),
        TenantPath::Other => Err(Fault::new(
            "config.authority_path",
            format!(
                "{} has a path that no customer tenant has",
                shown(address.url.as_str())
            ),
            "leave the path out, or use the tenant's GUID or NAME.onmicrosoft.com; if this is no \
             customer tenant, remove CIAM_TENANT_ID",
        )),
    }
}

fn one_tenant<const N: usize>(ids: [Option<Guid>; N]) -> Result<Option<Guid>, Fault> {
    let mut ids = ids.into_iter().flatten();
    let first = ids.next();
    match ids.find(|other| Some(other) != first.as_ref()) {
        None => Ok(first),
        Some(other) => Err(Fault::new(
            "config.tenant_conflict",
            format!(
                "two tenants are named: {} and {other}",
                first.as_ref().map_or("", Guid::as_str)
            ),
            "make the tenant in the authority and CIAM_TENANT_ID agree, or leave one of them out",
        )),
    }
}

fn shared_tenant(name: &str) -> Fault {
    Fault::new(
        "config.authority_shared",
        format!("/{name} is not supported for customer tenants"),
        "name one tenant: https://NAME.ciamlogin.com",
    )
}

fn tenant_metadata_url(address: &Address<'_>, segment: &str) -> Result<Url, Fault> {
    let origin = address.url.origin().ascii_serialization();
    metadata_url(&format!("{origin}/{segment}/v2.0{WELL_KNOWN}"))
}

/// OpenID Connect Discovery 1.0, section 4: a terminating slash is removed
/// before the path is appended.
fn plain_metadata_url(raw: &str) -> Result<Url, Fault> {
    metadata_url(&format!(
        "{}{WELL_KNOWN}",
        raw.strip_suffix('/').unwrap_or(raw)
    ))
}

fn metadata_url(text: &str) -> Result<Url, Fault> {
    Url::parse(text).map_err(|_| {
        let what = format!("{} is not a URL", shown(text));
        Fault::new("config.url_invalid", what, "correct the authority")
    })
}

/// What the provider's pages show to copy is often the metadata's address.
fn refuse_metadata_url(raw: &str) -> Result<(), Fault> {
    match raw.split_once(WELL_KNOWN) {
        None => Ok(()),
        Some((authority, _)) => Err(Fault::new(
            "config.authority_is_metadata_url",
            "is the address of the metadata document",
            format!("set it to {}", shown(authority)),
        )),
    }
}

const CUSTOMER_TENANTS: &str = ".ciamlogin.com";
const DIRECTORY_DOMAIN: &str = ".onmicrosoft.com";
const WELL_KNOWN: &str = "/.well-known/openid-configuration";
const WORKFORCE: &str = "login.microsoftonline.com";

#[cfg(test)]
mod tests;
