//! Sessions: values, counts, streams, and that scratch databases and readers are what they are called. These are the
//! cases an adapter should pass first.

use anyhow::{Context as _, Result, ensure};
use stead_engine::{Access, ErrorClass, Value};
use stead_schema::model::Name;

use super::{ITEMS, Scene, count, fill};

pub(super) async fn values_come_back_as_they_went(scene: &Scene<'_>) -> Result<()> {
    let mut session = scene.server.scratch().await?;
    let marks: Vec<String> = (1..=6).map(|number| scene.subject.placeholder(number)).collect();
    let bytes = scene.subject.bytes_type();
    let create = format!("CREATE TABLE kinds (a INTEGER, b BIGINT, c DOUBLE PRECISION, d TEXT, e {bytes}, f TEXT)");
    session.execute(&create, &[]).await?;
    let values = vec![
        Value::Null,
        Value::Integer(i64::MIN),
        Value::Real(-0.1),
        Value::from("Grüße 'quoted' \\ \"\n\u{1F980}"),
        Value::Blob(vec![0, 255, 39, 92]),
        Value::from(""),
    ];
    session.execute(&format!("INSERT INTO kinds VALUES ({})", marks.join(", ")), &values).await?;
    let rows = session.query("SELECT a, b, c, d, e, f FROM kinds", &[]).await?;
    ensure!(rows == vec![values.clone()], "{rows:?} is not {values:?}");
    let error = session.query("SELECT a FROM kinds", &[Value::Null]).await.err();
    ensure!(error.is_some(), "a value too many is accepted");
    Ok(())
}

pub(super) async fn execute_counts_changed_rows(scene: &Scene<'_>) -> Result<()> {
    let mut session = scene.server.scratch().await?;
    ensure!(session.execute(ITEMS, &[]).await? == 0, "DDL changes rows");
    fill(session.as_mut(), 1, 10).await?;
    let mark = scene.subject.placeholder(1);
    let changed =
        session.execute(&format!("UPDATE items SET name = 'x' WHERE id > {mark}"), &[Value::Integer(4)]).await?;
    ensure!(changed == 6, "{changed} rows instead of 6");
    ensure!(session.execute("DROP TABLE items", &[]).await? == 0, "DDL counts the rows of an earlier statement");
    ensure!(session.execute("-- nothing\n", &[]).await? == 0, "a comment is not nothing");
    Ok(())
}

pub(super) async fn streams_deliver_every_row(scene: &Scene<'_>) -> Result<()> {
    let mut session = scene.server.scratch().await?;
    session.execute(ITEMS, &[]).await?;
    fill(session.as_mut(), 1, 1000).await?;
    let mut stream = session.stream("SELECT id, name, 1 + 1 AS two FROM items ORDER BY id", 64).await?;
    let names: Vec<&str> = stream.columns().iter().map(|column| column.name.as_str()).collect();
    ensure!(names == ["id", "name", "two"], "{names:?}");
    let declared = scene.subject.declared("VARCHAR(200)");
    ensure!(stream.columns()[1].declared.as_deref() == Some(declared.as_str()), "{:?}", stream.columns());
    ensure!(stream.columns()[2].declared.is_none(), "{:?}", stream.columns());
    let mut rows = Vec::new();
    loop {
        let batch = stream.next().await?;
        ensure!(batch.len() <= 64, "a batch of {}", batch.len());
        if batch.is_empty() {
            break;
        }
        rows.extend(batch);
    }
    drop(stream);
    let numbers: Vec<i64> = rows.iter().filter_map(|row| row[0].as_integer()).collect();
    ensure!(numbers == (1..=1000).collect::<Vec<i64>>(), "rows are missing or out of order");
    let error = session.stream("SELECT * FROM nothing_like_that", 10).await.err().context("it streams")?;
    ensure!(error.class == ErrorClass::Syntax, "{error:?}");
    Ok(())
}

