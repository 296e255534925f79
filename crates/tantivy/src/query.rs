//! What a person types into a search box, as data. Every text is a valid question: quotes that do not close, colons
//! after something that is no field, operators without operands are read as plain words, so nothing here can fail.
//!
//! The rules: all words must be there, in whichever searched field; `"exact words"` belong together; `field:word` looks
//! in one field; `-word` must not be there; `OR` separates alternatives, each as long as it goes (`a b OR c` is "a and
//! b, or c"); `AND` may be written and changes nothing; a lone `*` is every document. At most [`MOST_CLAUSES`] words
//! are looked at.

/// Words beyond this many are not looked at. A pasted page must not keep the engine busy for seconds.
pub(crate) const MOST_CLAUSES: usize = 256;

/// A question: one alternative must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    /// Every document is asked for.
    pub(crate) everything: bool,
    pub(crate) alternatives: Vec<Vec<Clause>>,
}

/// One word or quoted phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clause {
    /// It must not be there.
    pub(crate) excluded: bool,
    /// The number of the field it was asked in; `None` is every searched field.
    pub(crate) field: Option<usize>,
    /// What stands there, without quotes, sign and field name.
    pub(crate) text: String,
}

/// Reads what was typed. `fields` are the names that may stand before a colon.
pub(crate) fn parse(typed: &str, fields: &[&str]) -> Question {
    let everything = typed.trim() == "*";
    let mut alternatives = vec![Vec::new()];
    let mut clauses = 0;
    let mut rest = typed;
    while let Some((piece, after)) = next_piece(rest) {
        rest = after;
        match piece {
            "OR" => alternatives.push(Vec::new()),
            "AND" => {}
            piece => {
                let clause = clause(piece, fields);
                let alternative = alternatives.last_mut().expect("it is never emptied");
                if clauses < MOST_CLAUSES && !clause.text.is_empty() && !alternative.contains(&clause) {
                    clauses += 1;
                    alternative.push(clause);
                }
            }
        }
    }
    alternatives.retain(|alternative| !alternative.is_empty());
    Question { everything, alternatives }
}

/// The next piece between spaces; spaces inside a closed pair of quotes do not end it. And what stands after it.
fn next_piece(typed: &str) -> Option<(&str, &str)> {
    let typed = typed.trim_start();
    let mut end = 0;
    while let Some(letter) = typed[end..].chars().next() {
        if letter.is_whitespace() {
            break;
        }
        end += letter.len_utf8();
        if is_quote(letter)
            && let Some(length) = typed[end..].find(is_quote)
        {
            let closing = typed[end + length..].chars().next().map_or(0, char::len_utf8);
            end += length + closing;
            break;
        }
    }
    (end > 0).then(|| typed.split_at(end))
}

fn clause(piece: &str, fields: &[&str]) -> Clause {
    let (excluded, piece) = match piece.strip_prefix('-') {
        Some(rest) if !rest.is_empty() => (true, rest),
        _ => (false, piece),
    };
    let named = fields.iter().enumerate().filter_map(|(number, name)| {
        let rest = piece.strip_prefix(name)?.strip_prefix(':')?;
        (!rest.is_empty()).then_some((number, rest))
    });
    // Of two names that fit, such as `a` and `a:b`, the longer one leaves less.
    match named.min_by_key(|(_, rest)| rest.len()) {
        Some((number, rest)) => Clause { excluded, field: Some(number), text: unquoted(rest) },
        None => Clause { excluded, field: None, text: unquoted(piece) },
    }
}

fn unquoted(text: &str) -> String {
    text.replace(is_quote, " ").trim().to_owned()
}

/// Straight quotes, and those that telephones and word processors put in their place.
fn is_quote(letter: char) -> bool {
    matches!(letter, '"' | '“' | '”' | '„' | '«' | '»')
}

#[cfg(test)]
mod tests;
