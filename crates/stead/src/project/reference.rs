//! `${NAME}` inside strings, replaced from the variables the caller hands over. It happens after the layers are merged,
//! so that a reference which a higher layer has replaced asks for nothing.

use std::collections::BTreeMap;

use super::error::{Problem, ProjectError};
use super::mask;
use super::origin::SourceKind;
use super::value::{Kind, Text, Value};

/// The environment as the caller hands it over.
pub(super) type Variables = BTreeMap<String, String>;

/// Replaces the references in every string under `value`. What stands in an environment variable is taken as it is.
pub(super) fn expand(value: &mut Value, variables: &Variables, errors: &mut Vec<ProjectError>) {
    match &mut value.kind {
        Kind::Table(table) => table.0.values_mut().for_each(|entry| expand(&mut entry.value, variables, errors)),
        Kind::Array(values) => values.iter_mut().for_each(|value| expand(value, variables, errors)),
        Kind::String(text) if value.origin.kind() != SourceKind::Variable => match expanded(text, variables) {
            Ok(None) => {}
            Ok(Some(text)) => value.kind = Kind::String(text),
            Err(fault) => {
                errors.push(fault.at(value));
                value.kind = Kind::Broken;
            }
        },
        _ => {}
    }
}

/// Why a reference cannot be replaced.
enum Fault {
    Unset(String),
    Malformed,
}

impl Fault {
    /// The error, which points at the reference itself.
    fn at(self, value: &Value) -> ProjectError {
        let (needle, problem) = match self {
            Self::Unset(name) => (format!("${{{name}}}"), Problem::VariableUnset { name }),
            Self::Malformed => ("${".to_owned(), Problem::ReferenceMalformed),
        };
        ProjectError::new(problem, &value.origin.narrowed_to(&needle))
    }
}

/// The text with its references replaced, or nothing if it has none.
fn expanded(text: &Text, variables: &Variables) -> Result<Option<Text>, Fault> {
    let written = text.value();
    if !written.contains("${") {
        return Ok(None);
    }
    let (mut value, mut shown) = (String::new(), String::new());
    let mut rest = written;
    while let Some(at) = rest.find("${") {
        let literal = rest[..at].ends_with('$');
        let before = if literal { &rest[..at - 1] } else { &rest[..at] };
        value.push_str(before);
        shown.push_str(before);
        rest = &rest[at + 2..];
        if literal {
            value.push_str("${");
            shown.push_str("${");
            continue;
        }
        let name = name_of(rest).ok_or(Fault::Malformed)?;
        let content = variables.get(name).ok_or_else(|| Fault::Unset(name.to_owned()))?;
        value.push_str(content);
        shown.push_str(if mask::is_secret_name(name) { mask::MASK } else { content });
        rest = &rest[name.len() + 1..];
    }
    value.push_str(rest);
    shown.push_str(rest);
    Ok(Some(Text::expanded(written, value, shown)))
}

/// The variable's name at the start of `text`, if a closing brace follows it.
fn name_of(text: &str) -> Option<&str> {
    let name = &text[..text.find('}')?];
    let first = name.chars().next()?;
    let good = !first.is_ascii_digit() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    good.then_some(name)
}
