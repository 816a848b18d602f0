//! Visitors with a session.

use super::{
    ACTIX_BARE, ACTIX_CLAIMS, ACTIX_LIMIT, ACTIX_SESSION, ACTIX_USER, AXUM_BARE, AXUM_CLAIMS,
    AXUM_LIMIT, AXUM_LOGIN, AXUM_USER, Group, Program, TOWER_SESSIONS, Variant,
};
use crate::apps::NOBODY;
use crate::apps::limit::Limit;
use crate::apps::session::Session;

pub(crate) fn variants(session: &Session, limit: &Limit) -> Vec<Variant> {
    let own = |id, framework, name, cookie: Option<&String>| Variant {
        credentials: cookie.map(|cookie| ("Cookie", cookie.clone())),
        ..Variant::ours(Group::Sessions, id, framework, name)
    };
    let peer = |program, id, framework, name| Variant {
        program: Program::Peer(program),
        signs_in: true,
        ..own(id, framework, name, None)
    };
    let bare = |id, framework, name, cookie| Variant {
        without: 200,
        ..own(id, framework, name, cookie)
    };
    let anonymous = |id, framework| Variant {
        says: NOBODY,
        without: 200,
        ..own(id, framework, "ours: anonymous, `MaybeUser`", None)
    };
    let limit_cookie = session.limit_cookie(limit);
    let limit = |id, framework| own(id, framework, "**limit**", Some(&limit_cookie));
    let ours = |id, framework, name| own(id, framework, name, Some(&session.cookie));
    vec![
        bare(AXUM_BARE, "axum", "bare, no cookie", None),
        bare(
            "axum-bare-cookie",
            "axum",
            "bare, session cookie",
            Some(&session.cookie),
        ),
        limit(AXUM_LIMIT, "axum"),
        anonymous("axum-anonymous", "axum"),
        ours(AXUM_USER, "axum", "ours: signed in, `User`"),
        ours(AXUM_CLAIMS, "axum", "ours: signed in, `Claims<T>`"),
        peer("axum-login", AXUM_LOGIN, "axum", "axum-login, memory store"),
        peer(
            "axum-login",
            TOWER_SESSIONS,
            "axum",
            "tower-sessions, memory store, typed get",
        ),
        bare(ACTIX_BARE, "actix", "bare, no cookie", None),
        bare(
            "actix-bare-cookie",
            "actix",
            "bare, session cookie",
            Some(&session.cookie),
        ),
        limit(ACTIX_LIMIT, "actix"),
        anonymous("actix-anonymous", "actix"),
        ours(ACTIX_USER, "actix", "ours: signed in, `User`"),
        ours(ACTIX_CLAIMS, "actix", "ours: signed in, `Claims<T>`"),
        peer(
            "actix-session",
            ACTIX_SESSION,
            "actix",
            "actix-session, encrypted cookie, typed get",
        ),
    ]
}
