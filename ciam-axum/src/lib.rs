//! Customer sign-in for axum.
