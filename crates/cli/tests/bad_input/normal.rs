//! Making what a command says the same on every run and machine: the project's folder, times, durations, process numbers
//! and random ids are replaced by words. Progress is left out, because its numbers depend on the machine.

use std::path::Path;

use stead_testkit::fixture::Fixture;

/// What a command said, ready to be compared: its data, then its error.
pub(crate) fn normal(out: &str, err: &str, folder: &Path) -> String {
    let from = err.find("error").filter(|at| *at == 0 || err[..*at].ends_with('\n'));
    let from = from.or_else(|| err.find("\nerror").map(|at| at + 1)).unwrap_or(0);
    let said = if out.is_empty() { err[from..].to_owned() } else { format!("{out}---\n{}", &err[from..]) };
    let folder = folder.display().to_string();
    let folder = folder.trim_end_matches('/');
    let said = replace_run(&said.replace(folder, "[project]"));
    said.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// The same without what a server and its databases are called in this run.
pub(crate) fn without_names(said: &str, fixture: &Fixture) -> String {
    let mut said = said.replace(fixture.prefix(), "");
    // Which of these it is depends on who is faster.
    for hung_up in [
        "early eof",
        "bytes remaining on stream",
        "unexpected end of file",
        "connection closed",
        "Connection reset by peer",
        "Broken pipe",
    ] {
        said = said.replace(hung_up, "[hung up]");
    }
    said = said.replace("[hung up] (os error 32)", "[hung up]").replace("[hung up] (os error 104)", "[hung up]");
    // Whether the server's last word was heard depends on that too.
    let last_word = ": terminating connection due to administrator command";
    said = said.replace(last_word, "").replace("the connection was lost: [hung up]", "the connection was lost");
    for mark in [
        "_stead_new_",
        "_stead_kept_",
        "stead_new_",
        "stead_kept_",
        "127.0.0.1:",
        "connection ",
        " has ",
        " instead of ",
    ] {
        said = without_tail(&said, mark);
    }
    said
}

/// Replaces what follows a mark, up to the end of the word; after a mark that ends with a blank only a number.
fn without_tail(text: &str, mark: &str) -> String {
    let mut parts = text.split(mark);
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|letter: char| letter.is_ascii_alphanumeric() || letter == '_');
        let named = !mark.ends_with(' ') || part.starts_with(|letter: char| letter.is_ascii_digit());
        result.push_str(mark);
        result.push_str(&if named { format!("[id]{rest}") } else { part.to_owned() });
    }
    result
}

/// Replaces each run of letters, digits and the marks that times are written with.
fn replace_run(text: &str) -> String {
    let mut result = String::new();
    let mut run = String::new();
    let mut before = String::new();
    for character in text.chars().chain(['\0']) {
        if character.is_ascii_alphanumeric() || ":.-".contains(character) {
            run.push(character);
            continue;
        }
        result.push_str(&word(&run, &before, character));
        before = std::mem::take(&mut run);
        if character != '\0' {
            result.push(character);
        }
    }
    result
}

fn word(run: &str, before: &str, next: char) -> String {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if run.len() >= 20 && run.as_bytes()[10] == b'T' && run.contains('Z') && digits(&run[..4]) {
        return run.split_once('Z').map_or_else(String::new, |(_, rest)| format!("[time]{rest}"));
    }
    if before == "process" && digits(run) {
        return "[process]".to_owned();
    }
    if next == ' ' && run.split_once('.').is_some_and(|(whole, part)| digits(whole) && part.len() < 3 && digits(part)) {
        return "[number]".to_owned();
    }
    if digits(run) && run.len() > 3 && run.len() < 14 {
        return "[number]".to_owned();
    }
    // Temporary names, and the name that the test program has as a process.
    for mark in ["stead-new-", ".tmp", "input-"] {
        if let Some((front, _)) = run.split_once(mark) {
            return format!("{front}{mark}[id]");
        }
    }
    let parts = run.split_inclusive(|mark: char| !mark.is_ascii_alphanumeric()).map(part);
    let word: String = parts.collect();
    // An undo point's name is a time and six digits, an index's a time and a number.
    match word.split_once("[time]-") {
        Some(("", rest)) if rest.len() == 6 || digits(rest) => "[time]-[id]".to_owned(),
        _ => word,
    }
}

/// One part of a run: a time of fourteen digits, or a long hexadecimal number.
fn part(text: &str) -> String {
    let inner = text.trim_end_matches(|mark: char| !mark.is_ascii_alphanumeric());
    let rest = &text[inner.len()..];
    let digits = inner.bytes().filter(u8::is_ascii_digit).count();
    if inner.len() == 14 && digits == 14 {
        return format!("[time]{rest}");
    }
    let hexadecimal = inner.bytes().all(|byte| byte.is_ascii_hexdigit()) && inner.len() >= 16 && digits > 2;
    if hexadecimal { format!("[id]{rest}") } else { text.to_owned() }
}
