//! `oidcc-client-logout-test-plan`: its modules but session management. The sites have a
//! store, and a second browser whose session began in the same one at the provider.

use ciam_tests::scripted::{LOGOUT_ROWS, LogoutToken, Place, Script};
use ciam_tests::visitor::Page;
use ciam_tests::{Framework, Store, Visitor, cases};
use serde_json::json;

use super::super::provider_failures::World;
use super::super::sign_in::button;
use super::super::sign_out::{signed_in, who, world};
use super::{Plan, Row};
use ciam_core::ResponseMode;

cases! {
    at Misbehaving: each_module_of_the_sign_out_plan_ends_as_it_must;
}

async fn each_module_of_the_sign_out_plan_ends_as_it_must(on: Framework) {
    PLAN.run(on).await;
}

pub(super) const PLAN: Plan = Plan {
    mode: ResponseMode::Query,
    base: |_, _| {},
    rows: ROWS,
};

const ROWS: &[Row] = &[
    Row::case(
        "rp-init-logout",
        "both channels at once, and back with the state",
        |on, _| Box::pin(rp_init_logout(on)),
    ),
    Row::case("rp-init-logout-other-state", "another state", |on, _| {
        Box::pin(rp_init_logout_with_state(on, |_| {
            Some("another".to_owned())
        }))
    }),
    Row::case("rp-init-logout-no-state", "no state", |on, _| {
        Box::pin(rp_init_logout_with_state(on, |_| None))
    }),
    backchannel("rp-backchannel-rpinitlogout", |on, _| {
        Box::pin(rp_backchannel(on, "rp-backchannel-rpinitlogout", ""))
    }),
    backchannel("rp-backchannel-rpinitlogout-alg-none", |on, _| {
        let module = "rp-backchannel-rpinitlogout-alg-none";
        Box::pin(rp_backchannel(on, module, "token.alg_none"))
    }),
    backchannel("rp-backchannel-rpinitlogout-wrong-alg", |on, _| {
        let module = "rp-backchannel-rpinitlogout-wrong-alg";
        Box::pin(rp_backchannel(on, module, "token.alg_mismatch"))
    }),
    backchannel("rp-backchannel-rpinitlogout-wrong-aud", |on, _| {
        let module = "rp-backchannel-rpinitlogout-wrong-aud";
        Box::pin(rp_backchannel(on, module, "token.audience"))
    }),
    backchannel("rp-backchannel-rpinitlogout-wrong-iss", |on, _| {
        let module = "rp-backchannel-rpinitlogout-wrong-iss";
        Box::pin(rp_backchannel(on, module, "token.issuer"))
    }),
    backchannel("rp-backchannel-rpinitlogout-no-event", |on, _| {
        let module = "rp-backchannel-rpinitlogout-no-event";
        Box::pin(rp_backchannel(on, module, "token.event_missing"))
    }),
    backchannel("rp-backchannel-rpinitlogout-wrong-event", |on, _| {
        let module = "rp-backchannel-rpinitlogout-wrong-event";
        Box::pin(rp_backchannel(on, module, "token.event_missing"))
    }),
    backchannel("rp-backchannel-rpinitlogout-with-nonce", |on, _| {
        let module = "rp-backchannel-rpinitlogout-with-nonce";
        Box::pin(rp_backchannel(on, module, "token.nonce_unexpected"))
    }),
    Row::case(
        "rp-frontchannel-rpinitlogout",
        "a frame on the way",
        |on, _| Box::pin(rp_frontchannel(on)),
    ),
    Row::case(
        "rp-frontchannel-opinitlogout",
        "a frame, and nobody signed out here",
        |on, _| Box::pin(op_frontchannel(on)),
    ),
];

const fn backchannel(module: &'static str, case: super::Case) -> Row {
    Row::case(module, "a logout token during the sign-out", case)
}

/// A visitor who is going to sign out, and another browser in the same session there.
struct Leaving {
    world: World,
    visitor: Visitor,
    bystander: Visitor,
}

impl Leaving {
    async fn new(on: Framework, change: impl FnOnce(&mut Script, &World)) -> Self {
        let mut world = world(on, Store::Memory).await;
        world.provider.publish_rsa();
        // One session for all, with the odd characters of the suite's.
        let odd = json!({"sid": " !\"#$%&'()*+,/:;<=>?@[\\]^`{|}~"});
        let odd = odd.as_object().cloned().expect("members");
        world.provider.script(|script| {
            script.claims = odd;
            change(script, &world);
        });
        let bystander = signed_in(&mut world, "the bystander").await;
        let visitor = signed_in(&mut world, "the visitor").await;
        Self {
            world,
            visitor,
            bystander,
        }
    }

    /// Presses the button of the site's own page.
    async fn sign_out(&mut self) -> Page {
        let home = self.visitor.go(self.world.site.url("/")).await;
        assert_ne!(home.body, "nobody");
        self.visitor.submit(&button(&home, "/auth/logout")).await
    }

