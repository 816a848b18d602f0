//! Settings: where they are from, what they must be, what follows from them.

mod address;
mod authority;
mod base_url;
mod build;
mod builder;
mod ca;
mod choices;
mod cookie_secret;
mod cookies;
mod credential;
mod duration;
mod guid;
mod problem;
mod session_store;
mod setting;
mod source;
mod values;

use std::env;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::algorithm::Algorithm;
use crate::clock::Clock;
use crate::page::PageHook;
use crate::random::Random;
use crate::store::SessionStore;
use crate::transport::{HttpClient, TransportOptions};

pub use authority::{Authority, IssuerPolicy, Tenants};
pub use builder::ConfigBuilder;
pub use choices::ResponseMode;
pub(crate) use choices::{MAX_SCOPE_BYTES, is_scope_char};
pub use credential::{ClientAuth, ClientCredential};
pub use guid::Guid;
pub use problem::{ConfigError, Problem, Warning};

pub(crate) use base_url::BaseUrl;
pub(crate) use ca::CaCertificates;
pub(crate) use cookie_secret::CookieSecret;
pub(crate) use cookies::{Cookies, MAX_CHUNKS};

/// The settings of one application, checked.
///
/// ```
/// # use ciam_core::Config;
/// let config = Config::web(
///     "https://contoso.ciamlogin.com",
///     "aaaabbbb-0000-cccc-1111-dddd2222eeee",
///     "https://shop.example",
///     "U2VjcmV0cyBhcmUgcmFuZG9tLCB0aGlzIG9uZSBpcyBub3Q=",
/// )
/// .with_client_secret("a8Q~the-value-not-the-id")
/// .build()?;
/// assert!(config.warnings().is_empty());
/// # Ok::<(), ciam_core::ConfigError>(())
/// ```
///
/// # Settings
///
/// As environment variables, or without the prefix and in lower case in a TOML
/// file, which variables override.
///
/// | variable | meaning | default |
/// |---|---|---|
/// | `CIAM_CONFIG` | the TOML file | `ciam.toml` if it exists |
/// | `CIAM_AUTHORITY` | `https://contoso.ciamlogin.com`, a custom domain, any issuer | – |
/// | `CIAM_CLIENT_ID` | the application (client) id | – |
/// | `CIAM_CLIENT_SECRET` | the client secret | public client |
/// | `CIAM_CLIENT_AUTH` | `basic`, `post`, `none`: forces how it is sent | by the metadata |
/// | `CIAM_BASE_URL` | the public address of the application | – |
/// | `CIAM_ROUTE_PREFIX` | where the library's routes live | `/auth` |
/// | `CIAM_COOKIE_SECRET` | 32 bytes, base64; a list with commas rotates | random on localhost |
/// | `CIAM_SCOPES` | separated by spaces | `openid profile email` |
/// | `CIAM_RESPONSE_MODE` | `query`, `form_post` | `query` |
/// | `CIAM_AUDIENCE` | what access tokens must be for, separated by spaces | the client id |
/// | `CIAM_ID_TOKEN_ALG` | the one algorithm of ID tokens | RS256 if advertised |
/// | `CIAM_TENANT_ID`, `CIAM_ISSUER` | pin the tenant or the issuer | learnt from metadata |
/// | `CIAM_USERINFO` | `true`: call userinfo at sign-in | `false` |
/// | `CIAM_TRUSTED_ORIGINS` | other origins that may send unsafe requests | – |
/// | `CIAM_SESSION_STORE` | `cookie` | `cookie` |
/// | `CIAM_SESSION_IDLE`, `CIAM_SESSION_LIFETIME` | like `8h`, `7d` | `24h`, `7d` |
/// | `CIAM_CLOCK_TOLERANCE` | skew allowed on token times | `60s` |
/// | `CIAM_HTTP_TIMEOUT` | per request to the provider | `10s` |
/// | `CIAM_CA_FILE` | extra CA certificates (PEM) for the provider | – |
///
/// An empty variable is not set. `CIAM_CLIENT_CERTIFICATE`, `CIAM_CLIENT_KEY`,
/// `CIAM_CLIENT_ASSERTION_FILE` and other session stores are
/// known names that this release cannot honour, and says so. Any other name
/// with the prefix is a [warning](Self::warnings).
#[derive(Clone, Debug)]
pub struct Config {
    authority: Authority,
    client_id: String,
    audiences: Vec<String>,
    is_api: bool,
    describes_api: bool,
    other_sources: Vec<OtherSource>,
    rfc9068: bool,
    token_cache: (u64, Duration),
    credential: ClientCredential,
    client_auth: Option<ClientAuth>,
    base_url: BaseUrl,
    route_prefix: String,
    cookie_secrets: Vec<CookieSecret>,
    cookies: Cookies,
    scopes: Vec<String>,
    response_mode: ResponseMode,
    id_token_algorithm: Option<Algorithm>,
    calls_userinfo: bool,
    trusted_origins: Vec<String>,
    session_idle: Duration,
    session_lifetime: Duration,
    session_renewal: Duration,
    session_store: Option<Arc<dyn SessionStore>>,
    clock_tolerance: Duration,
    http_timeout: Duration,
    max_age: Option<Duration>,
    ca: Option<CaCertificates>,
    clock: Arc<dyn Clock>,
    http_client: Option<Arc<dyn HttpClient>>,
    page: Option<PageHook>,
    random: Arc<dyn Random>,
    resolve: Vec<(String, SocketAddr)>,
    warnings: Vec<Warning>,
}

