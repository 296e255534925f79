//! Which app is migrated on which database, and in which order. An (app, database) pair is a target with a head of its
//! own; a route of a service to another database makes a second target of the same app.

use std::collections::{BTreeMap, BTreeSet};

use super::Project;
use super::app::App;

/// An app on a database.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// The app's name.
    pub app: String,
    /// The database's name.
    pub database: String,
}

impl Project {
    /// Every app on every database it lives in: apps after those they depend on, ties by name; for one app first its
    /// own database, then those that services route it to, by name.
    #[must_use]
    pub fn targets(&self) -> Vec<Target> {
        let order = depends_order(&self.apps).unwrap_or_default();
        order.iter().filter_map(|name| self.apps.get(name)).flat_map(|app| self.targets_of(app)).collect()
    }

    /// The names of the apps that live on a database, in the order of [`Project::targets`].
    #[must_use]
    pub fn apps_on(&self, database: &str) -> Vec<String> {
        self.targets().into_iter().filter(|target| target.database == database).map(|target| target.app).collect()
    }

    /// The database of `app` in `service`; outside of services, and where the service has no route, the app's own.
    #[must_use]
    pub fn route(&self, service: Option<&str>, app: &str) -> Option<&str> {
        let routed = service.and_then(|service| self.services.get(service)?.routes.get(app));
        routed.or_else(|| Some(&self.apps.get(app)?.database)).map(String::as_str)
    }

    fn targets_of(&self, app: &App) -> Vec<Target> {
        let routed: BTreeSet<&String> =
            self.services.values().filter_map(|service| service.routes.get(&app.name)).collect();
        let others = routed.into_iter().filter(|database| **database != app.database);
        let databases = std::iter::once(&app.database).chain(others);
        databases.map(|database| Target { app: app.name.clone(), database: database.clone() }).collect()
    }
}

/// The apps, each after those it depends on and otherwise by name; or a circle of them, its first member repeated last.
pub(super) fn depends_order(apps: &BTreeMap<String, App>) -> Result<Vec<String>, Vec<String>> {
    let mut waiting: BTreeMap<&str, usize> = BTreeMap::new();
    let mut dependants: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for app in apps.values() {
        let known = app.depends.iter().filter(|name| apps.contains_key(*name));
        waiting.insert(&app.name, known.clone().count());
        known.for_each(|name| dependants.entry(name).or_default().push(&app.name));
    }
    let mut ready: BTreeSet<&str> = waiting.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
    let mut order = Vec::new();
    while let Some(name) = ready.pop_first() {
        waiting.remove(name);
        order.push(name.to_owned());
        for dependant in dependants.get(name).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(dependant) {
                *count -= 1;
                if *count == 0 {
                    ready.insert(dependant);
                }
            }
        }
    }
    if waiting.is_empty() { Ok(order) } else { Err(circle(apps, &waiting)) }
}

/// Following dependencies among the apps that wait must come back to one of them.
fn circle(apps: &BTreeMap<String, App>, waiting: &BTreeMap<&str, usize>) -> Vec<String> {
    let mut chain: Vec<String> = Vec::new();
    let mut next = waiting.keys().next().map(|name| (*name).to_owned());
    while let Some(name) = next {
        if let Some(start) = chain.iter().position(|seen| *seen == name) {
            chain.drain(..start);
            chain.push(name);
            break;
        }
        next = apps
            .get(&name)
            .and_then(|app| app.depends.iter().find(|name| waiting.contains_key(name.as_str())).cloned());
        chain.push(name);
    }
    chain
}
