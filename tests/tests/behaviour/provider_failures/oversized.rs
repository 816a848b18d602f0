//! Too much, broken or odd input: one status and code each, and nobody signed in.

use axum::body::{Body, to_bytes};
use ciam_tests::{Framework, cases};
use http::header::{CONTENT_TYPE, COOKIE, HeaderName, HeaderValue, SET_COOKIE};
use http::{HeaderMap, Request, Response, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;

use super::World;

cases! {
    on Axum at Misbehaving, because "without a socket":
        sixty_four_kilobytes_and_ten_thousand_cookies_are_nobodys,
        a_header_that_is_no_text_is_as_good_as_none,
        parameters_that_cannot_be_meant_are_refused,
        bodies_that_cannot_be_meant_are_refused,
        what_breaks_off_or_has_no_end_is_answered_on_the_wire,
        a_thousand_abandoned_sign_ins_leave_room_for_the_next;
}

const FORM: &str = "application/x-www-form-urlencoded";

/// A navigation, as a browser sends it.
fn request(method: &str, path: &str) -> http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-dest", "document")
        .header("sec-fetch-site", "same-origin")
}

fn empty(builder: http::request::Builder) -> Request<Body> {
    builder.body(Body::empty()).expect("a request")
}

/// What came back: the status, and the code of the page or of the JSON.
struct Told {
    status: u16,
    code: String,
    headers: HeaderMap,
}

impl World {
    async fn ask(&self, request: Request<Body>) -> Told {
        let router = self.site.axum_router();
        let response = router.oneshot(request).await.expect("it answers");
        told(response).await
    }
}

async fn told(response: Response<Body>) -> Told {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 1024 * 1024).await.expect("a body");
    let body = String::from_utf8(body.to_vec()).expect("a text");
    let between = |before: &str, after: &str| {
        let (_, rest) = body.split_once(before)?;
        Some(rest.split_once(after)?.0.to_owned())
    };
    let code = between("<dt>Code</dt><dd>", "<").or_else(|| between("{\"error\":\"", "\""));
    Told {
        status: parts.status.as_u16(),
        code: code.unwrap_or_default(),
        headers: parts.headers,
    }
}

impl Told {
    /// Cookies that the answer sets, without those it removes.
    fn sets(&self) -> Vec<String> {
        let cookies = self.headers.get_all(SET_COOKIE).iter();
        cookies
            .map(|cookie| cookie.to_str().expect("ASCII").to_owned())
            .filter(|cookie| !cookie.contains("Max-Age=0"))
            .collect()
    }

    #[track_caller]
    fn is(&self, context: &str, status: u16, code: &str) {
        assert_eq!((self.status, &*self.code), (status, code), "{context}");
        let session = |cookie: &String| cookie.starts_with("ciam-session");
        let sets = self.sets();
        assert!(
            !sets.iter().any(session),
            "{context}: signed in by {sets:?}"
        );
    }
}

async fn sixty_four_kilobytes_and_ten_thousand_cookies_are_nobodys(on: Framework) {
    let world = World::new(on).await;
    let login = world.ask(empty(request("GET", "/auth/login"))).await;
    let own = login.sets().remove(0);
    let name = own.split('=').next().unwrap_or_default();
    let suffix = name.rsplit('-').next().expect("a suffix");
    let long = format!("a={}", "x".repeat(64 * 1024));
    let many: Vec<_> = (0..10_000).map(|n| format!("c{n}=v")).collect();
    let attempts: Vec<_> = (0..10_000)
        .map(|n| format!("ciam-transaction-{n:012}-{suffix}=v"))
        .collect();
    let fewer = attempts[..1000].join("; ");
    for (context, cookies) in [
        ("one long cookie", long),
        ("many cookies", many.join("; ")),
        ("many attempts", attempts.join("; ")),
        ("as many attempts as are looked at", fewer),
    ] {
        let with = |method, path| empty(request(method, path).header(COOKIE, &cookies));
        world.ask(with("GET", "/")).await.is(context, 200, "");
        let account = world.ask(with("GET", "/account")).await;
        account.is(context, 303, "");
        assert_eq!(
            account.headers["location"],
            "/auth/login?return_to=%2Faccount"
        );
        let login = world.ask(with("GET", "/auth/login")).await;
        login.is(context, 303, "");
        assert_eq!(login.sets().len(), 1, "{context}: one attempt");
        assert!(
            login.headers.get_all(SET_COOKIE).iter().count() <= 65,
            "{context}"
        );
        let callback = with("GET", "/auth/callback?code=a&state=abcdefghijklmnop");
        world
            .ask(callback)
            .await
            .is(context, 400, "callback.transaction");
        world
            .ask(with("POST", "/auth/logout"))
            .await
            .is(context, 303, "");
        let me = with("GET", "/auth/me");
        world.ask(me).await.is(context, 401, "visit.not_signed_in");
    }
}

