//! Progress for people and programs: a bar on a terminal, plain lines elsewhere, JSON lines with `--json`. All of it goes
//! to standard error.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use stead::counted::plural;
use stead::engine::{Event, Reporter};

use crate::printer::talk;

/// How often a plain line about the same step is printed.
const PLAIN_INTERVAL: Duration = Duration::from_secs(1);

/// The reporter that fits where standard error goes.
pub(crate) fn reporter(json: bool) -> Arc<dyn Reporter> {
    if json {
        Arc::new(Lines)
    } else if std::io::stderr().is_terminal() {
        Arc::new(Terminal::default())
    } else {
        Arc::new(Plain::default())
    }
}

/// Every event as one JSON line.
struct Lines;

impl Reporter for Lines {
    fn event(&self, event: Event) {
        talk(&serde_json::to_string(&event).expect("an event of plain values"));
    }
}

/// Plain lines: each step once when it ends, long ones in between.
#[derive(Default)]
struct Plain {
    last: Mutex<HashMap<String, (Instant, Instant)>>,
}

impl Reporter for Plain {
    fn event(&self, event: Event) {
        match event {
            Event::Progress { step, done, total, unit } => self.progress(&step, done, total, unit),
            other => {
                if let Some(line) = line(&other) {
                    talk(&line);
                }
            }
        }
    }
}

impl Plain {
    fn progress(&self, step: &str, done: u64, total: Option<u64>, unit: &str) {
        let now = Instant::now();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (began, printed) = last.entry(step.to_owned()).or_insert((now, now));
        let complete = total == Some(done);
        // Bytes that are copied within a moment are not worth a line; things that people count always are.
        let worth_ending = unit != "bytes" || *printed > *began;
        if complete && worth_ending || now.duration_since(*printed) >= PLAIN_INTERVAL {
            talk(&format!("  ....     {step}: {}", amount(done, total, unit, now.duration_since(*began))));
            *printed = now.max(*began + Duration::from_nanos(1));
        }
        if complete {
            last.remove(step);
        }
    }
}

/// A bar for the step that runs, and a line for each that ended.
#[derive(Default)]
struct Terminal {
    bar: Mutex<Option<(ProgressBar, Instant)>>,
}

impl Reporter for Terminal {
    fn event(&self, event: Event) {
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Started { step } => *bar = Some((spinner(step), Instant::now())),
            Event::Progress { step, done, total, unit } => {
                let (bar, began) = bar.get_or_insert_with(|| (spinner(step.clone()), Instant::now()));
                show(bar, &step, done, total, unit, began.elapsed());
            }
            Event::Output { line, .. } => match &*bar {
                Some((bar, _)) => bar.println(format!("           {line}")),
                None => talk(&format!("           {line}")),
            },
            other => {
                let line = line(&other).unwrap_or_default();
                let ends = matches!(other, Event::Done { .. } | Event::Failed { .. });
                match (&*bar, ends) {
                    (Some((running, _)), true) => running.finish_and_clear(),
                    (Some((running, _)), false) => return running.println(line),
                    (None, _) => {}
                }
                if ends {
                    *bar = None;
                }
                talk(&line);
            }
        }
    }
}

fn spinner(step: String) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.set_style(ProgressStyle::with_template("  {spinner}        {msg}").expect("a template known to be right"));
    bar.set_message(step);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

fn show(bar: &ProgressBar, step: &str, done: u64, total: Option<u64>, unit: &str, took: Duration) {
    let text = format!("{step}: {}", amount(done, total, unit, took));
    match total {
        Some(total) => {
            let template = "  [{bar:8}] {msg}";
            bar.set_style(ProgressStyle::with_template(template).expect("a template known to be right"));
            bar.set_length(total);
            bar.set_position(done);
        }
        None => bar.tick(),
    }
    bar.set_message(text);
}

fn line(event: &Event) -> Option<String> {
    match event {
        Event::Done { step, outcome, took } => {
            let outcome = if outcome.is_empty() { String::new() } else { format!(": {outcome}") };
            Some(format!("  done     {step}{outcome} ({})", duration(*took)))
        }
        Event::Skipped { step, why } => Some(format!("  skipped  {step}: {why}")),
        Event::Failed { step } => Some(format!("  failed   {step}")),
        Event::Waiting { text } => Some(format!("  waiting  {text}")),
        Event::Warning { text } => Some(format!("  warning  {text}")),
        Event::Output { line, .. } => Some(format!("           {line}")),
        Event::Started { .. } | Event::Progress { .. } => None,
    }
}

/// `12,000/20,000 documents (60 %), 41,000/s`; bytes are shown in binary units.
fn amount(done: u64, total: Option<u64>, unit: &str, took: Duration) -> String {
    let number = |value: u64| if unit == "bytes" { bytes(value) } else { grouped(value) };
    let unit = if unit == "bytes" { "" } else { unit };
    let share = total.map(|total| {
        let percent = (u128::from(done) * 100).checked_div(u128::from(total)).unwrap_or(100);
        format!("/{} {unit} ({percent} %)", number(total))
    });
    let mut text = format!("{}{}", number(done), share.unwrap_or_else(|| format!(" {unit}")));
    if took > Duration::from_millis(200) {
        let rate = u128::from(done) * 1000 / took.as_millis().max(1);
        text = format!("{}, {}/s", text.trim_end(), number(u64::try_from(rate).unwrap_or(u64::MAX)));
    }
    text.replace("  ", " ")
}

/// A number with its noun, for example `1,234 rows`.
pub(crate) fn many(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), plural(&number))
}

/// A number with commas between thousands.
pub(crate) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A size in binary units, for example `1.5 MiB`.
pub(crate) fn bytes(value: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut scaled = value as f64;
    let mut unit = 0;
    while scaled >= 1024.0 && unit + 1 < UNITS.len() {
        scaled /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{value} B") } else { format!("{scaled:.1} {}", UNITS[unit]) }
}

/// A time for people: `0.02 s`, `12.3 s`, `3 min 20 s`.
pub(crate) fn duration(took: Duration) -> String {
    let seconds = took.as_secs_f64();
    if seconds < 10.0 {
        format!("{seconds:.2} s")
    } else if seconds < 120.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{} min {} s", took.as_secs() / 60, took.as_secs() % 60)
    }
}

#[cfg(test)]
mod tests;
