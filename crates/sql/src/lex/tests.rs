use proptest::prelude::*;
use stead_schema::EngineKind::{self, Mariadb, Mysql, Postgres, Sqlite};

use super::{TokenKind, code, tokens};

/// The kinds and texts of the code tokens, one a line.
fn shown(source: &str, engine: EngineKind) -> String {
    code(source, engine)
        .iter()
        .map(|token| format!("{:?} {}{}\n", token.kind, token.text, if token.complete { "" } else { " …" }))
        .collect()
}

#[test]
fn postgres_strings_names_and_dollar_quotes() {
    insta::assert_snapshot!(shown(r#"E'it\'s' 'a\' "x""y" U&"d\0061" $$a;b$$ $t$ $$ ; $t$ $1 a$b 'un"#, Postgres), @r#"
    String E'it\'s'
    String 'a\'
    QuotedIdentifier "x""y"
    QuotedIdentifier U&"d\0061"
    DollarQuoted $$a;b$$
    DollarQuoted $t$ $$ ; $t$
    Parameter $1
    Word a$b
    String 'un …
    "#);
}

#[test]
fn postgres_comments_nest_and_continued_strings_keep_their_rules() {
    insta::assert_snapshot!(shown("1 /* a /* ; */ b */ + E'x'\n  '\\';' -- ;\n", Postgres), @r"
    Number 1
    Symbol +
    String E'x'
      '\';'
    ");
    assert!(!tokens("/* /* */", Postgres)[0].complete);
    assert!(tokens("/* /* */", Sqlite)[0].complete);
}

#[test]
fn postgres_operators_follow_its_rule() {
    insta::assert_snapshot!(shown("a<->b a<-1 x::int @-1 ->>'k' *--c", Postgres), @r"
    Word a
    Symbol <->
    Word b
    Word a
    Symbol <
    Symbol -
    Number 1
    Word x
    Symbol ::
    Word int
    Symbol @-
    Number 1
    Symbol ->>
    String 'k'
    Symbol *
    ");
}

#[test]
fn mysql_strings_comments_and_variables() {
    insta::assert_snapshot!(shown("'a\\';' \"b\"\"\" `c``d` # ;\n5--1 -- ;\n@a @@global.b @'x' 1abc 0x1F 1e5 x'0a'", Mysql), @r#"
    String 'a\';'
    String "b"""
    QuotedIdentifier `c``d`
    Number 5
    Symbol -
    Symbol -
    Number 1
    Parameter @a
    Parameter @@global.b
    Symbol @
    String 'x'
    Word 1abc
    Number 0x1F
    Number 1e5
    String x'0a'
    "#);
}

#[test]
fn executable_comments_are_code() {
    insta::assert_snapshot!(shown("/*!50003 SET x=1 /* ; */ */ */* plain */", Mysql), @r"
    Symbol /*!50003
    Word SET
    Word x
    Symbol =
    Number 1
    Symbol */
    Symbol *
    ");
    insta::assert_snapshot!(shown("/*M!100100 a */ /*! b */", Mariadb), @r"
    Symbol /*M!100100
    Word a
    Symbol */
    Symbol /*!
    Word b
    Symbol */
    ");
    assert_eq!(shown("/*M! a */", Mysql), "");
    assert_eq!(shown("/*! a */", Sqlite), "");
}

#[test]
fn sqlite_names_blobs_and_parameters() {
    insta::assert_snapshot!(shown("[a]]b] `c` \"d\" x'0A' ?1 ? :name @p $q a$b 1.5e-3 .5 1..2 'a\\'", Sqlite), @r#"
    QuotedIdentifier [a]
    Symbol ]
    Word b
    Symbol ]
    QuotedIdentifier `c`
    QuotedIdentifier "d"
    String x'0A'
    Parameter ?1
    Parameter ?
    Parameter :name
    Parameter @p
    Parameter $q
    Word a$b
    Number 1.5e-3
    Number .5
    Number 1
    Symbol .
    Number .2
    String 'a\'
    "#);
}

#[test]
fn a_byte_order_mark_is_blank_only_at_the_start() {
    assert_eq!(tokens("\u{feff}a", Sqlite)[0].kind, TokenKind::Whitespace);
    assert_eq!(tokens("a \u{feff}b", Sqlite)[2].text, "\u{feff}b");
}

/// Texts that are likely to hold the marks the lexer cares for.
pub(crate) fn texts() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("'"),
        Just("\""),
        Just("`"),
        Just("["),
        Just("]"),
        Just("$$"),
        Just("$a$"),
        Just("/*"),
        Just("*/"),
        Just("/*!50003 "),
        Just("--"),
        Just("-- "),
        Just("#"),
        Just("\n"),
        Just(";"),
        Just("\\"),
        Just("E'"),
        Just("x'"),
        Just("CREATE TRIGGER "),
        Just(" BEGIN "),
        Just(" END "),
        Just("CASE "),
        Just("IF "),
        Just(" ON t "),
        Just("DELIMITER //\n"),
        Just("//"),
        Just("("),
        Just(")"),
        Just("ä€"),
        Just("\u{feff}"),
        Just("\0"),
        Just("1.5"),
        Just("a.b"),
        Just("::"),
        Just("@"),
        Just(" FOR EACH ROW "),
        Just("CREATE FUNCTION f() "),
        Just("."),
        Just(" "),
    ];
    prop_oneof![proptest::collection::vec(pieces, 0..24).prop_map(|parts| parts.concat()), any::<String>()]
}

proptest! {
    #[test]
    fn tokens_joined_are_the_source(source in texts()) {
        for engine in EngineKind::ALL {
            let tokens = tokens(&source, engine);
            prop_assert!(tokens.iter().all(|token| !token.text.is_empty() && source[token.offset..].starts_with(token.text)));
            prop_assert_eq!(tokens.iter().map(|token| token.text).collect::<String>(), source.as_str());
        }
    }
}
