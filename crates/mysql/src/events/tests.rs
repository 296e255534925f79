//! Statements of events with names, comments and bodies that look like the words that are looked for.

use super::*;

fn statement(name: &str, status: &str) -> String {
    format!(
        "CREATE DEFINER=`root`@`%` EVENT {} ON SCHEDULE EVERY 1 SECOND STARTS '2020-01-01 00:00:00' \
         ON COMPLETION NOT PRESERVE {status} COMMENT ' ON COMPLETION PRESERVE ENABLE' \
         DO ALTER EVENT other ON COMPLETION PRESERVE DISABLE ON SLAVE",
        identifier(name, EngineKind::Mysql)
    )
}

#[test]
fn an_event_is_put_to_rest_and_woken() {
    for name in ["tick", "\u{e9}", "\u{6f22}`\u{1f600}", " ON COMPLETION PRESERVE ENABLE", "root"] {
        let fires = statement(name, "ENABLE");
        let rests = resting(&fires, name, "");
        let (status, body) = (" PRESERVE DISABLE ON SLAVE COMMENT ", format!(" DO {MARK}ALTER EVENT "));
        assert!(rests.contains(status) && rests.contains(&body), "{rests}");
        assert_eq!(awake(&rests, name), fires);
        // A server of another version says it in other words.
        assert_eq!(awake(&rests.replacen(RESTING[0], RESTING[1], 1), name), fires);
        assert_eq!((awake(&fires, name), resting(&rests, name, "")), (fires, rests));
    }
}

#[test]
fn an_event_that_its_owner_put_to_rest_stays_so() {
    for status in ["DISABLE", "DISABLE ON SLAVE", "DISABLE ON REPLICA"] {
        let off = statement("tick", status);
        assert_eq!((resting(&off, "tick", ""), awake(&off, "tick")), (off.clone(), off));
    }
    assert_eq!(resting("CREATE EVENT", "tick", ""), "CREATE EVENT");
}

#[test]
fn whoever_changes_a_resting_event_by_hand_has_it_as_it_is_said() {
    let rests = resting(&statement("tick", "ENABLE"), "tick", "");
    let enabled = rests.replacen(RESTING[0], "ENABLE", 1);
    assert_eq!((resting(&enabled, "tick", ""), awake(&enabled, "tick")), (rests.clone(), statement("tick", "ENABLE")));
    let disabled = rests.replacen(RESTING[0], "DISABLE", 1);
    assert_eq!(awake(&disabled, "tick"), statement("tick", "DISABLE"));
}

#[test]
fn a_backslash_may_be_one() {
    let printed = "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE ENABLE COMMENT 'a \\\\' DO SELECT '\\', ' DO '";
    let plain = printed.replacen("\\\\", "\\", 1);
    let expected = plain.replacen("ENABLE", "DISABLE ON SLAVE", 1).replacen("DO ", &format!("DO {MARK}"), 1);
    assert_eq!(resting(&plain, "e", "ANSI_QUOTES,NO_BACKSLASH_ESCAPES"), expected);
    assert_eq!(awake(&expected.replacen("a \\", "a \\\\", 1), "e"), printed);
}
