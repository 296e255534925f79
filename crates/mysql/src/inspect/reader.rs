//! Walks over what a server printed, token by token. The borders of executable comments are dropped: what is in them holds for
//! the server that printed them.

use std::collections::BTreeSet;

use stead_engine::EngineError;
use stead_schema::EngineKind;
use stead_sql::lex::code;
use stead_sql::quote::unquoted;
use stead_sql::{Token, TokenKind};

use super::unsupported;

/// A place in a printed statement.
pub(super) struct Reader<'a> {
    source: &'a str,
    tokens: Vec<Token<'a>>,
    at: usize,
    kind: &'static str,
    name: &'a str,
}

impl<'a> Reader<'a> {
    /// At the start of the statement that the server printed for an object.
    pub(super) fn new(source: &'a str, engine: EngineKind, kind: &'static str, name: &'a str) -> Self {
        let mut tokens = code(source, engine);
        tokens.retain(|token| !is_border(token));
        Self { source, tokens, at: 0, kind, name }
    }

    /// The token here.
    pub(super) fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at)
    }

    /// The token after the one here.
    pub(super) fn peek_second(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at + 1)
    }

    /// Takes the token here.
    pub(super) fn next(&mut self) -> Result<Token<'a>, EngineError> {
        let token = self.tokens.get(self.at).copied().ok_or_else(|| self.unknown())?;
        self.at += 1;
        Ok(token)
    }

    /// True at the end of the statement.
    pub(super) fn is_done(&self) -> bool {
        self.at == self.tokens.len()
    }

    /// Takes these words if they stand here.
    pub(super) fn words(&mut self, words: &str) -> bool {
        let mut count = 0;
        for word in words.split(' ') {
            if !self.tokens.get(self.at + count).is_some_and(|token| token.is_word(word)) {
                return false;
            }
            count += 1;
        }
        self.at += count;
        true
    }

    /// Takes the symbol if it stands here.
    pub(super) fn symbol(&mut self, symbol: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is_symbol(symbol));
        self.at += usize::from(found);
        found
    }

    /// Takes a symbol that must stand here.
    pub(super) fn expect(&mut self, symbol: &str) -> Result<(), EngineError> {
        if self.symbol(symbol) { Ok(()) } else { Err(self.unknown()) }
    }

    /// Takes words that must stand here.
    pub(super) fn expect_words(&mut self, words: &str) -> Result<(), EngineError> {
        if self.words(words) { Ok(()) } else { Err(self.unknown()) }
    }

    /// Takes a name, quoted or not.
    pub(super) fn name(&mut self) -> Result<String, EngineError> {
        let token = self.next()?;
        match token.kind {
            TokenKind::QuotedIdentifier | TokenKind::Word => Ok(unquoted(token.text)),
            TokenKind::String if token.text.starts_with('"') => Ok(unquoted(token.text)),
            _ => Err(self.unknown_at(self.at - 1)),
        }
    }

    /// Takes a list of names in parentheses.
    pub(super) fn names(&mut self) -> Result<Vec<String>, EngineError> {
        self.expect("(")?;
        let mut names = vec![self.name()?];
        while self.symbol(",") {
            names.push(self.name()?);
        }
        self.expect(")")?;
        Ok(names)
    }

    /// Takes one token and gives it as it is written.
    pub(super) fn text(&mut self) -> Result<String, EngineError> {
        self.next().map(|token| token.text.to_owned())
    }

    /// Takes a parenthesis with everything in it, and gives what is in it.
    pub(super) fn parenthesis(&mut self) -> Result<String, EngineError> {
        let start = self.at;
        self.skip_parenthesis()?;
        let (open, close) = (self.tokens[start], self.tokens[self.at - 1]);
        Ok(self.source[open.end()..close.offset].to_owned())
    }

    fn skip_parenthesis(&mut self) -> Result<(), EngineError> {
        self.expect("(")?;
        let mut depth = 1_usize;
        while depth > 0 {
            let token = self.next()?;
            depth = depth + usize::from(token.is_symbol("(")) - usize::from(token.is_symbol(")"));
        }
        Ok(())
    }

    /// Takes everything up to a token outside parentheses that ends it, and gives its text.
    pub(super) fn until(&mut self, ends: impl Fn(&Token<'a>) -> bool) -> Result<String, EngineError> {
        let start = self.at;
        while let Some(token) = self.peek() {
            if token.is_symbol("(") {
                self.skip_parenthesis()?;
            } else if token.is_symbol(")") || token.is_symbol(",") || (ends(token) && self.at > start) {
                break;
            } else {
                self.at += 1;
            }
        }
        if start == self.at {
            return Err(self.unknown());
        }
        Ok(self.source[self.tokens[start].offset..self.tokens[self.at - 1].end()].to_owned())
    }

    /// Everything from here on as one text: borders of executable comments are gone, lines are kept.
    pub(super) fn rest(&mut self) -> String {
        let mut text = String::new();
        let mut end = None;
        for token in &self.tokens[self.at..] {
            let between = end.map_or("", |end: usize| &self.source[end..token.offset]);
            if between.contains('\n') {
                text.push('\n');
            } else if !between.is_empty() {
                text.push(' ');
            }
            text.push_str(token.text);
            end = Some(token.end());
        }
        self.at = self.tokens.len();
        text
    }

    /// Everything from here on, exactly as it is printed.
    pub(super) fn verbatim(&self) -> &'a str {
        self.peek().map_or("", |token| &self.source[token.offset..])
    }

    /// The error for what stands here and is not known.
    pub(super) fn unknown(&self) -> EngineError {
        self.unknown_at(self.at)
    }

    fn unknown_at(&self, at: usize) -> EngineError {
        let Some(token) = self.tokens.get(at) else {
            return unsupported(self.kind, self.name, "what the server prints for it ends in the middle");
        };
        let rest: String = self.source[token.offset..].chars().take(40).collect();
        let near = rest.lines().next().unwrap_or_default();
        unsupported(self.kind, self.name, &format!("the server prints `{near}`, which is not known here"))
    }

    /// An error about the object.
    pub(super) fn refuse(&self, reason: &str) -> EngineError {
        unsupported(self.kind, self.name, reason)
    }
}

