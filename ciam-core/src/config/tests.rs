use std::collections::BTreeSet;

use crate::random::RandomError;

use super::*;

const GUID: &str = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
const SECRET: &str = "U2VjcmV0cyBhcmUgcmFuZG9tLCB0aGlzIG9uZSBpcyBub3Q=";

fn shop() -> ConfigBuilder {
    Config::web(
        "https://contoso.ciamlogin.com",
        "shop",
        "https://shop.example",
        SECRET,
    )
}

fn other_provider() -> ConfigBuilder {
    Config::web("https://id.example", "shop", "https://shop.example", SECRET)
}

fn local() -> ConfigBuilder {
    Config::web("http://127.0.0.1:3001", "shop", "http://localhost:3000", "")
}

/// The one problem of a configuration: its setting and code.
fn problem(builder: ConfigBuilder) -> (String, &'static str) {
    let error = builder.build().expect_err("a problem");
    assert_eq!(error.problems().len(), 1, "{error}");
    let problem = &error.problems()[0];
    assert!(
        !problem.what().is_empty() && !problem.fix().is_empty(),
        "{problem}"
    );
    (problem.setting().to_owned(), problem.code())
}

const fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 60 * 60)
}

#[test]
fn defaults() {
    let config = shop().build().expect("a configuration");
    assert_eq!(config.callback_url(), "https://shop.example/auth/callback");
    assert_eq!(config.url_for("login"), "https://shop.example/auth/login");
    assert_eq!(config.client_id(), "shop");
    assert_eq!(config.route_prefix(), "/auth");
    assert_eq!(config.scopes(), ["openid", "profile", "email"]);
    assert_eq!(config.response_mode(), ResponseMode::Query);
    assert_eq!(config.id_token_algorithm(), None);
    assert!(matches!(config.credential(), ClientCredential::Public));
    assert_eq!(config.client_auth(), None);
    assert!(!config.calls_userinfo());
    assert!(config.trusted_origins().is_empty());
    assert_eq!(config.session_idle(), hours(24));
    assert_eq!(config.session_lifetime(), hours(7 * 24));
    assert_eq!(config.clock_tolerance(), Duration::from_secs(60));
    assert_eq!(config.http_timeout, Duration::from_secs(10));
    assert_eq!(config.max_age(), None);
    assert!(config.ca.is_none());
    assert!(config.warnings().is_empty());
    assert_eq!(config.cookie_secrets().len(), 1);
}

#[test]
fn the_base_path_is_in_generated_urls_only() {
    let authority = "https://contoso.ciamlogin.com";
    let builder = Config::web(authority, "shop", "https://shop.example/eu/", SECRET);
    let config = builder.build().expect("a configuration");
    assert_eq!(
        config.callback_url(),
        "https://shop.example/eu/auth/callback"
    );
    assert_eq!(
        config.base_url().url_for_path("/"),
        "https://shop.example/eu/"
    );
    assert_eq!(config.route_prefix(), "/auth");
    assert_eq!(config.base_url().origin(), "https://shop.example");
}

