//! A project in one environment, opened: its databases with their servers, its state folder, and whoever watches. Every
//! use case takes one; the locks and the repair of interrupted work are taken care of here, once for all of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use stead_engine::file_lock::{is_held, lock_file};
use stead_engine::{Access, Event, Holder, Lock, LockRequest, Place, Reporter, SearchEngine, Server, Session};
use stead_schema::{Difference, Schema, compare};

use crate::engines::{self, Found, Servers};
use crate::error::{Error, Kind, Result};
use crate::journal::Journal;
use crate::project::{DatabaseLocation, IndexEngine, Project, Roles};
use crate::state::State;
use crate::{files, seed, shelf, undo, volume};

/// Risks that the user accepted by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consents {
    /// Losing data or objects that a schema change removes.
    pub destructive: bool,
    /// Rewriting a table.
    pub rewrite: bool,
    /// Holding a lock that stops others.
    pub lock: bool,
    /// Running on although an applied revision was edited.
    pub edited: bool,
    /// Going without an undo point.
    pub no_undo: bool,
}

/// A database of the project.
#[derive(Clone)]
pub struct Database {
    /// The name in the project.
    pub name: String,
    /// Its server.
    pub server: Arc<dyn Server>,
    /// Where it is on that server.
    pub place: Place,
    /// Whether it is the same database if other roles own it.
    pub roles: Roles,
}

impl Database {
    /// A schema as far as it counts for this database: whom things belong to only where the project wants it kept.
    #[must_use]
    pub fn wanted(&self, schema: &Schema) -> Schema {
        self.roles.kept_of(schema.clone())
    }

    /// How a schema of this database differs from what is expected of it, as far as it counts.
    #[must_use]
    pub fn differences(&self, found: &Schema, expected: &Schema) -> Vec<Difference> {
        compare(&self.wanted(found), &self.wanted(expected))
    }

    /// Opens it; one that does not exist is refused with the way to make it.
    ///
    /// # Errors
    ///
    /// `database-missing`, or whatever the engine says.
    pub async fn open(&self, access: Access) -> Result<Box<dyn Session>> {
        if !self.server.exists(&self.place).await? {
            let message = format!("database `{}` does not exist ({})", self.name, self.place);
            return Err(
                Error::new(Kind::Unreachable, "database-missing", message).hint("`stead init` makes what is missing")
            );
        }
        Ok(self.server.open(&self.place, access).await.map_err(|error| self.named(error))?)
    }

    /// The error with the database's name before it.
    #[must_use]
    pub fn named(&self, error: stead_engine::EngineError) -> stead_engine::EngineError {
        error.context(format!("database `{}`", self.name))
    }
}

/// Who runs the command and how much it may do.
#[derive(Clone)]
pub struct Caller {
    /// The command as shown to others who wait for the lock.
    pub command: String,
    /// The user's name.
    pub user: String,
    /// The machine's name.
    pub host: String,
    /// Risks accepted by name.
    pub consents: Consents,
    /// Who watches.
    pub reporter: Arc<dyn Reporter>,
}

impl Caller {
    /// This process, as others who wait for its locks see it.
    #[must_use]
    pub fn holder(&self) -> Holder {
        Holder {
            process: std::process::id(),
            host: self.host.clone(),
            user: self.user.clone(),
            command: self.command.clone(),
            since: crate::clock::now(),
        }
    }
}

/// A project in one environment.
pub struct Environment {
    /// The project file, read and checked.
    pub project: Project,
    /// Where the environment keeps what is not the application's.
    pub state: State,
    /// The project's databases, in name order.
    pub databases: Vec<Database>,
    /// Risks accepted by name.
    pub consents: Consents,
    /// Who runs the command.
    pub caller: Caller,
    /// By where they are; the embedded one is nowhere else than here.
    search_engines: Mutex<BTreeMap<String, Arc<dyn SearchEngine>>>,
    /// What this run holds, as long as it does.
    locks: Mutex<Weak<Locks>>,
}

/// Locks in the order in which they are given back: each database's, in name order, then the environment's.
struct Locks {
    databases: Vec<Box<dyn Lock>>,
    _environment: Box<dyn Lock>,
}

