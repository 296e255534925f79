//! Finds what somebody may have meant. One rule for every near miss in this crate, so that headers, ids, apps and
//! references suggest alike.

/// The candidate nearest to `word`, if it is near: at most one slip for every three characters, letters' case aside.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let distance = |candidate: &&str| strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
    let allowed = (word.chars().count() / 3).max(1);
    candidates.into_iter().filter(|candidate| distance(candidate) <= allowed).min_by_key(distance)
}

/// `a`, `b` and `c`, each in backticks.
pub(crate) fn listed<T: std::fmt::Display>(items: &[T]) -> String {
    let quoted: Vec<String> = items.iter().map(|item| format!("`{item}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
        None => String::new(),
    }
}
