//! Typed reading of the tree: a section hands out its keys, notes what is wrong with them and, at the end, which keys
//! nobody asked for. Errors are collected and reading goes on, so that one run shows everything there is to mend.

use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::{Problem, ProjectError};
use super::files;
use super::nearest::nearest;
use super::origin::Origin;
use super::path::{self, SettingPath};
use super::quantity;
use super::value::{Kind, Table, Value};

/// What the sections of one project share: its folder, the errors so far, and the defaults that took effect.
pub(super) struct Reading<'a> {
    pub(super) folder: &'a Path,
    pub(super) databases: Vec<String>,
    pub(super) apps: Vec<String>,
    errors: RefCell<Vec<ProjectError>>,
    defaults: RefCell<Vec<(SettingPath, serde_json::Value)>>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(folder: &'a Path, tree: &Value) -> Self {
        let names = |section: &str| {
            let table = tree.get(&[section]).and_then(Value::as_table);
            table.map_or_else(Vec::new, |table| table.0.keys().cloned().collect())
        };
        let (databases, apps) = (names("databases"), names("apps"));
        Self { folder, databases, apps, errors: RefCell::default(), defaults: RefCell::default() }
    }

    pub(super) fn fail(&self, problem: Problem, origin: &Origin) {
        self.errors.borrow_mut().push(ProjectError::new(problem, origin));
    }

    pub(super) fn note_default(&self, path: SettingPath, value: impl Into<serde_json::Value>) {
        self.defaults.borrow_mut().push((path, value.into()));
    }

    /// A path from a file, against that file's folder; any other against the project's.
    pub(super) fn resolve(&self, text: &str, origin: &Origin) -> PathBuf {
        let base = origin.file().and_then(Path::parent).unwrap_or(self.folder);
        files::normal(&base.join(text))
    }

    pub(super) fn shown(&self, file: &Path) -> String {
        files::shown(file, self.folder)
    }

    pub(super) fn into_parts(self) -> (Vec<ProjectError>, Vec<(SettingPath, serde_json::Value)>) {
        (self.errors.into_inner(), self.defaults.into_inner())
    }
}

/// A text with its place.
pub(super) struct Stated<'a> {
    pub(super) path: SettingPath,
    pub(super) text: String,
    /// The text as messages may show it.
    pub(super) word: String,
    pub(super) origin: &'a Origin,
}

