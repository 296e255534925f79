//! Stems words by the rules of a language and remembers the stems of the last few thousand. Running the rules takes a
//! fifth of the time of indexing, and most words of a text came before, so they are looked up instead.

use tantivy::tokenizer::{Language, RawTokenizer, Stemmer, Token, TokenFilter, TokenStream, Tokenizer};

/// Pairs of words that are remembered, for each field and indexing thread: 256 KiB, which stay in a core's own cache.
const PAIRS: usize = 4096;

/// The longest word that is remembered, in bytes.
const LONGEST: usize = 24;

/// The longest ending that is remembered, in bytes.
const LONGEST_ENDING: usize = 7;

/// The filter for a language.
pub(super) struct Stems {
    language: Language,
}

impl Stems {
    pub(super) fn of(language: Language) -> Self {
        Self { language }
    }
}

impl TokenFilter for Stems {
    type Tokenizer<T: Tokenizer> = Stemming<T>;

    fn transform<T: Tokenizer>(self, words: T) -> Stemming<T> {
        let rules = Stemmer::new(self.language).transform(RawTokenizer::default());
        Stemming { words, memory: Memory { rules, known: Vec::new() } }
    }
}

/// Words of a tokenizer, stemmed.
#[derive(Clone)]
pub(super) struct Stemming<T> {
    words: T,
    memory: Memory,
}

impl<T: Tokenizer> Tokenizer for Stemming<T> {
    type TokenStream<'a> = StemStream<'a, T::TokenStream<'a>>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Self::TokenStream<'a> {
        StemStream { words: self.words.token_stream(text), memory: &mut self.memory }
    }
}

/// The stems of one text.
pub(super) struct StemStream<'a, T> {
    words: T,
    memory: &'a mut Memory,
}

impl<T: TokenStream> TokenStream for StemStream<'_, T> {
    fn advance(&mut self) -> bool {
        let more = self.words.advance();
        if more {
            self.memory.stem(&mut self.words.token_mut().text);
        }
        more
    }

    fn token(&self) -> &Token {
        self.words.token()
    }

    fn token_mut(&mut self) -> &mut Token {
        self.words.token_mut()
    }
}

/// The rules and what they made of earlier words.
#[derive(Clone)]
struct Memory {
    rules: <Stemmer as TokenFilter>::Tokenizer<RawTokenizer>,
    /// Empty until the first word: analyzers are made for every language and few are used.
    known: Vec<Pair>,
}

/// Two words that share a place, the newer one first. They fill one line of the processor's cache, so that looking for a
/// word waits for memory once at most.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Pair([Known; 2]);

/// A stem as the difference to its word: stems are mostly beginnings. Texts are followed by zeros here; no word has a zero
/// in it, so a word of only zeros is a place that is free.
#[derive(Clone, Copy, Default)]
struct Known {
    word: [u8; LONGEST],
    /// Bytes of the word that stay.
    kept: u8,
    /// What comes after them.
    ending: [u8; LONGEST_ENDING],
}

impl Memory {
    fn stem(&mut self, word: &mut String) {
        let Some(padded) = padded(word) else {
            *word = self.rule(word);
            return;
        };
        if self.known.is_empty() {
            self.known = vec![Pair::default(); PAIRS];
        }
        let place = place(&padded);
        if let Some(known) = self.known[place].0.iter().find(|known| known.word == padded) {
            known.apply(word);
            return;
        }
        let stem = self.rule(word);
        if let Some(known) = Known::new(padded, word, &stem) {
            let [newer, _] = self.known[place].0;
            self.known[place].0 = [known, newer];
        }
        *word = stem;
    }

    fn rule(&mut self, word: &str) -> String {
        let mut stream = self.rules.token_stream(word);
        stream.advance();
        std::mem::take(&mut stream.token_mut().text)
    }
}

impl Known {
    /// `None` if the ending is too long.
    fn new(padded: [u8; LONGEST], word: &str, stem: &str) -> Option<Self> {
        let same = word.chars().zip(stem.chars()).take_while(|(one, other)| one == other);
        let kept = same.map(|(letter, _)| letter.len_utf8()).sum::<usize>();
        let ending = filled(&stem[kept..])?;
        Some(Self { word: padded, kept: u8::try_from(kept).ok()?, ending })
    }

    fn apply(&self, word: &mut String) {
        word.truncate(usize::from(self.kept));
        if self.ending[0] != 0 {
            let ending = std::str::from_utf8(&self.ending).expect("an ending was a text, and zeros are characters");
            word.push_str(ending.trim_end_matches('\0'));
        }
    }
}

/// The word as it is remembered; `None` if it is too long, or no word.
fn padded(word: &str) -> Option<[u8; LONGEST]> {
    if word.is_empty() { None } else { filled(word) }
}

/// A text and zeros after it, if there is room.
fn filled<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
    Some(bytes)
}

/// The place of a word.
fn place(word: &[u8; LONGEST]) -> usize {
    let (pieces, _) = word.as_chunks::<8>();
    let mix = |hash: u64, piece: &[u8; 8]| {
        (hash.rotate_left(23) ^ u64::from_le_bytes(*piece)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    };
    let [first, second, ..] = pieces.iter().fold(0, mix).to_be_bytes();
    usize::from(u16::from_be_bytes([first, second])) % PAIRS
}
