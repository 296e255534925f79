//! Cuts a script into statements, as each engine's own client would, with the place of every statement. Triggers, routine
//! bodies, strings, comments and `DELIMITER` do not fool it; what cannot be cut, because something is never closed, is an
//! error that points to where it began.

use std::fmt;

use stead_schema::EngineKind;
use thiserror::Error;

use crate::body::Body;
use crate::leading::leading;
use crate::lex::{Lexer, Token, TokenKind, code};
use crate::position::Position;
use crate::quote;

#[cfg(test)]
mod tests;

/// One statement of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The text, without the delimiter and without blanks and comments around it.
    pub text: String,
    /// Where it begins in the script.
    pub position: Position,
    /// Its first keywords in upper case, with what stands between them left out: `CREATE TRIGGER` for
    /// `create or replace temp trigger`. Empty if it does not begin with a word.
    pub leading: String,
}

/// Whether a piece of a script is sent to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind {
    /// A statement.
    Statement,
    /// What lies between statements: blanks, comments, delimiters, `DELIMITER` lines.
    Gap,
}

/// A part of a script. The texts of all pieces, joined, are the script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// What it is.
    pub kind: PieceKind,
    /// The text, exactly as written; never empty.
    pub text: &'a str,
    /// Bytes from the start of the script.
    pub offset: usize,
}

/// A `PRAGMA` statement of SQLite, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pragma {
    /// The schema it is asked of: `main` in `PRAGMA main.user_version`.
    pub schema: Option<String>,
    /// Its name in lower case.
    pub name: String,
    /// Its argument without quotes: `OFF` in both `PRAGMA foreign_keys = OFF` and `PRAGMA foreign_keys('OFF')`.
    pub argument: Option<String>,
}

/// What is never closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unclosed {
    /// A comment, plain or executable.
    Comment,
    /// A string or blob literal.
    String,
    /// A quoted name.
    Identifier,
    /// A dollar-quoted string.
    DollarQuote,
    /// The body of a trigger, routine or event.
    Body,
    /// The parenthesis of a rule with several statements.
    Parenthesis,
}

/// Why a script cannot be cut into statements.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SplitError {
    /// The script ends inside something.
    #[error("the {what} that begins at {position} is never closed")]
    Unclosed {
        /// What is open at the end.
        what: Unclosed,
        /// Where it begins.
        position: Position,
    },
    /// Servers stop reading at a NUL, so what follows would be lost without a word.
    #[error("there is a NUL character at {position}")]
    Nul {
        /// Where it stands.
        position: Position,
    },
    /// `DELIMITER` without a word after it, or with a backslash in it.
    #[error("`DELIMITER` at {position} does not say which delimiter")]
    Delimiter {
        /// Where the command stands.
        position: Position,
    },
    /// A statement whose rows or file a client has to send, which nobody does here.
    #[error("`{statement}` at {position} needs a client that sends or takes what belongs to it")]
    Client {
        /// The words it is known by.
        statement: &'static str,
        /// Where it begins.
        position: Position,
    },
    /// A command of psql, which it carries out itself.
    #[error("`{command}` at {position} is a command of psql and no SQL")]
    Psql {
        /// The command with its backslash.
        command: String,
        /// Where it stands.
        position: Position,
    },
}

impl SplitError {
    /// The stable word for this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unclosed { .. } => "sql-unclosed",
            Self::Nul { .. } => "sql-nul-character",
            Self::Delimiter { .. } => "sql-delimiter",
            Self::Client { .. } => "sql-needs-client",
            Self::Psql { .. } => "sql-psql-command",
        }
    }

    /// Where in the script it is.
    #[must_use]
    pub fn position(&self) -> Position {
        match self {
            Self::Unclosed { position, .. }
            | Self::Nul { position }
            | Self::Delimiter { position }
            | Self::Client { position, .. }
            | Self::Psql { position, .. } => *position,
        }
    }

    /// The same error at another place: where the script is a part of a file, that place in the file.
    #[must_use]
    pub fn at(self, place: Position) -> Self {
        match self {
            Self::Unclosed { what, .. } => Self::Unclosed { what, position: place },
            Self::Nul { .. } => Self::Nul { position: place },
            Self::Delimiter { .. } => Self::Delimiter { position: place },
            Self::Client { statement, .. } => Self::Client { statement, position: place },
            Self::Psql { command, .. } => Self::Psql { command, position: place },
        }
    }

    /// What the writer of the script can do.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Unclosed { what, .. } => what.hint(),
            Self::Nul { .. } => "remove it; binary values are written as hexadecimal literals",
            Self::Delimiter { .. } => "write for example `DELIMITER //`, and `DELIMITER ;` to go back",
            Self::Client { .. } => {
                "write `INSERT` statements, or keep the rows in a CSV file and load it by a seed step with `csv` and `table`"
            }
            Self::Psql { .. } => {
                "leave it out: stead connects by itself, reads one file at a time and needs no settings of psql"
            }
        };
        vec![hint.to_owned()]
    }
}

