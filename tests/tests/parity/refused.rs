//! What a server refuses before the library sees it, and what a router answers itself.
//! `docs/errors.md` has the same table.

use ciam_tests::scripted::Scripted;
use ciam_tests::wire::{Then, exchange};
use ciam_tests::{Framework, Logs, clock};

use crate::{ALONE, HOST, site};

/// A request, and the status of axum and of actix-web; `None` is a closed connection.
type Row = (&'static str, Vec<u8>, Option<u16>, Option<u16>);

#[tokio::test]
async fn what_a_server_refuses_itself_is_what_the_table_says() {
    let _alone = ALONE.lock().await;
    let logs = Logs::capture();
    let provider = Scripted::start().await;
    let clock = clock();
    let axum = site(Framework::Axum, &provider, &clock).await;
    let actix = site(Framework::Actix, &provider, &clock).await;
    let mut wrong = Vec::new();
    for (name, request, on_axum, on_actix) in rows() {
        let then = if name.ends_with("then the end") {
            Then::HalfClose
        } else {
            Then::Wait
        };
        for (site, expected, on) in [(&axum, on_axum, "axum"), (&actix, on_actix, "actix")] {
            let before = logs.own("").len();
            let answer = exchange(site.port(), &request, then).await;
            let seen = logs.own("").len() > before;
            let status = answer.as_ref().map(|answer| answer.status);
            if status != expected {
                wrong.push(format!("{name}: {on} answers {status:?}, not {expected:?}"));
            }
            let refused = matches!(status, None | Some(400 | 414 | 431));
            if seen == refused {
                wrong.push(format!("{name}: {on} shows it to the library: {seen}"));
            }
            let Some(answer) = answer.filter(|_| refused) else {
                continue;
            };
            let has = |name: &str| answer.headers.iter().any(|(found, _)| found == name);
            if has("set-cookie") || answer.body.windows(7).any(|part| part == b"\"error\"") {
                wrong.push(format!("{name}: {on} answers with a code or a cookie"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let good = format!("GET / HTTP/1.1\r\nhost: {HOST}\r\n\r\n");
    for site in [&axum, &actix] {
        let answer = exchange(site.port(), good.as_bytes(), Then::Wait).await;
        assert_eq!(answer.expect("an answer").status, 200);
    }
}

fn rows() -> Vec<Row> {
    let get = |rest: &str| format!("GET / HTTP/1.1\r\nhost: {HOST}\r\n{rest}\r\n").into_bytes();
    let line = |line: &str| format!("{line}\r\nhost: {HOST}\r\n\r\n").into_bytes();
    let callback =
        |rest: &str| format!("POST /auth/callback HTTP/1.1\r\nhost: {HOST}\r\n{rest}").into_bytes();
    let logout =
        |rest: &str| format!("POST /auth/logout HTTP/1.1\r\nhost: {HOST}\r\n{rest}").into_bytes();
    let headers = |count| {
        (0..count)
            .map(|n| format!("x-{n}: v\r\n"))
            .collect::<String>()
    };
    let cookie = |size| format!("cookie: a={}\r\n", "x".repeat(size));
    let attempts = |count| {
        let cookies = (0..count).map(|n| format!("ciam-transaction-{n}-01234567=v"));
        format!("cookie: {}\r\n", cookies.collect::<Vec<_>>().join("; "))
    };
    let query = |size: usize| line(&format!("GET /?{} HTTP/1.1", "a".repeat(size - 2)));
    vec![
        (
            "95 headers and host",
            get(&headers(95)),
            Some(200),
            Some(200),
        ),
        (
            "96 headers and host",
            get(&headers(96)),
            Some(200),
            Some(431),
        ),
        (
            "99 headers and host",
            get(&headers(99)),
            Some(200),
            Some(431),
        ),
        (
            "100 headers and host",
            get(&headers(100)),
            Some(431),
            Some(431),
        ),
        (
            "120 kB of headers",
            get(&cookie(120_000)),
            Some(200),
            Some(200),
        ),
        (
            "140 kB of headers",
            get(&cookie(140_000)),
            Some(200),
            Some(431),
        ),
        (
            "10,000 cookies of attempts to sign in",
            get(&attempts(10_000)),
            Some(200),
            Some(431),
        ),
        (
            "a megabyte of cookies",
            get(&cookie(1_000_000)),
            Some(431),
            Some(431),
        ),
        (
            "a target of 65,534 bytes",
            query(65_534),
            Some(200),
            Some(200),
        ),
        (
            "a target of 65,535 bytes",
            query(65_535),
            Some(414),
            Some(400),
        ),
        (
            "no host",
            b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            Some(200),
            Some(400),
        ),
        (
            "two hosts",
            get("host: other.example\r\n"),
            Some(200),
            Some(400),
        ),
        ("HTTP/1.0", line("GET / HTTP/1.0"), Some(200), Some(200)),
        ("HTTP/3.0", line("GET / HTTP/3.0"), Some(400), Some(400)),
        ("no version", line("GET /"), Some(400), Some(400)),
        (
            "no path",
            line("GET account HTTP/1.1"),
            Some(401),
            Some(401),
        ),
        (
            "a space in the target",
            line("GET /a b HTTP/1.1"),
            Some(400),
            Some(400),
        ),
        (
            "a tab in the target",
            line("GET /a\tb HTTP/1.1"),
            Some(400),
            Some(400),
        ),
        (
            "bytes in the target",
            b"GET /\xff HTTP/1.1\r\nhost: a\r\n\r\n".to_vec(),
            Some(400),
            Some(400),
        ),
        (
            "a method with a space",
            line(" GET / HTTP/1.1"),
            Some(400),
            Some(400),
        ),
        (
            "a method with a #",
            line("X!# / HTTP/1.1"),
            Some(405),
            Some(400),
        ),
        (
            "CONNECT",
            line("CONNECT localhost:3000 HTTP/1.1"),
            Some(401),
            Some(401),
        ),
        (
            "OPTIONS *",
            line("OPTIONS * HTTP/1.1"),
            Some(401),
            Some(401),
        ),
        (
            "a header without a colon",
            get("nothing\r\n"),
            Some(400),
            Some(400),
        ),
        (
            "a space before the colon",
            get("a : b\r\n"),
            Some(400),
            Some(400),
        ),
        (
            "a folded header",
            get("a: b\r\n c\r\n"),
            Some(400),
            Some(400),
        ),
        (
            "a NUL in a header",
            get("a: b\0c\r\n"),
            Some(400),
            Some(400),
        ),
        (
            "a bare CR in a header",
            get("a: b\rc\r\n"),
            Some(400),
            Some(400),
        ),
        (
            "no text in a header's name",
            get("\u{e9}: b\r\n"),
            Some(400),
            Some(400),
        ),
        (
            "both lengths",
            logout("content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
            Some(303),
            Some(400),
        ),
        (
            "two different lengths",
            callback("content-length: 5\r\ncontent-length: 6\r\n\r\nabcdef"),
            Some(400),
            Some(400),
        ),
        (
            "a negative length",
            callback("content-length: -1\r\n\r\n"),
            Some(400),
            Some(400),
        ),
        (
            "a length with a plus",
            callback("content-length: +1\r\n\r\na"),
            Some(400),
            Some(400),
        ),
        (
            "a coding that is not chunked",
            callback("transfer-encoding: gzip\r\n\r\na"),
            Some(400),
            Some(400),
        ),
        (
            "a chunk without a size",
            callback("transfer-encoding: chunked\r\n\r\nzz\r\na\r\n"),
            Some(413),
            Some(413),
        ),
        (
            "half a body, then the end",
            callback("content-length: 1000\r\n\r\nstate=abc"),
            Some(413),
            Some(413),
        ),
        (
            "half a head, then the end",
            b"GET / HTTP/1.1\r\nhost".to_vec(),
            None,
            None,
        ),
        ("nothing, then the end", Vec::new(), None, None),
        (
            "an encoded letter of a page's path",
            line("GET /ord%65r HTTP/1.1"),
            Some(401),
            Some(405),
        ),
        (
            "a method the page has not",
            line("DELETE / HTTP/1.1"),
            Some(405),
            Some(405),
        ),
        (
            "HEAD of a page",
            line("HEAD / HTTP/1.1"),
            Some(200),
            Some(405),
        ),
        (
            "HEAD of a route of the library",
            line("HEAD /auth/signed-out HTTP/1.1"),
            Some(200),
            Some(200),
        ),
    ]
}
