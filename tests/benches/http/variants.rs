//! What is measured.

use crate::api::tokens::APPLICATION;
use crate::apps::NOBODY;
use crate::apps::limit::Limit;
use crate::apps::session::Session;
use crate::browser::Credentials;
use crate::support::sign_in::NAME;

pub(crate) struct Variant {
    /// What the program is asked to serve.
    pub(crate) id: &'static str,
    pub(crate) framework: &'static str,
    pub(crate) name: &'static str,
    pub(crate) program: Program,
    /// What is made in process; a peer with sessions gives its own at sign-in.
    pub(crate) credentials: Option<Credentials>,
    pub(crate) signs_in: bool,
    /// What a visitor with those reads.
    pub(crate) says: &'static str,
    /// The status that a visitor without any gets.
    pub(crate) without: u16,
}

#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Program {
    Ours,
    /// A server on Node in `tests/peers`.
    Node(&'static str),
    /// A crate in `tests/peers`.
    Peer(&'static str),
}

pub(crate) fn variants(session: &Session, limit: &Limit, token: &str) -> Vec<Variant> {
    let mut variants = of_sessions(session, limit);
    variants.extend(of_callers(token));
    variants
}

/// Of visitors with a session.
fn of_sessions(session: &Session, limit: &Limit) -> Vec<Variant> {
    let own = |id: &'static str, framework, name, cookie: Option<&String>| Variant {
        id,
        framework,
        name,
        program: Program::Ours,
        credentials: cookie.map(|cookie| ("Cookie", cookie.clone())),
        signs_in: false,
        says: NAME,
        without: 401,
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
        peer(
            "axum-login",
            "axum-login",
            "axum",
            "axum-login, memory store",
        ),
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

/// Of callers with a token, always the same.
fn of_callers(token: &str) -> Vec<Variant> {
    let own = |id, framework, name| Variant {
        id,
        framework,
        name,
        program: Program::Ours,
        credentials: Some(("Authorization", token.to_owned())),
        signs_in: false,
        says: APPLICATION,
        without: 401,
    };
    let bare = |id, framework| Variant {
        without: 200,
        ..own(id, framework, "bare, token")
    };
    let peer = |program, id, framework, name| Variant {
        program: Program::Peer(program),
        ..own(id, framework, name)
    };
    let node = |id, name| Variant {
        program: Program::Node("node-jose"),
        ..own(id, "node", name)
    };
    vec![
        bare("axum-bare-token", "axum"),
        own("axum-limit-token", "axum", "**limit**: repeated token"),
        own(AXUM_CALLER, "axum", "ours: repeated token, `Caller`"),
        own("axum-scope", "axum", "ours: repeated token, `scope`"),
        peer("axum-jwks", "axum-jwks", "axum", "axum-jwks"),
        peer(
            "axum-jwks",
            "tower-oauth2",
            "axum",
            "tower-oauth2-resource-server, aws-lc-rs",
        ),
        peer(
            "jwt-authorizer",
            "jwt-authorizer",
            "axum",
            "jwt-authorizer, on axum 0.7",
        ),
        bare("actix-bare-token", "actix"),
        own("actix-limit-token", "actix", "**limit**: repeated token"),
        own(ACTIX_CALLER, "actix", "ours: repeated token, `Caller`"),
        own("actix-scope", "actix", "ours: repeated token, `scope`"),
        peer(
            "actix-4-jwt-auth",
            "actix-4-jwt-auth",
            "actix",
            "actix-4-jwt-auth",
        ),
        Variant {
            credentials: None,
            without: 200,
            ..node(NODE_BARE, "bare, no token")
        },
        node("node-jose", "jose"),
    ]
}

pub(crate) const AXUM_BARE: &str = "axum-bare";
pub(crate) const AXUM_LIMIT: &str = "axum-limit";
pub(crate) const AXUM_USER: &str = "axum-user";
pub(crate) const AXUM_CLAIMS: &str = "axum-claims";
pub(crate) const TOWER_SESSIONS: &str = "tower-sessions";
pub(crate) const ACTIX_BARE: &str = "actix-bare";
pub(crate) const ACTIX_LIMIT: &str = "actix-limit";
pub(crate) const ACTIX_USER: &str = "actix-user";
pub(crate) const ACTIX_CLAIMS: &str = "actix-claims";
pub(crate) const ACTIX_SESSION: &str = "actix-session";
pub(crate) const AXUM_CALLER: &str = "axum-caller";
pub(crate) const ACTIX_CALLER: &str = "actix-caller";
pub(crate) const NODE_BARE: &str = "node-bare";
