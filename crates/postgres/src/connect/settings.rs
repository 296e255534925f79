//! The settings every session begins with. A role or a database may have any of them set to something else, and then texts come
//! out in another spelling or a dump is cut off in the middle; names that a server's version does not know are left out.

use stead_schema::EngineKind;

use super::address::Address;

/// Names and values. What decides how values are spelt, and the limits that would cut long work off.
const SETTINGS: [(&str, &str); 15] = [
    ("DateStyle", "ISO"),
    ("IntervalStyle", "postgres"),
    ("extra_float_digits", "3"),
    ("bytea_output", "hex"),
    ("standard_conforming_strings", "on"),
    ("xmloption", "content"),
    ("quote_all_identifiers", "off"),
    ("TimeZone", "UTC"),
    ("default_transaction_isolation", "read committed"),
    ("lock_timeout", "0"),
    ("idle_in_transaction_session_timeout", "0"),
    ("idle_session_timeout", "0"),
    ("transaction_timeout", "0"),
    ("row_security", "on"),
    ("jit", "off"),
];

/// The one statement that sets them. What a database that is not in use yet, or not any more, says against writing is not
/// meant for `ours`, which are to come into use.
pub(super) fn statement(address: &Address, read_only: bool, ours: bool) -> String {
    let statement_timeout = address.statement_timeout.as_millis().to_string();
    let mut settings = SETTINGS.to_vec();
    settings.push(("statement_timeout", &statement_timeout));
    match (read_only, ours) {
        (true, _) => settings.push(("default_transaction_read_only", "on")),
        (false, true) => settings.push(("default_transaction_read_only", "off")),
        (false, false) => {}
    }
    set(&settings)
}

/// A statement that sets these where the server knows them. What only a superuser may set guards against what only a
/// superuser can have made, so others go without.
pub(crate) fn set(settings: &[(&str, &str)]) -> String {
    let literal = |text: &str| {
        stead_sql::quote::string(text, EngineKind::Postgres).expect("names and values of settings hold no NUL")
    };
    let wanted: Vec<String> =
        settings.iter().map(|(name, value)| format!("({}, {})", literal(name), literal(value))).collect();
    format!(
        "SELECT pg_catalog.set_config(known.name, wanted.value, false) FROM (VALUES {}) AS wanted (name, value) \
         JOIN pg_catalog.pg_settings AS known ON pg_catalog.lower(known.name) = pg_catalog.lower(wanted.name) \
         WHERE known.context <> 'superuser' OR pg_catalog.current_setting('is_superuser') = 'on'",
        wanted.join(", ")
    )
}
