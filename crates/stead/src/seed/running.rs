//! Knowing that a seed program still runs after the stead that started it was killed. The program gets an empty file with a
//! lock on it as its standard input; the lock lives as long as the program or anything it started, so the next run can wait
//! for it instead of sweeping away folders under a program that writes into them.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use stead_engine::Event;

use crate::environment::Environment;
use crate::error::{Error, Kind, Result};

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(50);
/// After how long whoever waits is told why.
const PATIENCE: Duration = Duration::from_secs(1);

/// The mark of a program that runs. It stays if nobody saw the program's end, for the next run to wait.
pub(super) struct Running {
    file: File,
    path: PathBuf,
    over: bool,
}

impl Running {
    /// Makes the mark.
    pub(super) fn begin(path: &Path) -> io::Result<Self> {
        drop(File::create(path)?);
        let file = File::open(path)?;
        // Without locks on this file system nobody waits for the program, which is how it is without this mark.
        let _no_locks_here = file.lock_shared();
        Ok(Self { file, path: path.to_owned(), over: false })
    }

    /// What the program reads: nothing, and the lock goes along.
    pub(super) fn input(&self) -> io::Result<Stdio> {
        Ok(Stdio::from(self.file.try_clone()?))
    }

    /// The program has ended. Something that it left running in the background on purpose must not hold up later runs.
    pub(super) fn over(&mut self) {
        self.over = true;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.over {
            let _removed_later = std::fs::remove_file(&self.path);
        }
    }
}

/// Waits for a seed program that outlived its run. Only for whoever holds the environment's lock.
///
/// # Errors
///
/// Exit 5 if it runs for longer than a lock is waited for.
pub(crate) async fn wait_until_over(environment: &Environment) -> Result<()> {
    let path = environment.state.program();
    let Ok(file) = File::open(&path) else { return Ok(()) };
    let began = Instant::now();
    let mut told = false;
    while matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
        if began.elapsed() > environment.project.lock_timeout {
            let message = "a seed program that an interrupted run started is still running";
            return Err(Error::new(Kind::Locked, "seed-program-runs", message)
                .hint(format!("end it, then run the command again; it has `{}` open", path.display())));
        }
        if !told && began.elapsed() > PATIENCE {
            environment.report(Event::Waiting {
                text: "waiting for a seed program that an interrupted run started".to_owned(),
            });
            told = true;
        }
        tokio::time::sleep(PAUSE).await;
    }
    crate::files::remove(&path)
}