#[test]
fn every_problem_is_found_at_once() {
    let text = format!(
        r#"
        authority = "https://contoso.ciamlogin.com/common"
        client_id = "sh\u00f6p"
        client_secret = " hunter2"
        client_auth = "jwt"
        base_url = "http://shop.example"
        route_prefix = "auth"
        cookie_secret = "hunter2"
        scopes = "profile"
        response_mode = "fragment"
        id_token_alg = "none"
        tenant_id = "contoso"
        issuer = "issuer.example"
        userinfo = "yes"
        trusted_origins = "*"
        session_store = "postgres://u:hunter2@db"
        session_idle = "3600"
        session_lifetime = "500d"
        clock_tolerance = "1h"
        http_timeout = "0s"
        ca_file = "/nowhere/{GUID}.pem"
        client_certificate = "a.pem"
        client_key = "b.pem"
        client_assertion_file = "c"
        "#
    );
    let error = Config::from_toml(&text)
        .build()
        .expect_err("nothing is right");
    let found: BTreeSet<(&str, &str)> = error
        .problems()
        .iter()
        .map(|p| (p.setting(), p.code()))
        .collect();
    let expected = BTreeSet::from([
        ("authority", "config.authority_shared"),
        ("client_id", "config.client_id_invalid"),
        ("client_secret", "config.secret_surrounding_space"),
        ("client_auth", "config.client_auth_unknown"),
        ("base_url", "config.url_scheme"),
        ("route_prefix", "config.route_prefix_invalid"),
        ("cookie_secret", "config.cookie_secret_invalid"),
        ("scopes", "config.scopes_without_openid"),
        ("response_mode", "config.response_mode_unknown"),
        ("id_token_alg", "config.id_token_alg_refused"),
        ("tenant_id", "config.tenant_id_invalid"),
        ("issuer", "config.url_invalid"),
        ("issuer", "config.issuer_and_tenant_id"),
        ("userinfo", "config.userinfo_invalid"),
        ("trusted_origins", "config.trusted_origin_invalid"),
        ("session_store", "config.session_store_unsupported"),
        ("session_idle", "config.duration_without_unit"),
        ("session_lifetime", "config.duration_out_of_range"),
        ("clock_tolerance", "config.duration_out_of_range"),
        ("http_timeout", "config.duration_out_of_range"),
        ("ca_file", "config.ca_file_unreadable"),
        ("client_certificate", "config.not_supported"),
        ("client_key", "config.not_supported"),
        ("client_assertion_file", "config.not_supported"),
    ]);
    assert_eq!(found, expected);

    let display = error.to_string();
    assert_eq!(display.lines().count(), error.problems().len());
    for (line, problem) in display.lines().zip(error.problems()) {
        assert!(
            line.contains(problem.setting()) && line.contains(problem.code()),
            "{line}"
        );
        assert!(
            line.contains(problem.what()) && line.contains(problem.fix()),
            "{line}"
        );
        assert!(line.len() > problem.code().len() + 20, "{line}");
    }
    assert!(!display.contains("hunter2"), "{display}");
    assert!(!display.contains("CIAM_"), "written as keys: {display}");
    assert_eq!(error.code(), "config.invalid");
}

#[test]
fn nothing_set_is_four_problems() {
    let error = Config::web("", " ", "", "")
        .build()
        .expect_err("nothing is set");
    let problems: Vec<_> = error
        .problems()
        .iter()
        .map(|p| (p.setting(), p.code()))
        .collect();
    let expected = [
        "CIAM_AUTHORITY",
        "CIAM_CLIENT_ID",
        "CIAM_BASE_URL",
        "CIAM_COOKIE_SECRET",
    ];
    assert_eq!(problems, expected.map(|name| (name, "config.missing")));
}

#[test]
fn secrets_are_judged_by_their_provider() {
    let id = (
        "CIAM_CLIENT_SECRET".to_owned(),
        "config.client_secret_is_id",
    );
    assert_eq!(problem(shop().with_client_secret(GUID)), id);
    let custom = Config::web(
        "https://login.contoso.com",
        "shop",
        "https://shop.example",
        SECRET,
    );
    assert_eq!(
        problem(custom.with_tenant_id(GUID).with_client_secret(GUID)),
        id
    );
    other_provider()
        .with_client_secret(GUID)
        .build()
        .expect("another provider's secret");
    let empty = shop()
        .with_client_secret("")
        .build()
        .expect("a public client");
    assert!(matches!(empty.credential(), ClientCredential::Public));
}

