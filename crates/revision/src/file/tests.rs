use proptest::prelude::*;
use stead_schema::EngineKind::{Mariadb, Mysql, Postgres, Sqlite};
use stead_sql::Position;

use super::*;

const OFFERS: &str = "\
-- Adding Offer model for managing deals
-- and one more line: with a colon
-- revision: 2d970929c35b
-- parent: 37e1cb6de47a, 0a0b0c0d0e0f
-- depends: accounts/0003, usage@head
-- from: 8f2c61d0                       (hash of the schema it starts from)
-- from: mysql mariadb 11223344
-- models: abcdef01
-- replaces: aaaa1, bbbb2
-- transaction: none
-- lint: allow drop-column because nobody reads it
-- a remark below the headers

-- up
CREATE TABLE offers (id INT);
-- revision: not a header here

-- up: mysql, mariadb
CREATE TABLE offers (id INT) ENGINE=InnoDB;

-- down
DROP TABLE offers;
";

fn ids(ids: &[&str]) -> Vec<RevisionId> {
    ids.iter().map(|id| RevisionId::new(id).unwrap()).collect()
}

#[test]
fn every_part_of_a_file_is_read() {
    let file = parse(OFFERS).unwrap();
    assert_eq!(file.message, "Adding Offer model for managing deals\nand one more line: with a colon");
    assert_eq!(file.title(), "Adding Offer model for managing deals");
    assert_eq!(file.id.as_str(), "2d970929c35b");
    assert_eq!(file.parents, ids(&["37e1cb6de47a", "0a0b0c0d0e0f"]));
    assert_eq!(file.depends, ["accounts/0003", "usage@head"]);
    assert_eq!((file.from.of(Sqlite), file.from.of(Mariadb)), (Some("8f2c61d0"), Some("11223344")));
    assert_eq!(file.models.as_deref(), Some("abcdef01"));
    assert_eq!(file.replaces, ids(&["aaaa1", "bbbb2"]));
    assert_eq!(file.transaction, TransactionMode::None);
    assert_eq!((file.lint[0].rule.as_str(), file.lint[0].reason.as_str()), ("drop-column", "nobody reads it"));
    assert_eq!(file.up(Sqlite).unwrap().text, "CREATE TABLE offers (id INT);\n-- revision: not a header here\n\n");
    assert!(file.up(Mysql).unwrap().text.contains("InnoDB"));
    assert_eq!(file.up(Postgres).unwrap().start.line, 15);
    assert_eq!(file.down(Mysql).unwrap().text, "DROP TABLE offers;\n");
}

#[test]
fn an_error_inside_a_section_points_into_the_file() {
    for text in [OFFERS.to_owned(), format!("\u{feff}{}", OFFERS.replace('\n', "\r\n"))] {
        let file = parse(&text).unwrap();
        let section = file.down(Sqlite).unwrap();
        let inside = Position::of(&section.text, section.text.find("offers").unwrap());
        let place = section.place(inside);
        assert_eq!((place.line, place.column), (22, 12));
        assert_eq!(place, Position::of(&text, place.offset));
        assert!(text[place.offset..].starts_with("offers;"));
    }
}

#[test]
fn small_files_are_files() {
    let file = parse("-- revision: abcd\n-- parent: none\n-- up").unwrap();
    assert_eq!((file.message.as_str(), file.parents.len(), file.up(Mysql).unwrap().text.as_str()), ("", 0, ""));
    assert_eq!(file.down(Mysql), None);
    let file = parse("/* licence\n-- up\n*/\n\n-- fix: the offers\n--\n-- see https://example.org\n\n-- more\n--revision:abcd\n--up: sqlite\n").unwrap();
    assert_eq!(file.message, "fix: the offers\n\nsee https://example.org");
    assert_eq!((file.up(Sqlite).map(|up| up.start.line), file.up(Mysql)), (Some(12), None));
}

/// The error of a file as `line:column code: text (hint)`.
fn error(text: &str) -> String {
    let error = parse(text).unwrap_err();
    let place = error.position().map_or_else(String::new, |place| format!("{}:{} ", place.line, place.column));
    format!("{place}{}: {error} ({})", error.code(), error.hints().join("; "))
}

