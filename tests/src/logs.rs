//! Everything that is logged in this process, at the finest level.

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};

/// What was logged so far by `tracing` and by `log`, events and spans.
#[derive(Debug, Default)]
pub struct Logs {
    lines: Mutex<Vec<Line>>,
}

/// One event, or a span with what it was given.
#[derive(Clone, Debug)]
pub struct Line {
    /// The module that logged it.
    pub target: String,
    /// `ERROR` to `TRACE`.
    pub level: String,
    /// All fields, the message among them: `name=value name=value`.
    pub text: String,
}

impl Logs {
    /// Collects from now on, for all tests of this process.
    pub fn capture() -> &'static Self {
        static CAPTURED: OnceLock<Logs> = OnceLock::new();
        let mut first = false;
        let logs = CAPTURED.get_or_init(|| {
            first = true;
            Self::default()
        });
        if first {
            tracing::subscriber::set_global_default(Collector { logs })
                .expect("nobody else subscribes");
            log::set_boxed_logger(Box::new(Collector { logs })).expect("nobody else logs");
            log::set_max_level(log::LevelFilter::Trace);
        }
        logs
    }

    /// Everything so far.
    pub fn lines(&self) -> Vec<Line> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.clone()
    }

    /// How many lines there are.
    pub fn count(&self) -> usize {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.len()
    }

    /// The lines of our own crates that have this text.
    pub fn own(&self, text: &str) -> Vec<Line> {
        self.own_after(0, text)
    }

    /// The same without the first so many lines of all.
    pub fn own_after(&self, count: usize, text: &str) -> Vec<Line> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let own = lines
            .iter()
            .skip(count)
            .filter(|line| line.is_own() && line.text.contains(text));
        own.cloned().collect()
    }

    fn push(&self, line: Line) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line);
    }
}

impl Line {
    /// Whether a crate of this workspace that applications use logged it.
    pub fn is_own(&self) -> bool {
        self.target.starts_with("ciam_") && !self.target.starts_with("ciam_tests")
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            target,
            level,
            text,
        } = self;
        write!(f, "{level} {target}: {text}")
    }
}

struct Collector {
    logs: &'static Logs,
}

impl Collector {
    fn collect(&self, metadata: &Metadata<'_>, text: Fields) {
        self.logs.push(Line {
            target: metadata.target().to_owned(),
            level: metadata.level().to_string(),
            text: text.0,
        });
    }
}

impl Subscriber for Collector {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::always()
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields(format!("span={}", span.metadata().name()));
        span.record(&mut fields);
        self.collect(span.metadata(), fields);
        Id::from_u64(NEXT_SPAN.fetch_add(1, Ordering::Relaxed))
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut fields = Fields("recorded".to_owned());
        values.record(&mut fields);
        self.logs.push(Line {
            target: "ciam_core::recorded_later".to_owned(),
            level: "SPAN".to_owned(),
            text: fields.0,
        });
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        self.collect(event.metadata(), fields);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl log::Log for Collector {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        self.logs.push(Line {
            target: record.target().to_owned(),
            level: record.level().to_string(),
            text: record.args().to_string(),
        });
    }

    fn flush(&self) {}
}

struct Fields(String);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {}={value:?}", field.name()).expect("texts take any text");
    }
}

/// Zero is no span.
static NEXT_SPAN: AtomicU64 = AtomicU64::new(1);
