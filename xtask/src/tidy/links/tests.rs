//! Links on pages of a few lines, with a list of paths in place of the disk.
//! Each kind of fault is seen once, and each thing that looks like a link and is none.

use super::*;

fn findings(page: &str, text: &str) -> Vec<String> {
    let files = [
        TextFile { path: page.to_owned(), text: text.to_owned() },
        TextFile { path: "docs/format/ledger.md".to_owned(), text: "# The ledger\n## Rows, and `state`\n".to_owned() },
    ];
    let there = ["docs/format", "docs/format/ledger.md", "README.md", page];
    check(&files, |path| there.contains(&path)).into_iter().map(|finding| finding.text).collect()
}

#[test]
fn good_links_pass() {
    let text = "[a](format/ledger.md) [b](../README.md#x) [c](https://example.invalid/x) [d](format/) [e](/README.md)\n\
                [f](format/ledger.md#rows-and-state) ![g](../README.md \"title\")\n[h]: ../README.md\n# Here\n[i](#here)";
    assert_eq!(findings("docs/page.md", text), Vec::<String>::new());
}

#[test]
fn dead_links_are_found() {
    assert_eq!(findings("docs/page.md", "[a](gone.md)"), ["`gone.md` leads to `docs/gone.md`, which is not there"]);
    assert_eq!(findings("page.md", "[a](../x.md)"), ["`../x.md` leaves the repository"]);
    assert_eq!(findings("docs/page.md", "[x]: gone.md").len(), 1);
    assert_eq!(findings("docs/page.md", "[a](format/ledger.md#columns)").len(), 1);
    assert_eq!(findings("docs/page.md", "[a](#nowhere)").len(), 1);
}

#[test]
fn code_holds_no_links() {
    assert_eq!(findings("docs/page.md", "`[a](gone.md)`\n```\n[a](gone.md)\n```\n"), Vec::<String>::new());
}

#[test]
fn text_after_a_fence_counts_again() {
    assert_eq!(findings("docs/page.md", "```\nx\n```\n[a](gone.md)").len(), 1);
}
