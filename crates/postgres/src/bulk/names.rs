//! Names of the databases that copies and swaps make. Each begins with the live database's name as far as it fits and holds a
//! digest of the whole of it, so that an interrupted run's leftovers are found and nobody else's database is taken for one.

use stead_engine::Place;

use crate::admin::NAME_BYTES;

/// What is built for a swap.
const NEW: &str = "new";
/// What was replaced.
const KEPT: &str = "kept";
/// Bytes of the live name that are kept for people.
const HEAD: usize = 24;

#[cfg(test)]
mod tests;

/// Where a replacement is built.
pub(super) fn beside(live: &Place, token: &str) -> Place {
    Place(with_token(&prefix(&live.0, NEW), token))
}

/// Where a replaced database is kept.
pub(super) fn keeping(live: &Place, token: &str) -> Place {
    Place(with_token(&prefix(&live.0, KEPT), token))
}

/// How the names begin of everything that is built for a database.
pub(super) fn leftovers(live: &Place) -> String {
    prefix(&live.0, NEW)
}

/// Whether a database's name is one of these: it is being built, or it was replaced.
pub(crate) fn is_ours(name: &str) -> bool {
    [NEW, KEPT].iter().any(|what| {
        let parts = name.rsplit_once(&format!("_stead_{what}_")).and_then(|(_, rest)| rest.split_once('_'));
        parts.is_some_and(|(digest, _)| digest.len() == 8 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()))
    })
}

fn prefix(live: &str, what: &str) -> String {
    format!("{}_stead_{what}_{}_", head(live, HEAD), &blake3::hash(live.as_bytes()).to_hex()[..8])
}

/// A token may be long or hold anything; what does not fit is told apart by a digest.
fn with_token(prefix: &str, token: &str) -> String {
    let plain = token.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let room = NAME_BYTES - prefix.len();
    if plain && !token.is_empty() && token.len() <= room {
        return format!("{prefix}{token}");
    }
    format!("{prefix}{}", &blake3::hash(token.as_bytes()).to_hex()[..room.min(16)])
}

/// The first bytes of a text, at most so many, in whole characters.
fn head(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
