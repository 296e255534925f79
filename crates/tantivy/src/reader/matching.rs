//! Makes a query of tantivy out of a question, and the list of words to mark in what it finds. A word without a field is
//! looked for in every field of words and of exact terms; numbers, booleans and dates are found by naming their field.

use std::ops::Bound;

use stead_engine::Value;
use stead_engine::search::FieldKind;
use tantivy::DateTime;
use tantivy::query::{AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, Occur, PhraseQuery, Query};
use tantivy::query::{RangeQuery, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Term};
use tantivy::time::Duration;
use tantivy::tokenizer::TextAnalyzer;

use crate::convert::{Converted, LONGEST_TERM, convert, day, moment};
use crate::highlight::Needle;
use crate::layout::Layout;
use crate::query::{Clause, parse};

/// For every field what to mark in it.
pub(crate) type Needles = Vec<Vec<Needle>>;

/// A question in the terms of an index.
pub(crate) struct Matching {
    pub(crate) query: Box<dyn Query>,
    pub(crate) needles: Needles,
}

/// Reads what was typed; `None` if nothing in it can be looked for.
pub(crate) fn compile(typed: &str, layout: &Layout, analyzers: &mut [Option<TextAnalyzer>]) -> Option<Matching> {
    let names: Vec<&str> = layout.definition.fields.iter().map(|field| field.name.as_str()).collect();
    let question = parse(typed, &names);
    let needles = vec![Vec::new(); names.len()];
    if question.everything {
        return Some(Matching { query: every_document(), needles });
    }
    let mut compiler = Compiler { layout, analyzers, needles };
    let alternatives = question.alternatives.iter().filter_map(|clauses| compiler.alternative(clauses));
    let alternatives: Vec<Box<dyn Query>> = alternatives.collect();
    (!alternatives.is_empty()).then(|| Matching { query: any_of(alternatives), needles: compiler.needles })
}

struct Compiler<'a> {
    layout: &'a Layout,
    analyzers: &'a mut [Option<TextAnalyzer>],
    needles: Needles,
}

/// What a clause became.
enum Sought {
    /// It holds nothing that could be looked for: punctuation alone.
    Nothing,
    /// It may help the ranking, but cannot be demanded: no field of words has a word for it.
    Perhaps(Box<dyn Query>),
    Surely(Box<dyn Query>),
}

impl Compiler<'_> {
    fn alternative(&mut self, clauses: &[Clause]) -> Option<Box<dyn Query>> {
        let mut parts: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for clause in clauses {
            match self.clause(clause) {
                Sought::Nothing => {}
                Sought::Perhaps(query) | Sought::Surely(query) if clause.excluded => {
                    parts.push((Occur::MustNot, query))
                }
                Sought::Perhaps(query) => parts.push((Occur::Should, query)),
                Sought::Surely(query) => parts.push((Occur::Must, query)),
            }
        }
        if !parts.is_empty() && parts.iter().all(|(occur, _)| *occur == Occur::MustNot) {
            parts.push((Occur::Must, every_document()));
        }
        (!parts.is_empty()).then(|| Box::new(BooleanQuery::new(parts)) as Box<dyn Query>)
    }

    fn clause(&mut self, clause: &Clause) -> Sought {
        if let Some(place) = clause.field {
            return self.in_field(place, clause).map_or(Sought::Nothing, Sought::Surely);
        }
        let (mut queries, mut words) = (Vec::new(), false);
        let kinds: Vec<FieldKind> = self.layout.definition.fields.iter().map(|field| field.kind).collect();
        for (place, kind) in kinds.iter().enumerate() {
            if matches!(kind, FieldKind::Text | FieldKind::Keyword)
                && let Some(query) = self.in_field(place, clause)
            {
                words |= *kind == FieldKind::Text;
                queries.push(query);
            }
        }
        match (queries.is_empty(), words || !kinds.contains(&FieldKind::Text)) {
            (true, _) => Sought::Nothing,
            (false, true) => Sought::Surely(any_of(queries)),
            (false, false) => Sought::Perhaps(any_of(queries)),
        }
    }

    /// The query for one field; `None` if the text holds no word of it.
    fn in_field(&mut self, place: usize, clause: &Clause) -> Option<Box<dyn Query>> {
        let field = self.layout.fields[place];
        let declared = &self.layout.definition.fields[place];
        let query = match declared.kind {
            FieldKind::Text => self.words(place, clause)?,
            FieldKind::Keyword if clause.text.len() <= LONGEST_TERM => term(Term::from_field_text(field, &clause.text)),
            FieldKind::Keyword => Box::new(EmptyQuery),
            FieldKind::Date => period(field, &clause.text),
            kind => number(field, kind, &clause.text),
        };
        let plain = (declared.boost - 1.0).abs() < f32::EPSILON;
        Some(if plain { query } else { Box::new(BoostQuery::new(query, declared.boost)) })
    }

    fn words(&mut self, place: usize, clause: &Clause) -> Option<Box<dyn Query>> {
        let field = self.layout.fields[place];
        let mut needle: Needle = Vec::new();
        let analyzer = self.analyzers[place].as_mut()?;
        analyzer.token_stream(&clause.text).process(&mut |token| needle.push((token.position, token.text.clone())));
        let mut terms: Vec<(usize, Term)> =
            needle.iter().map(|(position, text)| (*position, Term::from_field_text(field, text))).collect();
        if !clause.excluded {
            self.needles[place].push(needle);
        }
        match terms.len() {
            0 => None,
            1 => Some(term(terms.remove(0).1)),
            _ => Some(Box::new(PhraseQuery::new_with_offset(terms))),
        }
    }
}

fn term(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
}

/// A number or a truth value either is the one or not: there is nothing to rank.
fn number(field: Field, kind: FieldKind, text: &str) -> Box<dyn Query> {
    let term = match convert(kind, &Value::from(text)) {
        Ok(Converted::Integer(number)) => Term::from_field_i64(field, number),
        Ok(Converted::Float(number)) => Term::from_field_f64(field, number),
        Ok(Converted::Boolean(flag)) => Term::from_field_bool(field, flag),
        _ => return Box::new(EmptyQuery),
    };
    Box::new(ConstScoreQuery::new(Box::new(TermQuery::new(term, IndexRecordOption::Basic)), 1.0))
}

/// A date is looked for as the whole day, a time as the whole second.
fn period(field: Field, text: &str) -> Box<dyn Query> {
    let length = if day(text).is_some() { Duration::DAY } else { Duration::SECOND };
    let Some(start) = moment(text) else { return Box::new(EmptyQuery) };
    let end = start.checked_add(length).map_or(DateTime::MAX, DateTime::from_utc);
    let start = DateTime::from_utc(start);
    let upper = Term::from_field_date(field, end);
    let upper = if end == DateTime::MAX { Bound::Included(upper) } else { Bound::Excluded(upper) };
    let range = RangeQuery::new(Bound::Included(Term::from_field_date(field, start)), upper);
    Box::new(ConstScoreQuery::new(Box::new(range), 1.0))
}

fn every_document() -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(Box::new(AllQuery), 0.0))
}

fn any_of(mut queries: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    if queries.len() == 1 { queries.remove(0) } else { Box::new(BooleanQuery::union(queries)) }
}
