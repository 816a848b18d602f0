//! What a test asks the page in Chromium, and how it wants to be shown it.

use std::fs;
use std::path::PathBuf;

use base64_simd::STANDARD;
use serde_json::{Value, json};

use super::Browser;
use crate::workspace;

/// How a page is shown: on a wide screen unless it says otherwise.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Look {
    /// For those who like dark text on a light page.
    Light,
    /// For those who like the opposite.
    Dark,
    /// Light, in the width of a phone.
    Phone,
}

impl Look {
    /// As it is called in the names of pictures.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Phone => "phone",
        }
    }
}

/// What a script of the page got from its server.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The status, of the first answer: no redirect is followed. 0 for one.
    pub status: u16,
    /// Its `Content-Type`.
    pub content_type: String,
    /// Its body.
    pub body: String,
}

impl Browser {
    /// Runs a script in the page and gives what it returns.
    pub async fn run(&self, script: &str) -> Value {
        let result = self.client().execute(script, Vec::new()).await;
        result.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Asks the page's server as a script of the page does.
    pub async fn fetch(&self, method: &str, address: &str) -> Fetched {
        let script = "const [method, address, done] = arguments;
            fetch(address, {method, redirect: 'manual'})
                .then(async r => done([r.status, r.headers.get('content-type'), await r.text()]))
                .catch(error => done([String(error), '', '']));";
        let arguments = vec![method.into(), address.into()];
        let result = self.client().execute_async(script, arguments).await;
        let result = result.unwrap_or_else(|error| panic!("{method} {address}: {error}"));
        let status = result[0].as_u64().and_then(|n| u16::try_from(n).ok());
        let text = |n: usize| result[n].as_str().unwrap_or_default().to_owned();
        Fetched {
            status: status.unwrap_or_else(|| panic!("{method} {address}: {result}")),
            content_type: text(1),
            body: text(2),
        }
    }

    /// The status of the answer that became the page.
    pub async fn status(&self) -> u64 {
        let script = "return performance.getEntriesByType('navigation')[0].responseStatus";
        let status = self.run(script).await;
        status.as_u64().expect("a status")
    }

    /// Asks for the page again.
    pub async fn reload(&self) {
        self.client().refresh().await.expect("a page");
    }

    /// The one line that a field holds.
    pub async fn value_of(&self, selector: &str) -> String {
        let script = format!("return document.querySelector({selector:?}).value");
        let value = self.run(&script).await;
        value.as_str().expect("a field").to_owned()
    }

    /// Shows this page and all that follow in another way.
    pub async fn show(&self, look: Look) {
        let scheme = if look == Look::Dark { "dark" } else { "light" };
        let (width, height) = if look == Look::Phone {
            (390, 844)
        } else {
            (1280, 800)
        };
        let feature = json!({"name": "prefers-color-scheme", "value": scheme});
        self.devtools("Emulation.setEmulatedMedia", json!({"features": [feature]}))
            .await;
        let size = json!({
            "width": width,
            "height": height,
            "deviceScaleFactor": 1,
            "mobile": look == Look::Phone,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", size)
            .await;
    }

    /// Saves a picture of the whole page, however long it is, as
    /// `target/screenshots/NAME.png`.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        let answer = self
            .devtools(
                "Page.captureScreenshot",
                json!({"captureBeyondViewport": true}),
            )
            .await;
        let data = answer["data"].as_str().expect("a picture");
        let picture = STANDARD.decode_to_vec(data).expect("base64");
        let directory = workspace().join("target/screenshots");
        fs::create_dir_all(&directory).expect("a directory");
        let file = directory.join(format!("{name}.png"));
        fs::write(&file, picture).expect("a file");
        file
    }

    /// What the page printed on its console since the last call: refused
    /// scripts and styles are there.
    pub async fn console(&self) -> Vec<String> {
        let lines = self.issue("se/log", json!({"type": "browser"})).await;
        let lines = lines.as_array().cloned().unwrap_or_default();
        lines
            .iter()
            .filter_map(|line| line["message"].as_str().map(str::to_owned))
            .collect()
    }

    /// Fails when a page so far printed anything on its console: a refused
    /// style or script, a missing icon, an error.
    ///
    /// Chromium also prints every answer that is an error; those a test provoked
    /// are named by a part of their address and their status, and must be there.
    pub async fn console_is_clean_but_for(&self, provoked: &[(&str, u16)]) {
        let mut lines = self.console().await;
        for (address, status) in provoked {
            let words = format!("status of {status} ");
            let before = lines.len();
            lines.retain(|line| !(line.contains(&words) && line.contains(address)));
            assert!(
                lines.len() < before,
                "nothing about {address} and {status} in {lines:#?}"
            );
        }
        assert!(lines.is_empty(), "on the console: {lines:#?}");
    }
}
