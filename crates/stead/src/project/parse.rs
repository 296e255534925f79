//! TOML text into the tree of settings. The text kept for error messages is blotted here, in the only place that ever
//! sees both the plain text and the spans of its values.

use std::ops::Range;
use std::path::PathBuf;

use toml_edit::{Document, Item, TableLike};

use super::error::{Problem, ProjectError};
use super::mask;
use super::origin::{Origin, SourceKind, SourceText};
use super::value::{Entry, Kind, Table, Text, Value};

/// Parses a file called `name` that lies at `path`.
pub(super) fn parse_file(name: String, path: PathBuf, text: &str) -> Result<Value, ProjectError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match Document::parse(text) {
        Ok(document) => {
            let blotted = mask::blotted(text, secrets(&document, text));
            let source = SourceText::new(SourceKind::File, name, Some(path), blotted);
            let place = |span: Option<Range<usize>>| span.map(|span| Origin::at(&source, span));
            Ok(convert_table(document.as_table(), place(Some(0..0)).as_ref(), &place))
        }
        Err(error) => {
            let blotted = mask::blotted(text, mask::secret_ranges_of_broken_source(text));
            let source = SourceText::new(SourceKind::File, name, Some(path), blotted);
            let span = error.span().unwrap_or(0..0);
            Err(ProjectError::new(syntax(&error), &Origin::at(&source, span)))
        }
    }
}

/// Reads the value of a variable or an argument: TOML where it is TOML, else the characters as they are. `secret`
/// says that the setting's name is one of a secret.
pub(super) fn parse_loose(text: &str, origin: &Origin, secret: bool) -> Result<Value, ProjectError> {
    let place = |_: Option<Range<usize>>| Some(origin.clone());
    match text.trim().parse::<toml_edit::Value>() {
        Ok(value) => {
            let mut value = convert_value(&value, origin, &place, secret);
            let scalar = !matches!(value.kind, Kind::String(_) | Kind::Array(_) | Kind::Table(_));
            value.bare = scalar.then(|| text.to_owned());
            Ok(value)
        }
        Err(error) if text.trim_start().starts_with(['[', '{', '"', '\'']) => {
            Err(ProjectError::new(syntax(&error), origin))
        }
        Err(_) => Ok(Value { secret, ..Value::new(Kind::String(Text::new(text)), origin.clone()) }),
    }
}

/// The place of the value in `key=value`, the text that errors about a variable or an argument show. `name` is what
/// `stead config` calls the source.
pub(super) fn loose_origin(kind: SourceKind, name: &str, key: &str, text: &str, secret: bool) -> Origin {
    let line = format!("{key}={}", mask::blotted(text, loose_secrets(text, secret)));
    let value = key.len() + 1..line.len();
    Origin::at(&SourceText::new(kind, name.to_owned(), None, line), value)
}

/// A value that is an array or a table is looked into as a file would be; any other is judged as it stands.
fn loose_secrets(text: &str, secret: bool) -> Vec<Range<usize>> {
    const KEY: &str = "value=";
    let document = format!("{KEY}{text}");
    match Document::parse(document.as_str()) {
        _ if secret => std::iter::once(0..text.len()).collect(),
        Ok(parsed) => {
            let ranges = secrets(&parsed, &document).into_iter();
            ranges.map(|range| range.start.saturating_sub(KEY.len())..range.end - KEY.len()).collect()
        }
        Err(_) => mask::secret_ranges_of_broken_source(text),
    }
}

/// The parser's message on one line; its own rendering is not used, because it would show the text unmasked.
fn syntax(error: &toml_edit::TomlError) -> Problem {
    let lines: Vec<&str> = error.message().lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    Problem::Syntax { reason: lines.join(", ") }
}

/// Turns a span, where the parser has one, into an origin.
type Place<'a> = &'a dyn Fn(Option<Range<usize>>) -> Option<Origin>;

fn convert(item: &Item, around: &Origin, place: Place<'_>, secret: bool) -> Value {
    match item {
        Item::Value(value) => convert_value(value, around, place, secret),
        Item::Table(table) => convert_table(table, place(table.span()).as_ref(), place),
        Item::ArrayOfTables(tables) => {
            let values = tables.iter().map(|table| convert_table(table, place(table.span()).as_ref(), place));
            Value::new(Kind::Array(values.collect()), place(tables.span()).unwrap_or_else(|| around.clone()))
        }
        Item::None => Value::new(Kind::Table(Table::default()), around.clone()),
    }
}

