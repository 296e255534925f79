//! `[seed]`: the ordered steps that fill a fresh database. A step is a SQL file, a CSV file or a program, never two of
//! them, so that a failing step can be named by what it does.

use std::path::PathBuf;

use stead_schema::EngineKind;

use super::app::command_line;
use super::error::Problem;
use super::origin::Origin;
use super::reading::Section;
use super::secret::CommandLine;

/// One step of the seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedStep {
    /// What it does.
    pub action: SeedAction,
    /// The database it fills.
    pub database: String,
    /// The engines it is for; empty means all.
    pub engines: Vec<EngineKind>,
    /// Where it is stated.
    pub origin: Origin,
}

impl SeedStep {
    /// Whether the step is for databases of `engine`.
    #[must_use]
    pub fn is_for(&self, engine: EngineKind) -> bool {
        self.engines.is_empty() || self.engines.contains(&engine)
    }
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeedAction {
    /// Runs a SQL file.
    Sql {
        /// The file.
        file: PathBuf,
    },
    /// Loads a CSV file with a header.
    Csv {
        /// The file.
        file: PathBuf,
        /// The table it fills.
        table: String,
        /// The field that stands for NULL.
        null: String,
        /// What stands between fields: one ASCII character.
        delimiter: u8,
    },
    /// Runs a program, without a shell, in the project's folder.
    Run {
        /// The program and its arguments.
        command: CommandLine,
    },
}

const KINDS: [&str; 3] = ["sql", "csv", "run"];
const CSV_KEYS: [&str; 3] = ["table", "null", "delimiter"];

/// Reads `[seed]`.
pub(super) fn read(root: &Section<'_>) -> Vec<SeedStep> {
    let Some(seed) = root.section("seed") else { return Vec::new() };
    let steps = seed.sections("steps").into_iter().filter_map(read_step).collect();
    seed.finish();
    steps
}

fn read_step(section: Section<'_>) -> Option<SeedStep> {
    let engines = engines(&section);
    let database = section.database("database");
    let action = read_action(&section);
    let origin = section.origin.clone();
    section.finish();
    Some(SeedStep { action: action?, database: database?, engines: engines?, origin })
}

fn read_action(section: &Section<'_>) -> Option<SeedAction> {
    let found: Vec<String> = KINDS.iter().filter(|kind| section.has(kind)).map(|kind| (*kind).to_owned()).collect();
    let (sql, csv, run) = (section.path("sql"), section.path("csv"), command_line(section, "run"));
    for key in CSV_KEYS {
        section.take(key);
    }
    match found.as_slice() {
        [kind] if kind == "csv" => read_csv(section, csv),
        [kind] => {
            refuse_csv_keys(section, kind)?;
            sql.map(|file| SeedAction::Sql { file }).or_else(|| Some(SeedAction::Run { command: run? }))
        }
        _ => {
            if section.is_table() {
                section.fail(Problem::SeedKind { path: section.path.to_string(), found }, section.origin);
            }
            None
        }
    }
}

fn read_csv(section: &Section<'_>, file: Option<PathBuf>) -> Option<SeedAction> {
    let table = section.required_string("table", "name the table that the CSV file fills");
    let null = section.string_or("null", "\\N");
    let delimiter = delimiter(section);
    Some(SeedAction::Csv { file: file?, table: table?.text, null, delimiter: delimiter? })
}

/// A table named beside `sql` or `run` says that somebody expects what will not happen.
fn refuse_csv_keys(section: &Section<'_>, kind: &str) -> Option<()> {
    let stray: Vec<&str> = CSV_KEYS.into_iter().filter(|key| section.has(key)).collect();
    for key in &stray {
        let reason = format!("belongs to a `csv` step, and this one is `{kind}`");
        let path = section.path.key(key).to_string();
        section.fail(Problem::InvalidValue { path, reason, advice: format!("leave `{key}` out") }, section.origin);
    }
    stray.is_empty().then_some(())
}

fn delimiter(section: &Section<'_>) -> Option<u8> {
    let Some(stated) = section.string("delimiter") else {
        return section.string_or("delimiter", ",").bytes().next().filter(|_| !section.has("delimiter"));
    };
    match stated.text.as_bytes() {
        [byte] if byte.is_ascii() && !b"\"\r\n\0".contains(byte) => Some(*byte),
        _ => {
            section.invalid(&stated, "is not one character that can stand between fields", "write `,`, `;` or `\\t`");
            None
        }
    }
}

fn engines(section: &Section<'_>) -> Option<Vec<EngineKind>> {
    let Some(stated) = section.strings("engines") else { return (!section.has("engines")).then(Vec::new) };
    if stated.is_empty() && section.has("engines") {
        let path = section.path.key("engines").to_string();
        let (reason, advice) =
            ("is empty, so the step would never run".to_owned(), "leave it out for all engines".to_owned());
        section.fail(Problem::InvalidValue { path, reason, advice }, section.origin);
        return None;
    }
    let words = EngineKind::ALL.map(|kind| (kind.word(), kind));
    stated.iter().map(|stated| section.choice(stated, &words)).collect()
}
