use super::*;

const AGE: Duration = Duration::from_secs(600);

fn cookies(authority: &str, client: &str, prefix: &str, base: &str) -> Cookies {
    with_mode(authority, client, prefix, base, ResponseMode::Query)
}

fn with_mode(
    authority: &str,
    client: &str,
    prefix: &str,
    base: &str,
    mode: ResponseMode,
) -> Cookies {
    let base_url = BaseUrl::parse(base).expect(base);
    Cookies::new(authority, client, prefix, &base_url, mode)
}

#[test]
fn names_differ_by_application_and_not_by_base_url() {
    let one = cookies("https://a.example", "b", "/c", "https://shop.example");
    for other in [
        cookies("https://a.exampl", "b", "/c", "https://shop.example"),
        cookies("https://a.example", "bb", "/c", "https://shop.example"),
        cookies("https://a.example", "b", "/cc", "https://shop.example"),
        cookies("https://a.exampleb", "", "/c", "https://shop.example"),
    ] {
        assert_ne!(one.realm(), other.realm());
        assert_ne!(one.session_names(), other.session_names());
        assert_ne!(one.id_token_names(), other.id_token_names());
        assert_ne!(one.transaction_name("x"), other.transaction_name("x"));
    }
    let moved = cookies("https://a.example", "b", "/c", "https://store.example/d");
    assert_eq!(one.realm(), moved.realm());
    assert_eq!(one.session_names(), moved.session_names());
}

#[test]
fn over_https_names_have_prefixes() {
    let cookies = cookies("https://a.example", "b", "/auth", "https://shop.example/d");
    let hash = &cookies.realm()[..8];
    assert_eq!(
        cookies.session_names()[0],
        format!("__Host-ciam-session-{hash}")
    );
    assert_eq!(
        cookies.session_names()[3],
        format!("__Host-ciam-session3-{hash}")
    );
    assert_eq!(
        cookies.session(1, "v", AGE).to_string(),
        format!(
            "__Host-ciam-session1-{hash}=v; HttpOnly; SameSite=Lax; Secure; Path=/; \
             Max-Age=600"
        )
    );
    assert_eq!(
        cookies.transaction("x-y", "v", AGE).to_string(),
        format!(
            "__Host-ciam-transaction-x-y-{hash}=v; HttpOnly; SameSite=Lax; Secure; Path=/; \
             Max-Age=600"
        )
    );
    assert_eq!(
        cookies.id_token(0, "v", AGE).to_string(),
        format!(
            "__Secure-ciam-id-token-{hash}=v; HttpOnly; SameSite=Lax; Secure; Path=/d/auth; \
             Max-Age=600"
        )
    );
    assert_eq!(
        cookies.id_token_removal(3).to_string(),
        format!(
            "__Secure-ciam-id-token3-{hash}=; HttpOnly; SameSite=Lax; Secure; Path=/d/auth; \
             Max-Age=0"
        )
    );
}

#[test]
fn on_http_localhost_they_have_none() {
    let cookies = cookies("https://a.example", "b", "/auth", "http://localhost:3000");
    let hash = &cookies.realm()[..8];
    assert_eq!(
        cookies.session_removal(0).to_string(),
        format!("ciam-session-{hash}=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0")
    );
    assert_eq!(
        cookies.transaction_removal("x").to_string(),
        format!("ciam-transaction-x-{hash}=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0")
    );
    assert_eq!(
        cookies.id_token(1, "v", AGE).to_string(),
        format!("ciam-id-token1-{hash}=v; HttpOnly; SameSite=Lax; Path=/auth; Max-Age=600")
    );
}

#[test]
fn form_post_sends_the_transaction_across_sites() {
    for (base, prefix) in [
        ("https://shop.example", "__Host-"),
        ("http://localhost:3000", ""),
    ] {
        let mode = ResponseMode::FormPost;
        let cookies = with_mode("https://a.example", "b", "/auth", base, mode);
        let hash = &cookies.realm()[..8];
        assert_eq!(
            cookies.transaction("x", "v", AGE).to_string(),
            format!(
                "{prefix}ciam-transaction-x-{hash}=v; HttpOnly; SameSite=None; Secure; \
                 Path=/; Max-Age=600"
            )
        );
        assert!(
            cookies
                .session(0, "v", AGE)
                .to_string()
                .contains("SameSite=Lax")
        );
    }
}

#[test]
fn parts_do_not_run_into_each_other() {
    assert_ne!(realm(&["a", "bc"]), realm(&["ab", "c"]));
}