/// The locks of one run; dropping it gives them back.
pub struct Held {
    _locks: Arc<Locks>,
    /// The operation that a former run had begun and this one finished.
    pub finished: Option<String>,
}

impl Environment {
    /// Opens the project's environment. Nothing is connected or created yet.
    ///
    /// # Errors
    ///
    /// A database whose engine is not built into this program.
    pub fn open(project: Project, caller: Caller) -> Result<Self> {
        Self::open_with(project, caller, Servers::of)
    }

    /// The same for a command that looks at what lies here: a server of the project that is not up is an error only when it is
    /// asked for something.
    ///
    /// # Errors
    ///
    /// As [`Environment::open`].
    pub fn open_to_look(project: Project, caller: Caller) -> Result<Self> {
        Self::open_with(project, caller, Servers::of_or_stopped)
    }

    fn open_with(
        project: Project,
        caller: Caller,
        find: fn(&mut Servers, &Project, &str) -> Result<Found>,
    ) -> Result<Self> {
        let state = State::new(project.state());
        let mut servers = Servers::default();
        let opened = project.databases.keys().map(|name| {
            let (server, place) = find(&mut servers, &project, name)?;
            let roles = project.databases[name].roles;
            Ok(Database { name: name.clone(), server, place, roles })
        });
        let databases: Result<Vec<Database>> = opened.collect();
        Ok(Self {
            state,
            databases: databases?,
            consents: caller.consents,
            caller,
            project,
            search_engines: Mutex::default(),
            locks: Mutex::default(),
        })
    }

    /// The database of that name.
    ///
    /// # Errors
    ///
    /// A name that is not in the project, with the nearest one.
    pub fn database(&self, name: &str) -> Result<&Database> {
        let found = self.databases.iter().find(|database| database.name == name);
        found.ok_or_else(|| unknown("database", name, self.databases.iter().map(|database| database.name.as_str())))
    }

    /// What there is to say of a database whose server is one of the project's own and is not up.
    #[must_use]
    pub fn stopped(&self, database: &str) -> Option<Error> {
        match self.project.database_location(database) {
            Some(DatabaseLocation::Local(local)) => {
                volume::url(local).err().filter(|error| error.kind == Kind::Unreachable)
            }
            _ => None,
        }
    }

