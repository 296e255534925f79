//! Reads finished indexes: ranked search with highlights, documents by key, and the check of every file. An opened index
//! stays open and is used again for as long as the pointer names it.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use stead_engine::search::{FieldKind, Highlight, Hit, SearchRequest, SearchResult};
use stead_engine::{EngineError, Value};
use tantivy::collector::Count;
use tantivy::schema::document::Value as _;
use tantivy::schema::{IndexRecordOption, Term};
use tantivy::termdict::TermMerger;
use tantivy::tokenizer::TextAnalyzer;
use tantivy::{DocAddress, DocSet, Index, ReloadPolicy, Searcher, TERMINATED, TantivyDocument, TantivyError};

use crate::convert::{key_text, plain_text};
use crate::error::{damaged, reading};
use crate::finished::Finished;
use crate::folder::{self, IndexFolder, Record};
use crate::highlight::highlight;
use crate::layout::Layout;
use crate::stored::decode;
use crate::words;
use crate::worker::panic_text;

mod matching;
mod ranking;

/// The indexes of one environment, as far as they were opened.
pub(crate) struct Reader {
    indexes: PathBuf,
    opened: HashMap<String, Opened>,
}

impl Reader {
    pub(crate) fn new(indexes: PathBuf) -> Self {
        Self { indexes, opened: HashMap::new() }
    }

    pub(crate) fn folder(&self, index: &str) -> Result<IndexFolder, EngineError> {
        IndexFolder::new(&self.indexes, index)
    }

