//! What is measured on axum.

use axum::Router;
use axum::routing::{MethodRouter, get};
use ciam_axum::{Ciam, CiamExt as _, scope};

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
    let guarded = get(fixed).route_layer(known.require(scope(SCOPE)));
    vec![
        bare("bare, repeated token", Repeated),
        bare("bare, long repeated token", RepeatedLong),
        bare("bare, every token new", New),
        by_hand("limit: repeated token", Repeated, Limit::remembering()),
        ours(
            "ours: repeated token, `Caller`",
            Repeated,
            &known,
            get(caller),
        ),
        ours("ours: repeated token, `scope`", Repeated, &known, guarded),
        ours(
            "ours: long repeated token, `Caller`",
            RepeatedLong,
            &known,
            get(caller),
        ),
        by_hand("limit: every token new", New, Limit::verifying()),
        ours(
            "ours: every token new, `Caller`",
            New,
            &forgetful,
            get(caller),
        ),
    ]
}
