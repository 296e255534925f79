use stead_schema::model::{
    Check, Column, Dependency, ForeignKey, Index, Key, Name, Object, Reference, Table, TableKind, Trigger, View,
};
use stead_schema::{EngineKind, Schema};

use super::order::{circles, order};
use super::{Phase, WriteError, write};

fn name(name: &str) -> Name {
    Name::within("public", name)
}

fn column(name: &str, data_type: &str) -> Column {
    Column { name: name.to_owned(), data_type: data_type.to_owned(), nullable: true, ..Column::default() }
}

fn table(own: &str, columns: Vec<Column>) -> Table {
    Table { name: name(own), columns, ..Table::default() }
}

fn view(own: &str, query: &str) -> View {
    View { name: name(own), query: query.to_owned(), columns: vec![column("a", "integer")], ..View::default() }
}

fn function(own: &str) -> Object {
    let body = format!("CREATE FUNCTION public.{own}");
    Object { kind: "function".to_owned(), name: name(own), body, ..Object::default() }
}

fn needs(of: (&str, &str), on: (&str, &str)) -> Dependency {
    Dependency { of: Reference::new(of.0, name(of.1)), on: Reference::new(on.0, name(on.1)) }
}

fn texts(schema: &Schema) -> Vec<String> {
    write(schema).unwrap().into_iter().map(|statement| statement.sql).collect()
}

#[test]
fn an_empty_schema_needs_no_statement() {
    for engine in [EngineKind::Postgres, EngineKind::Mysql, EngineKind::Mariadb, EngineKind::Sqlite] {
        assert_eq!(write(&Schema::empty(engine)).unwrap(), []);
    }
}

#[test]
fn what_is_needed_comes_first_and_then_the_lower_rank() {
    assert_eq!(order(&[3, 2, 1, 0], &[vec![], vec![0], vec![], vec![2]]), [2, 3, 0, 1]);
    assert_eq!(order(&[0, 0, 0], &[vec![], vec![], vec![]]), [0, 1, 2]);
}

#[test]
fn a_circle_is_found_without_what_hangs_on_it() {
    let needs = [vec![1], vec![2], vec![1], vec![], vec![3, 1]];
    assert_eq!(order(&[0; 5], &needs), [3]);
    assert_eq!(circles(&needs), [1, 2]);
}

#[test]
fn views_follow_the_views_they_read() {
    let mut schema = Schema::empty(EngineKind::Postgres);
    schema.views = vec![view("a", "SELECT a FROM z"), view("z", "SELECT 1 AS a")];
    schema.dependencies = vec![needs(("view", "a"), ("view", "z"))];
    let wanted = ["CREATE VIEW \"public\".\"z\" AS\nSELECT 1 AS a", "CREATE VIEW \"public\".\"a\" AS\nSELECT a FROM z"];
    assert_eq!(texts(&schema), wanted);
}

#[test]
fn a_view_in_a_circle_first_gives_nulls() {
    let mut schema = Schema::empty(EngineKind::Postgres);
    schema.views = vec![view("v", "SELECT a FROM f()")];
    schema.objects = vec![function("f")];
    schema.dependencies = vec![needs(("view", "v"), ("function", "f")), needs(("function", "f"), ("view", "v"))];
    let wanted = [
        "SET check_function_bodies = false",
        "CREATE VIEW \"public\".\"v\" AS\n SELECT\n    NULL::integer AS \"a\"",
        "CREATE FUNCTION public.f",
        "CREATE OR REPLACE VIEW \"public\".\"v\" AS\nSELECT a FROM f()",
    ];
    assert_eq!(texts(&schema), wanted);
}

#[test]
fn a_default_in_a_circle_is_set_later() {
    let mut schema = Schema::empty(EngineKind::Postgres);
    let with_default = Column { default: Some("f()".to_owned()), ..column("a", "integer") };
    schema.tables = vec![table("t", vec![with_default])];
    schema.objects = vec![function("f")];
    let default = Reference::part("default", &name("t"), "a");
    schema.dependencies = vec![
        Dependency { of: default, on: Reference::new("function", name("f")) },
        needs(("function", "f"), ("table", "t")),
    ];
    let statements = write(&schema).unwrap();
    let texts: Vec<&str> = statements.iter().map(|statement| statement.sql.as_str()).collect();
    let wanted = [
        "SET check_function_bodies = false",
        "CREATE TABLE \"public\".\"t\" (\n    \"a\" integer\n)",
        "CREATE FUNCTION public.f",
        "ALTER TABLE ONLY \"public\".\"t\" ALTER COLUMN \"a\" SET DEFAULT f()",
    ];
    assert_eq!(texts, wanted);
    assert!(statements.iter().all(|statement| statement.phase == Phase::Before), "rows need the default");
}

