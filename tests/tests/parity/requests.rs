//! What is asked of both: routes by methods by headers by cookies, and odd things.

use crate::HOST;

/// What a browser may have kept.
pub(crate) struct Cookies {
    /// An attempt to sign in.
    pub(crate) transaction: String,
    /// A session in one cookie.
    pub(crate) session: String,
    /// A session in several.
    pub(crate) chunked: String,
    /// The `state` of the attempt.
    pub(crate) state: String,
}

/// All requests, each with what tells it from the others.
pub(crate) fn requests(base: &str, cookies: &Cookies) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    let request = |method: &str, target: &str, headers: &[u8], body: &[u8]| {
        request(method, &below(base, target), headers, body)
    };
    for (path, methods) in ROUTES {
        for method in *methods {
            for headers in HEADERS {
                all.push(request(method, path, headers.as_bytes(), b""));
            }
        }
    }
    let jar = jars(cookies);
    for (path, methods) in ROUTES {
        for method in *methods {
            for jar in &jar {
                let cookie = [b"cookie: ".as_slice(), jar, b"\r\n"].concat();
                for navigation in ["", NAVIGATION] {
                    let headers = [navigation.as_bytes(), &cookie].concat();
                    all.push(request(method, path, &headers, b""));
                }
            }
        }
    }
    let session = format!("cookie: {}\r\n", cookies.session);
    let transaction = format!("{NAVIGATION}cookie: {}\r\n", cookies.transaction);
    for headers in HEADERS {
        let headers = format!("{session}{headers}");
        for (method, path) in [("POST", "/order"), ("GET", "/account"), ("GET", "/")] {
            all.push(request(method, path, headers.as_bytes(), b""));
        }
    }
    for name in NAMES {
        for value in [b"\xff\xfe\x80".as_slice(), b"a=\xc3(", b"\xe2\x82", b""] {
            let header = [name.as_bytes(), b": ", value, b"\r\n"].concat();
            for (method, path) in [("GET", "/account"), ("POST", "/auth/logout"), ("GET", "/")] {
                let headers = [session.as_bytes(), &header].concat();
                all.push(request(method, path, &header, b""));
                all.push(request(method, path, &headers, b""));
            }
        }
    }
    let state = &cookies.state;
    let own = [
        format!("state={state}&error=access_denied"),
        format!("state={state}&code=unknown"),
        format!("state={state}"),
        format!("state={state}&code=%ff%fe&iss=%c3%28"),
    ];
    for query in own
        .iter()
        .map(String::as_str)
        .chain(QUERIES.iter().copied())
    {
        let get = format!("/auth/callback?{query}");
        all.push(request("GET", &get, transaction.as_bytes(), b""));
        for form in FORMS {
            let headers = format!("{transaction}content-type: {form}\r\n");
            let post = request(
                "POST",
                "/auth/callback",
                headers.as_bytes(),
                query.as_bytes(),
            );
            all.push(post);
        }
        let login = format!("/auth/login?{query}");
        all.push(request("GET", &login, NAVIGATION.as_bytes(), b""));
    }
    for query in HINTS {
        for path in ["/auth/login", "/auth/signup", "/account"] {
            let target = format!("{path}?{query}");
            all.push(request("GET", &target, NAVIGATION.as_bytes(), b""));
        }
    }
    for target in TARGETS {
        all.push(request("GET", target, NAVIGATION.as_bytes(), b""));
        all.push(request("GET", target, session.as_bytes(), b""));
    }
    for target in ["/auth/callback", "/auth/callbac%6b", "/auth/callback/"] {
        for query in &own {
            for offer in OFFERS {
                let headers = format!("{transaction}content-type: {}\r\n{offer}", FORMS[0]);
                let post = request("POST", target, headers.as_bytes(), query.as_bytes());
                all.push(post);
            }
        }
    }
    let long = "a".repeat(64 * 1024);
    for size in [65_535, 65_536, 65_537, 200_000] {
        let headers = format!("{transaction}content-type: {}\r\n", FORMS[0]);
        let body = vec![b'a'; size];
        all.push(request("POST", "/auth/callback", headers.as_bytes(), &body));
        all.push(request("POST", "/auth/login", headers.as_bytes(), &body));
    }
    for name in NAMES {
        let header = format!("{name}: {long}\r\n");
        all.push(request("GET", "/account", header.as_bytes(), b""));
    }
    let target = format!("/account?{}", &long[..60_000]);
    all.push(request("GET", &target, NAVIGATION.as_bytes(), b""));
    all
}

