//! Progress, for whoever watches. The library says what happens in these events; whether they become a bar, plain
//! lines or JSON is decided by the program around it.

use std::time::Duration;

use serde::Serialize;

/// Something a person may want to see while work goes on.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A step begins.
    Started {
        /// What the step is called, for example `upgrade catalog`.
        step: String,
    },
    /// Work in the current step went on.
    Progress {
        /// What the step is called.
        step: String,
        /// Units done.
        done: u64,
        /// Units in all, where that is known.
        total: Option<u64>,
        /// The unit: `rows`, `documents`, `bytes`, `files`, `revisions`.
        unit: &'static str,
    },
    /// A step is done.
    Done {
        /// What the step is called.
        step: String,
        /// What came of it, for example `3 revisions`.
        outcome: String,
        /// How long it took.
        #[serde(rename = "seconds", serialize_with = "seconds")]
        took: Duration,
    },
    /// A step was not needed.
    Skipped {
        /// What the step is called.
        step: String,
        /// Why not.
        why: String,
    },
    /// A step failed; the error follows as the command's result.
    Failed {
        /// What the step is called.
        step: String,
    },
    /// Waiting for something that others hold.
    Waiting {
        /// For what, and who holds it.
        text: String,
    },
    /// A thing to know that stops nothing.
    Warning {
        /// The text.
        text: String,
    },
    /// Output of a program that stead runs, a line at a time.
    Output {
        /// What the step is called.
        step: String,
        /// The line, without its end.
        line: String,
    },
}

fn seconds<S: serde::Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(took.as_secs_f64())
}

/// Takes the events.
pub trait Reporter: Send + Sync {
    /// Something happened.
    fn event(&self, event: Event);
}

/// A reporter that nobody reads.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Reporter for Silent {
    fn event(&self, _event: Event) {}
}
