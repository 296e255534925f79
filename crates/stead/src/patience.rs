//! Waiting for the locks of other sessions without being in everybody's way. A schema change that waits for a lock makes all
//! wait who come after it, so it waits for a moment only, lets them through, and is tried again.

use std::time::{Duration, Instant};

use stead_engine::Session;

use crate::environment::Environment;
use crate::error::{Error, Result};

/// How long one statement may wait for a lock.
pub(crate) const WAIT: Duration = Duration::from_secs(2);
/// The code of the error then.
pub(crate) const LOCK_TIMEOUT: &str = "lock-timeout";
/// The first pause between two tries, and the longest.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(5)];

/// How long locks are waited for, and how long they have been.
pub(crate) struct Patience {
    began: Instant,
    limit: Duration,
    pause: Duration,
    told: bool,
}

impl Patience {
    /// From now on, as long as that.
    pub(crate) fn new(limit: Duration) -> Self {
        Self { began: Instant::now(), limit, pause: PAUSES[0], told: false }
    }

    /// Lets others through before the next try; the error with whoever holds locks if it has been tried for long enough.
    pub(crate) async fn wait(
        &mut self,
        environment: &Environment,
        session: &mut dyn Session,
        error: Error,
    ) -> Result<()> {
        let waited = self.began.elapsed();
        let holders = session.lock_holders().await.unwrap_or_default();
        if waited + self.pause >= self.limit {
            let hint = format!("tried for {:.1} s; try longer with `--lock-timeout`", waited.as_secs_f64());
            return Err(holders.into_iter().fold(error, Error::hint).hint(hint));
        }
        if !self.told {
            self.told = true;
            let who = if holders.is_empty() { "other sessions".to_owned() } else { holders.join("; ") };
            environment.warn(format!("a lock is waited for that others hold, and tried again while they go on: {who}"));
        }
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(PAUSES[1]);
        Ok(())
    }
}