/// One table being read.
pub(super) struct Section<'a> {
    pub(super) reading: &'a Reading<'a>,
    pub(super) path: SettingPath,
    pub(super) origin: &'a Origin,
    table: Option<&'a Table>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    /// The table `value`; anything else is an error, and reads as an empty table.
    pub(super) fn new(reading: &'a Reading<'a>, path: SettingPath, value: &'a Value) -> Self {
        let section = Self { reading, path, origin: &value.origin, table: value.as_table(), asked: RefCell::default() };
        if section.table.is_none() {
            section.wrong_type(section.path.clone(), "a table", value);
        }
        section
    }

    /// Whether there was a table at all; without one, missing keys are not worth a word.
    pub(super) fn is_table(&self) -> bool {
        self.table.is_some()
    }

    /// The value of a key, which counts as known from then on.
    pub(super) fn take(&self, key: &'static str) -> Option<&'a Value> {
        self.asked.borrow_mut().push(key);
        let value = &self.table?.0.get(key)?.value;
        Some(value)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.0.contains_key(key))
    }

    pub(super) fn fail(&self, problem: Problem, origin: &Origin) {
        self.reading.fail(problem, origin);
    }

    fn wrong_type(&self, path: SettingPath, expected: &str, value: &Value) {
        if !matches!(value.kind, Kind::Broken) {
            let found = value.described().to_owned();
            let problem = Problem::WrongType { path: path.to_string(), expected: expected.to_owned(), found };
            self.fail(problem, &value.origin);
        }
    }

    /// Notes that `stated` means nothing, for `reason`.
    pub(super) fn invalid(&self, stated: &Stated<'_>, reason: impl Into<String>, advice: impl Into<String>) {
        let problem =
            Problem::InvalidValue { path: stated.path.to_string(), reason: reason.into(), advice: advice.into() };
        self.fail(problem, stated.origin);
    }

    /// Notes that a key is missing, unless its section is no table in the first place.
    pub(super) fn missing(&self, key: &str, advice: impl Into<String>) {
        if self.is_table() {
            let path = self.path.key(key).to_string();
            self.fail(Problem::MissingKey { path, advice: advice.into() }, self.origin);
        }
    }

    pub(super) fn string(&self, key: &'static str) -> Option<Stated<'a>> {
        self.stated(self.path.key(key), self.take(key)?, "a string")
    }

    /// A string that must be there.
    pub(super) fn required_string(&self, key: &'static str, advice: &str) -> Option<Stated<'a>> {
        let stated = self.string(key);
        if !self.has(key) {
            self.missing(key, advice);
        }
        stated
    }

    /// A string, or `default` where nothing is said.
    pub(super) fn string_or(&self, key: &'static str, default: &str) -> String {
        let stated = self.string(key);
        if !self.has(key) {
            self.note_default(key, default);
        }
        stated.map_or_else(|| default.to_owned(), |stated| stated.text)
    }

    /// Notes the value that is in effect because the key is absent.
    pub(super) fn note_default(&self, key: &str, default: impl Into<serde_json::Value>) {
        if self.is_table() {
            self.reading.note_default(self.path.key(key), default);
        }
    }

    /// A string at `path`, where messages call what is `expected` by a better name.
    pub(super) fn stated(&self, path: SettingPath, value: &'a Value, expected: &str) -> Option<Stated<'a>> {
        let Some(text) = plain_text(value) else {
            self.wrong_type(path, expected, value);
            return None;
        };
        let word = match &value.kind {
            _ if value.secret => super::mask::MASK.to_owned(),
            Kind::String(text) => path::word(&text.written()),
            _ => path::word(&text),
        };
        Some(Stated { path, text, word, origin: &value.origin })
    }

    pub(super) fn boolean(&self, key: &'static str) -> Option<bool> {
        let value = self.take(key)?;
        match &value.kind {
            Kind::Boolean(truth) => Some(*truth),
            _ => {
                self.wrong_type(self.path.key(key), "a boolean", value);
                None
            }
        }
    }

    pub(super) fn boolean_or(&self, key: &'static str, default: bool) -> bool {
        let stated = self.boolean(key);
        if !self.has(key) {
            self.note_default(key, default);
        }
        stated.unwrap_or(default)
    }

    pub(super) fn integer(&self, key: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.take(key)?;
        match &value.kind {
            Kind::Integer(number) if range.contains(number) => Some(*number),
            Kind::Integer(_) => {
                let reason = format!("must be between {} and {}", range.start(), range.end());
                let path = self.path.key(key).to_string();
                self.fail(Problem::InvalidValue { path, reason, advice: String::new() }, &value.origin);
                None
            }
            _ => {
                self.wrong_type(self.path.key(key), "an integer", value);
                None
            }
        }
    }

    pub(super) fn integer_or(&self, key: &'static str, range: RangeInclusive<i64>, default: i64) -> i64 {
        let stated = self.integer(key, range);
        if !self.has(key) {
            self.note_default(key, default);
        }
        stated.unwrap_or(default)
    }

    /// A positive number, whole or not.
    pub(super) fn positive_number(&self, key: &'static str) -> Option<f32> {
        let value = self.take(key)?;
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "a weight needs no more digits"
        )]
        let number = match &value.kind {
            Kind::Integer(number) => *number as f32,
            Kind::Float(number) => *number as f32,
            _ => {
                self.wrong_type(self.path.key(key), "a number", value);
                return None;
            }
        };
        if number.is_finite() && number > 0.0 {
            return Some(number);
        }
        let path = self.path.key(key).to_string();
        let reason = "must be a number above zero".to_owned();
        self.fail(Problem::InvalidValue { path, reason, advice: String::new() }, &value.origin);
        None
    }

    /// A path, resolved against the file that states it.
    pub(super) fn path(&self, key: &'static str) -> Option<PathBuf> {
        let stated = self.string(key)?;
        self.resolved(&stated)
    }

    pub(super) fn required_path(&self, key: &'static str, advice: &str) -> Option<PathBuf> {
        let stated = self.required_string(key, advice)?;
        self.resolved(&stated)
    }

    /// A stated path, resolved; an empty one is an error.
    pub(super) fn resolved(&self, stated: &Stated<'_>) -> Option<PathBuf> {
        if stated.text.is_empty() || stated.text.contains('\0') {
            self.invalid(stated, "is not a path", "");
            return None;
        }
        if begins_at_home(&stated.text) {
            self.invalid(stated, AT_HOME, "write `${HOME}/…`, or `./~/…` for a folder of that name");
            return None;
        }
        Some(self.reading.resolve(&stated.text, stated.origin))
    }

    /// A duration, or `default` in the same writing.
    pub(super) fn duration_or(&self, key: &'static str, default: &str) -> Duration {
        let Some(value) = self.take(key) else {
            self.note_default(key, default);
            return quantity::duration(default).expect("the default is a duration");
        };
        let stated = self.stated(self.path.key(key), value, "a duration such as \"10m\"");
        let duration = stated.and_then(|stated| {
            let refused = |(reason, advice): quantity::Refusal| self.invalid(&stated, reason, advice);
            quantity::duration(&stated.text).map_err(refused).ok()
        });
        duration.unwrap_or_default()
    }

    /// A size in bytes: a number, or a text with a unit.
    pub(super) fn size(&self, key: &'static str) -> Option<u64> {
        let value = self.take(key)?;
        let path = self.path.key(key);
        if let Kind::Integer(number) = value.kind {
            let size = u64::try_from(number);
            let problem = || Problem::InvalidValue {
                path: path.to_string(),
                reason: "is negative".into(),
                advice: String::new(),
            };
            return size.map_err(|_| self.fail(problem(), &value.origin)).ok();
        }
        let stated = self.stated(path, value, "a size such as \"20GB\"")?;
        quantity::size(&stated.text).map_err(|(reason, advice)| self.invalid(&stated, reason, advice)).ok()
    }

    /// An array of strings; nothing where the key is absent or anything in it is wrong.
    pub(super) fn strings(&self, key: &'static str) -> Option<Vec<Stated<'a>>> {
        let value = self.take(key)?;
        let path = self.path.key(key);
        let Kind::Array(values) = &value.kind else {
            self.wrong_type(path, "an array of strings", value);
            return None;
        };
        let stated: Vec<_> =
            values.iter().enumerate().map(|(at, value)| self.stated(path.index(at), value, "a string")).collect();
        stated.into_iter().collect()
    }

    /// One of several words.
    pub(super) fn choice<T: Copy>(&self, stated: &Stated<'_>, words: &[(&str, T)]) -> Option<T> {
        let found = words.iter().find(|(word, _)| *word == stated.text);
        if found.is_none() {
            let known: Vec<String> = words.iter().map(|(word, _)| (*word).to_owned()).collect();
            let nearest = nearest(&stated.text, words.iter().map(|(word, _)| *word));
            let (path, found) = (stated.path.to_string(), stated.word.clone());
            self.fail(Problem::UnknownWord { path, found, known, nearest }, stated.origin);
        }
        found.map(|(_, choice)| *choice)
    }

    pub(super) fn section(&self, key: &'static str) -> Option<Section<'a>> {
        Some(Section::new(self.reading, self.path.key(key), self.take(key)?))
    }

    /// The elements of an array of tables.
    pub(super) fn sections(&self, key: &'static str) -> Vec<Section<'a>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let path = self.path.key(key);
        let Kind::Array(values) = &value.kind else {
            self.wrong_type(path, "an array of tables", value);
            return Vec::new();
        };
        values.iter().enumerate().map(|(at, value)| Section::new(self.reading, path.index(at), value)).collect()
    }

    /// The keys of a table of free names, with their values.
    pub(super) fn entries(&self) -> Vec<(&'a str, &'a Origin, &'a Value)> {
        let entries = self.table.iter().flat_map(|table| &table.0);
        entries.map(|(name, entry)| (name.as_str(), &entry.key, &entry.value)).collect()
    }

    /// The tables under a key, one a name; names that are none are noted, and `what` says what they would name.
    pub(super) fn named(&self, key: &'static str, what: &str) -> Vec<(&'a str, Section<'a>)> {
        let Some(section) = self.section(key) else { return Vec::new() };
        let mut result = Vec::new();
        for (name, origin, value) in section.entries() {
            if is_name(name) {
                result.push((name, Section::new(self.reading, section.path.key(name), value)));
            } else {
                let problem = Problem::InvalidName { name: path::word(name), what: what.to_owned() };
                self.fail(problem, origin);
            }
        }
        result
    }

    /// The database a section names. It may be left out when the project has exactly one.
    pub(super) fn database(&self, key: &'static str) -> Option<String> {
        let stated = self.string(key);
        if let Some(stated) = stated {
            return self.known_database(&stated);
        }
        if self.has(key) {
            return None;
        }
        match self.reading.databases.as_slice() {
            [only] => {
                self.note_default(key, only.as_str());
                Some(only.clone())
            }
            [] => {
                self.missing(key, "declare a database first: `[databases.NAME]`");
                None
            }
            names => {
                self.missing(key, format!("name one of the databases {}", names.join(", ")));
                None
            }
        }
    }

    /// The name of a database, if the project has it.
    pub(super) fn known_database(&self, stated: &Stated<'_>) -> Option<String> {
        let known = self.reading.databases.clone();
        if known.contains(&stated.text) {
            return Some(stated.text.clone());
        }
        let nearest = nearest(&stated.text, known.iter().map(String::as_str));
        let (path, name) = (stated.path.to_string(), stated.word.clone());
        self.fail(Problem::UnknownDatabase { path, name, nearest, known }, stated.origin);
        None
    }

    /// The name of an app, if the project has it.
    pub(super) fn known_app(&self, stated: &Stated<'_>) -> Option<String> {
        let known = self.reading.apps.clone();
        if known.contains(&stated.text) {
            return Some(stated.text.clone());
        }
        let nearest = nearest(&stated.text, known.iter().map(String::as_str));
        let (path, name) = (stated.path.to_string(), stated.word.clone());
        self.fail(Problem::UnknownApp { path, name, nearest, known }, stated.origin);
        None
    }

    /// Notes every key that was not asked for.
    pub(super) fn finish(self) {
        let asked = self.asked.borrow();
        for (key, origin, _) in self.entries() {
            if !asked.contains(&key) {
                let nearest = nearest(key, asked.iter().copied());
                let mut known: Vec<String> = asked.iter().map(|known| (*known).to_owned()).collect();
                known.sort();
                known.dedup();
                let problem =
                    Problem::UnknownKey { key: path::word(key), section: self.path.to_string(), nearest, known };
                self.fail(problem, origin);
            }
        }
    }
}

/// The text of a string, or the characters of a bare word that happens to look like a number.
pub(super) fn plain_text(value: &Value) -> Option<String> {
    match &value.kind {
        Kind::String(text) => Some(text.value().to_owned()),
        _ => value.bare.clone(),
    }
}

/// Why a path that begins at a home folder is refused: nobody is sure whose it would be.
pub(super) const AT_HOME: &str = "begins with `~`, which stands for a home folder in shells alone";

/// Whether a path begins with what shells take for a home folder.
pub(super) fn begins_at_home(path: &str) -> bool {
    path == "~" || path.starts_with("~/")
}

/// How many letters a name may have.
pub(crate) const LONGEST_NAME: usize = 63;

/// Whether `name` is one that databases, apps, environments and the like may have.
pub(crate) fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    let rest = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_' || letter == '-';
    name.len() <= LONGEST_NAME && letters.next().is_some_and(|first| first.is_ascii_lowercase()) && letters.all(rest)
}