async fn a_header_that_is_no_text_is_as_good_as_none(on: Framework) {
    let world = World::new(on).await;
    let odd = HeaderValue::from_bytes(b"\xff\xfe\x80a=\xc3(").expect("obsolete, and allowed");
    let routes = [
        ("GET", "/", ""),
        ("GET", "/account", ""),
        ("GET", "/auth/login", ""),
        ("GET", "/auth/signup", ""),
        ("GET", "/auth/callback?code=a&state=abcdefghijklmnop", ""),
        ("GET", "/auth/me", ""),
        ("GET", "/auth/signed-out", ""),
        ("POST", "/auth/callback", "code=a&state=abcdefghijklmnop"),
        ("POST", "/auth/logout", ""),
        ("POST", "/order", ""),
    ];
    let names = [
        "accept",
        "connection",
        "content-type",
        "cookie",
        "forwarded",
        "host",
        "hx-request",
        "if-none-match",
        "origin",
        "purpose",
        "referer",
        "sec-fetch-dest",
        "sec-fetch-mode",
        "sec-fetch-site",
        "sec-purpose",
        "upgrade",
        "user-agent",
        "x-forwarded-host",
        "x-requested-with",
    ];
    let mut compared = 0;
    for (method, path, body) in routes {
        for name in names.map(HeaderName::from_static) {
            let build = |value: Option<&HeaderValue>| {
                let mut request = request(method, path).header(CONTENT_TYPE, FORM);
                let headers = request.headers_mut().expect("headers");
                headers.remove(&name);
                if let Some(value) = value {
                    headers.insert(name.clone(), value.clone());
                }
                request.body(Body::from(body)).expect("a request")
            };
            let without = world.ask(build(None)).await;
            let with = world.ask(build(Some(&odd))).await;
            let context = format!("{method} {path} with {name}");
            // Who cannot be told from another site is another site.
            if path == "/auth/logout" && name == "sec-fetch-site" {
                with.is(&context, 403, "visit.cross_site");
            } else {
                with.is(&context, without.status, &without.code);
            }
            assert!(with.status < 500, "{context}");
            compared += 1;
        }
    }
    assert_eq!(compared, routes.len() * names.len());
}

async fn parameters_that_cannot_be_meant_are_refused(on: Framework) {
    let world = World::new(on).await;
    let state = "state=abcdefghijklmnop";
    let many: String = (0..50).map(|n| format!("&p{n}=1")).collect();
    let long = "a".repeat(60_000);
    for (query, status, code) in [
        ("", 400, "callback.state_missing"),
        ("state=", 400, "callback.state_missing"),
        ("code=a", 400, "callback.state_missing"),
        ("state=short&code=a", 400, "callback.state_missing"),
        (
            "state=%ff%fe%00%0d%0a%ff%ff%ff%ff%ff%ff%ff%ff",
            400,
            "callback.state_missing",
        ),
        (&format!("{state}&code=a"), 400, "callback.transaction"),
        (&format!("{state}&code={long}"), 400, "callback.transaction"),
        (
            &format!("{state}&code=a&code=b"),
            400,
            "request.duplicate_parameter",
        ),
        (
            &format!("{state}&{state}&code=a"),
            400,
            "request.duplicate_parameter",
        ),
        (
            &format!("{state}&code=a&%63ode=a"),
            400,
            "request.duplicate_parameter",
        ),
        (
            &format!("{state}&code=a{many}"),
            400,
            "request.too_many_parameters",
        ),
    ] {
        let context: String = query.chars().take(60).collect();
        let get = empty(request("GET", &format!("/auth/callback?{query}")));
        world.ask(get).await.is(&context, status, code);
        let post = request("POST", "/auth/callback")
            .header(CONTENT_TYPE, FORM)
            .body(Body::from(query.to_owned()))
            .expect("a request");
        world.ask(post).await.is(&context, status, code);
    }
    for query in ["return_to=%2Fa&return_to=%2Fb", "prompt=login&prompt=none"] {
        let login = empty(request("GET", &format!("/auth/login?{query}")));
        world
            .ask(login)
            .await
            .is(query, 400, "request.duplicate_parameter");
    }
    let login = empty(request("GET", &format!("/auth/login?return_to=/{long}")));
    let login = world.ask(login).await;
    login.is("a long return_to", 303, "");
    assert!(login.sets()[0].len() < 2000, "it is not carried along");
}

