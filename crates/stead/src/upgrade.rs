//! Upgrading: the plan comes from the graph and the ledgers, each revision runs in one transaction where the engine can do
//! that, and leaves its ledger row in the same transaction; the last ones of a run leave the schema they made too. Elsewhere it
//! runs statement by statement, each recorded, so that a broken run goes on at the exact statement.

use std::time::Instant;

use serde::Serialize;
use stead_engine::{Access, Session, TransactionKind};
use stead_revision::file::{Section, TransactionMode};
use stead_revision::graph::Node;
use stead_revision::plan::{self, Action, Edited, Goal, Plan, PlanError, Resume, Situation, Step, Target};
use stead_revision::{Applied, LedgerRow, LedgerState};
use stead_schema::EngineKind;
use stead_sql::split::{Statement, split};

use crate::environment::{Database, Environment};
use crate::error::{Error, Kind, Label, Result};
use crate::journal::passed;
use crate::patience::{LOCK_TIMEOUT, Patience, WAIT};
use crate::revisions::{Loaded, Revisions};
use crate::{clock, ledger};

mod steps;

pub(crate) use steps::carry_out;

/// What to upgrade and how far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpgradeOptions {
    /// The revision to go to; the head if absent. Needs one app.
    pub target: Option<String>,
    /// Only that app, and what it depends on.
    pub app: Option<String>,
    /// Only that database.
    pub database: Option<String>,
}

/// One step that was taken, or would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// What is done: `apply`, `take back`, `record` or `forget`.
    pub action: &'static str,
    /// The app.
    pub app: String,
    /// The database.
    pub database: String,
    /// The revision's id.
    pub revision: String,
    /// The stem of its file name; empty if no file is it.
    pub name: String,
    /// The first line of its message.
    pub title: String,
}

impl std::fmt::Display for Taken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { action, app, database, revision, name, .. } = self;
        if name.is_empty() {
            return write!(formatter, "{action} revision {revision} of {app} on {database}");
        }
        write!(formatter, "{action} {app}/{name} ({revision}) on {database}")
    }
}

/// What an upgrade would do.
///
/// # Errors
///
/// As [`upgrade`], as far as it can be known beforehand.
pub async fn plan(environment: &Environment, options: &UpgradeOptions) -> Result<Vec<Taken>> {
    let revisions = Revisions::read(&environment.project)?;
    let plan = make_plan(environment, &environment.databases, &revisions, options).await?;
    refuse_edited(&plan.edited, environment.consents.edited)?;
    Ok(plan.steps.iter().map(|step| taken(&revisions, step)).collect())
}

/// Applies what is pending.
///
/// # Errors
///
/// Two heads, an edited or unknown revision, or the first revision that fails, which leaves the ones before it.
pub async fn upgrade(environment: &Environment, options: &UpgradeOptions) -> Result<Vec<Taken>> {
    let _held = environment.hold().await?;
    upgrade_databases(environment, &environment.databases, options).await
}

/// Applies what is pending on these databases, which may be copies under construction. The caller holds the locks.
///
/// # Errors
///
/// As [`upgrade`].
pub async fn upgrade_databases(
    environment: &Environment,
    databases: &[Database],
    options: &UpgradeOptions,
) -> Result<Vec<Taken>> {
    let revisions = Revisions::read(&environment.project)?;
    let plan = make_plan(environment, databases, &revisions, options).await?;
    refuse_edited(&plan.edited, environment.consents.edited)?;
    warn_of_drift(environment, databases, &plan.steps).await?;
    carry_out(environment, databases, &revisions, &plan.steps).await
}

pub(crate) fn database_of<'a>(databases: &'a [Database], name: &str) -> Result<&'a Database> {
    let found = databases.iter().find(|database| database.name == name);
    found.ok_or_else(|| Error::bug(format!("no database `{name}` was opened")))
}

pub(crate) fn taken(revisions: &Revisions, step: &Step) -> Taken {
    let node = revisions.graph.node(&step.target.app, step.id.as_str());
    let action = match step.action {
        Action::Up { .. } => "apply",
        Action::Down { .. } => "take back",
        Action::Record { .. } => "record",
        Action::Forget => "forget",
    };
    Taken {
        action,
        app: step.target.app.clone(),
        database: step.target.database.clone(),
        revision: step.id.to_string(),
        name: node.map(Node::stem).unwrap_or_default(),
        title: node.map(|node| node.title().to_owned()).unwrap_or_default(),
    }
}

