//! How a database is made like the one that was dumped.

use super::*;

#[test]
fn a_database_compares_texts_as_it_did() {
    let creation = |provider: &str, locale: Option<&str>| Creation {
        encoding: "UTF8".to_owned(),
        provider: provider.to_owned(),
        collate: "de_DE.utf8".to_owned(),
        ctype: "it's".to_owned(),
        locale: locale.map(str::to_owned),
        rules: None,
    };
    let usual = "ENCODING 'UTF8' LC_COLLATE 'de_DE.utf8' LC_CTYPE 'it''s'";
    for (made, version, more) in [
        (creation("c", None), 140_000, ""),
        // Where nothing is said, a cluster that was made with ICU compares by that.
        (creation("c", None), 150_000, " LOCALE_PROVIDER 'libc'"),
        (creation("i", Some("de")), 150_000, " LOCALE_PROVIDER 'icu' ICU_LOCALE 'de'"),
        (creation("b", Some("C")), 170_000, " LOCALE_PROVIDER 'builtin' BUILTIN_LOCALE 'C'"),
    ] {
        assert_eq!(clauses(&made, version), format!("{usual}{more}"));
    }
}