#[test]
fn mistakes_point_to_their_place() {
    let cases = [
        "",
        "-- a message\n-- up\n",
        "-- revison: abcd\n-- up\n",
        "-- x\n-- reversion: abcd\n-- up\n",
        "-- revision: abcd\n-- parnet: bcde\n-- up\n",
        "-- revision: abcd\n-- colour: red\n-- up\n",
        "-- revision: abcd\n-- Parent: none\n-- up\n",
        "-- revision: abcd\n-- parent: none\n-- parent: bcde\n-- up\n",
        "-- revision:\n-- up\n",
        "-- revision: ab-cd\n-- up\n",
        "-- revision: head\n-- up\n",
        "-- revision: abcd\n-- parent: bcde, BCDE\n-- up\n",
        "-- revision: abcd\n-- parent: bcde, bcde\n-- up\n",
        "-- revision: abcd\n-- parent: ,\n-- up\n",
        "-- revision: abcd\n-- depends: accounts/1, accounts\n-- up\n",
        "-- revision: abcd\n-- from: 12\n-- up\n",
        "-- revision: abcd\n-- from: mysqll 1234\n-- up\n",
        "-- revision: abcd\n-- from: 1234\n-- from: 4567\n-- up\n",
        "-- revision: abcd\n-- models: Hash!\n-- up\n",
        "-- revision: abcd\n-- transaction: off\n-- up\n",
        "-- revision: abcd\n-- lint: allow everything\n-- up\n",
        "-- revision: abcd\nCREATE TABLE a (b);\n",
        "/* x */ SELECT 1;\n-- revision: abcd\n-- up\n",
        "/* x\n-- revision: abcd\n-- up\n",
        "-- revision: abcd\n-- down\n",
        "-- revision: abcd\n-- up\n-- down\n-- up\n",
        "-- revision: abcd\n-- up: mysql\n-- up: sqlite mysql\n",
        "-- revision: abcd\n-- up: mysql mysql\n",
        "-- revision: abcd\n-- up: postgress\n",
        "-- revision: abcd\n-- up\n  -- DOWN\n",
    ];
    let shown: Vec<String> = cases.iter().map(|case| error(case)).collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    1:1 revision-without-id: no line `-- revision: ID` names the revision (write one above the first section)
    3:1 revision-without-id: no line `-- revision: ID` names the revision (write one above the first section)
    3:1 revision-without-id: no line `-- revision: ID` names the revision (line 1 says `revison`: write `revision`)
    2:4 unknown-header: `reversion` is not a header of revision files (did you mean `revision`?)
    2:4 unknown-header: `parnet` is not a header of revision files (did you mean `parent`?)
    2:4 unknown-header: `colour` is not a header of revision files (there are `revision`, `parent`, `depends`, `from`, `models`, `replaces`, `transaction` and `lint`)
    2:4 unknown-header: `Parent` is not a header of revision files (did you mean `parent`?)
    3:4 duplicate-header: the header `parent` is written twice (the first one is on line 2: keep one of the two)
    1:13 bad-header-value: `` cannot be a value of `revision` (write a value after the colon, or leave the line out)
    1:14 bad-header-value: `ab-cd` cannot be a value of `revision` (an id has 4 to 40 characters, each one of `0-9a-z_`)
    1:14 bad-header-value: `head` cannot be a value of `revision` (`head` is a word of references)
    2:18 bad-header-value: `BCDE` cannot be a value of `parent` (an id has 4 to 40 characters, each one of `0-9a-z_`)
    2:18 bad-header-value: `bcde` cannot be a value of `parent` (it is named twice)
    2:12 bad-header-value: `,` cannot be a value of `parent` (write ids with commas between them)
    2:25 bad-header-value: `accounts` cannot be a value of `depends` (name revisions of other apps, as in `accounts/0003` or `accounts@head`, with commas between them)
    2:10 bad-header-value: `12` cannot be a value of `from` (write a hash: letters `a` to `z` and digits, at least four)
    2:10 unknown-engine: `mysqll` is not an engine (did you mean `mysql`?)
    3:10 bad-header-value: `4567` cannot be a value of `from` (one line without an engine is enough)
    2:12 bad-header-value: `Hash!` cannot be a value of `models` (write a hash: letters `a` to `z` and digits, at least four)
    2:17 bad-header-value: `off` cannot be a value of `transaction` (write `none`, or leave the line out)
    2:10 bad-header-value: `allow everything` cannot be a value of `lint` (write `allow RULE because REASON`)
    2:1 text-before-section: text stands before the first section (write `-- up` on a line of its own above it)
    1:9 text-before-section: text stands before the first section (write `-- up` on a line of its own above it)
    1:1 unclosed-comment: the comment is never closed (close it with `*/`)
    3:1 revision-without-up: there is no `-- up` section (write `-- up` above the SQL; the section of a merge may be empty)
    4:1 duplicate-section: the section `-- up` is written twice (the first one is on line 2: join the two, or name engines as in `-- up: mysql mariadb`)
    3:15 repeated-engine: `mysql` is named twice by `-- up` sections (name each engine in one section of a direction)
    2:14 repeated-engine: `mysql` is named twice by `-- up` sections (name each engine in one section of a direction)
    2:8 unknown-engine: `postgress` is not an engine (did you mean `postgres`?)
    3:3 miswritten-section: `-- DOWN` is not the mark of a section (write `-- down`)
    ");
}