#[test]
fn constraints_of_domains_come_before_what_holds_the_domain() {
    let object = |kind: &str, own: &str, body: &str| Object {
        kind: kind.to_owned(),
        name: name(own),
        body: body.to_owned(),
        ..Object::default()
    };
    let mut schema = Schema::empty(EngineKind::Postgres);
    schema.tables = vec![table("t", vec![column("a", "public.d[]")])];
    schema.objects = vec![
        object("composite type", "pair", "CREATE TYPE public.pair"),
        object("domain", "d", "CREATE DOMAIN public.d"),
        object("domain constraint", "d.held", "ALTER DOMAIN public.d ADD CONSTRAINT held CHECK (public.f(VALUE))"),
        object(
            "domain constraint",
            "d.broken",
            "ALTER DOMAIN public.d ADD CONSTRAINT broken CHECK ((VALUE > 0)) NOT VALID",
        ),
        function("f"),
    ];
    schema.dependencies = vec![
        needs(("domain constraint", "d.held"), ("domain", "d")),
        needs(("domain constraint", "d.held"), ("function", "f")),
        needs(("domain constraint", "d.broken"), ("domain", "d")),
        needs(("composite type", "pair"), ("domain", "d")),
        needs(("table", "t"), ("domain", "d")),
    ];
    let order = |schema: &Schema| -> Vec<(Phase, String)> {
        let statements = write(schema).unwrap().into_iter().filter(|statement| statement.kind != "setting");
        statements.map(|statement| (statement.phase, statement.name.name)).collect()
    };
    let written = |names: [&str; 5], phase: Phase| names.map(|name| (phase, name.to_owned()));
    let last = [(Phase::After, "d.broken".to_owned())];
    let wanted = written(["d", "f", "d.held", "pair", "t"], Phase::Before);
    assert_eq!(order(&schema), [&wanted[..], &last].concat());
    // A constraint that needs a table itself can only follow it.
    schema.dependencies.push(needs(("function", "f"), ("table", "t")));
    let wanted = written(["d", "t", "f", "d.held", "pair"], Phase::Before);
    assert_eq!(order(&schema), [&wanted[..], &last].concat());
}

/// Nothing records what the text of a function names, nor that an expression needs a cast.
#[test]
fn what_computing_a_value_may_reach_comes_before_the_rows() {
    let object = |kind: &str, own: &str| Object {
        kind: kind.to_owned(),
        name: name(own),
        body: format!("CREATE {kind} {own}"),
        ..Object::default()
    };
    let primary = Key { name: Some("p".to_owned()), columns: vec!["a".to_owned()], ..Key::default() };
    let mut schema = Schema::empty(EngineKind::Postgres);
    schema.tables = vec![Table { primary_key: Some(primary), ..table("t", vec![column("a", "integer")]) }];
    schema.objects = vec![function("f"), object("cast", "c"), object("text search mapping", "m")];
    let stored = |own: &str| View { materialised: true, ..view(own, "SELECT a FROM t") };
    schema.views =
        vec![stored("first"), stored("a_second"), view("grouped", "SELECT a FROM t GROUP BY a"), view("v", "")];
    let part = |kind: &str, owner: &str, part: &str| Reference::part(kind, &name(owner), part);
    schema.dependencies = vec![
        needs(("cast", "c"), ("function", "f")),
        needs(("view", "first"), ("table", "t")),
        needs(("view", "a_second"), ("view", "first")),
        Dependency { of: Reference::new("view", name("grouped")), on: part("constraint", "t", "p") },
    ];
    let written = write(&schema).unwrap().into_iter().filter(|statement| statement.kind != "setting");
    let written: Vec<(Phase, String)> = written
        .map(|statement| (statement.phase, statement.sql.lines().next().unwrap_or_default().to_owned()))
        .collect();
    let (before, after): (Vec<_>, Vec<_>) = written.into_iter().partition(|(phase, _)| *phase == Phase::Before);
    let texts = |written: Vec<(Phase, String)>| written.into_iter().map(|(_, sql)| sql).collect::<Vec<_>>();
    let wanted = [
        "CREATE FUNCTION public.f",
        "CREATE cast c",
        "CREATE TABLE \"public\".\"t\" (",
        "CREATE text search mapping m",
        "CREATE VIEW \"public\".\"v\" AS",
        "CREATE MATERIALIZED VIEW \"public\".\"first\" AS",
        "CREATE MATERIALIZED VIEW \"public\".\"a_second\" AS",
    ];
    assert_eq!(texts(before), wanted);
    let wanted = [
        "ALTER TABLE ONLY \"public\".\"t\" ADD CONSTRAINT \"p\" PRIMARY KEY (\"a\")",
        "CREATE VIEW \"public\".\"grouped\" AS",
        "REFRESH MATERIALIZED VIEW \"public\".\"first\"",
        "REFRESH MATERIALIZED VIEW \"public\".\"a_second\"",
    ];
    assert_eq!(texts(after), wanted);
}

