use proptest::prelude::*;
use stead_schema::EngineKind::{self, Mariadb, Mysql, Postgres, Sqlite};

use super::{PieceKind, Pragma, Statement, pieces, split};
use crate::lex::tests::texts;

/// Each statement as `line:column [leading] text`, line ends shown as `⏎`.
fn shown(source: &str, engine: EngineKind) -> String {
    match split(source, engine) {
        Ok(statements) => statements.iter().map(line).collect(),
        Err(error) => format!("{}: {error}", error.code()),
    }
}

fn line(statement: &Statement) -> String {
    let place = statement.position;
    format!("{}:{} [{}] {}\n", place.line, place.column, statement.leading, statement.text.replace('\n', "⏎"))
}

fn only(source: &str, engine: EngineKind) -> Statement {
    let mut statements = split(source, engine).unwrap();
    assert_eq!(statements.len(), 1, "{statements:#?}");
    statements.pop().unwrap()
}

#[test]
fn blanks_comments_and_empty_pieces_are_no_statements() {
    insta::assert_snapshot!(shown("-- one\n;; /* two */ ;\n SELECT 1 -- ;\n ; \n-- end\nSELECT ';' /* ; */ , 2", Sqlite), @r"
    3:2 [SELECT] SELECT 1
    6:1 [SELECT] SELECT ';' /* ; */ , 2
    ");
    assert_eq!(split("", Postgres), Ok(vec![]));
    assert_eq!(split("\u{feff}-- only a comment", Mysql), Ok(vec![]));
}

#[test]
fn leading_keywords_leave_out_what_stands_between() {
    let leading = |text: &str, engine| only(text, engine).leading;
    assert_eq!(leading("create temp trigger t after insert on a begin select 1; end", Sqlite), "CREATE TRIGGER");
    assert_eq!(leading("CREATE UNIQUE INDEX a ON b (c)", Sqlite), "CREATE INDEX");
    assert_eq!(leading("CREATE VIRTUAL TABLE a USING fts5(b)", Sqlite), "CREATE VIRTUAL TABLE");
    assert_eq!(leading("CREATE OR REPLACE MATERIALIZED VIEW a AS SELECT 1", Postgres), "CREATE MATERIALIZED VIEW");
    assert_eq!(leading("CREATE AGGREGATE a (int) (sfunc = f)", Postgres), "CREATE AGGREGATE");
    assert_eq!(leading("CREATE PUBLICATION p FOR TABLE t", Postgres), "CREATE PUBLICATION");
    assert_eq!(leading("CREATE DEFINER = `root`@`%` SQL SECURITY INVOKER VIEW v AS SELECT 1", Mysql), "CREATE VIEW");
    assert_eq!(leading("/*!50001 CREATE ALGORITHM=UNDEFINED */ /*!50013 DEFINER=a@b */ VIEW v", Mysql), "CREATE VIEW");
    assert_eq!(leading("(SELECT 1) UNION (SELECT 2)", Postgres), "SELECT");
    assert_eq!(leading("start /* x */ transaction", Postgres), "START TRANSACTION");
    assert_eq!(leading("CREATE", Sqlite), "CREATE");
    assert_eq!(leading("'text'", Sqlite), "");
}

#[test]
fn sqlite_triggers_stay_whole() {
    let source = "CREATE TRIGGER IF NOT EXISTS \"begin\" AFTER UPDATE OF a ON begin FOR EACH ROW WHEN new.end > CASE 1 WHEN 1 THEN 2 END
BEGIN UPDATE t SET x = CASE WHEN new.a THEN 'END;' ELSE 2 END; -- END;
 INSERT INTO l SELECT x AS end FROM begin; END; SELECT 1;
create temporary trigger main.begin before delete on t begin delete from u; end; SELECT 2";
    insta::assert_snapshot!(shown(source, Sqlite), @r#"
    1:1 [CREATE TRIGGER] CREATE TRIGGER IF NOT EXISTS "begin" AFTER UPDATE OF a ON begin FOR EACH ROW WHEN new.end > CASE 1 WHEN 1 THEN 2 END⏎BEGIN UPDATE t SET x = CASE WHEN new.a THEN 'END;' ELSE 2 END; -- END;⏎ INSERT INTO l SELECT x AS end FROM begin; END
    3:49 [SELECT] SELECT 1
    4:1 [CREATE TRIGGER] create temporary trigger main.begin before delete on t begin delete from u; end
    4:82 [SELECT] SELECT 2
    "#);
}

#[test]
fn begin_and_end_of_a_transaction_are_statements() {
    insta::assert_snapshot!(shown("BEGIN; SELECT 1; END; BEGIN IMMEDIATE; COMMIT", Sqlite), @r"
    1:1 [BEGIN] BEGIN
    1:8 [SELECT] SELECT 1
    1:18 [END] END
    1:23 [BEGIN] BEGIN IMMEDIATE
    1:40 [COMMIT] COMMIT
    ");
}

#[test]
fn postgres_bodies_rules_and_atomic_routines_stay_whole() {
    let source = "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $x$ BEGIN; $$ ; END $x$;
CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC INSERT INTO t VALUES (CASE WHEN true THEN 1 END); SELECT 2; END;
CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM u; DELETE FROM v);
SELECT begin FROM atomic; DO $$ BEGIN NULL; END $$";
    insta::assert_snapshot!(shown(source, Postgres), @r"
    1:1 [CREATE FUNCTION] CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $x$ BEGIN; $$ ; END $x$
    2:1 [CREATE PROCEDURE] CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC INSERT INTO t VALUES (CASE WHEN true THEN 1 END); SELECT 2; END
    3:1 [CREATE RULE] CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM u; DELETE FROM v)
    4:1 [SELECT] SELECT begin FROM atomic
    4:27 [DO] DO $$ BEGIN NULL; END $$
    ");
}

#[test]
fn mysql_routines_stay_whole_without_a_delimiter() {
    let source = "CREATE DEFINER=`a`@`b` PROCEDURE begin(IN end INT) COMMENT 'x;' READS SQL DATA
top: BEGIN
  DECLARE EXIT HANDLER FOR SQLSTATE '23000', NOT FOUND BEGIN ROLLBACK; END;
  DECLARE CONTINUE HANDLER FOR SQLWARNING IF a THEN SET b = 1; END IF;
  IF a > IF(b, 1, 2) THEN SELECT REPEAT('x', 3); ELSEIF c THEN SET d = 1; ELSE SET e = CASE f WHEN 1 THEN 2 END; END IF;
  CASE a WHEN 1 THEN SELECT 1; ELSE BEGIN END; END CASE;
  again: WHILE x < 3 DO SET x = x + 1; ITERATE again; END WHILE again;
  REPEAT SET y = 1; UNTIL y > 2 END REPEAT;
  LOOP LEAVE top; END LOOP;
  SELECT start, end FROM t;
END top;
SELECT 1;
CREATE FUNCTION f(a INT) RETURNS VARCHAR(10) CHARSET utf8mb4 DETERMINISTIC RETURN IF(a, 'b', 'c');
CREATE TRIGGER t BEFORE INSERT ON begin FOR EACH ROW FOLLOWS u BEGIN SET NEW.a = 1; END;
CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET NEW.a = CASE WHEN 1 THEN 2 END;
CREATE PROCEDURE p() INSERT INTO t SELECT IF(a, b, c) FROM begin;
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM t; END;
SELECT 2";
    insta::assert_snapshot!(shown(source, Mysql).replace('⏎', "\n"), @r"
    1:1 [CREATE PROCEDURE] CREATE DEFINER=`a`@`b` PROCEDURE begin(IN end INT) COMMENT 'x;' READS SQL DATA
    top: BEGIN
      DECLARE EXIT HANDLER FOR SQLSTATE '23000', NOT FOUND BEGIN ROLLBACK; END;
      DECLARE CONTINUE HANDLER FOR SQLWARNING IF a THEN SET b = 1; END IF;
      IF a > IF(b, 1, 2) THEN SELECT REPEAT('x', 3); ELSEIF c THEN SET d = 1; ELSE SET e = CASE f WHEN 1 THEN 2 END; END IF;
      CASE a WHEN 1 THEN SELECT 1; ELSE BEGIN END; END CASE;
      again: WHILE x < 3 DO SET x = x + 1; ITERATE again; END WHILE again;
      REPEAT SET y = 1; UNTIL y > 2 END REPEAT;
      LOOP LEAVE top; END LOOP;
      SELECT start, end FROM t;
    END top
    12:1 [SELECT] SELECT 1
    13:1 [CREATE FUNCTION] CREATE FUNCTION f(a INT) RETURNS VARCHAR(10) CHARSET utf8mb4 DETERMINISTIC RETURN IF(a, 'b', 'c')
    14:1 [CREATE TRIGGER] CREATE TRIGGER t BEFORE INSERT ON begin FOR EACH ROW FOLLOWS u BEGIN SET NEW.a = 1; END
    15:1 [CREATE TRIGGER] CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET NEW.a = CASE WHEN 1 THEN 2 END
    16:1 [CREATE PROCEDURE] CREATE PROCEDURE p() INSERT INTO t SELECT IF(a, b, c) FROM begin
    17:1 [CREATE EVENT] CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM t; END
    18:1 [SELECT] SELECT 2
    ");
}

#[test]
fn mariadb_has_compound_statements_outside_routines() {
    let source = "BEGIN NOT ATOMIC DECLARE x INT; FOR i IN 1..10 DO SET x = i; END FOR; END;
IF (SELECT 1) THEN SELECT 2; END IF; BEGIN; SELECT 3; COMMIT;";
    insta::assert_snapshot!(shown(source, Mariadb), @r"
    1:1 [BEGIN NOT] BEGIN NOT ATOMIC DECLARE x INT; FOR i IN 1..10 DO SET x = i; END FOR; END
    2:1 [IF] IF (SELECT 1) THEN SELECT 2; END IF
    2:38 [BEGIN] BEGIN
    2:45 [SELECT] SELECT 3
    2:55 [COMMIT] COMMIT
    ");
}

#[test]
fn delimiter_changes_what_ends_a_statement() {
    let source = "DELIMITER $$\r\nCREATE PROCEDURE p() BEGIN SELECT '$$'; END$$\r\ndelimiter //  \nCREATE TRIGGER t BEGIN a; END //
DELIMITER ;\nSELECT 1; SELECT delimiter FROM t;\nDELIMITER ;;\n/*!50003 CREATE*/ /*!50003 TRIGGER t BEGIN a; END */;;\nDELIMITER ;";
    insta::assert_snapshot!(shown(source, Mysql), @r"
    2:1 [CREATE PROCEDURE] CREATE PROCEDURE p() BEGIN SELECT '$$'; END
    4:1 [CREATE TRIGGER] CREATE TRIGGER t BEGIN a; END
    6:1 [SELECT] SELECT 1
    6:11 [SELECT] SELECT delimiter FROM t
    8:1 [CREATE TRIGGER] /*!50003 CREATE*/ /*!50003 TRIGGER t BEGIN a; END */
    ");
    assert_eq!(shown("DELIMITER go\nSELECT category go\nSELECT 2 GO", Mysql).lines().count(), 2);
    assert_eq!(
        shown("DELIMITER\nSELECT 1", Mysql),
        "sql-delimiter: `DELIMITER` at line 1, column 1 does not say which delimiter"
    );
    assert_eq!(only("DELIMITER // x", Postgres).leading, "DELIMITER");
}

#[test]
fn what_only_a_client_can_do_is_refused_by_name() {
    let rows = "SELECT 1;\nCOPY public.t (a, \"from\") FROM stdin WITH (FORMAT text);\n1\tit's\n\\.\n";
    assert_eq!(
        shown(rows, Postgres),
        "sql-needs-client: `COPY … FROM STDIN` at line 2, column 1 needs a client that sends or takes what belongs to it"
    );
    assert!(shown("COPY (SELECT a FROM t) TO STDOUT", Postgres).starts_with("sql-needs-client: `COPY … TO STDOUT`"));
    assert!(
        !shown("COPY t FROM '/tmp/stdin'; COPY t TO PROGRAM 'x'; SELECT 'COPY t FROM STDIN'", Postgres)
            .contains("sql-")
    );
    assert_eq!(
        shown("\\restrict abc\nSELECT 1;", Postgres),
        "sql-psql-command: `\\restrict` at line 1, column 1 is a command of psql and no SQL"
    );
    assert!(shown("SELECT 1; \\copy t FROM 'x'", Postgres).starts_with("sql-psql-command: `\\copy`"));
    assert!(!shown("SELECT E'\\\\x', $$\n\\connect x\n$$;", Postgres).contains("sql-"));
    for engine in [Mysql, EngineKind::Mariadb] {
        assert!(
            shown("load data low_priority local infile 'x' into table t", engine).contains("LOAD DATA LOCAL INFILE")
        );
        assert!(!shown("LOAD DATA INFILE '/x' INTO TABLE local", engine).contains("sql-"));
    }
    assert!(!shown("SELECT 1", EngineKind::Sqlite).contains("sql-"));
}

#[test]
fn what_is_never_closed_is_named_with_its_place() {
    let error = |source: &str, engine| split(source, engine).unwrap_err().to_string();
    assert_eq!(error("SELECT 1;\n SELECT 'a", Sqlite), "the string that begins at line 2, column 9 is never closed");
    assert_eq!(error("SELECT [a", Sqlite), "the quoted name that begins at line 1, column 8 is never closed");
    assert_eq!(error("/* a", Sqlite), "the comment that begins at line 1, column 1 is never closed");
    assert_eq!(error("SELECT /*!50003 1", Mysql), "the comment that begins at line 1, column 8 is never closed");
    assert_eq!(
        error("DO $a$ $$", Postgres),
        "the dollar-quoted string that begins at line 1, column 4 is never closed"
    );
    let trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE 1 WHEN 2 THEN 3; END; SELECT 1;";
    assert_eq!(error(trigger, Sqlite), "the body that begins at line 1, column 36 is never closed");
    let rule = "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2;";
    assert_eq!(error(rule, Postgres), "the parenthesis that begins at line 1, column 36 is never closed");
    assert_eq!(error("SELECT 1\0; SELECT 2", Sqlite), "there is a NUL character at line 1, column 9");
}

#[test]
fn transactions_are_recognised_and_bodies_are_not() {
    let controls = |text: &str, engine| only(text, engine).controls_transaction(engine);
    for text in ["BEGIN", "begin immediate", "/* x */ COMMIT", "ROLLBACK TO a", "SAVEPOINT a", "RELEASE a"] {
        assert!(EngineKind::ALL.iter().all(|engine| controls(text, *engine)), "{text}");
    }
    assert!(controls("END", Sqlite) && controls("END TRANSACTION", Postgres) && controls("ABORT", Postgres));
    assert!(controls("START TRANSACTION READ ONLY", Mysql) && controls("PREPARE TRANSACTION 'x'", Postgres));
    assert!(controls("SET autocommit = 0", Mysql) && controls("SET SESSION autocommit = 0", Mariadb));
    assert!(controls("SET @a = 1, @@session.autocommit = 0", Mysql));
    assert!(!controls("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", Postgres));
    assert!(!controls("CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END", Sqlite));
    assert!(!controls("BEGIN NOT ATOMIC SELECT 1; END", Mariadb));
    assert!(!controls("CREATE TABLE commit (a)", Sqlite));
}

#[test]
fn pragmas_are_taken_apart() {
    let pragma = |text: &str| only(text, Sqlite).pragma();
    let parts = |schema: Option<&str>, name: &str, argument: Option<&str>| {
        Some(Pragma { schema: schema.map(str::to_owned), name: name.to_owned(), argument: argument.map(str::to_owned) })
    };
    assert_eq!(pragma("PRAGMA foreign_keys = OFF;"), parts(None, "foreign_keys", Some("OFF")));
    assert_eq!(pragma("pragma Foreign_Keys(0)"), parts(None, "foreign_keys", Some("0")));
    assert_eq!(pragma("PRAGMA main.table_info('a b')"), parts(Some("main"), "table_info", Some("a b")));
    assert_eq!(pragma("PRAGMA cache_size=-2000"), parts(None, "cache_size", Some("-2000")));
    assert_eq!(pragma("PRAGMA user_version"), parts(None, "user_version", None));
    assert_eq!(pragma("PRAGMA"), None);
    assert_eq!(pragma("SELECT pragma"), None);
}

#[test]
fn a_large_script_is_cut_in_linear_time() {
    let source = "INSERT INTO t VALUES (1, 'abc', NULL);\n".repeat(30_000);
    let statements = split(&source, Sqlite).unwrap();
    assert_eq!(statements.len(), 30_000);
    assert_eq!(statements[29_999].position.line, 30_000);
}

proptest! {
    #[test]
    fn pieces_joined_are_the_source_and_nothing_panics(source in texts()) {
        for engine in EngineKind::ALL {
            if let Ok(pieces) = pieces(&source, engine) {
                prop_assert_eq!(pieces.iter().map(|piece| piece.text).collect::<String>(), source.as_str());
                let statements = split(&source, engine).unwrap();
                let texts: Vec<&str> =
                    pieces.iter().filter(|piece| piece.kind == PieceKind::Statement).map(|piece| piece.text).collect();
                prop_assert_eq!(statements.iter().map(|one| one.text.as_str()).collect::<Vec<_>>(), texts);
                for one in &statements {
                    prop_assert!(source[one.position.offset..].starts_with(&one.text));
                    _ = (one.controls_transaction(engine), one.pragma());
                }
            }
        }
    }

    /// Known statements, written one after the other with noise between them, come back as they were.
    #[test]
    fn statements_survive_being_joined(picks in proptest::collection::vec((0..STATEMENTS.len(), 0..GAPS.len()), 0..12)) {
        let source: String = picks.iter().map(|(one, gap)| format!("{};{}", STATEMENTS[*one], GAPS[*gap])).collect();
        let texts: Vec<String> = split(&source, Sqlite).unwrap().into_iter().map(|one| one.text).collect();
        let expected: Vec<&str> = picks.iter().map(|(one, _)| STATEMENTS[*one]).collect();
        prop_assert_eq!(texts, expected);
    }
}

const STATEMENTS: [&str; 6] = [
    "SELECT ';', \"a;b\", [c;d], `e;f`, x'00' /* ; */, 1 -- ;\n + 2",
    "CREATE TRIGGER a AFTER INSERT ON b BEGIN INSERT INTO c VALUES (CASE new.d WHEN 1 THEN ';' END); SELECT 1; END",
    "CREATE TEMP TRIGGER IF NOT EXISTS end INSTEAD OF DELETE ON v WHEN old.begin IS NOT NULL BEGIN DELETE FROM w; END",
    "BEGIN",
    "END",
    "CREATE TABLE begin (\"end;\" TEXT DEFAULT ';' CHECK (CASE WHEN 1 THEN 2 END > 1))",
];

const GAPS: [&str; 5] = ["", "\n", " -- ; 'open\n", "/* ' ; \" */", ";;\r\n"];
