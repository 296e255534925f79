//! What a dump has to carry: tables with rows, sequences, and how the database was made, read from the catalog in a fixed number
//! of queries. Which columns can travel in binary form is decided here.

use std::collections::HashMap;

use stead_engine::{EngineError, ErrorClass};
use tokio_postgres::types::Type;

use super::facts::{Creation, ExtensionFacts, SequenceFacts};
use crate::apply::quoted;
use crate::connect::Connection;

#[cfg(test)]
mod tests;

/// Sequences that are read by one query.
const AT_ONCE: usize = 250;
/// Types from here on were made by people, and have other numbers elsewhere.
const FIRST_OF_PEOPLE: u32 = 16_384;

/// A table with rows, or one that only has partitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Relation {
    pub(super) oid: u32,
    pub(super) namespace: String,
    pub(super) name: String,
    /// False for a table whose rows all lie in partitions.
    pub(super) has_rows: bool,
    pub(super) columns: Vec<String>,
    types: Vec<u32>,
    /// What an extension says about which rows are people's; `None` for a table of nobody's extension.
    pub(super) condition: Option<String>,
    pub(super) root: Option<(String, String)>,
    /// False if the role may not read the table.
    pub(super) readable: bool,
    /// True if policies decide which rows the role sees.
    pub(super) hides_rows: bool,
}

impl Relation {
    /// The name as SQL.
    pub(super) fn quoted(&self) -> String {
        format!("{}.{}", quoted(&self.namespace), quoted(&self.name))
    }

    /// The stream of its rows. A point or slash in a name is written otherwise, so that no two tables share a stream.
    pub(super) fn stream(&self) -> String {
        let plain = |name: &str| name.replace('%', "%25").replace('/', "%2F").replace('.', "%2E");
        format!("table/{}.{}", plain(&self.namespace), plain(&self.name))
    }
}

/// Tables, their stored columns, and for partitions the root that their rows must be sent to. A row's place among hash
/// partitions depends on its type's number where the type is one of people's (an enum above all).
const RELATIONS: &str = "
    SELECT c.oid, n.nspname::text, c.relname::text, c.relkind = 'r',
           COALESCE((SELECT pg_catalog.array_agg(a.attname::text ORDER BY a.attnum) FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''), '{}'),
           COALESCE((SELECT pg_catalog.array_agg(a.atttypid ORDER BY a.attnum) FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''), '{}'),
           e.oid IS NOT NULL, (SELECT e.extcondition[x.place] FROM
             pg_catalog.unnest(e.extconfig) WITH ORDINALITY AS x (relation, place) WHERE x.relation = c.oid),
           r.nspname::text, r.relname::text, pg_catalog.has_table_privilege(c.oid, 'SELECT'),
           e.extconfig @> ARRAY[c.oid], pg_catalog.row_security_active(c.oid)
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
         AND d.objsubid = 0 AND d.deptype = 'e' AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
    LEFT JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
    LEFT JOIN LATERAL (
         SELECT rn.nspname, rc.relname FROM pg_catalog.pg_partition_ancestors(c.oid) WITH ORDINALITY AS p (relation, place)
         JOIN pg_catalog.pg_class AS rc ON rc.oid = p.relation JOIN pg_catalog.pg_namespace AS rn ON rn.oid = rc.relnamespace
         WHERE c.relispartition AND EXISTS (
             SELECT FROM pg_catalog.pg_partition_ancestors(c.oid) AS q JOIN pg_catalog.pg_partitioned_table AS t
                 ON t.partrelid = q.relid
             LEFT JOIN pg_catalog.pg_attribute AS k ON k.attrelid = t.partrelid AND k.attnum = ANY (t.partattrs::int2[])
             WHERE t.partstrat = 'h' AND (k.attnum IS NULL OR k.atttypid >= 16384 OR t.partexprs IS NOT NULL))
         ORDER BY p.place DESC LIMIT 1) AS r ON true
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
      AND (n.nspname <> 'information_schema' OR c.oid >= 16384) AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_')
    ORDER BY 2, 3";

