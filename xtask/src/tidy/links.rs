//! Links between the project's Markdown pages resolve: the file is there, and so is the heading that a fragment names.
//! Pages move while they are written, and a reader who meets a dead link stops trusting the rest.

#[cfg(test)]
mod tests;

use super::Finding;
use crate::workspace::TextFile;

/// Checks every Markdown file; `exists` says whether a path, relative to the root, is there (folders count).
pub(crate) fn check(files: &[TextFile], exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let pages = files.iter().filter(|file| file.path.ends_with(".md"));
    let mut findings = Vec::new();
    for page in pages {
        for (line, target) in links(&page.text) {
            if let Some(text) = fault(page, &target, files, &exists) {
                findings.push(Finding::new(&page.path, line, "links", text));
            }
        }
    }
    findings
}

fn fault(page: &TextFile, target: &str, files: &[TextFile], exists: impl Fn(&str) -> bool) -> Option<String> {
    let elsewhere = target.contains("://") || target.starts_with("mailto:");
    if elsewhere {
        return None;
    }
    let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
    let Some(resolved) = resolve(&page.path, path) else {
        return Some(format!("`{target}` leaves the repository"));
    };
    if !exists(&resolved) {
        return Some(format!("`{target}` leads to `{resolved}`, which is not there"));
    }
    let linked = files.iter().find(|file| file.path == resolved && resolved.ends_with(".md"))?;
    let missing = !fragment.is_empty() && !headings(&linked.text).iter().any(|heading| heading == fragment);
    missing.then(|| format!("`{target}`: `{resolved}` has no heading for `#{fragment}`"))
}

/// The path from the root that a link in `page` leads to; nothing if it goes above the root.
fn resolve(page: &str, path: &str) -> Option<String> {
    if path.is_empty() {
        return Some(page.to_owned());
    }
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    if path.starts_with('/') {
        parts.clear();
    }
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The targets of the links in a page with their one-based lines; what stands in code is no link.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (line, content) in prose(text) {
        let bare = without_code(content);
        for (start, _) in bare.match_indices("](") {
            let rest = &bare[start + 2..];
            let target = rest.split(')').next().unwrap_or_default();
            found.push((line, target.split_whitespace().next().unwrap_or_default().to_owned()));
        }
        let reference = bare.strip_prefix('[').and_then(|rest| rest.split_once("]: "));
        found.extend(reference.map(|(_, target)| (line, target.trim().to_owned())));
    }
    found
}

/// The lines outside fenced code, with their one-based numbers.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let fence = line.trim_start().starts_with("```");
        if !fenced && !fence {
            lines.push((index + 1, line));
        }
        fenced ^= fence;
    }
    lines
}

fn without_code(line: &str) -> String {
    let pieces: Vec<&str> = line.split('`').collect();
    // An odd count of pieces means that every backtick is paired; the odd pieces are code then.
    let paired = pieces.len() % 2 == 1;
    let kept = pieces.iter().enumerate().filter(|(index, _)| !paired || index % 2 == 0);
    kept.map(|(_, piece)| *piece).collect()
}

/// The fragments of a page's headings: lower case, spaces as hyphens, other signs left out.
fn headings(text: &str) -> Vec<String> {
    let titles = prose(text).into_iter().filter(|(_, line)| line.starts_with('#'));
    titles.map(|(_, line)| fragment_of(line.trim_start_matches('#').trim())).collect()
}

fn fragment_of(title: &str) -> String {
    let lower = title.to_lowercase();
    let kept = lower.chars().filter(|character| character.is_alphanumeric() || " -_".contains(*character));
    kept.map(|character| if character == ' ' { '-' } else { character }).collect()
}
