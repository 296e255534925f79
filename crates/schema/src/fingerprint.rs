//! A short name for a schema. Two databases have the same fingerprint exactly if [`crate::compare`] finds no
//! difference between them, so a ledger can remember which schema a run of revisions left.

use crate::Schema;

/// The kind of what people put on a table that an extension makes. Which parts the extension has made itself cannot always be told,
/// so such an object is written, in a way that does nothing where it is there, and never compared.
pub const OF_EXTENSION: &str = "part of an extension's table";

/// BLAKE3, as 64 hexadecimal digits, over the schema's canonical JSON without the verbatim definitions.
#[must_use]
pub fn fingerprint(schema: &Schema) -> String {
    let json = serde_json::to_vec(&comparable(schema)).expect("a schema holds only strings, lists and maps");
    blake3::hash(&json).to_hex().to_string()
}

/// The schema in canonical order and without the texts that are kept only to write it again.
#[must_use]
pub(crate) fn comparable(schema: &Schema) -> Schema {
    let mut schema = schema.clone();
    schema.dependencies.clear();
    schema.roles.clear();
    schema.sort();
    for table in &mut schema.tables {
        table.definition = None;
        table.sort_indexes();
        for index in &mut table.indexes {
            index.definition = None;
        }
    }
    for view in &mut schema.views {
        view.definition = None;
        // Whether a view that stores its rows has been filled is said for whoever fills it; anybody may do that at any time.
        view.options.remove("populated");
        for index in &mut view.indexes {
            index.definition = None;
        }
    }
    for trigger in &mut schema.triggers {
        trigger.definition = None;
    }
    schema.objects.retain(|object| object.kind != OF_EXTENSION);
    for object in &mut schema.objects {
        object.definition = None;
    }
    schema
}
