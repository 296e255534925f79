//! The near miss behind a "did you mean": the known word that an unknown one most resembles. It lives apart because
//! keys, names, schemes and environments all ask the same question and must answer it alike.

/// The candidate that `word` is most likely a slip of, if one is close enough to be worth saying.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let word = normal(word);
    let allowed = 1 + word.chars().count() / 4;
    let distances =
        candidates.into_iter().map(|candidate| (strsim::damerau_levenshtein(&word, &normal(candidate)), candidate));
    let best = distances.filter(|(distance, _)| *distance <= allowed).min()?;
    Some(best.1.to_owned())
}

/// Case and the choice between `-` and `_` are slips that cost nothing.
fn normal(word: &str) -> String {
    word.chars().take(100).collect::<String>().to_lowercase().replace('-', "_")
}
