//! The rows of SQLite's catalog. Each pragma is joined with the list of tables, so the number of queries does not grow
//! with the number of tables; virtual tables are left out of those joins, because asking about one whose module is
//! missing fails the whole query. They have no root page, by which they are told from the others.

use std::collections::{BTreeMap, HashMap};

use stead_engine::{EngineError, ErrorClass};
use stead_sql::ledger::own_tables;

use crate::apply::Worker;

/// A row of `sqlite_schema`.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) kind: String,
    pub(super) name: String,
    /// The table of an index or trigger.
    pub(super) table: String,
    /// The statement; empty for indexes that SQLite makes by itself.
    pub(super) sql: String,
    root_page: i64,
}

impl Entry {
    /// True for what is not the application's: SQLite's own objects and stead's tables with their indexes.
    pub(super) fn left_out(&self) -> bool {
        let own = |name: &str| own_tables().iter().any(|table| name.eq_ignore_ascii_case(table));
        let internal = self.name.get(..7).is_some_and(|prefix| prefix.eq_ignore_ascii_case("sqlite_"));
        let ours = match self.kind.as_str() {
            "table" => own(&self.name),
            "index" => own(&self.table) && self.name.starts_with("stead_"),
            _ => false,
        };
        internal || ours
    }

    pub(super) fn is_virtual(&self) -> bool {
        self.kind == "table" && self.root_page == 0
    }
}

/// A row of `pragma_table_list`.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    pub(super) word: String,
    pub(super) without_rowid: bool,
    pub(super) strict: bool,
}

/// A row of `pragma_table_xinfo`.
#[derive(Clone, Debug)]
pub(super) struct ColumnRow {
    pub(super) name: String,
    pub(super) data_type: String,
    pub(super) not_null: bool,
    pub(super) default: Option<String>,
    /// The place in the primary key, from 1; 0 outside of it.
    pub(super) key: i64,
    /// 1 hidden, 2 generated and computed, 3 generated and stored.
    pub(super) hidden: i64,
}

/// A row of `pragma_foreign_key_list`.
#[derive(Clone, Debug)]
pub(super) struct ForeignKeyRow {
    pub(super) id: i64,
    pub(super) target: String,
    pub(super) from: String,
    pub(super) to: Option<String>,
    pub(super) on_update: String,
    pub(super) on_delete: String,
    pub(super) matching: String,
}

/// A row of `pragma_index_list` with its rows of `pragma_index_xinfo`.
#[derive(Clone, Debug)]
pub(super) struct IndexRow {
    pub(super) name: String,
    pub(super) unique: bool,
    /// `c` made by a statement, `u` by a unique constraint, `pk` by the primary key.
    pub(super) origin: String,
    pub(super) parts: Vec<PartRow>,
}

/// A key column of an index.
#[derive(Clone, Debug)]
pub(super) struct PartRow {
    /// The column; absent for an expression.
    pub(super) column: Option<String>,
    pub(super) descending: bool,
    pub(super) collation: String,
}

/// Everything that was asked.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    pub(super) entries: Vec<Entry>,
    pub(super) kinds: BTreeMap<String, Kind>,
    /// The rest is by table name.
    pub(super) columns: BTreeMap<String, Vec<ColumnRow>>,
    pub(super) foreign_keys: BTreeMap<String, Vec<ForeignKeyRow>>,
    pub(super) indexes: BTreeMap<String, Vec<IndexRow>>,
    /// Where in `entries` the indexes are, by name.
    index_entries: HashMap<String, usize>,
}

const TABLES: &str = "FROM main.sqlite_schema AS s";
const ORDINARY: &str = "WHERE s.type = 'table' AND s.rootpage <> 0";

impl Catalog {
    /// Asks for all of it.
    pub(super) fn read(worker: &Worker) -> Result<Self, EngineError> {
        let mut catalog = Self { entries: entries(worker)?, ..Self::default() };
        let of_indexes = catalog.entries.iter().enumerate().filter(|(_, entry)| entry.kind == "index");
        catalog.index_entries = of_indexes.map(|(position, entry)| (entry.name.clone(), position)).collect();
        catalog.kinds = kinds(worker)?.into_iter().collect();
        catalog.columns = grouped(columns(worker)?);
        catalog.foreign_keys = grouped(foreign_keys(worker)?);
        catalog.indexes = grouped(indexes(worker)?);
        Ok(catalog)
    }

    /// The statement of an index.
    pub(super) fn index_entry(&self, name: &str) -> Option<&Entry> {
        self.index_entries.get(name).map(|position| &self.entries[*position])
    }
}

fn grouped<T>(rows: Vec<(String, T)>) -> BTreeMap<String, Vec<T>> {
    let mut groups: BTreeMap<String, Vec<T>> = BTreeMap::new();
    rows.into_iter().for_each(|(table, row)| groups.entry(table).or_default().push(row));
    groups
}

