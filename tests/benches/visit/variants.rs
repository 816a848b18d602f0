//! What is measured.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use ciam_axum::{Ciam, CiamExt as _, Claims, MaybeUser, User, role};

use crate::cookies::Cookie::{self, Foreign, None, Session};
use crate::empty::{Empty, Given};
use crate::limit::{Limit, Limited};
use crate::support::sign_in::{NAME, Profile};
use crate::variant::{Kind, Place, Variant};

/// Everything, with the layers at one place. Peers will be variants too.
pub(crate) fn variants(place: Place, ciam: &Ciam, limit: &Limit) -> Vec<Variant> {
    let bare = |name, cookie| Variant::bare(name, cookie, router(get(fixed)));
    let empty = |name, cookie, given| {
        Variant::layered(place, name, cookie, Empty::new(given), router(get(fixed)))
    };
    let ours =
        |name, cookie, route| Variant::layered(place, name, cookie, ciam.layer(), router(route));
    let from_fn = from_fn(pass as fn(_, _) -> _);
    let admin = get(fixed).route_layer(ciam.require(role("Admin")));
    vec![
        bare("bare, no cookie", None),
        bare("bare, 5 foreign cookies", Foreign),
        bare("bare, session cookie", Session),
        empty("empty layer, no cookie", None, Given::Nothing).of_kind(Kind::Empty),
        empty("empty layer, 5 foreign cookies", Foreign, Given::Nothing).of_kind(Kind::Empty),
        empty("empty layer, session cookie", Session, Given::Nothing).of_kind(Kind::Empty),
        empty(
            "empty layer that hands on a number, no cookie",
            None,
            Given::Number,
        ),
        Variant::layered(
            place,
            "empty `from_fn`, session cookie",
            Session,
            from_fn,
            router(get(fixed)),
        ),
        Variant::layered(
            place,
            "limit",
            Cookie::Limit,
            limit.clone(),
            router(get(limited)),
        )
        .of_kind(Kind::Limit)
        .protected(),
        ours("anonymous, no cookie", None, get(fixed)),
        ours("anonymous, 5 foreign cookies", Foreign, get(fixed)),
        ours(
            "anonymous, 5 foreign cookies, `MaybeUser`",
            Foreign,
            get(maybe_user),
        )
        .saying(NOBODY),
        ours("signed in, not asked for", Session, get(fixed)),
        ours("signed in, `User`", Session, get(user)).protected(),
        ours("signed in, `MaybeUser`", Session, get(maybe_user)),
        ours("signed in, `Claims<T>`", Session, get(claims)).protected(),
        ours("signed in, `role(\"Admin\")`", Session, admin).protected(),
    ]
}

fn router(route: MethodRouter) -> Router {
    Router::new().route("/", route)
}

async fn pass(request: Request, next: Next) -> Response {
    next.run(request).await
}

async fn fixed() -> String {
    NAME.to_owned()
}

async fn limited(Limited(profile): Limited) -> String {
    profile.name
}

async fn user(user: User) -> String {
    user.name().unwrap_or_default().to_owned()
}

async fn maybe_user(user: MaybeUser) -> String {
    let name = user.as_ref().and_then(|user| user.name());
    name.unwrap_or(NOBODY).to_owned()
}

async fn claims(claims: Claims<Profile>) -> String {
    claims.0.name
}

const NOBODY: &str = "Nobody";