/// Every table that people's rows are in.
pub(super) async fn relations(connection: &mut Connection) -> Result<Vec<Relation>, EngineError> {
    let rows = connection.rows(RELATIONS, &[]).await?;
    let kept = rows.iter().filter(|row| {
        let (of_extension, configured): (bool, Option<bool>) = (row.get(6), row.get(11));
        !of_extension || configured == Some(true)
    });
    let read = kept.map(|row| Relation {
        oid: row.get(0),
        namespace: row.get(1),
        name: row.get(2),
        has_rows: row.get(3),
        columns: row.get(4),
        types: row.get(5),
        condition: row.get::<_, bool>(6).then(|| row.get::<_, Option<String>>(7).unwrap_or_default()),
        root: row.get::<_, Option<String>>(8).zip(row.get::<_, Option<String>>(9)),
        readable: row.get(10),
        hides_rows: row.get(12),
    });
    Ok(read.collect())
}

/// Refuses what a dump does not carry.
pub(super) async fn refuse_large_objects(connection: &mut Connection) -> Result<(), EngineError> {
    let sql = "SELECT pg_catalog.min(oid::int8), pg_catalog.count(*) FROM pg_catalog.pg_largeobject_metadata";
    let rows = connection.rows(sql, &[]).await?;
    let found = rows.first().and_then(|row| row.get::<_, Option<i64>>(0).map(|first| (first, row.get::<_, i64>(1))));
    let Some((first, count)) = found else { return Ok(()) };
    let name = connection.database();
    let message =
        format!("`{name}` holds {count} large objects, large object {first} is the first: a dump does not carry them");
    Err(EngineError::new(ErrorClass::Unsupported, message)
        .hint("store them in `bytea` columns, or remove them with `lo_unlink`"))
}

/// The types whose binary form means the same on every server and in every database.
const SAME_EVERYWHERE: [Type; 43] = [
    Type::BOOL,
    Type::BYTEA,
    Type::CHAR,
    Type::NAME,
    Type::INT8,
    Type::INT2,
    Type::INT4,
    Type::TEXT,
    Type::JSON,
    Type::FLOAT4,
    Type::FLOAT8,
    Type::BPCHAR,
    Type::VARCHAR,
    Type::DATE,
    Type::TIME,
    Type::TIMESTAMP,
    Type::TIMESTAMPTZ,
    Type::INTERVAL,
    Type::TIMETZ,
    Type::BIT,
    Type::VARBIT,
    Type::NUMERIC,
    Type::UUID,
    Type::JSONB,
    Type::INET,
    Type::CIDR,
    Type::MACADDR,
    Type::MACADDR8,
    Type::POINT,
    Type::BOX,
    Type::TS_VECTOR,
    Type::BOOL_ARRAY,
    Type::BYTEA_ARRAY,
    Type::INT2_ARRAY,
    Type::INT4_ARRAY,
    Type::INT8_ARRAY,
    Type::TEXT_ARRAY,
    Type::VARCHAR_ARRAY,
    Type::FLOAT8_ARRAY,
    Type::NUMERIC_ARRAY,
    Type::UUID_ARRAY,
    Type::TIMESTAMPTZ_ARRAY,
    Type::JSONB_ARRAY,
];

/// Which columns can travel in binary form.
pub(super) struct Forms {
    /// Enums, which travel by label, and domains with the type they are of.
    of_people: HashMap<u32, Option<u32>>,
    trusted: bool,
}

impl Forms {
    /// Reads people's enums and domains.
    pub(super) async fn read(connection: &mut Connection) -> Result<Self, EngineError> {
        let sql = "SELECT oid, typtype = 'd', typbasetype FROM pg_catalog.pg_type WHERE typtype IN ('d', 'e')";
        let rows = connection.rows(sql, &[]).await?;
        let of_people =
            rows.iter().map(|row| (row.get(0), row.get::<_, bool>(1).then(|| row.get::<_, u32>(2)))).collect();
        // Before 14 the binary form of people's types was refused by the server that reads it.
        Ok(Self { of_people, trusted: connection.version() >= 140_000 })
    }

    /// Whether every column of a table can.
    pub(super) fn binary(&self, relation: &Relation) -> bool {
        self.trusted && !relation.types.is_empty() && relation.types.iter().all(|kind| self.same_everywhere(*kind))
    }

