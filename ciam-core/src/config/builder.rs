//! Collects settings; [`ConfigBuilder::build`] judges them.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::page::{Page, PageHook};
use crate::random::{Random, SystemRandom};
use crate::store::{SessionStore, StoreAddress, StoreError};
use crate::transport::HttpClient;

use super::Config;
use super::build::build;
use super::choices::ResponseMode;
use super::credential::ClientAuth;
use super::problem::{ConfigError, Findings};
use super::session_store::StoreSchemes;
use super::setting::{Names, Setting};
use super::values::{Origin, Value, Values};

/// Settings on their way to a [`Config`].
///
/// What is set here takes the place of what variables and files say. An empty
/// text is no value, and white space around a text that is not a secret is
/// removed.
#[derive(Clone, Debug)]
#[must_use = "nothing is checked before build()"]
pub struct ConfigBuilder {
    pub(super) values: Values,
    pub(super) findings: Findings,
    pub(super) is_api: bool,
    pub(super) rfc9068: bool,
    pub(super) token_cache: (u64, Duration),
    pub(super) tenants: Option<AcceptedTenants>,
    pub(super) others: Vec<(String, String)>,
    pub(super) max_age: Option<Duration>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) http_client: Option<Arc<dyn HttpClient>>,
    pub(super) page: Option<PageHook>,
    pub(super) random: Arc<dyn Random>,
    pub(super) resolve: Vec<(String, SocketAddr)>,
    pub(super) session_renewal: u8,
    pub(super) session_store: Option<Arc<dyn SessionStore>>,
    pub(super) store_schemes: StoreSchemes,
}

impl ConfigBuilder {
    pub(super) fn empty(names: Names) -> Self {
        Self {
            values: Values::default(),
            findings: Findings::new(names),
            is_api: false,
            rfc9068: false,
            token_cache: DEFAULT_TOKEN_CACHE,
            tenants: None,
            others: Vec::new(),
            max_age: None,
            clock: Arc::new(SystemClock),
            http_client: None,
            page: None,
            random: Arc::new(SystemRandom),
            resolve: Vec::new(),
            session_renewal: DEFAULT_SESSION_RENEWAL,
            session_store: None,
            store_schemes: StoreSchemes::default(),
        }
    }

    /// Makes it the configuration of an API without pages, as [`Config::api`] does.
    pub fn as_api(mut self) -> Self {
        self.is_api = true;
        self
    }

    /// Adds another provider whose access tokens an API accepts, and the audience they
    /// must be for. A token is held to the provider that its issuer says; the keys of
    /// one verify nothing of another.
    pub fn with_api_provider(
        mut self,
        authority: impl Into<String>,
        audience: impl Into<String>,
    ) -> Self {
        self.others.push((authority.into(), audience.into()));
        self
    }

    /// Accepts access tokens of every tenant of Microsoft's shared address
    /// (`https://login.microsoftonline.com/organizations/v2.0`): of everyone who has
    /// an account anywhere. A guard or the application says who may do what.
    pub fn with_any_tenant(mut self) -> Self {
        self.tenants = Some(AcceptedTenants::Any);
        self
    }

    /// Accepts access tokens of these tenants, by their GUIDs, where the authority is
    /// Microsoft's shared address.
    pub fn with_tenants(mut self, ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let ids = ids.into_iter().map(Into::into).collect();
        self.tenants = Some(AcceptedTenants::These(ids));
        self
    }

    /// Adds an audience that access tokens may be for: the client id or the
    /// identifier of this API. Default: the client id.
    pub fn with_audience(mut self, audience: impl Into<String>) -> Self {
        self.values.append(Setting::Audience, &audience.into());
        self
    }

    /// Sets the public address of the application, like `https://shop.example`. An
    /// API needs none, and with one says in its challenges where its metadata is
    /// ([RFC 9728](https://www.rfc-editor.org/rfc/rfc9728)).
    pub fn with_base_url(self, base_url: impl Into<String>) -> Self {
        self.with_text(Setting::BaseUrl, base_url)
    }