pub(super) async fn streams_can_be_left(scene: &Scene<'_>) -> Result<()> {
    let mut session = scene.server.scratch().await?;
    session.execute(ITEMS, &[]).await?;
    fill(session.as_mut(), 1, 3000).await?;
    let mut stream = session.stream("SELECT a.id FROM items a CROSS JOIN items b CROSS JOIN items c", 10).await?;
    ensure!(stream.next().await?.len() == 10, "no first batch");
    drop(stream);
    ensure!(count(session.as_mut(), "items").await? == 3000, "the session is of no use afterwards");
    Ok(())
}

pub(super) async fn an_insert_that_fails_names_its_row(scene: &Scene<'_>) -> Result<()> {
    let mut session = scene.server.scratch().await?;
    session.execute(ITEMS, &[]).await?;
    let columns = ["id".to_owned(), "name".to_owned()];
    let row = |id: i64, name: Value| vec![Value::Integer(id), name];
    let rows = vec![row(1, Value::from("a")), row(2, Value::Null), row(3, Value::from("c"))];
    let error = session.insert(&Name::flat("items"), &columns, rows).await.err().context("NULL is accepted")?;
    ensure!(error.class == ErrorClass::Constraint, "{error:?}");
    ensure!(error.message.contains("row 2"), "the row is not named: {error}");
    let inserted = session
        .insert(&Name::flat("items"), &columns, vec![row(7, Value::from("g")), row(8, Value::from("h"))])
        .await?;
    ensure!(inserted == 2, "{inserted} rows instead of 2");
    Ok(())
}

pub(super) async fn readers_cannot_write(scene: &Scene<'_>) -> Result<()> {
    let place = scene.database("read", 3).await?;
    let mut session = scene.server.open(&place, Access::Read).await?;
    for statement in ["DELETE FROM items", "CREATE TABLE more (id INTEGER)", "DROP TABLE items"] {
        let error = session.execute(statement, &[]).await.err().with_context(|| format!("`{statement}` runs"))?;
        ensure!(error.class == ErrorClass::Refused, "{error:?}");
    }
    ensure!(count(session.as_mut(), "items").await? == 3, "rows are gone");
    session.close().await?;
    Ok(())
}

pub(super) async fn scratch_is_empty_and_gone_afterwards(scene: &Scene<'_>) -> Result<()> {
    let mut first = scene.server.scratch().await?;
    let mut second = scene.server.scratch().await?;
    ensure!(first.inspect().await?.is_empty(), "a scratch database is not empty");
    first.execute(ITEMS, &[]).await?;
    ensure!(second.inspect().await?.is_empty(), "two scratch databases are one");
    first.close().await?;
    drop(second);
    let mut third = scene.server.scratch().await?;
    ensure!(third.inspect().await?.is_empty(), "a scratch database outlives its session");
    Ok(())
}

pub(super) async fn rows_are_counted(scene: &Scene<'_>) -> Result<()> {
    let mut session = scene.server.scratch().await?;
    session.execute(ITEMS, &[]).await?;
    let zeta = stead_sql::quote::identifier("Zeta \"`x", session.kind());
    session.execute(&format!("CREATE TABLE {zeta} (id INTEGER)"), &[]).await?;
    for statement in stead_sql::ledger::create(session.kind()) {
        session.execute(statement, &[]).await?;
    }
    fill(session.as_mut(), 1, 12).await?;
    let counts = session.count_rows().await?;
    let mut sorted = counts.clone();
    sorted.sort();
    ensure!(counts == sorted, "not sorted by name: {counts:?}");
    ensure!(counts.contains(&("items".to_owned(), 12)), "{counts:?}");
    ensure!(counts.contains(&("Zeta \"`x".to_owned(), 0)), "{counts:?}");
    ensure!(counts.contains(&(stead_sql::ledger::LEDGER_TABLE.to_owned(), 0)), "{counts:?}");
    Ok(())
}

pub(super) async fn a_sound_database_verifies(scene: &Scene<'_>) -> Result<()> {
    let place = scene.database("sound", 500).await?;
    let mut session = scene.read(&place).await?;
    session.verify().await?;
    session.close().await?;
    Ok(())
}