async fn make_plan(
    environment: &Environment,
    databases: &[Database],
    revisions: &Revisions,
    options: &UpgradeOptions,
) -> Result<Plan> {
    let goals = goals(environment, databases, revisions, options)?;
    let mut situation = situation(environment, databases, options.database.as_deref()).await?;
    if let Some(only) = &options.database {
        databases.iter().filter(|database| database.name != *only).for_each(|other| situation.exclude(&other.name));
    }
    Ok(plan::upgrade(&revisions.graph, &situation, &goals)?)
}

fn goals(
    environment: &Environment,
    databases: &[Database],
    revisions: &Revisions,
    options: &UpgradeOptions,
) -> Result<Vec<Goal>> {
    if let Some(only) = &options.database {
        environment.database(only)?;
    }
    let project = &environment.project;
    let app = match (&options.app, &options.target) {
        (None, None) => None,
        (app, _) => Some(crate::revision::choose_app(project, app.as_deref())?),
    };
    let to = options.target.clone().unwrap_or_else(|| "head".to_owned());
    let chosen = project.targets().into_iter().filter(|target| {
        let has_revisions = revisions.graph.apps().contains(&target.app.as_str());
        has_revisions
            && databases.iter().any(|database| database.name == target.database)
            && app.as_ref().is_none_or(|app| target.app == *app)
            && options.database.as_ref().is_none_or(|only| target.database == *only)
    });
    Ok(chosen
        .map(|target| Goal { target: Target { database: target.database, app: target.app }, to: to.clone() })
        .collect())
}

/// What the ledgers say. A database that is missing is refused, unless only another one is asked for.
pub(crate) async fn situation(
    environment: &Environment,
    databases: &[Database],
    only: Option<&str>,
) -> Result<Situation> {
    let mut situation = Situation::new();
    for database in databases {
        let needed = only.is_none_or(|only| database.name == only);
        if !needed && !database.server.exists(&database.place).await? {
            continue;
        }
        let mut session = database.open(Access::Read).await?;
        let rows = ledger::read(session.as_mut())
            .await
            .map_err(|error| error.context(format!("database `{}`", database.name)))?;
        session.close().await?;
        ledger::refuse_foreign(&rows, environment, &database.name)?;
        add_ledger(&mut situation, environment, &database.name, &rows);
    }
    Ok(situation)
}

/// Adds what the ledger of one database says about each app that belongs there.
pub(crate) fn add_ledger(situation: &mut Situation, environment: &Environment, database: &str, rows: &[LedgerRow]) {
    for app in environment.project.apps_on(database) {
        situation.insert(database, Applied::new(&app, rows.iter().cloned()));
    }
}

/// The schema that a revision leaves is what `check` compares with from then on, so a difference that is there already is
/// said before it is taken over. Where a revision stopped half-way, what it did so far cannot be told from such a difference.
async fn warn_of_drift(environment: &Environment, databases: &[Database], steps: &[Step]) -> Result<()> {
    let resumes = |step: &Step| matches!(step.action, Action::Up { resume: Some(_) });
    let concerned = databases.iter().filter(|database| {
        let mut steps = steps.iter().filter(|step| step.target.database == database.name).peekable();
        steps.peek().is_some() && !steps.any(resumes)
    });
    for database in concerned {
        let mut session = database.open(Access::Read).await?;
        let stored = ledger::stored_schema(session.as_mut()).await?;
        let differences = match stored {
            Some(stored) => database.differences(&session.inspect().await?, &stored.schema),
            None => Vec::new(),
        };
        session.close().await?;
        for difference in differences.iter().take(10) {
            let name = &database.name;
            environment
                .warn(format!("database `{name}` is not what its revisions left, and is taken as it is: {difference}"));
        }
    }
    Ok(())
}

fn refuse_edited(edited: &[Edited], allowed: bool) -> Result<()> {
    if allowed || edited.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = edited.iter().map(|edited| format!("{} (`{}`)", edited.id, edited.path)).collect();
    let message = format!("edited after it was applied: {}", list.join(", "));
    Err(Error::refused("revision-edited", message)
        .hint("bring the file back to what was applied and put the change into a new revision")
        .hint("or go on as it is: `--allow edited`"))
}

