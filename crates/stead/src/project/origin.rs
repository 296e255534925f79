//! Where a setting came from: a file, an environment variable, an argument or a default, with line and column.
//! Every value of the project carries one, so that an error can point at its cause and `stead config` can say who
//! decided. The text kept here for rendering is already masked, so that no rendering can print a password.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What kind of source a setting was read from, in ascending precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// Nobody said anything: the built-in value.
    Default,
    /// A project file, an overlay or an include.
    File,
    /// An environment variable.
    Variable,
    /// An argument of the command.
    Argument,
}

/// One text that settings were read from. Its secrets are blotted out, with every byte offset kept.
#[derive(PartialEq, Eq)]
pub struct SourceText {
    kind: SourceKind,
    name: String,
    path: Option<PathBuf>,
    text: Arc<str>,
    line_starts: Vec<usize>,
}

impl SourceText {
    /// A source called `name`, whose `text` must be masked already.
    pub(super) fn new(kind: SourceKind, name: String, path: Option<PathBuf>, text: String) -> Arc<Self> {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Arc::new(Self { kind, name, path, text: text.into(), line_starts })
    }

    /// The line and the column of a byte offset, both counted from one, the column in characters.
    fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= offset).max(1);
        let start = self.line_starts[line - 1];
        let before = self.text.get(start..offset).map_or(0, |text| text.chars().count());
        (line, before + 1)
    }
}

impl fmt::Debug for SourceText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SourceText({})", self.name)
    }
}

/// The place a value was stated at.
#[derive(Clone, PartialEq, Eq)]
pub struct Origin {
    source: Option<Arc<SourceText>>,
    span: Range<usize>,
}

impl Origin {
    /// The origin of a built-in value.
    #[must_use]
    pub fn default_value() -> Self {
        Self { source: None, span: 0..0 }
    }

    /// The bytes `span` of `source`, cut to the text's length.
    pub(super) fn at(source: &Arc<SourceText>, span: Range<usize>) -> Self {
        let end = span.end.min(source.text.len());
        Self { source: Some(Arc::clone(source)), span: span.start.min(end)..end }
    }

    /// What kind of source this is.
    #[must_use]
    pub fn kind(&self) -> SourceKind {
        self.source.as_ref().map_or(SourceKind::Default, |source| source.kind)
    }

    /// The file, if the value was stated in one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.source.as_ref().and_then(|source| source.path.as_deref())
    }

    /// The source's name: the file relative to the project folder, the variable, `--set PATH`, or `default`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.source.as_ref().map_or("default", |source| &source.name)
    }

    /// The bytes of the source that state the value; empty for a default.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The line, counted from one; zero for a default.
    #[must_use]
    pub fn line(&self) -> usize {
        self.source.as_ref().map_or(0, |source| source.position(self.span.start).0)
    }

    /// The column in characters, counted from one; zero for a default.
    #[must_use]
    pub fn column(&self) -> usize {
        self.source.as_ref().map_or(0, |source| source.position(self.span.start).1)
    }

    /// The place with the text around it, for an error that points there; none for a default.
    #[must_use]
    pub fn label(&self) -> Option<Label> {
        let source = self.source.as_ref()?;
        let (line, column) = source.position(self.span.start);
        let text = Arc::clone(&source.text);
        Some(Label { name: source.name.clone(), file: source.path.clone(), span: self.span(), line, column, text })
    }

    /// The part of this place where `needle` is written, for pointing at one word of a longer value.
    pub(super) fn narrowed_to(&self, needle: &str) -> Self {
        let found = self.source.as_ref().and_then(|source| {
            let offset = source.text.get(self.span.clone())?.find(needle)?;
            Some(Self::at(source, self.span.start + offset..self.span.start + offset + needle.len()))
        });
        found.unwrap_or_else(|| self.clone())
    }
}

impl fmt::Display for Origin {
    /// `stead.toml:12:7` for files; the bare name for variables, arguments and defaults, which have one line.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            SourceKind::File => write!(formatter, "{}:{}:{}", self.name(), self.line(), self.column()),
            SourceKind::Variable | SourceKind::Argument | SourceKind::Default => formatter.write_str(self.name()),
        }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Origin({self})")
    }
}

/// A place in a text, with that text, for whoever draws an error.
#[derive(Clone, PartialEq, Eq)]
pub struct Label {
    /// The source's name as a person would write it, relative to the project folder for files.
    pub name: String,
    /// The file's path, absent for variables and arguments.
    pub file: Option<PathBuf>,
    /// The bytes of `text` that are meant.
    pub span: Range<usize>,
    /// The line, counted from one.
    pub line: usize,
    /// The column in characters, counted from one.
    pub column: usize,
    /// The whole source with its secrets blotted out, so that it may be printed.
    pub text: Arc<str>,
}

impl fmt::Debug for Label {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Label({}:{}:{})", self.name, self.line, self.column)
    }
}