fn is_border(token: &Token<'_>) -> bool {
    token.kind == TokenKind::Symbol && (token.text.starts_with("/*") || token.text == "*/")
}

/// `text` without the database's name before the names of sequences and functions: the same text in another database means
/// that one's. Names with three parts and the columns of an alias are left alone.
pub(super) fn without_database(text: &str, database: &str, engine: EngineKind) -> String {
    let tokens = code(text, engine);
    let mut result = String::with_capacity(text.len());
    let mut from = 0;
    for (place, token) in tokens.iter().enumerate() {
        let [dot, named] = [1, 2].map(|ahead| tokens.get(place + ahead));
        let before = place.checked_sub(1).and_then(|before| tokens.get(before));
        let qualifies = token.kind == TokenKind::QuotedIdentifier
            && unquoted(token.text) == database
            && dot.is_some_and(|dot| dot.is_symbol("."))
            && before.is_none_or(|before| !before.is_symbol("."))
            && named.is_some_and(|named| named.kind == TokenKind::QuotedIdentifier)
            && (tokens.get(place + 3).is_some_and(|after| after.is_symbol("(")) || of_sequence(&tokens, place));
        if let (true, Some(named)) = (qualifies, named) {
            result.push_str(&text[from..token.offset]);
            from = named.offset;
        }
    }
    result.push_str(&text[from..]);
    result
}

/// `text` without the database's name before its own relations and their columns, `db`.`table` and `db`.`table`.`column`. A server
/// prints it in a view that looks into another database as well, and MariaDB before columns when the view's definer has gone.
/// It stays where the text would mean something else without it: another database's table of the same name is named, too, or
/// something else is called as the database is.
pub(super) fn compact(text: &str, database: &str, engine: EngineKind) -> String {
    let tokens = code(text, engine);
    let name = |place: usize| {
        let token = tokens.get(place).filter(|token| token.kind == TokenKind::QuotedIdentifier)?;
        Some(unquoted(token.text))
    };
    let dot = |place: usize| tokens.get(place).is_some_and(|token| token.is_symbol("."));
    let first = |place: usize| !place.checked_sub(1).is_some_and(dot);
    let own = |place: usize| name(place).is_some_and(|found| found == database);
    let begins = |place: usize| first(place) && own(place) && dot(place + 1);
    let titled = |place: usize| place.checked_sub(1).is_some_and(|before| tokens[before].is_word("AS"));
    let relations = |is_own: bool, parts: bool| -> BTreeSet<String> {
        let named =
            |place: &usize| first(*place) && dot(*place + 1) && own(*place) == is_own && dot(*place + 3) == parts;
        (0..tokens.len()).filter(named).filter_map(|place| name(place + 2)).collect()
    };
    let abroad = relations(false, true);
    let mistakable = (0..tokens.len()).any(|place| own(place) && first(place) && !dot(place + 1) && !titled(place));
    let qualified = relations(true, false);
    let keeps = mistakable || qualified.iter().any(|table| abroad.contains(table));
    let mut result = String::with_capacity(text.len());
    let mut from = 0;
    for place in (0..tokens.len()).filter(|place| begins(*place) && name(place + 2).is_some()) {
        let is_column = dot(place + 3);
        let stays = keeps && (!is_column || name(place + 2).is_some_and(|table| qualified.contains(&table)));
        if !stays {
            result.push_str(&text[from..tokens[place].offset]);
            from = tokens[place + 2].offset;
        }
    }
    result.push_str(&text[from..]);
    result
}

/// True behind `nextval(`, `lastval(` and `setval(`.
pub(super) fn of_sequence(tokens: &[Token<'_>], place: usize) -> bool {
    let [call, open] = [2, 1].map(|back| place.checked_sub(back).and_then(|before| tokens.get(before)));
    open.is_some_and(|open| open.is_symbol("("))
        && call.is_some_and(|call| ["nextval", "lastval", "setval"].iter().any(|word| call.is_word(word)))
}
