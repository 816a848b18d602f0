//! axum-login: the session holds the user's id, and the users are in memory.
//!
//! Each request looks the user up and copies it, as it would with a database, which here
//! costs a lock and nothing else.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, RwLock};

use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use axum_login::tower_sessions::SessionManagerLayer;
use axum_login::{AuthManagerLayerBuilder, AuthSession, AuthUser, AuthnBackend};
use tower_sessions::MemoryStore;

use crate::profile::Profile;

pub(crate) fn router() -> Router {
    let sessions = SessionManagerLayer::new(MemoryStore::default());
    let layer = AuthManagerLayerBuilder::new(Users::default(), sessions).build();
    Router::new()
        .route("/me", get(me))
        .route("/login", post(login))
        .layer(layer)
}

async fn me(session: AuthSession<Users>) -> Result<String, StatusCode> {
    let user = session.user.ok_or(StatusCode::UNAUTHORIZED)?;
    Ok(user.name)
}

async fn login(mut session: AuthSession<Users>, Json(profile): Json<Profile>) -> StatusCode {
    let Ok(user) = session.authenticate(profile).await else {
        return StatusCode::INTERNAL_SERVER_ERROR;
    };
    let user = user.expect("everybody may");
    session.login(&user).await.expect("the store is memory");
    StatusCode::NO_CONTENT
}

/// As little as a user can be.
#[derive(Clone, Debug)]
struct User {
    id: String,
    name: String,
    /// Ends the sessions of a user when it changes, as a password's hash does.
    stamp: [u8; 32],
}

impl AuthUser for User {
    type Id = String;

    fn id(&self) -> String {
        self.id.clone()
    }

    fn session_auth_hash(&self) -> &[u8] {
        &self.stamp
    }
}

#[derive(Clone, Debug, Default)]
struct Users(Arc<RwLock<HashMap<String, User>>>);

impl AuthnBackend for Users {
    type User = User;
    type Credentials = Profile;
    type Error = Infallible;

    async fn authenticate(&self, profile: Profile) -> Result<Option<User>, Infallible> {
        let user = User {
            id: profile.oid,
            name: profile.name,
            stamp: [7; 32],
        };
        let mut users = self.0.write().expect("nobody panics");
        users.insert(user.id.clone(), user.clone());
        Ok(Some(user))
    }

    async fn get_user(&self, id: &String) -> Result<Option<User>, Infallible> {
        let users = self.0.read().expect("nobody panics");
        Ok(users.get(id).cloned())
    }
}
