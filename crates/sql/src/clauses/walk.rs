//! A cursor over the tokens of one definition, with the small phrases that several clauses share. It never runs past the
//! end: what is missing reads as absent, so a damaged text gives fewer clauses and no panic.

use super::{Deferral, ForeignKeyClause, KeyClause, KeyKind};
use crate::lex::Token;
use crate::quote::unquoted;

/// The cursor.
pub(super) struct Walk<'t, 'a> {
    tokens: &'t [Token<'a>],
    next: usize,
}

impl<'t, 'a> Walk<'t, 'a> {
    pub(super) fn new(tokens: &'t [Token<'a>]) -> Self {
        Self { tokens, next: 0 }
    }

    pub(super) fn take(&mut self) -> Option<&'t Token<'a>> {
        let token = self.tokens.get(self.next)?;
        self.next += 1;
        Some(token)
    }

    /// Goes back by one token.
    pub(super) fn back(&mut self) -> &mut Self {
        self.next = self.next.saturating_sub(1);
        self
    }

    /// Takes the next token if it is this word.
    pub(super) fn skip(&mut self, word: &str) -> bool {
        let found = self.tokens.get(self.next).is_some_and(|token| token.is_word(word));
        self.next += usize::from(found);
        found
    }

    pub(super) fn peek_symbol(&self, symbol: &str) -> bool {
        self.tokens.get(self.next).is_some_and(|token| token.is_symbol(symbol))
    }

    /// Takes the next token as a name.
    pub(super) fn name(&mut self) -> Option<String> {
        self.take().map(|token| unquoted(token.text))
    }

    /// Takes a parenthesis with all it holds and gives what is inside; nothing if no parenthesis opens here.
    pub(super) fn group(&mut self) -> &'t [Token<'a>] {
        if !self.peek_symbol("(") {
            return &[];
        }
        let start = self.next + 1;
        let mut depth = 0_u32;
        while let Some(token) = self.take() {
            depth += u32::from(token.is_symbol("("));
            depth -= u32::from(token.is_symbol(")"));
            if depth == 0 {
                return &self.tokens[start..self.next - 1];
            }
        }
        &self.tokens[start..]
    }

    /// Takes the value of a default: a parenthesis, or a literal with an optional sign.
    pub(super) fn skip_value(&mut self) {
        if self.peek_symbol("(") {
            self.group();
        } else if self.take().is_some_and(|token| token.is_symbol("+") || token.is_symbol("-")) {
            self.take();
        }
    }

    /// Takes `ON CONFLICT word`, if it stands here, and gives the word in lower case.
    pub(super) fn conflict(&mut self) -> Option<String> {
        let start = self.next;
        if self.skip("ON") && self.skip("CONFLICT") {
            return self.take().map(|token| token.text.to_ascii_lowercase());
        }
        self.next = start;
        None
    }

    pub(super) fn key(&mut self, kind: KeyKind, name: Option<String>, columns: Vec<String>) -> KeyClause {
        KeyClause { kind, name, columns, on_conflict: self.conflict() }
    }

    /// Takes what follows `REFERENCES`, up to where deferring may be said.
    pub(super) fn foreign_key(&mut self, name: Option<String>, columns: Vec<String>) -> Option<ForeignKeyClause> {
        let table = self.name()?;
        self.group();
        while self.action() {}
        Some(ForeignKeyClause { name, columns, table, deferral: Deferral::Never })
    }

    /// Takes `MATCH name` or `ON DELETE SET NULL` and the like.
    fn action(&mut self) -> bool {
        let start = self.next;
        if self.skip("MATCH") {
            return self.take().is_some();
        }
        if self.skip("ON") && (self.skip("DELETE") || self.skip("UPDATE") || self.skip("INSERT")) {
            let two_words = self.skip("SET") || self.skip("NO");
            return self.take().is_some() || two_words;
        }
        self.next = start;
        false
    }
}
