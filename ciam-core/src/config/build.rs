//! Judges all settings together, and finds every problem rather than the first.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::random::Random;
use crate::secret::Secret;

use super::authority::{self, Authority, Tenants};
use super::base_url::{self, BaseUrl};
use super::builder::ConfigBuilder;
use super::ca::{CaCertificates, ReadFile};
use super::choices::{self, ResponseMode};
use super::cookie_secret::{CookieSecret, MAKE_ONE};
use super::cookies::Cookies;
use super::credential::{self, ClientAuth, ClientCredential};
use super::problem::{ConfigError, Fault, Findings};
use super::setting::Setting;
use super::values::Values;
use super::{Config, OFFLINE_ACCESS, duration};

mod api;

pub(super) fn build(
    builder: ConfigBuilder,
    read_file: ReadFile<'_>,
) -> Result<Config, ConfigError> {
    let ConfigBuilder {
        values,
        mut findings,
        is_api,
        rfc9068,
        token_cache,
        tenants,
        others,
        max_age,
        clock,
        http_client,
        page,
        random,
        resolve,
        session_renewal,
        session_store,
        store_schemes,
    } = builder;
    findings.name_as_keys(values.set_in_file());
    let mut read = Reader {
        values: &values,
        findings,
    };

    let tenants = read.tenants(is_api, tenants);
    let authority = read.authority(tenants.as_ref());
    let other_sources = read.other_sources(is_api, &others);
    let audiences = read.audiences(is_api);
    let client_id = read.client_id(is_api.then_some(&audiences));
    let base_url = read.base_url(is_api);
    let describes_api = (is_api || !audiences.is_empty()) && values.contains(Setting::BaseUrl);
    let route_prefix = read.route_prefix();
    if !is_api {
        read.redirect_uri(
            authority.as_ref(),
            base_url.as_ref(),
            route_prefix.as_deref(),
        );
    }
    let credential = read.credential(authority.as_ref());
    let client_auth = read.client_auth();
    let cookie_secrets = read.cookie_secrets(is_api, base_url.as_ref(), &*random);
    let scopes = read.scopes();
    let response_mode = read
        .optional(Setting::ResponseMode, ResponseMode::parse)
        .unwrap_or(ResponseMode::Query);
    let id_token_algorithm = read.optional(Setting::IdTokenAlg, choices::id_token_algorithm);
    let calls_userinfo = read
        .optional(Setting::Userinfo, choices::userinfo)
        .unwrap_or(false);
    let trusted_origins = read.optional(Setting::TrustedOrigins, choices::trusted_origins);
    let (session_idle, session_lifetime) = read.session_times();
    let clock_tolerance = read.duration(Setting::ClockTolerance, CLOCK_TOLERANCES);
    let http_timeout = read.duration(Setting::HttpTimeout, HTTP_TIMEOUTS);
    let max_age = read.max_age(max_age);
    let ca = read.ca_certificates(read_file);
    let session_renewal = session_idle / 100 * u32::from(session_renewal.min(MAX_SESSION_RENEWAL));
    let named_store = store_schemes.read(&values, ca.as_ref());
    let named_store = read.findings.accept(Setting::SessionStore, named_store);
    let session_store = session_store.or_else(|| named_store.flatten());
    read.tokens(scopes.as_deref(), session_store.is_none());
    read.what_is_not_there_yet();

    let config = || {
        let (authority, client_id) = (authority?, client_id?);
        let (base_url, route_prefix) = (base_url?, route_prefix?);
        let cookies = Cookies::new(
            authority.as_str(),
            &client_id,
            &route_prefix,
            &base_url,
            response_mode,
        );
        Some(Config {
            audiences: if audiences.is_empty() {
                vec![client_id.clone()]
            } else {
                audiences
            },
            is_api,
            describes_api,
            other_sources,
            rfc9068,
            token_cache,
            authority,
            client_id,
            credential,
            client_auth,
            base_url,
            route_prefix,
            cookie_secrets: cookie_secrets?,
            cookies,
            scopes: scopes?,
            response_mode,
            id_token_algorithm,
            calls_userinfo,
            trusted_origins: trusted_origins.unwrap_or_default(),
            session_idle,
            session_lifetime,
            session_renewal,
            session_store,
            clock_tolerance: clock_tolerance.unwrap_or(DEFAULT_CLOCK_TOLERANCE),
            http_timeout: http_timeout.unwrap_or(DEFAULT_HTTP_TIMEOUT),
            max_age,
            ca,
            clock,
            http_client,
            page,
            random,
            resolve,
            warnings: Vec::new(),
        })
    };
    let (config, warnings) = read.findings.conclude(config())?;
    Ok(Config { warnings, ..config })
}

/// Reads one setting after another. Nothing comes back for a setting that is
/// not there and for one with a problem, which is noted.
struct Reader<'a> {
    values: &'a Values,
    findings: Findings,
}

