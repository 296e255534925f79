//! Reads a revision file line by line. Only comment lines are looked at: which lines are SQL is decided by the marks of
//! the sections alone, so a mark inside a string literal also counts, and then leaves a string that is never closed,
//! which the splitter reports.

use stead_schema::EngineKind;
use stead_sql::Position;

use super::header::{HEADERS, Headers, Value, engine, place_of, words};
use super::{Direction, FileError, RevisionFile, Section};
use crate::near::nearest;

/// Reads a revision file. Carriage returns before line feeds and a byte order mark are tolerated.
///
/// # Errors
/// The first mistake in the order of the file, then what is missing from it.
pub fn parse(text: &str) -> Result<RevisionFile, FileError> {
    let mut reader = Reader::default();
    let mut position = Position::START;
    for line in text.split_inclusive('\n') {
        let content = if position.offset == 0 { line.strip_prefix('\u{feff}').unwrap_or(line) } else { line };
        let start = position.after(&line[..line.len() - content.len()]);
        reader.line(line, content, start)?;
        position = position.after(line);
    }
    reader.finish(position)
}

/// True for a line of SQL that would begin a section.
pub(super) fn is_mark(line: &str) -> bool {
    mark(line, Position::START).is_some()
}

/// True for a line of a message that would be a header or begin a section.
pub(super) fn is_taken(line: &str) -> bool {
    let header = header_shape(line.trim()).is_some_and(|(name, _)| HEADERS.contains(&name));
    header || is_mark(&format!("-- {line}"))
}

#[derive(Default)]
struct Reader<'a> {
    message: Vec<&'a str>,
    message_ended: bool,
    headers: Headers<'a>,
    /// A line of the message that looks like the header that names the revision.
    near_id: Option<(String, u32)>,
    comment: Option<Position>,
    sections: Vec<Section>,
}

impl<'a> Reader<'a> {
    fn line(&mut self, line: &'a str, content: &'a str, start: Position) -> Result<(), FileError> {
        if let Some(mark) = self.comment.is_none().then(|| mark(content, start)).flatten() {
            return self.section(mark?, start.after(content));
        }
        if let Some(section) = self.sections.last_mut() {
            section.text.push_str(line);
            return Ok(());
        }
        self.above_sections(content, start)
    }

    fn above_sections(&mut self, content: &'a str, start: Position) -> Result<(), FileError> {
        let trimmed = content.trim();
        if self.comment.is_some() || trimmed.starts_with("/*") {
            return self.block_comment(content, start);
        }
        if trimmed.is_empty() {
            self.message_ended |= !self.message.is_empty();
            return Ok(());
        }
        match trimmed.strip_prefix("--") {
            Some(comment) => self.comment_line(comment.trim(), place_of(content, comment.trim(), start)),
            None => Err(FileError::TextBeforeSection { position: place_of(content, trimmed, start) }),
        }
    }

    /// A block comment is nobody's message: it is where licences stand. Nothing may follow it on its last line.
    fn block_comment(&mut self, content: &'a str, start: Position) -> Result<(), FileError> {
        let open = place_of(content, content.trim_start(), start);
        let from = if self.comment.is_some() { 0 } else { open.offset - start.offset + 2 };
        self.comment.get_or_insert(open);
        let Some(end) = content[from..].find("*/").map(|end| from + end + 2) else { return Ok(()) };
        self.comment = None;
        let rest = content[end..].trim();
        if rest.is_empty() || rest.starts_with("--") {
            return Ok(());
        }
        Err(FileError::TextBeforeSection { position: place_of(content, rest, start) })
    }

    fn comment_line(&mut self, comment: &'a str, position: Position) -> Result<(), FileError> {
        let Some((name, value)) = header_shape(comment) else {
            self.prose(comment);
            return Ok(());
        };
        if let Some(known) = HEADERS.into_iter().find(|header| *header == name) {
            let text = value.trim();
            return self.headers.add(known, Value { text, position: place_of(comment, text, position) }, position);
        }
        self.unknown_header(name, comment, position)
    }

