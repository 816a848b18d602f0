//! Settings with a few known values, and lists of small ones.

use crate::algorithm::{Algorithm, AlgorithmError, parse_algorithm};

use super::address::Address;
use super::problem::{Fault, shown};

/// How the provider sends its answer to the callback.
///
/// Default: [`Query`](Self::Query).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ResponseMode {
    /// As a form that the browser posts: the code stays out of its history. The
    /// cookie of a sign-in attempt is then `SameSite=None; Secure`.
    FormPost,
    /// In the query of a redirect.
    Query,
}

impl ResponseMode {
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        match text {
            "form_post" => Ok(Self::FormPost),
            "query" => Ok(Self::Query),
            _ => Err(Fault::new(
                "config.response_mode_unknown",
                format!("{} is not supported", shown(text)),
                "use query or form_post",
            )),
        }
    }

    /// As `CIAM_RESPONSE_MODE` and the `response_mode` parameter have it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::FormPost => "form_post",
            Self::Query => "query",
        }
    }
}

/// Reads `CIAM_ID_TOKEN_ALG`.
pub(super) fn id_token_algorithm(text: &str) -> Result<Algorithm, Fault> {
    parse_algorithm(text).map_err(|error| {
        let what = match error {
            AlgorithmError::None => "none means that nobody signed the token".to_owned(),
            AlgorithmError::Symmetric { found } => {
                format!("{found} uses the client secret as the key, so that it proves nothing")
            }
            AlgorithmError::Unknown { found } => format!("{found} is not supported"),
        };
        let fix = "use RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 or EdDSA, or leave \
                   it out";
        Fault::new("config.id_token_alg_refused", what, fix)
    })
}

/// Reads `CIAM_AUDIENCE`: texts of RFC 7519, section 2 (`StringOrURI`).
pub(super) fn audiences(text: &str) -> Result<Vec<String>, Fault> {
    let audiences: Vec<String> = text.split_ascii_whitespace().map(str::to_owned).collect();
    let fits = |audience: &String| audience.len() <= MAX_AUDIENCE_BYTES;
    if audiences.len() <= MAX_AUDIENCES && audiences.iter().all(fits) {
        return Ok(audiences);
    }
    Err(Fault::new(
        "config.audience_invalid",
        format!("has {} audiences, or one that is too long", audiences.len()),
        "name what access tokens for this API are for, separated by spaces",
    ))
}

/// Reads `CIAM_USERINFO`.
pub(super) fn userinfo(text: &str) -> Result<bool, Fault> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => {
            let what = format!("{} is neither true nor false", shown(text));
            Err(Fault::new(
                "config.userinfo_invalid",
                what,
                "use true or false",
            ))
        }
    }
}

/// Reads `CIAM_SCOPES`.
pub(super) fn scopes(text: &str) -> Result<Vec<String>, Fault> {
    if text.len() > MAX_SCOPE_BYTES {
        let what = format!("has {} bytes, the limit is {MAX_SCOPE_BYTES}", text.len());
        return Err(Fault::new(
            "config.scopes_too_long",
            what,
            "ask for fewer scopes",
        ));
    }
    let mut scopes: Vec<String> = Vec::new();
    for scope in text.split_ascii_whitespace() {
        if let Some(odd) = scope.chars().find(|c| !is_scope_char(*c)) {
            return Err(Fault::new(
                "config.scopes_invalid",
                format!("{} holds {odd:?}, which no scope may have", shown(scope)),
                "separate scopes by spaces, without quotation marks",
            ));
        }
        if !scopes.iter().any(|known| known == scope) {
            scopes.push(scope.to_owned());
        }
    }
    if !scopes.iter().any(|scope| scope == "openid") {
        return Err(Fault::new(
            "config.scopes_without_openid",
            format!(
                "{} does not hold openid, without which there is no sign-in",
                shown(text)
            ),
            "add openid, and separate scopes by spaces",
        ));
    }
    Ok(scopes)
}

