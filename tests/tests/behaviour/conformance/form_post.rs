//! `oidcc-client-formpost-basic-certification-test-plan`: the modules of the basic plan
//! with `response_mode=form_post`, and `form-post-error`.

use ciam_core::ResponseMode;
use ciam_tests::scripted::Place;
use ciam_tests::{Framework, cases};

use super::{Expect, Row, World, basic, table};

cases! {
    at Misbehaving:
        each_module_of_the_form_post_plan_ends_as_it_must,
        an_error_that_is_posted_is_shown;
}

async fn each_module_of_the_form_post_plan_ends_as_it_must(on: Framework) {
    table(on, ResponseMode::FormPost, basic::ROWS, basic::ALONE).await;
}

async fn an_error_that_is_posted_is_shown(on: Framework) {
    let mut world = World::new(on, ResponseMode::FormPost).await;
    for row in ROWS {
        world.run(row).await;
    }
    let asked = world.provider.asked(Place::Authorization);
    assert_eq!(asked.len(), ROWS.len());
    assert_eq!(
        asked[0].query("response_mode").as_deref(),
        Some("form_post")
    );
    let posted = world.visitor.history().iter();
    let posted = posted.filter(|e| e.method == http::Method::POST && e.url.query().is_none());
    assert_eq!(posted.count(), 1, "the answer came in a form");
}

pub(super) const ROWS: &[Row] = &[Row {
    module: "form-post-error",
    about: "login_required, posted",
    change: |s| s.authorization = Some(vec![("error", "login_required".to_owned())]),
    expect: Expect::Refused(400, "callback.provider", 0, 0),
}];