impl Reader<'_> {
    fn optional<T>(
        &mut self,
        setting: Setting,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<T> {
        let value = self
            .values
            .text(setting)
            .and_then(|text| text.map(parse).transpose());
        self.findings.accept(setting, value).flatten()
    }

    fn required<T>(
        &mut self,
        setting: Setting,
        fix: &str,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<T> {
        if !self.values.contains(setting) {
            self.findings
                .problem(setting, Fault::new("config.missing", "is not set", fix));
        }
        self.optional(setting, parse)
    }

    fn duration(&mut self, setting: Setting, range: RangeInclusive<Duration>) -> Option<Duration> {
        let value = self.values.duration(setting, duration::parse);
        let value = value.and_then(|value| value.map(|d| duration::within(d, &range)).transpose());
        self.findings.accept(setting, value).flatten()
    }

    fn authority(&mut self, tenants: Option<&Tenants>) -> Option<Authority> {
        let tenant_id = self.optional(Setting::TenantId, authority::tenant_id);
        let mut issuer = self.optional(Setting::Issuer, |text| {
            authority::issuer(text).map(str::to_owned)
        });
        if self.values.contains(Setting::TenantId) && self.values.contains(Setting::Issuer) {
            self.findings.problem(
                Setting::Issuer,
                Fault::new(
                    "config.issuer_and_tenant_id",
                    "is set together with the tenant id, which pins another issuer",
                    "remove CIAM_ISSUER for a customer tenant, CIAM_TENANT_ID for any other \
                     provider",
                ),
            );
            issuer = None;
        }
        self.required(Setting::Authority, AUTHORITY_FIX, |text| {
            Authority::new(text, tenant_id, issuer.as_deref(), tenants)
        })
    }

    /// Of an API it is asked for by nobody: what its tokens are for serves as well.
    fn client_id(&mut self, audiences: Option<&Vec<String>>) -> Option<String> {
        if let Some(audiences) = audiences
            && !self.values.contains(Setting::ClientId)
        {
            return audiences.first().cloned();
        }
        self.required(Setting::ClientId, CLIENT_ID_FIX, credential::client_id)
    }

    /// An API has no address of its own unless it says so.
    fn base_url(&mut self, is_api: bool) -> Option<BaseUrl> {
        if is_api && !self.values.contains(Setting::BaseUrl) {
            return BaseUrl::parse(NO_BASE_URL).ok();
        }
        self.required(Setting::BaseUrl, BASE_URL_FIX, BaseUrl::parse)
    }

    fn route_prefix(&mut self) -> Option<String> {
        if !self.values.contains(Setting::RoutePrefix) {
            return Some(DEFAULT_ROUTE_PREFIX.to_owned());
        }
        self.optional(Setting::RoutePrefix, base_url::route_prefix)
    }

    fn redirect_uri(
        &mut self,
        authority: Option<&Authority>,
        base_url: Option<&BaseUrl>,
        route_prefix: Option<&str>,
    ) {
        let (Some(authority), Some(base_url), Some(prefix)) = (authority, base_url, route_prefix)
        else {
            return;
        };
        if authority.is_microsoft() {
            let callback_url = base_url.route_url(prefix, super::CALLBACK);
            let checked = base_url.check_microsoft_redirect(&callback_url);
            self.findings.accept(Setting::BaseUrl, checked);
        }
    }

    fn credential(&mut self, authority: Option<&Authority>) -> ClientCredential {
        let secret = self
            .values
            .secret(Setting::ClientSecret)
            .and_then(|secret| {
                let Some(secret) = secret else {
                    return Ok(None);
                };
                credential::client_secret(secret)?;
                if let Some(authority) = authority {
                    credential::client_secret_for(secret, authority)?;
                }
                Ok(Some(Secret::clone(secret)))
            });
        let secret = self
            .findings
            .accept(Setting::ClientSecret, secret)
            .flatten();
        secret.map_or(ClientCredential::Public, ClientCredential::Secret)
    }

    fn client_auth(&mut self) -> Option<ClientAuth> {
        let has_secret = self.values.contains(Setting::ClientSecret);
        self.optional(Setting::ClientAuth, |text| {
            let auth = ClientAuth::parse(text)?;
            credential::client_auth_for(auth, has_secret)?;
            Ok(auth)
        })
    }

    fn cookie_secrets(
        &mut self,
        is_api: bool,
        base_url: Option<&BaseUrl>,
        random: &dyn Random,
    ) -> Option<Vec<CookieSecret>> {
        let set = self.values.secret(Setting::CookieSecret);
        let set = set.and_then(|text| {
            text.map(|t| CookieSecret::parse_list(t.expose()))
                .transpose()
        });
        let secrets = match set {
            Ok(None) if is_api || base_url.is_some_and(BaseUrl::is_loopback) => {
                // An API seals nothing.
                if !is_api {
                    self.findings.warning(
                        Setting::CookieSecret,
                        "config.cookie_secret_random",
                        "is not set, so a random one is used: everybody is signed out when the \
                         process ends",
                    );
                }
                CookieSecret::random(random)
                    .map(|secret| vec![secret])
                    .map_err(|error| Fault::new("config.randomness", error.to_string(), MAKE_ONE))
            }
            Ok(None) => Err(Fault::new(
                "config.missing",
                "is not set",
                format!("{MAKE_ONE} (a base URL on localhost needs none)"),
            )),
            Ok(Some(secrets)) => Ok(secrets),
            Err(fault) => Err(fault),
        };
        self.findings.accept(Setting::CookieSecret, secrets)
    }

    fn scopes(&mut self) -> Option<Vec<String>> {
        if !self.values.contains(Setting::Scopes) {
            return Some(DEFAULT_SCOPES.map(str::to_owned).to_vec());
        }
        self.optional(Setting::Scopes, choices::scopes)
    }

    /// Refresh tokens in cookies are refreshed by one process only, or get lost.
    fn tokens(&mut self, scopes: Option<&[String]>, in_cookie: bool) {
        let mut scopes = scopes.unwrap_or_default().iter();
        if in_cookie && scopes.any(|scope| scope == OFFLINE_ACCESS) {
            self.findings.warning(
                Setting::Scopes,
                "config.offline_access",
                "asks for offline_access without a session store: tokens are then kept in the \
                 session cookie, which works with a single instance of the application; set \
                 CIAM_SESSION_STORE to have more",
            );
        }
    }

    /// How long a session lives without a request, and at most.
    fn session_times(&mut self) -> (Duration, Duration) {
        let lifetime = self.duration(Setting::SessionLifetime, SESSION_TIMES);
        let idle = self.duration(Setting::SessionIdle, SESSION_TIMES);
        let is_known = lifetime.is_some() || !self.values.contains(Setting::SessionLifetime);
        let lifetime = lifetime.unwrap_or(DEFAULT_SESSION_LIFETIME);
        let idle = idle.unwrap_or_else(|| DEFAULT_SESSION_IDLE.min(lifetime));
        if is_known && idle > lifetime {
            self.findings.problem(
                Setting::SessionIdle,
                Fault::new(
                    "config.session_idle_too_long",
                    format!(
                        "{} is longer than the lifetime of a session, {}",
                        duration::written(idle),
                        duration::written(lifetime)
                    ),
                    "lower it, or raise CIAM_SESSION_LIFETIME",
                ),
            );
        }
        (idle, lifetime)
    }

    fn max_age(&mut self, max_age: Option<Duration>) -> Option<Duration> {
        let fault = duration::within(max_age?, &MAX_AGES).err();
        if let Some(fault) = fault {
            self.findings.problem_with("with_max_age".to_owned(), fault);
        }
        max_age
    }

    fn ca_certificates(&mut self, read_file: ReadFile<'_>) -> Option<CaCertificates> {
        let ca = self.values.path(Setting::CaFile);
        let ca = ca.and_then(|p| p.map(|p| CaCertificates::read(&p, read_file)).transpose());
        self.findings.accept(Setting::CaFile, ca).flatten()
    }

    /// What this release cannot do must not look as if it did.
    fn what_is_not_there_yet(&mut self) {
        for setting in [
            Setting::ClientAssertionFile,
            Setting::ClientCertificate,
            Setting::ClientKey,
        ] {
            if self.values.contains(setting) {
                self.findings.problem(
                    setting,
                    Fault::new(
                        "config.not_supported",
                        "is not in this release, which knows client secrets only",
                        "remove it, and set CIAM_CLIENT_SECRET",
                    ),
                );
            }
        }
    }
}

/// Of an API that has none: no page is there, and nothing is generated from it.
const NO_BASE_URL: &str = "http://localhost";

const DEFAULT_CLOCK_TOLERANCE: Duration = Duration::from_secs(60);
const DEFAULT_HTTP_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_ROUTE_PREFIX: &str = "/auth";
const DEFAULT_SCOPES: [&str; 3] = ["openid", "profile", "email"];
const DEFAULT_SESSION_IDLE: Duration = Duration::from_secs(24 * 60 * 60);
const DEFAULT_SESSION_LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// In percent of the idle time: with more, a session that is used could end unrenewed.
const MAX_SESSION_RENEWAL: u8 = 50;

/// Browsers keep no cookie longer than this: RFC 6265bis, section 5.5.
const COOKIE_LIFETIME: Duration = Duration::from_secs(400 * 24 * 60 * 60);

const CLOCK_TOLERANCES: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(10 * 60);
const HTTP_TIMEOUTS: RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(2 * 60);
const MAX_AGES: RangeInclusive<Duration> = Duration::ZERO..=COOKIE_LIFETIME;
const SESSION_TIMES: RangeInclusive<Duration> = Duration::from_secs(1)..=COOKIE_LIFETIME;

const AUTHORITY_FIX: &str = "set it to the tenant's address, like https://contoso.ciamlogin.com";
const BASE_URL_FIX: &str =
    "set it to the public address of the application, like https://shop.example";
const CLIENT_ID_FIX: &str = "set it to the application (client) id";
