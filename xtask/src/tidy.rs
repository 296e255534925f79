//! The house rules that the compiler cannot check, one module a rule, each with tests that see it fail.
//! `ARCHITECTURE.md` names the invariants; whoever changes one changes its rule here in the same commit.

mod arrows;
mod links;
mod purity;
mod shape;
mod speech;
mod tree;
mod words;

use std::fmt;

use anyhow::Result;

use crate::rows;
use crate::source::RustFile;
use crate::workspace::Workspace;

/// One place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// The file, relative to the repository's root.
    pub(crate) path: String,
    /// One-based.
    pub(crate) line: usize,
    /// The rule's name, in kebab-case.
    pub(crate) rule: &'static str,
    /// What is wrong and what to do.
    pub(crate) text: String,
}

impl Finding {
    pub(crate) fn new(path: &str, line: usize, rule: &'static str, text: impl Into<String>) -> Finding {
        Finding { path: path.to_owned(), line, rule, text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}: {}", self.path, self.line, self.rule, self.text)
    }
}

/// Prints every finding and says whether there was none.
pub(crate) fn run(workspace: &Workspace) -> Result<bool> {
    let findings = findings(workspace)?;
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => println!("tidy: nothing to find fault with"),
        1 => println!("tidy: 1 finding"),
        count => println!("tidy: {count} findings"),
    }
    Ok(findings.is_empty())
}

fn findings(workspace: &Workspace) -> Result<Vec<Finding>> {
    let files = workspace.files()?;
    let rust = RustFile::among(&files);
    let packages = arrows::packages(&workspace.metadata()?)?;
    let mut findings = Vec::new();
    for file in &rust {
        findings.extend(purity::check(file));
        findings.extend(speech::check(file));
        findings.extend(shape::check(file));
        findings.extend(arrows::check_source(file));
    }
    for file in &files {
        findings.extend(words::check(file));
    }
    findings.extend(arrows::check_packages(&packages));
    findings.extend(shape::check_manifests(&files));
    findings.extend(shape::check_content(&files, &rust));
    findings.extend(links::check(&files, |path| workspace.path(path).exists()));
    findings.extend(tree::check(workspace)?);
    findings.extend(rows::findings(&files, &rust));
    findings.sort();
    Ok(findings)
}
