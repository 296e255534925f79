//! Sessions: one connection each, with what is known of its transaction. DDL commits by itself on both engines, so a
//! schema transaction begins again after each such statement, and an ordinary one that was ended that way is an error.

mod stream;
pub(crate) mod values;

use async_trait::async_trait;
use stead_engine::session::RowStream;
use stead_engine::{Access, EngineError, ErrorClass, Row, Session, TransactionKind, Value};
use stead_schema::model::Name;
use stead_schema::{EngineKind, Schema};
use stead_sql::split::{Statement, delimited, split};

use crate::connect::connection::Outcome;
use crate::connect::{Connection, quoted};
use crate::error::number;
use crate::{admin, inspect};

/// Values that one statement carries at most; the protocol's limit is 65,535.
const PLACEHOLDERS: usize = 8_000;
/// Rows that one statement inserts at most.
const ROWS: usize = 500;

/// What a session that only reads begins with.
const READ_ONLY: &str = "SET SESSION TRANSACTION READ ONLY";

/// Warnings that are kept until somebody asks.
const NOTICES: usize = 50;

/// A session on one database.
pub(crate) struct MysqlSession {
    connection: Connection,
    access: Access,
    transaction: Option<TransactionKind>,
    /// What the server warned of since somebody asked.
    notices: Vec<String>,
    /// Tables and sequences that the database has to have, where it is read as of one moment.
    listed: Option<Vec<String>>,
}

impl MysqlSession {
    /// A session on a connection that stands in a database.
    pub(crate) async fn new(mut connection: Connection, access: Access) -> Result<Self, EngineError> {
        if access == Access::Read {
            connection.own(READ_ONLY).await?;
        }
        Ok(Self { connection, access, transaction: None, notices: Vec::new(), listed: None })
    }

    /// A session inside a transaction that somebody else began and will end.
    pub(crate) fn inside(connection: Connection) -> Self {
        let transaction = Some(TransactionKind::Read);
        Self { connection, access: Access::Read, transaction, notices: Vec::new(), listed: None }
    }

    /// Lets inspections and counts be of these tables and sequences and of no others: a catalog shows what was made after the
    /// transaction began, whose rows it does not see.
    pub(crate) fn expect(&mut self, listed: Vec<String>) {
        self.listed = Some(listed);
    }

