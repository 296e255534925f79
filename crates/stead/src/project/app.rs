//! `[apps.NAME]` and `[services.NAME.routes]`: who owns which models, in which database, after whom. An app that
//! already has a migration tool keeps it, and names it here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::error::Problem;
use super::origin::Origin;
use super::reading::Section;
use super::secret::CommandLine;

/// A unit that owns models and migrations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// The name.
    pub name: String,
    /// The folder that holds `models/` and `migrations/`.
    pub path: PathBuf,
    /// The database it lives in, where no service routes it elsewhere.
    pub database: String,
    /// The apps that must be in place before it, in name order.
    pub depends: Vec<String>,
    /// Who runs its migrations.
    pub migrations: Migrations,
    /// Where its section begins.
    pub origin: Origin,
}

/// Who runs an app's migrations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Migrations {
    /// stead itself, from the revision files in the app's folder.
    Revisions,
    /// Django's `migrate`.
    Django(MigrationTool),
    /// Alembic's `upgrade`.
    Alembic(MigrationTool),
    /// Any other program.
    Command(MigrationTool),
}

/// How a migration tool is run and where it keeps its books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationTool {
    /// The program with its first words: `python manage.py`.
    pub command: CommandLine,
    /// What is added after the tool's own verb.
    pub arguments: CommandLine,
    /// The table in which the tool records versions, if it is known.
    pub table: Option<String>,
}

/// A process that uses apps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The name.
    pub name: String,
    /// The database of each app that lives elsewhere in this service.
    pub routes: BTreeMap<String, String>,
    /// Where its section begins.
    pub origin: Origin,
}

#[derive(Clone, Copy)]
enum Tool {
    Django,
    Alembic,
    Command,
}

const TOOLS: [(&str, Tool); 3] = [("django", Tool::Django), ("alembic", Tool::Alembic), ("command", Tool::Command)];

/// Reads all apps.
pub(super) fn read_apps(root: &Section<'_>) -> BTreeMap<String, App> {
    let mut apps = BTreeMap::new();
    for (name, section) in root.named("apps", "an app") {
        if let Some(app) = read_app(name, &section) {
            apps.insert(name.to_owned(), app);
        }
        section.finish();
    }
    apps
}

fn read_app(name: &str, section: &Section<'_>) -> Option<App> {
    let path = app_path(name, section);
    let database = section.database("database");
    let depends = depends(section);
    let migrations = section.section("migrations").map_or(Some(Migrations::Revisions), |section| {
        let migrations = read_migrations(&section);
        section.finish();
        migrations
    });
    let (name, origin) = (name.to_owned(), section.origin.clone());
    Some(App { name, path: path?, database: database?, depends, migrations: migrations?, origin })
}

fn app_path(name: &str, section: &Section<'_>) -> Option<PathBuf> {
    let stated = section.required_string("path", "write the folder of the app, `path = \"apps/NAME\"`")?;
    let path = section.resolved(&stated)?;
    if !path.is_dir() {
        let folder = section.reading.shown(&path);
        section.fail(Problem::AppPathMissing { app: name.to_owned(), folder }, stated.origin);
    }
    Some(path)
}

fn depends(section: &Section<'_>) -> Vec<String> {
    let stated = section.strings("depends").unwrap_or_default();
    let known: BTreeSet<String> = stated.iter().filter_map(|app| section.known_app(app)).collect();
    known.into_iter().collect()
}

fn read_migrations(section: &Section<'_>) -> Option<Migrations> {
    let tool = section.required_string("tool", "write `tool = \"django\"`, `\"alembic\"` or `\"command\"`");
    let command = command_line(section, "command");
    let arguments = command_line(section, "arguments").unwrap_or_default();
    let table = section.string("table").map(|stated| stated.text);
    let tool = section.choice(&tool?, &TOOLS)?;
    let standard = |command: Option<CommandLine>, words: &[&str], books: &str| MigrationTool {
        command: command.unwrap_or_else(|| CommandLine::plain(words)),
        arguments: arguments.clone(),
        table: Some(table.clone().unwrap_or_else(|| books.to_owned())),
    };
    Some(match tool {
        Tool::Django => Migrations::Django(standard(command, &["python", "manage.py"], "django_migrations")),
        Tool::Alembic => Migrations::Alembic(standard(command, &["alembic"], "alembic_version")),
        Tool::Command => {
            if !section.has("command") {
                section.missing("command", "write the program as an array, `command = [\"./migrate\"]`");
            }
            Migrations::Command(MigrationTool { command: command?, arguments, table })
        }
    })
}

/// An array of words; an empty command is an error, empty arguments are not.
pub(super) fn command_line(section: &Section<'_>, key: &'static str) -> Option<CommandLine> {
    let words = section.strings(key)?;
    if key != "arguments" && words.first().is_none_or(|program| program.text.is_empty()) {
        let path = section.path.key(key).to_string();
        let advice = "write the program and its arguments, `[\"cargo\", \"run\"]`".to_owned();
        section.fail(Problem::InvalidValue { path, reason: "names no program".to_owned(), advice }, section.origin);
        return None;
    }
    Some(CommandLine::new(words.into_iter().map(|stated| (stated.text, stated.word)).collect()))
}

/// Reads all services.
pub(super) fn read_services(root: &Section<'_>) -> BTreeMap<String, Service> {
    let mut services = BTreeMap::new();
    for (name, section) in root.named("services", "a service") {
        let routes = section.section("routes").map_or_else(BTreeMap::new, |routes| read_routes(&routes));
        let service = Service { name: name.to_owned(), routes, origin: section.origin.clone() };
        services.insert(name.to_owned(), service);
        section.finish();
    }
    services
}

fn read_routes(section: &Section<'_>) -> BTreeMap<String, String> {
    let mut routes = BTreeMap::new();
    for (app, origin, value) in section.entries() {
        let path = section.path.key(app);
        let word = super::path::word(app);
        let app = super::reading::Stated { path: path.clone(), text: app.to_owned(), word, origin };
        let database = section.stated(path, value, "the name of a database");
        let database = database.and_then(|stated| section.known_database(&stated));
        routes.extend(section.known_app(&app).zip(database));
    }
    routes
}
