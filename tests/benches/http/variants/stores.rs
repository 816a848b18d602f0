//! Visitors whose session is in a store: each server signs in its own.

use super::{
    ACTIX_BARE, ACTIX_MEMORY, ACTIX_REDIS, ACTIX_SESSION_REDIS, AXUM_BARE, AXUM_ID_LIMIT,
    AXUM_LOGIN, AXUM_MEMORY, AXUM_REDIS, Group, Program, TOWER_SESSIONS, TOWER_SESSIONS_REDIS,
    Variant,
};

pub(crate) fn variants() -> Vec<Variant> {
    let own = |id, framework, name| Variant {
        signs_in: true,
        ..Variant::ours(Group::Stores, id, framework, name)
    };
    let bare = |id, framework| Variant {
        signs_in: false,
        without: 200,
        ..own(id, framework, "bare, no cookie")
    };
    let peer = |program, id, framework, name| Variant {
        program: Program::Peer(program),
        ..own(id, framework, name)
    };
    vec![
        bare(AXUM_BARE, "axum"),
        own(AXUM_ID_LIMIT, "axum", "**limit**: session by id"),
        own(AXUM_MEMORY, "axum", "ours, memory store, `User`"),
        peer("axum-login", AXUM_LOGIN, "axum", "axum-login, memory store"),
        peer(
            "axum-login",
            TOWER_SESSIONS,
            "axum",
            "tower-sessions, memory store, typed get",
        ),
        own(AXUM_REDIS, "axum", "ours, Redis store, `User`"),
        peer(
            "axum-login",
            TOWER_SESSIONS_REDIS,
            "axum",
            "tower-sessions, Redis store, typed get",
        ),
        bare(ACTIX_BARE, "actix"),
        own(ACTIX_MEMORY, "actix", "ours, memory store, `User`"),
        own(ACTIX_REDIS, "actix", "ours, Redis store, `User`"),
        peer(
            "actix-session",
            ACTIX_SESSION_REDIS,
            "actix",
            "actix-session, Redis store, typed get",
        ),
    ]
}