    /// Refuses a list that has others than those that are expected.
    fn as_expected<'a>(&self, found: impl Iterator<Item = &'a str>) -> Result<(), EngineError> {
        let Some(listed) = &self.listed else { return Ok(()) };
        match found.into_iter().find(|name| !listed.iter().any(|listed| listed == name)) {
            None => Ok(()),
            Some(name) => Err(inspect::changing(&format!("the table `{name}` was made in that moment"))),
        }
    }

    /// Calls it a change of the schema where a table has gone or become another one since the transaction began.
    fn expected<T>(&self, read: Result<T, EngineError>) -> Result<T, EngineError> {
        read.map_err(|mut error| {
            if self.listed.is_some() && matches!(number(&error), Some(1146 | 1412)) {
                error = inspect::changing(&error.message);
            }
            error
        })
    }

    /// The connection, for work that is not part of the port.
    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// The one statement that a text holds; `None` if it holds none.
    fn single(&self, sql: &str) -> Result<Option<Statement>, EngineError> {
        let syntax = |message: String| EngineError::new(ErrorClass::Syntax, message);
        let mut statements = split(sql, self.kind()).map_err(|error| syntax(error.to_string()))?;
        match statements.len() {
            0 | 1 => Ok(statements.pop()),
            several => Err(syntax(format!("one statement is expected, found {several}"))),
        }
    }

    /// The same where a routine in Oracle's language is one statement, though it has `;` outside of what is a body elsewhere.
    /// Whoever cut the script was told by a delimiter where it ends.
    async fn only(&mut self, sql: &str) -> Result<Option<Statement>, EngineError> {
        let refused = match self.single(sql) {
            Err(refused) if self.kind() == EngineKind::Mariadb => refused,
            other => return other,
        };
        let whole = split(&delimited(sql), self.kind()).ok().and_then(|mut statements| statements.pop());
        let program = |statement: &Statement| {
            ["FUNCTION", "PROCEDURE", "TRIGGER", "EVENT"].iter().any(|word| statement.leading.ends_with(word))
        };
        let Some(whole) = whole.filter(|whole| whole.leading.starts_with("CREATE ") && program(whole)) else {
            return Err(refused);
        };
        let modes = self.connection.texts("SELECT @@SESSION.sql_mode").await?;
        let oracle = modes.into_iter().flatten().flatten().any(|modes| modes.split(',').any(|mode| mode == "ORACLE"));
        if oracle { Ok(Some(whole)) } else { Err(refused) }
    }

    /// Refuses a statement that would end our transaction under us.
    fn guard(&self, statement: &Statement) -> Result<(), EngineError> {
        if self.transaction.is_none() || !statement.controls_transaction(self.kind()) {
            return Ok(());
        }
        let message = format!("`{}` would end the transaction that this statement runs in", statement.leading);
        Err(EngineError::new(ErrorClass::Refused, message).hint("leave it out: stead begins and ends the transaction"))
    }

    /// Compares what we believe of the transaction with what the server says after a statement.
    async fn settle(&mut self, result: Result<Outcome, EngineError>) -> Result<Outcome, EngineError> {
        let Some(kind) = self.transaction else { return result };
        let open = match &result {
            Ok(outcome) => outcome.in_transaction,
            // An error does not say whether the transaction still stands.
            Err(error) if number(error).is_some() => self.connection.own("DO 0").await?.in_transaction,
            Err(_) => return result,
        };
        match result {
            _ if open => result,
            Err(error) if error.class == ErrorClass::Conflict => {
                self.transaction = None;
                Err(error.hint(format!("{} has taken the whole transaction back", self.kind())))
            }
            _ if kind == TransactionKind::Schema => {
                self.connection.own("START TRANSACTION READ WRITE").await?;
                result
            }
            Err(error) => {
                self.transaction = None;
                Err(error)
            }
            Ok(_) => {
                self.transaction = None;
                let message = "the statement has ended the transaction it ran in, and what was done before it is kept";
                Err(EngineError::new(ErrorClass::Refused, message)
                    .hint(format!("{} commits before and after it changes a schema", self.kind())))
            }
        }
    }

    async fn insert_some(&mut self, table: &Name, columns: &[String], rows: &[Row]) -> Result<u64, EngineError> {
        let sql = insertion(table, columns, rows.len());
        let values: Vec<Value> = rows.iter().flatten().cloned().collect();
        let outcome = self.connection.execute(&sql, &values).await?;
        if outcome.warnings > 0 {
            // A server that is not strict has changed a value to make it fit.
            if let Some(warning) = admin::warnings(&mut self.connection).await?.into_iter().next() {
                return Err(EngineError::new(ErrorClass::Constraint, format!("a value was changed to fit: {warning}")));
            }
        }
        Ok(outcome.affected)
    }

    /// Inserts rows one by one, to find the one that the server refused among many.
    async fn insert_singly(
        &mut self,
        table: &Name,
        columns: &[String],
        rows: &[Row],
        first: usize,
        total: usize,
    ) -> Result<u64, EngineError> {
        for (index, row) in rows.iter().enumerate() {
            let inserted = self.insert_some(table, columns, std::slice::from_ref(row)).await;
            inserted.map_err(|error| error.context(format!("row {} of {total} for `{table}`", first + index + 1)))?;
        }
        Ok(rows.len() as u64)
    }
}

fn insertion(table: &Name, columns: &[String], rows: usize) -> String {
    let namespace = table.namespace.as_ref().map(|namespace| format!("{}.", quoted(namespace))).unwrap_or_default();
    let target = format!("{namespace}{}", quoted(&table.name));
    let names: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
    let marks = format!("({})", vec!["?"; columns.len()].join(", "));
    format!("INSERT INTO {target} ({}) VALUES {}", names.join(", "), vec![marks; rows].join(", "))
}

/// True for statements whose count of rows says how many were copied, and not how many the statement changed.
fn changes_schema(statement: &Statement) -> bool {
    let verb = statement.leading.split(' ').next().unwrap_or_default();
    matches!(verb, "ALTER" | "DROP" | "RENAME" | "TRUNCATE" | "OPTIMIZE" | "REPAIR" | "ANALYZE")
        || statement.leading == "CREATE INDEX"
}

#[async_trait]
impl Session for MysqlSession {
    fn kind(&self) -> EngineKind {
        self.connection.kind()
    }

