//! The pages people see: plain HTML, complete without JavaScript.
//!
//! Their ids and names are stable; the crate documentation lists them for browser tests.

mod forms;
mod layout;
mod notices;

pub(crate) use forms::{SignIn, SignUp, form_post, sign_in, sign_up};
pub(crate) use notices::{error, redirect_uri_mismatch, signed_out, welcome};

/// Text as HTML text or as a quoted attribute value.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_html_reads() {
        assert_eq!(
            escape(r#"<b a="1" c='2'>&"#),
            "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;"
        );
    }
}
