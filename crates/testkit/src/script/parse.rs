//! Reading a story: its commands with their lines, the rows that they expect, and the files below.
//! Nothing runs here, so a mistake anywhere in the file is found before the first program starts.

use super::Failure;

/// A story as it is written.
pub(super) struct Script {
    pub(super) name: String,
    pub(super) commands: Vec<Command>,
    pub(super) files: Vec<Section>,
}

/// One command.
pub(super) struct Command {
    /// One-based.
    pub(super) line: usize,
    /// As written, for a failure.
    pub(super) text: String,
    /// Names, each with whether it must hold.
    pub(super) conditions: Vec<(String, bool)>,
    /// Whether `!` stands before it.
    pub(super) negated: bool,
    pub(super) words: Vec<Word>,
    /// The lines that follow with `> `; nothing if there are none. A lone `>` is an empty line.
    pub(super) expected: Option<Vec<String>>,
}

/// A file to lay out before the first command.
pub(super) struct Section {
    pub(super) path: String,
    pub(super) content: String,
}

/// A word of a command, in pieces, since only some of them may hold variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word(pub(super) Vec<Piece>);

/// A part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Literal(String),
    Variable(String),
}

/// Reads a story.
pub(super) fn parse(name: &str, text: &str) -> Result<Script, Box<Failure>> {
    let mut script = Script { name: name.to_owned(), commands: Vec::new(), files: Vec::new() };
    for (index, line) in text.lines().enumerate() {
        let fault = |reason: String| failure(name, index + 1, line, reason);
        if let Some(path) = section(line) {
            script.files.push(Section { path: checked_path(path).map_err(fault)?, content: String::new() });
        } else if let Some(file) = script.files.last_mut() {
            file.content.push_str(line);
            file.content.push('\n');
        } else if let Some(row) = line.strip_prefix('>') {
            let command = script.commands.last_mut().ok_or_else(|| fault("a row before the first command".into()))?;
            command.expected.get_or_insert_default().push(row.strip_prefix(' ').unwrap_or(row).to_owned());
        } else {
            script.commands.extend(command(index + 1, line).map_err(fault)?);
        }
    }
    if script.commands.is_empty() {
        return Err(failure(name, 1, "", "a story without a command tests nothing".into()));
    }
    Ok(script)
}

/// A failure before or without a running program.
pub(super) fn failure(script: &str, line: usize, command: &str, reason: String) -> Box<Failure> {
    Box::new(Failure { script: script.to_owned(), line, command: command.to_owned(), reason, last: None })
}

fn section(line: &str) -> Option<&str> {
    let path = line.strip_prefix("-- ")?.strip_suffix(" --")?.trim();
    (!path.is_empty()).then_some(path)
}

fn checked_path(path: &str) -> Result<String, String> {
    let leaves = path.starts_with('/') || path.split('/').any(|part| part == "..");
    if leaves { Err(format!("the file `{path}` would lie outside the story's folder")) } else { Ok(path.to_owned()) }
}

/// Reads one line; an empty one and a comment are no command.
fn command(line: usize, text: &str) -> Result<Option<Command>, String> {
    let mut rest = text.trim();
    if rest.is_empty() || rest.starts_with('#') {
        return Ok(None);
    }
    let mut conditions = Vec::new();
    while let Some(inside) = rest.strip_prefix('[') {
        let (condition, after) = inside.split_once(']').ok_or("a condition without its `]`")?;
        let name = condition.strip_prefix('!').unwrap_or(condition);
        conditions.push((name.trim().to_owned(), !condition.starts_with('!')));
        rest = after.trim_start();
    }
    let negated = rest.starts_with("! ");
    let words = words(rest.strip_prefix("! ").unwrap_or(rest))?;
    if words.is_empty() {
        return Err("a condition or `!` without a command".into());
    }
    Ok(Some(Command { line, text: text.trim().to_owned(), conditions, negated, words, expected: None }))
}

/// Splits a line into words.
pub(super) fn words(text: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut pieces: Option<Vec<Piece>> = None;
    let mut characters = text.chars().peekable();
    let mut in_double = false;
    while let Some(character) = characters.next() {
        match character {
            ' ' | '\t' if !in_double => words.extend(pieces.take().map(Word)),
            '\'' if !in_double => {
                let mut literal = String::new();
                loop {
                    match characters.next() {
                        Some('\'') => break,
                        Some(inside) => literal.push(inside),
                        None => return Err("a single quote is not closed".into()),
                    }
                }
                pieces.get_or_insert_default().push(Piece::Literal(literal));
            }
            '"' => {
                in_double = !in_double;
                pieces.get_or_insert_default();
            }
            '$' => {
                let name = variable(&mut characters)?;
                pieces.get_or_insert_default().push(Piece::Variable(name));
            }
            other => push(pieces.get_or_insert_default(), other),
        }
    }
    if in_double {
        return Err("a double quote is not closed".into());
    }
    words.extend(pieces.map(Word));
    Ok(words)
}

fn push(pieces: &mut Vec<Piece>, character: char) {
    match pieces.last_mut() {
        Some(Piece::Literal(literal)) => literal.push(character),
        _ => pieces.push(Piece::Literal(character.to_string())),
    }
}

/// Reads the name after a `$`.
fn variable(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<String, String> {
    let braced = characters.next_if_eq(&'{').is_some();
    let mut name = String::new();
    while let Some(character) = characters.next_if(|character| character.is_ascii_alphanumeric() || *character == '_') {
        name.push(character);
    }
    if name.is_empty() || (braced && characters.next() != Some('}')) {
        return Err("a `$` without the name of a variable; put it in single quotes to mean the sign".into());
    }
    Ok(name)
}
