//! The frame around every page, and its headers.

use std::sync::OnceLock;

use aws_lc_rs::digest;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::escape;
use crate::error::NO_STORE;

/// A whole page around `main`, which is HTML already.
pub(super) fn page(status: StatusCode, title: &str, main: &str) -> Response {
    respond(status, title, main, "", policy())
}

/// A page that sends its form by itself where JavaScript is on.
pub(super) fn submitting_page(title: &str, main: &str) -> Response {
    let script = format!("<script>{SUBMIT}</script>");
    respond(StatusCode::OK, title, main, &script, policy())
}

/// A page with these frames, which follows its link `continue` once they are loaded if it `goes_on`.
pub(super) fn framing_page(title: &str, main: &str, frames: &[String], goes_on: bool) -> Response {
    let script = if goes_on {
        format!("<script>{GO_ON}</script>")
    } else {
        String::new()
    };
    respond(StatusCode::OK, title, main, &script, framing_policy(frames))
}

fn respond(
    status: StatusCode,
    title: &str,
    main: &str,
    script: &str,
    policy: HeaderValue,
) -> Response {
    let title = escape(title);
    let html = format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{STYLE}</style>
</head>
<body>
<p class="banner">local tenant · development only</p>
<main>
<h1>{title}</h1>
{main}
</main>
{script}
</body>
</html>
"#
    );
    let headers = [
        NO_STORE,
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (header::CONTENT_SECURITY_POLICY, policy),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        // Not `no-referrer`: it would turn the `Origin` of form posts into "null".
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("strict-origin"),
        ),
    ];
    (status, headers, html).into_response()
}

/// Nothing but the inline style and script, known by their hashes.
///
/// No `form-action`: Chromium applies it to every redirect after a form, and where the application
/// sends its user in the end is not for this page to say.
fn policy() -> HeaderValue {
    static POLICY: OnceLock<HeaderValue> = OnceLock::new();
    POLICY
        .get_or_init(|| {
            let policy = format!(
                "default-src 'none'; style-src '{}'; script-src '{}'; img-src data:; \
                 base-uri 'none'; frame-ancestors 'none'",
                hash(STYLE),
                hash(SUBMIT)
            );
            header_value(policy)
        })
        .clone()
}

/// The same with frames from anywhere: an application that answers with a redirect is framed where
/// that leads to.
fn framing_policy(frames: &[String]) -> HeaderValue {
    if frames.is_empty() {
        return policy();
    }
    header_value(format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; img-src data:; \
         frame-src http: https:; base-uri 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(GO_ON)
    ))
}

fn header_value(policy: String) -> HeaderValue {
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

fn hash(source: &str) -> String {
    let hash = digest::digest(&digest::SHA256, source.as_bytes());
    let hash = base64_simd::STANDARD.encode_to_string(hash.as_ref());
    format!("sha256-{hash}")
}

const SUBMIT: &str = "document.forms[0].submit()";

/// The page's `load` event comes after its frames'; an application that does not answer holds
/// nobody back for long.
const GO_ON: &str = "
const next = () => location.replace(document.getElementById('continue').href);
addEventListener('load', next);
setTimeout(next, 5000);
";

const STYLE: &str = "
:root { color-scheme: light dark; --back: #eef1f5; --card: #fff; --text: #1b1f24; --quiet: #586170;
  --line: #8a94a3; --accent: #1357b8; --on-accent: #fff; --bad: #b3261e; --soft: #f7f8fa; }
@media (prefers-color-scheme: dark) {
  :root { --back: #14171c; --card: #1f242b; --text: #e8ebf0; --quiet: #a3adba; --line: #6b7686;
    --accent: #8ab4f8; --on-accent: #10203a; --bad: #f2b8b5; --soft: #272d36; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; align-items: center;
  gap: 10vh; padding-bottom: 3rem; background: var(--back); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; }
.banner { align-self: stretch; margin: 0; padding: .4rem 1rem; text-align: center;
  font-size: .85rem; background: #5f4400; color: #fff; }
main { width: min(27rem, calc(100% - 2rem)); padding: 2rem; border-radius: .75rem;
  background: var(--card); box-shadow: 0 1px 2px #0002, 0 8px 32px #0001; }
main:has(.wide) { width: min(44rem, calc(100% - 2rem)); }
h1 { margin: 0 0 .25rem; font-size: 1.5rem; line-height: 1.25; font-weight: 600; }
h2 { margin: 1.5rem 0 .25rem; font-size: 1rem; }
p { margin: .5rem 0; overflow-wrap: anywhere; }
.quiet, dt { color: var(--quiet); font-size: .9rem; }
label { display: block; margin-top: 1rem; font-weight: 500; }
input { width: 100%; margin-top: .25rem; padding: .6rem .7rem; font: inherit; color: inherit;
  background: var(--card); border: 1px solid var(--line); border-radius: .4rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
form + p { margin: 1.25rem 0 0; }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem; }
button { flex: 1 1 8rem; white-space: nowrap; min-height: 2.75rem; padding: .6rem 1rem; font: inherit; font-weight: 600;
  color: var(--accent); background: transparent; border: 1px solid var(--accent);
  border-radius: .4rem; cursor: pointer; }
button.main { flex-grow: 2; color: var(--on-accent); background: var(--accent); }
a { color: var(--accent); }
#error { margin: 1rem 0 0; padding: .6rem .75rem; border-left: 4px solid var(--bad);
  color: var(--bad); background: var(--soft); overflow-wrap: anywhere; }
code, dd { font-family: ui-monospace, monospace; font-size: .875rem; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
th, td { padding: .4rem .6rem .4rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
tbody th { white-space: nowrap; }
dl { margin: 1.25rem 0 0; }
dd { margin: 0 0 .5rem; }
";
