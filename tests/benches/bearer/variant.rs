//! One thing to measure, and that it answers as it should.

use std::cell::Cell;
use std::rc::Rc;

use tokio::runtime::Runtime;

use crate::api::access::APPLICATION;
use crate::api::tokens::{Tokens, forged, of_another_api};
use crate::peer::{BARE, Peer};
use crate::support::rounds::Run;
use crate::support::subject::{Header, Subject, Work};

/// Which token a request has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
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
    /// Whether it asks for a token at all.
    refuses: bool,
    /// The next of the ring.
    next: Cell<usize>,
    asked: Asked,
}

enum Asked {
    Here(Box<dyn Subject>),
    Peer {
        peer: Rc<Peer>,
        variant: &'static str,
    },
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
            refuses: true,
            next: Cell::new(0),
            asked: Asked::Here(subject),
        }
    }

    pub(crate) fn of_peer(
        name: &'static str,
        token: Token,
        peer: Rc<Peer>,
        variant: &'static str,
    ) -> Self {
        Self {
            name,
            token,
            is_bare: variant == BARE,
            refuses: variant != BARE,
            next: Cell::new(0),
            asked: Asked::Peer { peer, variant },
        }
    }

    /// Lets everybody pass, like what others are compared with.
    pub(crate) fn passing(self) -> Self {
        Self {
            refuses: false,
            ..self
        }
    }

    pub(crate) fn bare(self) -> Self {
        Self {
            is_bare: true,
            refuses: false,
            ..self
        }
    }

    /// Whether it is the framework alone for the same requests, in the same program.
    pub(crate) fn is_base_of(&self, other: &Self) -> bool {
        self.is_bare && self.token == other.token && self.program() == other.program()
    }

    /// Whether it says which application calls, and refuses whoever has no token, one with
    /// another signature or one that is meant for somebody else.
    pub(crate) fn check(&self, runtime: &Runtime, tokens: &Tokens) -> Result<(), String> {
        let token = self.headers(tokens, 1).next().map(|(_, token)| token);
        let found = self.answer(runtime, token);
        let expected = (200, APPLICATION.to_owned());
        if found != expected {
            return Err(format!("{}: {found:?}, expected {expected:?}", self.name));
        }
        let refused = [forged(&tokens.repeated), of_another_api()];
        let expected = if self.refuses { 401 } else { 200 };
        for token in refused
            .iter()
            .map(|token| Some(token.as_str()))
            .chain([None])
        {
            let (found, _) = self.answer(runtime, token);
            if found != expected {
                let name = self.name;
                return Err(format!("{name}, {token:?}: {found}, expected {expected}"));
            }
        }
        Ok(())
    }

    pub(crate) fn run<'a>(&'a self, runtime: &'a Runtime, tokens: &'a Tokens) -> Run<'a> {
        Box::new(move |times| match &self.asked {
            Asked::Here(subject) => self.prepare(subject.as_ref(), runtime, tokens, times)(),
            Asked::Peer { peer, variant } => peer.time(variant, self.token, times),
        })
    }

    /// The requests, ready to be answered, unless that happens in another process.
    pub(crate) fn work<'a>(
        &'a self,
        runtime: &'a Runtime,
        tokens: &'a Tokens,
        times: usize,
    ) -> Option<Work<'a>> {
        match &self.asked {
            Asked::Here(subject) => Some(self.prepare(subject.as_ref(), runtime, tokens, times)),
            Asked::Peer { .. } => None,
        }
    }

    pub(crate) fn allocated(&self, runtime: &Runtime, tokens: &Tokens) -> Allocated {
        let times = 100;
        let subject = match &self.asked {
            Asked::Here(subject) => subject.as_ref(),
            Asked::Peer { peer, variant } => return peer.count(variant, self.token, times),
        };
        let work = self.prepare(subject, runtime, tokens, times);
        let counted = allocation_counter::measure(|| {
            work();
        });
        Allocated {
            times: counted.count_total as f64 / times as f64,
            bytes: counted.bytes_total as f64 / times as f64,
        }
    }

    fn program(&self) -> &'static str {
        match &self.asked {
            Asked::Here(_) => "",
            Asked::Peer { peer, .. } => peer.program(),
        }
    }

    fn answer(&self, runtime: &Runtime, token: Option<&str>) -> (u16, String) {
        match &self.asked {
            Asked::Here(subject) => subject.answer(runtime, token.map(|token| (NAME, token))),
            Asked::Peer { peer, variant } => peer.answer(variant, token),
        }
    }

    fn prepare<'a>(
        &'a self,
        subject: &'a dyn Subject,
        runtime: &'a Runtime,
        tokens: &'a Tokens,
        times: usize,
    ) -> Work<'a> {
        let mut headers = self.headers(tokens, times).map(Some);
        subject.prepare(runtime, &mut headers)
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
            (NAME, token.as_str())
        })
    }
}

const NAME: &str = "authorization";
