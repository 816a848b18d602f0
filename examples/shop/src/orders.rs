//! What the shops and the APIs sell.

use ciam_core::{AccessToken, User};
use serde::{Deserialize, Serialize};

use crate::pages::{Pages, escape};

/// An order of tea.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[allow(clippy::exhaustive_structs)] // it is read from a request
pub struct Order {
    /// Which tea.
    pub tea: String,
    /// How much of it.
    pub grams: u32,
}

/// The orders of today.
pub fn orders() -> Vec<Order> {
    let order = |tea: &str, grams| Order {
        tea: tea.to_owned(),
        grams,
    };
    vec![order("Darjeeling", 100), order("Sencha", 50)]
}

impl Pages {
    /// The page of a customer's orders, which the orders API tells. It is the shop's own
    /// here; it may be anybody's that takes the token.
    ///
    /// # Errors
    ///
    /// When the API does not answer with orders; the log says why.
    pub async fn orders(&self, user: &User, token: &AccessToken) -> Result<String, NoOrders> {
        let orders = ask(self.orders_api(), token).await.map_err(|error| {
            tracing::error!(%error, "the orders API");
            NoOrders
        })?;
        let row = |order: &Order| {
            let (tea, grams) = (escape(&order.tea), order.grams);
            format!("<li><strong>{tea}</strong><span>on its way</span>{grams} g</li>")
        };
        let rows: String = orders.iter().map(row).collect();
        let body = format!(
            "<h1>Your orders</h1><p class=\"lead\">As the orders API says, which was called with \
             your access token.</p><ul class=\"teas\" id=\"orders\">{rows}</ul>"
        );
        Ok(self.document("Your orders", Some(user), &body))
    }
}

/// The orders API did not answer.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct NoOrders;

async fn ask(api: &str, token: &AccessToken) -> Result<Vec<Order>, Box<dyn std::error::Error>> {
    let authorization = token.authorization().ok_or("the token fits no header")?;
    let request = reqwest::Client::new().get(api);
    let response = request
        .header("authorization", authorization)
        .send()
        .await?;
    let answer = response.error_for_status()?.bytes().await?;
    Ok(serde_json::from_slice(&answer)?)
}
