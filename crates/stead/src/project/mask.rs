//! What must not be printed, and how it is hidden: passwords inside URLs and connection strings, and whatever stands
//! under a key that is called a password, a secret or a token. Where a doubt remains more is hidden, never less; a
//! person who misses three characters of a host name is better off than one whose password is in a build log.

use std::ops::Range;

use stead_sql::secret::may_be_secret;

/// What stands in the place of a secret.
pub(super) const MASK: &str = "***";

/// Whether a key, a variable or a parameter of this name holds a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    may_be_secret(name)
}

/// `text` with its secrets replaced by three stars.
pub(super) fn masked(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut end = 0;
    for range in joined(secret_ranges(text)) {
        result.push_str(&text[end..range.start]);
        result.push_str(MASK);
        end = range.end;
    }
    result.push_str(&text[end..]);
    result
}

/// The words of a command with their secrets hidden, also where a word such as `--password` announces the next one.
pub(super) fn masked_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut announced = false;
    let mut result = Vec::new();
    for word in words {
        result.push(if announced { MASK.to_owned() } else { masked(word) });
        announced = announces_secret(word);
    }
    result
}

/// Whether a word of a command, such as `--password`, says that the next one is a secret.
pub(super) fn announces_secret(word: &str) -> bool {
    word.starts_with('-') && !word.contains('=') && is_secret_name(word)
}

/// `text` with the bytes of `ranges` replaced by stars, one star a byte, so that offsets stay true.
pub(super) fn blotted(text: &str, ranges: Vec<Range<usize>>) -> String {
    let mut result = String::with_capacity(text.len());
    let mut end = 0;
    for range in joined(ranges) {
        result.push_str(&text[end..range.start]);
        result.extend(text[range.clone()].chars().flat_map(|letter| blot_of(letter).chars()));
        end = range.end;
    }
    result.push_str(&text[end..]);
    result
}

/// Line ends survive, so that lines keep their numbers.
fn blot_of(letter: char) -> &'static str {
    match letter {
        '\n' => "\n",
        '\r' => "\r",
        _ => &"****"[..letter.len_utf8()],
    }
}

/// The byte ranges of `text`, one value, that are secret.
pub(super) fn secret_ranges(text: &str) -> Vec<Range<usize>> {
    let mut ranges: Vec<_> = credentials(text).into_iter().collect();
    ranges.extend(parameters(text));
    ranges
}

/// The secret ranges of a source that could not be parsed, judged line by line.
pub(super) fn secret_ranges_of_broken_source(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        ranges.extend(shifted(credentials(line).into_iter().collect(), start));
        let mut at = start;
        for piece in line.split_inclusive(['"', '\'']) {
            ranges.extend(shifted(secret_ranges(piece), at));
            at += piece.len();
        }
        ranges.extend(assigned_secret(text, start, line));
        start += line.len();
    }
    ranges
}

/// The secret ranges of the comments in text that stands between values.
pub(super) fn secret_ranges_of_comments(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some(comment) = line.find('#') {
            ranges.extend(shifted(secret_ranges_of_broken_source(&line[comment..]), start + comment));
        }
        start += line.len();
    }
    ranges
}

fn shifted(ranges: Vec<Range<usize>>, by: usize) -> impl Iterator<Item = Range<usize>> {
    ranges.into_iter().map(move |range| range.start + by..range.end + by)
}

/// The password of `scheme://user:PASSWORD@host` and of `user:PASSWORD@host`. It reaches to the last `@`, because
/// people paste passwords that contain `@` and `/` without encoding them.
fn credentials(text: &str) -> Option<Range<usize>> {
    let at = text.rfind('@')?;
    let start = match text.find("://") {
        Some(scheme) if scheme + 3 <= at => scheme + 3,
        Some(_) => return None,
        None if text.starts_with("sqlite:") || text.trim().contains(char::is_whitespace) => return None,
        None => 0,
    };
    let colon = start + text[start..at].find(':')?;
    let password = colon + 1..at;
    (!password.is_empty() && !is_lone_reference(&text[password.clone()])).then_some(password)
}

/// `${NAME}` tells nobody anything: it stays readable.
fn is_lone_reference(text: &str) -> bool {
    let name = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    name.is_some_and(|name| name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_'))
}

/// The values of `password=…` and the like, in the query of a URL or in a connection string of pairs.
fn parameters(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    for (equals, _) in text.match_indices('=') {
        let name = text[..equals].rsplit(|letter: char| !is_name_letter(letter)).next().unwrap_or_default();
        if is_secret_name(name) {
            let value = parameter_value(text, equals + 1);
            if !value.is_empty() && !is_lone_reference(&text[value.clone()]) {
                ranges.push(value);
            }
        }
    }
    ranges
}

fn is_name_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '-'
}

/// A parameter's value from `start`: a quoted text, or what comes before the next separator.
fn parameter_value(text: &str, start: usize) -> Range<usize> {
    let rest = &text[start..];
    let quoted = rest.strip_prefix(['\'', '"']).map(|inner| inner.find(['\'', '"']).unwrap_or(inner.len()) + 1);
    let length =
        quoted.unwrap_or_else(|| rest.find(|c: char| c == '&' || c == ';' || c.is_whitespace()).unwrap_or(rest.len()));
    start..start + length
}

/// What is assigned to a secret key in one line of a broken source: the rest of the line, or of the text when a
/// multi-line string opens there.
fn assigned_secret(text: &str, start: usize, line: &str) -> Option<Range<usize>> {
    let equals = line.match_indices(['=', ':']).map(|(at, _)| at).find(|at| {
        let name = line[..*at].trim_end().trim_end_matches(['"', '\'']);
        is_secret_name(name.rsplit(|letter: char| !is_name_letter(letter)).next().unwrap_or_default())
    })?;
    let value = start + equals + 1;
    if line[equals..].contains("\"\"\"") || line[equals..].contains("'''") {
        return Some(value..text.len());
    }
    Some(value..start + line.trim_end_matches(['\r', '\n']).len())
}

/// Ranges in order, with those that touch or overlap made one.
fn joined(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    let mut result: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match result.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => result.push(range),
        }
    }
    result
}