    /// The state that the provider was sent with the sign-out.
    fn sent_state(&self) -> String {
        let asked = self.world.provider.asked(Place::EndSession);
        let asked = asked.last().expect("it was asked");
        let back = self.world.site.url("/auth/signed-out");
        assert_eq!(asked.query("post_logout_redirect_uri"), Some(back));
        assert!(asked.query("id_token_hint").is_some());
        asked.query("state").expect("a state")
    }

    async fn expect_signed_out(&mut self, page: &Page, state: Option<&str>) {
        assert_eq!(page.status, 200, "{page}");
        assert_eq!(page.url.path(), "/auth/signed-out", "{page}");
        assert_eq!(page.query("state").as_deref(), state, "{page}");
        assert!(page.text().contains("You are signed out"), "{page}");
        assert_eq!(self.visitor.cookies().len(), 0, "nothing is left");
        assert_eq!(who(&self.world, &mut self.visitor).await, "nobody");
    }

    async fn expect_bystander(&mut self, stays: bool, context: &str) {
        let found = who(&self.world, &mut self.bystander).await;
        assert_eq!(found != "nobody", stays, "{context}: {found}");
    }
}

fn over_the_back_channel(script: &mut Script, world: &World) {
    script.backchannel_logout_uri = Some(world.site.url("/auth/backchannel-logout"));
}

fn in_a_frame(script: &mut Script, world: &World) {
    script.frontchannel_logout_uri = Some(world.site.url("/auth/frontchannel-logout"));
}

async fn rp_init_logout(on: Framework) {
    let mut leaving = Leaving::new(on, |script, world| {
        over_the_back_channel(script, world);
        in_a_frame(script, world);
    })
    .await;
    let page = leaving.sign_out().await;
    let frames = leaving.visitor.load_frames(&page).await;
    assert_eq!(frames[0].status, 200, "{}", frames[0]);
    let page = leaving.visitor.follow(&page, "Continue").await;
    let state = leaving.sent_state();
    leaving.expect_signed_out(&page, Some(&state)).await;
    assert_eq!(leaving.world.provider.notified()[0].status, 200);
    leaving.expect_bystander(false, "it was told twice").await;
}

async fn rp_init_logout_with_state(on: Framework, state: fn(&str) -> Option<String>) {
    let mut leaving = Leaving::new(on, |script, world| {
        over_the_back_channel(script, world);
        script.logout_state = Some(state);
    })
    .await;
    let page = leaving.sign_out().await;
    let sent = leaving.sent_state();
    assert!(sent.len() >= 22, "{sent}");
    let expected = state(&sent);
    leaving.expect_signed_out(&page, expected.as_deref()).await;
}

/// `code` is empty where the token is good.
async fn rp_backchannel(on: Framework, module: &'static str, code: &'static str) {
    let row = LOGOUT_ROWS.iter().find(|row| row.module == module);
    let change: fn(&mut LogoutToken) = row.expect("the row of this module").change;
    let mut leaving = Leaving::new(on, |script, world| {
        over_the_back_channel(script, world);
        script.logout_fault = Some(change);
    })
    .await;
    let page = leaving.sign_out().await;
    let [answer] = &*leaving.world.provider.notified() else {
        panic!("{module}: one token was sent");
    };
    assert_eq!(answer.headers["cache-control"], "no-store", "{module}");
    if code.is_empty() {
        assert_eq!((answer.status, &*answer.body), (200, ""), "{module}");
    } else {
        assert_eq!(answer.status, 400, "{module}: {answer:?}");
        assert!(answer.body.contains(code), "{module}: {answer:?}");
    }
    let state = leaving.sent_state();
    leaving.expect_signed_out(&page, Some(&state)).await;
    leaving.expect_bystander(!code.is_empty(), module).await;
}

async fn rp_frontchannel(on: Framework) {
    let mut leaving = Leaving::new(on, in_a_frame).await;
    let page = leaving.sign_out().await;
    let frames = leaving.visitor.load_frames(&page).await;
    expect_frame(&frames);
    let page = leaving.visitor.follow(&page, "Continue").await;
    let state = leaving.sent_state();
    leaving.expect_signed_out(&page, Some(&state)).await;
    leaving.expect_bystander(false, "it was told").await;
}

async fn op_frontchannel(on: Framework) {
    let mut leaving = Leaving::new(on, in_a_frame).await;
    let end = leaving.world.provider.url(Place::EndSession);
    let page = leaving.visitor.go(format!("{end}?client_id=shop")).await;
    let frames = leaving.visitor.load_frames(&page).await;
    expect_frame(&frames);
    let visitor = who(&leaving.world, &mut leaving.visitor).await;
    assert_eq!(visitor, "nobody", "the visitor's own session too");
    leaving.expect_bystander(false, "it was told").await;
}

fn expect_frame(frames: &[Page]) {
    let [frame] = frames else {
        panic!("one frame: {frames:?}");
    };
    assert_eq!(frame.status, 200, "{frame}");
    assert!(frame.query("iss").is_some() && frame.query("sid").is_some());
    assert_eq!(frame.header("x-frame-options"), None, "{frame}");
    assert_eq!(frame.header("cache-control"), Some("no-store"), "{frame}");
}