/// A further provider of an API.
#[derive(Clone, Debug)]
pub(crate) struct OtherSource {
    pub(crate) authority: Authority,
    pub(crate) audiences: Vec<String>,
}

/// Where the settings are from.
impl Config {
    /// A web application with sign-in pages. An empty cookie secret is a random
    /// one where the base URL is on localhost, and a problem anywhere else.
    pub fn web(
        authority: impl Into<String>,
        client_id: impl Into<String>,
        base_url: impl Into<String>,
        cookie_secret: impl Into<String>,
    ) -> ConfigBuilder {
        let prefix = source::PREFIX.to_owned();
        ConfigBuilder::empty(setting::Names::Variables { prefix })
            .with_text(setting::Setting::Authority, authority)
            .with_text(setting::Setting::ClientId, client_id)
            .with_text(setting::Setting::BaseUrl, base_url)
            .with_text(setting::Setting::CookieSecret, cookie_secret)
    }

    /// An API without pages, for which access tokens are issued with this audience:
    /// the client id of its registration, or its identifier.
    ///
    /// What only pages need (base URL, cookies, routes, scopes) is not asked for.
    pub fn api(authority: impl Into<String>, audience: impl Into<String>) -> ConfigBuilder {
        let prefix = source::PREFIX.to_owned();
        ConfigBuilder::empty(setting::Names::Variables { prefix })
            .with_text(setting::Setting::Authority, authority)
            .with_audience(audience)
            .as_api()
    }

    /// From `CIAM_…` variables, and the file that `CIAM_CONFIG` names (default:
    /// `ciam.toml` if it exists). What is wrong is said by
    /// [`build`](ConfigBuilder::build).
    pub fn from_env() -> ConfigBuilder {
        Self::from_env_prefix(source::PREFIX)
    }

    /// As [`from_env`](Self::from_env) with another prefix in place of `CIAM`,
    /// for a second handle: `STAFF` reads `STAFF_AUTHORITY`, `STAFF_CONFIG` and
    /// `staff.toml`.
    pub fn from_env_prefix(prefix: &str) -> ConfigBuilder {
        source::from_variables(prefix, env::vars_os(), &|path| fs::read(path))
    }

    /// From the text of a TOML file, and nothing else.
    pub fn from_toml(text: &str) -> ConfigBuilder {
        source::from_toml(text)
    }

    /// Whether any `CIAM_…` variable is set, or a `ciam.toml` is there: whether
    /// [`from_env`](Self::from_env) has anything to read.
    pub fn is_configured_in_env() -> bool {
        source::is_configured(source::PREFIX, env::vars_os(), &Path::exists)
    }
}

/// What they are.
impl Config {
    /// The provider, and which issuer is expected of it.
    pub const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// What access tokens may be for.
    pub fn audiences(&self) -> &[String] {
        &self.audiences
    }

    /// Whether there are no pages, no sessions and none of their routes.
    pub const fn is_api(&self) -> bool {
        self.is_api
    }

    /// The further providers of an API.
    pub(crate) fn other_sources(&self) -> &[OtherSource] {
        &self.other_sources
    }

    /// Whether access tokens must have the type `at+jwt`.
    pub(crate) const fn rfc9068(&self) -> bool {
        self.rfc9068
    }

    /// How many verified access tokens are remembered, and how long.
    pub(crate) const fn token_cache(&self) -> (u64, Duration) {
        self.token_cache
    }

    /// The application (client) id.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The one redirect URI of the application, to be registered as it is.
    pub fn callback_url(&self) -> String {
        self.url_for(CALLBACK)
    }

    /// The public address of one of the library's routes: `login`.
    pub fn url_for(&self, route: &str) -> String {
        self.base_url.route_url(&self.route_prefix, route)
    }

    /// The public address of a path of the application's own: `/orders`.
    pub fn url_for_path(&self, path: &str) -> String {
        self.base_url.url_for_path(path)
    }

    /// The path in front of all the application's own, as browsers see them: `/shop`.
    /// Empty when the application has its host to itself.
    pub fn base_path(&self) -> &str {
        self.base_url.path()
    }