#[test]
fn constraints_that_old_rows_break_come_to_children_first() {
    let check = Check {
        name: Some("k".to_owned()),
        expression: "(a > 0)".to_owned(),
        options: [("not valid".to_owned(), "true".to_owned())].into(),
    };
    let lacking = Column {
        nullable: false,
        options: [("not null not valid", "true"), ("not null constraint", "n")]
            .map(|(word, value)| (word.to_owned(), value.to_owned()))
            .into(),
        ..column("a", "integer")
    };
    let with = |own: &str| Table { checks: vec![check.clone()], ..table(own, vec![lacking.clone()]) };
    let mut schema = Schema::empty(EngineKind::Postgres);
    schema.tables = vec![with("above"), Table { inherits: vec![name("above")], ..with("below") }];
    let statements = write(&schema).unwrap();
    let after: Vec<(&str, &str)> = statements
        .iter()
        .filter(|statement| statement.phase == Phase::After)
        .map(|statement| (statement.kind.as_str(), statement.name.name.as_str()))
        .collect();
    assert_eq!(after, [("check", "below"), ("check", "above"), ("not null", "below"), ("not null", "above")]);
    assert!(!statements[0].sql.contains("NOT NULL"), "{}", statements[0].sql);
}

#[test]
fn routines_that_need_each_other_are_refused_by_name() {
    let mut schema = Schema::empty(EngineKind::Postgres);
    schema.objects = vec![function("f"), function("g")];
    schema.dependencies =
        vec![needs(("function", "f"), ("function", "g")), needs(("function", "g"), ("function", "f"))];
    let error = write(&schema).unwrap_err();
    assert!(matches!(&error, WriteError::Cycle { objects } if objects.len() == 2), "{error}");
    assert_eq!(error.code(), "dependency-cycle");
    assert!(error.to_string().contains("function `public.f`, function `public.g`"), "{error}");
}

#[test]
fn tables_that_refer_to_each_other_get_their_keys_last() {
    let key = |target: &str| ForeignKey {
        name: Some("k".to_owned()),
        columns: vec!["a".to_owned()],
        target: name(target),
        target_columns: vec!["a".to_owned()],
        on_delete: "CASCADE".to_owned(),
        on_update: "NO ACTION".to_owned(),
        ..ForeignKey::default()
    };
    let primary = Key { name: Some("p".to_owned()), columns: vec!["a".to_owned()], ..Key::default() };
    let with_keys = |own: &str, target: &str| Table {
        primary_key: Some(primary.clone()),
        foreign_keys: vec![key(target)],
        ..table(own, vec![column("a", "integer")])
    };
    let mut schema = Schema::empty(EngineKind::Postgres);
    schema.tables = vec![with_keys("egg", "hen"), with_keys("hen", "egg")];
    let kinds: Vec<String> = write(&schema).unwrap().into_iter().map(|statement| statement.kind).collect();
    assert_eq!(kinds, ["table", "table", "primary key", "primary key", "foreign key", "foreign key"]);
    let last = texts(&schema).pop().unwrap();
    let wanted = "ALTER TABLE ONLY \"public\".\"hen\" ADD CONSTRAINT \"k\" FOREIGN KEY (\"a\") REFERENCES \"public\".\"egg\"(\"a\") ON DELETE CASCADE";
    assert_eq!(last, wanted);
}

