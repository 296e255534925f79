//! The project file: `stead.toml` with its includes, overlays, variables and arguments, read into typed values. Every
//! command begins here, so everything that can be known wrong before a database is touched is found here, and every
//! value remembers who decided it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

mod app;
mod database;
mod edit;
mod error;
mod files;
mod index;
mod layers;
mod mask;
mod nearest;
mod origin;
mod parse;
mod path;
mod protection;
mod quantity;
mod reading;
mod reference;
mod routing;
mod secret;
mod seed;
mod server;
mod settings;
mod storage;
#[cfg(test)]
mod tests;
mod value;

pub use app::{App, MigrationTool, Migrations, Service};
pub(crate) use database::url_variable;
pub use database::{Database, DatabaseLocation, LocalDatabase, Roles, engine_of_scheme};
pub use edit::set_value;
pub use error::{LISTED_PROBLEMS, Problem, ProjectError, ProjectErrors};
pub use index::{Documents, FieldSettings, IndexEngine, IndexSettings};
pub use origin::{Label, Origin, SourceKind, SourceText};
pub(crate) use reading::{LONGEST_NAME, is_name as is_environment_name};
pub use routing::Target;
pub use secret::{CommandLine, SecretReference, SecretUrl};
pub use seed::{SeedAction, SeedStep};
pub use server::{Server, ServerKind, ServerVolume};
pub use settings::Setting;
pub use storage::{Storage, StorageReference};

use path::SettingPath;
use reading::{Reading, Section};
use value::Value;

/// The folder, inside the project's, of everything that belongs to one machine.
const STATE_FOLDER: &str = ".stead";

/// The folder, inside the project's, of the snapshots.
const BACKUP_FOLDER: &str = "backups";

const DEFAULT_LOCK_TIMEOUT: &str = "10m";

const DEFAULT_KEEP: u32 = 3;

/// What a project is loaded from. The library reads no environment of its own: the caller hands over the variables.
#[derive(Clone, Default)]
pub struct LoadOptions {
    /// The folder that holds `stead.toml`; [`Project::find`] finds it.
    pub directory: PathBuf,
    /// The environment the command line names.
    pub environment: Option<String>,
    /// The process's environment variables.
    pub variables: BTreeMap<String, String>,
    /// Settings from the command line, dotted path and value, a later one over an earlier one.
    pub arguments: Vec<(String, String)>,
}

impl fmt::Debug for LoadOptions {
    /// Variables and arguments are named, but their values are not shown: any of them may be a secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arguments: Vec<&String> = self.arguments.iter().map(|(path, _)| path).collect();
        formatter
            .debug_struct("LoadOptions")
            .field("directory", &self.directory)
            .field("environment", &self.environment)
            .field("variables", &self.variables.len())
            .field("arguments", &arguments)
            .finish()
    }
}

/// A project as it is in effect: all layers merged, checked and typed.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder that holds `stead.toml`, absolute.
    pub folder: PathBuf,
    /// The project's name, which the ledger of each database records.
    pub name: String,
    /// The environment.
    pub environment: String,
    /// Whether commands that destroy something refuse here.
    pub protected: bool,
    /// How long to wait for a lock before giving up.
    pub lock_timeout: Duration,
    /// The databases by name.
    pub databases: BTreeMap<String, Database>,
    /// The apps by name.
    pub apps: BTreeMap<String, App>,
    /// The services by name.
    pub services: BTreeMap<String, Service>,
    /// The steps of the seed, in order.
    pub seed: Vec<SeedStep>,
    /// The search indexes by name.
    pub indexes: BTreeMap<String, IndexSettings>,
    /// The uploaded files, if the project has any.
    pub storage: Option<Storage>,
    /// The local servers by name.
    pub servers: BTreeMap<String, Server>,
    /// What is kept for `stead undo`.
    pub undo: Undo,
    /// Every file that was read, in name order.
    pub files: Vec<PathBuf>,
    tree: Value,
    defaults: Vec<(SettingPath, serde_json::Value)>,
}

