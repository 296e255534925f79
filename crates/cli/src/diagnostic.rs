//! How an error looks: the sentence, the place in the file where there is one, and the hints. The library's error says
//! what is wrong; only here does it become lines and colours.

use std::fmt::Write as _;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde_json::{Value, json};
use stead::error::{Error, Label};

/// The error as text, with colours if somebody sees them.
pub(crate) fn render(error: &Error, colours: bool) -> String {
    let mut text = heading(error, colours);
    for hint in &error.hints {
        write!(text, "\n  hint: {hint}").expect("writing to a string");
    }
    text
}

fn heading(error: &Error, colours: bool) -> String {
    if error.labels.is_empty() {
        let message = format!("error[{}]: {}", error.code, error.message);
        return message;
    }
    let renderer = if colours { Renderer::styled() } else { Renderer::plain() };
    let paths: Vec<String> = error.labels.iter().map(|label| label.file.display().to_string()).collect();
    let snippets = error.labels.iter().zip(&paths).map(|(label, path)| snippet(label, path));
    let title = Level::ERROR.primary_title(&error.message).id(&error.code);
    renderer.render(&[title.elements(snippets)])
}

fn snippet<'a>(label: &'a Label, path: &'a str) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let end = label.span.end.min(label.source.len());
    let start = label.span.start.min(end);
    // A fault at the end of a line is shown there, not drawn over to the next line.
    let end = label.source.get(start..end).map_or(end, |meant| start + meant.trim_end_matches('\n').len());
    let span = start..end;
    Snippet::source(&label.source).path(path).annotation(AnnotationKind::Primary.span(span).label(&label.text))
}

/// The error as a part of the `--json` document.
pub(crate) fn document(error: &Error) -> Value {
    let labels: Vec<Value> = error.labels.iter().map(place).collect();
    json!({ "code": error.code, "message": error.message, "hints": error.hints, "places": labels })
}

fn place(label: &Label) -> Value {
    let (line, column) = label.position();
    json!({ "file": label.file, "line": line, "column": column, "text": label.text })
}
