//! The database whose place a built one will take. It says to whom everything belongs that a schema says nothing of, and where
//! the files lie: a schema knows neither, since it may be loaded for somebody else and on another server.

use std::collections::BTreeMap;

use stead_engine::{EngineError, Place};
use stead_schema::model::{Dependency, Name};
use stead_schema::{ROLE, Schema};

use super::session::Session;
use super::{building, catalog, names, properties, session};
use crate::admin;
use crate::apply::quoted;
use crate::connect::Connection;
use crate::connect::address::Address;

/// What only a superuser may own; with anybody else as the owner of the database it stays with whoever builds.
const OF_SUPERUSERS: [&str; 4] = ["EVENT TRIGGER ", "FOREIGN DATA WRAPPER ", "PUBLICATION ", "SUBSCRIPTION "];
/// The server's word that a role lacks a right.
const LACKING: &str = "42501";

/// Makes an empty database: like the one that it will replace, if there is one, and else in UTF-8 with the cluster's locale; with
/// nothing of what people put into `template1`.
pub(crate) async fn create(address: &Address, place: &Place) -> Result<(), EngineError> {
    let name = admin::name(place)?;
    let mut server = admin::maintenance(address).await?;
    match replaced(&mut server, name).await? {
        Some(live) => create_like(address, &mut server, name, &live).await?,
        None => admin::create_by(&mut server, name, "ENCODING 'UTF8'").await?,
    }
    server.close().await
}

async fn create_like(address: &Address, server: &mut Connection, name: &str, live: &str) -> Result<(), EngineError> {
    let creation = catalog::creation_of(server, live).await?;
    let place = Home::of(server, live).await?.as_ref().map(Home::clause).unwrap_or_default();
    admin::create_by(server, name, &(building::clauses(&creation, server.version()) + &place)).await?;
    lend(address, server, name, live).await
}

/// Gives a database that was filled what people's SQL finds in the one that it will replace: revisions may come next. Where
/// there is none, it has at least the settings that its values were computed with.
pub(super) async fn settle(address: &Address, name: &str, session: &Session) -> Result<(), EngineError> {
    let mut server = admin::maintenance(address).await?;
    match replaced(&mut server, name).await? {
        Some(live) => lend(address, &mut server, name, &live).await?,
        None => properties::give(&mut server, name, session).await?,
    }
    server.close().await
}

async fn lend(address: &Address, server: &mut Connection, name: &str, live: &str) -> Result<(), EngineError> {
    let lent = properties::lend(server, live, name).await;
    if lent.is_err() {
        let _the_first_error_is_the_one_to_tell = admin::remove_by(address, server, name).await;
    }
    lent
}

/// The owners that a schema says: roles, and the statements by which each gets what is his.
#[derive(Debug, Default)]
pub(super) struct Owners(Vec<(String, String)>);

impl Owners {
    pub(super) fn of_schema(schema: &Schema) -> Self {
        let are_owners = |dependency: &&Dependency| dependency.of.kind == "owner" && dependency.on.kind == ROLE;
        let roles: BTreeMap<&Name, &String> = schema
            .dependencies
            .iter()
            .filter(are_owners)
            .map(|dependency| (&dependency.of.name, &dependency.on.name.name))
            .collect();
        let owners = schema.objects.iter().filter(|object| object.kind == "owner");
        let said = owners.filter_map(|object| Some((roles.get(&object.name)?.to_string(), object.body.clone())));
        // Of an event trigger's owner nothing can be said before there is one.
        Self(said.filter(|(_, body)| !body.starts_with("ALTER EVENT TRIGGER ")).collect())
    }

    /// The statements for one role, schemas first: only who may make things in a schema can be given some.
    fn of(&self, role: &str) -> impl Iterator<Item = &String> {
        let of_schemas = |body: &&String| body.starts_with("ALTER SCHEMA ");
        let own = move || self.0.iter().filter(move |(owner, _)| owner == role).map(|(_, body)| body);
        own().filter(of_schemas).chain(own().filter(move |body| !of_schemas(body)))
    }
}

/// The database for which one of that name is built.
async fn replaced(server: &mut Connection, built: &str) -> Result<Option<String>, EngineError> {
    let sql = "SELECT datname::text FROM pg_catalog.pg_database WHERE datallowconn ORDER BY 1";
    let rows = server.rows(sql, &[]).await?;
    let mut live = rows.iter().map(|row| row.get::<_, String>(0));
    Ok(live.find(|live| built.starts_with(&names::leftovers(&Place(live.clone())))))
}