impl Unclosed {
    fn hint(self) -> &'static str {
        match self {
            Self::Comment => "close it with `*/`",
            Self::String => "close it with a quote; a quote inside a string is written twice",
            Self::Identifier => "close it with the quote that opened it",
            Self::DollarQuote => "close it with the same tag that opened it",
            Self::Body => "close every `BEGIN`, `CASE`, `IF` and loop with its `END`, then write `;`",
            Self::Parenthesis => "close it with `)`",
        }
    }
}

impl fmt::Display for Unclosed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Comment => "comment",
            Self::String => "string",
            Self::Identifier => "quoted name",
            Self::DollarQuote => "dollar-quoted string",
            Self::Body => "body",
            Self::Parenthesis => "parenthesis",
        })
    }
}

/// The statements of a script, in order. Pieces that hold comments only are no statements, and the last delimiter may be
/// missing.
///
/// # Errors
/// Something is never closed, a NUL stands in the text, or `DELIMITER` has no argument.
pub fn split(source: &str, engine: EngineKind) -> Result<Vec<Statement>, SplitError> {
    let mut position = Position::START;
    let mut statements = Vec::new();
    for piece in pieces(source, engine)? {
        if piece.kind == PieceKind::Statement {
            let leading = leading(Lexer::new(piece.text, engine));
            statements.push(Statement { text: piece.text.to_owned(), position, leading });
        }
        position = position.after(piece.text);
    }
    Ok(statements)
}

/// A statement of MySQL or MariaDB as a script: between lines that say where it ends, whatever stands in it.
#[must_use]
pub fn delimited(sql: &str) -> String {
    let several = (2..).map(|length| "/".repeat(length));
    let free = ["//", "$$", "~~"].map(str::to_owned).into_iter().chain(several).find(|word| !sql.contains(word));
    let delimiter = free.expect("a text is shorter than some delimiter");
    format!("DELIMITER {delimiter}\n{sql}\n{delimiter}\nDELIMITER ;")
}

/// The statements of a script and what lies between them. Joined, the pieces are the script.
///
/// # Errors
/// As for [`split`].
pub fn pieces(source: &str, engine: EngineKind) -> Result<Vec<Piece<'_>>, SplitError> {
    Splitter {
        source,
        engine,
        lexer: Lexer::new(source, engine),
        delimiter: ";",
        open: None,
        done: 0,
        pieces: Vec::new(),
    }
    .run()
}

impl Statement {
    /// True when the statement opens, closes or marks a transaction of its own, so that a program that runs it inside a
    /// transaction has to refuse it or step aside. The body of a trigger or routine does not count.
    #[must_use]
    pub fn controls_transaction(&self, engine: EngineKind) -> bool {
        let mysql = matches!(engine, EngineKind::Mysql | EngineKind::Mariadb);
        match self.leading.as_str() {
            "BEGIN" | "COMMIT" | "ROLLBACK" | "SAVEPOINT" | "RELEASE" => true,
            "START TRANSACTION" => engine != EngineKind::Sqlite,
            "END" => !mysql,
            "ABORT" | "PREPARE TRANSACTION" => engine == EngineKind::Postgres,
            "XA" | "SET AUTOCOMMIT" => mysql,
            "SET" => mysql && sets_autocommit(&self.text, engine),
            _ => false,
        }
    }

