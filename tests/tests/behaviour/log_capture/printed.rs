//! What types print when a program prints them.

use ciam_core::Incoming;
use ciam_tests::scripted::Place;
use ciam_tests::{Framework, Site, cases};
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method};

use super::{HOUR, World};

cases! {
    at Misbehaving:
        nothing_that_can_be_printed_prints_a_secret;
}

async fn nothing_that_can_be_printed_prints_a_secret(on: Framework) {
    let mut world = World::new(on).await;
    assert_eq!(world.sign_in().await.url.path(), "/account");
    let cookies: Vec<_> = world.visitor.cookies();
    let cookies = cookies
        .iter()
        .map(|kept| kept.cookie.stripped().to_string());
    let cookies = cookies.collect::<Vec<_>>().join("; ");
    let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(cookies).expect("ASCII"))]);
    let issued = world.provider.issued().pop().expect("a sign-in");
    let uri = format!("/auth/callback?code=x&state={}", issued.state);
    let uri = uri.parse().expect("a path");
    let incoming = Incoming {
        method: &Method::GET,
        uri: &uri,
        headers: &headers,
    };
    world.clock.advance(13 * HOUR);
    let visit = world.site.ciam.visit(incoming).expect("a visit");
    let user = visit.user().expect("a session").expect("a user");
    let mut renewed = HeaderMap::new();
    visit.finish(&mut renewed);
    assert!(
        renewed.contains_key(SET_COOKIE),
        "the visit holds new cookies"
    );

    let base_url = world.site.url("");
    let builder = World::config(&world.provider, &world.clock)(&base_url).await;
    world.provider.close(Place::Metadata).await;
    let down = Site::start(on, World::config(&world.provider, &world.clock)).await;
    let error = down.ciam.ready().await.expect_err("nobody listens");
    let rejection = visit.require(&ciam_core::role("Admin"), incoming);
    let config = world.site.ciam.config();
    let printed = [
        (
            "Ciam",
            format!("{:?} {:#?}", world.site.ciam, world.site.ciam),
        ),
        ("Config", format!("{config:?} {config:#?}")),
        ("ConfigBuilder", format!("{builder:?} {builder:#?}")),
        ("Error", format!("{error} {error:?} {error:#?}")),
        ("Incoming", format!("{incoming:?} {incoming:#?}")),
        ("Rejection", format!("{rejection:?} {rejection:#?}")),
        ("User", format!("{user:?} {user:#?}")),
        ("Visit", format!("{visit:?} {visit:#?}")),
        ("written headers", format!("{renewed:?}")),
    ];
    let mut secrets = world.secrets();
    for cookie in renewed.get_all(SET_COOKIE) {
        let cookie = cookie.to_str().expect("ASCII");
        let value = cookie.split(['=', ';']).nth(1).expect("a value");
        secrets.add("session cookie", value);
    }
    for (name, text) in printed {
        assert!(text.len() > 4, "{name} prints {text:?}");
        let found = secrets.found_in(&text);
        assert!(found.is_empty(), "{name} prints {found:?}: {text}");
    }
}