/// A path, or an address, below a path.
fn below(base: &str, target: &str) -> String {
    let (origin, path) = match target.strip_prefix("http://") {
        Some(rest) => target.split_at(7 + rest.find('/').unwrap_or(rest.len())),
        None => ("", target),
    };
    let path = if base.is_empty() || path != "/" {
        path
    } else {
        ""
    };
    format!("{origin}{base}{path}")
}

fn request(method: &str, target: &str, headers: &[u8], body: &[u8]) -> (String, Vec<u8>) {
    let mut name = format!("{method} {target} [{}] ", headers.escape_ascii());
    name.push_str(&body.escape_ascii().to_string());
    name.truncate(300);
    let own_host = |line: &[u8]| line.starts_with(b"host:");
    let host = if headers.split(|byte| *byte == b'\n').any(own_host) {
        String::new()
    } else {
        format!("host: {HOST}\r\n")
    };
    let mut bytes = format!("{method} {target} HTTP/1.1\r\n{host}").into_bytes();
    bytes.extend_from_slice(headers);
    if !body.is_empty() || method == "POST" {
        bytes.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    (name, bytes)
}

/// Values of the `Cookie` header.
fn jars(cookies: &Cookies) -> Vec<Vec<u8>> {
    let Cookies {
        session,
        chunked,
        transaction,
        ..
    } = cookies;
    let cut = &session[..session.len() - 1];
    let (name, value) = session.split_once('=').expect("a cookie");
    let parts: Vec<&str> = chunked.split("; ").collect();
    let mut turned = parts.clone();
    turned.reverse();
    let texts = [
        session.clone(),
        chunked.clone(),
        transaction.clone(),
        format!("{transaction}; {session}"),
        cut.to_owned(),
        format!("{session}A"),
        format!("{session}; {session}"),
        format!("{session}; {name}=x"),
        format!("{name}=x; {session}"),
        format!("{session}\r\ncookie: {name}=x"),
        format!("{name}=x\r\ncookie: {session}"),
        format!("a=b\r\ncookie: {session}"),
        turned.join("; "),
        parts[0].to_owned(),
        parts[1..].join("; "),
        parts.join("\r\ncookie: "),
        format!("{name}=\"{value}\""),
        format!("{name}={}", &value[1..]),
        format!("{name}="),
        name.to_owned(),
        format!(";;;{session};;"),
        "=; =; a".to_owned(),
        format!("{transaction}x"),
        format!("{transaction}; {transaction}"),
    ];
    let mut jars: Vec<_> = texts.into_iter().map(String::into_bytes).collect();
    jars.push([b"\xff=\xfe; ".as_slice(), session.as_bytes()].concat());
    jars.push([session.as_bytes(), b"\xff"].concat());
    jars
}

/// What reaches the core: the application's own routes with their methods only.
const ROUTES: &[(&str, &[&str])] = &[
    ("/", &["GET"]),
    ("/account", &["GET"]),
    ("/order", &["POST"]),
    ("/staff", &["GET"]),
    ("/auth/callback", ALL),
    ("/auth/login", ALL),
    ("/auth/logout", ALL),
    ("/auth/me", ALL),
    ("/auth/signed-out", ALL),
    ("/auth/signup", ALL),
];

const ALL: &[&str] = &[
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "X-Y",
];

const NAVIGATION: &str =
    "sec-fetch-mode: navigate\r\nsec-fetch-dest: document\r\nsec-fetch-site: same-origin\r\n";

const HEADERS: &[&str] = &[
    "",
    NAVIGATION,
    "accept: text/html\r\n",
    "accept: application/json\r\naccept: text/html\r\n",
    "accept: text/html\r\nhx-request: true\r\n",
    "accept: text/html\r\nx-requested-with: XMLHttpRequest\r\n",
    "sec-fetch-mode: cors\r\nsec-fetch-dest: empty\r\nsec-fetch-site: same-origin\r\n",
    "sec-fetch-mode: navigate\r\nsec-fetch-dest: document\r\nsec-fetch-site: cross-site\r\n",
    "sec-fetch-mode: navigate\r\nsec-fetch-dest: document\r\nsec-fetch-site: none\r\n",
    "sec-fetch-mode: navigate\r\nsec-fetch-dest: iframe\r\nsec-fetch-site: same-site\r\n",
    "sec-fetch-mode: navigate\r\nsec-fetch-mode: cors\r\nsec-fetch-dest: document\r\n",
    "SEC-FETCH-MODE: navigate\r\nSec-Fetch-Dest:document\r\n",
    "sec-fetch-site: same-origin\r\nsec-fetch-site: cross-site\r\n",
    "sec-fetch-site: cross-site\r\nsec-fetch-site: same-origin\r\n",
    "origin: http://localhost:3000\r\n",
    "origin: http://evil.example\r\n",
    "origin: null\r\n",
    "origin: http://localhost:3000\r\norigin: http://evil.example\r\n",
    "referer: http://localhost:3000/account?a=b#c\r\naccept: text/html\r\n",
    "referer: http://evil.example/\r\naccept: text/html\r\n",
    "purpose: prefetch\r\naccept: text/html\r\n",
    "sec-purpose: prefetch;prerender\r\naccept: text/html\r\n",
    "connection: keep-alive\r\naccept: text/html\r\n",
    "connection: close\r\n",
    "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
     sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\norigin: http://evil.example\r\n",
    "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
     sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\norigin: http://localhost:3000\r\n",
    "upgrade: h2c\r\nsec-fetch-site: cross-site\r\n",
    "x-forwarded-host: evil.example\r\nforwarded: host=evil.example\r\n\
     x-forwarded-proto: https\r\naccept: text/html\r\n",
    "host: evil.example\r\naccept: text/html\r\n",
    "host: localhost\r\naccept: text/html\r\n",
    "if-none-match: *\r\nrange: bytes=0-1\r\n",
    "content-type: text/plain\r\n",
    "accept-encoding: gzip, br\r\n",
];

const NAMES: &[&str] = &[
    "accept",
    "content-type",
    "cookie",
    "forwarded",
    "hx-request",
    "if-none-match",
    "origin",
    "purpose",
    "referer",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-purpose",
    "user-agent",
    "x-forwarded-host",
    "x-requested-with",
];

const QUERIES: &[&str] = &[
    "state=",
    "code=a",
    "state=short&code=a",
    "state=abcdefghijklmnop&code=a",
    "state=abcdefghijklmnop&error=access_denied&error_description=%ff%fe",
    "state=abcdefghijklmnop&state=abcdefghijklmnop&code=a",
    "state=abcdefghijklmnop&%63ode=a&code=a",
    "state=%ff%fe%00%0d%0a%ff%ff%ff%ff%ff%ff%ff%ff",
    "state=%zz%&code=%",
    "&&&==&",
    "?state=abcdefghijklmnop",
];

const FORMS: &[&str] = &[
    "application/x-www-form-urlencoded",
    "Application/X-WWW-Form-URLEncoded; charset=utf-8",
    "application/json",
    "multipart/form-data; boundary=x",
];

const HINTS: &[&str] = &[
    "return_to=%2Faccount",
    "return_to=//evil.example",
    "return_to=/%5cevil.example",
    "return_to=%2Fa%0d%0aset-cookie:a=b",
    "return_to=%ff%fe",
    "return_to=/a&return_to=/b",
    "prompt=login",
    "prompt=other",
    "login_hint=a%40b.example",
    "a=b'\"<>`{}|",
    "a=[]^~",
];

const TARGETS: &[&str] = &[
    "/account?",
    "/account??",
    "/account?a=%2F%2f",
    "/auth/login?",
    "http://localhost:3000/account",
    "http://localhost:3000/auth/login?return_to=/account",
    "http://evil.example/account",
    "http://evil.example/auth/me",
    "http://evil.example/",
    "http://evil.example",
    "/auth/m%65",
    "/auth/%6d%65?a=b",
    "/auth/logi%6e",
    "/auth/callbac%6b?state=abcdefghijklmnop&code=a",
    "/%61uth/me",
    "/auth%2fme",
    "/auth/me/",
    "/auth//me",
    "/auth/../account",
    "/auth/./me",
    "/AUTH/me",
    "/auth/me;a=b",
    "/auth/me%00",
    "/st%61ff/..",
];

const OFFERS: &[&str] = &[
    "",
    "connection: Upgrade\r\nupgrade: websocket\r\n",
    "connection: upgrade\r\nupgrade: WebSocket\r\nsec-websocket-version: 13\r\n",
    "upgrade: websocket\r\n",
    "upgrade: h2c\r\nconnection: Upgrade, HTTP2-Settings\r\n",
    "upgrade: h2c, websocket\r\n",
    "upgrade: h2c\r\nupgrade: websocket\r\n",
];