#[test]
fn a_new_revision_reads_back() {
    let mut new = NewRevision::new("Fix: the offers\n\nThey were wrong.", RevisionId::new("abcd").unwrap());
    insta::assert_snapshot!(render(&new).unwrap(), @r"
    -- Fix: the offers
    --
    -- They were wrong.
    -- revision: abcd
    -- parent: none

    -- up

    -- down
    ");
    let full = parse(OFFERS).unwrap();
    new.parents = full.parents.clone();
    new.depends = full.depends.clone();
    new.from = full.from.clone();
    new.models = full.models.clone();
    new.replaces = full.replaces.clone();
    new.transaction = full.transaction;
    new.lint = full.lint.clone();
    new.sections = full
        .sections
        .iter()
        .map(|one| NewSection {
            direction: one.direction,
            engines: one.engines.clone(),
            text: format!("\n\n  {}", one.text),
        })
        .collect();
    insta::assert_snapshot!(render(&new).unwrap(), @r"
    -- Fix: the offers
    --
    -- They were wrong.
    -- revision: abcd
    -- parent: 37e1cb6de47a, 0a0b0c0d0e0f
    -- depends: accounts/0003, usage@head
    -- from: 8f2c61d0
    -- from: mysql 11223344
    -- from: mariadb 11223344
    -- models: abcdef01
    -- replaces: aaaa1, bbbb2
    -- transaction: none
    -- lint: allow drop-column because nobody reads it

    -- up
      CREATE TABLE offers (id INT);
    -- revision: not a header here

    -- up: mysql mariadb
      CREATE TABLE offers (id INT) ENGINE=InnoDB;

    -- down
      DROP TABLE offers;
    ");
}

#[test]
fn what_would_read_as_something_else_is_refused() {
    let id = || RevisionId::new("abcd").unwrap();
    let refused = |new: &NewRevision| render(new).unwrap_err().to_string();
    for message in ["parent: bcde", "x\nup", "x\ndown: mysql", "x\nparnet: y"] {
        assert!(refused(&NewRevision::new(message, id())).starts_with("the message cannot be written"), "{message}");
    }
    let mut new = NewRevision::new("x", id());
    new.sections[0].text = "INSERT INTO t VALUES ('\n-- down\n')".to_owned();
    assert!(refused(&new).starts_with("the SQL cannot be written"));
    let mut new = NewRevision::new("x", id());
    new.models = Some("UPPER".to_owned());
    assert_eq!(render(&new).unwrap_err().code(), "bad-header-value");
    new.models = Some("abcd\n-- transaction: none".to_owned());
    assert_eq!(render(&new).unwrap_err().code(), "unrepresentable-revision");
}

#[test]
fn the_checksum_forgives_what_checkouts_change() {
    let sum = checksum(OFFERS);
    assert_eq!(sum.len(), 64);
    assert_eq!(checksum(&format!("\u{feff}{}", OFFERS.replace('\n', " \t\r\n"))), sum);
    assert_eq!(checksum(OFFERS.trim_end()), sum);
    assert_eq!(checksum(&format!("{OFFERS}\n \n")), sum);
    assert_ne!(checksum(&OFFERS.replace("offers;", "offers ;")), sum);
    assert_ne!(checksum(&OFFERS.replacen("\n\n", "\n\n\n", 1)), sum);
    assert_ne!(checksum(&format!(" {OFFERS}")), sum);
    // `b3sum` of "a\nb\n".
    assert_eq!(checksum("a\nb"), blake3::hash(b"a\nb\n").to_hex().to_string());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(parts in proptest::collection::vec(prop_oneof![
        Just("-- up\n"), Just("-- down: mysql\n"), Just("-- revision: abcd\n"), Just("-- parent: a\u{a0}b,, c\n"),
        Just("-- from: mysql\u{2003}abcd\n"), Just("/* "), Just("*/"), Just("\r\n"), Just("\u{feff}"), Just("ä: b\n"),
        Just("-- lint: allow x because y\n"), Just("SELECT 1;\n"), Just("--"), Just("\n"), Just("-- Up\n"), Just(" (x)\n"),
    ], 0..16)) {
        let text = parts.concat();
        if let Ok(file) = parse(&text) {
            for section in &file.sections {
                prop_assert_eq!(&text[section.start.offset..][..section.text.len()], section.text.as_str());
                prop_assert_eq!(section.start, Position::of(&text, section.start.offset));
            }
        }
        _ = checksum(&text);
    }
}