    /// Sets the extra CA certificates for connections to the provider and to the session
    /// store that `CIAM_SESSION_STORE` names: a PEM file, read by `build()`. Default: none
    /// but the machine's.
    pub fn with_ca_file(self, path: impl Into<PathBuf>) -> Self {
        self.with(Setting::CaFile, Value::Path(path.into()))
    }

    /// Sets how the client secret is sent. Default: what the provider's
    /// metadata allows.
    pub fn with_client_auth(self, auth: ClientAuth) -> Self {
        self.with_text(Setting::ClientAuth, auth.as_str())
    }

    /// Sets the client secret. Default: none; the application is a public
    /// client.
    pub fn with_client_secret(self, secret: impl Into<String>) -> Self {
        self.with_text(Setting::ClientSecret, secret)
    }

    /// Sets the clock. Default: the machine's.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the skew allowed on the times in tokens, at most 10 minutes.
    /// Default: 60 seconds.
    pub fn with_clock_tolerance(self, tolerance: Duration) -> Self {
        self.with(Setting::ClockTolerance, Value::Duration(tolerance))
    }

    /// Sets the client that requests to the provider are sent with. Default: one
    /// built on reqwest, with the settings for time-outs and certificates.
    pub fn with_http_client(mut self, client: Arc<dyn HttpClient>) -> Self {
        self.http_client = Some(client);
        self
    }

    /// Sets how long one request to the provider may take, 1 second to 2
    /// minutes. Default: 10 seconds.
    pub fn with_http_timeout(self, timeout: Duration) -> Self {
        self.with(Setting::HttpTimeout, Value::Duration(timeout))
    }

    /// Sets the one algorithm of ID tokens, by its name: `ES256`. Default:
    /// `RS256` when the provider advertises it, else the first advertised one
    /// that is supported.
    pub fn with_id_token_algorithm(self, name: impl Into<String>) -> Self {
        self.with_text(Setting::IdTokenAlg, name)
    }

    /// Sets the one issuer that is accepted, byte for byte. Default: what
    /// [`IssuerPolicy`](super::IssuerPolicy) says of the authority.
    pub fn with_issuer(self, issuer: impl Into<String>) -> Self {
        self.with_text(Setting::Issuer, issuer)
    }

    /// Sets how old the authentication of a user may be, at most 400 days; an
    /// older one is repeated. Default: any age.
    pub fn with_max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// Sets how the pages the library shows are rendered: a whole HTML document
    /// for each. Default: [`Page::to_html`].
    pub fn with_page(mut self, hook: impl Fn(&Page) -> String + Send + Sync + 'static) -> Self {
        self.page = Some(PageHook::new(hook));
        self
    }

    /// Sets the source of randomness. Default: the operating system's.
    pub fn with_random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// Connects to `address` for the host `name`, without looking it up: for tests
    /// against a provider under its real name. TLS still checks the name.
    pub fn with_resolve(mut self, name: impl Into<String>, address: SocketAddr) -> Self {
        self.resolve.push((name.into(), address));
        self
    }

    /// Sets how the provider answers. Default: [`ResponseMode::Query`].
    pub fn with_response_mode(self, mode: ResponseMode) -> Self {
        self.with_text(Setting::ResponseMode, mode.as_str())
    }

    /// Accepts only access tokens whose type is `at+jwt` ([RFC 9068, section 4]).
    /// Default: those of type `JWT` as well, which Microsoft's have.
    ///
    /// [RFC 9068, section 4]: https://www.rfc-editor.org/rfc/rfc9068#section-4
    pub fn with_rfc9068(mut self) -> Self {
        self.rfc9068 = true;
        self
    }

    /// Sets where the library's routes live. Default: `/auth`.
    pub fn with_route_prefix(self, prefix: impl Into<String>) -> Self {
        self.with_text(Setting::RoutePrefix, prefix)
    }

    /// Sets the scopes to ask for, separated by spaces; `openid` is one of
    /// them. Default: `openid profile email`.
    pub fn with_scopes(self, scopes: impl Into<String>) -> Self {
        self.with_text(Setting::Scopes, scopes)
    }

