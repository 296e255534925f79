//! `stead schema`: what models, a database or a file of SQL amount to. It only reads, and works outside of any project
//! for URLs and files.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use serde_json::json;
use stead::counted::counted;
use stead::error::Result;
use stead::project::Roles;
use stead::schema::{self, Named, Origin};

use crate::invocation::Invocation;
use crate::printer::Outcome;

/// Print a schema as DDL
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:\n  stead schema print\n  stead schema print database:catalog -o schema/"
)]
pub(crate) struct Schema {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print the schema of the models, of a database or of a file of SQL
    ///
    /// The statements come in an order that works in an empty database, and equal schemas give equal text, so that it can be
    /// kept in version control. A file is run on a scratch database of the project's engine, or of the server that `--on` names.
    #[command(
        after_help = "Examples:\n  stead schema print\n  stead schema print database:catalog\n  stead schema print \
                            sqlite:app.db -o schema/\n  stead schema print dump.sql --on postgres://postgres@localhost"
    )]
    Print {
        /// `models`, `database:NAME`, a URL, or a file of SQL
        #[arg(default_value = "models")]
        origin: String,
        /// Write one file an object into this folder
        #[arg(short, long, value_name = "FOLDER")]
        output: Option<PathBuf>,
        /// The server on whose scratch database a file is run
        #[arg(long, value_name = "URL")]
        on: Option<String>,
        /// Keep owners, grants and definers, or let everything belong to whoever runs the statements
        #[arg(long, value_name = "ROLES", value_parser = PossibleValuesParser::new(Roles::WORDS.map(|(word, _)| word)))]
        roles: Option<String>,
    },
}

impl Schema {
    pub(crate) async fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let Action::Print { origin, output, on, roles } = self.action;
        let roles = roles.and_then(|word| Roles::WORDS.into_iter().find(|(known, _)| *known == word));
        let origin = Origin::parse(&origin);
        let environment = match invocation.environment() {
            Ok(environment) => Some(environment),
            Err(error) if origin.needs_project() => return Err(error),
            // A URL or a file needs no project; one that is broken must not stop them either.
            Err(_) => None,
        };
        let schemas = schema::read(environment.as_ref(), &origin, on.as_deref(), roles.map(|(_, roles)| roles)).await?;
        match output {
            None => Ok(Outcome::data(document(&schemas), text(&schemas))),
            Some(folder) => {
                let folder = invocation.directory()?.join(folder);
                let count = schema::write_files(&folder, &schemas)?;
                let summary = format!("wrote {} to `{}`", counted(count, "file"), folder.display());
                Ok(Outcome::summary(json!({ "files": count }), summary))
            }
        }
    }
}

fn text(schemas: &[Named]) -> String {
    let part = |schema: &Named| match schemas.len() {
        1 => schema.text(),
        _ => format!("-- database {}\n\n{}\n", schema.name, schema.text()),
    };
    schemas.iter().map(part).collect()
}

fn document(schemas: &[Named]) -> serde_json::Value {
    let statement = |statement: &stead::sql::write::Statement| json!({ "kind": statement.kind, "name": statement.name.to_string(), "sql": statement.sql });
    let schema = |schema: &Named| {
        let statements: Vec<_> = schema.statements.iter().map(statement).collect();
        json!({ "database": schema.name, "engine": schema.schema.engine.word(), "statements": statements })
    };
    json!({ "schemas": schemas.iter().map(schema).collect::<Vec<_>>() })
}
