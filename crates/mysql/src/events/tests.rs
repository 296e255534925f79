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
        let (fires, rests) = (statement(name, "ENABLE"), statement(name, "DISABLE ON SLAVE"));
        assert_eq!(resting(&fires, name), rests);
        assert_eq!(awake(&rests, name), fires);
        assert_eq!(awake(&statement(name, "DISABLE ON REPLICA"), name), fires);
        assert_eq!((awake(&fires, name), resting(&rests, name)), (fires, rests));
    }
}

#[test]
fn an_event_that_was_switched_off_stays_so() {
    let off = statement("tick", "DISABLE");
    assert_eq!((resting(&off, "tick"), awake(&off, "tick")), (off.clone(), off));
    assert_eq!(resting("CREATE EVENT", "tick"), "CREATE EVENT");
}