/// Owner, tablespace and people's own settings.
#[derive(Clone, Debug)]
pub(super) struct Home {
    owner: String,
    pub(super) own: Session,
    /// `None` where it is the one that new databases lie in.
    tablespace: Option<String>,
}

impl Home {
    /// That of the database for which one of that name is built, if there is one.
    pub(super) async fn of_replaced(server: &mut Connection, built: &str) -> Result<Option<Self>, EngineError> {
        match replaced(server, built).await? {
            Some(live) => Self::of(server, &live).await,
            None => Ok(None),
        }
    }

    /// That of a database.
    pub(super) async fn of(server: &mut Connection, name: &str) -> Result<Option<Self>, EngineError> {
        let sql = "SELECT pg_catalog.pg_get_userbyid(d.datdba)::text, s.spcname::text \
                   FROM pg_catalog.pg_database AS d JOIN pg_catalog.pg_tablespace AS s ON s.oid = d.dattablespace \
                   WHERE d.datname = $1::text AND d.datname <> 'template0'";
        let usual = "SELECT s.spcname::text FROM pg_catalog.pg_database AS d \
                     JOIN pg_catalog.pg_tablespace AS s ON s.oid = d.dattablespace WHERE d.datname = 'template0'";
        let rows = server.rows(sql, &[&name]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let (owner, tablespace): (String, String) = (row.get(0), row.get(1));
        let usual: Option<String> = server.rows(usual, &[]).await?.first().map(|row| row.get(0));
        let own = session::own(server, name).await?;
        Ok(Some(Self { owner, own, tablespace: Some(tablespace).filter(|name| Some(name) != usual.as_ref()) }))
    }

    /// The clause of `CREATE DATABASE`, if one is needed.
    pub(super) fn clause(&self) -> String {
        self.tablespace.as_ref().map(|name| format!(" TABLESPACE {}", quoted(name))).unwrap_or_default()
    }

    /// Gives the database to its owner, and with it every object whose owner the schema does not say. Nothing may be granted
    /// yet: who may do what changes with the owner.
    pub(super) async fn hand_over(&self, connection: &mut Connection, said: &Owners) -> Result<(), EngineError> {
        let Some(builder) = self.builder(connection).await? else { return Ok(()) };
        let (owner, database) = (quoted(&self.owner), quoted(connection.database()));
        connection.batch(&format!("ALTER DATABASE {database} OWNER TO {owner}")).await?;
        self.give(connection, include_str!("of_builder.sql")).await?;
        for statement in said.of(&builder) {
            connection.batch(statement).await?;
        }
        Ok(())
    }

    /// The same for event triggers alone, which are made last.
    pub(super) async fn hand_over_event_triggers(&self, connection: &mut Connection) -> Result<(), EngineError> {
        let sql = "SELECT pg_catalog.format('EVENT TRIGGER %I', evtname) FROM pg_catalog.pg_event_trigger \
                   WHERE evtowner = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user) ORDER BY 1";
        match self.builder(connection).await? {
            Some(_) => self.give(connection, sql).await,
            None => Ok(()),
        }
    }

    /// The role that builds, if it is not the owner itself.
    async fn builder(&self, connection: &mut Connection) -> Result<Option<String>, EngineError> {
        let rows = connection.rows("SELECT current_user::text", &[]).await?;
        Ok(rows.first().map(|row| row.get(0)).filter(|builder| *builder != self.owner))
    }

    /// Gives away what a query lists.
    async fn give(&self, connection: &mut Connection, sql: &str) -> Result<(), EngineError> {
        for row in connection.rows(sql, &[]).await? {
            let address: String = row.get(0);
            match connection.batch(&format!("ALTER {address} OWNER TO {}", quoted(&self.owner))).await {
                Err(error)
                    if error.engine_code.as_deref() == Some(LACKING)
                        && OF_SUPERUSERS.iter().any(|kind| address.starts_with(kind)) => {}
                done => {
                    done.map_err(|error| error.context(format!("{address} cannot be given to `{}`", self.owner)))?
                }
            }
        }
        Ok(())
    }
}
