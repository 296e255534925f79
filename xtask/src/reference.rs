//! The command reference, `docs/reference.md`, which the program itself prints, so that help and page cannot differ.
//! `--check` compares the two and names the first line that is not the same.

#[cfg(test)]
mod tests;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::suite;
use crate::workspace::{Workspace, output};

const PAGE: &str = "docs/reference.md";

/// Writes the page.
pub(crate) fn write(workspace: &Workspace) -> Result<bool> {
    let text = printed(&suite::build(workspace)?)?;
    std::fs::write(workspace.path(PAGE), &text).with_context(|| format!("writing `{PAGE}`"))?;
    println!("{PAGE}: {} lines", text.lines().count());
    Ok(true)
}

/// Compares the page with what the program prints now.
pub(crate) fn check(workspace: &Workspace) -> Result<bool> {
    let text = printed(&suite::build(workspace)?)?;
    let page = std::fs::read_to_string(workspace.path(PAGE)).unwrap_or_default();
    let difference = first_difference(PAGE, &page, &text);
    match &difference {
        Some(difference) => println!("{difference}\nrun `cargo xtask reference`"),
        None => println!("{PAGE} is what the program prints"),
    }
    Ok(difference.is_none())
}

/// What `stead reference` prints, under settings that are the same on every machine.
fn printed(binary: &Path) -> Result<String> {
    output(Command::new(binary).arg("reference").env("COLUMNS", "100").env("NO_COLOR", "1"))
}

/// Describes the first line in which a page on disk differs from what it should be.
pub(crate) fn first_difference(name: &str, page: &str, wanted: &str) -> Option<String> {
    if page == wanted {
        return None;
    }
    let (mut there, mut should) = (page.split('\n'), wanted.split('\n'));
    let mut line = 0;
    loop {
        line += 1;
        match (there.next(), should.next()) {
            (left, right) if left == right => {}
            (left, right) => {
                let shown = |text: Option<&str>| text.map_or("the page ends".to_owned(), |text| format!("`{text}`"));
                return Some(format!(
                    "{name}:{line}: is not current\n  is:     {}\n  should: {}",
                    shown(left),
                    shown(right)
                ));
            }
        }
    }
}
