//! The documents, and the addresses they are found at.
#![allow(clippy::unwrap_used)]

mod common;

use ciam_tenant::Tenant;
use common::{World, client, decode, json, sha1};

const ID: &str = "aaaabbbb-0000-cccc-1111-dddd2222eeee";

#[tokio::test]
async fn the_document_is_that_of_a_customer_tenant() {
    let tenant = Tenant::builder().tenant_id(ID).start().await.unwrap();
    let base = format!("http://{}", tenant.address());
    let url = format!(
        "{}/v2.0/.well-known/openid-configuration",
        tenant.authority()
    );
    assert!(url.starts_with(&format!("{base}/contoso.onmicrosoft.com/")));
    let response = reqwest::get(url).await.unwrap();
    assert_eq!(
        response.headers()["cache-control"],
        "max-age=86400, private"
    );
    let document = json(&response.text().await.unwrap());
    let expected = format!(
        r#"{{
          "token_endpoint": "{base}/{ID}/oauth2/v2.0/token",
          "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
          "jwks_uri": "{base}/{ID}/discovery/v2.0/keys",
          "response_modes_supported": ["query", "fragment", "form_post"],
          "subject_types_supported": ["pairwise"],
          "id_token_signing_alg_values_supported": ["RS256"],
          "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
          "scopes_supported": ["openid", "profile", "email", "offline_access"],
          "issuer": "{base}/{ID}/v2.0",
          "request_uri_parameter_supported": false,
          "userinfo_endpoint": "{base}/oidc/userinfo",
          "authorization_endpoint": "{base}/{ID}/oauth2/v2.0/authorize",
          "device_authorization_endpoint": "{base}/{ID}/oauth2/v2.0/devicecode",
          "http_logout_supported": true,
          "frontchannel_logout_supported": true,
          "end_session_endpoint": "{base}/{ID}/oauth2/v2.0/logout",
          "claims_supported": ["sub","iss","cloud_instance_name","cloud_instance_host_name","cloud_graph_host_name","msgraph_host","aud","exp","iat","auth_time","acr","nonce","preferred_username","name","tid","ver","at_hash","c_hash","email"],
          "kerberos_endpoint": "{base}/{ID}/kerberos",
          "tenant_region_scope": "NA",
          "cloud_instance_name": "microsoftonline.com",
          "cloud_graph_host_name": "graph.windows.net",
          "msgraph_host": "graph.microsoft.com",
          "rbac_url": "https://pas.windows.net"
        }}"#
    );
    // Equal as a whole: what is absent there is absent here.
    assert_eq!(document, json(&expected));
    for absent in [
        "code_challenge_methods_supported",
        "grant_types_supported",
        "revocation_endpoint",
        "introspection_endpoint",
        "backchannel_logout_supported",
        "frontchannel_logout_session_supported",
        "authorization_response_iss_parameter_supported",
        "pushed_authorization_request_endpoint",
    ] {
        assert_eq!(document.get(absent), None, "{absent}");
    }
    assert_eq!(tenant.issuer(), document["issuer"]);
    assert_eq!(tenant.requests().discovery, 1);
}

#[tokio::test]
async fn the_document_is_found_by_name_and_by_id() {
    let world = World::new().await;
    let id = world.tenant.tenant_id().to_owned();
    let path = |tenant: &str| format!("/{tenant}/v2.0/.well-known/openid-configuration");
    for tenant in [
        "contoso.onmicrosoft.com",
        "Contoso.OnMicrosoft.com",
        &id,
        &id.to_uppercase(),
    ] {
        let document = world.get_json(&path(tenant)).await;
        assert_eq!(document["issuer"], world.tenant.issuer(), "{tenant}");
    }
    for tenant in [
        "fabrikam.onmicrosoft.com",
        "contoso",
        "common",
        ID,
        "%3Cb%3E",
    ] {
        let response = reqwest::get(world.at(&path(tenant))).await.unwrap();
        assert_eq!(response.status(), 400, "{tenant}");
        let error = json(&response.text().await.unwrap());
        assert_eq!(error["error"], "invalid_tenant");
        assert_eq!(error["error_codes"], json("[90002]"));
        let description = error["error_description"].as_str().unwrap();
        assert!(
            description.starts_with("AADSTS90002: Tenant '"),
            "{description}"
        );
    }
    let with_app = format!("{}?appid={ID}", path(&id));
    let document = world.get_json(&with_app).await;
    let jwks_uri = document["jwks_uri"].as_str().unwrap();
    assert!(jwks_uri.ends_with(&format!("/keys?appid={ID}")));
    assert_eq!(reqwest::get(jwks_uri).await.unwrap().status(), 200);
}

#[tokio::test]
async fn keys_are_those_of_a_customer_tenant() {
    let world = World::new().await;
    let keys = world.keys().await;
    assert!(keys.len() > 1, "more than one key at once");
    for key in &keys {
        let members: Vec<_> = key
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let mut expected = ["kty", "use", "kid", "x5t", "n", "e", "x5c", "issuer"];
        expected.sort_unstable();
        assert_eq!(members, expected, "no `alg`, and nothing else");
        assert_eq!(key["kty"], "RSA");
        assert_eq!(key["use"], "sig");
        assert_eq!(key["e"], "AQAB");
        assert_eq!(key["kid"], key["x5t"]);
        assert_eq!(key["issuer"], world.tenant.issuer());
        let modulus = decode(key["n"].as_str().unwrap());
        assert_eq!(modulus.len(), 256, "2048 bits");
        let x5c = key["x5c"].as_array().unwrap();
        assert_eq!(x5c.len(), 1);
        let certificate = base64_simd::STANDARD
            .decode_to_vec(x5c[0].as_str().unwrap())
            .unwrap();
        assert_eq!(key["x5t"], sha1(&certificate));
        let contains = |part: &[u8]| certificate.windows(part.len()).any(|w| w == part);
        assert!(contains(&modulus), "the certificate has the same key");
        assert!(contains(b"accounts.accesscontrol.windows.net"));
    }
    assert_ne!(keys[0]["kid"], keys[1]["kid"]);
}

#[tokio::test]
async fn answers_for_its_own_host_only() {
    let world = World::new().await;
    let port = world.tenant.address().port();
    for (host, status) in [
        (format!("127.0.0.1:{port}"), 200),
        (format!("localhost:{port}"), 200),
        (format!("[::1]:{port}"), 200),
        ("127.0.0.2".into(), 200),
        (format!("evil.test:{port}"), 421),
        ("127.0.0.1.evil.test".into(), 421),
        ("127.evil.0.1".into(), 421),
        ("contoso.ciamlogin.com".into(), 421),
    ] {
        let request = client().get(world.at("/")).header("host", &host);
        assert_eq!(request.send().await.unwrap().status(), status, "{host}");
    }
}
