//! What stead asks of a search engine. An index is built under an id of its own beside the one that answers, and
//! publishing it is one atomic step: an alias on a server, a pointer file for the embedded engine.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{EngineError, Value};

/// What a field holds and how it is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldKind {
    /// Words, analysed in a language.
    Text,
    /// One exact term.
    Keyword,
    /// A signed 64-bit integer.
    Integer,
    /// A 64-bit floating-point number.
    Float,
    /// True or false.
    Boolean,
    /// A date or time, RFC 3339 or `YYYY-MM-DD`.
    Date,
}

/// One field of an index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// The column of the documents query.
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
    /// For text: two letters of ISO 639-1; words are stemmed by its rules. `None`: words are only lower-cased.
    pub language: Option<String>,
    /// How much a hit in this field weighs; 1 is usual.
    pub boost: f32,
    /// Whether its value comes back with a hit. A field that is not stored is only searched; the key is always stored.
    #[serde(default = "yes")]
    pub stored: bool,
    /// Whether the words that matched are marked in it; for stored texts.
    #[serde(default = "yes")]
    pub highlight: bool,
}

/// What indexes had before they could be told otherwise.
fn yes() -> bool {
    true
}

/// What an index is: everything that makes a rebuild necessary when it changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// The name people use.
    pub name: String,
    /// The column that identifies a document: the first one of the query.
    pub key: String,
    /// All fields in column order, the key included.
    pub fields: Vec<Field>,
    /// Hash over query, fields and the engine's format.
    pub hash: String,
}

/// A finished index as the engine remembers it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Built {
    /// The id it was built under.
    pub id: String,
    /// The hash of the definition it was built from.
    pub hash: String,
    /// Documents in it.
    pub documents: u64,
    /// When it was built, UTC, RFC 3339.
    pub built_at: String,
    /// Batches that the build took, none of them empty.
    pub commits: u64,
}

/// A document: one value for each field, in the order of the definition.
pub type Document = Vec<Value>;

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchRequest {
    /// Words as a person types them; `"exact words"`, `field:word`, `-without` and `AND`/`OR` are understood.
    pub words: String,
    /// At most so many hits.
    pub limit: usize,
    /// Hits left out at the start.
    pub offset: usize,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchResult {
    /// Documents that match, counted all.
    pub total: u64,
    /// The best of them, best first; equal scores are ordered by key.
    pub hits: Vec<Hit>,
}

/// One found document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// The key's value as text.
    pub key: String,
    /// How well it matches; comparable within one result only.
    pub score: f32,
    /// The stored fields by name.
    pub fields: BTreeMap<String, Value>,
    /// For text fields with a match: pieces of the text, and the byte ranges in them that matched.
    pub highlights: BTreeMap<String, Highlight>,
}

/// A piece of text with the matching parts marked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Highlight {
    /// The piece.
    pub text: String,
    /// Byte ranges in it that matched, ascending, not overlapping.
    pub ranges: Vec<(usize, usize)>,
}

/// An index that is being built beside the one that answers. Dropping it without [`IndexBuild::finish`] leaves rubbish
/// that [`SearchEngine::clean`] removes.
#[async_trait]
pub trait IndexBuild: Send {
    /// The id it is built under.
    fn id(&self) -> &str;

    /// Adds documents as one batch, whole or not at all: after a batch that was refused the build can go on, after a
    /// failure of the engine it is over. What was added is durable once [`IndexBuild::finish`] returned.
    async fn add(&mut self, documents: Vec<Document>) -> Result<(), EngineError>;

    /// Completes it; from now on it can be published. The number of documents in it is counted, not assumed.
    async fn finish(self: Box<Self>) -> Result<Built, EngineError>;
}

/// A search engine.
#[async_trait]
pub trait SearchEngine: Send + Sync {
    /// A number that changes when indexes of older builds cannot be read any more; part of a definition's hash.
    fn format(&self) -> u32;

    /// The index that answers, if there is one.
    async fn current(&self, index: &str) -> Result<Option<Built>, EngineError>;

    /// Begins an index beside the one that answers, under an id that is not in use.
    async fn begin(&self, definition: &Definition, built_at: &str) -> Result<Box<dyn IndexBuild>, EngineError>;

    /// Lets the finished index answer from now on; the id of the one that answered before. One atomic step. Whatever
    /// wrongly lies under the index's name is moved out of the way.
    async fn publish(&self, index: &str, id: &str) -> Result<Option<String>, EngineError>;

    /// The names under which a finished index lies, whether anybody declares them or not, in name order.
    async fn names(&self) -> Result<Vec<String>, EngineError>;

    /// Every finished index of that name, the one that answers included.
    async fn list(&self, index: &str) -> Result<Vec<Built>, EngineError>;

    /// Removes what no one needs: unfinished builds, and finished ones whose id is not in `keep` and does not answer.
    async fn clean(&self, index: &str, keep: &[String]) -> Result<u64, EngineError>;

    /// Removes every index of that name and the name itself.
    async fn drop_index(&self, index: &str) -> Result<(), EngineError>;

    /// Withdraws the name, so that no index answers, and keeps the finished ones; the id that answered.
    async fn withdraw(&self, index: &str) -> Result<Option<String>, EngineError>;

    /// Looks for words in the index that answers.
    async fn search(&self, index: &str, request: &SearchRequest) -> Result<SearchResult, EngineError>;

    /// Reads stored documents by key, in the order of the keys; absent ones are left out. From the index that answers.
    async fn fetch(&self, index: &str, keys: &[String]) -> Result<Vec<BTreeMap<String, Value>>, EngineError>;

    /// The same from a finished index by its id, whether it answers or not. For the proof before publishing.
    async fn fetch_built(
        &self,
        index: &str,
        id: &str,
        keys: &[String],
    ) -> Result<Vec<BTreeMap<String, Value>>, EngineError>;

    /// Checks the files or shards of the index that answers; the number of documents that can be read.
    async fn verify(&self, index: &str) -> Result<u64, EngineError>;
}
