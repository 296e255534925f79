//! The page about the format and the program must say the same: its examples load, its keys are the keys that are
//! read, and its table of errors is complete.

use std::collections::BTreeSet;

use super::super::Problem;
use super::*;

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/format/stead.toml.md");
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_examples_of_the_page_load() {
    let page = page();
    let blocks: Vec<&str> = page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() >= 4, "{blocks:?}");
    let whole = Folder::new(blocks[0]).file("apps/catalog/x", "").project();
    assert_eq!(whole.targets().len(), 1, "the first example says that it is a whole project");
    let more = "[databases.crawler]\n[apps.workflow]\npath = \"app\"\ndatabase = \"catalog\"\n";
    let mut text = format!("{}\n{more}", blocks.join("\n"));
    for app in ["catalog", "legacy"] {
        text = text.replace(&format!("[apps.{app}]\n"), &format!("[apps.{app}]\ndatabase = \"catalog\"\n"));
    }
    let project = Folder::new(&text).file("apps/catalog/x", "").file("apps/legacy/x", "").project();
    assert_eq!((project.seed.len(), project.apps.len(), project.targets().len()), (3, 3, 4));
}

#[test]
fn the_page_has_a_row_for_every_key() {
    let files = [
        "zz = 1\n[project]\nzz = 1\n[databases.d]\nzz = 1\nurl = { zz = 1 }\n[apps.a]\nzz = 1\nmigrations = { zz = 1 }\n",
        "[services.s]\nzz = 1\n[seed]\nzz = 1\nsteps = [{ zz = 1 }]\n[servers.v]\nzz = 1\n[undo]\nzz = 1\n",
        "[indexes.i]\nzz = 1\ndocuments = { zz = 1 }\nfields.f = { zz = 1 }\n[storage]\nzz = 1\nreferences = [{ zz = 1 }]\n",
    ];
    let folders = files.map(Folder::new);
    let mut known = BTreeSet::new();
    let mut sections = BTreeSet::new();
    for errors in folders.iter().map(|folder| folder.load().unwrap_err()) {
        for error in errors.errors() {
            if let Problem::UnknownKey { section, known: keys, .. } = error.problem() {
                sections.insert(section.clone());
                known.extend(keys.iter().cloned());
            }
        }
    }
    assert_eq!(sections.len(), 16, "{sections:?}");
    let page = page();
    // These stand in a sentence or in a row of another kind.
    let in_prose = [
        "{ secret = ",
        "`default`",
        "mysql = ",
        "routes]`",
        "{ database, query }",
        "`\"postgres\"`",
        "`\"mariadb\"`",
        "`\"sqlite\"`",
    ];
    for key in known {
        let row = [format!("| `{key}` |"), format!("## `[{key}"), format!("`{key}` is an array")];
        let said = row.iter().any(|row| page.contains(row));
        let said_in_prose = in_prose.iter().any(|words| words.contains(&key) && page.contains(words));
        assert!(said || said_in_prose, "`{key}` is not on the page");
    }
}

#[test]
fn the_page_has_every_error_and_no_other() {
    let source = include_str!("../error.rs");
    let codes = source.split("pub fn code(&self)").nth(1).unwrap().split("pub fn hints").next().unwrap();
    let codes: BTreeSet<&str> = codes.split("=> \"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let page = page();
    let table = page.split("| code |").nth(1).unwrap();
    let documented: BTreeSet<&str> =
        table.lines().skip(2).filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(codes, documented);
}
