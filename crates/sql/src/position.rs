//! A place in a text, for errors that point. Positions are computed from the text when they are needed, so that tokens
//! and statements carry a byte offset only and stay cheap.

use std::fmt;

#[cfg(test)]
mod tests;

/// A place in a text: a byte offset for programs, a line and a column for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Bytes from the start of the text.
    pub offset: usize,
    /// The line, counted from 1; lines end at a line feed.
    pub line: u32,
    /// The column, counted from 1, in characters; a byte order mark at the start of the text has no width.
    pub column: u32,
}

impl Position {
    /// The first place of any text.
    pub const START: Self = Self { offset: 0, line: 1, column: 1 };

    /// The place of byte `offset` in `text`. An offset past the end, or inside a character, means the nearest place
    /// before it that exists.
    #[must_use]
    pub fn of(text: &str, offset: usize) -> Self {
        Self::START.after(&text[..text.floor_char_boundary(offset)])
    }

    /// The place reached when `skipped` follows this one. Walking a text from place to place this way costs one pass.
    #[must_use]
    pub fn after(self, skipped: &str) -> Self {
        let offset = self.offset + skipped.len();
        let seen = if self.offset == 0 { skipped.strip_prefix('\u{feff}').unwrap_or(skipped) } else { skipped };
        match seen.rfind('\n') {
            None => Self { offset, line: self.line, column: self.column + width(seen) },
            Some(last) => Self { offset, line: self.line + breaks(seen), column: 1 + width(&seen[last + 1..]) },
        }
    }

    /// This place, found in a part of a text, as a place of the whole text; `start` is where the part begins.
    #[must_use]
    pub fn within(self, start: Self) -> Self {
        let column = if self.line == 1 { start.column + self.column - 1 } else { self.column };
        Self { offset: start.offset + self.offset, line: start.line + self.line - 1, column }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}", self.line, self.column)
    }
}

fn width(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

fn breaks(text: &str) -> u32 {
    u32::try_from(text.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(u32::MAX)
}
