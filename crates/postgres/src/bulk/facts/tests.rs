//! A dump's facts as version 1 of this program wrote them: they are read, and written again to the byte. The stored text is never
//! changed; a new version of the format gets a text of its own.

use std::io::{self, Cursor, Read};
use std::path::Path;

use stead_engine::snapshot::Source;
use stead_schema::Schema;

use super::*;

const STORED: &str = include_str!("version-1.json");

/// A dump of which only the facts matter.
struct Dump {
    facts: String,
    tables: Vec<&'static str>,
}

impl Dump {
    fn stored(facts: &str) -> Self {
        let tables = vec!["table/public.items", "table/odd%2Eone.a%2Fb", "table/public.settings"];
        Self { facts: facts.to_owned(), tables }
    }
}

impl Source for Dump {
    fn streams(&self) -> Vec<(String, u64)> {
        let facts = (STREAM.to_owned(), self.facts.len() as u64);
        self.tables.iter().map(|name| ((*name).to_owned(), 0)).chain([facts]).collect()
    }

    fn open(&self, _name: &str) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Cursor::new(self.facts.clone().into_bytes())))
    }

    fn schema(&self) -> Option<&Schema> {
        None
    }

    fn put_kept(&self, _name: &str, _to: &Path) -> io::Result<bool> {
        Ok(false)
    }
}

#[test]
fn facts_of_version_1_are_read_and_written_alike() {
    let facts = Facts::read(&Dump::stored(STORED)).unwrap();
    assert_eq!(facts.database.locale.as_deref(), Some("de-DE"));
    assert_eq!(facts.tables[1].root, Some(("public".to_owned(), "by_kind".to_owned())));
    assert!(facts.tables[0].binary && !facts.tables[0].of_extension && facts.tables[2].of_extension);
    assert_eq!((facts.sequences[0].last_value, facts.sequences[0].is_called), (41, true));
    assert_eq!(String::from_utf8(facts.to_bytes()).unwrap(), STORED.trim_end());
}

#[test]
fn facts_of_another_version_are_refused() {
    let newer = STORED.replacen("\"version\": 1", "\"version\": 2", 1);
    let error = Facts::read(&Dump::stored(&newer)).unwrap_err();
    assert_eq!(error.class, ErrorClass::Refused);
    assert!(error.message.contains("version 2"), "{}", error.message);
}

#[test]
fn a_table_without_its_stream_is_refused_by_name() {
    let mut dump = Dump::stored(STORED);
    dump.tables.remove(1);
    let error = Facts::read(&dump).unwrap_err();
    assert!(error.message.contains("`odd.one.a/b`"), "{}", error.message);
    assert_eq!(error.class, ErrorClass::Refused);
}
