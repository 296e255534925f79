//! The layers of settings and their order: arguments over environment variables over the environment's overlay over the
//! project file over its includes. Which environment it is has to be settled half-way, because it names the overlay.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::LoadOptions;
use super::error::{Problem, ProjectError};
use super::files::Files;
use super::mask;
use super::nearest::nearest;
use super::origin::{Origin, SourceKind};
use super::parse;
use super::path::{self, SettingPath};
use super::reading;
use super::reference::{self, Variables};
use super::value::{Kind, Text, Value};

/// The name of the project file.
pub(super) const PROJECT_FILE: &str = "stead.toml";

/// The environment when nobody names one.
pub(super) const DEVELOPMENT: &str = "development";

const VARIABLE_PREFIX: &str = "STEAD__";
const ENVIRONMENT_VARIABLE: &str = "STEAD_ENV";
const ENVIRONMENT_SETTING: &str = "STEAD__PROJECT__ENVIRONMENT";

/// Variables with a short name of their own. An empty one counts as not set.
const NAMED_VARIABLES: [(&str, [&str; 2]); 1] = [("STEAD_LOCK_TIMEOUT", ["project", "lock_timeout"])];

/// Settings that are read while the files are, and so can be stated nowhere else.
const FILE_ONLY: [[&str; 2]; 2] = [["project", "include"], ["project", "format"]];

const DEEPEST_PATH: usize = 16;

/// All layers made one, with references replaced.
pub(super) struct Merged {
    pub(super) tree: Value,
    pub(super) environment: String,
    pub(super) files: BTreeSet<PathBuf>,
}

/// Reads and merges everything that `options` names, for the project in `directory`.
pub(super) fn merged(options: &LoadOptions, directory: &Path) -> Result<Merged, Vec<ProjectError>> {
    let mut files = Files::new(directory, &options.variables);
    let project = files.load(&directory.join(PROJECT_FILE), &Origin::default_value());
    let arguments = argument_layer(&options.arguments, &mut files.errors);
    let project = project.ok_or_else(|| std::mem::take(&mut files.errors))?;
    let (environment, origin) = environment(options, &arguments, &project).map_err(|error| vec![error])?;
    let overlay = overlay(&mut files, directory, &environment, &origin);
    let stated = overlay.unwrap_or_else(Value::empty_table).over(project);
    let variables = variable_layer(&options.variables, &stated, &mut files.errors);
    let mut tree = arguments.over(variables).over(stated);
    reference::expand(&mut tree, &options.variables, &mut files.errors);
    let chosen = Value::new(Kind::String(Text::new(environment.clone())), origin);
    let mut tree = tree.over(Value::nested(&["undo"], Value::empty_table()));
    if tree.get(&["project"]).is_none_or(|section| section.as_table().is_some()) {
        tree = Value::nested(&["project", "environment"], chosen).over(tree);
    }
    if files.errors.is_empty() { Ok(Merged { tree, environment, files: files.read }) } else { Err(files.errors) }
}

/// The environment and who chose it.
fn environment(options: &LoadOptions, arguments: &Value, project: &Value) -> Result<(String, Origin), ProjectError> {
    let path = ["project", "environment"];
    let mut stated = project.get(&path).cloned();
    if let Some(value) = &mut stated {
        let mut errors = Vec::new();
        reference::expand(value, &options.variables, &mut errors);
        errors.pop().map_or(Ok(()), Err)?;
    }
    let option = options.environment.as_deref().map(|name| loose(SourceKind::Argument, "--env", name));
    let chosen = option
        .or_else(|| arguments.get(&path).cloned())
        .or_else(|| variable(&options.variables, ENVIRONMENT_VARIABLE))
        .or_else(|| variable(&options.variables, ENVIRONMENT_SETTING))
        .or(stated);
    let Some(value) = chosen else { return Ok((DEVELOPMENT.to_owned(), Origin::default_value())) };
    let name = reading::plain_text(&value).ok_or_else(|| {
        let found = value.described().to_owned();
        let problem = Problem::WrongType { path: path.join("."), expected: "a string".to_owned(), found };
        ProjectError::new(problem, &value.origin)
    })?;
    if !reading::is_name(&name) {
        let problem = Problem::InvalidName { name: path::word(&name), what: "an environment".to_owned() };
        return Err(ProjectError::new(problem, &value.origin));
    }
    Ok((name, value.origin))
}

/// A variable that holds one word; an empty one counts as not set.
fn variable(variables: &Variables, name: &str) -> Option<Value> {
    let content = variables.get(name).filter(|content| !content.is_empty())?;
    Some(loose(SourceKind::Variable, name, content))
}

fn loose(kind: SourceKind, name: &str, content: &str) -> Value {
    let origin = parse::loose_origin(kind, name, name, content, false);
    Value::new(Kind::String(Text::new(content)), origin)
}

/// The overlay of the environment. Only `development` may do without one.
fn overlay(files: &mut Files<'_>, directory: &Path, environment: &str, chosen: &Origin) -> Option<Value> {
    let file = directory.join(format!("stead.{environment}.toml"));
    if fs::symlink_metadata(&file).is_err() {
        if environment != DEVELOPMENT {
            let known = environments(directory);
            let nearest = nearest(environment, known.iter().map(String::as_str));
            let problem = Problem::EnvironmentUnknown { name: environment.to_owned(), known, nearest };
            files.errors.push(ProjectError::new(problem, chosen));
        }
        return None;
    }
    let overlay = files.load(&file, &Origin::default_value())?;
    files.errors.extend(wrong_environment(&overlay, &file, environment));
    Some(overlay)
}

