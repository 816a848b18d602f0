//! HTML as a stream of tokens: enough to read forms, links and text.

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{HtmlString, StartTag, Token, Tokenizer};

/// The tokens of a document; what is inside scripts and styles is one text.
pub(super) fn tokens(html: &str) -> impl Iterator<Item = Token> {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    Tokenizer::new_with_emitter(html, emitter).map(|token| match token {
        Ok(token) => token,
        Err(never) => match never {},
    })
}

pub(super) fn is(element: &HtmlString, name: &str) -> bool {
    element.as_slice() == name.as_bytes()
}

pub(super) fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    tag.attributes.get(name.as_bytes()).map(|value| utf8(value))
}

pub(super) fn utf8(text: &HtmlString) -> String {
    String::from_utf8_lossy(text).into_owned()
}