#[test]
fn client_auth_and_secret_go_together() {
    let name = || "CIAM_CLIENT_AUTH".to_owned();
    for auth in [ClientAuth::Basic, ClientAuth::Post] {
        let without = (name(), "config.client_auth_without_secret");
        assert_eq!(problem(shop().with_client_auth(auth)), without);
        let config = shop()
            .with_client_auth(auth)
            .with_client_secret("value")
            .build();
        assert_eq!(config.expect("a configuration").client_auth(), Some(auth));
    }
    let none = shop().with_client_auth(ClientAuth::None);
    none.clone().build().expect("a public client");
    let with = (name(), "config.client_auth_with_secret");
    assert_eq!(problem(none.with_client_secret("value")), with);
}

#[test]
fn issuer_and_tenant_exclude_each_other() {
    let builder = shop()
        .with_issuer("https://issuer.example")
        .with_tenant_id(GUID);
    assert_eq!(
        problem(builder),
        ("CIAM_ISSUER".to_owned(), "config.issuer_and_tenant_id")
    );
    let config = shop()
        .with_issuer("https://issuer.example/")
        .build()
        .expect("a configuration");
    let issuer = "https://issuer.example/".to_owned();
    assert_eq!(*config.authority().policy(), IssuerPolicy::Exact { issuer });
}

#[test]
fn redirect_uris_are_judged_by_their_provider() {
    let at = |authority| Config::web(authority, "shop", "http://[::1]:3000", SECRET);
    let refused = ("CIAM_BASE_URL".to_owned(), "config.redirect_host");
    assert_eq!(problem(at("https://contoso.ciamlogin.com")), refused);
    at("https://id.example").build().expect("another provider");
    at("http://localhost:3001").build().expect("a local tenant");
    let long = format!("https://shop.example/{}", "a".repeat(240));
    let builder = Config::web("https://contoso.ciamlogin.com", "shop", long, SECRET);
    assert_eq!(
        problem(builder),
        ("CIAM_BASE_URL".to_owned(), "config.redirect_too_long")
    );
}

#[test]
fn a_cookie_secret_is_random_on_localhost_only() {
    let secret = |builder: ConfigBuilder| {
        let config = builder.build().expect("a configuration");
        assert_eq!(config.warnings().len(), 1);
        assert_eq!(config.warnings()[0].code(), "config.cookie_secret_random");
        assert_eq!(config.warnings()[0].setting(), "CIAM_COOKIE_SECRET");
        config.cookie_secrets()[0].expose().to_vec()
    };
    let (one, other) = (secret(local()), secret(local()));
    assert_eq!(one.len(), 32);
    assert_ne!(one, other);
    let missing = Config::web("https://id.example", "shop", "https://shop.example", "");
    let error = missing.build().expect_err("no secret");
    assert_eq!(error.problems().len(), 1);
    assert!(
        error.to_string().contains("openssl rand -base64 32"),
        "{error}"
    );
}

#[test]
fn no_randomness_is_a_problem() {
    #[derive(Debug)]
    struct Broken;

    impl Random for Broken {
        fn fill(&self, _: &mut [u8]) -> Result<(), RandomError> {
            Err(RandomError)
        }
    }

    let builder = local().with_random(Arc::new(Broken));
    assert_eq!(
        problem(builder),
        ("CIAM_COOKIE_SECRET".to_owned(), "config.randomness")
    );
}

#[test]
fn session_times_fit_each_other() {
    let times = |builder: ConfigBuilder| {
        let config = builder.build().expect("a configuration");
        (config.session_idle(), config.session_lifetime())
    };
    assert_eq!(
        times(shop().with_session_lifetime(hours(8))),
        (hours(8), hours(8))
    );
    assert_eq!(
        times(shop().with_session_idle(hours(1))),
        (hours(1), hours(168))
    );
    let longer = shop().with_session_idle(hours(24 * 8));
    let refused = (
        "CIAM_SESSION_IDLE".to_owned(),
        "config.session_idle_too_long",
    );
    assert_eq!(problem(longer.clone()), refused);
    longer
        .with_session_lifetime(hours(24 * 400))
        .build()
        .expect("the longest lifetime");
    for builder in [
        shop().with_session_lifetime(hours(24 * 400 + 1)),
        shop().with_session_idle(Duration::ZERO),
        shop().with_clock_tolerance(Duration::from_secs(601)),
        shop().with_http_timeout(Duration::from_millis(999)),
        shop().with_http_timeout(Duration::from_secs(121)),
    ] {
        assert_eq!(problem(builder).1, "config.duration_out_of_range");
    }
    let max_age = shop().with_max_age(hours(24 * 400 + 1));
    assert_eq!(
        problem(max_age),
        ("with_max_age".to_owned(), "config.duration_out_of_range")
    );
    shop()
        .with_max_age(Duration::ZERO)
        .with_clock_tolerance(Duration::ZERO)
        .build()
        .expect("zero");
}

