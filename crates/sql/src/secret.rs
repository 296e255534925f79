//! Names that mean a secret: of options, keys, variables and parameters. What is left out of a schema and what is hidden from
//! people's eyes is decided by the same words; only the doubt is decided differently, and so there are two questions.

/// Words for secrets.
const WORDS: [&str; 9] =
    ["password", "passwd", "passwort", "passphrase", "pwd", "secret", "token", "credential", "credentials"];
/// What stands before `key` in the name of a secret; a primary key is none.
const KEYS: [&str; 9] =
    ["secret", "access", "private", "api", "auth", "account", "encryption", "scram_client", "scram_server"];

/// The names that [`is_secret`] is true of, as a regular expression of PostgreSQL, in small letters.
#[must_use]
pub fn pattern() -> String {
    format!("({}|({})_?key)$", WORDS.join("|"), KEYS.join("|"))
}

/// Whether that is the name of a secret: it ends with a word for one.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let key = name.strip_suffix("key").map(|start| start.strip_suffix('_').unwrap_or(start));
    WORDS.iter().any(|word| name.ends_with(word))
        || key.is_some_and(|start| KEYS.iter().any(|ending| start.ends_with(ending)))
}

/// Whether that may be the name of a secret: there is a word for one in it. For whoever hides rather too much.
#[must_use]
pub fn may_be_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    // `DB_PASS`, `PGPASS` and `dbPass` are called so for short; `passes` and `passenger` are not.
    let short = name.split(['_', '.']).any(|part| part.ends_with("pass") || part == "pw");
    let key = |start: &&str| name.contains(&format!("{start}key")) || name.contains(&format!("{start}_key"));
    short || WORDS.iter().any(|word| name.contains(word)) || KEYS.iter().any(key)
}

#[cfg(test)]
mod tests;
