use stead_schema::EngineKind;

use super::lacking;
use crate::rights::Rights;

fn lacks(lines: &[&str], engine: EngineKind) -> Vec<&'static str> {
    lacking(&Rights::of(lines), "shop_1", &["items".to_owned()], engine)
}

#[test]
fn rights_are_found_wherever_they_are_given() {
    let none: [&str; 0] = [];
    for enough in [
        &["GRANT ALL PRIVILEGES ON *.* TO `root`@`%` IDENTIFIED BY PASSWORD '*A' WITH GRANT OPTION"][..],
        &["GRANT USAGE ON *.* TO `u`@`%`", r"GRANT ALL PRIVILEGES ON `shop\_%`.* TO `u`@`%`"],
        &["GRANT SELECT, TRIGGER, EVENT ON *.* TO `u`@`%`"],
        &["GRANT SELECT, EVENT, EXECUTE ON `SHOP_1`.* TO `u`@`%`", "GRANT TRIGGER ON `shop_1`.`items` TO `u`@`%`"],
        &["GRANT SELECT, TRIGGER ON `shop_1`.* TO `u`@`%`", "GRANT EVENT, ALTER ROUTINE ON `%`.* TO PUBLIC"],
    ] {
        assert_eq!(lacks(enough, EngineKind::Mysql), none, "{enough:?}");
    }
    let by_table =
        ["GRANT SELECT, TRIGGER, EVENT ON `shop_1`.* TO `u`@`%`", "GRANT SELECT ON `mysql`.`proc` TO `u`@`%`"];
    assert_eq!(lacks(&by_table, EngineKind::Mariadb), none);
    assert_eq!(lacks(&by_table, EngineKind::Mysql), ["EXECUTE"]);
}

#[test]
fn what_is_lacking_is_named() {
    for (lines, named) in [
        (&["GRANT USAGE ON *.* TO `u`@`%`"][..], &["SELECT", "TRIGGER", "EVENT", "EXECUTE"][..]),
        (&["GRANT SELECT ON `shop_1`.`items` TO `u`@`%`"], &["SELECT", "TRIGGER", "EVENT", "EXECUTE"]),
        (&["GRANT SELECT, SHOW VIEW ON `shop_1`.* TO `u`@`%`"], &["TRIGGER", "EVENT", "EXECUTE"]),
        (&["GRANT ALL PRIVILEGES ON `shop_12`.* TO `u`@`%`"], &["SELECT", "TRIGGER", "EVENT", "EXECUTE"]),
        (
            &[
                "GRANT EXECUTE ON PROCEDURE `shop_1`.`p` TO `u`@`%`",
                "GRANT SELECT, TRIGGER, EVENT ON `shop_1`.* TO `u`@`%`",
            ],
            &["EXECUTE"],
        ),
        (
            &[
                "GRANT SELECT (`a`, `TRIGGER`), EVENT, EXECUTE ON `shop_1`.* TO `u`@`%`",
                "GRANT `TRIGGER`@`%` TO `u`@`%`",
            ],
            &["SELECT", "TRIGGER"],
        ),
        (
            &["GRANT SELECT, TRIGGER, EVENT, EXECUTE ON *.* TO `u`@`%`", "REVOKE TRIGGER ON `shop_1`.* FROM `u`@`%`"],
            &["TRIGGER"],
        ),
    ] {
        assert_eq!(lacks(lines, EngineKind::Mysql), named, "{lines:?}");
    }
}
