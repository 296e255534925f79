//! Counting the rows in what `COPY` sends, whatever the borders of the pieces: a dump states how many rows it took, and a load
//! is held against that. Source: <https://www.postgresql.org/docs/current/sql-copy.html>, "File Formats".

use stead_engine::{EngineError, ErrorClass};

#[cfg(test)]
mod tests;

/// The binary form begins with this, 4 bytes of flags and the length of an extension.
const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
/// Signature, flags and the length of the extension.
const HEADER: usize = 19;

/// Counts rows.
pub(super) enum Counter {
    Text { rows: u64 },
    Binary(Binary),
}

/// Where in the binary form the counter stands.
pub(super) struct Binary {
    rows: u64,
    state: State,
    /// Bytes of a header or number that is not complete yet.
    partial: Vec<u8>,
}

enum State {
    Header,
    /// Bytes to be passed over, then fields to come.
    Skip {
        bytes: u64,
        fields: u16,
    },
    Row,
    Field {
        fields: u16,
    },
    End,
}

impl Counter {
    pub(super) fn new(binary: bool) -> Self {
        if binary {
            Self::Binary(Binary { rows: 0, state: State::Header, partial: Vec::new() })
        } else {
            Self::Text { rows: 0 }
        }
    }

    /// Looks at the next piece.
    pub(super) fn see(&mut self, piece: &[u8]) -> Result<(), EngineError> {
        match self {
            // A line end inside a value is written as `\n`.
            Self::Text { rows } => {
                *rows += piece.iter().filter(|byte| **byte == b'\n').count() as u64;
                Ok(())
            }
            Self::Binary(binary) => binary.see(piece),
        }
    }

    /// The rows, if what was seen is complete.
    pub(super) fn rows(&self) -> Result<u64, EngineError> {
        match self {
            Self::Text { rows } => Ok(*rows),
            Self::Binary(Binary { rows, state: State::End, .. }) => Ok(*rows),
            Self::Binary(_) => Err(malformed("it ends early")),
        }
    }
}

fn malformed(what: &str) -> EngineError {
    EngineError::new(ErrorClass::Refused, format!("the rows are not in the binary form of `COPY`: {what}"))
}

impl Binary {
    fn see(&mut self, mut piece: &[u8]) -> Result<(), EngineError> {
        while !piece.is_empty() {
            piece = match self.state {
                State::Header => self.number(piece, HEADER, Self::header)?,
                State::Row => self.number(piece, 2, Self::row)?,
                State::Field { .. } => self.number(piece, 4, Self::field)?,
                State::Skip { bytes, fields } => {
                    let passed = usize::try_from(bytes).unwrap_or(usize::MAX).min(piece.len());
                    self.skip(bytes - passed as u64, fields);
                    &piece[passed..]
                }
                State::End => return Err(malformed("something follows its end")),
            };
        }
        Ok(())
    }

    /// Collects so many bytes and hands them on; the rest of the piece.
    fn number<'a>(
        &mut self,
        piece: &'a [u8],
        length: usize,
        then: fn(&mut Self, &[u8]) -> Result<(), EngineError>,
    ) -> Result<&'a [u8], EngineError> {
        let taken = (length - self.partial.len()).min(piece.len());
        self.partial.extend_from_slice(&piece[..taken]);
        if self.partial.len() == length {
            let bytes = std::mem::take(&mut self.partial);
            then(self, &bytes)?;
            self.partial = bytes;
            self.partial.clear();
        }
        Ok(&piece[taken..])
    }

    fn header(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        if &bytes[..SIGNATURE.len()] != SIGNATURE {
            return Err(malformed("the signature is missing"));
        }
        let length = u32::from_be_bytes(bytes[15..19].try_into().expect("the header has 19 bytes"));
        self.skip(u64::from(length), 0);
        Ok(())
    }

    fn row(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        match i16::from_be_bytes([bytes[0], bytes[1]]) {
            -1 => self.state = State::End,
            fields => {
                let fields = u16::try_from(fields).map_err(|_| malformed("a row has a negative number of fields"))?;
                self.rows += 1;
                self.skip(0, fields);
            }
        }
        Ok(())
    }

    fn field(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        let State::Field { fields } = self.state else { return Ok(()) };
        let length = i32::from_be_bytes(bytes.try_into().expect("a length has 4 bytes"));
        let bytes = match length {
            -1 => 0,
            length => u64::try_from(length).map_err(|_| malformed("a field has a negative length"))?,
        };
        self.skip(bytes, fields - 1);
        Ok(())
    }

    /// Goes on after so many bytes with so many fields.
    fn skip(&mut self, bytes: u64, fields: u16) {
        self.state = match (bytes, fields) {
            (0, 0) => State::Row,
            (0, fields) => State::Field { fields },
            (bytes, fields) => State::Skip { bytes, fields },
        };
    }
}
