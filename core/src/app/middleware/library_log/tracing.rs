//! The subscriber of `tracing`: events only.

use alloc::string::String;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt::{self, Write as _};
use std::sync::Once;

use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{Dispatch, Event, LevelFilter, Metadata, Subscriber, dispatcher};

use super::place;
use crate::ports::{Level, ToValue, Value};

/// Hands events to the place of their thread.
struct Events;

impl Subscriber for Events {
    /// The answer is kept for all threads, and they differ.
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if metadata.is_event() && level(*metadata.level()).is_some() {
            Interest::sometimes()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && level(*metadata.level()).is_some_and(place::takes)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::DEBUG)
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let Some(level) = level(*metadata.level()) else {
            return;
        };
        let mut read = Read::default();
        event.record(&mut read);
        let target = ("target", Value::Text(metadata.target()));
        let fields = read.fields.iter();
        let fields = fields.map(|(name, value)| (*name, value.to_value()));
        let fields: Vec<_> = core::iter::once(target).chain(fields).collect();
        place::write(level, &read.message, &fields);
    }

    // No span is enabled, so that none of these is called.

    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

/// Has events arrive.
pub(super) fn install() {
    static ONCE: Once = Once::new();
    // A program that has a subscriber keeps it.
    ONCE.call_once(|| drop(dispatcher::set_global_default(Dispatch::new(Events))));
}

const fn level(level: tracing_core::Level) -> Option<Level> {
    match level {
        tracing_core::Level::ERROR => Some(Level::Error),
        tracing_core::Level::WARN => Some(Level::Warn),
        tracing_core::Level::INFO => Some(Level::Info),
        tracing_core::Level::DEBUG => Some(Level::Debug),
        tracing_core::Level::TRACE => None,
    }
}

/// What an event holds, which it lends a value at a time.
#[derive(Default)]
struct Read {
    message: String,
    fields: Vec<(&'static str, Kept)>,
}

enum Kept {
    Text(String),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    Boolean(bool),
}

impl ToValue for Kept {
    fn to_value(&self) -> Value<'_> {
        match self {
            Self::Text(text) => text.to_value(),
            Self::Integer(number) => number.to_value(),
            Self::Unsigned(number) => number.to_value(),
            Self::Float(number) => number.to_value(),
            Self::Boolean(truth) => truth.to_value(),
        }
    }
}

impl Read {
    fn keep(&mut self, field: &Field, value: Kept) {
        // The line has a member of that name, and most readers keep the last of two.
        let name = match field.name() {
            "target" => "field.target",
            name => name,
        };
        self.fields.push((name, value));
    }

    fn text(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let mut text = String::new();
        // As in a line, there is as much as a value has written before it failed.
        let _ = text.write_fmt(value);
        if field.name() == "message" {
            self.message = text;
        } else {
            self.keep(field, Kept::Text(text));
        }
    }
}

impl Visit for Read {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, format_args!("{value}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.text(field, format_args!("{}", Value::Error(value)));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.keep(field, Kept::Integer(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.keep(field, Kept::Unsigned(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.keep(field, Kept::Float(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.keep(field, Kept::Boolean(value));
    }
}