/// What is kept for `stead undo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undo {
    /// How many undo points.
    pub keep: u32,
    /// How many bytes they may take together; none is no limit.
    pub max_size: Option<u64>,
}

impl Project {
    /// The nearest folder, from `start` up, that holds a `stead.toml`.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(start: &Path) -> Result<PathBuf, ProjectErrors> {
        let start = absolute(start);
        let found = start.ancestors().find(|folder| may_hold_project(folder));
        found.map(Path::to_path_buf).ok_or_else(|| not_found(&start, true))
    }

    /// Reads, merges and checks the project in `options.directory`.
    ///
    /// # Errors
    /// Everything that is wrong with the files, the variables and the arguments. All faults of one stage are found in
    /// one go: first the text of the files and their includes, then what the settings mean.
    pub fn load(options: &LoadOptions) -> Result<Self, ProjectErrors> {
        let directory = absolute(&options.directory);
        if !may_hold_project(&directory) {
            return Err(not_found(&directory, false));
        }
        let merged = layers::merged(options, &directory).map_err(ProjectErrors::new)?;
        let reading = Reading::new(&directory, &merged.tree);
        let project = read(&reading, &merged);
        let (errors, defaults) = reading.into_parts();
        match project {
            Some(project) if errors.is_empty() => Ok(Self { defaults, ..project }),
            _ => Err(ProjectErrors::new(errors)),
        }
    }

    /// The environments that can be chosen in a project's folder: `development`, and each that has an overlay.
    #[must_use]
    pub fn environments(directory: &Path) -> Vec<String> {
        layers::environments(directory)
    }

    /// The folder of this environment's state: databases without a URL, indexes, undo points, journal and lock.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        state_folder(&self.folder, &self.environment)
    }

    /// The folder of the volumes of local servers, which all environments share.
    #[must_use]
    pub fn volumes(&self) -> PathBuf {
        self.folder.join(STATE_FOLDER).join(server::VOLUME_FOLDER)
    }

    /// The protected environment, whichever is in effect, that uses the volume in that folder.
    ///
    /// # Errors
    /// A file of one of the environments that cannot be read, so that nobody knows.
    pub fn protector(
        &self,
        volume: &Path,
        variables: &BTreeMap<String, String>,
    ) -> Result<Option<String>, ProjectErrors> {
        if self.protected {
            return Ok(Some(self.environment.clone()));
        }
        protection::protector(&self.folder, variables, volume).map_err(ProjectErrors::new)
    }

    /// The folder of this environment's snapshots.
    #[must_use]
    pub fn backups(&self) -> PathBuf {
        self.backups_of(&self.environment)
    }

    /// The folder of another environment's snapshots. Letters that no environment has in its name become `_`, so that
    /// the folder is always inside that of the snapshots.
    #[must_use]
    pub fn backups_of(&self, environment: &str) -> PathBuf {
        let backups = self.folder.join(BACKUP_FOLDER);
        if environment == layers::DEVELOPMENT {
            return backups;
        }
        let good = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
        let name: String = environment.chars().map(|letter| if good(letter) { letter } else { '_' }).collect();
        backups.join(format!("@{name}"))
    }

    /// Where a database is; none if the project has no database of that name.
    #[must_use]
    pub fn database_location(&self, name: &str) -> Option<&DatabaseLocation> {
        self.databases.get(name).map(|database| &database.location)
    }
}

fn state_folder(directory: &Path, environment: &str) -> PathBuf {
    directory.join(STATE_FOLDER).join(environment)
}

fn absolute(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    files::normal(&std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()))
}

/// False only where there surely is no project file: one that cannot be looked at, or that is a link to nothing, is the
/// project's all the same, and the project of a folder above is another one.
fn may_hold_project(folder: &Path) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    let looked = std::fs::symlink_metadata(folder.join(layers::PROJECT_FILE));
    !looked.is_err_and(|error| matches!(error.kind(), NotFound | NotADirectory))
}