    /// The parts of a `PRAGMA` of SQLite; `None` for every other statement.
    #[must_use]
    pub fn pragma(&self) -> Option<Pragma> {
        let tokens = code(&self.text, EngineKind::Sqlite);
        let (first, rest) = tokens.split_first()?;
        let (schema, rest) = match rest {
            [schema, point, rest @ ..] if point.is_symbol(".") => (Some(quote::unquoted(schema.text)), rest),
            _ => (None, rest),
        };
        let (name, rest) = rest.split_first().filter(|_| first.is_word("PRAGMA"))?;
        Some(Pragma { schema, name: quote::unquoted(name.text).to_ascii_lowercase(), argument: pragma_argument(rest) })
    }
}

/// `SET @@autocommit = 0` and `SET SESSION autocommit = 0` mean `SET autocommit = 0`.
fn sets_autocommit(text: &str, engine: EngineKind) -> bool {
    let variable = |token: &Token<'_>| token.text.trim_start_matches('@').to_ascii_lowercase();
    code(text, engine).iter().map(variable).any(|name| name.rsplit('.').next() == Some("autocommit"))
}

fn pragma_argument(rest: &[Token<'_>]) -> Option<String> {
    let (_, value) = rest.split_first().filter(|(first, _)| first.is_symbol("=") || first.is_symbol("("))?;
    let parts = value.iter().take_while(|token| !token.is_symbol(")"));
    Some(parts.map(|token| quote::unquoted(token.text)).collect())
}

struct Splitter<'a> {
    source: &'a str,
    engine: EngineKind,
    lexer: Lexer<'a>,
    delimiter: &'a str,
    open: Option<Open>,
    /// Up to here the source has become pieces.
    done: usize,
    pieces: Vec<Piece<'a>>,
}

/// The statement being read.
struct Open {
    start: usize,
    end: usize,
    body: Body,
}

