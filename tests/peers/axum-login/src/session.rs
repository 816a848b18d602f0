//! tower-sessions alone: the profile is in the session, in memory, and read as a type.

use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};

use crate::profile::Profile;

pub(crate) fn router() -> Router {
    Router::new()
        .route("/me", get(me))
        .route("/login", post(login))
        .layer(SessionManagerLayer::new(MemoryStore::default()))
}

async fn me(session: Session) -> Result<String, StatusCode> {
    let profile = session.get::<Profile>(PROFILE).await;
    match profile.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)? {
        Some(profile) => Ok(profile.name),
        None => Err(StatusCode::UNAUTHORIZED),
    }
}

async fn login(session: Session, Json(profile): Json<Profile>) -> StatusCode {
    session.cycle_id().await.expect("the store is memory");
    let inserted = session.insert(PROFILE, profile).await;
    inserted.expect("the store is memory");
    StatusCode::NO_CONTENT
}

const PROFILE: &str = "profile";