/// What a step needs to know besides itself.
pub(crate) struct Course<'a> {
    environment: &'a Environment,
    pub(crate) revisions: &'a Revisions,
    /// Schema changes take part in transactions on this engine.
    pub(crate) transactional: bool,
    /// This is the database itself and no copy, which is thrown away if a revision fails.
    live: bool,
    /// The step leaves the schema that it made beside the ledger; else a later step of the same run does.
    pub(crate) looks: bool,
}

impl Course<'_> {
    /// Takes a step, again and again while others hold locks that it needs, on engines where it then leaves nothing of itself.
    async fn take(&self, session: &mut dyn Session, step: &Step, row: Option<&LedgerRow>) -> Result<()> {
        let limited = self.is_whole(step)? && session.limit_lock_waits(WAIT).await?;
        let mut patience = Patience::new(self.environment.lock_timeout());
        loop {
            match self.take_once(session, step, row).await {
                Err(error) if limited && error.code == LOCK_TIMEOUT => {
                    patience.wait(self.environment, session, error).await?;
                }
                taken => return taken,
            }
        }
    }

    /// Whether the step runs people's statements, all in one transaction.
    fn is_whole(&self, step: &Step) -> Result<bool> {
        Ok(self.transactional
            && match &step.action {
                Action::Up { .. } | Action::Down { script: None } => {
                    let loaded = self.revisions.loaded(node_of(self.revisions, step)?)?;
                    loaded.file.transaction == TransactionMode::One
                }
                Action::Down { script: Some(_) } => true,
                Action::Record { .. } | Action::Forget => false,
            })
    }

    async fn take_once(&self, session: &mut dyn Session, step: &Step, row: Option<&LedgerRow>) -> Result<()> {
        match &step.action {
            Action::Up { resume } => self.up(session, step, resume.as_ref()).await,
            Action::Down { script } => {
                let script = script.as_deref();
                crate::downgrade::down(self, session, step, script, row).await
            }
            Action::Record { state } => self.record(session, step, *state).await,
            Action::Forget => self.forget(session, step).await,
        }
    }

    async fn up(&self, session: &mut dyn Session, step: &Step, resume: Option<&Resume>) -> Result<()> {
        let node = node_of(self.revisions, step)?;
        let loaded = self.revisions.loaded(node)?;
        let script = Script::up(loaded, session.kind())?;
        let mut row = row(self.environment, node, loaded, session.kind());
        row.statements_total = script.statements.len() as u64;
        if self.is_whole(step)? {
            return script.in_one_transaction(session, row, self.looks).await;
        }
        script.step_by_step(session, row, resume, self).await
    }

    async fn record(&self, session: &mut dyn Session, step: &Step, state: LedgerState) -> Result<()> {
        let node = node_of(self.revisions, step)?;
        let loaded = self.revisions.loaded(node)?;
        let row = LedgerRow { state, ..row(self.environment, node, loaded, session.kind()) };
        session.begin(TransactionKind::Write).await?;
        ledger::put(session, &row).await?;
        ledger::leave_schema(session, self.looks).await?;
        Ok(session.commit().await?)
    }

    async fn forget(&self, session: &mut dyn Session, step: &Step) -> Result<()> {
        session.begin(TransactionKind::Write).await?;
        ledger::remove(session, &step.target.app, step.id.as_str()).await?;
        ledger::leave_schema(session, self.looks).await?;
        Ok(session.commit().await?)
    }
}

/// A revision with its file and its place in the graph.
pub(crate) fn node_of<'a>(revisions: &'a Revisions, step: &Step) -> Result<&'a Node> {
    let node = revisions.graph.node(&step.target.app, step.id.as_str());
    node.ok_or_else(|| Error::bug(format!("a step for revision {}, which no file is", step.id)))
}

/// Runs the up section of a revision on a scratch database, which has no ledger.
pub(crate) async fn rehearse(session: &mut dyn Session, loaded: &Loaded) -> Result<()> {
    let script = Script::up(loaded, session.kind())?;
    let one = loaded.file.transaction == TransactionMode::One;
    if one {
        session.begin(TransactionKind::Schema).await?;
    }
    for statement in &script.statements {
        if let Err(error) = session.execute(&statement.text, &[]).await {
            return Err(script.located(error, statement));
        }
    }
    session.restore_settings().await?;
    if one {
        session.commit().await?;
    }
    Ok(())
}