impl<'a> Splitter<'a> {
    fn run(mut self) -> Result<Vec<Piece<'a>>, SplitError> {
        while let Some(token) = self.next_token()? {
            if self.is_delimiter(&token) {
                self.refuse_client_statement()?;
                self.close();
            } else if self.open.is_none() && self.is_delimiter_command(&token) {
                self.change_delimiter(&token)?;
            } else if self.open.is_none() && self.engine == EngineKind::Postgres && token.text.starts_with('\\') {
                return Err(self.psql_command(&token));
            } else if token.is_code() {
                self.extend(&token);
            }
        }
        self.refuse_open_end()?;
        self.refuse_client_statement()?;
        self.close();
        self.push(PieceKind::Gap, self.source.len());
        Ok(self.pieces)
    }

    fn next_token(&mut self) -> Result<Option<Token<'a>>, SplitError> {
        let Some(token) = self.lexer.next() else { return Ok(None) };
        if let Some(nul) = token.text.find('\0') {
            return Err(SplitError::Nul { position: self.place(token.offset + nul) });
        }
        if token.complete { Ok(Some(token)) } else { Err(self.unclosed(unclosed_kind(token.kind), token.offset)) }
    }

    fn is_delimiter(&self, token: &Token<'_>) -> bool {
        let in_body = self.delimiter == ";" && self.open.as_ref().is_some_and(|open| open.body.is_open());
        token.is_symbol(self.delimiter) && !in_body && self.lexer.executable().is_none()
    }

    fn is_delimiter_command(&self, token: &Token<'_>) -> bool {
        matches!(self.engine, EngineKind::Mysql | EngineKind::Mariadb) && token.is_word("DELIMITER")
    }

    /// `DELIMITER` takes the rest of its line; its first word is the delimiter.
    fn change_delimiter(&mut self, command: &Token<'_>) -> Result<(), SplitError> {
        let line = self.source[command.end()..].lines().next().unwrap_or_default();
        let word = line.split_whitespace().next().filter(|word| !word.contains(['\\', '\0']));
        self.delimiter = word.ok_or_else(|| SplitError::Delimiter { position: self.place(command.offset) })?;
        self.lexer.seek(command.end() + line.len());
        self.lexer.set_delimiter((self.delimiter != ";").then_some(self.delimiter));
        Ok(())
    }

    fn extend(&mut self, token: &Token<'a>) {
        let open = self.open.get_or_insert_with(|| {
            let mut ahead = self.lexer.clone();
            ahead.seek(token.offset);
            Open { start: token.offset, end: token.end(), body: Body::new(&leading(ahead), self.engine) }
        });
        open.end = token.end();
        open.body.feed(token);
    }

    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            self.push(PieceKind::Gap, open.start);
            self.push(PieceKind::Statement, open.end);
        }
    }

    fn push(&mut self, kind: PieceKind, end: usize) {
        if end > self.done {
            self.pieces.push(Piece { kind, text: &self.source[self.done..end], offset: self.done });
            self.done = end;
        }
    }

    /// With a delimiter of its own, a script says itself where bodies end.
    fn refuse_open_end(&self) -> Result<(), SplitError> {
        if let Some(offset) = self.lexer.executable() {
            return Err(self.unclosed(Unclosed::Comment, offset));
        }
        match self.open.as_ref().filter(|open| open.body.is_open() && self.delimiter == ";") {
            Some(open) => {
                let what = if self.source[open.body.opened()..].starts_with('(') {
                    Unclosed::Parenthesis
                } else {
                    Unclosed::Body
                };
                Err(self.unclosed(what, open.body.opened()))
            }
            None => Ok(()),
        }
    }

    fn psql_command(&self, token: &Token<'_>) -> SplitError {
        let line = self.source[token.offset..].lines().next().unwrap_or_default();
        let command = line.split_whitespace().next().unwrap_or_default().to_owned();
        SplitError::Psql { command, position: self.place(token.offset) }
    }

    /// What follows such a statement is often no SQL at all, so it is refused before that is read.
    fn refuse_client_statement(&self) -> Result<(), SplitError> {
        let Some(open) = &self.open else { return Ok(()) };
        match needs_client(&self.source[open.start..open.end], self.engine) {
            Some(statement) => Err(SplitError::Client { statement, position: self.place(open.start) }),
            None => Ok(()),
        }
    }

    fn unclosed(&self, what: Unclosed, offset: usize) -> SplitError {
        SplitError::Unclosed { what, position: self.place(offset) }
    }

    fn place(&self, offset: usize) -> Position {
        Position::of(self.source, offset)
    }
}

/// The words of a statement that the protocol lets a client answer, if it is one. `COPY` names its other end after the table
/// or query, outside of any parenthesis.
fn needs_client(text: &str, engine: EngineKind) -> Option<&'static str> {
    let mut tokens = Lexer::new(text, engine).filter(Token::is_code);
    let first = tokens.next()?;
    if engine == EngineKind::Postgres && first.is_word("COPY") {
        let mut depth = 0_usize;
        let mut outside = tokens.filter(|token| {
            if token.is_symbol("(") {
                depth += 1;
            } else if token.is_symbol(")") {
                depth = depth.saturating_sub(1);
            }
            depth == 0
        });
        let way = outside.find(|token| token.is_word("FROM") || token.is_word("TO"))?;
        let from = way.is_word("FROM");
        outside.next().filter(|token| token.is_word("STDIN") || token.is_word("STDOUT"))?;
        return Some(if from { "COPY … FROM STDIN" } else { "COPY … TO STDOUT" });
    }
    let loads = matches!(engine, EngineKind::Mysql | EngineKind::Mariadb) && first.is_word("LOAD");
    let local = loads.then(|| tokens.take(3).any(|token| token.is_word("LOCAL")))?;
    local.then_some("LOAD DATA LOCAL INFILE")
}

fn unclosed_kind(kind: TokenKind) -> Unclosed {
    match kind {
        TokenKind::String => Unclosed::String,
        TokenKind::QuotedIdentifier => Unclosed::Identifier,
        TokenKind::DollarQuoted => Unclosed::DollarQuote,
        TokenKind::Comment
        | TokenKind::Whitespace
        | TokenKind::Word
        | TokenKind::Number
        | TokenKind::Parameter
        | TokenKind::Symbol => Unclosed::Comment,
    }
}
