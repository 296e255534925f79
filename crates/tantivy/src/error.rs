//! Gives what tantivy and the file system report a class to branch on, and says what to do: an index is made from a
//! database, so whatever is wrong with it, building it again is the way out. Nothing outside this module decides on a
//! class.

use std::io;

use stead_engine::{EngineError, ErrorClass};
use tantivy::TantivyError;
use tantivy::directory::error::{LockError, OpenDirectoryError, OpenReadError, OpenWriteError};

/// What to do about an index that is missing or damaged.
pub(crate) fn rebuild_hint(index: &str) -> String {
    format!("build it again: `stead index build {index}`")
}

/// The files of an index are not what they should be.
pub(crate) fn damaged(index: &str, reason: impl std::fmt::Display) -> EngineError {
    EngineError::new(ErrorClass::Unreachable, format!("index `{index}` cannot be read: {reason}"))
        .hint(rebuild_hint(index))
}

/// Nothing answers under that name.
pub(crate) fn absent(index: &str) -> EngineError {
    EngineError::new(ErrorClass::Syntax, format!("no index `{index}` has been built"))
        .hint(format!("build it: `stead index build {index}`"))
}

/// What tantivy said while an index was read. What it cannot make sense of comes as all kinds of errors: the files are
/// damaged then, whatever the library calls it.
pub(crate) fn reading(index: &str, error: TantivyError) -> EngineError {
    let mut error = classify(error).context(format!("index `{index}` cannot be read")).hint(rebuild_hint(index));
    if matches!(error.class, ErrorClass::Interrupted | ErrorClass::Bug) {
        error.class = ErrorClass::Unreachable;
    }
    error
}

/// What tantivy said while an index was built.
pub(crate) fn building(index: &str, error: TantivyError) -> EngineError {
    classify(error).context(format!("index `{index}` cannot be built"))
}

fn classify(error: TantivyError) -> EngineError {
    match error {
        TantivyError::IoError(error) => plain(&error),
        TantivyError::OpenReadError(error) => open_read(error),
        TantivyError::OpenWriteError(OpenWriteError::IoError { io_error, .. })
        | TantivyError::OpenDirectoryError(OpenDirectoryError::IoError { io_error, .. }) => plain(&io_error),
        TantivyError::OpenDirectoryError(error) => EngineError::new(ErrorClass::Unreachable, unended(&error)),
        TantivyError::DataCorruption(error) => {
            let text = format!("{error:?}");
            // Tantivy adds the whole content of the file, which helps nobody.
            let reason = text.split(" Content: ").next().unwrap_or(&text);
            EngineError::new(ErrorClass::Unreachable, unended(&reason))
        }
        TantivyError::LockFailure(LockError::IoError(error), _) => plain(&error),
        TantivyError::LockFailure(..) => EngineError::new(ErrorClass::Conflict, "another process is writing it"),
        TantivyError::IncompatibleIndex(error) => {
            EngineError::new(ErrorClass::Unsupported, unended(&format!("{error:?}")))
        }
        // A full disk arrives as any of these when an indexing thread meets it.
        TantivyError::ErrorInThread(text) | TantivyError::InternalError(text) | TantivyError::SystemError(text) => {
            EngineError::new(ErrorClass::Interrupted, unended(&text))
        }
        error => EngineError::new(ErrorClass::Bug, unended(&error)),
    }
}

fn open_read(error: OpenReadError) -> EngineError {
    match error {
        OpenReadError::FileDoesNotExist(path) => {
            EngineError::new(ErrorClass::Unreachable, format!("its file `{}` is missing", path.display()))
        }
        OpenReadError::IoError { io_error, filepath } => {
            EngineError::io(format!("its file `{}`", filepath.display()), &io_error)
        }
        OpenReadError::IncompatibleIndex(error) => {
            EngineError::new(ErrorClass::Unsupported, unended(&format!("{error:?}")))
        }
    }
}

fn plain(error: &io::Error) -> EngineError {
    EngineError::io("its files", error)
}

/// Tantivy writes sentences; ours are fragments.
fn unended(error: &impl std::fmt::Display) -> String {
    error.to_string().trim_end_matches('.').to_owned()
}
