//! How a text becomes words, for documents and for what people type alike. A word is a run of letters and digits,
//! lower-cased, and stemmed where the field's language has a stemmer; in scripts that are written without spaces every
//! character is a word of its own, and what was typed together is then looked for as a phrase.

use tantivy::tokenizer::{
    Language, LowerCaser, RemoveLongFilter, TextAnalyzer, Token, TokenStream, Tokenizer, TokenizerManager,
};

use stems::Stems;

mod stems;

/// Words of more bytes are left out of the index: they are encoded files and the like, nothing that is ever typed.
const LONGEST_WORD: usize = 256;

/// The two letters of a language and its stemmer.
const LANGUAGES: [(&str, Language); 20] = [
    ("ar", Language::Arabic),
    ("da", Language::Danish),
    ("de", Language::German),
    ("el", Language::Greek),
    ("en", Language::English),
    ("es", Language::Spanish),
    ("fi", Language::Finnish),
    ("fr", Language::French),
    ("hu", Language::Hungarian),
    ("it", Language::Italian),
    ("nb", Language::Norwegian),
    ("nl", Language::Dutch),
    ("nn", Language::Norwegian),
    ("no", Language::Norwegian),
    ("pt", Language::Portuguese),
    ("ro", Language::Romanian),
    ("ru", Language::Russian),
    ("sv", Language::Swedish),
    ("ta", Language::Tamil),
    ("tr", Language::Turkish),
];

/// The name of the analyzer for a language, as it is written into an index. `en`, `EN` and `en-GB` are the same one.
pub(crate) fn analyzer_name(language: Option<&str>) -> String {
    match language.and_then(stemmer) {
        Some((letters, _)) => format!("words_{letters}"),
        None => "words".to_owned(),
    }
}

/// Every analyzer that an index can name.
pub(crate) fn analyzers() -> TokenizerManager {
    let known = TokenizerManager::default();
    known.register("words", plain());
    for (letters, language) in LANGUAGES {
        known.register(&format!("words_{letters}"), stemming(language));
    }
    known
}

fn stemmer(language: &str) -> Option<&'static (&'static str, Language)> {
    let letters = language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    LANGUAGES.iter().find(|(known, _)| *known == letters)
}

fn plain() -> TextAnalyzer {
    TextAnalyzer::builder(Words::default()).filter(RemoveLongFilter::limit(LONGEST_WORD)).filter(LowerCaser).build()
}

fn stemming(language: Language) -> TextAnalyzer {
    TextAnalyzer::builder(Words::default())
        .filter(RemoveLongFilter::limit(LONGEST_WORD))
        .filter(LowerCaser)
        .filter(Stems::of(language))
        .build()
}

/// Cuts a text into runs of letters and digits, and unspaced scripts into characters.
#[derive(Clone, Default)]
struct Words {
    token: Token,
}

struct WordStream<'a> {
    text: &'a str,
    /// Where the text that was not looked at begins.
    position: usize,
    token: &'a mut Token,
}

impl Tokenizer for Words {
    type TokenStream<'a> = WordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        self.token.reset();
        WordStream { text, position: 0, token: &mut self.token }
    }
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        let Some((from, to)) = next_word(self.text, self.position) else {
            self.position = self.text.len();
            return false;
        };
        self.position = to;
        self.token.position = self.token.position.wrapping_add(1);
        self.token.offset_from = from;
        self.token.offset_to = to;
        self.token.text.clear();
        self.token.text.push_str(&self.text[from..to]);
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

fn next_word(text: &str, position: usize) -> Option<(usize, usize)> {
    let mut from = position;
    let mut first = letter(text, from)?;
    while !first.is_alphanumeric() {
        from += first.len_utf8();
        first = letter(text, from)?;
    }
    let mut to = from + first.len_utf8();
    if unspaced(first) {
        return Some((from, to));
    }
    let belongs = |letter: &char| letter.is_ascii_alphanumeric() || (letter.is_alphanumeric() && !unspaced(*letter));
    while let Some(next) = letter(text, to).filter(belongs) {
        to += next.len_utf8();
    }
    Some((from, to))
}

/// The character at a place. Most are one byte, which needs no decoding, and this is asked for each of a text.
fn letter(text: &str, position: usize) -> Option<char> {
    let byte = *text.as_bytes().get(position)?;
    if byte.is_ascii() { Some(char::from(byte)) } else { text[position..].chars().next() }
}

/// Scripts whose words are not set apart by spaces: Thai, Lao, Burmese, Khmer, Chinese, Japanese, and Korean, where
/// endings cling to the words.
fn unspaced(letter: char) -> bool {
    matches!(letter,
        '\u{0e00}'..='\u{0eff}'
        | '\u{1000}'..='\u{109f}'
        | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}'
        | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests;
