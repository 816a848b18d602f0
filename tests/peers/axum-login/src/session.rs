//! tower-sessions alone: the profile is in the session, in memory or in Redis, and read as
//! a type.

use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use tower_sessions::{Session, SessionManagerLayer, SessionStore};
use tower_sessions_redis_store::RedisStore;
use tower_sessions_redis_store::fred::prelude::{ClientLike as _, Config, Pool};

use crate::profile::Profile;

/// As its documentation shows it, with one connection.
pub(crate) async fn redis(address: &str) -> RedisStore<Pool> {
    let config = Config::from_url(address).expect("an address of Redis");
    let pool = Pool::new(config, None, None, None, 1).expect("a pool");
    pool.connect();
    pool.wait_for_connect().await.expect("Redis answers");
    RedisStore::new(pool)
}

pub(crate) fn router(store: impl SessionStore + Clone) -> Router {
    Router::new()
        .route("/me", get(me))
        .route("/login", post(login))
        .layer(SessionManagerLayer::new(store))
}

async fn me(session: Session) -> Result<String, StatusCode> {
    let profile = session.get::<Profile>(PROFILE).await;
    match profile.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)? {
        Some(profile) => Ok(profile.name),
        None => Err(StatusCode::UNAUTHORIZED),
    }
}

async fn login(session: Session, Json(profile): Json<Profile>) -> StatusCode {
    session.cycle_id().await.expect("the store answers");
    let inserted = session.insert(PROFILE, profile).await;
    inserted.expect("the store answers");
    StatusCode::NO_CONTENT
}

const PROFILE: &str = "profile";
