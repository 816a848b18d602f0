//! Callers with a token, which is always the same.

use super::{
    ACTIX_BARE_TOKEN, ACTIX_CALLER, ACTIX_JWT_AUTH, AXUM_BARE_TOKEN, AXUM_CALLER, AXUM_JWKS, Group,
    JWT_AUTHORIZER, NODE_BARE, NODE_JOSE, Program, TOWER_OAUTH2, Variant,
};
use crate::api::access::APPLICATION;
use crate::api::tokens::{forged, of_another_api, repeated};

pub(crate) fn variants() -> Vec<Variant> {
    let token = repeated();
    let refused = [
        ("another signature", forged(&token)),
        ("a token for another API", of_another_api()),
    ];
    let refused = refused.map(|(what, token)| (what, ("Authorization", token)));
    let bare = |id, framework| Variant {
        credentials: Some(("Authorization", token.clone())),
        says: APPLICATION,
        without: 200,
        ..Variant::ours(Group::Callers, id, framework, "bare")
    };
    let own = |id, framework, name| Variant {
        name,
        refused: refused.to_vec(),
        without: 401,
        ..bare(id, framework)
    };
    let peer = |program, id, framework, name| Variant {
        program: Program::Peer(program),
        ..own(id, framework, name)
    };
    vec![
        bare(AXUM_BARE_TOKEN, "axum"),
        own("axum-limit-token", "axum", "**limit**"),
        own(AXUM_CALLER, "axum", "ours, `Caller`"),
        own("axum-scope", "axum", "ours, `scope`"),
        peer("axum-jwks", AXUM_JWKS, "axum", "axum-jwks"),
        peer(
            "axum-jwks",
            TOWER_OAUTH2,
            "axum",
            "tower-oauth2-resource-server",
        ),
        peer("jwt-authorizer", JWT_AUTHORIZER, "axum", "jwt-authorizer"),
        bare(ACTIX_BARE_TOKEN, "actix"),
        own("actix-limit-token", "actix", "**limit**"),
        own(ACTIX_CALLER, "actix", "ours, `Caller`"),
        own("actix-scope", "actix", "ours, `scope`"),
        peer(
            "actix-4-jwt-auth",
            ACTIX_JWT_AUTH,
            "actix",
            "actix-4-jwt-auth",
        ),
        Variant {
            program: Program::Node("node-jose"),
            ..bare(NODE_BARE, "node")
        },
        Variant {
            program: Program::Node("node-jose"),
            ..own(NODE_JOSE, "node", "jose")
        },
    ]
}
