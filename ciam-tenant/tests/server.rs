//! Where it listens, how it stops, TLS under real names, and the program.
#![allow(clippy::unwrap_used)]

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use ciam_tenant::{Application, NewUser, StartError, Tenant};
use common::{CALLBACK, CHALLENGE, EMAIL, PASSWORD, VERIFIER, encode, json, part, verify};
use reqwest::Client;

const ID: &str = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
const PROGRAM: &str = env!("CARGO_BIN_EXE_ciam-tenant");

#[tokio::test]
async fn listens_on_loopback_only() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:3001", "[2001:db8::1]:0"] {
        let address = address.parse().unwrap();
        let error = Tenant::builder().listen(address).start().await.unwrap_err();
        assert!(matches!(error, StartError::NotLoopback(_)), "{error}");
        assert!(error.to_string().contains("is not a loopback address"));
    }
}

#[tokio::test]
async fn says_what_else_is_wrong() {
    let taken = Tenant::start().await.unwrap();
    for (builder, text) in [
        (Tenant::builder().listen(taken.address()), "is in use"),
        (Tenant::builder().name("a.b"), "the name `a.b`"),
        (Tenant::builder().name(""), "the name ``"),
        (
            Tenant::builder().tenant_id("x"),
            "the tenant id `x` is no GUID",
        ),
        (Tenant::builder().custom_domain("x y"), "`x y` is no domain"),
    ] {
        let error = builder.start().await.unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }
}

#[tokio::test]
async fn listens_on_ipv6() {
    let tenant = Tenant::builder()
        .listen("[::1]:0".parse().unwrap())
        .start()
        .await
        .unwrap();
    let port = tenant.address().port();
    let id = tenant.tenant_id();
    assert_eq!(tenant.issuer(), format!("http://[::1]:{port}/{id}/v2.0"));
    let url = format!(
        "{}/v2.0/.well-known/openid-configuration",
        tenant.authority()
    );
    let document = json(&reqwest::get(url).await.unwrap().text().await.unwrap());
    assert_eq!(document["issuer"], tenant.issuer());
}

