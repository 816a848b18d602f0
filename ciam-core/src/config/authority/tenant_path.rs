//! The tenant that an authority's path names.

use super::super::guid::Guid;
use super::DIRECTORY_DOMAIN;

/// What a path says about a tenant; in lower case, as the service compares it.
pub(super) enum TenantPath {
    Absent,
    Other,
    Shared { name: String },
    Tenant { segment: String, id: Option<Guid> },
}

impl TenantPath {
    pub(super) fn of(path: &str) -> Self {
        let path = path.to_ascii_lowercase();
        let path = path.strip_suffix('/').unwrap_or(&path);
        let Some(segment) = path.strip_prefix('/') else {
            return Self::Absent;
        };
        if segment == "v2.0" {
            return Self::Absent;
        }
        let segment = segment.strip_suffix("/v2.0").unwrap_or(segment);
        if SHARED_TENANTS.contains(&segment) {
            return Self::Shared {
                name: segment.to_owned(),
            };
        }
        let id = Guid::parse(segment);
        let name = segment.strip_suffix(DIRECTORY_DOMAIN).unwrap_or_default();
        let is_label = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if id.is_some() || (!name.is_empty() && name.bytes().all(is_label)) {
            return Self::Tenant {
                segment: segment.to_owned(),
                id,
            };
        }
        Self::Other
    }
}

const SHARED_TENANTS: [&str; 3] = ["common", "consumers", "organizations"];
