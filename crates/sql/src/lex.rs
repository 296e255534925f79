//! A lossless lexer for the four engines: the texts of the tokens, joined, are the source, whatever the source is. It
//! knows exactly what is needed to find the borders of statements (strings, quoted names, comments, dollar quotes) and
//! never fails: a thing that is not closed is one token up to the end, marked as incomplete.
//!
//! Rules: PostgreSQL manual 4.1 and `scan.l`; MySQL manual 11.1, 11.2 and 11.7; MariaDB knowledge base "Comment
//! Syntax"; SQLite `tokenize.c`. MySQL and MariaDB are read with their default `sql_mode` (double quotes are strings,
//! the backslash escapes); PostgreSQL with `standard_conforming_strings = on`.

use stead_schema::EngineKind;

mod scan;
#[cfg(test)]
pub(crate) mod tests;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Blanks and line ends; a byte order mark at the start of the text.
    Whitespace,
    /// A comment, without the line end that closes a line comment.
    Comment,
    /// A string or blob literal with its prefix (`E'…'`, `x'…'`); in MySQL and MariaDB also `"…"`.
    String,
    /// A quoted name: `"…"`, `` `…` `` or `[…]`.
    QuotedIdentifier,
    /// A keyword or an unquoted name.
    Word,
    /// A number.
    Number,
    /// A placeholder (`?`, `?1`, `$1`, `:name`) or a MySQL variable (`@name`, `@@name`).
    Parameter,
    /// An operator or a punctuation mark. The borders of executable comments (`/*!50003` and `*/`) are symbols as well.
    Symbol,
    /// A dollar-quoted string with its tags.
    DollarQuoted,
}

/// A piece of SQL text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// The text, exactly as written.
    pub text: &'a str,
    /// Bytes from the start of the source.
    pub offset: usize,
    /// False when the source ends before a string, a quoted name or a comment is closed.
    pub complete: bool,
}

impl Token<'_> {
    /// True unless the token is whitespace or a comment.
    #[must_use]
    pub fn is_code(&self) -> bool {
        !matches!(self.kind, TokenKind::Whitespace | TokenKind::Comment)
    }

    /// True when the token is this word, unquoted, in any case of letters.
    #[must_use]
    pub fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// True when the token is this symbol.
    #[must_use]
    pub fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == TokenKind::Symbol && self.text == symbol
    }

    /// One past the token's last byte in the source.
    #[must_use]
    pub fn end(&self) -> usize {
        self.offset + self.text.len()
    }
}

/// All tokens of `source`. Their texts, joined, are `source`.
#[must_use]
pub fn tokens(source: &str, engine: EngineKind) -> Vec<Token<'_>> {
    Lexer::new(source, engine).collect()
}

/// The tokens that are neither whitespace nor comment.
#[must_use]
pub fn code(source: &str, engine: EngineKind) -> Vec<Token<'_>> {
    Lexer::new(source, engine).filter(Token::is_code).collect()
}

/// Walks a source token by token. The splitter drives it itself, because `DELIMITER` changes how the rest is cut.
#[derive(Clone)]
pub(crate) struct Lexer<'a> {
    source: &'a str,
    engine: EngineKind,
    offset: usize,
    delimiter: Option<&'a str>,
    executable: Option<usize>,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(source: &'a str, engine: EngineKind) -> Self {
        Self { source, engine, offset: 0, delimiter: None, executable: None }
    }

    /// From now on `delimiter` is a symbol wherever it stands outside strings and comments; `None` is the plain `;`.
    pub(crate) fn set_delimiter(&mut self, delimiter: Option<&'a str>) {
        self.delimiter = delimiter;
    }

    /// Moves to byte `offset`, which is the end of a token or of a line.
    pub(crate) fn seek(&mut self, offset: usize) {
        self.offset = offset;
    }

    /// Where the executable comment (`/*! … */`) that is open began.
    pub(crate) fn executable(&self) -> Option<usize> {
        self.executable
    }

    fn measure(&self, rest: &str) -> (TokenKind, usize, bool) {
        if let Some(length) = self.custom_delimiter(rest) {
            return (TokenKind::Symbol, length, true);
        }
        if let Some(length) = scan::blank(rest, self.offset == 0) {
            return (TokenKind::Whitespace, length, true);
        }
        if self.executable.is_some() && rest.starts_with("*/") {
            return (TokenKind::Symbol, 2, true);
        }
        if let Some(length) = scan::executable_comment(rest, self.engine) {
            return (TokenKind::Symbol, length, true);
        }
        scan::quoted(rest, self.engine).unwrap_or_else(|| self.measure_plain(rest))
    }

    fn measure_plain(&self, rest: &str) -> (TokenKind, usize, bool) {
        let (kind, length) = scan::plain(rest, self.engine);
        (kind, self.before_delimiter(&rest[..length]), true)
    }

    fn custom_delimiter(&self, rest: &str) -> Option<usize> {
        let delimiter = self.delimiter?;
        let after = rest.strip_prefix(delimiter)?;
        let whole = !is_wordlike(delimiter) || !after.starts_with(scan::is_word_character);
        whole.then_some(delimiter.len())
    }

    /// `END$$` and `END//` end at the delimiter, although `$` may stand in a word.
    fn before_delimiter(&self, text: &str) -> usize {
        let delimiter = self.delimiter.filter(|delimiter| !is_wordlike(delimiter));
        delimiter.and_then(|delimiter| text.find(delimiter)).filter(|found| *found > 0).unwrap_or(text.len())
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let rest = &self.source[self.offset..];
        if rest.is_empty() {
            return None;
        }
        let (kind, length, complete) = self.measure(rest);
        let token = Token { kind, text: &rest[..length], offset: self.offset, complete };
        if kind == TokenKind::Symbol && token.text.starts_with("/*") {
            self.executable = Some(self.offset);
        } else if token.is_symbol("*/") {
            self.executable = None;
        }
        self.offset += length;
        Some(token)
    }
}

fn is_wordlike(delimiter: &str) -> bool {
    delimiter.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}