#[tokio::test]
async fn stops_when_told_and_when_dropped() {
    for drop_it in [false, true] {
        let tenant = Tenant::start().await.unwrap();
        let (address, url) = (tenant.address(), format!("http://{}/", tenant.address()));
        let client = Client::new();
        assert_eq!(client.get(&url).send().await.unwrap().status(), 200);
        if drop_it {
            drop(tenant);
        } else {
            tenant.stop().await;
        }
        let mut refused = false;
        for _ in 0..100 {
            refused = tokio::net::TcpStream::connect(address).await.is_err();
            if refused {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert!(refused, "drop: {drop_it}");
        assert!(client.get(&url).send().await.is_err());
    }
}

#[tokio::test]
async fn tls_under_the_real_names() {
    let tenant = Tenant::builder()
        .tenant_id(ID)
        .custom_domain("login.contoso.test")
        .start()
        .await
        .unwrap();
    let app = Application::web("Shop").redirect_uri(CALLBACK);
    let app = tenant.register(app).unwrap();
    tenant
        .add_user(NewUser::new(EMAIL, PASSWORD))
        .await
        .unwrap();
    assert_eq!(
        tenant.host_names(),
        [
            "contoso.ciamlogin.com".to_owned(),
            format!("{ID}.ciamlogin.com"),
            "login.contoso.test".to_owned(),
        ]
    );
    let ca = reqwest::Certificate::from_pem(tenant.ca_pem().unwrap().as_bytes()).unwrap();
    let mut client = Client::builder()
        .tls_certs_only([ca])
        .redirect(reqwest::redirect::Policy::none());
    for name in tenant.host_names() {
        client = client.resolve(&name, tenant.address());
    }
    let client = client.build().unwrap();
    let get = async |url: &str| {
        let response = client.get(url).send().await.unwrap();
        json(&response.text().await.unwrap())
    };

    let issuer = format!("https://{ID}.ciamlogin.com/{ID}/v2.0");
    assert_eq!(tenant.issuer(), issuer);
    for authority in [
        tenant.authority(),
        format!("https://contoso.ciamlogin.com/{ID}"),
        format!("https://{ID}.ciamlogin.com/{ID}"),
        format!("https://login.contoso.test/{ID}"),
        "https://login.contoso.test/contoso.onmicrosoft.com".to_owned(),
    ] {
        let url = format!("{authority}/v2.0/.well-known/openid-configuration");
        let document = get(&url).await;
        let origin = authority.rsplit_once('/').unwrap().0;
        assert_eq!(document["issuer"], issuer);
        for (member, path) in [
            ("authorization_endpoint", "oauth2/v2.0/authorize"),
            ("token_endpoint", "oauth2/v2.0/token"),
            ("end_session_endpoint", "oauth2/v2.0/logout"),
            ("jwks_uri", "discovery/v2.0/keys"),
        ] {
            assert_eq!(document[member], format!("{origin}/{ID}/{path}"));
        }
        assert_eq!(
            document["userinfo_endpoint"],
            format!("{origin}/oidc/userinfo")
        );
    }
    let error =
        get("https://login.contoso.test/login.contoso.test/v2.0/.well-known/openid-configuration")
            .await;
    assert_eq!(error["error_codes"], json("[500210]"));

    // The whole way, once.
    let base = format!("https://contoso.ciamlogin.com/{ID}");
    let request = encode(&[
        ("client_id", &app.client_id),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    let url = format!("{base}/oauth2/v2.0/authorize?{request}");
    let page = client.get(url).send().await.unwrap();
    let cookie = page.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.ends_with("; Secure"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let body = page.text().await.unwrap();
    let flow = body.split("name=\"flow\" value=\"").nth(1).unwrap();
    let flow = flow.split('"').next().unwrap();
    let form = |url: String, pairs: &[(&str, &str)]| {
        client
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(encode(pairs))
    };
    let answer = form(
        format!("{base}/login"),
        &[("flow", flow), ("email", EMAIL), ("password", PASSWORD)],
    );
    let answer = answer.header("cookie", cookie).send().await.unwrap();
    let location = answer.headers()["location"].to_str().unwrap();
    let code = location.split("code=").nth(1).unwrap();
    let code = code.split('&').next().unwrap();
    let tokens = form(
        format!("{base}/oauth2/v2.0/token"),
        &[
            ("grant_type", "authorization_code"),
            ("client_id", &app.client_id),
            ("client_secret", app.client_secret.as_deref().unwrap()),
            ("redirect_uri", CALLBACK),
            ("code", code),
            ("code_verifier", VERIFIER),
        ],
    );
    let tokens = json(&tokens.send().await.unwrap().text().await.unwrap());
    let keys = get(&format!("{base}/discovery/v2.0/keys")).await;
    let token = tokens["id_token"].as_str().unwrap();
    let claims = verify(token, keys["keys"].as_array().unwrap()).unwrap();
    assert_eq!(claims["iss"], issuer);

    // Nobody else trusts the throw-away CA.
    let stranger = Client::builder()
        .resolve("contoso.ciamlogin.com", tenant.address())
        .build()
        .unwrap();
    assert!(stranger.get(tenant.authority()).send().await.is_err());
}

#[test]
fn the_program_explains_itself() {
    for (arguments, code, text) in [
        (&["--help"][..], 0, "Usage: ciam-tenant"),
        (&["--nonsense"], 2, "unknown argument `--nonsense`"),
        (&["--listen"], 2, "--listen needs a value"),
        (&["--listen", "x"], 2, "is no address"),
        (&["--user", "x"], 2, "EMAIL:PASSWORD"),
        (&["--listen", "0.0.0.0:0"], 1, "is not a loopback address"),
        (
            &["--listen=127.0.0.1:0", "--redirect-uri=/x"],
            1,
            "redirect URI",
        ),
    ] {
        let output = Command::new(PROGRAM).args(arguments).output().unwrap();
        let shown = [output.stdout, output.stderr].concat();
        let shown = String::from_utf8(shown).unwrap();
        assert_eq!(output.status.code(), Some(code), "{shown}");
        assert!(shown.contains(text), "{shown}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = Command::new(PROGRAM)
        .args(["--listen", &address])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let shown = String::from_utf8(output.stderr).unwrap();
    assert!(shown.contains("is in use by another program"), "{shown}");
}

#[test]
fn the_program_prints_what_to_set() {
    let (mut program, shown) = start(&["--tenant-id", ID, "--name", "fabrikam"]);
    program.kill().unwrap();
    program.wait().unwrap();
    for part in [
        "CIAM_AUTHORITY=http://127.0.0.1:",
        "/fabrikam.onmicrosoft.com",
        "CIAM_CLIENT_ID=",
        "CIAM_CLIENT_SECRET='",
        "CIAM_BASE_URL=http://localhost:3000\n",
        "redirect URI   http://localhost:3000/auth/callback",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
}

#[test]
fn the_printed_command_gets_a_token_for_the_api() {
    let (mut program, shown) = start(&["--api-id", ID]);
    assert!(shown.contains(&format!("CIAM_AUDIENCE={ID}\n")), "{shown}");
    let command = &shown[shown.find("curl ").unwrap()..shown.find("\n\nUsers").unwrap()];
    let output = Command::new("sh").args(["-c", command]).output().unwrap();
    program.kill().unwrap();
    program.wait().unwrap();
    let answer = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{command}\n{answer}");
    let claims = part(json(&answer)["access_token"].as_str().unwrap(), 1);
    assert_eq!(claims["aud"], ID);
    assert_eq!(claims["roles"], serde_json::json!(["Orders.Read.All"]));
}

/// The program on a free port, and what it prints.
fn start(arguments: &[&str]) -> (Child, String) {
    let mut program = Command::new(PROGRAM)
        .args(["--listen", "127.0.0.1:0"])
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let mut shown = String::new();
    for line in lines {
        let line = line.unwrap();
        shown = format!("{shown}{line}\n");
        if line.contains("Ctrl-C") {
            break;
        }
    }
    (program, shown)
}