    /// Sets how long a session lives without a request. Default: 24 hours, or
    /// the lifetime if that is shorter.
    pub fn with_session_idle(self, idle: Duration) -> Self {
        self.with(Setting::SessionIdle, Value::Duration(idle))
    }

    /// Sets how long a session lives at most, up to 400 days. Default: 7 days.
    pub fn with_session_lifetime(self, lifetime: Duration) -> Self {
        self.with(Setting::SessionLifetime, Value::Duration(lifetime))
    }

    /// Sets after which part of the idle time, in percent, the use of a session is written
    /// down: with less a session ends closer to its idle time after the last request, with
    /// more it is written less often. Default: 10. At most 50.
    pub fn with_session_renewal(mut self, percent: u8) -> Self {
        self.session_renewal = percent;
        self
    }

    /// Keeps sessions in a store of the application's own; the cookie then holds a
    /// random id. Default: what `CIAM_SESSION_STORE` says, or the cookie itself.
    pub fn with_session_store(mut self, store: Arc<dyn SessionStore>) -> Self {
        self.session_store = Some(store);
        self
    }

    /// Offers a store for addresses of these schemes in `CIAM_SESSION_STORE`, in place of
    /// what this crate knows of them. Default: `redis` and `rediss`, with the feature of
    /// that name.
    ///
    /// `open` is called by [`build`](Self::build) and connects to nothing: an application
    /// starts while its store is down. The text of its error is shown.
    pub fn with_store_scheme(
        mut self,
        schemes: &[&str],
        open: impl Fn(&StoreAddress) -> Result<Arc<dyn SessionStore>, StoreError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.store_schemes.add(schemes, Arc::new(open));
        self
    }

    /// Sets the GUID of the customer tenant; necessary when the authority is
    /// the tenant's own domain. Default: learnt from the authority or the
    /// provider's metadata.
    pub fn with_tenant_id(self, tenant_id: impl Into<String>) -> Self {
        self.with_text(Setting::TenantId, tenant_id)
    }

    /// Sets how many verified access tokens are remembered, and how long each at
    /// most; never past its expiry, nor when its key has left the provider's set.
    /// Default: 10,000 tokens, one hour.
    ///
    /// A token takes two to three times its length: 10,000 of 1 KB take 30 MB. Those of
    /// more than 8 KB are verified each time, so that 10,000 take at most 160 MB, but for
    /// tokens with thousands of scopes or roles.
    pub fn with_token_cache(mut self, tokens: u64, life: Duration) -> Self {
        self.token_cache = (tokens, life);
        self
    }

    /// Adds an origin that may send unsafe requests with the session, like
    /// `https://admin.shop.example`. Default: none but the application's own.
    pub fn with_trusted_origin(mut self, origin: impl Into<String>) -> Self {
        self.values.append(Setting::TrustedOrigins, &origin.into());
        self
    }

    /// Calls the provider's userinfo endpoint at sign-in and merges what it
    /// answers. Default: the ID token alone.
    pub fn with_userinfo(self) -> Self {
        self.with_text(Setting::Userinfo, "true")
    }

    /// Checks everything.
    ///
    /// # Errors
    ///
    /// Holds every problem that was found, each with its fix.
    pub fn build(self) -> Result<Config, ConfigError> {
        build(self, &|path| fs::read(path))
    }

    pub(super) fn with_text(self, setting: Setting, text: impl Into<String>) -> Self {
        self.with(setting, Value::text(setting, text.into()))
    }

    fn with(mut self, setting: Setting, value: Value) -> Self {
        self.values.set(setting, Origin::ProgramOrVariable, value);
        self
    }
}

/// Tenants as they were given.
#[derive(Clone, Debug)]
pub(super) enum AcceptedTenants {
    Any,
    These(Vec<String>),
}

/// With 24 hours of idle time, a session is written at most every 2.4 hours, and ends at
/// most that much too early.
const DEFAULT_SESSION_RENEWAL: u8 = 10;

const DEFAULT_TOKEN_CACHE: (u64, Duration) = (10_000, Duration::from_secs(3600));
