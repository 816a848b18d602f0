//! One sign-in, through the public interface.

use bytes::Bytes;
use ciam_core::{Ciam, Config, ConfigBuilder};
use http::header::{COOKIE, HOST, LOCATION, SET_COOKIE};
use http::{Request, Response, StatusCode};
use url::Url;

use super::provider::{CLIENT_ID, FixedProvider};

/// Who signs in.
pub(crate) const NAME: &str = "Ada Lovelace";

/// The application's host name.
pub(crate) const SHOP: &str = "shop.example";

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
        Self::prepare_with(ciam, |nonce| provider.sign(nonce)).await
    }

    /// The same at another provider, which is told the nonce.
    pub(crate) async fn prepare_with(ciam: &Ciam, sign: impl FnOnce(&str)) -> Self {
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
        sign(&parameter("nonce"));
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
