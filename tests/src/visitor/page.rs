//! What the visitor got: an answer, its forms and its links.

use std::fmt;

use html5gum::Token;
use http::header::LOCATION;
use http::{HeaderMap, Method, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;

use super::form::Form;
use super::html::{attribute, is, tokens, utf8};

/// One answer.
#[derive(Clone, Debug)]
pub struct Page {
    /// Where it came from.
    pub url: Url,
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, as text.
    pub body: String,
}

impl Page {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Where a redirect leads to.
    pub fn location(&self) -> Option<Url> {
        let location = self.headers.get(LOCATION)?.to_str().ok()?;
        self.url.join(location).ok()
    }

    /// A parameter of its address's query.
    pub fn query(&self, name: &str) -> Option<String> {
        query(&self.url, name)
    }

    /// The body as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error} in {}", self.url, self.body))
    }

    /// The text a reader sees, its white space collapsed.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut hidden = 0_usize;
        for token in tokens(&self.body) {
            match token {
                Token::StartTag(tag) if HIDDEN.iter().any(|name| is(&tag.name, name)) => {
                    hidden += 1;
                }
                Token::EndTag(tag) if HIDDEN.iter().any(|name| is(&tag.name, name)) => {
                    hidden = hidden.saturating_sub(1);
                }
                Token::StartTag(_) | Token::EndTag(_) => text.push(' '),
                Token::String(part) if hidden == 0 => text.push_str(&utf8(&part)),
                _ => {}
            }
        }
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Where the link with this text leads to.
    pub fn link(&self, text: &str) -> Url {
        let mut found = None;
        let mut open: Option<(String, String)> = None;
        for token in tokens(&self.body) {
            match token {
                Token::StartTag(tag) if is(&tag.name, "a") => {
                    open = attribute(&tag, "href").map(|href| (href, String::new()));
                }
                Token::String(part) => {
                    if let Some((_, label)) = &mut open {
                        label.push_str(&utf8(&part));
                    }
                }
                Token::EndTag(tag) if is(&tag.name, "a") => {
                    let closed = open.take().filter(|(_, label)| label.trim() == text);
                    found = found.or_else(|| closed.map(|(href, _)| href));
                }
                _ => {}
            }
        }
        let href = found.unwrap_or_else(|| panic!("no link {text:?} on {self}"));
        self.url.join(&href).expect("an address")
    }

    /// What its frames show.
    pub fn frames(&self) -> Vec<Url> {
        tokens(&self.body)
            .filter_map(|token| match token {
                Token::StartTag(tag) if is(&tag.name, "iframe") => attribute(&tag, "src"),
                _ => None,
            })
            .map(|src| self.url.join(&src).expect("an address"))
            .collect()
    }

    /// Its forms.
    pub fn forms(&self) -> Vec<Form> {
        Form::all(self)
    }

    /// The one form that has a field of this name.
    pub fn form_with(&self, field: &str) -> Form {
        self.only_form(&format!("with {field:?}"), |form| form.has(field))
    }

    /// The one form whose action has this path.
    pub fn form_to(&self, path: &str) -> Form {
        self.only_form(&format!("to {path:?}"), |form| form.action.path() == path)
    }

    fn only_form(&self, which: &str, is_it: impl Fn(&Form) -> bool) -> Form {
        let mut found: Vec<Form> = self.forms().into_iter().filter(is_it).collect();
        assert!(found.len() == 1, "{} forms {which} on {self}", found.len());
        found.remove(0)
    }

    /// A page that submits its form by itself, as `form_post` answers do.
    pub(super) fn submits_itself(&self) -> Option<Form> {
        let html = self
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("text/html"));
        if !html || !self.body.contains(".submit()") {
            return None;
        }
        self.forms()
            .into_iter()
            .find(|form| form.method == Method::POST)
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}):\n{}", self.url, self.status, self.body)
    }
}

/// A parameter of an address's query.
pub fn query(url: &Url, name: &str) -> Option<String> {
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// Elements whose text is not for readers.
const HIDDEN: [&str; 4] = ["head", "noscript", "script", "style"];
