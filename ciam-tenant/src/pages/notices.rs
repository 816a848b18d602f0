//! The pages that only say something.

use axum::http::StatusCode;
use axum::response::Response;

use super::escape;
use super::layout::{framing_page, page};
use crate::authorize::Mismatch;
use crate::error::{Aadsts, Trail};
use crate::state::State;

/// An error that no application may be told about.
pub(crate) fn error(error: &Aadsts, trail: &Trail) -> Response {
    let main = described(error, "", trail);
    page(
        StatusCode::BAD_REQUEST,
        "Sorry, but we're having trouble",
        &main,
    )
}

/// The most common error of all, with what the real page leaves out: what to change.
pub(crate) fn redirect_uri_mismatch(mismatch: &Mismatch, trail: &Trail) -> Response {
    let comparison = match &mismatch.nearest {
        None => r#"<h2>What differs</h2>
<p id="difference">This application has no redirect URI at all. Register one.</p>"#
            .to_owned(),
        Some((nearest, differences)) => {
            let rows: String = differences
                .iter()
                .map(|difference| {
                    format!(
                        "<tr><th scope=\"row\">{}</th><td><code>{}</code></td><td><code>{}</code></td></tr>\n",
                        escape(difference.part),
                        escape(&difference.requested),
                        escape(&difference.registered)
                    )
                })
                .collect();
            let nearest = escape(nearest);
            format!(
                r#"<h2>What differs</h2>
<p class="wide">The registered redirect URI most like it is <code>{nearest}</code>.</p>
<table id="difference">
<thead><tr><th scope="col">Part</th><th scope="col">In the request</th><th scope="col">Registered</th></tr></thead>
<tbody>
{rows}</tbody>
</table>"#
            )
        }
    };
    let main = described(&mismatch.error, &comparison, trail);
    page(
        StatusCode::BAD_REQUEST,
        "Sorry, but we're having trouble",
        &main,
    )
}

/// After sign-out: where no application gave an address, or where others have to be told first.
pub(crate) fn signed_out(frames: &[String], destination: Option<&str>) -> Response {
    let next = destination.map_or_else(
        || r#"<p class="quiet">It's a good idea to close all browser windows.</p>"#.to_owned(),
        |to| {
            format!(
                r#"<p><a id="continue" href="{}">Continue</a></p>"#,
                escape(to)
            )
        },
    );
    let frames_of_applications: String = frames
        .iter()
        .map(|url| {
            let url = escape(url);
            format!("<iframe class=\"logout\" hidden title=\"Sign-out\" src=\"{url}\"></iframe>\n")
        })
        .collect();
    let main = format!(
        r#"<p id="signed-out">You are signed out of your account.</p>
{next}
{frames_of_applications}"#
    );
    framing_page("You signed out", &main, frames, destination.is_some())
}

/// What one sees who opens the tenant's address itself.
pub(crate) fn welcome(tenant: &State) -> Response {
    let authority = escape(&tenant.authority());
    let issuer = escape(&tenant.issuer());
    let main = format!(
        r#"<p class="wide">A customer tenant on this machine, to develop and test against. Its users and keys are gone when it stops.</p>
<dl>
<dt>Authority</dt><dd id="authority">{authority}</dd>
<dt>Issuer</dt><dd id="issuer">{issuer}</dd>
<dt>Tenant id</dt><dd>{}</dd>
</dl>
<p><a href="{authority}/v2.0/.well-known/openid-configuration">Discovery document</a></p>"#,
        escape(&tenant.tenant_id)
    );
    page(StatusCode::OK, &tenant.name, &main)
}

fn described(error: &Aadsts, more: &str, trail: &Trail) -> String {
    format!(
        r#"<p class="quiet">We received a bad request.</p>
<p id="error" data-code="{number}">AADSTS{number}: {message}</p>
{more}
<dl>
<dt>Trace ID</dt><dd>{trace}</dd>
<dt>Correlation ID</dt><dd>{correlation}</dd>
<dt>Timestamp</dt><dd>{timestamp}</dd>
</dl>"#,
        number = error.number,
        message = escape(&error.message),
        trace = escape(&trail.trace_id),
        correlation = escape(&trail.correlation_id),
        timestamp = escape(&trail.timestamp),
    )
}