    /// The path of one of the library's routes as browsers see it.
    pub(crate) fn path_for(&self, route: &str) -> String {
        format!("{}/{route}", self.own_prefix())
    }

    /// What the paths of the library's routes begin with as browsers see them.
    pub(crate) fn own_prefix(&self) -> String {
        format!("{}{}", self.base_url.path(), self.route_prefix)
    }

    /// Where clients read which provider's tokens the API takes ([RFC 9728, section 3]);
    /// `None` where no address is set, or nothing but sign-in.
    ///
    /// [RFC 9728, section 3]: https://www.rfc-editor.org/rfc/rfc9728#section-3
    pub fn resource_metadata_url(&self) -> Option<String> {
        let path = self.resource_metadata_path()?;
        Some(format!("{}{path}", self.base_url.origin()))
    }

    /// Its path as clients see it.
    pub(crate) fn resource_metadata_path(&self) -> Option<String> {
        let path = self.base_url.path();
        self.describes_api
            .then(|| format!("{RESOURCE_METADATA}{path}"))
    }

    /// Whether it is this path. Every guard asks, so that no text is made for it.
    pub(crate) fn is_resource_metadata(&self, path: &str) -> bool {
        let rest = path.strip_prefix(RESOURCE_METADATA);
        self.describes_api && rest == Some(self.base_url.path())
    }

    /// Where the library's routes live, as the application sees it: `/auth`.
    pub fn route_prefix(&self) -> &str {
        &self.route_prefix
    }

    /// What was noticed and does not prevent the application from working.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The HTTP client of the application's own, if it brought one.
    pub(crate) const fn http_client(&self) -> Option<&Arc<dyn HttpClient>> {
        self.http_client.as_ref()
    }

    /// How pages are rendered, where not by default.
    pub(crate) const fn page(&self) -> Option<&PageHook> {
        self.page.as_ref()
    }

    /// How the default HTTP client connects.
    pub(crate) fn transport_options(&self) -> TransportOptions {
        TransportOptions {
            timeout: self.http_timeout,
            extra_certificates: self.ca.as_ref().map(|ca| ca.pem().to_vec()),
            resolve: self.resolve.clone(),
        }
    }

    pub(crate) const fn base_url(&self) -> &BaseUrl {
        &self.base_url
    }

    pub(crate) const fn calls_userinfo(&self) -> bool {
        self.calls_userinfo
    }

    /// How the secret is sent, where that is forced.
    pub(crate) const fn client_auth(&self) -> Option<ClientAuth> {
        self.client_auth
    }

    pub(crate) const fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    pub(crate) const fn clock_tolerance(&self) -> Duration {
        self.clock_tolerance
    }

    /// The first one seals, all of them open; there is at least one.
    pub(crate) fn cookie_secrets(&self) -> &[CookieSecret] {
        &self.cookie_secrets
    }

    pub(crate) const fn cookies(&self) -> &Cookies {
        &self.cookies
    }

    pub(crate) const fn credential(&self) -> &ClientCredential {
        &self.credential
    }

    /// The one algorithm of ID tokens, where it is forced.
    pub(crate) const fn id_token_algorithm(&self) -> Option<Algorithm> {
        self.id_token_algorithm
    }

    pub(crate) const fn http_timeout(&self) -> Duration {
        self.http_timeout
    }

    pub(crate) const fn max_age(&self) -> Option<Duration> {
        self.max_age
    }

    pub(crate) const fn random(&self) -> &Arc<dyn Random> {
        &self.random
    }

    pub(crate) const fn response_mode(&self) -> ResponseMode {
        self.response_mode
    }

    /// Each once, `openid` among them.
    pub(crate) fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// Never longer than the lifetime.
    pub(crate) const fn session_idle(&self) -> Duration {
        self.session_idle
    }

    pub(crate) const fn session_lifetime(&self) -> Duration {
        self.session_lifetime
    }

    /// How long a session is used before that is written down.
    pub(crate) const fn session_renewal(&self) -> Duration {
        self.session_renewal
    }

    /// Whether tokens are kept for the APIs that the application calls: whether a
    /// refresh token is asked for.
    pub(crate) fn keeps_tokens(&self) -> bool {
        self.scopes.iter().any(|scope| scope == OFFLINE_ACCESS)
    }

    /// Where sessions are kept, if not in the cookie.
    pub const fn session_store(&self) -> Option<&Arc<dyn SessionStore>> {
        self.session_store.as_ref()
    }

    /// As browsers send them in `Origin`; the application's own is not in it.
    pub(crate) fn trusted_origins(&self) -> &[String] {
        &self.trusted_origins
    }
}

/// The route that the provider sends the browser back to.
const CALLBACK: &str = "callback";

/// OpenID Connect Core 1.0, section 11.
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

/// RFC 9728, section 3: before the path of the resource.
const RESOURCE_METADATA: &str = "/.well-known/oauth-protected-resource";

#[cfg(test)]
mod tests;
