use proptest::prelude::*;
use stead_schema::EngineKind::{self, Mariadb, Mysql, Postgres, Sqlite};

use super::{blob, identifier, string, unquoted};
use crate::lex::{TokenKind, tokens};

#[test]
fn literals_of_each_engine() {
    assert_eq!(identifier("a\"b", Sqlite), "\"a\"\"b\"");
    assert_eq!(identifier("a`b", Mariadb), "`a``b`");
    assert_eq!(string("it's \\", Postgres).unwrap(), r"E'it''s \\'");
    assert_eq!(string("it's \\", Sqlite).unwrap(), r"'it''s \'");
    assert_eq!(string("\\' \0", Mysql).unwrap(), r"'\\'' \0'");
    assert_eq!(blob(&[0, 255], Sqlite), "x'00ff'");
    assert_eq!(blob(&[0, 255], Postgres), "decode('00ff', 'hex')");
    let refused = string("a\0", Sqlite).unwrap_err();
    assert_eq!(refused.to_string(), "a text with a NUL character cannot be written as a literal of SQLite");
    assert_eq!(refused.code(), "nul-in-literal");
}

#[test]
fn quotes_are_taken_off() {
    assert_eq!(unquoted("[a b]"), "a b");
    assert_eq!(unquoted("\"a\"\"b\""), "a\"b");
    assert_eq!(unquoted("'it''s'"), "it's");
    assert_eq!(unquoted("plain"), "plain");
    assert_eq!(unquoted("\""), "\"");
}

proptest! {
    #[test]
    fn a_quoted_text_is_one_token_and_reads_back(text in "[^\\x00]*") {
        for engine in EngineKind::ALL {
            let name = identifier(&text, engine);
            let found = tokens(&name, engine);
            prop_assert_eq!((found.len(), found[0].kind, found[0].complete), (1, TokenKind::QuotedIdentifier, true));
            prop_assert_eq!(unquoted(&name), text.as_str());
            let literal = string(&text, engine).unwrap();
            let found = tokens(&literal, engine);
            prop_assert_eq!((found.len(), found[0].kind, found[0].complete), (1, TokenKind::String, true));
        }
    }
}
