//! What a server prints, as text. Its texts are UTF-8 except for the defaults of binary columns, which stand in them as bare
//! bytes; such a byte is carried through as one of 256 characters at the very end of Unicode that no text has.

use stead_schema::EngineKind;
use stead_sql::quote::blob;

/// The first of the characters that stand for a byte.
const FIRST: u32 = 0x10_FF00;

/// The printed text; each byte that is no UTF-8 as a character of its own.
pub(super) fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().filter_map(|byte| char::from_u32(FIRST + u32::from(*byte))));
    }
    text
}

/// The byte a character stands for.
fn byte(character: char) -> Option<u8> {
    u32::from(character).checked_sub(FIRST).and_then(|byte| u8::try_from(byte).ok())
}

/// How many bytes of the text are no UTF-8.
pub(super) fn bare_bytes(text: &str) -> usize {
    text.chars().filter(|character| byte(*character).is_some()).count()
}

/// A quoted literal as the bytes it means, by the escapes that servers print.
pub(super) fn unescaped(literal: &str) -> Option<Vec<u8>> {
    let inner = literal.strip_prefix('\'')?.strip_suffix('\'')?;
    let mut bytes = Vec::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        let meant = match character {
            '\'' => characters.next()?,
            '\\' => match characters.next()? {
                '0' => '\0',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'b' => '\u{8}',
                'Z' => '\u{1a}',
                other => other,
            },
            other => other,
        };
        match byte(meant) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(meant.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Some(bytes)
}

/// Bytes as the literal that servers print for a text, or as a binary literal where they are none.
pub(super) fn literal(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => format!(
            "'{}'",
            text.replace('\\', "\\\\")
                .replace('\'', "''")
                .replace('\0', "\\0")
                .replace('\n', "\\n")
                .replace('\r', "\\r")
        ),
        Err(_) => blob(bytes, EngineKind::Mysql),
    }
}