    /// The names under which a finished index lies. What else lies there is none of ours.
    pub(crate) fn names(&self) -> Result<Vec<String>, EngineError> {
        let mut names = Vec::new();
        for name in folder::names(&self.indexes)? {
            let folder = self.folder(&name);
            if folder.and_then(|folder| folder.finished()).is_ok_and(|builds| !builds.is_empty()) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Closes an index, because its files are about to go.
    pub(crate) fn close(&mut self, index: &str) {
        self.opened.remove(index);
    }

    pub(crate) fn search(&mut self, index: &str, request: &SearchRequest) -> Result<SearchResult, EngineError> {
        self.guarded(index, |reader| reader.answering(index)?.search(request).map_err(|error| reading(index, error)))
    }

    pub(crate) fn fetch(&mut self, index: &str, keys: &[String]) -> Result<Vec<BTreeMap<String, Value>>, EngineError> {
        self.guarded(index, |reader| reader.answering(index)?.fetch(keys).map_err(|error| reading(index, error)))
    }

    /// The same from a finished build, which is not kept open.
    pub(crate) fn fetch_built(
        &mut self,
        index: &str,
        id: &str,
        keys: &[String],
    ) -> Result<Vec<BTreeMap<String, Value>>, EngineError> {
        let folder = self.folder(index)?;
        let record = folder.built(id)?;
        self.guarded(index, |_| {
            let opened = Opened::open(&folder, id, Layout::of(&record.definition)?)?;
            opened.fetch(keys).map_err(|error| reading(index, error))
        })
    }

    /// Checks every file of the index that answers against its checksum and reads every document.
    pub(crate) fn verify(&mut self, index: &str) -> Result<u64, EngineError> {
        self.close(index);
        let folder = self.folder(index)?;
        let record = folder.answering()?;
        let readable = self.guarded(index, |_| check_files(&folder, &record))?;
        if readable != record.built.documents {
            let text = format!("{readable} of its {} documents can be read", record.built.documents);
            return Err(damaged(index, text));
        }
        Ok(readable)
    }

    /// Tantivy trusts its files and panics when they make no sense, so a panic while reading means that they do not.
    fn guarded<T>(
        &mut self,
        index: &str,
        work: impl FnOnce(&mut Self) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        catch_unwind(AssertUnwindSafe(|| work(self))).unwrap_or_else(|panic| {
            self.close(index);
            Err(damaged(index, format!("its files make no sense: {}", panic_text(panic.as_ref()))))
        })
    }

    fn answering(&mut self, index: &str) -> Result<&mut Opened, EngineError> {
        let folder = self.folder(index)?;
        let record = folder.answering().inspect_err(|_| self.close(index))?;
        let known = self.opened.remove(index).filter(|opened| opened.id == record.built.id);
        let opened = match known {
            Some(opened) => opened,
            None => Opened::open(&folder, &record.built.id, Layout::of(&record.definition)?)?,
        };
        Ok(self.opened.entry(index.to_owned()).or_insert(opened))
    }
}

fn check_files(folder: &IndexFolder, record: &Record) -> Result<u64, EngineError> {
    let name = &folder.name;
    let index = open(folder, &record.built.id).map_err(|error| reading(name, error))?;
    let damage = index.validate_checksum().map_err(|error| reading(name, error))?;
    if let Some(path) = damage.iter().min() {
        return Err(damaged(
            name,
            format!("its file `{}` does not have the checksum it was written with", path.display()),
        ));
    }
    let opened = Opened::open(folder, &record.built.id, Layout::of(&record.definition)?)?;
    opened.count_readable().map_err(|error| reading(name, error))
}

fn open(folder: &IndexFolder, id: &str) -> Result<Index, TantivyError> {
    let mut index = Index::open(Finished::open(&folder.build(id))?)?;
    index.set_tokenizers(words::analyzers());
    Ok(index)
}

/// An index with its files mapped into memory.
pub(crate) struct Opened {
    id: String,
    pub(crate) layout: Layout,
    pub(crate) searcher: Searcher,
    /// For each field of words its analyzer.
    analyzers: Vec<Option<TextAnalyzer>>,
}

impl Opened {
    /// Opens a build.
    pub(crate) fn open(folder: &IndexFolder, id: &str, layout: Layout) -> Result<Self, EngineError> {
        let failed = |error| reading(&folder.name, error);
        let index = open(folder, id).map_err(failed)?;
        if index.schema() != layout.schema {
            return Err(damaged(&folder.name, "its fields are not those that its record declares"));
        }
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into();
        let reader: tantivy::IndexReader = reader.map_err(failed)?;
        let declared = layout.definition.fields.iter();
        let analyzers = declared.map(|field| match field.kind {
            FieldKind::Text => words::analyzers().get(&words::analyzer_name(field.language.as_deref())),
            _ => None,
        });
        Ok(Self { id: id.to_owned(), analyzers: analyzers.collect(), searcher: reader.searcher(), layout })
    }

    fn search(&mut self, request: &SearchRequest) -> Result<SearchResult, TantivyError> {
        let Some(matching) = matching::compile(&request.words, &self.layout, &mut self.analyzers) else {
            return Ok(SearchResult { total: 0, hits: Vec::new() });
        };
        let total = self.searcher.search(&matching.query, &Count)?;
        let limit = request.limit.min(total.saturating_sub(request.offset));
        let mut hits = Vec::with_capacity(limit);
        for (score, address) in ranking::top(&self.searcher, &self.layout, &*matching.query, limit, request.offset)? {
            hits.push(self.hit(score, address, &matching.needles)?);
        }
        Ok(SearchResult { total: total as u64, hits })
    }

    fn hit(&mut self, score: f32, address: DocAddress, needles: &matching::Needles) -> Result<Hit, TantivyError> {
        let values = self.values(address)?;
        let key = values.get(self.layout.key_place).and_then(|value| key_text(value).ok().map(Cow::into_owned));
        let highlights = self.highlights(&values, needles);
        Ok(Hit { key: key.unwrap_or_default(), score, highlights, fields: self.named(values) })
    }

    fn highlights(&mut self, values: &[Value], needles: &matching::Needles) -> BTreeMap<String, Highlight> {
        let fields = self.layout.definition.fields.iter().zip(&mut self.analyzers).zip(values).zip(needles);
        let wanted = fields.filter(|(((field, _), _), _)| field.highlight);
        let marked = wanted.filter_map(|(((field, analyzer), value), needles)| {
            let found = highlight(analyzer.as_mut()?, &plain_text(value)?, needles)?;
            Some((field.name.clone(), found))
        });
        marked.collect()
    }

    fn find(&self, key: &str) -> Result<Option<DocAddress>, TantivyError> {
        let term = Term::from_field_text(self.layout.key, key);
        for (number, segment) in (0_u32..).zip(self.searcher.segment_readers()) {
            let keys = segment.inverted_index(self.layout.key)?;
            let postings = keys.read_postings(&term, IndexRecordOption::Basic)?;
            if let Some(document) = postings.map(|postings| postings.doc()).filter(|document| *document != TERMINATED) {
                return Ok(Some(DocAddress::new(number, document)));
            }
        }
        Ok(None)
    }

    fn fetch(&self, keys: &[String]) -> Result<Vec<BTreeMap<String, Value>>, TantivyError> {
        let found = keys.iter().filter_map(|key| self.find(key).transpose());
        found.map(|address| Ok(self.named(self.values(address?)?))).collect()
    }

    fn named(&self, values: Vec<Value>) -> BTreeMap<String, Value> {
        let named = self.layout.definition.fields.iter().map(|field| field.name.clone()).zip(values);
        named.filter(|(_, value)| *value != Value::Null).collect()
    }

    fn values(&self, address: DocAddress) -> Result<Vec<Value>, TantivyError> {
        self.decoded(&self.searcher.doc(address)?)
    }

    fn decoded(&self, document: &TantivyDocument) -> Result<Vec<Value>, TantivyError> {
        let bytes = document.get_first(self.layout.document).and_then(|value| value.as_bytes());
        let values = bytes.and_then(decode).filter(|values| values.len() == self.layout.fields.len());
        values.ok_or_else(|| {
            let text = "a stored document cannot be decoded".to_owned();
            TantivyError::DataCorruption(tantivy::error::DataCorruption::comment_only(text))
        })
    }

    fn count_readable(&self) -> Result<u64, TantivyError> {
        let mut readable = 0;
        for segment in self.searcher.segment_readers() {
            for document in segment.get_store_reader(1)?.iter(segment.alive_bitset()) {
                self.decoded(&document?)?;
                readable += 1;
            }
        }
        Ok(readable)
    }

    /// A key that two documents have, if there is one. The keys of each segment are sorted, so they are walked side by
    /// side; nothing is kept in memory.
    pub(crate) fn repeated_key(&self) -> Result<Option<String>, TantivyError> {
        let segments = self.searcher.segment_readers().iter();
        let keys = segments.map(|segment| segment.inverted_index(self.layout.key)).collect::<Result<Vec<_>, _>>()?;
        for (segment, keys) in self.searcher.segment_readers().iter().zip(&keys) {
            let mut stream = keys.terms().stream()?;
            while keys.terms().num_terms() < segment.num_docs() as usize && stream.advance() {
                if stream.value().doc_freq > 1 {
                    return Ok(Some(String::from_utf8_lossy(stream.key()).into_owned()));
                }
            }
        }
        let streams = keys.iter().map(|keys| keys.terms().stream()).collect::<Result<Vec<_>, _>>()?;
        let mut merged = TermMerger::new(streams);
        while merged.advance() {
            if merged.matching_segments().count() > 1 {
                return Ok(Some(String::from_utf8_lossy(merged.key()).into_owned()));
            }
        }
        Ok(None)
    }
}
