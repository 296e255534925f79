//! Bounds the memory of documents that wait to be indexed. Tantivy's own queue counts documents and would hold gigabytes
//! of large ones; here each carries its weight, and whoever adds more waits until enough of it was indexed.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tantivy::TantivyDocument;
use tantivy::schema::Document;

/// At most so many bytes wait, unless one document alone has more.
const MOST: usize = 64 << 20;

/// How long to wait before going on regardless: if the indexing threads died, adding the next document says so.
const PATIENCE: Duration = Duration::from_secs(1);

/// The bytes that wait.
#[derive(Default)]
pub(crate) struct Backlog {
    waiting: Mutex<usize>,
    indexed: Condvar,
}

impl Backlog {
    /// Gives a document its weight, after waiting until there is room for it.
    pub(crate) fn admit(self: &Arc<Self>, document: TantivyDocument, weight: usize) -> Weighed {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let crowded = |waiting: &mut usize| *waiting > 0 && *waiting + weight > MOST;
        let room = self.indexed.wait_timeout_while(waiting, PATIENCE, crowded);
        let (mut waiting, _) = room.unwrap_or_else(PoisonError::into_inner);
        *waiting += weight;
        Weighed { document, weight, backlog: Arc::clone(self) }
    }
}

/// A document that waits.
pub(crate) struct Weighed {
    document: TantivyDocument,
    weight: usize,
    backlog: Arc<Backlog>,
}

impl Drop for Weighed {
    fn drop(&mut self) {
        let mut waiting = self.backlog.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting -= self.weight;
        drop(waiting);
        self.backlog.indexed.notify_one();
    }
}

impl Document for Weighed {
    type Value<'a> = <TantivyDocument as Document>::Value<'a>;
    type FieldsValuesIter<'a> = <TantivyDocument as Document>::FieldsValuesIter<'a>;

    fn iter_fields_and_values(&self) -> Self::FieldsValuesIter<'_> {
        self.document.iter_fields_and_values()
    }

    fn into_tantivy_document(mut self) -> TantivyDocument {
        std::mem::replace(&mut self.document, TantivyDocument::with_capacity(0))
    }
}

#[cfg(test)]
mod tests;
