//! Numbers of things in sentences: "1 row" and "2 rows". Every noun that is counted here takes a plain `s`.

/// A number with its noun.
///
/// ```
/// assert_eq!(stead::counted::counted(1_u64, "row"), "1 row");
/// assert_eq!(stead::counted::counted(2_usize, "undo point"), "2 undo points");
/// ```
pub fn counted<N: std::fmt::Display + PartialEq + From<u8>>(number: N, noun: &str) -> String {
    let plural = plural(&number);
    format!("{number} {noun}{plural}")
}

/// What a noun takes behind it when so many are meant.
pub fn plural<N: PartialEq + From<u8>>(number: &N) -> &'static str {
    if *number == N::from(1) { "" } else { "s" }
}