async fn bodies_that_cannot_be_meant_are_refused(on: Framework) {
    let world = World::new(on).await;
    let good = "state=abcdefghijklmnop&code=a";
    for (content_type, code) in [
        (FORM, "callback.transaction"),
        (
            "Application/X-WWW-Form-URLEncoded; charset=utf-8",
            "callback.transaction",
        ),
        ("application/json", "callback.state_missing"),
        ("multipart/form-data; boundary=x", "callback.state_missing"),
        ("text/plain", "callback.state_missing"),
        ("", "callback.state_missing"),
    ] {
        let post = request("POST", "/auth/callback").header(CONTENT_TYPE, content_type);
        let post = post.body(Body::from(good)).expect("a request");
        world.ask(post).await.is(content_type, 400, code);
    }
    let ten_megabytes = vec![b'a'; 10 * 1024 * 1024];
    let (sender, endless) = tokio::io::duplex(4096);
    let body = |body: Body| {
        let post = request("POST", "/auth/callback").header(CONTENT_TYPE, FORM);
        post.body(body).expect("a request")
    };
    let announced = world.ask(body(Body::from(ten_megabytes))).await;
    announced.is("announced", 413, "request.too_long");
    assert_eq!(announced.headers["cache-control"], "no-store");
    // A stream that nobody ends is read to the limit, and no further.
    let feeding = tokio::spawn(feed(sender));
    let stream = world.ask(body(Body::new(Stream(endless)))).await;
    stream.is("streamed", 413, "request.too_long");
    let fed = feeding.await.expect("no panic");
    assert!(fed < 200 * 1024, "{fed} bytes were taken");
}

async fn what_breaks_off_or_has_no_end_is_answered_on_the_wire(on: Framework) {
    let world = World::new(on).await;
    let host = format!("host: localhost:{}\r\n", world.site.port());
    let form = format!("content-type: {FORM}\r\n");
    let half = format!("{host}{form}content-length: 1000\r\n\r\nstate=abc");
    let chunk = format!("{host}{form}transfer-encoding: chunked\r\n\r\nffff\r\nstate=abc");
    let query = "a".repeat(100_000);
    let cookies = "c=v; ".repeat(200_000);
    for (request, expected) in [
        (format!("POST /auth/callback HTTP/1.1\r\n{half}"), "413"),
        (format!("POST /auth/callback HTTP/1.1\r\n{chunk}"), "413"),
        (
            format!("GET /auth/callback?code={query} HTTP/1.1\r\n{host}\r\n"),
            "414",
        ),
        (
            format!("GET / HTTP/1.1\r\n{host}cookie: {cookies}\r\n\r\n"),
            "431",
        ),
    ] {
        let answer = on_the_wire(world.site.port(), &request).await;
        let status = answer.split(' ').nth(1);
        assert_eq!(status, Some(expected), "{:.60}: {answer}", request);
        assert!(!answer.contains("set-cookie"), "{answer}");
    }
    assert_eq!(world.ask(empty(request("GET", "/"))).await.status, 200);
}

async fn a_thousand_abandoned_sign_ins_leave_room_for_the_next(on: Framework) {
    let mut world = World::new(on).await;
    let authorize = format!("{}/authorize", world.provider.issuer());
    let mut hasty = world.visitor.clone().stopping_before(&authorize);
    for n in 0..1000 {
        let login = world.site.url("/auth/login?return_to=%2Faccount");
        let page = hasty.go(login).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "sign-in {n}");
        let kept = hasty.cookies().len();
        assert!(kept <= 6, "{kept} cookies after sign-in {n}");
        let sent = hasty.history().last().expect("a request");
        let sent = sent.sent.get(COOKIE).map_or(0, HeaderValue::len);
        assert!(sent < 8 * 1024, "{sent} bytes of cookies");
    }
    assert_eq!(hasty.cookies().len(), 6);
    let attempts: Vec<_> = hasty.cookies().into_iter().cloned().collect();
    for kept in attempts {
        let set = format!("{}={}; Path=/", kept.cookie.name(), kept.cookie.value());
        let home = world.site.url("/");
        world.visitor.set_cookie(&home, &set).expect("a cookie");
    }
    world.expect_signed_in("the thousand and first").await;
}

/// Writes a request and nothing more, and reads to the end.
async fn on_the_wire(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port))
        .await
        .expect("it listens");
    // The server may answer, and hang up, before it has read everything.
    let _ = stream.write_all(request.as_bytes()).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Writes for as long as somebody reads.
async fn feed(mut sender: tokio::io::DuplexStream) -> usize {
    let mut fed = 0;
    while sender.write_all(&[b'a'; 4096]).await.is_ok() {
        fed += 4096;
    }
    fed
}

/// A body that is whatever comes out of a pipe.
struct Stream(tokio::io::DuplexStream);

impl http_body::Body for Stream {
    type Data = bytes::Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, std::io::Error>>> {
        use tokio::io::AsyncRead as _;
        let mut space = [0; 4096];
        let mut buffer = tokio::io::ReadBuf::new(&mut space);
        std::pin::Pin::new(&mut self.0)
            .poll_read(context, &mut buffer)
            .map(|read| match read {
                Ok(()) if buffer.filled().is_empty() => None,
                Ok(()) => {
                    let data = bytes::Bytes::copy_from_slice(buffer.filled());
                    Some(Ok(http_body::Frame::data(data)))
                }
                Err(error) => Some(Err(error)),
            })
    }
}
