//! One sign-in, through the public interface.

use bytes::Bytes;
use ciam_core::{Ciam, Config, ConfigBuilder};
use http::header::{COOKIE, HOST, LOCATION, SET_COOKIE};
use http::{Request, Response, StatusCode};
use serde::Deserialize;
use url::Url;

use super::provider::{CLIENT_ID, FixedProvider};

/// Who signs in.
pub(crate) const NAME: &str = "Ada Lovelace";

/// The application's host name.
pub(crate) const SHOP: &str = "shop.example";

/// The twenty claims of the session as an application's type.
#[derive(Clone, Debug, Deserialize)]
#[allow(dead_code)] // an application would read them all
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

pub(crate) fn config(origin: &str) -> ConfigBuilder {
    let secret = "VGhpcnR5LXR3byBieXRlcyBmb3IgYSBiZW5jaG1hcmsu";
    Config::web(origin, CLIENT_ID, format!("https://{SHOP}"), secret)
        .with_client_secret("a8Q~the-value-not-the-id")
}

/// A visitor who comes back from the provider.
pub(crate) struct Callback {
    address: String,
    cookie: String,
}

impl Callback {
    /// Sends a visitor to the provider, which signs the ID token for the way back.
    pub(crate) async fn prepare(ciam: &Ciam, provider: &FixedProvider) -> Self {
        let login = Request::get("/auth/login")
            .header(HOST, SHOP)
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document")
            .body(Bytes::new())
            .expect("a request");
        let response = ciam.respond(login).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{response:?}");
        let location = response.headers()[LOCATION].to_str().expect("text");
        let location = Url::parse(location).expect("an address");
        let parameter = |name: &str| {
            let mut parameters = location.query_pairs();
            let found = parameters.find(|(found, _)| found == name);
            found.expect("it is sent").1.into_owned()
        };
        provider.sign(&parameter("nonce"));
        Self {
            address: format!(
                "/auth/callback?code=0.AQEA-code&state={}",
                parameter("state")
            ),
            cookie: set_cookies(&response).concat(),
        }
    }

    pub(crate) fn request(&self) -> Request<Bytes> {
        Request::get(&self.address)
            .header(HOST, SHOP)
            .header(COOKIE, &self.cookie)
            .body(Bytes::new())
            .expect("a request")
    }

    /// The session cookie that the answer to [`request`](Self::request) sets, as the
    /// browser sends it back.
    pub(crate) fn session_cookie(response: &Response<Bytes>) -> String {
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "{response:?}");
        let cookies = set_cookies(response);
        let session = cookies.into_iter().find(|c| c.contains("ciam-session"));
        session.expect("a sign-in sets the session")
    }
}

fn set_cookies(response: &Response<Bytes>) -> Vec<String> {
    let cookies = response.headers().get_all(SET_COOKIE).iter();
    cookies
        .map(|cookie| cookie.to_str().expect("text"))
        .map(|cookie| cookie.split(';').next().unwrap_or_default().to_owned())
        .collect()
}
