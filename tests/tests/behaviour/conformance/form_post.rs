//! `oidcc-client-formpost-basic-certification-test-plan`: the modules of the basic plan
//! with `response_mode=form_post`, and `form-post-error`.

use std::time::Duration;

use ciam_core::ResponseMode;
use ciam_tests::scripted::Place;
use ciam_tests::{Framework, cases};
use serde_json::json;

use super::world::World;
use super::{Plan, Row, answer, basic, set, signed_in};

cases! {
    at Misbehaving:
        each_module_of_the_form_post_plan_ends_as_it_must,
        an_error_that_is_posted_is_shown;
}

async fn each_module_of_the_form_post_plan_ends_as_it_must(on: Framework) {
    PLAN.run(on).await;
}

async fn an_error_that_is_posted_is_shown(on: Framework) {
    ERROR.run(on).await;
}

pub(super) const PLAN: Plan = Plan {
    mode: ResponseMode::FormPost,
    base: |_, _| {},
    rows: basic::ROWS,
};

/// Of the comprehensive plan.
pub(super) const ERROR: Plan = Plan {
    mode: ResponseMode::FormPost,
    base: |_, _| {},
    rows: &[Row::case(
        "form-post-error",
        "max_age=0 and prompt=none are asked for; login_required is posted",
        |on, plan| Box::pin(form_post_error(on, plan)),
    )],
};

async fn form_post_error(on: Framework, plan: Plan) {
    let mut world = World::with(on, plan, |config| config.with_max_age(Duration::ZERO)).await;
    world.login = "/auth/login?return_to=%2Faccount&prompt=none";
    let login_required = vec![("error", "login_required".to_owned())];
    world
        .login(
            "form-post-error",
            |s, _| s.authorization = Some(login_required),
            answer(400, "callback.provider"),
        )
        .await;
    expect_asked(&world);
    // The same request where somebody is signed in at the provider, just now.
    world
        .login(
            "form-post-error, without the error",
            |s, scene| set(&mut s.claims, json!({"auth_time": scene.now})),
            signed_in(|said| said.claims["auth_time"] == said.scene.now),
        )
        .await;
    expect_asked(&world);
}

fn expect_asked(world: &World) {
    let asked = world.asked(Place::Authorization);
    assert_eq!(asked.query("prompt").as_deref(), Some("none"));
    assert_eq!(asked.query("max_age").as_deref(), Some("0"));
}
