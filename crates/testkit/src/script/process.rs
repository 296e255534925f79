//! Running a program of a story: nothing of our own environment but what the story has, output into files, and a limit.
//! Files and not pipes, because a child that lives on must not keep the test waiting for the end of its output.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::Ended;

/// What to run and where.
pub(super) struct Start<'a> {
    pub(super) program: &'a Path,
    /// The name as the story has it, then the arguments.
    pub(super) words: &'a [String],
    pub(super) folder: &'a Path,
    pub(super) variables: &'a BTreeMap<String, String>,
    pub(super) stdin: Option<&'a Path>,
    /// Where to keep the output meanwhile; must not be seen by the program.
    pub(super) aside: &'a Path,
    pub(super) limit: Duration,
}

/// Runs it to its end.
///
/// # Errors
///
/// If it cannot be started, or does not end in time; it is killed then.
pub(super) fn run(start: &Start<'_>) -> Result<Ended> {
    let (out, err) = (start.aside.join("stdout"), start.aside.join("stderr"));
    let stdin = match start.stdin {
        Some(path) => Stdio::from(File::open(path).with_context(|| format!("opening `{}`", path.display()))?),
        None => Stdio::null(),
    };
    let mut command = Command::new(start.program);
    command.args(&start.words[1..]).current_dir(start.folder).env_clear().envs(start.variables);
    command.stdin(stdin).stdout(File::create(&out)?).stderr(File::create(&err)?);
    let mut child = command.spawn().with_context(|| format!("starting `{}`", start.program.display()))?;
    let status = wait(&mut child, start.limit)?;
    let ended = Ended {
        command: start.words.join(" "),
        code: status.and_then(|status| status.code()),
        stdout: std::fs::read(&out)?,
        stderr: std::fs::read(&err)?,
    };
    if status.is_none() {
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        bail!(
            "`{}` did not end in {} s and was killed; it had said:\n{said}",
            ended.command,
            start.limit.as_secs_f32()
        );
    }
    Ok(ended)
}

/// Waits for the end; nothing if the limit passed and the program was killed.
fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if begun.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Whether a program is in the path.
pub(super) fn in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_program = |file: &Path| {
        file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    };
    std::env::split_paths(&path).any(|folder| is_program(&folder.join(program)))
}