#[test]
fn names_cannot_end_their_quotes() {
    let mut schema = Schema::empty(EngineKind::Postgres);
    schema.tables = vec![Table {
        name: Name::within("s\"; DROP", "t\"t"),
        comment: Some("it's \\".to_owned()),
        ..Table::default()
    }];
    let wanted =
        ["CREATE TABLE \"s\"\"; DROP\".\"t\"\"t\" ()", "COMMENT ON TABLE \"s\"\"; DROP\".\"t\"\"t\" IS E'it''s \\\\'"];
    assert_eq!(texts(&schema), wanted);
}

#[test]
fn an_index_without_its_statement_is_not_guessed() {
    let mut schema = Schema::empty(EngineKind::Postgres);
    let index = Index { name: "i".to_owned(), ..Index::default() };
    schema.tables = vec![Table { indexes: vec![index], ..table("t", vec![]) }];
    let error = write(&schema).unwrap_err();
    assert_eq!((error.code(), error.to_string().contains("`public.i`")), ("incomplete-schema", true));
}

#[test]
fn sqlite_is_made_from_the_statements_it_keeps() {
    let mut schema = Schema::empty(EngineKind::Sqlite);
    let kept = |text: &str| Some(text.to_owned());
    let index = Index { name: "i".to_owned(), definition: kept("CREATE INDEX i ON t (a)"), ..Index::default() };
    schema.tables = vec![
        Table { name: Name::flat("s"), kind: TableKind::Shadow, ..Table::default() },
        Table {
            name: Name::flat("t"),
            indexes: vec![index],
            definition: kept("create table t(a)"),
            ..Table::default()
        },
    ];
    schema.views =
        vec![View { name: Name::flat("v"), definition: kept("CREATE VIEW v AS SELECT 1"), ..View::default() }];
    assert_eq!(texts(&schema), ["create table t(a)", "CREATE INDEX i ON t (a)", "CREATE VIEW v AS SELECT 1"]);
    schema.views[0].definition = None;
    assert_eq!(write(&schema).unwrap_err().code(), "incomplete-schema");
}

#[test]
fn what_belongs_to_an_object_is_written_with_it() {
    let mut schema = Schema::empty(EngineKind::Postgres);
    schema.tables = vec![table("a", vec![column("x", "integer")]), table("b", vec![column("x", "integer")])];
    let object = |kind: &str, own: Name, body: &str| Object {
        kind: kind.to_owned(),
        name: own,
        body: body.to_owned(),
        ..Object::default()
    };
    for own in ["a", "b"] {
        schema.triggers.push(Trigger {
            name: name("touched"),
            table: name(own),
            body: format!("on {own}"),
            ..Trigger::default()
        });
    }
    let comment = Name::flat("POLICY p ON public.a");
    let grant = Name::flat("TABLE public.b");
    schema.objects = vec![
        object("policy", name("a.p"), "policy of a"),
        object("comment", comment.clone(), "comment of a"),
        object("grant", grant.clone(), "grant of b"),
        object("enum", name("mood"), "enum"),
    ];
    let depend = |kind: &str, own: &Name, on: Reference| Dependency { of: Reference::new(kind, own.clone()), on };
    schema.dependencies = vec![
        // A policy may read another table.
        depend("policy", &name("a.p"), Reference::new("table", name("a"))),
        depend("policy", &name("a.p"), Reference::new("table", name("b"))),
        depend("comment", &comment, Reference::new("policy", name("a.p"))),
        depend("grant", &grant, Reference::new("table", name("b"))),
    ];
    let apart = super::write_apart(&schema).unwrap();
    let texts = |own: &str| -> Vec<&str> {
        let (_, statements) = apart.iter().find(|(found, _)| *found == name(own)).unwrap();
        statements.iter().skip(1).map(|statement| statement.sql.as_str()).collect()
    };
    assert_eq!(apart.len(), 3);
    assert_eq!(texts("a"), ["on a", "policy of a", "comment of a"]);
    assert_eq!(texts("b"), ["on b", "grant of b"]);
    assert_eq!(texts("mood"), [""; 0]);
}
