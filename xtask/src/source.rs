//! Rust source text made fit for searching: comments blanked, and string contents blanked or kept, with every line in its place.
//! A rule that looks for a word must not stumble over the sentence that explains the rule, and no parser is needed for that.

#[cfg(test)]
mod tests;

use crate::workspace::TextFile;

/// A Rust file in three readings that have the same lines.
pub(crate) struct RustFile {
    /// Relative to the repository's root.
    pub(crate) path: String,
    /// As it is on disk.
    pub(crate) text: String,
    /// Without comments and without what strings contain.
    pub(crate) code: String,
    /// Without comments.
    pub(crate) with_strings: String,
}

impl RustFile {
    /// Reads a file's text in the three ways.
    pub(crate) fn new(path: &str, text: &str) -> RustFile {
        let (code, with_strings) = blank(text);
        RustFile { path: path.to_owned(), text: text.to_owned(), code, with_strings }
    }

    /// The Rust files among the project's files.
    pub(crate) fn among(files: &[TextFile]) -> Vec<RustFile> {
        let rust = files.iter().filter(|file| file.path.ends_with(".rs"));
        rust.map(|file| RustFile::new(&file.path, &file.text)).collect()
    }

    /// The folder of its crate under `crates/`, if it is in one.
    pub(crate) fn crate_folder(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }

    /// Whether the file lies in a folder of integration tests or benchmarks.
    pub(crate) fn in_tests_folder(&self) -> bool {
        let mut folders: Vec<&str> = self.path.split('/').collect();
        folders.pop();
        folders.iter().any(|folder| ["tests", "benches"].contains(folder))
    }

    /// Whether the file holds nothing but tests.
    pub(crate) fn is_test(&self) -> bool {
        self.in_tests_folder() || self.path.ends_with("/tests.rs")
    }
}

/// The one-based lines of `text` that hold `pattern`, which must not be part of a longer word.
pub(crate) fn lines_with(text: &str, pattern: &str) -> Vec<usize> {
    let holding = text.lines().enumerate().filter(|(_, line)| holds(line, pattern));
    holding.map(|(index, _)| index + 1).collect()
}

/// The parts of `std` that the code names, as `std::fs` or in a group `std::{fs, io}`, with their one-based lines.
pub(crate) fn std_modules(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (start, _) in code.match_indices("std::") {
        if code[..start].ends_with(is_word_character) {
            continue;
        }
        let after = start + "std::".len();
        let rest = &code[after..];
        let names = if rest.starts_with('{') { group(rest) } else { vec![(0, word(rest))] };
        found.extend(names.into_iter().map(|(offset, name)| (line_of(code, after + offset), name)));
    }
    found
}

/// The one-based line of a byte offset.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

fn holds(line: &str, pattern: &str) -> bool {
    line.match_indices(pattern).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + pattern.len()..].chars().next();
        let joined = |inner: Option<char>, outer: Option<char>| {
            inner.is_some_and(is_word_character) && outer.is_some_and(is_word_character)
        };
        !joined(pattern.chars().next(), before) && !joined(pattern.chars().next_back(), after)
    })
}

fn is_word_character(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn word(text: &str) -> String {
    text.chars().take_while(|&character| is_word_character(character)).collect()
}

/// The first word of each member of a `{…}` group, with its offset; what is nested deeper belongs to its member.
fn group(text: &str) -> Vec<(usize, String)> {
    let mut names = Vec::new();
    let mut depth = 0;
    let mut expecting = false;
    for (offset, character) in text.char_indices() {
        match character {
            '{' => {
                depth += 1;
                expecting = depth == 1;
            }
            '}' => depth -= 1,
            ',' if depth == 1 => expecting = true,
            _ if depth == 1 && expecting && is_word_character(character) => {
                names.push((offset, word(&text[offset..])));
                expecting = false;
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

/// What a stretch of source text is.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Code,
    Quoted,
    Comment,
}

/// The text without comments and string contents, and without comments only.
fn blank(text: &str) -> (String, String) {
    let characters: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut with_strings = String::with_capacity(text.len());
    let mut position = 0;
    while position < characters.len() {
        let (kind, end) = stretch(&characters, position);
        for &character in &characters[position..end] {
            let blanked = if character == '\n' { '\n' } else { ' ' };
            code.push(if kind == Kind::Code { character } else { blanked });
            with_strings.push(if kind == Kind::Comment { blanked } else { character });
        }
        position = end;
    }
    (code, with_strings)
}

/// The kind of what begins at `start`, and where it ends.
fn stretch(characters: &[char], start: usize) -> (Kind, usize) {
    let next = characters.get(start + 1).copied();
    match (characters[start], next) {
        ('/', Some('/')) => (Kind::Comment, until(characters, start, |character| character == '\n')),
        ('/', Some('*')) => (Kind::Comment, block_comment_end(characters, start)),
        ('"', _) => (Kind::Quoted, quoted_end(characters, start, '"')),
        ('\'', Some('\\')) => (Kind::Quoted, quoted_end(characters, start, '\'')),
        ('\'', Some(_)) if characters.get(start + 2) == Some(&'\'') => (Kind::Quoted, start + 3),
        ('r', Some('"' | '#')) => match raw_string_end(characters, start) {
            Some(end) => (Kind::Quoted, end),
            None => (Kind::Code, start + 1),
        },
        _ => (Kind::Code, start + 1),
    }
}

fn until(characters: &[char], start: usize, stop: impl Fn(char) -> bool) -> usize {
    let length = characters[start..].iter().position(|&character| stop(character));
    length.map_or(characters.len(), |length| start + length)
}

fn block_comment_end(characters: &[char], start: usize) -> usize {
    let mut depth = 0;
    let mut position = start;
    while position < characters.len() {
        match (characters[position], characters.get(position + 1)) {
            ('/', Some('*')) => {
                depth += 1;
                position += 2;
            }
            ('*', Some('/')) => {
                depth -= 1;
                position += 2;
                if depth == 0 {
                    break;
                }
            }
            _ => position += 1,
        }
    }
    position.min(characters.len())
}

fn quoted_end(characters: &[char], start: usize, quote: char) -> usize {
    let mut position = start + 1;
    while position < characters.len() {
        match characters[position] {
            '\\' => position += 2,
            character if character == quote => return position + 1,
            _ => position += 1,
        }
    }
    characters.len()
}

/// The end of `r"…"`, `r#"…"#` and so on; nothing where the `r` begins something else, such as `r#type`, or ends a word.
fn raw_string_end(characters: &[char], start: usize) -> Option<usize> {
    let before = &characters[..start];
    let prefixed = matches!(before.last(), Some('b' | 'c'));
    let outer = if prefixed { before.len().checked_sub(2) } else { before.len().checked_sub(1) };
    if outer.is_some_and(|index| is_word_character(before[index])) {
        return None;
    }
    let hashes = characters[start + 1..].iter().take_while(|&&character| character == '#').count();
    let open = start + 1 + hashes;
    if characters.get(open) != Some(&'"') {
        return None;
    }
    let closes = |position: &usize| {
        characters[*position] == '"'
            && characters[position + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes
    };
    let close = (open + 1..characters.len()).find(closes);
    Some(close.map_or(characters.len(), |position| position + 1 + hashes))
}