/// The statements of one section of a revision file.
pub(crate) struct Script<'a> {
    loaded: &'a Loaded,
    section: &'a Section,
    pub(crate) statements: Vec<Statement>,
}

impl<'a> Script<'a> {
    fn up(loaded: &'a Loaded, kind: EngineKind) -> Result<Self> {
        let section = loaded.file.up(kind).ok_or_else(|| missing_section(loaded, "up", kind))?;
        Self::new(loaded, section, kind)
    }

    /// Splits a section into its statements.
    pub(crate) fn new(loaded: &'a Loaded, section: &'a Section, kind: EngineKind) -> Result<Self> {
        let statements = split(&section.text, kind).map_err(|error| {
            let place = section.place(error.position());
            let error = error.at(place);
            let at = label(loaded, place.offset, place.offset);
            Error::usage(error.code(), error.to_string()).with_hints(error.hints()).label(at)
        })?;
        let script = Self { loaded, section, statements };
        if loaded.file.transaction == TransactionMode::One {
            script.refuse_transaction_control(kind)?;
        }
        Ok(script)
    }

    fn refuse_transaction_control(&self, kind: EngineKind) -> Result<()> {
        let Some(statement) = self.statements.iter().find(|statement| statement.controls_transaction(kind)) else {
            return Ok(());
        };
        let message = format!("a revision runs in one transaction, so it cannot say `{}`", first_line(&statement.text));
        Err(Error::usage("transaction-control", message)
            .label(self.whole(statement))
            .hint("leave the statement out, or add the header line `-- transaction: none`"))
    }

    fn whole(&self, statement: &Statement) -> Label {
        let start = self.section.place(statement.position).offset;
        label(self.loaded, start, start + first_line(&statement.text).len())
    }

    /// An engine's error, pointing at the statement in the revision file.
    pub(crate) fn located(&self, error: stead_engine::EngineError, statement: &Statement) -> Error {
        let start = self.section.place(statement.position).offset;
        let place = match error.offset {
            Some(offset) => label(self.loaded, start + offset, start + offset),
            None => self.whole(statement),
        };
        let failed = Error::from(error);
        // What an engine says about a statement is no outage, whatever its class is elsewhere.
        let kind = if failed.kind == Kind::Unreachable { Kind::Failed } else { failed.kind };
        Error { kind, ..failed }.label(place)
    }

    async fn in_one_transaction(&self, session: &mut dyn Session, row: LedgerRow, looks: bool) -> Result<()> {
        let began = Instant::now();
        session.begin(TransactionKind::Schema).await?;
        match self.inside(session, row, began, looks).await {
            Ok(()) => {
                passed("upgrade.before-commit")?;
                self.commit(session).await
            }
            Err(error) => {
                session.rollback().await?;
                Err(error)
            }
        }
    }

    pub(crate) async fn commit(&self, session: &mut dyn Session) -> Result<()> {
        if let Err(error) = session.commit().await {
            session.rollback().await?;
            return Err(Error::from(error.context(format!("`{}`", self.loaded.path.display()))));
        }
        Ok(())
    }

    async fn inside(&self, session: &mut dyn Session, mut row: LedgerRow, began: Instant, looks: bool) -> Result<()> {
        for statement in &self.statements {
            if let Err(error) = session.execute(&statement.text, &[]).await {
                return Err(self.located(error, statement));
            }
            passed("upgrade.statement")?;
        }
        session.restore_settings().await?;
        row.state = LedgerState::Done;
        row.statements_done = row.statements_total;
        row.took_ms = Some(milliseconds(began));
        ledger::put(session, &row).await?;
        ledger::leave_schema(session, looks).await
    }

    /// Runs without a transaction; after each statement the ledger says how far it came.
    async fn step_by_step(
        &self,
        session: &mut dyn Session,
        mut row: LedgerRow,
        resume: Option<&Resume>,
        course: &Course<'_>,
    ) -> Result<()> {
        let began = Instant::now();
        let first = self.first(resume)?;
        row.state = LedgerState::Running;
        row.statements_done = first as u64;
        row.last_statement_hash = first.checked_sub(1).map(|last| hash(&self.statements[last]));
        ledger::put(session, &row).await?;
        for statement in &self.statements[first..] {
            if let Err(error) = session.execute(&statement.text, &[]).await {
                if !course.live {
                    return Err(self.located(error, statement));
                }
                return Err(self.failed(session, row, error, statement).await);
            }
            row.statements_done += 1;
            row.last_statement_hash = Some(hash(statement));
            ledger::put(session, &row).await?;
            passed("upgrade.statement")?;
        }
        session.restore_settings().await?;
        row.state = LedgerState::Done;
        row.error = None;
        row.took_ms = Some(milliseconds(began));
        passed("upgrade.before-done")?;
        // The row and the schema it left belong together, also where the statements before them did not.
        session.begin(TransactionKind::Write).await?;
        ledger::put(session, &row).await?;
        ledger::leave_schema(session, course.looks).await?;
        Ok(session.commit().await?)
    }

