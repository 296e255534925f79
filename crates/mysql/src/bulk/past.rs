//! Events whose time is over. A server whose scheduler is off keeps them, and fires them when somebody turns it on; but it makes no
//! such event, and only mentions that in a note. By a clock of long ago every event is still to come. Where the scheduler runs, such
//! an event is made as one that rests, so that it is there and nothing happens.

use stead_engine::EngineError;

use crate::connect::{Connection, quoted};
use crate::events;

/// `ER_EVENT_CANNOT_CREATE_IN_THE_PAST` and `ER_EVENT_EXEC_TIME_IN_THE_PAST`: it was not made, or it was put to rest.
const NOTES: [&str; 2] = ["1588", "1544"];

/// Makes an event, whenever its time is or was.
pub(super) async fn make(connection: &mut Connection, name: &str, sql: &str) -> Result<(), EngineError> {
    connection.own("SET SESSION sql_notes = ON").await?;
    if connection.own(sql).await?.warnings == 0 {
        return Ok(());
    }
    let warned = connection.texts("SHOW WARNINGS").await?;
    let is_over = |row: &Vec<Option<String>>| row.get(1).cloned().flatten().is_some_and(|code| NOTES.contains(&&*code));
    if !warned.iter().any(is_over) {
        return Ok(());
    }
    connection.own(&format!("DROP EVENT IF EXISTS {}", quoted(name))).await?;
    let asked = connection.texts("SELECT @@GLOBAL.event_scheduler, @@SESSION.sql_mode").await?;
    let mut asked = asked.into_iter().flatten().map(Option::unwrap_or_default);
    let (scheduler, mode) = (asked.next().unwrap_or_default(), asked.next().unwrap_or_default());
    // A scheduler that runs would fire it at this moment, though it was never to fire now.
    let resting = (scheduler == "ON").then(|| events::resting(sql, name, &mode));
    connection.own("SET SESSION timestamp = 86400").await?;
    let made = connection.own(resting.as_deref().unwrap_or(sql)).await;
    connection.own("SET SESSION timestamp = DEFAULT").await?;
    made.map(|_outcome| ())
}
