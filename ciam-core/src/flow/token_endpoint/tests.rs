use http::Method;
use http::header::{ACCEPT, AUTHORIZATION};
use serde_json::json;

use super::*;

const SECRET: &str = "s:e +c/r=e&t%ä~";
const CODE: &str = "the+code/1";
const VERIFIER: &str = "the-verifier-of-this-attempt";

fn with_exchange<T>(
    credential: &ClientCredential,
    client_auth: ClientAuth,
    then: impl FnOnce(&TokenRequest<'_>) -> T,
) -> T {
    then(&TokenRequest {
        token_endpoint: &Url::parse("https://id.example//token?a=b").expect("a URL"),
        client_id: "shop:1 ü",
        credential,
        client_auth,
        grant: Grant::AuthorizationCode {
            code: &Secret::new(CODE),
            redirect_uri: "https://shop.example/auth/callback",
            code_verifier: &Secret::new(VERIFIER),
        },
    })
}

fn secret() -> ClientCredential {
    ClientCredential::Secret(Secret::new(SECRET))
}

fn request(credential: &ClientCredential, client_auth: ClientAuth) -> Request<Bytes> {
    with_exchange(credential, client_auth, token_request)
}

fn form(request: &Request<Bytes>) -> Vec<(String, String)> {
    form_urlencoded::parse(request.body())
        .into_owned()
        .collect()
}

fn answered(
    status: u16,
    body: impl Into<Bytes>,
    credential: &ClientCredential,
) -> Result<TokenAnswer, TokenEndpointError> {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    with_exchange(credential, ClientAuth::Post, |exchange| {
        token_response(&response, exchange)
    })
}

#[test]
fn basic_credentials_are_those_of_the_specification() {
    // RFC 6749, section 2.3.1.
    let value = basic("s6BhdRkqt3", &Secret::new("gX1fBat3bV")).expect("a header");
    assert_eq!(value, "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW");
    assert!(value.is_sensitive());
}

#[test]
fn basic_credentials_are_form_encoded_first() {
    // RFC 6749, appendix B: " %&+£€" becomes "+%25%26%2B%C2%A3%E2%82%AC".
    let value = basic("a:b", &Secret::new(" %&+£€")).expect("a header");
    let encoded = value.to_str().expect("ASCII").strip_prefix("Basic ");
    let decoded = STANDARD
        .decode_to_vec(encoded.expect("the scheme"))
        .expect("base64");
    assert_eq!(
        String::from_utf8(decoded).expect("ASCII"),
        "a%3Ab:+%25%26%2B%C2%A3%E2%82%AC"
    );
}

#[test]
fn each_way_of_authentication_sends_its_parameters_and_no_others() {
    let always = [
        ("grant_type", "authorization_code"),
        ("code", CODE),
        ("redirect_uri", "https://shop.example/auth/callback"),
        ("code_verifier", VERIFIER),
    ];
    let id = ("client_id", "shop:1 ü");
    for (credential, client_auth, more, header) in [
        (secret(), ClientAuth::Basic, vec![], true),
        (
            secret(),
            ClientAuth::Post,
            vec![id, ("client_secret", SECRET)],
            false,
        ),
        (secret(), ClientAuth::None, vec![id], false),
        (ClientCredential::Public, ClientAuth::None, vec![id], false),
        (ClientCredential::Public, ClientAuth::Basic, vec![id], false),
        (ClientCredential::Public, ClientAuth::Post, vec![id], false),
    ] {
        let request = request(&credential, client_auth);
        let expected: Vec<_> = always.into_iter().chain(more).collect();
        let found = form(&request);
        let found: Vec<_> = found.iter().map(|(n, v)| (&**n, &**v)).collect();
        assert_eq!(found, expected, "{credential:?} {client_auth:?}");
        assert_eq!(
            request.headers().contains_key(AUTHORIZATION),
            header,
            "{credential:?} {client_auth:?}"
        );
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri(), "https://id.example//token?a=b");
        assert_eq!(request.headers()[ACCEPT], "application/json");
        assert_eq!(
            request.headers()[CONTENT_TYPE],
            "application/x-www-form-urlencoded"
        );
    }
}