    async fn failed(
        &self,
        session: &mut dyn Session,
        mut row: LedgerRow,
        error: stead_engine::EngineError,
        statement: &Statement,
    ) -> Error {
        row.state = LedgerState::Failed;
        row.error = Some(error.to_string());
        // If the ledger cannot be written either, the row stays `running`, which says the same.
        let _unwritten = ledger::put(session, &row).await;
        let done = row.statements_done;
        let error = self.located(error, statement);
        if done == 0 {
            return error;
        }
        Error { kind: Kind::HalfWay, ..error }.hint(format!(
            "{done} of {} statements are done and stay; mend this one, then `stead upgrade` goes on with it",
            row.statements_total
        ))
    }

    /// The statement to go on with, if the ones before it are still the same.
    fn first(&self, resume: Option<&Resume>) -> Result<usize> {
        let Some(resume) = resume else { return Ok(0) };
        let first = usize::try_from(resume.statements_done).unwrap_or(usize::MAX);
        let same = match first.checked_sub(1) {
            None => true,
            Some(last) => self.statements.get(last).map(hash) == resume.last_statement_hash,
        };
        if same {
            return Ok(first.min(self.statements.len()));
        }
        let message = format!(
            "the {first} statements that are done are not the first {first} of `{}` any more",
            self.loaded.path.display()
        );
        Err(Error::refused("revision-edited", message)
            .hint("bring those statements back as they were; only the ones after them may be changed"))
    }
}

/// The name of a statement in a ledger row.
pub(crate) fn hash(statement: &Statement) -> String {
    blake3::hash(statement.text.as_bytes()).to_hex().to_string()
}

fn milliseconds(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn label(loaded: &Loaded, start: usize, end: usize) -> Label {
    Label { file: loaded.path.clone(), source: loaded.text.clone(), span: start..end, text: String::new() }
}

/// A revision that says nothing for this engine.
pub(crate) fn missing_section(loaded: &Loaded, section: &str, kind: EngineKind) -> Error {
    let message = format!("`{}` has no `-- {section}` section for {kind}", loaded.path.display());
    Error::usage("section-missing", message).hint(format!("add `-- {section}`, or `-- {section}: {}`", kind.word()))
}

/// The ledger row of a revision that is about to run.
fn row(environment: &Environment, node: &Node, loaded: &Loaded, kind: EngineKind) -> LedgerRow {
    LedgerRow {
        app: node.app.clone(),
        revision: node.id.clone(),
        title: node.title().to_owned(),
        slug: node.slug.clone(),
        number: node.number,
        parents: node.parents.clone(),
        depends: node.depends.clone(),
        replaces: node.replaces.clone(),
        checksum: loaded.checksum.clone(),
        state: LedgerState::Running,
        statements_done: 0,
        statements_total: 0,
        last_statement_hash: None,
        applied_by: format!("{}@{}", environment.caller.user, environment.caller.host),
        started_at: clock::now(),
        took_ms: None,
        error: None,
        down_script: loaded.file.down(kind).map(|section| section.text.clone()),
        project: environment.project.name.clone(),
        environment: environment.project.environment.clone(),
        tool_version: crate::VERSION.to_owned(),
        sequence: 0,
    }
}

impl From<PlanError> for Error {
    fn from(error: PlanError) -> Self {
        let kind = match &error {
            PlanError::UnknownRevision { .. } => Kind::Difference,
            PlanError::Unfinished { .. } => Kind::HalfWay,
            PlanError::Excluded { .. } => Kind::Refused,
            PlanError::Reference(_) | PlanError::UnknownTarget { .. } => Kind::Usage,
            _ => Kind::Failed,
        };
        Self::new(kind, error.code(), error.to_string()).with_hints(error.hints())
    }
}
