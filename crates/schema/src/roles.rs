//! A schema without what it says of roles. Roles belong to a server and not to a database, so a schema that is taken to another
//! server may name some that nobody has there.

use std::collections::HashSet;

use crate::Schema;
use crate::model::{Name, Object};

/// The kind of the references to roles among a schema's dependencies: what needs one cannot be made where nobody has that name.
pub const ROLE: &str = "role";

/// Kinds of objects that say who owns or may do what, and nothing else.
const KINDS: [&str; 3] = ["owner", "grant", "default privileges"];
/// The property of MySQL's and MariaDB's views and programs that names an account.
const DEFINER: &str = "definer";

impl Schema {
    /// The same schema as it is when everything belongs to whoever makes it: without owners, grants, default privileges and
    /// definers, and without the mappings of single users to foreign servers. Policies stay, for without them more could be read,
    /// and so do the names of the roles that they are for.
    #[must_use]
    pub fn without_roles(mut self) -> Self {
        self.objects.retain(|object| !is_about_roles(object));
        let objects: HashSet<(&str, &Name)> =
            self.objects.iter().map(|object| (object.kind.as_str(), &object.name)).collect();
        self.dependencies.retain(|dependency| {
            let of = &dependency.of;
            dependency.on.kind != ROLE || objects.contains(&(of.kind.as_str(), &of.name))
        });
        let needed = self.dependencies.iter().filter(|dependency| dependency.on.kind == ROLE);
        self.roles = needed.map(|dependency| dependency.on.name.name.clone()).collect();
        self.roles.sort();
        self.roles.dedup();
        let views = self.views.iter_mut().map(|view| &mut view.options);
        let triggers = self.triggers.iter_mut().map(|trigger| &mut trigger.options);
        let objects = self.objects.iter_mut().map(|object| &mut object.options);
        for options in views.chain(triggers).chain(objects) {
            options.remove(DEFINER);
        }
        self
    }
}

fn is_about_roles(object: &Object) -> bool {
    let of_one_user = object.kind == "user mapping" && !object.name.name.starts_with("PUBLIC ON ");
    of_one_user || KINDS.contains(&object.kind.as_str())
}

#[cfg(test)]
mod tests;