/// Reads `CIAM_TRUSTED_ORIGINS`: origins as browsers send them.
pub(super) fn trusted_origins(text: &str) -> Result<Vec<String>, Fault> {
    let mut origins: Vec<String> = Vec::new();
    let is_separator = |c: char| c == ',' || c.is_ascii_whitespace();
    for text in text.split(is_separator).filter(|text| !text.is_empty()) {
        let address = Address::parse(text).map_err(|fault| origin_fault(text, &fault))?;
        let origin = address.url.origin().ascii_serialization();
        if !address.path.is_empty() {
            return Err(Fault::new(
                "config.trusted_origin_path",
                format!("{} has a path", shown(text)),
                format!("an origin has none: write {origin}"),
            ));
        }
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    if origins.len() > MAX_TRUSTED_ORIGINS {
        return Err(Fault::new(
            "config.trusted_origins_too_many",
            format!(
                "has {} origins, the limit is {MAX_TRUSTED_ORIGINS}",
                origins.len()
            ),
            "name only those that send requests with a user's session",
        ));
    }
    Ok(origins)
}

fn origin_fault(text: &str, fault: &Fault) -> Fault {
    Fault::new(
        "config.trusted_origin_invalid",
        format!("{} is not an origin ({})", shown(text), fault.code),
        "write scheme, host and port only, like https://shop.example; there are no wildcards",
    )
}

/// RFC 6749, section 3.3: `scope-token`.
pub(crate) const fn is_scope_char(c: char) -> bool {
    matches!(c, '!' | '#'..='[' | ']'..='~')
}

/// Scopes travel in the authorization URL; Entra refuses long query strings
/// (AADSTS90015), and the other parameters need room as well.
pub(crate) const MAX_SCOPE_BYTES: usize = 2048;

/// Each is compared with the `Origin` of every unsafe request.
const MAX_TRUSTED_ORIGINS: usize = 32;

/// An API has one or two: its client id, and its identifier.
const MAX_AUDIENCES: usize = 20;
const MAX_AUDIENCE_BYTES: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn response_modes() {
        for mode in [ResponseMode::FormPost, ResponseMode::Query] {
            assert_eq!(
                ResponseMode::parse(mode.as_str()).expect("its own name"),
                mode
            );
        }
        for text in ["fragment", "Query", "query.jwt"] {
            let fault = ResponseMode::parse(text).expect_err(text);
            assert_eq!(fault.code, "config.response_mode_unknown");
        }
    }

    #[test]
    fn id_token_algorithms() {
        for name in [
            "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA",
        ] {
            let algorithm = id_token_algorithm(name).expect(name);
            assert_eq!(format!("{algorithm:?}"), name);
        }
        assert_eq!(
            id_token_algorithm("Ed25519").expect("its newer name"),
            Algorithm::EdDSA
        );
        for (text, reason) in [
            ("none", "nobody signed"),
            ("NONE", "nobody signed"),
            ("HS256", "client secret"),
            ("HS512", "client secret"),
            ("rs256", "not supported"),
            ("ES512", "not supported"),
            ("Ed448", "not supported"),
        ] {
            let fault = id_token_algorithm(text).expect_err(text);
            assert_eq!(fault.code, "config.id_token_alg_refused");
            assert!(format!("{fault:?}").contains(reason), "{fault:?}");
        }
    }

    #[test]
    fn userinfo_is_true_or_false() {
        assert!(userinfo("true").expect("true"));
        assert!(!userinfo("false").expect("false"));
        for text in ["1", "yes", "True"] {
            assert_eq!(
                userinfo(text).expect_err(text).code,
                "config.userinfo_invalid"
            );
        }
    }

    #[test]
    fn scope_lists() {
        let list = scopes("openid  profile\nemail api://shop/orders.read profile").expect("scopes");
        assert_eq!(
            list,
            ["openid", "profile", "email", "api://shop/orders.read"]
        );
        for (text, code) in [
            ("profile email", "config.scopes_without_openid"),
            ("openid,profile", "config.scopes_without_openid"),
            ("OpenID", "config.scopes_without_openid"),
            ("\"openid\" profile", "config.scopes_invalid"),
            ("openid a\\b", "config.scopes_invalid"),
            ("openid ä", "config.scopes_invalid"),
            (
                &format!("openid {}", "a".repeat(2048)),
                "config.scopes_too_long",
            ),
        ] {
            assert_eq!(scopes(text).expect_err(text).code, code, "{text}");
        }
    }

    #[test]
    fn origins_are_exact() {
        let text =
            "https://a.example, HTTPS://B.example:443\nhttp://localhost:5173 https://a.example";
        let origins = [
            "https://a.example",
            "https://b.example",
            "http://localhost:5173",
        ];
        assert_eq!(trusted_origins(text).expect("origins"), origins);
        let many: Vec<String> = (0..33).map(|i| format!("https://a{i}.example")).collect();
        for (text, code) in [
            ("https://a.example/", "config.trusted_origin_path"),
            ("https://a.example/a", "config.trusted_origin_path"),
            ("http://a.example", "config.trusted_origin_invalid"),
            ("https://*.example", "config.trusted_origin_invalid"),
            ("*", "config.trusted_origin_invalid"),
            ("null", "config.trusted_origin_invalid"),
            ("a.example", "config.trusted_origin_invalid"),
            ("https://u:p@a.example", "config.trusted_origin_invalid"),
            (&many.join(","), "config.trusted_origins_too_many"),
        ] {
            assert_eq!(trusted_origins(text).expect_err(text).code, code, "{text}");
        }
    }
}
