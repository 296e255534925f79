//! Bounds the memory of documents that wait to be indexed. Tantivy's own queue counts groups of documents and would hold
//! gigabytes of large ones; here each group carries its weight, and whoever adds more waits until enough was indexed.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tantivy::TantivyDocument;
use tantivy::schema::Document;

/// At most so many bytes wait, unless one group alone has more: enough for all threads to be busy, and little enough that
/// the same memory is used again and again.
const MOST: usize = 16 << 20;

/// How long to wait before going on regardless: if the indexing threads died, adding the next document says so.
const PATIENCE: Duration = Duration::from_secs(1);

/// The bytes that wait.
#[derive(Default)]
pub(crate) struct Backlog {
    waiting: Mutex<usize>,
    indexed: Condvar,
}

impl Backlog {
    /// Gives a group of documents its weight, after waiting until there is room for it.
    pub(crate) fn admit(self: &Arc<Self>, documents: Vec<TantivyDocument>, weight: usize) -> Vec<Weighed> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let crowded = |waiting: &mut usize| *waiting > 0 && *waiting + weight > MOST;
        let room = self.indexed.wait_timeout_while(waiting, PATIENCE, crowded);
        let (mut waiting, _) = room.unwrap_or_else(PoisonError::into_inner);
        *waiting += weight;
        drop(waiting);
        let group = Arc::new(Group { weight, backlog: Arc::clone(self) });
        documents.into_iter().map(|document| Weighed { document, _group: Arc::clone(&group) }).collect()
    }
}

/// The weight of documents that were admitted together. It is taken off with the last of them, once for all: waking
/// somebody is a call to the system, and one for each document costs more than making the document.
struct Group {
    weight: usize,
    backlog: Arc<Backlog>,
}

impl Drop for Group {
    fn drop(&mut self) {
        let mut waiting = self.backlog.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting -= self.weight;
        drop(waiting);
        self.backlog.indexed.notify_one();
    }
}

/// A document that waits.
pub(crate) struct Weighed {
    document: TantivyDocument,
    _group: Arc<Group>,
}

impl Document for Weighed {
    type Value<'a> = <TantivyDocument as Document>::Value<'a>;
    type FieldsValuesIter<'a> = <TantivyDocument as Document>::FieldsValuesIter<'a>;

    fn iter_fields_and_values(&self) -> Self::FieldsValuesIter<'_> {
        self.document.iter_fields_and_values()
    }

    fn into_tantivy_document(self) -> TantivyDocument {
        self.document
    }
}

#[cfg(test)]
mod tests;