    async fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, EngineError> {
        let Some(statement) = self.only(sql).await? else { return Ok(0) };
        self.guard(&statement)?;
        let result = match parameters {
            // The text protocol takes every statement; the binary one refuses some of those that change a schema.
            [] => self.connection.own(sql).await,
            values => self.connection.execute(sql, values).await,
        };
        let outcome = self.settle(result).await?;
        if outcome.warnings > 0 && self.notices.len() < NOTICES {
            self.notices.extend(admin::notices(&mut self.connection).await?);
            self.notices.truncate(NOTICES);
        }
        Ok(if changes_schema(&statement) { 0 } else { outcome.affected })
    }

    async fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, EngineError> {
        if self.transaction.is_some()
            && let Some(statement) = self.single(sql)?
        {
            self.guard(&statement)?;
        }
        let mut found = Vec::new();
        let result = self.connection.query(sql, parameters).await.map(|rows| {
            found = rows;
            Outcome { in_transaction: true, ..Outcome::default() }
        });
        self.settle(result).await?;
        Ok(found)
    }

    async fn stream<'a>(&'a mut self, sql: &str, batch: usize) -> Result<Box<dyn RowStream + 'a>, EngineError> {
        stream::open(&mut self.connection, sql, batch.max(1)).await
    }

    async fn insert(&mut self, table: &Name, columns: &[String], rows: Vec<Row>) -> Result<u64, EngineError> {
        let step = (PLACEHOLDERS / columns.len().max(1)).clamp(1, ROWS);
        let mut inserted = 0;
        for (number, some) in rows.chunks(step).enumerate() {
            let result = self.insert_some(table, columns, some).await;
            inserted += match result {
                Err(error)
                    if error.class == ErrorClass::Constraint && self.transaction.is_none_or(|_| some.len() > 1) =>
                {
                    self.insert_singly(table, columns, some, number * step, rows.len()).await?
                }
                Err(error) => {
                    let context = format!("row {} of {} for `{table}`", number * step + 1, rows.len());
                    return Err(error.context(context));
                }
                Ok(inserted) => inserted,
            };
        }
        Ok(inserted)
    }

    async fn begin(&mut self, kind: TransactionKind) -> Result<(), EngineError> {
        if self.transaction.is_some() {
            return Err(EngineError::new(ErrorClass::Bug, "a transaction is begun inside another one"));
        }
        match kind {
            TransactionKind::Read => {
                self.connection.own("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
                self.connection.own("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY").await?;
            }
            TransactionKind::Write | TransactionKind::Schema => {
                self.connection.own("START TRANSACTION READ WRITE").await?;
            }
        }
        self.transaction = Some(kind);
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), EngineError> {
        if self.transaction.take().is_none() {
            return Err(EngineError::new(ErrorClass::Refused, "there is no transaction to commit")
                .hint("it was taken back when a statement in it failed"));
        }
        let committed = self.connection.own("COMMIT").await;
        if committed.is_err() {
            let _lost_with_it = self.connection.own("ROLLBACK").await;
        }
        committed.map(|_outcome| ())
    }

    async fn rollback(&mut self) -> Result<(), EngineError> {
        self.transaction = None;
        self.connection.own("ROLLBACK").await.map(|_outcome| ())
    }

    async fn restore_settings(&mut self) -> Result<(), EngineError> {
        self.connection.restore(self.transaction.is_some()).await?;
        if self.access == Access::Read && self.transaction.is_none() {
            self.connection.own(READ_ONLY).await?;
        }
        Ok(())
    }

    async fn inspect(&mut self) -> Result<Schema, EngineError> {
        let schema = inspect::inspect(&mut self.connection).await;
        let schema = self.expected(schema)?;
        let sequences = schema.objects.iter().filter(|object| object.kind == "sequence").map(|object| &object.name);
        let names = schema.tables.iter().map(|table| &table.name).chain(sequences);
        self.as_expected(names.map(|name| name.name.as_str()))?;
        Ok(schema)
    }

    async fn count_rows(&mut self) -> Result<Vec<(String, u64)>, EngineError> {
        let counted = admin::count_rows(&mut self.connection).await;
        let counted = self.expected(counted)?;
        self.as_expected(counted.iter().map(|(table, _)| table.as_str()))?;
        Ok(counted)
    }

    async fn verify(&mut self) -> Result<(), EngineError> {
        admin::verify(&mut self.connection).await
    }

    fn queries_sent(&self) -> u64 {
        self.connection.queries_sent()
    }

    fn notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }

    async fn close(self: Box<Self>) -> Result<(), EngineError> {
        self.connection.close().await
    }
}
