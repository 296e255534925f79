//! Packages that must not be in the dependency tree, because a newcomer's machine lacks what they need to build.
//! One stray feature of one crate is enough to bring them in, so the tree is looked at and not the manifests.

#[cfg(test)]
mod tests;

use anyhow::Result;

use super::Finding;
use crate::workspace::{Workspace, output};

const BANNED: [(&str, &str); 4] = [
    ("aws-lc-sys", "takes half a minute of C and cmake; rustls uses ring here"),
    ("openssl-sys", "needs a system library"),
    ("bindgen", "needs libclang"),
    ("cmake", "needs cmake"),
];

/// Asks cargo for the tree with every feature, and names what is banned.
pub(crate) fn check(workspace: &Workspace) -> Result<Vec<Finding>> {
    let listing = ["tree", "--workspace", "--all-features", "--edges", "normal,build,dev", "--prefix", "none"];
    let tree = output(workspace.cargo().args(listing).args(["--format", "{p}"]))?;
    Ok(banned(&tree))
}

/// The findings in a tree printed one package a line.
fn banned(tree: &str) -> Vec<Finding> {
    let present = |name: &str| tree.lines().any(|line| line.split(' ').next() == Some(name));
    let found = BANNED.iter().filter(|(name, _)| present(name));
    let finding = |(name, why): &(&str, &str)| {
        let text = format!("`{name}` is in the dependency tree and {why}; `cargo tree -i {name}` shows who brings it");
        Finding::new("Cargo.lock", 1, "dependency-tree", text)
    };
    found.map(finding).collect()
}
