//! A copy of a live database on the same server. Where nobody is in it the server copies its files; otherwise the rows go from a
//! consistent view straight into a new database, through memory and never through a file.

use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt as _;
use stead_engine::{EngineError, ErrorClass, Place, Session as _};
use stead_sql::ledger;
use tokio_postgres::CopyOutStream;

use super::building::{Building, Pieces};
use super::catalog::{self, Forms, Relation};
use super::facts::Facts;
use super::view::PostgresView;
use super::{dump, properties, session};
use crate::admin;
use crate::apply::quoted;
use crate::connect::Connection;
use crate::connect::address::Address;

/// Copies a database as it stands, with its owner, grants, settings and comment.
pub(super) async fn copy(address: &Address, from: &Place, to: &Place) -> Result<(), EngineError> {
    let (from_name, to_name) = (admin::name(from)?, admin::name(to)?);
    let mut server = admin::maintenance(address).await?;
    if admin::is_there(&mut server, to_name).await? {
        return Err(EngineError::new(ErrorClass::Conflict, format!("the database `{to_name}` exists already")));
    }
    if !by_files(&mut server, from_name, to_name).await? {
        by_rows(address, from, to_name).await?;
    }
    let carried = properties::carry(&mut server, from_name, to_name).await;
    if carried.is_err() {
        admin::remove_by(address, &mut server, to_name).await?;
    }
    carried?;
    server.close().await
}

/// True if the server has copied the files; false if somebody is in the database, if it has subscriptions, which do not lie in
/// its files, or if the role may not.
async fn by_files(server: &mut Connection, from: &str, to: &str) -> Result<bool, EngineError> {
    let sql = "SELECT 1 FROM pg_catalog.pg_stat_activity WHERE datname = $1::text AND usesysid IS NOT NULL
               UNION ALL SELECT 1 FROM pg_catalog.pg_subscription AS s
               JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid WHERE d.datname = $1::text";
    if !server.rows(sql, &[&from]).await?.is_empty() {
        return Ok(false);
    }
    match server.batch(&format!("CREATE DATABASE {} TEMPLATE {}", quoted(to), quoted(from))).await {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.engine_code.as_deref(), Some("55006" | "42501" | "55000" | "0A000")) => Ok(false),
        Err(error) if error.engine_code.as_deref() == Some("3D000") => {
            Err(error.context(format!("`{from}` cannot be copied")))
        }
        Err(error) => Err(error),
    }
}

async fn by_rows(address: &Address, from: &Place, to: &str) -> Result<(), EngineError> {
    let mut view = Box::new(PostgresView::open(address, std::slice::from_ref(from)).await?);
    let member = view.member(from)?;
    let schema = member.session.inspect().await?;
    let connection = &mut member.session.connection;
    let forms = Forms::read(connection).await?;
    let mut facts = Facts::new(connection.version(), catalog::creation(connection).await?);
    facts.extensions = catalog::extensions(connection).await?;
    facts.session = session::read(connection).await?;
    session::write_names_in_full(connection).await?;
    let relations: Vec<&Relation> = member.relations.iter().filter(|relation| relation.has_rows).collect();
    let is_there = |own: &&str| relations.iter().any(|table| table.namespace == "public" && table.name == **own);
    let own: Vec<&str> = ledger::own_tables().into_iter().filter(|own| is_there(own)).collect();
    let from = admin::name(from)?;
    let mut building = Building::begin(address, to, Some(from), &facts, &schema, &own).await?;
    for relation in relations {
        let copied = transfer(connection, &mut building, relation, forms.binary(relation)).await;
        if let Err(error) = copied {
            building.give_up().await;
            return Err(error);
        }
    }
    let sequences = catalog::sequences(connection).await?;
    building.finish(&sequences).await?;
    stead_engine::snapshot::View::close(view).await
}

/// Rows as another connection sends them.
struct FromServer {
    rows: Pin<Box<CopyOutStream>>,
    failed: Option<tokio_postgres::Error>,
}

#[async_trait]
impl Pieces for FromServer {
    async fn next(&mut self) -> Result<Option<Bytes>, EngineError> {
        match self.rows.next().await {
            None => Ok(None),
            Some(Ok(piece)) => Ok(Some(piece)),
            Some(Err(error)) => {
                self.failed = Some(error);
                Err(EngineError::new(ErrorClass::Interrupted, "the rows cannot be read"))
            }
        }
    }
}

/// One table's rows out of one database and into the other.
async fn transfer(
    connection: &mut Connection,
    building: &mut Building,
    relation: &Relation,
    binary: bool,
) -> Result<(), EngineError> {
    let table = dump::described(relation, binary);
    building.table(&table).await?;
    let sql = dump::statement(relation, binary);
    let client = connection.begin().await?;
    let (copied, read) = match client.copy_out(&sql).await {
        Ok(rows) => {
            let mut pieces = FromServer { rows: Box::pin(rows), failed: None };
            let copied = building.rows(&table, &mut pieces).await;
            (copied, pieces.failed.map_or(Ok(()), Err))
        }
        Err(error) => (Ok(0), Err(error)),
    };
    connection.end(read, "").map_err(|error| error.context(format!("the rows of `{}`", relation.quoted())))?;
    copied.map(|_rows| ())
}
