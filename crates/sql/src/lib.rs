//! SQL as text: cut into tokens and statements, quoted, compared, and written, for stead's own tables and for a whole
//! schema. Nothing here interprets what people's SQL does (that is learned by running it on a scratch database), and nothing
//! here reads a file, a clock or the environment; so every rule about a dialect's text has one home and needs no server to be
//! tested.

mod body;
pub mod clauses;
mod leading;
pub mod ledger;
pub mod lex;
pub mod normal;
pub mod position;
pub mod quote;
pub mod secret;
pub mod split;
pub mod write;

pub use clauses::{TableClauses, sqlite_table_clauses};
pub use lex::{Token, TokenKind, tokens};
pub use normal::normal_form;
pub use position::Position;
pub use split::{Piece, PieceKind, Pragma, SplitError, Statement, pieces, split};
pub use write::write;
