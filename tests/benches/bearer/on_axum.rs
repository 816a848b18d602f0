//! What is measured on axum.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use ciam_axum::{Ciam, CiamExt as _, scope};
use tower::Layer as _;

use crate::api::limit::Limit;
use crate::api::on_axum::{caller, fixed, limited};
use crate::api::tokens::{SCOPE, ciam, forgetful_ciam};
use crate::support::subject::OnAxum;
use crate::variant::Token::{self, New, Repeated, RepeatedLong};
use crate::variant::Variant;

pub(crate) fn variants() -> Vec<Variant> {
    let variant = |name, token, router| Variant::new(name, token, Box::new(OnAxum(router)));
    let bare = |name, token| {
        let router = Router::new().route("/", get(fixed));
        variant(name, token, router).bare()
    };
    let by_hand = |name, token: Token, limit| {
        let router = Router::new().route("/", get(limited)).with_state(limit);
        variant(name, token, router)
    };
    let ours = |name, token, ciam: &Ciam, route: MethodRouter| {
        let router = Router::new().route("/", route).layer(ciam.layer());
        variant(name, token, router)
    };
    let (known, forgetful) = (ciam(), forgetful_ciam());
    let router = || Router::new().route("/", get(caller));
    let around = Box::new(OnAxum(known.layer().layer(router())));
    let empty = Router::new().route("/", get(fixed)).layer(from_fn(pass));
    let guarded = get(fixed).route_layer(known.require(scope(SCOPE)));
    vec![
        bare(BARE, Repeated),
        bare("bare, long repeated token", RepeatedLong),
        bare(BARE_NEW, New),
        by_hand("limit: repeated token", Repeated, Limit::remembering()),
        variant("empty `from_fn`, repeated token", Repeated, empty).passing(),
        Variant::new(AROUND, Repeated, around),
        ours(REPEATED, Repeated, &known, get(caller)),
        ours(GUARDED, Repeated, &known, guarded),
        ours(LONG, RepeatedLong, &known, get(caller)),
        by_hand("limit: every token new", New, Limit::verifying()),
        ours(NEW, New, &forgetful, get(caller)),
    ]
}

async fn pass(request: Request, next: Next) -> Response {
    next.run(request).await
}

pub(crate) const AROUND: &str = "ours around the router: repeated token, `Caller`";

// On actix too.
pub(crate) const BARE: &str = "bare, repeated token";
pub(crate) const BARE_NEW: &str = "bare, every token new";
pub(crate) const REPEATED: &str = "ours: repeated token, `Caller`";
pub(crate) const GUARDED: &str = "ours: repeated token, `scope`";
pub(crate) const LONG: &str = "ours: long repeated token, `Caller`";
pub(crate) const NEW: &str = "ours: every token new, `Caller`";
