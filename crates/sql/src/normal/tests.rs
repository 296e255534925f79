use proptest::prelude::*;
use stead_schema::EngineKind::{self, Mysql, Postgres, Sqlite};

use super::normal_form;
use crate::lex::tests::texts;

#[test]
fn comments_blanks_and_case_are_gone() {
    let form = |sql| normal_form(sql, Sqlite);
    assert_eq!(
        form("CREATE  VIEW V AS -- x\n SELECT A.\"B\" , Count( * )FROM t /* y */ ;;"),
        "create view v as select a.\"B\", count(*) from t"
    );
    assert_eq!(form("x IN(1,2)AND y||'A'<>Lower (Z)"), "x in (1, 2) and y || 'A' <> lower(z)");
    assert_eq!(form("X'0A' 1E5 a - -1"), "x'0a' 1e5 a - - 1");
    assert_eq!(form(""), "");
}

#[test]
fn operators_and_casts_keep_their_meaning() {
    assert_eq!(normal_form("A<->B, x :: Text, y[ 1 ]", Postgres), "a <-> b, x::text, y[1]");
    assert_eq!(normal_form("a->>'$.B' \"Text\"", Mysql), "a ->> '$.B' \"Text\"");
}

#[test]
fn a_dot_does_not_become_a_part_of_a_number() {
    for engine in EngineKind::ALL {
        for text in ["a. 0", "1 . a", "a . 0 . b"] {
            let form = normal_form(text, engine);
            assert_eq!(normal_form(&form, engine), form, "{engine}");
        }
        assert_eq!(normal_form("A . b + .5 + 1.5", engine), "a.b + .5 + 1.5");
    }
}

#[test]
fn a_name_does_not_become_a_byte_order_mark() {
    for engine in EngineKind::ALL {
        let form = normal_form("-- note\n\u{feff}", engine);
        assert_eq!(normal_form(&form, engine), form);
        assert!(form.contains('\u{feff}'));
    }
}

proptest! {
    #[test]
    fn the_form_of_a_form_is_itself(source in texts()) {
        for engine in EngineKind::ALL {
            // Comments that are not closed, and characters that join with others, make no statement in the first place.
            if crate::split(&source, engine).is_ok_and(|found| found.len() == 1) {
                let form = normal_form(&source, engine);
                prop_assert_eq!(normal_form(&form, engine), form);
            }
        }
    }
}