#[test]
fn the_metadata_decides_how_a_secret_is_sent() {
    let list = |methods: &[&str]| Some(methods.iter().map(|m| (*m).to_owned()).collect());
    for (forced, supported, expected) in [
        (None, None, ClientAuth::Basic),
        (None, list(&["client_secret_basic"]), ClientAuth::Basic),
        (None, list(&["client_secret_post"]), ClientAuth::Post),
        (
            None,
            list(&["client_secret_basic", "client_secret_post"]),
            ClientAuth::Post,
        ),
        (
            Some(ClientAuth::Basic),
            list(&["client_secret_post"]),
            ClientAuth::Basic,
        ),
        (Some(ClientAuth::None), None, ClientAuth::None),
    ] {
        let supported: Option<Vec<String>> = supported;
        let found = client_auth(&secret(), forced, supported.as_deref()).expect("a way");
        assert_eq!(found, expected, "{forced:?} {supported:?}");
    }
    let supported: Vec<String> = vec!["private_key_jwt".to_owned()];
    let public = client_auth(&ClientCredential::Public, None, Some(&supported));
    assert_eq!(
        public.expect("a public client sends none"),
        ClientAuth::None
    );
    let error = client_auth(&secret(), None, Some(&supported)).expect_err("no way");
    assert_eq!(error.code(), "token_endpoint.client_auth");
    let text = error.to_string();
    assert!(text.contains("private_key_jwt") && text.contains("CIAM_CLIENT_AUTH"));
}

#[test]
fn answers_of_providers_in_the_wild_are_accepted() {
    let minimal = json!({"id_token": "i", "token_type": "Bearer"});
    for change in [
        json!({"access_token": "a"}),
        json!({"token_type": "bearer"}),
        json!({"token_type": "BEARER", "expires_in": "3600"}),
        json!({"expires_in": null}),
        json!({"expires_in": -1.5, "scope": ["openid"], "refresh_token": 7}),
        json!({"error": null, "error_description": "none"}),
        json!({"not_before": "1", "ext_expires_in": 3600, "x": {"y": []}}),
    ] {
        let mut body = minimal.clone();
        let members = change.as_object().expect("an object").clone();
        body.as_object_mut().expect("an object").extend(members);
        let answer = answered(200, format!(" \r\n{body}"), &secret());
        let answer = answer.unwrap_or_else(|e| panic!("{body}: {e}"));
        assert_eq!(answer.id_token().expect("there is one").expose(), "i");
        let access_token = answer.access_token.as_ref().map(Secret::expose);
        assert_eq!(access_token, body["access_token"].as_str());
    }
}

