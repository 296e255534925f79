//! Finds, in the text of a document, the words that made it a hit, and cuts a readable piece around the best of them.
//! The text goes through the analyzer that indexed it, so a word that matches by its stem is marked as it is written.

use std::ops::Range;

use stead_engine::search::Highlight;
use tantivy::tokenizer::TextAnalyzer;

/// A piece has at most so many bytes, unless one word alone has more.
const PIECE: usize = 240;

/// So many bytes of a piece may stand before its first mark, so that the mark has some context.
const BEFORE: usize = 60;

/// A word, or several that must follow each other: terms with their relative positions.
pub(crate) type Needle = Vec<(usize, String)>;

/// The best piece of a text with its marks, or `None` if nothing in it matches.
pub(crate) fn highlight(analyzer: &mut TextAnalyzer, text: &str, needles: &[Needle]) -> Option<Highlight> {
    let (spans, marks) = scan(analyzer, text, needles);
    let piece = piece(text, &spans, &marks)?;
    let inside = marks.iter().map(|mark| &spans[*mark]).filter(|span| contains(&piece, span));
    let ranges = inside.map(|span| (span.start - piece.start, span.end - piece.start)).collect();
    Some(Highlight { text: text[piece].to_owned(), ranges })
}

/// A word of the text: its place among the words, and its term.
struct Word {
    position: usize,
    term: String,
}

/// Where every word stands, and which of them match, ascending.
fn scan(analyzer: &mut TextAnalyzer, text: &str, needles: &[Needle]) -> (Vec<Range<usize>>, Vec<usize>) {
    let (mut spans, mut words) = (Vec::new(), Vec::new());
    analyzer.token_stream(text).process(&mut |token| {
        spans.push(token.offset_from..token.offset_to);
        words.push(Word { position: token.position, term: token.text.clone() });
    });
    let mut marked = vec![false; words.len()];
    for needle in needles {
        mark(&words, needle, &mut marked);
    }
    let marks = marked.iter().enumerate().filter_map(|(number, marked)| marked.then_some(number)).collect();
    (spans, marks)
}

fn mark(words: &[Word], needle: &Needle, marked: &mut [bool]) {
    let Some((base, first)) = needle.first() else { return };
    for (start, word) in words.iter().enumerate().filter(|(_, word)| word.term == *first) {
        let place = |(position, term): &(usize, String)| {
            let wanted = word.position + (position - base);
            let step = words[start..].binary_search_by_key(&wanted, |other| other.position).ok()?;
            (words[start + step].term == *term).then_some(start + step)
        };
        if let Some(places) = needle.iter().map(place).collect::<Option<Vec<usize>>>() {
            places.into_iter().for_each(|place| marked[place] = true);
        }
    }
}

/// The window with the most marks, the first of those; whole words only.
fn piece(text: &str, spans: &[Range<usize>], marks: &[usize]) -> Option<Range<usize>> {
    let first = marks.first()?;
    if text.len() <= PIECE {
        return Some(0..text.len());
    }
    let mut best = (0, window(text, spans, *first));
    for (number, mark) in marks.iter().enumerate() {
        let window = window(text, spans, *mark);
        let inside = marks[number..].iter().take_while(|other| spans[**other].end <= window.end).count();
        if inside > best.0 {
            best = (inside, window);
        }
    }
    Some(best.1)
}

fn window(text: &str, spans: &[Range<usize>], mark: usize) -> Range<usize> {
    let earliest = spans[mark].start.saturating_sub(BEFORE);
    let start = spans.partition_point(|span| span.start < earliest);
    let start = if start == 0 && spans[0].start <= BEFORE { 0 } else { spans[start].start };
    let end = spans.partition_point(|span| span.end <= start + PIECE).max(mark + 1);
    let end = if end == spans.len() && text.len() <= start + PIECE { text.len() } else { spans[end - 1].end };
    start..end
}

fn contains(piece: &Range<usize>, span: &Range<usize>) -> bool {
    piece.start <= span.start && span.end <= piece.end
}

#[cfg(test)]
mod tests;