    fn same_everywhere(&self, kind: u32) -> bool {
        if kind < FIRST_OF_PEOPLE {
            return SAME_EVERYWHERE.iter().any(|known| known.oid() == kind);
        }
        match self.of_people.get(&kind) {
            Some(Some(base)) => self.same_everywhere(*base),
            Some(None) => true,
            None => false,
        }
    }
}

/// Which sequences `c` of a schema `n` are people's, from `FROM` on; a condition may follow.
pub(super) const PEOPLES_SEQUENCES: &str = "
        FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind = 'S' AND c.relpersistence <> 't'
          AND (n.nspname <> 'information_schema' OR c.oid >= 16384) AND NOT pg_catalog.starts_with(n.nspname::text, 'pg_')
          AND (NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e'
                   AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass)
               OR EXISTS (SELECT FROM pg_catalog.pg_extension AS e WHERE e.extconfig @> ARRAY[c.oid]))";

/// Where people's sequences stand. They do not take part in the view: read after its moment, they are never behind the rows.
pub(super) async fn sequences(connection: &mut Connection) -> Result<Vec<SequenceFacts>, EngineError> {
    let sql = format!("SELECT n.nspname::text, c.relname::text {PEOPLES_SEQUENCES} ORDER BY 1, 2");
    let names: Vec<(String, String)> =
        connection.rows(&sql, &[]).await?.iter().map(|row| (row.get(0), row.get(1))).collect();
    let mut facts = Vec::with_capacity(names.len());
    for some in names.chunks(AT_ONCE) {
        let reading = |(place, (namespace, name)): (usize, &(String, String))| {
            format!("SELECT {place}, last_value, is_called FROM {}.{}", quoted(namespace), quoted(name))
        };
        let parts: Vec<String> = some.iter().enumerate().map(reading).collect();
        let rows = connection.rows(&format!("{} ORDER BY 1", parts.join(" UNION ALL ")), &[]).await?;
        facts.extend(some.iter().zip(&rows).map(|((namespace, name), row)| SequenceFacts {
            namespace: namespace.clone(),
            name: name.clone(),
            last_value: row.get(1),
            is_called: row.get(2),
        }));
    }
    Ok(facts)
}

/// The extensions with their versions; the one that every database has is left out.
pub(super) async fn extensions(connection: &mut Connection) -> Result<Vec<ExtensionFacts>, EngineError> {
    let sql = "SELECT extname::text, extversion, COALESCE(pg_catalog.cardinality(extconfig), 0) > 0 \
               FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql' ORDER BY 1";
    let rows = connection.rows(sql, &[]).await?;
    let read = rows.iter().map(|row| ExtensionFacts { name: row.get(0), version: row.get(1), with_rows: row.get(2) });
    Ok(read.collect())
}

/// How the database was made in which we are.
pub(super) async fn creation(connection: &mut Connection) -> Result<Creation, EngineError> {
    let name = connection.database().to_owned();
    creation_of(connection, &name).await
}

/// How a database was made. The catalog's columns for locales differ from version to version, so a row is read as JSON.
pub(super) async fn creation_of(connection: &mut Connection, name: &str) -> Result<Creation, EngineError> {
    let sql = "SELECT pg_catalog.to_jsonb(d)::text, pg_catalog.pg_encoding_to_char(d.encoding)::text \
               FROM pg_catalog.pg_database AS d WHERE d.datname = $1::text";
    let rows = connection.rows(sql, &[&name]).await?;
    let unknown = || EngineError::new(ErrorClass::Bug, "the catalog does not list the database");
    let row = rows.first().ok_or_else(unknown)?;
    let facts: serde_json::Value = serde_json::from_str(&row.get::<_, String>(0)).map_err(|_| unknown())?;
    let text = |name: &str| facts[name].as_str().map(str::to_owned);
    Ok(Creation {
        encoding: row.get(1),
        provider: text("datlocprovider").unwrap_or_else(|| "c".to_owned()),
        collate: text("datcollate").unwrap_or_default(),
        ctype: text("datctype").unwrap_or_default(),
        locale: text("datlocale").or_else(|| text("daticulocale")),
        rules: text("daticurules"),
    })
}
