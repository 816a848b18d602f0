use std::io;

use super::super::Config;
use super::*;

const SECRET: &str = "U2VjcmV0cyBhcmUgcmFuZG9tLCB0aGlzIG9uZSBpcyBub3Q=";

/// The four settings that there must be, and a cookie secret.
const NEEDED: [(&str, &str); 4] = [
    ("CIAM_AUTHORITY", "https://contoso.ciamlogin.com"),
    ("CIAM_CLIENT_ID", "shop"),
    ("CIAM_BASE_URL", "https://shop.example"),
    ("CIAM_COOKIE_SECRET", SECRET),
];

fn no_file(_: &Path) -> io::Result<Vec<u8>> {
    Err(io::ErrorKind::NotFound.into())
}

fn variables(list: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    list.iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

fn read(list: &[(&str, &str)]) -> ConfigBuilder {
    from_variables(PREFIX, variables(list).into_iter(), &no_file)
}

fn with_needed(list: &[(&str, &str)]) -> ConfigBuilder {
    read(&[&NEEDED, list].concat())
}

fn with_file(list: &[(&str, &str)], path: &'static str, text: &'static str) -> ConfigBuilder {
    let read_file = move |asked: &Path| match asked == Path::new(path) {
        true => Ok(text.as_bytes().to_vec()),
        false => no_file(asked),
    };
    from_variables(PREFIX, variables(list).into_iter(), &read_file)
}

fn warnings(config: &Config) -> Vec<String> {
    config.warnings().iter().map(ToString::to_string).collect()
}

fn codes(builder: ConfigBuilder) -> Vec<(String, &'static str)> {
    let error = builder.build().expect_err("a problem");
    error
        .problems()
        .iter()
        .map(|p| (p.setting().to_owned(), p.code()))
        .collect()
}

#[test]
fn every_variable_is_read() {
    let config = with_needed(&[
        ("CIAM_CLIENT_SECRET", "value"),
        ("CIAM_CLIENT_AUTH", "post"),
        ("CIAM_ROUTE_PREFIX", "/session"),
        ("CIAM_SCOPES", "openid email"),
        ("CIAM_RESPONSE_MODE", "form_post"),
        ("CIAM_ID_TOKEN_ALG", "ES256"),
        ("CIAM_TENANT_ID", "aaaabbbb-0000-cccc-1111-dddd2222eeee"),
        ("CIAM_USERINFO", "true"),
        (
            "CIAM_TRUSTED_ORIGINS",
            "https://a.example,https://b.example",
        ),
        ("CIAM_SESSION_STORE", "cookie"),
        ("CIAM_SESSION_IDLE", "8h"),
        ("CIAM_SESSION_LIFETIME", "30d"),
        ("CIAM_CLOCK_TOLERANCE", "2m"),
        ("CIAM_HTTP_TIMEOUT", "5s"),
    ])
    .build()
    .expect("a configuration");
    assert_eq!(warnings(&config), [""; 0]);
    let shown = format!("{config:?}");
    for part in [
        "client_auth: Some(Post)",
        "credential: Secret(Secret)",
        "id_token_algorithm: Some(ES256)",
        "route_prefix: \"/session\"",
        "scopes: [\"openid\", \"email\"]",
        "response_mode: FormPost",
        "tenant_id: Some(Guid(\"aaaabbbb-0000-cccc-1111-dddd2222eeee\"))",
        "calls_userinfo: true",
        "trusted_origins: [\"https://a.example\", \"https://b.example\"]",
        "session_idle: 28800s",
        "session_lifetime: 2592000s",
        "clock_tolerance: 120s",
        "http_timeout: 5s",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
}

#[test]
fn a_file_and_variables_say_the_same() {
    let from_env = with_needed(&[
        ("CIAM_SCOPES", "openid email"),
        ("CIAM_USERINFO", "true"),
        (
            "CIAM_TRUSTED_ORIGINS",
            "https://a.example https://b.example",
        ),
        ("CIAM_SESSION_IDLE", "8h"),
    ])
    .build()
    .expect("variables");
    let text = format!(
        r#"
        authority = "https://contoso.ciamlogin.com"
        client_id = "shop"
        base_url = "https://shop.example"
        cookie_secret = ["{SECRET}"]
        scopes = ["openid", "email"]
        userinfo = true
        trusted_origins = ["https://a.example", "https://b.example"]
        session_idle = "8h"
        "#
    );
    let from_toml = Config::from_toml(&text).build().expect("a file");
    assert_eq!(format!("{from_env:?}"), format!("{from_toml:?}"));
    let exposed = |config: &Config| config.cookie_secrets()[0].expose().to_vec();
    assert_eq!(exposed(&from_env), exposed(&from_toml));
}

#[test]
fn variables_override_the_file_and_the_program_overrides_both() {
    let file = "client_id = \"from-file\"\nroute_prefix = \"/from-file\"\nscopes = \"openid file\"";
    let builder = with_file(&NEEDED, "ciam.toml", file);
    let config = builder.clone().build().expect("a configuration");
    assert_eq!(
        (config.client_id(), config.route_prefix()),
        ("shop", "/from-file")
    );
    assert_eq!(config.scopes(), ["openid", "file"]);
    let config = builder
        .with_route_prefix("/from-program")
        .build()
        .expect("a configuration");
    assert_eq!(config.route_prefix(), "/from-program");
}

#[test]
fn an_override_leaves_nothing_of_the_mistake() {
    let file = "route_prefix = 5\nsession_idle = 3600";
    with_file(&NEEDED, "ciam.toml", file)
        .with_route_prefix("/auth")
        .with_session_idle(std::time::Duration::from_secs(3600))
        .build()
        .expect("a configuration");
}

#[test]
fn the_file_may_be_named() {
    let named = [&NEEDED[..], &[("CIAM_CONFIG", " /etc/shop.toml ")]].concat();
    let config = with_file(&named, "/etc/shop.toml", "route_prefix = \"/named\"");
    assert_eq!(
        config.build().expect("a configuration").route_prefix(),
        "/named"
    );

    let missing = with_file(&named, "ciam.toml", "route_prefix = \"/named\"");
    let error = missing.build().expect_err("no such file");
    assert_eq!(error.problems()[0].code(), "config.file_unreadable");
    assert!(error.to_string().contains("/etc/shop.toml"), "{error}");
}

#[test]
fn a_file_that_cannot_be_read_is_a_problem() {
    let denied = |_: &Path| Err(io::ErrorKind::PermissionDenied.into());
    let builder = from_variables(PREFIX, variables(&NEEDED).into_iter(), &denied);
    assert_eq!(
        codes(builder),
        [("CIAM_CONFIG".to_owned(), "config.file_unreadable")]
    );

    let latin1 = |_: &Path| Ok(b"client_id = \"\xe4\"".to_vec());
    let builder = from_variables(PREFIX, variables(&NEEDED).into_iter(), &latin1);
    assert_eq!(
        codes(builder),
        [("CIAM_CONFIG".to_owned(), "config.file_invalid")]
    );
}

#[test]
fn a_syntax_error_names_the_line_and_shows_nothing_of_it() {
    let text = "client_id = \"a\"\n\nclient_secret = \"hunter2\nscopes = \"openid\"";
    let error = Config::from_toml(text).build().expect_err("a syntax error");
    let display = error.to_string();
    assert!(display.contains("line 3"), "{display}");
    assert!(
        !format!("{display}{error:?}").contains("hunter2"),
        "{display}"
    );
}

#[test]
fn unknown_names_are_warnings_with_the_nearest_known_one() {
    let config = with_needed(&[
        ("CIAM_CLIENTSECRET", "a"),
        ("CIAM_SCOPE", "openid"),
        ("CIAM_SERVICE_HOST", "10.0.0.1"),
        ("CIAM_NOTHING", ""),
        ("CIAMX", "a"),
        ("ciam_authority", "a"),
        ("PATH", "/bin"),
    ])
    .build()
    .expect("a configuration");
    let warnings = warnings(&config);
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    for (i, (name, nearest)) in [
        ("CIAM_CLIENTSECRET", "CIAM_CLIENT_SECRET"),
        ("CIAM_SCOPE", "CIAM_SCOPES"),
        ("CIAM_SERVICE_HOST", "CIAM_"),
    ]
    .into_iter()
    .enumerate()
    {
        assert!(
            warnings[i].starts_with(&format!("{name}: ")),
            "{}",
            warnings[i]
        );
        assert!(warnings[i].contains(&format!("nearest known name is {nearest}")));
        assert_eq!(config.warnings()[i].code(), "config.unknown_setting");
    }
}

#[test]
fn unknown_keys_are_warnings_too() {
    let file = "clientid = \"a\"\nconfig = \"b.toml\"\nAuthority = \"c\"\n[ciam]\nscopes = 1";
    let config = with_file(&NEEDED, "ciam.toml", file)
        .build()
        .expect("a configuration");
    let names: Vec<&str> = config.warnings().iter().map(|w| w.setting()).collect();
    assert_eq!(names, ["Authority", "ciam", "clientid", "config"]);
    assert!(warnings(&config)[2].contains("nearest known name is client_id"));
}

#[test]
fn a_misspelt_name_stands_beside_what_is_missing() {
    let error = read(&[("CIAM_CLIENTID", "shop")])
        .build()
        .expect_err("nothing else is set");
    let display = error.to_string();
    assert!(display.contains("CIAM_CLIENT_ID: is not set"), "{display}");
    assert!(display.contains("warning: CIAM_CLIENTID: "), "{display}");
    assert_eq!(error.warnings().len(), 1);
}

#[test]
fn empty_variables_are_not_set() {
    let all: Vec<(&str, &str)> = NEEDED
        .into_iter()
        .chain([
            ("CIAM_SCOPES", ""),
            ("CIAM_USERINFO", " "),
            ("CIAM_CLIENT_KEY", ""),
        ])
        .chain([
            ("CIAM_CLIENT_SECRET", ""),
            ("CIAM_SESSION_STORE", ""),
            ("CIAM_CONFIG", ""),
        ])
        .collect();
    let config = with_file(&all, "ciam.toml", "scopes = \"openid file\"").build();
    let config = config.expect("a configuration");
    assert_eq!(warnings(&config), [""; 0]);
    assert_eq!(
        config.scopes(),
        ["openid", "file"],
        "an empty variable overrides nothing"
    );
}

#[test]
fn white_space_around_texts_is_removed_and_around_secrets_refused() {
    let config = with_needed(&[("CIAM_ROUTE_PREFIX", " /session\n")]).build();
    assert_eq!(config.expect("a configuration").route_prefix(), "/session");
    for secret in ["CIAM_CLIENT_SECRET", "CIAM_COOKIE_SECRET"] {
        let value = format!("{SECRET}\n");
        let problems = codes(with_needed(&[(secret, &value)]));
        assert_eq!(
            problems,
            [(secret.to_owned(), "config.secret_surrounding_space")]
        );
    }
}

#[test]
fn another_prefix_has_other_variables_another_file_and_other_names() {
    let read_file = |path: &Path| match path == Path::new("staff.toml") {
        true => Ok(b"client_id = \"staff\"\nscopes = \"profile\"".to_vec()),
        false => no_file(path),
    };
    let list = variables(&[&NEEDED[..], &[("STAFF_CLIENT_AUTH", "basic")]].concat());
    let error = from_variables("STAFF", list.into_iter(), &read_file).build();
    let error = error.expect_err("three are missing");
    let mut names: Vec<&str> = error.problems().iter().map(|p| p.setting()).collect();
    names.sort_unstable();
    let expected = [
        "STAFF_AUTHORITY",
        "STAFF_BASE_URL",
        "STAFF_CLIENT_AUTH",
        "STAFF_COOKIE_SECRET",
        "scopes",
    ];
    assert_eq!(names, expected);
    let display = error.to_string();
    assert!(display.contains("set STAFF_CLIENT_SECRET"), "{display}");
    assert!(!display.contains("CIAM_"), "{display}");
}

#[test]
fn a_prefix_must_be_one() {
    for prefix in ["", "staff", "STAFF_", "A B", "Ä", "A="] {
        let builder = from_variables(prefix, variables(&NEEDED).into_iter(), &no_file);
        assert_eq!(codes(builder)[0].1, "config.prefix_invalid", "{prefix}");
    }
}

#[test]
fn a_wrong_toml_type_is_a_problem() {
    for (line, setting, expected) in [
        (
            "client_id = 5",
            "client_id",
            "is a number; make it a string",
        ),
        (
            "authority = [\"a\"]",
            "authority",
            "is an array; make it a string",
        ),
        (
            "userinfo = 1",
            "userinfo",
            "is a number; make it true or false",
        ),
        ("session_idle = 3600", "session_idle", "with a unit"),
        (
            "http_timeout = 00:00:10",
            "http_timeout",
            "is a date or time",
        ),
        (
            "scopes = [\"openid\", 5]",
            "scopes",
            "other things than strings",
        ),
        ("client_secret = true", "client_secret", "is a boolean"),
        ("cookie_secret = 5", "cookie_secret", "an array of strings"),
        ("ca_file = [\"a\"]", "ca_file", "is an array"),
        ("session_store = 1", "session_store", "is a number"),
        ("base_url = {a = 1}", "base_url", "is a table"),
    ] {
        let error = Config::from_toml(line).build().expect_err(line);
        let of_setting = |p: &&super::super::Problem| p.code() == "config.wrong_type";
        let problem = error.problems().iter().find(of_setting).expect(line);
        assert_eq!(problem.setting(), setting);
        assert!(problem.to_string().contains(expected), "{problem}");
    }
}

#[cfg(unix)]
#[test]
fn a_variable_must_be_text() {
    use std::os::unix::ffi::OsStringExt;

    let mut list = variables(&NEEDED);
    list.push(("CIAM_SCOPES".into(), OsString::from_vec(vec![0xff])));
    list.push((OsString::from_vec(b"CIAM_\xff".to_vec()), "a".into()));
    let builder = from_variables(PREFIX, list.into_iter(), &no_file);
    assert_eq!(
        codes(builder),
        [("CIAM_SCOPES".to_owned(), "config.wrong_type")]
    );
}

#[test]
fn configured_is_any_name_or_the_file() {
    let is = |list: &[(&str, &str)], exists: bool| {
        is_configured(PREFIX, variables(list).into_iter(), &|path| {
            exists && path == Path::new("ciam.toml")
        })
    };
    assert!(!is(&[], false));
    assert!(!is(
        &[("PATH", "/bin"), ("CIAM_AUTHORITY", ""), ("CIAMA", "a")],
        false
    ));
    assert!(is(&[("CIAM_AUTHORITY", "a")], false));
    assert!(is(&[("CIAM_AUTHORTY", "a")], false));
    assert!(is(&[], true));
}
