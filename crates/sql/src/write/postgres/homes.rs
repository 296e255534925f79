//! Which object a statement belongs to, where each object is written by itself. A comment, a grant or a policy is of no use without
//! what it is on, so it stands there; the rest stands by itself.

use std::collections::HashMap;

use stead_schema::model::{Name, Reference};
use stead_schema::{EngineKind, OF_EXTENSION, ROLE, Schema};

use super::plan::Plan;
use crate::quote::identifier;

/// Kinds of objects that stand beside another one, with the kinds of that where it is not simply what they need.
const BESIDE: [(&str, &[&str]); 18] = [
    ("comment", &[]),
    ("owner", &[]),
    ("grant", &[]),
    ("security label", &[]),
    ("extension dependency", &[]),
    ("policy", &["table", "view"]),
    ("rule", &["table", "view"]),
    ("rule state", &["rule"]),
    ("exclusion constraint", &["table"]),
    ("index setting", &["exclusion constraint"]),
    ("constraint trigger state", &[]),
    ("publication table", &["publication"]),
    ("publication schema", &["publication"]),
    ("text search mapping", &["text search configuration"]),
    ("operator family member", &["operator family"]),
    ("domain constraint", &["domain"]),
    ("user mapping", &["server"]),
    (OF_EXTENSION, &["extension", OF_EXTENSION]),
];

/// The homes of objects.
pub(super) struct Homes {
    beside: HashMap<Reference, Reference>,
    /// What the statements of an object are named after.
    names: HashMap<Reference, Name>,
}

impl Homes {
    pub(super) fn new(schema: &Schema, plan: &Plan) -> Self {
        let mut beside = HashMap::new();
        for dependency in &schema.dependencies {
            if is_home(&dependency.of, &dependency.on) {
                beside.insert(dependency.of.clone(), dependency.on.clone());
            }
        }
        for trigger in &schema.triggers {
            let of = Reference::part("trigger", &trigger.table, &trigger.name.name);
            beside.insert(of, Reference::new("table", trigger.table.clone()));
        }
        Self { beside, names: plan.names() }
    }

    /// The name of the object that something belongs to; `None` where it stands by itself.
    pub(super) fn of(&self, reference: &Reference) -> Option<Name> {
        if reference.kind == "default privileges" {
            return Some(Name::flat("default-privileges"));
        }
        let mut home = reference;
        // A chain is short: a comment on a state of a rule of a table.
        for _ in 0..BESIDE.len() {
            match self.beside.get(home) {
                Some(next) => home = next,
                None => break,
            }
        }
        (home != reference).then(|| self.names.get(home).unwrap_or(&home.name).clone())
    }
}

/// True if what is needed is also where it belongs.
fn is_home(of: &Reference, on: &Reference) -> bool {
    let Some((_, kinds)) = BESIDE.iter().find(|(kind, _)| *kind == of.kind) else { return false };
    let begins = |start: String| of.name.namespace == on.name.namespace && of.name.name.starts_with(&start);
    let named = match of.kind.as_str() {
        // They may need others of the kind as well, and say in their name to which they belong.
        // The server quotes a name where it must.
        "policy" | "rule" | "domain constraint" => {
            begins(identifier(&on.name.name, EngineKind::Postgres) + ".") || begins(format!("{}.", on.name.name))
        }
        "exclusion constraint" => begins(Reference::part("", &on.name, "").name.name.trim_end_matches('"').to_owned()),
        "operator family member" => begins(format!("{} ", on.name.name)),
        _ => on.kind != ROLE,
    };
    named && (kinds.is_empty() || kinds.contains(&on.kind.as_str()))
}