#[test]
fn any_other_answer_is_refused_with_a_code() {
    let good = json!({"id_token": "i", "token_type": "Bearer"}).to_string();
    let twice = good.replacen('{', r#"{"id_token":"j","#, 1);
    let deep = "[".repeat(500);
    let long = |member: &str| {
        let token = "t".repeat(MAX_KEPT_BYTES + 1);
        json!({"id_token": "i", "token_type": "Bearer", member: token}).to_string()
    };
    let array = r#"["a",null,null,"i","Bearer"]"#;
    for (status, body, code) in [
        (200, "", "token_endpoint.not_json"),
        (200, "<!DOCTYPE html>", "token_endpoint.not_json"),
        (200, "[]", "token_endpoint.not_json"),
        (200, array, "token_endpoint.not_json"),
        (200, "null", "token_endpoint.not_json"),
        (200, r#"{"id_token":"#, "token_endpoint.not_json"),
        (200, &twice, "token_endpoint.not_json"),
        (200, &deep, "token_endpoint.not_json"),
        (200, "{}", "token_endpoint.member"),
        (200, r#"{"token_type":"Bearer"}"#, "token_endpoint.member"),
        (
            200,
            r#"{"token_type":"Bearer","id_token":7}"#,
            "token_endpoint.member",
        ),
        (200, r#"{"id_token":"i"}"#, "token_endpoint.member"),
        (
            200,
            r#"{"token_type":7,"id_token":"i"}"#,
            "token_endpoint.member",
        ),
        (200, &long("access_token"), "token_endpoint.too_long"),
        (200, &long("refresh_token"), "token_endpoint.too_long"),
        (
            200,
            r#"{"token_type":"DPoP","id_token":"i"}"#,
            "token_endpoint.token_type",
        ),
        (
            200,
            r#"{"token_type":"Bearer","id_token":"i","error":"x"}"#,
            "token_endpoint.refused",
        ),
        (201, &good, "token_endpoint.refused"),
        (302, &good, "token_endpoint.refused"),
        (400, "", "token_endpoint.refused"),
        (
            401,
            r#"{"error":"invalid_client"}"#,
            "token_endpoint.refused",
        ),
        (403, r#"{"error":7}"#, "token_endpoint.refused"),
        (500, "<html>", "token_endpoint.refused"),
    ] {
        let answer = answered(status, body.to_owned(), &secret());
        let error = answer.and_then(|answer| answer.id_token().cloned()).err();
        let error = error.unwrap_or_else(|| panic!("{status} {body}"));
        assert_eq!(error.code(), code, "{status} {body:.80}");
    }
}

#[test]
fn an_id_token_that_is_no_text_is_not_as_if_there_were_none() {
    let with =
        |id_token| json!({"token_type": "Bearer", "access_token": "a", "id_token": id_token});
    for odd in [json!(7), json!(["i"]), json!({"i": 1}), json!(true)] {
        let error = answered(200, with(odd.clone()).to_string(), &secret());
        assert_eq!(
            error.expect_err("odd").code(),
            "token_endpoint.member",
            "{odd}"
        );
    }
    let none = answered(200, with(json!(null)).to_string(), &secret());
    assert!(none.expect("as after a refresh").id_token.is_none());
}

#[test]
fn what_was_sent_is_not_in_the_error() {
    let header = request(&secret(), ClientAuth::Basic);
    let header = header.headers()[AUTHORIZATION].to_str().expect("ASCII");
    let posted = request(&secret(), ClientAuth::Post);
    let posted = std::str::from_utf8(posted.body()).expect("a form");
    let form_of = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let forms = [SECRET, CODE, VERIFIER].map(form_of);
    let raw = format!("the secret {SECRET}, code {CODE}, verifier {VERIFIER} and {SECRET}");
    for echoed in [raw.as_str(), header, posted] {
        for member in ["error", "error_description"] {
            let mut body = json!({"error": "invalid_client", "error_description": "AADSTS7000215"});
            body[member] = json!(echoed);
            let error = answered(401, body.to_string(), &secret()).expect_err("refused");
            let shown = format!("{error} {error:?}");
            let encoded = header.strip_prefix("Basic ").expect("the scheme");
            let forms = forms.iter().map(String::as_str);
            for secret in forms.chain([SECRET, CODE, VERIFIER, encoded]) {
                assert!(!shown.contains(secret), "{secret} in {shown}");
            }
        }
    }
    // The rest of the text, and its advice, are not lost with the secret.
    let description = format!("AADSTS7000215: Invalid client secret '{SECRET}'.\r\nforged");
    let body = json!({"error": "invalid_client", "error_description": description});
    let shown = answered(401, body.to_string(), &secret())
        .expect_err("refused")
        .to_string();
    assert!(
        shown.contains("AADSTS7000215: Invalid client secret"),
        "{shown}"
    );
    assert!(
        shown.contains("paste the secret's value, not its id"),
        "{shown}"
    );
    assert!(!shown.contains('\n') && !shown.contains('\r'), "{shown}");
}

#[test]
fn a_long_description_is_cut() {
    let body = json!({"error": "x".repeat(5000), "error_description": "é\n".repeat(100_000)});
    let shown = answered(400, body.to_string(), &secret())
        .expect_err("refused")
        .to_string();
    assert!(shown.chars().count() < 1600, "{}", shown.chars().count());
}

#[test]
fn each_refusal_says_what_to_do() {
    let guid = ClientCredential::Secret(Secret::new("aaaabbbb-0000-cccc-1111-dddd2222eeee"));
    let public = ClientCredential::Public;
    for (credential, error, description, advice) in [
        (
            &guid,
            "invalid_client",
            "wrong",
            Some("paste the secret's value, not its id"),
        ),
        (
            &guid,
            "invalid_client",
            "AADSTS7000222: expired",
            Some("make a new one"),
        ),
        (
            &secret(),
            "invalid_client",
            "wrong",
            Some("CIAM_CLIENT_AUTH forces how it is sent"),
        ),
        (
            &public,
            "invalid_client",
            "wrong",
            Some("a confidential client needs CIAM_CLIENT_SECRET"),
        ),
        (
            &public,
            "invalid_client",
            "AADSTS7000218: needed",
            Some("set CIAM_CLIENT_SECRET"),
        ),
        (
            &secret(),
            "invalid_grant",
            "AADSTS54005: redeemed",
            Some("the callback was called twice"),
        ),
        (
            &secret(),
            "invalid_grant",
            "AADSTS9999999: new",
            Some("the code is used, too old or not for this redirect URI"),
        ),
        (&secret(), "temporarily_unavailable", "busy", None),
    ] {
        let body = json!({"error": error, "error_description": description});
        let refused = answered(400, body.to_string(), credential).expect_err("refused");
        let text = refused.to_string();
        match advice {
            Some(advice) => assert!(text.contains(advice), "{text}"),
            None => assert!(text.ends_with(description), "{text}"),
        }
    }
}
