//! The statements of a view. One that something needs which it needs itself is made twice: first with its columns alone, each
//! a null of the right type, then with its query. A view that stores its rows is made without them, and gets them when the rows
//! are there that it reads.

use std::collections::HashSet;

use stead_schema::EngineKind;
use stead_schema::model::{Name, Reference, View};

use super::plan::{Plan, quoted};
use super::tables::{add_index, column_comments, settings};
use crate::quote::identifier;
use crate::write::WriteError;

/// The kind of the node that fills a materialised view.
pub(super) const ROWS: &str = "rows of view";

/// Adds a view's nodes.
pub(super) fn add(plan: &mut Plan, view: &View, apart: &HashSet<Reference>) -> Result<(), WriteError> {
    let own = Reference::new("view", view.name.clone());
    let node = if view.materialised {
        let node = plan.add(36, own.clone(), named(view, vec![materialised(view)]));
        // The option says that it has no rows.
        if !view.options.contains_key("populated") {
            let sql = format!("REFRESH MATERIALIZED VIEW {}", quoted(&view.name));
            let rows = plan.add(52, Reference::new(ROWS, view.name.clone()), named(view, vec![sql]));
            plan.need(rows, node);
        }
        node
    } else if apart.contains(&own) {
        let first = plan.add(34, own.clone(), named(view, vec![plain("CREATE VIEW", view, &nulls(view), false)]));
        let text = plain("CREATE OR REPLACE VIEW", view, &view.query, true);
        let query = Reference::new("view query", view.name.clone());
        let second = plan.add(35, query, named(view, vec![text]));
        plan.need(second, first);
        first
    } else {
        plan.add(35, own.clone(), named(view, vec![plain("CREATE VIEW", view, &view.query, true)]))
    };
    let later = later(view);
    if !later.is_empty() {
        let reference = Reference::new("columns of view", view.name.clone());
        let settings = plan.add(51, reference, named(view, later));
        plan.need(settings, node);
        // What a default calls may take a row of the view.
        for column in view.columns.iter().filter(|column| column.default.is_some()) {
            plan.also(Reference::part("default", &view.name, &column.name), settings);
        }
    }
    for index in &view.indexes {
        add_index(plan, &view.name, index, node, 54)?;
    }
    if let Some(index) = view.options.get("clustered on") {
        let name = identifier(index, EngineKind::Postgres);
        let sql = format!("ALTER MATERIALIZED VIEW {} CLUSTER ON {name}", quoted(&view.name));
        let cluster = plan.add(55, Reference::new("cluster", view.name.clone()), named(view, vec![sql]));
        let index = Name { namespace: view.name.namespace.clone(), name: index.clone() };
        if let Some(index) = plan.place(&Reference::new("index", index)) {
            plan.need(cluster, index);
        }
    }
    let comments = column_comments(&view.name, &view.columns)?;
    if !comments.is_empty() {
        let statements = comments.into_iter().map(|sql| ("comment".to_owned(), view.name.clone(), sql)).collect();
        plan.add(80, Reference::new("comment of view", view.name.clone()), statements);
    }
    Ok(())
}

fn named(view: &View, statements: Vec<String>) -> Vec<(String, Name, String)> {
    statements.into_iter().map(|sql| ("view".to_owned(), view.name.clone(), sql)).collect()
}

fn plain(begin: &str, view: &View, query: &str, with_options: bool) -> String {
    let parameters = view.options.get("storage parameters").filter(|_| with_options);
    let parameters = parameters.map(|parameters| format!(" WITH ({parameters})")).unwrap_or_default();
    format!("{begin} {}{parameters} AS\n{query}", quoted(&view.name))
}

fn nulls(view: &View) -> String {
    let column = |column: &stead_schema::model::Column| {
        let collation = column.collation.as_ref().map(|collation| format!(" COLLATE {collation}")).unwrap_or_default();
        let name = identifier(&column.name, EngineKind::Postgres);
        format!("    NULL::{}{collation} AS {name}", column.data_type)
    };
    let columns: Vec<String> = view.columns.iter().map(column).collect();
    format!(" SELECT\n{}", columns.join(",\n"))
}

fn materialised(view: &View) -> String {
    let mut sql = format!("CREATE MATERIALIZED VIEW {}", quoted(&view.name));
    let identifier = |name: &String| identifier(name, EngineKind::Postgres);
    if let Some(method) = view.options.get("access method") {
        sql += &format!(" USING {}", identifier(method));
    }
    if let Some(parameters) = view.options.get("storage parameters") {
        sql += &format!(" WITH ({parameters})");
    }
    if let Some(tablespace) = view.options.get("tablespace") {
        sql += &format!(" TABLESPACE {}", identifier(tablespace));
    }
    format!("{sql} AS\n{}\nWITH NO DATA", view.query)
}

/// Defaults and storage of a view's columns, and the index that its rows are clustered on.
fn later(view: &View) -> Vec<String> {
    let word = if view.materialised { "MATERIALIZED VIEW" } else { "VIEW" };
    let alter = format!("ALTER {word}");
    let mut statements = Vec::new();
    for column in &view.columns {
        if let Some(default) = &column.default {
            let name = identifier(&column.name, EngineKind::Postgres);
            statements.push(format!("{alter} {} ALTER COLUMN {name} SET DEFAULT {default}", quoted(&view.name)));
        }
        statements.extend(settings(&alter, &view.name, column));
        if let Some(compression) = column.options.get("compression").filter(|_| view.materialised) {
            let name = identifier(&column.name, EngineKind::Postgres);
            statements
                .push(format!("{alter} {} ALTER COLUMN {name} SET COMPRESSION {compression}", quoted(&view.name)));
        }
    }
    statements
}
