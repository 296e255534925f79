//! Whether a schema can be made as far as roles go: that the server has those it names, and that the role which builds may give
//! things to them. Asked before anything is made, since owners and grants are the last that is.

use stead_engine::{EngineError, ErrorClass};
use stead_schema::model::Dependency;
use stead_schema::{ROLE, Schema};

use crate::apply::quoted;
use crate::connect::Connection;

/// The privilege by which a role may become another one, as `pg_has_role` takes it.
pub(super) const TO_BECOME: &str =
    "CASE WHEN pg_catalog.current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END";

/// Refuses what would fail at the end.
pub(super) async fn check(server: &mut Connection, schema: &Schema) -> Result<(), EngineError> {
    refuse_missing(server, schema).await?;
    refuse_those_of_others(server, schema).await
}

/// Refuses a schema whose owners, grantees and others the server does not know.
async fn refuse_missing(server: &mut Connection, schema: &Schema) -> Result<(), EngineError> {
    let sql = "SELECT wanted FROM unnest($1::text[]) AS wanted \
               WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted)";
    let rows = server.rows(sql, &[&schema.roles]).await?;
    let missing: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let named: Vec<String> = missing.iter().map(|role| format!("`{role}`")).collect();
    let of_policy = needing(schema, "policy").find(|dependency| missing.contains(&dependency.on.name.name));
    let (what, hint) = match of_policy {
        Some(Dependency { of, .. }) => (
            format!("for which there are policies (`{}`)", of.name),
            "make the roles: policies are never left out, for without them more could be read",
        ),
        None => (
            "to which objects belong or are granted".to_owned(),
            "make the roles, or set `roles = \"current\"` for the database: then all belongs to whoever loads it",
        ),
    };
    let message = format!("the server has no role {}, {what}", named.join(", "));
    Err(EngineError::new(ErrorClass::Refused, message).hint(hint))
}

/// Refuses owners whom the role that builds may not become.
async fn refuse_those_of_others(server: &mut Connection, schema: &Schema) -> Result<(), EngineError> {
    let defaults = needing(schema, "default privileges").filter(|dependency| are_of(dependency));
    let owners = needing(schema, "owner").chain(defaults);
    let owners: Vec<&str> = owners.map(|dependency| dependency.on.name.name.as_str()).collect();
    let sql = format!(
        "SELECT r.rolname::text, u.rolname::text \
               FROM pg_catalog.pg_roles AS r JOIN pg_catalog.pg_roles AS u ON u.rolname = current_user \
               WHERE r.rolname = ANY ($1::text[]) AND NOT u.rolsuper AND NOT pg_catalog.pg_has_role(r.oid, {TO_BECOME}) \
               ORDER BY 1"
    );
    let rows = server.rows(&sql, &[&owners]).await?;
    let Some(own) = rows.first().map(|row| row.get::<_, String>(1)) else { return Ok(()) };
    let others: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let named: Vec<String> = others.iter().map(|role| format!("`{role}`")).collect();
    let granted: Vec<String> = others.iter().map(|role| quoted(role)).collect();
    let message = format!("the role `{own}` lacks the right to make objects that belong to {}", named.join(", "));
    Err(EngineError::new(ErrorClass::Refused, message)
        .hint(format!("a superuser runs `GRANT {} TO {}`", granted.join(", "), quoted(&own)))
        .hint("or set `roles = \"current\"` for the database: then all belongs to whoever loads it"))
}

/// Whether default privileges, `TABLES FOR role IN schema`, are those of that role and not granted to it.
fn are_of(dependency: &Dependency) -> bool {
    let Some((_, of)) = dependency.of.name.name.split_once(" FOR ") else { return false };
    let role = &dependency.on.name.name;
    let is_of = |role: &str| of.strip_prefix(role).is_some_and(|rest| rest.is_empty() || rest.starts_with(" IN "));
    is_of(role) || is_of(&quoted(role))
}

/// What objects of a kind need of roles.
fn needing<'a>(schema: &'a Schema, kind: &'a str) -> impl Iterator<Item = &'a Dependency> {
    schema.dependencies.iter().filter(move |dependency| dependency.on.kind == ROLE && dependency.of.kind == kind)
}