    /// The names of all databases.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.databases.iter().map(|database| database.name.clone()).collect()
    }

    /// Tells whoever watches.
    pub fn report(&self, event: Event) {
        self.caller.reporter.event(event);
    }

    /// Warns whoever watches.
    pub fn warn(&self, text: impl Into<String>) {
        self.report(Event::Warning { text: text.into() });
    }

    /// The engine of that index.
    ///
    /// # Errors
    ///
    /// A name that is not in the project, or an engine that is not built into this program.
    pub fn search_engine(&self, index: &str) -> Result<Arc<dyn SearchEngine>> {
        let Some(settings) = self.project.indexes.get(index) else {
            return Err(unknown("index", index, self.project.indexes.keys().map(String::as_str)));
        };
        self.engine_at(&settings.engine)
    }

    /// The engine of an index that may not be in the project any more; the embedded one has it then.
    pub(crate) fn search_engine_of_any(&self, index: &str) -> Result<Arc<dyn SearchEngine>> {
        let settings = self.project.indexes.get(index);
        self.engine_at(settings.map_or(&IndexEngine::Embedded, |settings| &settings.engine))
    }

    /// One engine at a place for all indexes there: it knows of builds that are still being closed.
    fn engine_at(&self, place: &IndexEngine) -> Result<Arc<dyn SearchEngine>> {
        let key = match place {
            IndexEngine::Embedded => String::new(),
            IndexEngine::Server(url) => url.expose().to_owned(),
        };
        let mut opened = self.search_engines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(engine) = opened.get(&key) {
            return Ok(engine.clone());
        }
        let engine = engines::search_engine(place, &self.state.indexes())?;
        opened.insert(key, engine.clone());
        Ok(engine)
    }

    /// The names of embedded indexes that answer and are not in the project any more, in name order.
    ///
    /// # Errors
    ///
    /// The folder of indexes cannot be listed.
    pub async fn left_indexes(&self) -> Result<Vec<String>> {
        let mut left = Vec::new();
        for name in self.strange_indexes().await? {
            // What is only kept belongs to an undo point.
            if !matches!(self.search_engine_of_any(&name)?.current(&name).await, Ok(None)) {
                left.push(name);
            }
        }
        Ok(left)
    }

    /// The names of embedded indexes, answering or kept, that are not in the project any more.
    async fn strange_indexes(&self) -> Result<Vec<String>> {
        // Where none can be built none is looked for.
        let Ok(engine) = self.engine_at(&IndexEngine::Embedded) else { return Ok(Vec::new()) };
        let names = engine.names().await?.into_iter();
        Ok(names.filter(|name| !self.project.indexes.contains_key(name)).collect())
    }

    /// Rows in all ordinary tables of the database at that place, stead's own left out; none if it is damaged so far that
    /// they cannot be counted.
    ///
    /// # Errors
    ///
    /// Whatever else the engine says.
    pub async fn rows(&self, place: &Place, name: &str) -> Result<Option<u64>> {
        let database = self.database(name)?;
        if !database.server.exists(place).await? {
            return Ok(Some(0));
        }
        let counts = match database.server.open(place, Access::Read).await {
            Ok(mut session) => {
                let counts = session.count_rows().await;
                session.close().await?;
                counts
            }
            Err(error) => Err(error),
        };
        match counts {
            Err(error) if error.damaged => Ok(None),
            counts => {
                let counted = counts?.into_iter().filter(|(table, _)| !stead_sql::ledger::is_own(table));
                Ok(Some(counted.map(|(_, rows)| rows).sum()))
            }
        }
    }

    /// The folder an application uses for that leaf.
    ///
    /// # Errors
    ///
    /// A project without storage.
    pub fn leaf(&self, leaf: &str) -> Result<PathBuf> {
        Ok(self.storage()?.join(leaf))
    }

    /// The storage folder.
    ///
    /// # Errors
    ///
    /// A project without storage.
    pub fn storage(&self) -> Result<&Path> {
        let storage = self.project.storage.as_ref();
        storage.map(|storage| storage.path.as_path()).ok_or_else(|| Error::bug("this project has no storage"))
    }

    /// Where new leaves are built: in the state folder if that is on the same file system, else beside the leaves.
    pub(crate) fn storage_beside(&self, token: &str) -> Result<PathBuf> {
        let own = self.state.build().join(token).join("storage");
        self.on_storage_device(own, &format!(".stead-new-{}-{token}", self.owner()))
    }

    /// Where a replaced leaf is kept.
    pub(crate) fn leaf_keeping(&self, point: &str, token: &str, leaf: &str) -> Result<PathBuf> {
        let own = self.state.undo().join(point).join("storage");
        Ok(self.on_storage_device(own, &format!(".stead-kept-{}-{token}", self.owner()))?.join(leaf))
    }

    /// A short word for this environment's state folder, in names that lie outside of it: other environments and other
    /// checkouts may use the same storage.
    fn owner(&self) -> String {
        let folder = std::fs::canonicalize(self.state.folder()).unwrap_or_else(|_| self.state.folder().to_owned());
        blake3::hash(folder.as_os_str().as_encoded_bytes()).to_hex()[..8].to_owned()
    }

    fn on_storage_device(&self, own: PathBuf, beside: &str) -> Result<PathBuf> {
        let storage = self.storage()?;
        files::make_folder(storage)?;
        files::make_folder(self.state.folder())?;
        Ok(if device(self.state.folder()) == device(storage) { own } else { storage.join(beside) })
    }

    /// Moves a path out of the way and deletes it, slowly, while other work goes on.
    pub(crate) fn discard(&self, path: &Path) -> Result<()> {
        // Whatever is not deleted when the process ends is deleted by the next command.
        let removal =
            shelf::trash(&self.state.trash()).remove(path).map_err(|error| Error::io("remove", path, &error))?;
        drop(removal);
        Ok(())
    }

    /// Takes the locks of the environment and of all its databases, in name order, then finishes what a former run
    /// left half-done and sweeps away what it left lying.
    ///
    /// # Errors
    ///
    /// Exit 5 if somebody else holds a lock for longer than the time allowed, naming who.
    pub async fn hold(&self) -> Result<Held> {
        files::make_folder(self.state.folder())?;
        let environment = self.lock_environment().await?;
        let mut databases = Vec::new();
        for database in &self.databases {
            databases.push(self.lock_database(database).await?);
        }
        let left = [&environment].into_iter().chain(&databases).find_map(|lock| lock.left_behind().cloned());
        if let Some(holder) = left {
            self.warn(format!("the run before this one did not end well: {holder}"));
        }
        let locks = Arc::new(Locks { databases, _environment: environment });
        *self.locks.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&locks);
        self.refuse_foreign().await?;
        seed::wait_until_over(self).await?;
        let finished = self.repair().await?;
        Ok(Held { _locks: locks, finished })
    }

    /// Refuses to go on if a server has freed one of the locks that this run holds, because somebody ended its session: then
    /// another run may be at work.
    ///
    /// # Errors
    ///
    /// `lock-lost`, exit 5.
    pub async fn still_held(&self) -> Result<()> {
        let locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        let Some(locks) = locks else { return Ok(()) };
        for (database, lock) in self.databases.iter().zip(&locks.databases) {
            lock.still_held().await.map_err(|error| {
                let message = format!("the lock of database `{}` was lost: {}", database.name, error.message);
                Error::new(Kind::Locked, "lock-lost", message)
                    .hint("another run may have begun meanwhile; this one has stopped before its next step")
                    .hint("run the command again")
            })?;
        }
        Ok(())
    }

    /// Refuses databases that another project or environment works on, before anything of theirs is taken for a leftover.
    async fn refuse_foreign(&self) -> Result<()> {
        for database in &self.databases {
            if database.server.exists(&database.place).await? {
                let rows = match database.server.open(&database.place, Access::Read).await {
                    Ok(mut session) => {
                        let rows = crate::ledger::read(session.as_mut()).await;
                        session.close().await?;
                        rows
                    }
                    Err(error) => Err(Error::from(error)),
                };
                match rows {
                    // Only what needs no word of it can go on: that which replaces it.
                    Err(error) if error.is_damage() => {
                        self.warn(format!("database `{}`: {error}; whose it is cannot be read", database.name));
                    }
                    rows => crate::ledger::refuse_foreign(&rows?, self, &database.name)?,
                }
            }
        }
        Ok(())
    }

    async fn lock_environment(&self) -> Result<Box<dyn Lock>> {
        let mut on_wait = |holder: Option<&Holder>| self.waiting("the environment", holder);
        let request = self.request(&mut on_wait);
        Ok(lock_file(&self.state.lock(), self.state.folder(), request).await?)
    }

    async fn lock_database(&self, database: &Database) -> Result<Box<dyn Lock>> {
        let name = format!("database `{}`", database.name);
        let mut on_wait = |holder: Option<&Holder>| self.waiting(&name, holder);
        let request = self.request(&mut on_wait);
        Ok(database.server.lock(&database.place, request).await?)
    }

    fn waiting(&self, what: &str, holder: Option<&Holder>) {
        let who = holder.map_or_else(|| "another run".to_owned(), ToString::to_string);
        self.report(Event::Waiting { text: format!("waiting for {what}: {who} holds it") });
    }

    fn request<'a>(&self, on_wait: &'a mut (dyn FnMut(Option<&Holder>) + Send)) -> LockRequest<'a> {
        LockRequest { holder: self.holder(), timeout: self.lock_timeout(), on_wait }
    }

    /// This process, as others who wait for its locks see it.
    #[must_use]
    pub fn holder(&self) -> Holder {
        self.caller.holder()
    }

    pub(crate) fn lock_timeout(&self) -> Duration {
        self.project.lock_timeout
    }

    /// Finishes an interrupted swap and removes leftovers. Only for whoever holds the locks.
    async fn repair(&self) -> Result<Option<String>> {
        let mut finished = None;
        if let Some(journal) = Journal::read(&self.state.journal())? {
            self.warn(format!("finishing `{}`, which was interrupted", journal.operation));
            journal.carry_out(self).await?;
            finished = Some(journal.operation);
        }
        self.sweep().await?;
        Ok(finished)
    }

    /// Removes what a command built and did not put in place. The error that stopped it is the one to report, so what
    /// cannot be removed now is left to the next command.
    pub(crate) async fn abandon(&self) {
        let _left = self.sweep().await;
    }

    /// Refuses in a protected environment.
    ///
    /// # Errors
    ///
    /// Exit 4; `--yes` does not help.
    pub fn refuse_protected(&self, command: &str) -> Result<()> {
        if !self.project.protected {
            return Ok(());
        }
        let message = format!("environment `{}` is protected: `{command}` is refused there", self.project.environment);
        Err(Error::refused("protected", message)
            .hint("`protected` is set in the environment's project file; consents do not change it"))
    }

    /// Refuses to seed where seeding is not allowed.
    ///
    /// # Errors
    ///
    /// Exit 4 in a protected environment.
    pub fn refuse_seeding(&self) -> Result<()> {
        self.refuse_protected("seed")
    }

    /// A place for people: relative to the project where it lies inside.
    #[must_use]
    pub fn shown(&self, place: &Place) -> String {
        let path = Path::new(&place.0);
        path.strip_prefix(&self.project.folder).unwrap_or(path).display().to_string()
    }

    pub(crate) async fn sweep(&self) -> Result<()> {
        let needed = undo::kept_places(&self.state, None)?;
        for database in &self.databases {
            let leftovers = database.server.bulk().leftovers(&database.place).await?;
            for place in leftovers.iter().filter(|place| !needed.contains(place)) {
                database.server.remove(place).await?;
            }
        }
        files::remove(&self.state.build())?;
        files::remove_unfinished(self.state.folder())?;
        undo::sweep(self).await?;
        self.sweep_storage()?;
        self.shelf().recover()?;
        shelf::tidy_kept(self)?;
        self.sweep_indexes().await?;
        shelf::trash(&self.state.trash()).empty().map_err(|error| Error::io("empty", &self.state.trash(), &error))
    }

    /// Leaves that were built or kept beside the storage because it lies on a file system of its own.
    fn sweep_storage(&self) -> Result<()> {
        let Some(storage) = &self.project.storage else { return Ok(()) };
        let points = undo::list(&self.state)?;
        let kept: Vec<PathBuf> =
            points.into_iter().flat_map(|point| point.leaves).filter_map(|leaf| leaf.kept).collect();
        let owner = self.owner();
        for path in files::entries(&storage.path)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let ours = [".stead-new-", ".stead-kept-"].iter().any(|kind| name.starts_with(&format!("{kind}{owner}-")));
            if ours && !kept.iter().any(|kept| kept.starts_with(&path)) {
                // On a file system of its own it cannot be moved to the trash first, and this process may end soon.
                files::remove(&path)?;
            }
        }
        Ok(())
    }

    /// Removes indexes that neither answer nor belong to an undo point. One that left the project stays until somebody drops it,
    /// as its database does.
    pub(crate) async fn sweep_indexes(&self) -> Result<()> {
        let strange = self.strange_indexes().await?;
        for name in self.project.indexes.keys().chain(&strange) {
            let keep = undo::kept_indexes(&self.state, name)?;
            // An index on a server that is not built into this program is not ours to sweep.
            if let Ok(engine) = self.search_engine_of_any(name) {
                engine.clean(name, &keep).await?;
            }
        }
        Ok(())
    }

    /// For commands that only read: work that a former run left half-done is reported, not repaired.
    ///
    /// # Errors
    ///
    /// A journal that cannot be read.
    pub fn interrupted(&self) -> Result<Option<String>> {
        // A journal under a lock that is held is work that goes on, not work that was cut off.
        if is_held(&self.state.lock()) {
            return Ok(None);
        }
        Ok(Journal::read(&self.state.journal())?.map(|journal| journal.operation))
    }
}

fn device(path: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|metadata| metadata.dev())
}

/// A name that the project does not have, with the nearest one and all there are.
pub(crate) fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let known: Vec<&str> = known.collect();
    let nearest = known.iter().map(|other| (strsim::damerau_levenshtein(name, other), *other)).min();
    let error = Error::usage(format!("unknown-{what}"), format!("there is no {what} `{name}` in this project"));
    let error = match nearest {
        Some((distance, other)) if distance <= 3 => error.hint(format!("did you mean `{other}`?")),
        _ => error,
    };
    if known.is_empty() {
        return error.hint(format!("the project declares no {what}"));
    }
    error.hint(format!("there are: {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")))
}
