//! Forms as they would be submitted.

use html5gum::{StartTag, Token};
use http::Method;
use url::{Url, form_urlencoded};

use super::html::{attribute, is, tokens, utf8};
use super::page::Page;

/// A form, to be filled and given to [`Visitor::submit`](super::Visitor::submit).
#[derive(Clone, Debug)]
pub struct Form {
    /// GET or POST.
    pub method: Method,
    /// Where it goes.
    pub action: Url,
    /// What would be sent now, in the order of the page.
    pub fields: Vec<(String, String)>,
    pub(super) page: Page,
    id: Option<String>,
    controls: Vec<Control>,
}

impl Form {
    /// Sets a field that the form has; a box is ticked by giving its value.
    #[must_use]
    pub fn fill(mut self, name: &str, value: &str) -> Self {
        if let Some(field) = self.fields.iter_mut().find(|(field, _)| field == name) {
            value.clone_into(&mut field.1);
            return self;
        }
        assert!(
            self.has(name),
            "no field {name:?} in the form on {}",
            self.page
        );
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Presses the button with this text: its name and value are sent too.
    #[must_use]
    pub fn press(mut self, label: &str) -> Self {
        let button = self
            .controls
            .iter()
            .find(|control| control.is_button_with(label));
        let Some(button) = button else {
            panic!("no button {label:?} in the form on {}", self.page);
        };
        if let Some(name) = &button.name {
            let value = button.value.clone().unwrap_or_default();
            self.fields.push((name.clone(), value));
        }
        self
    }

    /// A field's value.
    pub fn value(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|(field, _)| field == name)?;
        Some(&field.1)
    }

    /// Whether it has a control of this name.
    pub fn has(&self, name: &str) -> bool {
        self.controls
            .iter()
            .any(|control| control.name.as_deref() == Some(name))
    }

    pub(super) fn encoded(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.fields)
            .finish()
    }

    /// All forms of a page, with the controls that name them from elsewhere.
    pub(super) fn all(page: &Page) -> Vec<Self> {
        let mut forms: Vec<Self> = Vec::new();
        let mut inside = None;
        let mut controls: Vec<Control> = Vec::new();
        for token in tokens(&page.body) {
            match token {
                Token::StartTag(tag) if is(&tag.name, "form") => {
                    inside = Some(forms.len());
                    forms.push(Self::empty(page, &tag));
                }
                Token::EndTag(tag) if is(&tag.name, "form") => inside = None,
                Token::StartTag(tag) if CONTROLS.iter().any(|name| is(&tag.name, name)) => {
                    controls.push(Control::new(&tag, inside));
                }
                Token::StartTag(tag) if is(&tag.name, "option") => {
                    if let Some(select) = controls.last_mut().filter(|last| last.open) {
                        select.offer(&tag);
                    }
                }
                Token::String(text) => {
                    if let Some(control) = controls.last_mut().filter(|last| last.open) {
                        control.text.push_str(&utf8(&text));
                    }
                }
                Token::EndTag(tag) => {
                    if let Some(control) = controls.last_mut() {
                        control.open &= !is(&tag.name, &control.element);
                    }
                }
                _ => {}
            }
        }
        for control in controls {
            let owner = match &control.form_id {
                Some(_) => forms.iter().position(|form| form.id == control.form_id),
                None => control.inside,
            };
            if let Some(form) = owner.and_then(|index| forms.get_mut(index)) {
                form.fields.extend(control.initially());
                form.controls.push(control);
            }
        }
        forms
    }

    fn empty(page: &Page, tag: &StartTag<()>) -> Self {
        let action = attribute(tag, "action").filter(|action| !action.is_empty());
        let action = action.map_or_else(|| Ok(page.url.clone()), |action| page.url.join(&action));
        let post = attribute(tag, "method").is_some_and(|m| m.eq_ignore_ascii_case("post"));
        assert!(
            attribute(tag, "enctype").is_none(),
            "an encoding that is not known here: {page}"
        );
        Self {
            method: if post { Method::POST } else { Method::GET },
            action: action.expect("an address"),
            fields: Vec::new(),
            page: page.clone(),
            id: attribute(tag, "id"),
            controls: Vec::new(),
        }
    }
}

/// An input, a button, a text area or a choice.
#[derive(Clone, Debug)]
struct Control {
    element: String,
    kind: String,
    name: Option<String>,
    value: Option<String>,
    /// A text area's content, a button's label.
    text: String,
    ticked: bool,
    disabled: bool,
    /// The form around it, and the one it names instead.
    inside: Option<usize>,
    form_id: Option<String>,
    /// Its end tag has not come yet.
    open: bool,
}

impl Control {
    fn new(tag: &StartTag<()>, inside: Option<usize>) -> Self {
        let element = utf8(&tag.name);
        let kind = attribute(tag, "type").map(|kind| kind.to_lowercase());
        let default = if element == "button" {
            "submit"
        } else {
            "text"
        };
        Self {
            kind: kind.unwrap_or_else(|| default.to_owned()),
            name: attribute(tag, "name").filter(|name| !name.is_empty()),
            value: attribute(tag, "value"),
            text: String::new(),
            ticked: attribute(tag, "checked").is_some(),
            disabled: attribute(tag, "disabled").is_some(),
            inside,
            form_id: attribute(tag, "form"),
            open: element != "input",
            element,
        }
    }

    /// An option of a choice: the first one, unless another is selected.
    fn offer(&mut self, option: &StartTag<()>) {
        if self.value.is_none() || attribute(option, "selected").is_some() {
            self.value = attribute(option, "value");
        }
    }

    /// What is sent when nobody touches it.
    fn initially(&self) -> Option<(String, String)> {
        let name = self.name.clone().filter(|_| !self.disabled)?;
        let value = match (self.element.as_str(), self.kind.as_str()) {
            ("button", _) | (_, "submit" | "button" | "image" | "reset" | "file") => return None,
            (_, "checkbox" | "radio") if !self.ticked => return None,
            (_, "checkbox" | "radio") => self.value.clone().unwrap_or_else(|| "on".to_owned()),
            ("textarea", _) => self.text.clone(),
            _ => self.value.clone().unwrap_or_default(),
        };
        Some((name, value))
    }

    fn is_button_with(&self, label: &str) -> bool {
        match self.element.as_str() {
            "button" => self.kind == "submit" && self.text.trim() == label,
            "input" => self.kind == "submit" && self.value.as_deref() == Some(label),
            _ => false,
        }
    }
}

const CONTROLS: [&str; 4] = ["button", "input", "select", "textarea"];