fn convert_value(value: &toml_edit::Value, around: &Origin, place: Place<'_>, secret: bool) -> Value {
    let origin = place(value.span()).unwrap_or_else(|| around.clone());
    let kind = match value {
        toml_edit::Value::String(text) => Kind::String(Text::new(text.value().as_str())),
        toml_edit::Value::Integer(number) => Kind::Integer(*number.value()),
        toml_edit::Value::Float(number) => Kind::Float(*number.value()),
        toml_edit::Value::Boolean(truth) => Kind::Boolean(*truth.value()),
        toml_edit::Value::Datetime(date) => Kind::Date(date.value().to_string()),
        toml_edit::Value::Array(array) => {
            Kind::Array(array.iter().map(|value| convert_value(value, &origin, place, secret)).collect())
        }
        toml_edit::Value::InlineTable(table) => return convert_table(table, Some(&origin), place),
    };
    Value { secret, ..Value::new(kind, origin) }
}

/// A table without a place of its own, such as `a` in `[a.b]`, stands where its first key stands.
fn convert_table(table: &dyn TableLike, origin: Option<&Origin>, place: Place<'_>) -> Value {
    let mut result = Table::default();
    let mut first: Option<Origin> = None;
    for (name, item) in table.iter() {
        let key = table.get_key_value(name).and_then(|(key, _)| place(key.span()));
        let key = key.or_else(|| origin.cloned()).unwrap_or_else(Origin::default_value);
        let value = convert(item, &key, place, mask::is_secret_name(name));
        if first.as_ref().is_none_or(|first| key.span().start < first.span().start) {
            first = Some(key.clone());
        }
        result.0.insert(name.to_owned(), Entry { key, value });
    }
    let origin = origin.cloned().or(first).unwrap_or_else(Origin::default_value);
    Value::new(Kind::Table(result), origin)
}

/// The byte ranges of a well-formed text that must not be shown.
fn secrets(document: &Document<&str>, text: &str) -> Vec<Range<usize>> {
    let mut found = Secrets { text, strings: Vec::new(), ranges: Vec::new() };
    found.table(document.as_table());
    found.strings.sort_by_key(|span| span.start);
    let mut end = 0;
    let spans = std::mem::take(&mut found.strings);
    for span in spans.into_iter().chain(std::iter::once(text.len()..text.len())) {
        let between = end..span.start.max(end);
        let comments = mask::secret_ranges_of_comments(&text[between.clone()]);
        found.ranges.extend(comments.into_iter().map(|range| range.start + between.start..range.end + between.start));
        end = span.end.max(end);
    }
    found.ranges
}

struct Secrets<'a> {
    text: &'a str,
    strings: Vec<Range<usize>>,
    ranges: Vec<Range<usize>>,
}

impl Secrets<'_> {
    fn table(&mut self, table: &dyn TableLike) {
        for (name, item) in table.iter() {
            self.item(item, mask::is_secret_name(name));
        }
    }

    fn item(&mut self, item: &Item, secret: bool) {
        if let Some(table) = item.as_table_like() {
            self.table(table);
        } else if let Some(tables) = item.as_array_of_tables() {
            tables.iter().for_each(|table| self.table(table));
        } else if let Some(value) = item.as_value() {
            self.value(value, secret);
        }
    }

    fn value(&mut self, value: &toml_edit::Value, secret: bool) {
        if let Some(table) = value.as_inline_table() {
            return self.table(table);
        }
        if let Some(array) = value.as_array() {
            let mut announced = false;
            for value in array {
                self.value(value, secret || announced);
                announced = value.as_str().is_some_and(mask::announces_secret);
            }
            return;
        }
        let Some(span) = value.span() else { return };
        if secret {
            self.ranges.push(span.clone());
        } else if let Some(text) = value.as_str() {
            self.string(text, span.clone());
        }
        self.strings.push(span);
    }

    /// A secret is blotted exactly where the text shows it plainly; where escapes hide it, all of the string is.
    fn string(&mut self, value: &str, span: Range<usize>) {
        let secret = mask::secret_ranges(value);
        let written = &self.text[span.clone()];
        match written.find(value) {
            Some(at) => {
                self.ranges.extend(secret.into_iter().map(|r| span.start + at + r.start..span.start + at + r.end))
            }
            None if !secret.is_empty() => self.ranges.push(span),
            None => {}
        }
    }
}
