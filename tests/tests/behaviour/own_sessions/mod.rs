//! The shops' page of a customer's own sessions.

pub(crate) mod ending;
pub(crate) mod refused;

use ciam_tests::honest::Honest;
use ciam_tests::visitor::{Form, Page};
use ciam_tests::{Backend, OidcShop, ShopSetup, Visitor};

/// A shop that keeps sessions in memory.
struct World {
    shop: OidcShop,
    provider: Honest,
}

impl World {
    async fn new(on: Backend) -> Self {
        Self::keeping_in(on, "memory").await
    }

    async fn keeping_in(on: Backend, store: &str) -> Self {
        let setup = ShopSetup::new(on.framework).set("CIAM_SESSION_STORE", store);
        let (shop, provider) = setup.with_honest(on.provider).await;
        Self { shop, provider }
    }

    /// Somebody at a browser of their own.
    async fn signed_in(&self, login: &str) -> Visitor {
        let mut visitor = Visitor::new();
        let page = visitor.go(self.shop.url("/account")).await;
        let page = self.provider.sign_in_as(login, &mut visitor, page).await;
        assert_eq!(page.url.path(), "/account", "{page}");
        visitor
    }

    /// The page, as a link of the account page leads to it.
    async fn list(&self, visitor: &mut Visitor) -> Page {
        let account = visitor.go(self.shop.url("/account")).await;
        let page = visitor.follow(&account, "Where you are signed in").await;
        assert_eq!(page.url.path(), "/account/sessions", "{page}");
        assert_eq!(page.header("cache-control"), Some("no-store"), "{page}");
        page
    }

    async fn is_signed_in(&self, visitor: &mut Visitor) -> bool {
        self.shop.me(visitor).await.is_some()
    }
}

/// The forms that end one session, the one used last first.
fn ends(page: &Page) -> Vec<Form> {
    let forms = page.forms().into_iter();
    let ends = forms.filter(|form| form.action.path() == "/account/sessions/end");
    ends.map(|form| form.press("End")).collect()
}

/// The form that ends the session of the visitor who sees the page, and the others.
fn own_and_others(page: &Page) -> (Form, Vec<Form>) {
    let items = page.body.split("<li>").skip(1);
    let own: Vec<_> = items.map(|item| item.contains("This one")).collect();
    let mut forms = ends(page);
    assert_eq!(own.len(), forms.len(), "{page}");
    let own = own.iter().position(|own| *own);
    let own = forms.remove(own.unwrap_or_else(|| panic!("none is this one: {page}")));
    (own, forms)
}
