//! The settings by name, and how their names are written.

use std::cmp::min;

/// A setting of the table in the documentation of [`Config`](super::Config).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Setting {
    Audience,
    Authority,
    BaseUrl,
    CaFile,
    ClientAssertionFile,
    ClientAuth,
    ClientCertificate,
    ClientId,
    ClientKey,
    ClientSecret,
    ClockTolerance,
    Config,
    CookieSecret,
    HttpTimeout,
    IdTokenAlg,
    Issuer,
    ResponseMode,
    RoutePrefix,
    Scopes,
    SessionIdle,
    SessionLifetime,
    SessionStore,
    TenantId,
    TrustedOrigins,
    Userinfo,
}

impl Setting {
    /// By its name without the prefix: `CLIENT_ID`.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        NAMES
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(setting, _)| *setting)
    }

    /// By its key in a TOML file: `client_id`.
    pub(super) fn from_key(key: &str) -> Option<Self> {
        if key.bytes().any(|b| b.is_ascii_uppercase()) {
            return None;
        }
        Self::from_name(&key.to_ascii_uppercase())
    }

    /// The known setting whose name looks most like `name`.
    pub(super) fn nearest(name: &str) -> Self {
        let name = name.to_ascii_uppercase();
        let distance = |(_, known): &&(Self, &str)| edit_distance(&name, known);
        NAMES
            .iter()
            .min_by_key(distance)
            .map_or(Self::Authority, |(setting, _)| *setting)
    }

    /// The name without the prefix: `CLIENT_ID`.
    pub(super) fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|(setting, _)| *setting == self)
            .map_or("", |(_, name)| name)
    }

    /// Whether the value may hold something that must not be shown.
    pub(super) const fn is_secret(self) -> bool {
        // The address of a store may carry its password.
        matches!(
            self,
            Self::ClientSecret | Self::CookieSecret | Self::SessionStore
        )
    }
}

/// How settings are written in what the developer reads.
#[derive(Clone, Debug)]
pub(super) enum Names {
    /// As keys of a TOML file.
    Keys,
    /// As environment variables with this prefix.
    Variables { prefix: String },
}

impl Names {
    pub(super) fn name(&self, setting: Setting) -> String {
        match self {
            Self::Keys => setting.name().to_ascii_lowercase(),
            Self::Variables { prefix } => format!("{prefix}_{}", setting.name()),
        }
    }

    /// Puts these names where `text` has the usual variables.
    pub(super) fn rewrite(&self, text: &str) -> String {
        let mut parts = text.split("CIAM_");
        let mut rewritten = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let is_name = |c: char| c.is_ascii_uppercase() || c == '_';
            let end = part.find(|c| !is_name(c)).unwrap_or(part.len());
            let (name, rest) = part.split_at(end);
            match self {
                Self::Keys => rewritten.push_str(&name.to_ascii_lowercase()),
                Self::Variables { prefix } => {
                    rewritten.push_str(prefix);
                    rewritten.push('_');
                    rewritten.push_str(name);
                }
            }
            rewritten.push_str(rest);
        }
        rewritten
    }
}

/// How many characters must be inserted, removed or replaced (Levenshtein).
fn edit_distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(MAX_COMPARED).collect();
    let b: Vec<char> = b.chars().take(MAX_COMPARED).collect();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let replaced = above[j] + usize::from(from != to);
            row.push(min(replaced, min(above[j + 1], row[j]) + 1));
        }
        above = row;
    }
    above.last().copied().unwrap_or(a.len())
}

const NAMES: &[(Setting, &str)] = &[
    (Setting::Audience, "AUDIENCE"),
    (Setting::Authority, "AUTHORITY"),
    (Setting::BaseUrl, "BASE_URL"),
    (Setting::CaFile, "CA_FILE"),
    (Setting::ClientAssertionFile, "CLIENT_ASSERTION_FILE"),
    (Setting::ClientAuth, "CLIENT_AUTH"),
    (Setting::ClientCertificate, "CLIENT_CERTIFICATE"),
    (Setting::ClientId, "CLIENT_ID"),
    (Setting::ClientKey, "CLIENT_KEY"),
    (Setting::ClientSecret, "CLIENT_SECRET"),
    (Setting::ClockTolerance, "CLOCK_TOLERANCE"),
    (Setting::Config, "CONFIG"),
    (Setting::CookieSecret, "COOKIE_SECRET"),
    (Setting::HttpTimeout, "HTTP_TIMEOUT"),
    (Setting::IdTokenAlg, "ID_TOKEN_ALG"),
    (Setting::Issuer, "ISSUER"),
    (Setting::ResponseMode, "RESPONSE_MODE"),
    (Setting::RoutePrefix, "ROUTE_PREFIX"),
    (Setting::Scopes, "SCOPES"),
    (Setting::SessionIdle, "SESSION_IDLE"),
    (Setting::SessionLifetime, "SESSION_LIFETIME"),
    (Setting::SessionStore, "SESSION_STORE"),
    (Setting::TenantId, "TENANT_ID"),
    (Setting::TrustedOrigins, "TRUSTED_ORIGINS"),
    (Setting::Userinfo, "USERINFO"),
];

/// Three times the longest known name: what is longer resembles none of them.
const MAX_COMPARED: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_one_name() {
        for (setting, name) in NAMES {
            assert_eq!(Setting::from_name(name), Some(*setting));
            assert_eq!(
                Setting::from_key(&name.to_ascii_lowercase()),
                Some(*setting)
            );
            assert_eq!(setting.name(), *name);
        }
        assert_eq!(
            NAMES.len(),
            25,
            "the table of settings in the documentation"
        );
        assert_eq!(Setting::from_key("CLIENT_ID"), None);
    }

    #[test]
    fn the_nearest_name_is_found() {
        for (written, meant) in [
            ("CLIENTID", Setting::ClientId),
            ("AUTHORTY", Setting::Authority),
            ("SCOPE", Setting::Scopes),
            ("REDIRECT_PREFIX", Setting::RoutePrefix),
            ("TRUSTED_ORIGIN", Setting::TrustedOrigins),
            ("client_secrets", Setting::ClientSecret),
            ("SESSION_TIMEOUT", Setting::SessionIdle),
        ] {
            assert_eq!(Setting::nearest(written), meant, "{written}");
        }
    }

    #[test]
    fn a_very_long_name_costs_little() {
        Setting::nearest(&"A".repeat(1 << 20));
    }

    #[test]
    fn edit_distances() {
        for (a, b, distance) in [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3)] {
            assert_eq!(edit_distance(a, b), distance);
            assert_eq!(edit_distance(b, a), distance);
        }
    }

    #[test]
    fn names_follow_their_source() {
        let text = "set CIAM_TENANT_ID, or remove CIAM_ISSUER";
        let staff = Names::Variables {
            prefix: "STAFF".to_owned(),
        };
        assert_eq!(
            staff.rewrite(text),
            "set STAFF_TENANT_ID, or remove STAFF_ISSUER"
        );
        assert_eq!(Names::Keys.rewrite(text), "set tenant_id, or remove issuer");
    }
}