fn not_found(directory: &Path, searched: bool) -> ProjectErrors {
    let directory = path::word_of_path(directory);
    ProjectError::unplaced(Problem::NotFound { directory, searched }).into()
}

/// Reads all sections and notes in `reading` what is wrong with them. Without a name there is no project.
fn read(reading: &Reading<'_>, merged: &layers::Merged) -> Option<Project> {
    let root = Section::new(reading, SettingPath::default(), &merged.tree);
    let general = read_general(&root);
    let servers = server::read(&root);
    let databases = database::read(&root, &state_folder(reading.folder, &merged.environment), &servers);
    let apps = app::read_apps(&root);
    let storage = storage::read(&root);
    if let Some(storage) = &storage {
        storage::refuse_reserved(reading, storage, &databases, &apps);
    }
    refuse_circle(reading, merged, &apps);
    let project = Project {
        folder: reading.folder.to_path_buf(),
        name: general.name.unwrap_or_default(),
        environment: merged.environment.clone(),
        protected: general.protected,
        lock_timeout: general.lock_timeout,
        databases,
        apps,
        services: app::read_services(&root),
        seed: seed::read(&root),
        indexes: index::read(&root),
        storage,
        servers,
        undo: read_undo(&root),
        files: merged.files.iter().cloned().collect(),
        tree: merged.tree.clone(),
        defaults: Vec::new(),
    };
    root.finish();
    (!project.name.is_empty()).then_some(project)
}

/// What `[project]` says, apart from what the merging of layers has used already.
struct General {
    name: Option<String>,
    protected: bool,
    lock_timeout: Duration,
}

fn read_general(root: &Section<'_>) -> General {
    let Some(section) = root.section("project") else {
        return General { name: None, protected: true, lock_timeout: Duration::ZERO };
    };
    let name = read_name(root, &section);
    let protected = section.boolean_or("protected", false);
    let lock_timeout = section.duration_or("lock_timeout", DEFAULT_LOCK_TIMEOUT);
    section.integer_or("format", files::FORMAT..=files::FORMAT, files::FORMAT);
    for settled in ["include", "environment"] {
        section.take(settled);
    }
    section.finish();
    General { name, protected, lock_timeout }
}

fn read_name(root: &Section<'_>, section: &Section<'_>) -> Option<String> {
    if !section.has("name") && section.is_table() {
        let origin = if section.origin.file().is_some() { section.origin } else { root.origin };
        let advice = "write `name = \"…\"` under `[project]`".to_owned();
        root.fail(Problem::MissingKey { path: "project.name".to_owned(), advice }, origin);
    }
    let stated = section.string("name")?;
    if !reading::is_name(&stated.text) {
        let problem = Problem::InvalidName { name: stated.word.clone(), what: "a project".to_owned() };
        section.fail(problem, stated.origin);
        return None;
    }
    Some(stated.text)
}

fn read_undo(root: &Section<'_>) -> Undo {
    let Some(section) = root.section("undo") else { return Undo { keep: DEFAULT_KEEP, max_size: None } };
    let keep = section.integer_or("keep", 1..=1000, i64::from(DEFAULT_KEEP));
    let max_size = section.size("max_size");
    section.finish();
    Undo { keep: u32::try_from(keep).unwrap_or(DEFAULT_KEEP), max_size }
}

/// A circle of apps has no order to migrate them in.
fn refuse_circle(reading: &Reading<'_>, merged: &layers::Merged, apps: &BTreeMap<String, App>) {
    if let Err(chain) = routing::depends_order(apps) {
        let depends = chain.first().and_then(|app| merged.tree.get(&["apps", app, "depends"]));
        let origin = depends.map_or_else(Origin::default_value, |value| value.origin.clone());
        reading.fail(Problem::DependsCycle { chain }, &origin);
    }
}