fn entries(worker: &Worker) -> Result<Vec<Entry>, EngineError> {
    let sql = "SELECT type, name, tbl_name, ifnull(sql, ''), rootpage FROM main.sqlite_schema ORDER BY rowid";
    let rows = worker.rows(sql, |row| {
        let bytes = |column| row.get_ref(column)?.as_bytes().map(<[u8]>::to_vec).map_err(rusqlite::Error::from);
        let texts = [bytes(0)?, bytes(1)?, bytes(2)?, bytes(3)?];
        Ok((texts, row.get::<_, Option<i64>>(4)?.unwrap_or_default()))
    })?;
    rows.into_iter().map(|(texts, root_page)| entry(texts, root_page)).collect()
}

/// SQLite stores whatever bytes a statement had, but a schema is text.
fn entry(texts: [Vec<u8>; 4], root_page: i64) -> Result<Entry, EngineError> {
    let shown = texts.each_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let [kind, name, table, sql] = texts.map(String::from_utf8);
    match (kind, name, table, sql) {
        (Ok(kind), Ok(name), Ok(table), Ok(sql)) => Ok(Entry { kind, name, table, sql, root_page }),
        _ => {
            let message = format!("the {} `{}` cannot be represented: its statement is not UTF-8", shown[0], shown[1]);
            Err(EngineError::new(ErrorClass::Unsupported, message)
                .hint("a name, text or comment in it was written in another encoding; make it again as UTF-8"))
        }
    }
}

fn kinds(worker: &Worker) -> Result<Vec<(String, Kind)>, EngineError> {
    worker.rows("SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main'", |row| {
        Ok((row.get(0)?, Kind { word: row.get(1)?, without_rowid: row.get(2)?, strict: row.get(3)? }))
    })
}

fn columns(worker: &Worker) -> Result<Vec<(String, ColumnRow)>, EngineError> {
    let sql = format!(
        "SELECT s.name, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk, c.hidden \
         {TABLES} JOIN pragma_table_xinfo(s.name, 'main') AS c {ORDINARY} ORDER BY s.name, c.cid"
    );
    worker.rows(&sql, |row| {
        let column = ColumnRow {
            name: row.get(1)?,
            data_type: row.get::<_, Option<String>>(2)?.unwrap_or_default(),
            not_null: row.get(3)?,
            default: row.get(4)?,
            key: row.get(5)?,
            hidden: row.get(6)?,
        };
        Ok((row.get(0)?, column))
    })
}

fn foreign_keys(worker: &Worker) -> Result<Vec<(String, ForeignKeyRow)>, EngineError> {
    let sql = format!(
        "SELECT s.name, f.id, f.\"table\", f.\"from\", f.\"to\", f.on_update, f.on_delete, f.\"match\" \
         {TABLES} JOIN pragma_foreign_key_list(s.name, 'main') AS f {ORDINARY} ORDER BY s.name, f.id, f.seq"
    );
    worker.rows(&sql, |row| {
        let key = ForeignKeyRow {
            id: row.get(1)?,
            target: row.get(2)?,
            from: row.get(3)?,
            to: row.get(4)?,
            on_update: row.get(5)?,
            on_delete: row.get(6)?,
            matching: row.get(7)?,
        };
        Ok((row.get(0)?, key))
    })
}

/// One query for the indexes with their parts; an index has a row for each part.
fn indexes(worker: &Worker) -> Result<Vec<(String, IndexRow)>, EngineError> {
    let sql = format!(
        "SELECT s.name, i.name, i.\"unique\", i.origin, p.name, p.\"desc\", p.coll \
         {TABLES} JOIN pragma_index_list(s.name, 'main') AS i JOIN pragma_index_xinfo(i.name, 'main') AS p \
         {ORDINARY} AND p.key = 1 ORDER BY s.name, i.seq, p.seqno"
    );
    let rows: Vec<(String, IndexRow)> = worker.rows(&sql, |row| {
        let collation = row.get::<_, Option<String>>(6)?.unwrap_or_default();
        let part = PartRow { column: row.get(4)?, descending: row.get(5)?, collation };
        let index = IndexRow { name: row.get(1)?, unique: row.get(2)?, origin: row.get(3)?, parts: vec![part] };
        Ok((row.get(0)?, index))
    })?;
    let mut indexes: Vec<(String, IndexRow)> = Vec::new();
    for (table, row) in rows {
        match indexes.last_mut().filter(|(last, index)| *last == table && index.name == row.name) {
            Some((_, index)) => index.parts.extend(row.parts),
            None => indexes.push((table, row)),
        }
    }
    Ok(indexes)
}