    /// Above the first header such a line is a message (`fix: the offers`), unless it is not the first line and is
    /// nearly a header.
    fn unknown_header(&mut self, name: &str, comment: &'a str, position: Position) -> Result<(), FileError> {
        let suggestion = nearest(name, HEADERS).map(str::to_owned);
        if self.headers.is_empty() && (self.message.is_empty() || suggestion.is_none()) {
            if suggestion.as_deref() == Some("revision") {
                self.near_id = Some((name.to_owned(), position.line));
            }
            self.prose(comment);
            return Ok(());
        }
        Err(FileError::UnknownHeader { name: name.to_owned(), suggestion, position })
    }

    /// The message is the first block of comment lines; later ones are remarks.
    fn prose(&mut self, comment: &'a str) {
        if self.headers.is_empty() && !self.message_ended {
            self.message.push(comment);
        }
    }

    fn section(&mut self, mark: Mark<'_>, start: Position) -> Result<(), FileError> {
        let mut engines: Vec<EngineKind> = Vec::new();
        for word in words(&mark.engines) {
            let engine = engine(&word)?;
            let named = self.sections.iter().filter(|section| section.direction == mark.direction);
            if engines.contains(&engine) || named.flat_map(|section| &section.engines).any(|other| *other == engine) {
                let section = mark.direction.word();
                return Err(FileError::RepeatedEngine { section, engine: engine.word(), position: word.position });
            }
            engines.push(engine);
        }
        self.refuse_second_bare(&mark, &engines)?;
        self.sections.push(Section { direction: mark.direction, engines, text: String::new(), start });
        Ok(())
    }

    fn refuse_second_bare(&self, mark: &Mark<'_>, engines: &[EngineKind]) -> Result<(), FileError> {
        let bare = |section: &&Section| section.direction == mark.direction && section.engines.is_empty();
        match self.sections.iter().find(bare).filter(|_| engines.is_empty()) {
            None => Ok(()),
            Some(first) => Err(FileError::DuplicateSection {
                section: mark.direction.word(),
                first: first.start.line - 1,
                position: mark.position,
            }),
        }
    }

    fn finish(self, end: Position) -> Result<RevisionFile, FileError> {
        if let Some(position) = self.comment {
            return Err(FileError::UnclosedComment { position });
        }
        let position = self.sections.first().map_or(end, |section| section.start);
        let id = self.headers.id()?.ok_or(FileError::MissingId { position, near: self.near_id })?;
        if !self.sections.iter().any(|section| section.direction == Direction::Up) {
            return Err(FileError::NoUp { position: end });
        }
        Ok(RevisionFile {
            message: self.message.join("\n").trim().to_owned(),
            id,
            parents: self.headers.parents()?,
            depends: self.headers.depends()?,
            from: self.headers.from()?,
            models: self.headers.models()?,
            replaces: self.headers.replaces()?,
            transaction: self.headers.transaction()?,
            lint: self.headers.lint()?,
            sections: self.sections,
        })
    }
}

/// The mark of a section.
struct Mark<'a> {
    direction: Direction,
    engines: Value<'a>,
    position: Position,
}

/// `-- up`, `-- down` or `-- up: mysql mariadb`, alone on a line. Written with capitals it is an error, because the SQL
/// below it would otherwise join the section before.
fn mark(content: &str, start: Position) -> Option<Result<Mark<'_>, FileError>> {
    let written = content.trim();
    let comment = written.strip_prefix("--")?.trim_start();
    let (word, engines) = comment.split_once(':').map_or((comment, None), |(word, rest)| (word, Some(rest)));
    let named: &str = engines.unwrap_or_default().trim();
    let directions = [Direction::Up, Direction::Down];
    let direction = directions.into_iter().find(|direction| word.trim_end().eq_ignore_ascii_case(direction.word()))?;
    let position = place_of(content, written, start);
    if word.trim_end() == direction.word() {
        let engines = Value { text: named, position: place_of(content, named, start) };
        return Some(Ok(Mark { direction, engines, position }));
    }
    let only_engines = named.split_whitespace().all(|name| name.parse::<EngineKind>().is_ok());
    only_engines.then(|| Err(FileError::MiswrittenSection { written: written.to_owned(), position }))
}

/// `name: value`, where the name is one word of letters.
fn header_shape(comment: &str) -> Option<(&str, &str)> {
    let (name, value) = comment.split_once(':')?;
    let word = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-'));
    // `https://…` is an address.
    (word && !value.starts_with("//")).then_some((name, value))
}
