//! What is measured on actix.

use actix_web::web::get;
use actix_web::{App, Route};
use ciam_actix::{Ciam, CiamExt as _, scope};
use tokio::runtime::Runtime;

use crate::api::limit::Limit;
use crate::api::on_actix::{caller, fixed, limited};
use crate::api::tokens::{SCOPE, ciam, forgetful_ciam};
use crate::on_axum::{BARE, BARE_NEW, GUARDED, LONG, NEW, REPEATED};
use crate::support::subject::on_actix;
use crate::variant::Token::{New, Repeated, RepeatedLong};
use crate::variant::Variant;

pub(crate) fn variants(runtime: &Runtime) -> Vec<Variant> {
    let bare = |name, token| {
        let app = App::new().route("/", get().to(fixed));
        Variant::new(name, token, on_actix(runtime, app)).bare()
    };
    let by_hand = |name, token, limit: Limit| {
        let app = App::new().app_data(limit).route("/", get().to(limited));
        Variant::new(name, token, on_actix(runtime, app))
    };
    let ours = |name, token, ciam: &Ciam, route: Route| {
        let app = App::new().route("/", route).wrap(ciam.layer());
        Variant::new(name, token, on_actix(runtime, app))
    };
    let caller = || get().to(caller);
    let (known, forgetful) = (ciam(), forgetful_ciam());
    let guarded = get().to(fixed).wrap(known.require(scope(SCOPE)));
    vec![
        bare(BARE, Repeated),
        bare("bare, long repeated token", RepeatedLong),
        bare(BARE_NEW, New),
        by_hand("limit: repeated token", Repeated, Limit::remembering()),
        ours(REPEATED, Repeated, &known, caller()),
        ours(GUARDED, Repeated, &known, guarded),
        ours(LONG, RepeatedLong, &known, caller()),
        by_hand("limit: every token new", New, Limit::verifying()),
        ours(NEW, New, &forgetful, caller()),
    ]
}
