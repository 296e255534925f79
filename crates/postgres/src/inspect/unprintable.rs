//! Objects that the server itself cannot print: its deparsers end with an internal error that names nothing. The object is
//! then looked for by having it printed in ever smaller groups, so that the refusal can name it.

use stead_engine::{EngineError, ErrorClass};

use super::query::FIRST_USER_NUMBER;
use crate::connect::Connection;

/// The code of an error that the server itself calls a defect.
const INTERNAL: &str = "XX000";

/// Catalogs with objects that are printed by one of the server's functions: the catalog, which of its rows, and how row `r` is
/// printed.
const PRINTED: [(&str, &str, &str); 10] = [
    ("pg_class", "r.relkind IN ('v', 'm')", "pg_catalog.pg_get_viewdef(r.oid)"),
    ("pg_class", "r.relkind IN ('i', 'I')", "pg_catalog.pg_get_indexdef(r.oid)"),
    ("pg_rewrite", "r.rulename <> '_RETURN'", "pg_catalog.pg_get_ruledef(r.oid)"),
    ("pg_proc", "r.prokind <> 'a'", "pg_catalog.pg_get_functiondef(r.oid)"),
    ("pg_trigger", "NOT r.tgisinternal", "pg_catalog.pg_get_triggerdef(r.oid)"),
    ("pg_constraint", "true", "pg_catalog.pg_get_constraintdef(r.oid)"),
    ("pg_attrdef", "true", "pg_catalog.pg_get_expr(r.adbin, r.adrelid)"),
    ("pg_type", "r.typtype = 'd'", "pg_catalog.pg_get_expr(r.typdefaultbin, 0)"),
    ("pg_statistic_ext", "true", "pg_catalog.pg_get_statisticsobjdef(r.oid)"),
    (
        "pg_policy",
        "true",
        "pg_catalog.concat(pg_catalog.pg_get_expr(r.polqual, r.polrelid), pg_catalog.pg_get_expr(r.polwithcheck, r.polrelid))",
    ),
];

/// True if the server met a defect of its own.
pub(super) fn is_meant(error: &EngineError) -> bool {
    error.engine_code.as_deref() == Some(INTERNAL)
}

/// The error with the name of the object that the server cannot print. The transaction goes back to where the inspection began.
pub(super) async fn named(connection: &mut Connection, error: EngineError) -> EngineError {
    let error = EngineError { class: ErrorClass::Unsupported, ..error };
    for (catalog, which, printed) in PRINTED {
        match found(connection, catalog, which, printed).await {
            Ok(Some(name)) => {
                return error
                    .context(format!("the server cannot print one of its own objects, `{name}`"))
                    .hint("make the object anew, or remove it");
            }
            Ok(None) => {}
            Err(lost) => return lost,
        }
    }
    error
        .context("the server cannot print one of its own objects")
        .hint("`pg_dump --schema-only` meets the same object and may say which one it is")
}

/// The first object of a catalog that cannot be printed, in the server's words.
async fn found(
    connection: &mut Connection,
    catalog: &str,
    which: &str,
    printed: &str,
) -> Result<Option<String>, EngineError> {
    let back = "ROLLBACK TO SAVEPOINT stead_inspection";
    connection.batch(back).await?;
    let list = format!(
        "SELECT r.oid FROM pg_catalog.{catalog} r WHERE r.oid OPERATOR(pg_catalog.>=) {FIRST_USER_NUMBER} AND {which} ORDER BY 1"
    );
    let mut numbers: Vec<u32> = connection.rows(&list, &[]).await?.iter().map(|row| row.get(0)).collect();
    let print = format!(
        "SELECT pg_catalog.length({printed}) FROM pg_catalog.{catalog} r WHERE r.oid OPERATOR(pg_catalog.=) ANY ($1)"
    );
    if prints(connection, &print, &numbers).await? {
        return Ok(None);
    }
    while numbers.len() > 1 {
        connection.batch(back).await?;
        let second = numbers.split_off(numbers.len() / 2);
        if prints(connection, &print, &numbers).await? {
            numbers = second;
        }
    }
    connection.batch(back).await?;
    let describe = format!(
        "SELECT pg_catalog.pg_describe_object('pg_catalog.{catalog}'::pg_catalog.regclass, r.oid, 0)
         FROM pg_catalog.{catalog} r WHERE r.oid OPERATOR(pg_catalog.=) ANY ($1)"
    );
    let described = connection.rows(&describe, &[&numbers]).await;
    connection.batch(back).await?;
    // An object may be too broken for that as well.
    let name = described.ok().and_then(|rows| rows.first().and_then(|row| row.get(0)));
    let number = numbers.first().copied().unwrap_or_default();
    Ok(Some(name.unwrap_or_else(|| format!("number {number} of {catalog}"))))
}

/// True if all of these can be printed.
async fn prints(connection: &mut Connection, print: &str, numbers: &Vec<u32>) -> Result<bool, EngineError> {
    match connection.rows(print, &[numbers]).await {
        Ok(_) => Ok(true),
        Err(error) if is_meant(&error) => Ok(false),
        Err(error) => Err(error),
    }
}
