//! What goes with the roles of a schema, and what must stay.

use crate::model::{Dependency, Name, Object, Reference, View};
use crate::{EngineKind, ROLE, Schema};

fn object(kind: &str, name: &str) -> Object {
    let options = [("definer", "`a`@`b`"), ("sql_mode", "")];
    let options = options.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    Object { kind: kind.to_owned(), name: Name::flat(name), options, ..Object::default() }
}

#[test]
fn owners_grants_and_definers_go_and_the_rest_stays() {
    let kinds = ["owner", "grant", "default privileges", "policy", "function"];
    let mut schema = Schema::empty(EngineKind::Postgres);
    schema.objects = kinds.map(|kind| object(kind, "x")).into();
    schema.objects.extend([object("user mapping", "PUBLIC ON far"), object("user mapping", "me ON far")]);
    schema.roles = vec!["me".to_owned(), "reader".to_owned()];
    let needs = |kind: &str, role: &str| Dependency {
        of: Reference::new(kind, Name::flat("x")),
        on: Reference::new(ROLE, Name::flat(role)),
    };
    schema.dependencies = vec![needs("owner", "me"), needs("policy", "reader")];
    let view = View { name: Name::flat("v"), options: object("", "").options, ..View::default() };
    schema.views = vec![view];

    let left = schema.without_roles();
    let names = left.objects.iter().map(|object| format!("{} {}", object.kind, object.name)).collect::<Vec<_>>();
    assert_eq!(names, ["policy x", "function x", "user mapping PUBLIC ON far"]);
    let options = left.objects.iter().map(|object| &object.options).chain(left.views.iter().map(|view| &view.options));
    for options in options {
        assert_eq!(options.keys().collect::<Vec<_>>(), ["sql_mode"]);
    }
    assert_eq!((left.roles, left.dependencies), (vec!["reader".to_owned()], vec![needs("policy", "reader")]));
}
