//! Names of the databases that copies and swaps make beside a live one. They say whose they are and begin with a digest of
//! the live name, so that leftovers are found and the databases of `a_b` are never taken for those of `a`.

use stead_engine::EngineError;

use crate::admin::literal;
use crate::connect::Connection;

#[cfg(test)]
mod tests;

/// What is built for a swap.
const NEW: &str = "stead_new_";
/// What was replaced.
const KEPT: &str = "stead_kept_";
/// The longest name of a database, in characters.
const LONGEST: usize = 64;

/// Where a replacement is built.
pub(super) fn beside(live: &str, token: &str) -> String {
    named(NEW, live, token)
}

/// Where the replaced database is kept.
pub(super) fn keeping(live: &str, token: &str) -> String {
    named(KEPT, live, token)
}

/// The beginning that the names of one sort for one live database have in common.
fn prefix(what: &str, live: &str) -> String {
    format!("{what}{}_", &blake3::hash(live.as_bytes()).to_hex()[..12])
}

/// Prefix and token, and as much of the live name as fits, for people who read the server's list.
fn named(what: &str, live: &str, token: &str) -> String {
    let plain: String = token.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
    let changed = plain != token || plain.len() > 20;
    let token = if changed { blake3::hash(token.as_bytes()).to_hex()[..20].to_owned() } else { plain };
    let begun = format!("{}{token}", prefix(what, live));
    let rest: String = live.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
    let room = LONGEST - begun.len() - 1;
    let rest: String = rest.to_ascii_lowercase().chars().take(room).collect();
    if rest.is_empty() { begun } else { format!("{begun}_{rest}") }
}

/// The live database for which one of that name is built.
pub(super) async fn replaced(connection: &mut Connection, built: &str) -> Result<Option<String>, EngineError> {
    if !built.starts_with(NEW) {
        return Ok(None);
    }
    let names = connection.texts("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA").await?;
    let mut names = names.into_iter().flatten().flatten();
    Ok(names.find(|live| built.starts_with(&prefix(NEW, live))))
}

/// Databases that an interrupted run left beside the live one.
pub(super) async fn leftovers(connection: &mut Connection, live: &str) -> Result<Vec<String>, EngineError> {
    let pattern = prefix(NEW, live).replace('_', "\\_");
    let sql = format!(
        "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE {}",
        // A literal inside a literal: the pattern's own escapes must survive.
        literal(&format!("{pattern}%"))
    );
    let mut names: Vec<String> = connection.texts(&sql).await?.into_iter().flatten().flatten().collect();
    names.sort();
    Ok(names)
}
