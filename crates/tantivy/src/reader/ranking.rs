//! Orders hits: by score, and equal scores by key, so that the same question has the same answer on every build. Scores
//! are rounded first, because a sum of floats depends on the order of its parts, which depends on how documents fell
//! into segments.

use stead_engine::search::FieldKind;
use tantivy::collector::sort_key::{NaturalComparator, SortByStaticFastValue, SortByString};
use tantivy::collector::{SegmentSortKeyComputer, SortKeyComputer, TopDocs};
use tantivy::query::Query;
use tantivy::{DocAddress, DocId, Order, Score, Searcher, SegmentReader, TantivyError};

use crate::layout::{KEY, Layout};

/// Bits of a score's fraction that are rounded away: what remains tells scores apart by 1 in 30,000.
const ROUNDED: u32 = 8;

/// The best documents after the first `offset` ones.
pub(crate) fn top(
    searcher: &Searcher,
    layout: &Layout,
    query: &dyn Query,
    limit: usize,
    offset: usize,
) -> Result<Vec<(Score, DocAddress)>, TantivyError> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let documents = TopDocs::with_limit(limit).and_offset(offset);
    let place = layout.key_place;
    if layout.definition.fields[place].kind == FieldKind::Integer {
        let key = SortByStaticFastValue::<i64>::for_field(format!("field_{place}"));
        best(searcher, query, documents, key)
    } else {
        best(searcher, query, documents, SortByString::for_field(KEY))
    }
}

fn best<K>(
    searcher: &Searcher,
    query: &dyn Query,
    documents: TopDocs,
    key: K,
) -> Result<Vec<(Score, DocAddress)>, TantivyError>
where
    K: SortKeyComputer + Send + Sync + 'static,
    (K, Order): SortKeyComputer<SortKey = K::SortKey> + Send + Sync,
{
    let found = searcher.search(query, &documents.order_by((Rounded, (key, Order::Asc))))?;
    Ok(found.into_iter().map(|((score, _), address)| (score, address)).collect())
}

/// Ranks by rounded score, best first.
#[derive(Clone, Copy)]
struct Rounded;

impl SortKeyComputer for Rounded {
    type SortKey = Score;
    type Child = Self;
    type Comparator = NaturalComparator;

    fn requires_scoring(&self) -> bool {
        true
    }

    fn segment_sort_key_computer(&self, _segment: &SegmentReader) -> tantivy::Result<Self> {
        Ok(Self)
    }
}

impl SegmentSortKeyComputer for Rounded {
    type SortKey = Score;
    type SegmentSortKey = Score;
    type SegmentComparator = NaturalComparator;

    fn segment_sort_key(&mut self, _document: DocId, score: Score) -> Score {
        rounded(score)
    }

    fn convert_segment_sort_key(&self, score: Score) -> Score {
        score
    }
}

fn rounded(score: Score) -> Score {
    let half = 1 << (ROUNDED - 1);
    Score::from_bits(score.to_bits().saturating_add(half) & !((1 << ROUNDED) - 1))
}