fn wrong_environment(overlay: &Value, file: &Path, environment: &str) -> Option<ProjectError> {
    let value = overlay.get(&["project", "environment"])?;
    let stated = reading::plain_text(value)?;
    let differs = value.origin.file() == Some(file) && stated != environment;
    let problem = Problem::EnvironmentInOverlay { name: environment.to_owned(), stated: path::word(&stated) };
    differs.then(|| ProjectError::new(problem, &value.origin))
}

/// The environments that have an overlay beside the project file, and `development`.
pub(super) fn environments(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| {
        let file = entry.file_name();
        let name = file.to_str()?.strip_prefix("stead.")?.strip_suffix(".toml")?;
        reading::is_name(name).then(|| name.to_owned())
    });
    names.chain([DEVELOPMENT.to_owned()]).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The arguments `PATH=VALUE`, a later one over an earlier one.
fn argument_layer(arguments: &[(String, String)], errors: &mut Vec<ProjectError>) -> Value {
    let mut layer = Value::empty_table();
    for (written, text) in arguments {
        match argument_keys(written) {
            Ok(keys) => {
                let place =
                    Place { kind: SourceKind::Argument, name: format!("--set {}", path::word(written)), key: written };
                layer = set(layer, &keys, &place, text, errors);
            }
            Err(reason) => {
                let problem = Problem::SettingPath { written: path::word(written), reason };
                errors.push(ProjectError::unplaced(problem));
            }
        }
    }
    layer
}

/// The keys of a dotted path in TOML's own syntax.
pub(super) fn argument_keys(written: &str) -> Result<Vec<String>, String> {
    let keys = toml_edit::Key::parse(written).map_err(|_| "write keys with dots between them, `databases.NAME.url`")?;
    if keys.len() > DEEPEST_PATH {
        return Err(format!("it has more than {DEEPEST_PATH} parts"));
    }
    Ok(keys.iter().map(|key| key.get().to_owned()).collect())
}

/// The variables that name settings: first those with short names, then `STEAD__A__B` in order.
fn variable_layer(variables: &Variables, stated: &Value, errors: &mut Vec<ProjectError>) -> Value {
    let mut layer = Value::empty_table();
    for (name, keys) in NAMED_VARIABLES {
        if let Some(text) = variables.get(name).filter(|text| !text.is_empty()) {
            let place = Place { kind: SourceKind::Variable, name: name.to_owned(), key: name };
            layer = set(layer, &keys.map(str::to_owned), &place, text, errors);
        }
    }
    for (name, text) in
        variables.range(VARIABLE_PREFIX.to_owned()..).take_while(|(name, _)| name.starts_with(VARIABLE_PREFIX))
    {
        match variable_keys(name, stated) {
            Ok(keys) => {
                let place = Place { kind: SourceKind::Variable, name: path::word(name), key: name };
                layer = set(layer, &keys, &place, text, errors);
            }
            Err(reason) => {
                let problem = Problem::SettingPath { written: path::word(name), reason };
                errors.push(ProjectError::unplaced(problem));
            }
        }
    }
    layer
}

/// The keys a variable names. A key that a file states is found whether it has `-` or `_`; a new one gets `_`.
fn variable_keys(name: &str, stated: &Value) -> Result<Vec<String>, String> {
    let parts: Vec<&str> = name[VARIABLE_PREFIX.len()..].split("__").collect();
    if parts.iter().any(|part| part.is_empty()) {
        return Err("write the parts of its path with two underscores between them, `STEAD__UNDO__KEEP`".to_owned());
    }
    if parts.len() > DEEPEST_PATH {
        return Err(format!("it has more than {DEEPEST_PATH} parts"));
    }
    let mut keys = Vec::new();
    let mut table = stated.as_table();
    for part in parts {
        if part.chars().any(char::is_lowercase) {
            return Err("write it in upper case".to_owned());
        }
        let found: Vec<&String> =
            table.iter().flat_map(|table| table.0.keys()).filter(|key| folded(key) == part).collect();
        let key = match found.as_slice() {
            [] => part.to_lowercase(),
            [one] => (*one).clone(),
            [one, two, ..] => {
                return Err(format!("both `{}` and `{}` are meant by it", path::word(one), path::word(two)));
            }
        };
        table = table.and_then(|table| table.0.get(&key)?.value.as_table());
        keys.push(key);
    }
    Ok(keys)
}

fn folded(key: &str) -> String {
    key.to_uppercase().replace('-', "_")
}

/// How a variable or an argument is called.
struct Place<'a> {
    kind: SourceKind,
    name: String,
    key: &'a str,
}

/// `layer` with the setting at `keys` stated by a variable or an argument.
fn set(layer: Value, keys: &[String], place: &Place<'_>, text: &str, errors: &mut Vec<ProjectError>) -> Value {
    let secret = keys.last().is_some_and(|key| mask::is_secret_name(key));
    // Whoever states a whole database in one word may have pasted its password.
    let hidden = secret || matches!(keys, [section, _name] if section == "databases");
    let origin = parse::loose_origin(place.kind, &place.name, place.key, text, hidden);
    let words: Vec<&str> = keys.iter().map(String::as_str).collect();
    if FILE_ONLY.iter().any(|path| path.as_slice() == words) {
        errors.push(ProjectError::new(Problem::FileOnly { path: words.join(".") }, &origin));
        return layer;
    }
    match parse::parse_loose(text, &origin, secret) {
        Ok(value) => Value::nested(&words, value).over(layer),
        Err(error) => {
            errors.push(error);
            layer
        }
    }
}

/// The path of keys as messages write it.
pub(super) fn setting_path(keys: &[String]) -> SettingPath {
    keys.iter().fold(SettingPath::default(), |path, key| path.key(key))
}
