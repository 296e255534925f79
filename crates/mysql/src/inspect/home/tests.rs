//! Statements as MariaDB prints them, with the name of their database taken out where it says nothing.
//! What an owner wrote into a body stays.

use super::*;

#[test]
fn a_trigger_is_named_without_its_database() {
    let engine = EngineKind::Mariadb;
    let plain =
        "CREATE DEFINER=`a.b`@`1.2.3.4` trigger `x.y` before insert on t for each row set new.a = shop.f(new.b)";
    assert_eq!(trigger(plain, engine), plain);
    let cut = |head: &str| trigger(&format!("CREATE DEFINER=`a`@`1.2` {head} for each row set @a = shop.f(1)"), engine);
    for (written, kept) in [
        ("trigger shop.both before insert on shop.t", "trigger `both` before insert on `t`"),
        ("TRIGGER IF NOT EXISTS `shop` . x after delete on t", "TRIGGER IF NOT EXISTS `x` after delete on t"),
        ("trigger x before update on \"shop\".\"t\"", "trigger x before update on \"t\""),
        ("trigger 1shop.x before update on /* a.b */ 1shop.2t", "trigger `x` before update on /* a.b */ `2t`"),
    ] {
        assert_eq!(cut(written), cut(kept), "{written}");
        assert!(cut(kept).contains(kept), "{}", cut(kept));
    }
    assert_eq!(trigger("CREATE TRIGGER a.b", engine), "CREATE TRIGGER a.b");
}

#[test]
fn sequences_of_one_database_are_found() {
    let text = "nextval(`shop`.`s`) * 2 + lastval(`other`.`s`) + setval(`shop`.`z`,5,1,0)";
    assert_eq!(sequences(text, "shop", EngineKind::Mariadb), ["s", "z"]);
    assert!(sequences("concat('nextval(`shop`.`s`)', 1)", "shop", EngineKind::Mariadb).is_empty());
}
