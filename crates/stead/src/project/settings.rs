//! The effective settings, flat and in order, each with who decided it: what `stead config` shows. Secrets are masked
//! before they get here, so that whatever prints the list cannot leak them.

use std::collections::BTreeSet;
use std::fmt;

use super::Project;
use super::nearest::nearest;
use super::origin::Origin;
use super::path::SettingPath;
use super::value::{Kind, Value};
use crate::error::{Error, Result};

/// One setting in effect.
#[derive(Clone, PartialEq)]
pub struct Setting {
    /// The path, `databases.catalog.url` or `seed.steps[0].sql`.
    pub path: String,
    /// The value with its secrets masked. Paths are as written, relative to the file of the origin.
    pub value: serde_json::Value,
    /// Who decided.
    pub origin: Origin,
}

impl Setting {
    /// The value as a project file would have it.
    #[must_use]
    pub fn value_text(&self) -> String {
        self.value.to_string()
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} = {}", self.path, self.value)
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self} ({})", self.origin)
    }
}

impl Project {
    /// Every setting in effect, defaults included, sorted by path.
    #[must_use]
    pub fn settings(&self) -> Vec<Setting> {
        let mut found = Vec::new();
        flatten(SettingPath::default(), &self.tree, &mut found);
        let defaults = self.defaults.iter().map(|(path, value)| (path.clone(), value.clone(), Origin::default_value()));
        found.extend(defaults);
        found.sort_by(|one, other| one.0.cmp(&other.0));
        found.into_iter().map(|(path, value, origin)| Setting { path: path.to_string(), value, origin }).collect()
    }

    /// The settings in effect at a key and below it: `seed.steps[0].sql` is below `seed.steps`.
    ///
    /// # Errors
    ///
    /// A key under which nothing is set, with the nearest one under which something is.
    pub fn settings_under(&self, key: &str) -> Result<Vec<Setting>> {
        let ends = |path: &str, at: usize| at == path.len() || matches!(path.as_bytes()[at], b'.' | b'[');
        let under = |path: &str| path.starts_with(key) && ends(path, key.len());
        let settings = self.settings();
        let (found, others): (Vec<Setting>, Vec<Setting>) =
            settings.into_iter().partition(|setting| under(&setting.path));
        if !found.is_empty() {
            return Ok(found);
        }
        let places = |path: &str| (1..=path.len()).filter(|at| ends(path, *at)).collect::<Vec<_>>();
        let known: BTreeSet<&str> =
            others.iter().flat_map(|setting| places(&setting.path).into_iter().map(|at| &setting.path[..at])).collect();
        let word = super::path::word(key);
        let error = Error::usage("unknown-setting", format!("nothing is set under `{word}`"));
        let error = match nearest(key, known) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error,
        };
        Err(error.hint("`stead config` without a key shows everything that is set"))
    }

    /// Where the value, or the section, at a path of keys was stated; none if nobody stated it.
    #[must_use]
    pub fn origin(&self, path: &[&str]) -> Option<&Origin> {
        self.tree.get(path).map(|value| &value.origin)
    }
}

/// Notes the leaves under `value`. An array is a leaf unless it holds tables.
fn flatten(path: SettingPath, value: &Value, found: &mut Vec<(SettingPath, serde_json::Value, Origin)>) {
    match &value.kind {
        Kind::Table(table) => table.0.iter().for_each(|(key, entry)| flatten(path.key(key), &entry.value, found)),
        Kind::Array(values) if values.iter().any(|value| value.as_table().is_some()) => {
            values.iter().enumerate().for_each(|(at, value)| flatten(path.index(at), value, found));
        }
        _ => found.push((path, value.shown(), value.origin.clone())),
    }
}
