//! One thing to measure, and that it answers as it should.

use std::cell::Cell;

use tokio::runtime::Runtime;

use crate::api::access::APPLICATION;
use crate::api::tokens::Tokens;
use crate::support::rounds::Run;
use crate::support::subject::{Header, Subject};

/// Which token a request has.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Token {
    /// One that was not seen for long.
    New,
    /// Always the same.
    Repeated,
    /// Always the same, and longer.
    RepeatedLong,
}

pub(crate) struct Variant {
    pub(crate) name: &'static str,
    pub(crate) token: Token,
    /// What others are compared with.
    pub(crate) is_bare: bool,
    /// The next of the ring.
    next: Cell<usize>,
    subject: Box<dyn Subject>,
}

/// Per request; what the request itself is made of is not in it.
#[derive(Clone, Copy)]
pub(crate) struct Allocated {
    pub(crate) times: f64,
    pub(crate) bytes: f64,
}

impl Variant {
    pub(crate) fn new(name: &'static str, token: Token, subject: Box<dyn Subject>) -> Self {
        Self {
            name,
            token,
            is_bare: false,
            next: Cell::new(0),
            subject,
        }
    }

    pub(crate) fn bare(self) -> Self {
        Self {
            is_bare: true,
            ..self
        }
    }

    /// Whether it says which application calls, and refuses whoever has no token or one
    /// with another signature.
    pub(crate) fn check(&self, runtime: &Runtime, tokens: &Tokens) -> Result<(), String> {
        let found = self.subject.answer(runtime, self.headers(tokens, 1).next());
        let expected = (200, APPLICATION.to_owned());
        if found != expected {
            return Err(format!("{}: {found:?}, expected {expected:?}", self.name));
        }
        let token = &tokens.repeated;
        let end = token.rfind('.').map_or(0, |dot| dot + 1);
        let forged = format!("{}A{}", &token[..end], &token[end + 1..]);
        let expected = if self.is_bare { 200 } else { 401 };
        for header in [None, Some(("authorization", forged.as_str()))] {
            let (found, _) = self.subject.answer(runtime, header);
            if found != expected {
                let name = self.name;
                return Err(format!("{name}, {header:?}: {found}, expected {expected}"));
            }
        }
        Ok(())
    }

    pub(crate) fn run<'a>(&'a self, runtime: &'a Runtime, tokens: &'a Tokens) -> Run<'a> {
        Box::new(move |times| {
            let mut headers = self.headers(tokens, times).map(Some);
            self.subject.prepare(runtime, &mut headers)()
        })
    }

    pub(crate) fn allocated(&self, runtime: &Runtime, tokens: &Tokens) -> Allocated {
        let times = 100;
        let mut headers = self.headers(tokens, times).map(Some);
        let work = self.subject.prepare(runtime, &mut headers);
        let counted = allocation_counter::measure(|| {
            work();
        });
        Allocated {
            times: counted.count_total as f64 / times as f64,
            bytes: counted.bytes_total as f64 / times as f64,
        }
    }

    fn headers<'a>(
        &'a self,
        tokens: &'a Tokens,
        times: usize,
    ) -> impl Iterator<Item = Header<'a>> + 'a {
        (0..times).map(|_| {
            let token = match self.token {
                Token::New => {
                    let next = self.next.get();
                    self.next.set((next + 1) % tokens.ring.len());
                    &tokens.ring[next]
                }
                Token::Repeated => &tokens.repeated,
                Token::RepeatedLong => &tokens.long,
            };
            ("authorization", token.as_str())
        })
    }
}