#[test]
fn what_this_release_ignores_is_said() {
    let config = shop()
        .with_scopes("openid offline_access")
        .build()
        .expect("a configuration");
    assert_eq!(config.warnings()[0].code(), "config.offline_access");
}

#[test]
fn an_api_asks_for_an_audience_and_for_nothing_of_a_page() {
    let config = Config::api("https://id.example", "api").build();
    let config = config.expect("a configuration");
    assert_eq!(config.audiences(), ["api"]);
    assert_eq!(config.resource_metadata_url(), None);
    assert!(config.is_api() && config.warnings().is_empty());
    let config = Config::api("https://id.example", "api")
        .with_audience("api://api")
        .with_base_url("https://shop.example/v1")
        .build()
        .expect("a configuration");
    assert_eq!(config.audiences(), ["api", "api://api"]);
    assert_eq!(
        config.resource_metadata_url().as_deref(),
        Some("https://shop.example/.well-known/oauth-protected-resource/v1")
    );
    let error = Config::from_toml("").as_api().build();
    let codes: Vec<_> = error.expect_err("nothing is set").problems().to_vec();
    assert_eq!(codes.len(), 2, "authority and audience: {codes:?}");
}

#[test]
fn a_web_application_is_an_api_for_its_client_id() {
    let config = shop().build().expect("a configuration");
    assert_eq!(config.audiences(), [config.client_id()]);
    assert_eq!(config.resource_metadata_url(), None);
    let config = shop()
        .with_audience("api")
        .build()
        .expect("a configuration");
    assert_eq!(config.audiences(), ["api"]);
    assert!(config.resource_metadata_url().is_some());
}

#[test]
fn trusted_origins_add_up() {
    let builder = shop().with_trusted_origin("https://a.example");
    let config = builder.with_trusted_origin("https://b.example").build();
    let origins = ["https://a.example", "https://b.example"];
    assert_eq!(config.expect("a configuration").trusted_origins(), origins);
}

#[test]
fn ca_files_are_read_at_build() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let refused = ("CIAM_CA_FILE".to_owned(), "config.ca_file_empty");
    assert_eq!(problem(shop().with_ca_file(path)), refused);
}

#[test]
fn debug_does_not_leak() {
    let builder = Config::web(
        "https://user:hunter2@contoso.ciamlogin.com",
        "shop",
        "https://shop.example",
        format!("{SECRET}hunter2"),
    );
    let builder = builder.with_client_secret("hunter2");
    assert!(
        !format!("{builder:?} {builder:#?}").contains("hunter2"),
        "{builder:?}"
    );
    let error = builder.build().expect_err("userinfo");
    assert!(
        !format!("{error:?} {error}").contains("hunter2"),
        "{error:?}"
    );

    let config = shop()
        .with_client_secret("hunter2")
        .build()
        .expect("a configuration");
    let shown = format!("{config:?} {config:#?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(!shown.contains(SECRET), "{shown}");
    let secret = config.cookie_secrets()[0].expose();
    assert!(!shown.contains(&format!("{secret:?}")), "{shown}");
}

#[test]
fn a_configuration_may_go_anywhere() {
    const fn is_send_sync<T: Send + Sync + 'static>() {}
    is_send_sync::<Config>();
    is_send_sync::<ConfigBuilder>();
    is_send_sync::<ConfigError>();
}
