//! The provider's metadata document, read leniently: only what is used must be right.

use std::fmt;

use http::Response;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Value};
use url::Url;

use super::MetadataError;
use crate::config::Authority;
use crate::transport::is_permitted;

/// The members that are used, as the document carries them.
///
/// Source: [OpenID Connect Discovery 1.0, section 3] and RFC 8414, section 2.
///
/// [OpenID Connect Discovery 1.0, section 3]: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) issuer: String,
    pub(crate) authorization_endpoint: Url,
    pub(crate) token_endpoint: Url,
    pub(crate) jwks_uri: Url,
    pub(crate) userinfo_endpoint: Option<Url>,
    pub(crate) end_session_endpoint: Option<Url>,
    /// RFC 8414, section 2.
    pub(crate) revocation_endpoint: Option<Url>,
    /// `None`: the member is absent.
    pub(crate) revocation_endpoint_auth_methods: Option<Vec<String>>,
    pub(crate) id_token_signing_algs: Vec<String>,
    /// `None`: the member is absent, which stands for `client_secret_basic`.
    pub(crate) token_endpoint_auth_methods: Option<Vec<String>>,
    /// RFC 9207, section 3.
    pub(crate) iss_parameter_supported: bool,
}

impl Document {
    /// Reads the document found under the authority.
    pub(crate) fn parse(
        response: &Response<bytes::Bytes>,
        authority: &Authority,
    ) -> Result<Self, MetadataError> {
        let status = response.status();
        if status.is_redirection() {
            return Err(MetadataError::Redirect {
                status: status.as_u16(),
            });
        }
        if status != http::StatusCode::OK {
            return Err(MetadataError::Status {
                status: status.as_u16(),
                remedy: super::issuer::remedy_for_status(authority),
            });
        }
        let object: Object =
            serde_json::from_slice(response.body()).map_err(|e| MetadataError::NotJson {
                content_type: content_type(response),
                line: e.line(),
                column: e.column(),
            })?;
        let members = Members {
            object: object.0,
            needs_tls: authority.url().scheme() == "https",
        };
        Ok(Self {
            issuer: members.text("issuer")?,
            authorization_endpoint: members.endpoint("authorization_endpoint")?,
            token_endpoint: members.endpoint("token_endpoint")?,
            jwks_uri: members.endpoint("jwks_uri")?,
            userinfo_endpoint: members.optional_endpoint("userinfo_endpoint")?,
            end_session_endpoint: members.optional_endpoint("end_session_endpoint")?,
            revocation_endpoint: members.optional_endpoint("revocation_endpoint")?,
            revocation_endpoint_auth_methods: members
                .list("revocation_endpoint_auth_methods_supported"),
            id_token_signing_algs: members
                .list("id_token_signing_alg_values_supported")
                .unwrap_or_default(),
            token_endpoint_auth_methods: members.list("token_endpoint_auth_methods_supported"),
            iss_parameter_supported: members.flag("authorization_response_iss_parameter_supported"),
        })
    }
}

/// A JSON object that has no name twice: which of the two counts would be a
/// matter of taste.
struct Object(Map<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
        let mut members = Map::new();
        while let Some((name, value)) = map.next_entry()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a name occurs twice"));
            }
        }
        Ok(Object(members))
    }
}

struct Members {
    object: Map<String, Value>,
    /// What was found over TLS sends nobody to where there is none, not even on
    /// this machine.
    needs_tls: bool,
}

impl Members {
    fn text(&self, name: &'static str) -> Result<String, MetadataError> {
        match self.object.get(name).and_then(Value::as_str) {
            Some(text) if !text.is_empty() && text.len() <= MAX_TEXT_BYTES => Ok(text.to_owned()),
            _ => Err(MetadataError::Member { name }),
        }
    }

    fn endpoint(&self, name: &'static str) -> Result<Url, MetadataError> {
        let url = Url::parse(&self.text(name)?).map_err(|_| MetadataError::Member { name })?;
        // RFC 6749, sections 3.1 and 3.2: "MUST NOT include a fragment". A user or
        // password would become an `Authorization` header that nobody asked for.
        if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return Err(MetadataError::Member { name });
        }
        if !is_permitted(&url) || (self.needs_tls && url.scheme() != "https") {
            let host = url.host_str().unwrap_or_default().to_owned();
            return Err(MetadataError::InsecureEndpoint { name, host });
        }
        Ok(url)
    }

    /// Absent, null and empty are the same; anything else must be right.
    fn optional_endpoint(&self, name: &'static str) -> Result<Option<Url>, MetadataError> {
        match self.object.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(_) => self.endpoint(name).map(Some),
        }
    }

    fn list(&self, name: &str) -> Option<Vec<String>> {
        let values = self.object.get(name)?.as_array()?;
        let texts = values.iter().filter_map(Value::as_str);
        Some(texts.take(MAX_LIST_LENGTH).map(str::to_owned).collect())
    }

    /// Microsoft's older documents write booleans as texts.
    fn flag(&self, name: &str) -> bool {
        match self.object.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
            _ => false,
        }
    }
}

fn content_type(response: &Response<bytes::Bytes>) -> String {
    let value = response.headers().get(http::header::CONTENT_TYPE);
    let text = value.and_then(|v| v.to_str().ok()).unwrap_or("none");
    text.chars().take(80).collect()
}

/// RFC 9110, section 4.1 recommends that addresses of 8000 octets be supported;
/// endpoints in use are below 200.
const MAX_TEXT_BYTES: usize = 2048;

/// Providers list a few dozen algorithms at most.
const MAX_LIST_LENGTH: usize = 100;
