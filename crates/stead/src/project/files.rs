//! Project files from the disk, each with its includes merged below it. A file that several others include is read
//! once, and a circle of includes is refused with the names of all the files in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::error::{Problem, ProjectError};
use super::origin::Origin;
use super::parse;
use super::path;
use super::reference::{self, Variables};
use super::value::{Kind, Value};

/// The version of the format that this program reads.
pub(super) const FORMAT: i64 = 1;

const DEEPEST_INCLUDE: usize = 64;
const LARGEST_FILE: u64 = 16 * 1024 * 1024;

/// Reads files and remembers what it read.
pub(super) struct Files<'a> {
    directory: &'a Path,
    variables: &'a Variables,
    merged: BTreeMap<PathBuf, Option<Value>>,
    chain: Vec<(PathBuf, String)>,
    pub(super) read: BTreeSet<PathBuf>,
    pub(super) errors: Vec<ProjectError>,
}

impl<'a> Files<'a> {
    pub(super) fn new(directory: &'a Path, variables: &'a Variables) -> Self {
        let (merged, chain, read, errors) = Default::default();
        Self { directory, variables, merged, chain, read, errors }
    }

    /// The settings of `file` over those of its includes; nothing if there was an error, which is noted then.
    pub(super) fn load(&mut self, file: &Path, stated: &Origin) -> Option<Value> {
        let name = shown(file, self.directory);
        let identity = match regular_file(file) {
            Ok(identity) => identity,
            Err(error) => return self.fail(unreadable(&name, &error, stated), stated),
        };
        if let Some(merged) = self.merged.get(&identity) {
            return merged.clone();
        }
        if let Some(start) = self.chain.iter().position(|(opened, _)| *opened == identity) {
            let chain = self.chain[start..].iter().map(|(_, name)| name.clone()).chain([name]).collect();
            return self.fail(Problem::IncludeCycle { chain }, stated);
        }
        if self.chain.len() == DEEPEST_INCLUDE {
            return self.fail(Problem::IncludeDepth { depth: DEEPEST_INCLUDE }, stated);
        }
        self.chain.push((identity.clone(), name.clone()));
        let merged = self.read_with_includes(file, name, stated);
        self.chain.pop();
        self.merged.insert(identity, merged.clone());
        merged
    }

    fn read_with_includes(&mut self, file: &Path, name: String, stated: &Origin) -> Option<Value> {
        let bytes = match fs::read(file) {
            Ok(bytes) => bytes,
            Err(error) => return self.fail(unreadable(&name, &error, stated), stated),
        };
        self.read.insert(file.to_path_buf());
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let reason = format!("byte {} is not UTF-8 text", error.utf8_error().valid_up_to() + 1);
                return self.fail(Problem::Unreadable { file: name, reason }, stated);
            }
        };
        match parse::parse_file(name, file.to_path_buf(), &text) {
            Ok(value) => {
                let format = check_format(&value);
                self.errors.extend(format.clone());
                if format.is_some() { None } else { self.with_includes(file, value) }
            }
            Err(error) => {
                self.errors.push(error);
                None
            }
        }
    }

    /// Merges from the last include up, so that the first beats the second and the file beats them all.
    fn with_includes(&mut self, file: &Path, value: Value) -> Option<Value> {
        let mut below = Some(Value::empty_table());
        for (included, origin) in self.includes(file, &value)?.into_iter().rev() {
            let upper = self.load(&included, &origin);
            below = below.zip(upper).map(|(below, upper)| upper.over(below));
        }
        below.map(|below| value.over(below))
    }

    /// The files that `value`, which is the content of `file`, includes.
    fn includes(&mut self, file: &Path, value: &Value) -> Option<Vec<(PathBuf, Origin)>> {
        let Some(list) = value.get(&["project", "include"]) else { return Some(Vec::new()) };
        let mut list = list.clone();
        let errors_before = self.errors.len();
        reference::expand(&mut list, self.variables, &mut self.errors);
        let folder = file.parent().unwrap_or(Path::new(""));
        let Kind::Array(entries) = &list.kind else {
            return self.fail(not_a_list(&list, "project.include"), &list.origin);
        };
        let mut files = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            match &entry.kind {
                Kind::String(text) => files.push((normal(&folder.join(text.value())), entry.origin.clone())),
                Kind::Broken => {}
                _ => {
                    let path = format!("project.include[{index}]");
                    let problem =
                        Problem::WrongType { path, expected: "a string".into(), found: entry.described().into() };
                    self.errors.push(ProjectError::new(problem, &entry.origin));
                }
            }
        }
        (self.errors.len() == errors_before).then_some(files)
    }

    fn fail<T>(&mut self, problem: Problem, origin: &Origin) -> Option<T> {
        self.errors.push(ProjectError::new(problem, origin));
        None
    }
}

fn not_a_list(value: &Value, path: &str) -> Problem {
    let expected = "an array of strings".to_owned();
    Problem::WrongType { path: path.to_owned(), expected, found: value.described().to_owned() }
}

/// A file of a later format is refused before its unknown keys are complained of.
fn check_format(value: &Value) -> Option<ProjectError> {
    let format = value.get(&["project", "format"])?;
    match format.kind {
        Kind::Integer(found) if found != FORMAT => {
            Some(ProjectError::new(Problem::Format { found, known: FORMAT }, &format.origin))
        }
        _ => None,
    }
}

/// The file's identity, whatever links lead to it. Pipes and devices are refused, for reading them may never end.
fn regular_file(file: &Path) -> io::Result<PathBuf> {
    let metadata = fs::metadata(file)?;
    if !metadata.is_file() {
        let what = if metadata.is_dir() { "it is a folder" } else { "it is not a regular file" };
        return Err(io::Error::other(what));
    }
    if metadata.len() > LARGEST_FILE {
        return Err(io::Error::other("it is larger than 16 MiB"));
    }
    fs::canonicalize(file)
}

fn unreadable(name: &str, error: &io::Error, stated: &Origin) -> Problem {
    let missing = matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
    if missing && stated.file().is_some() {
        return Problem::IncludeMissing { file: name.to_owned() };
    }
    Problem::Unreadable { file: name.to_owned(), reason: reason(error) }
}

/// The system's words as a fragment, without the number it adds.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// `path` without `.` and with `..` resolved by its letters alone.
pub(super) fn normal(path: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(result.components().next_back(), Some(Component::Normal(_))) => {
                result.pop();
            }
            Component::ParentDir if result.has_root() => {}
            other => result.push(other),
        }
    }
    result
}

/// `file` as a person would write it from `directory`: relative if they share more than the root, else as it is.
pub(super) fn shown(file: &Path, directory: &Path) -> String {
    let shared = file.components().zip(directory.components()).take_while(|(a, b)| a == b).count();
    let up = directory.components().count() - shared;
    let relative: PathBuf =
        std::iter::repeat_n(Component::ParentDir, up).chain(file.components().skip(shared)).collect();
    let result = if shared > 1 && up <= 3 { &relative } else { file };
    let result = if result.as_os_str().is_empty() { Path::new(".") } else { result };
    path::word_of_path(result)
}
