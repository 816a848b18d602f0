//! What the applications do, on every framework and against every kind of provider.
//!
//! `cargo test -p ciam-tests --test behaviour two_tabs` runs the cases with that name;
//! the table at the end says what ran where.

mod bearer;
mod browser;
mod conformance;
mod customer_tenant;
mod instances;
mod known_flaws;
mod log_capture;
mod oidc_provider;
mod own_sessions;
mod provider_failures;
mod routers;
mod sign_in;
mod sign_out;
mod tokens;

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(ended) = instances::process::serve_if_told() {
        return ended;
    }
    ciam_tests::suite::run(&[
        bearer::apis::CASES,
        bearer::callers::CASES,
        bearer::claims::CASES,
        bearer::credentials::CASES,
        bearer::cross_origin::CASES,
        bearer::customer_tenant::CASES,
        bearer::keys::CASES,
        bearer::metadata::CASES,
        bearer::sessions::CASES,
        bearer::signatures::CASES,
        bearer::step_up::CASES,
        browser::cookies::CASES,
        browser::cross_site::CASES,
        browser::history::CASES,
        browser::journey::CASES,
        browser::looks::CASES,
        browser::sessions::CASES,
        browser::starting::CASES,
        conformance::basic::CASES,
        conformance::comprehensive::CASES,
        conformance::config::CASES,
        conformance::form_post::CASES,
        conformance::names::CASES,
        conformance::plain_oauth::CASES,
        conformance::sign_out::CASES,
        customer_tenant::forms::CASES,
        customer_tenant::refused::CASES,
        instances::sharing::CASES,
        instances::shops::CASES,
        instances::trouble::CASES,
        known_flaws::answers::CASES,
        known_flaws::checklists::CASES,
        known_flaws::cookie_values::CASES,
        known_flaws::links::CASES,
        known_flaws::return_to::CASES,
        known_flaws::routes::CASES,
        known_flaws::session::CASES,
        known_flaws::sign_out::CASES,
        known_flaws::tokens::CASES,
        known_flaws::transaction::CASES,
        known_flaws::users::CASES,
        log_capture::failures::CASES,
        log_capture::printed::CASES,
        log_capture::stores::CASES,
        log_capture::tokens::CASES,
        log_capture::visits::CASES,
        oidc_provider::addresses::CASES,
        oidc_provider::keys::CASES,
        oidc_provider::large_sessions::CASES,
        oidc_provider::matrix::CASES,
        oidc_provider::outage::CASES,
        oidc_provider::userinfo::CASES,
        own_sessions::ending::CASES,
        own_sessions::refused::CASES,
        provider_failures::bodies::CASES,
        provider_failures::budget::CASES,
        provider_failures::faults::CASES,
        provider_failures::oversized::CASES,
        provider_failures::wild::CASES,
        routers::answers::CASES,
        routers::extractors::CASES,
        routers::guards::CASES,
        routers::nesting::CASES,
        routers::store_failure::CASES,
        routers::workers::CASES,
        sign_in::addresses::CASES,
        sign_in::callback::CASES,
        sign_in::changed::CASES,
        sign_in::hints::CASES,
        sign_in::journey::CASES,
        sign_in::keys::CASES,
        sign_in::large_sessions::CASES,
        sign_in::outage::CASES,
        sign_in::planted::CASES,
        sign_in::sessions::CASES,
        sign_in::sign_out::CASES,
        sign_out::backchannel::CASES,
        sign_out::browser::CASES,
        sign_out::frontchannel::CASES,
        sign_out::honest::CASES,
        sign_out::outage::CASES,
        tokens::answers::CASES,
        tokens::apis::CASES,
        tokens::renewal::CASES,
        tokens::waiting::CASES,
    ])
}
