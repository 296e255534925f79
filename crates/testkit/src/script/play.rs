//! Telling a story: the folder is laid out, then each command is carried out and judged.
//! The first command that does not do what it should ends it, with everything a person needs to see why.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use super::parse::{self, Command, Piece, Script, Word};
use super::process::{self, Start};
use super::{Ended, Failure, Outcome, Setting, rows};

/// Variables of the machine that programs cannot do without.
const KEPT: [&str; 2] = ["PATH", "LD_LIBRARY_PATH"];

/// The story so far.
struct Stage<'a> {
    setting: &'a Setting,
    /// Everything of the story lies in here; removed at its end.
    root: PathBuf,
    folder: PathBuf,
    variables: BTreeMap<String, String>,
    stdin: Option<PathBuf>,
    last: Option<Ended>,
}

/// Tells a story from its first command to its last.
pub(super) fn play(script: &Script, setting: &Setting) -> Result<Outcome, Box<Failure>> {
    let start = |error: anyhow::Error| parse::failure(&script.name, 0, "", format!("{error:#}"));
    let temporary = tempfile::Builder::new().prefix("story-").tempdir().map_err(|error| start(error.into()))?;
    let mut stage = Stage::set(temporary.path(), script, setting).map_err(start)?;
    for command in &script.commands {
        match stage.perform(command) {
            Ok(None) => {}
            Ok(Some(skipped)) => return Ok(skipped),
            Err(error) => {
                let mut failure = parse::failure(&script.name, command.line, &command.text, format!("{error:#}"));
                failure.last = stage.last;
                return Err(failure);
            }
        }
    }
    Ok(Outcome::Passed)
}

impl<'a> Stage<'a> {
    /// Lays out folders and files. Programs see `work` and `home`; `aside` is ours.
    fn set(temporary: &Path, script: &Script, setting: &'a Setting) -> Result<Stage<'a>> {
        // The name that the system itself would give: tests compare paths, and the temporary folder may be a link.
        let root = temporary.canonicalize()?;
        let work = root.join("work");
        for folder in ["work", "home", "temporary", "aside"] {
            std::fs::create_dir(root.join(folder))?;
        }
        for file in &script.files {
            let path = work.join(&file.path);
            std::fs::create_dir_all(path.parent().context("a file lies in a folder")?)?;
            std::fs::write(&path, &file.content).with_context(|| format!("writing `{}`", file.path))?;
        }
        let mut variables = BTreeMap::new();
        for name in KEPT {
            variables.extend(std::env::var(name).ok().map(|value| (name.to_owned(), value)));
        }
        for (name, folder) in [("WORK", "work"), ("HOME", "home"), ("TMPDIR", "temporary")] {
            variables.insert(name.to_owned(), root.join(folder).display().to_string());
        }
        for (name, value) in [("LANG", "C.UTF-8"), ("TZ", "UTC"), ("USER", "tester")] {
            variables.insert(name.to_owned(), value.to_owned());
        }
        variables.extend(setting.variables.clone());
        Ok(Stage { setting, folder: work, root, variables, stdin: None, last: None })
    }

    /// Carries out one command; the answer is an outcome if the story ends here.
    fn perform(&mut self, command: &Command) -> Result<Option<Outcome>> {
        for (name, wanted) in &command.conditions {
            let known = || self.setting.conditions.keys().cloned().collect::<Vec<_>>().join(", ");
            let holds = self.setting.conditions.get(name);
            let holds = holds.with_context(|| format!("`{name}` is no condition; there are {}", known()))?;
            if holds != wanted {
                return Ok(None);
            }
        }
        let words = command.words.iter().map(|word| self.expand(word)).collect::<Result<Vec<String>>>()?;
        let name = words[0].as_str();
        let arguments: Vec<&str> = words[1..].iter().map(String::as_str).collect();
        let negatable = ["exec", "stdout", "stderr", "exists", "env"];
        ensure!(!command.negated || negatable.contains(&name), "`!` does not go with `{name}`");
        ensure!(command.expected.is_none() || name == "sql", "only `sql` expects rows");
        match (name, arguments.as_slice()) {
            ("exec", [_, ..]) => self.exec(&words[1..], command.negated)?,
            ("exit", [code]) => self.exit(code)?,
            ("stdout" | "stderr", texts @ [_, ..]) => self.output(name, texts, command.negated)?,
            ("cmp", [left, right]) => self.cmp(left, right)?,
            ("like", [left, right]) => self.like(left, right)?,
            ("exists", paths @ [_, ..]) => self.exists(paths, command.negated)?,
            ("sql", [file, statement]) => self.sql(file, statement, command.expected.as_deref())?,
            ("stdin", [file]) => self.stdin = Some(self.inside(file)?),
            ("env", settings @ [_, ..]) => self.env(settings, command.negated)?,
            ("cd", [folder]) => self.cd(folder)?,
            ("mkdir", folders @ [_, ..]) => self.each(folders, |path| Ok(std::fs::create_dir_all(path)?))?,
            ("rm", paths @ [_, ..]) => self.each(paths, remove)?,
            ("cp", [from, to]) => copy(&self.inside(from)?, &self.inside(to)?)?,
            ("skip", [key, reason]) => {
                return Ok(Some(Outcome::Skipped { key: (*key).to_owned(), reason: (*reason).to_owned() }));
            }
            _ => bail!("`{name}` is no command, or not with {} arguments", arguments.len()),
        }
        Ok(None)
    }

    fn expand(&self, word: &Word) -> Result<String> {
        let value = |piece: &Piece| match piece {
            Piece::Literal(text) => Ok(text.clone()),
            Piece::Variable(name) => {
                self.variables.get(name).cloned().with_context(|| format!("the variable `{name}` is not set"))
            }
        };
        word.0.iter().map(value).collect()
    }

    fn exec(&mut self, words: &[String], must_fail: bool) -> Result<()> {
        let program = self.setting.programs.get(&words[0]).cloned().unwrap_or_else(|| PathBuf::from(&words[0]));
        let stdin = self.stdin.take();
        self.last = None;
        let ended = process::run(&Start {
            program: &program,
            words,
            folder: &self.folder,
            variables: &self.variables,
            stdin: stdin.as_deref(),
            aside: &self.root.join("aside"),
            limit: self.setting.limit,
        })?;
        let code = ended.code;
        self.last = Some(ended);
        match code {
            None => bail!("a signal ended it"),
            Some(0) if must_fail => bail!("it succeeded, and should not"),
            Some(code) if code != 0 && !must_fail => bail!("it failed with exit code {code}"),
            Some(_) => Ok(()),
        }
    }

    fn last(&self) -> Result<&Ended> {
        self.last.as_ref().context("no program has run yet")
    }

    fn exit(&self, wanted: &str) -> Result<()> {
        let wanted: i32 = wanted.parse().with_context(|| format!("`{wanted}` is no exit code"))?;
        let ended = self.last()?;
        ensure!(ended.code == Some(wanted), "expected exit code {wanted}, it was {}", ended.ending());
        Ok(())
    }

    fn output(&self, name: &str, texts: &[&str], negated: bool) -> Result<()> {
        let output = self.text(name)?;
        for text in texts {
            let holds = output.contains(text) || output.lines().any(|line| like(line, &format!("[..]{text}[..]")));
            ensure!(holds || negated, "{name} does not hold `{text}`");
            ensure!(!holds || !negated, "{name} holds `{text}`, and should not");
        }
        Ok(())
    }

    /// The text of a file, or of the last output by its name.
    fn text(&self, name: &str) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.bytes(name)?).into_owned())
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>> {
        match name {
            "stdout" => Ok(self.last()?.stdout.clone()),
            "stderr" => Ok(self.last()?.stderr.clone()),
            path => std::fs::read(self.inside(path)?).with_context(|| format!("reading `{path}`")),
        }
    }

    fn cmp(&self, left: &str, right: &str) -> Result<()> {
        if self.bytes(left)? == self.bytes(right)? {
            return Ok(());
        }
        compare(left, &self.text(left)?, right, &self.text(right)?, |left, right| left == right)?;
        bail!("`{left}` and `{right}` differ in line ends or in bytes that are no text")
    }

    fn like(&self, left: &str, right: &str) -> Result<()> {
        compare(left, &self.text(left)?, right, &self.text(right)?, like)
    }

    fn exists(&self, paths: &[&str], negated: bool) -> Result<()> {
        for path in paths {
            let there = self.inside(path)?.symlink_metadata().is_ok();
            ensure!(there || negated, "`{path}` is not there");
            ensure!(!there || !negated, "`{path}` is there, and should not be");
        }
        Ok(())
    }

    fn sql(&self, file: &str, statement: &str, expected: Option<&[String]>) -> Result<()> {
        match (rows::query(&self.inside(file)?, statement)?, expected) {
            (None, None) => Ok(()),
            (None, Some(_)) => bail!("the statement returns no rows, so none can be expected"),
            // A query that finds nothing needs no lines, and one that finds something without lines is a mistake.
            (Some(rows), expected) => {
                let expected = expected.unwrap_or_default();
                ensure!(rows == expected, "expected rows:\n{}\nrows there are:\n{}", lines(expected), lines(&rows));
                Ok(())
            }
        }
    }

    fn env(&mut self, settings: &[&str], take_away: bool) -> Result<()> {
        for setting in settings {
            match (setting.split_once('='), take_away) {
                (Some((name, value)), false) => self.variables.insert(name.to_owned(), value.to_owned()),
                (None, true) => self.variables.remove(*setting),
                _ => bail!("write `env NAME=VALUE` or `! env NAME`"),
            };
        }
        Ok(())
    }

    fn cd(&mut self, folder: &str) -> Result<()> {
        let path = self.inside(folder)?;
        ensure!(path.is_dir(), "`{folder}` is not a folder");
        self.folder = path;
        Ok(())
    }

    fn each(&self, paths: &[&str], act: impl Fn(&Path) -> Result<()>) -> Result<()> {
        paths.iter().try_for_each(|path| act(&self.inside(path)?).with_context(|| format!("`{path}`")))
    }

    /// The path that a word means; one outside the story's folder is refused, so that no story can harm the machine.
    fn inside(&self, path: &str) -> Result<PathBuf> {
        let mut resolved = PathBuf::new();
        for part in self.folder.join(path).components() {
            match part {
                Component::ParentDir => drop(resolved.pop()),
                Component::CurDir => {}
                other => resolved.push(other),
            }
        }
        ensure!(resolved.starts_with(&self.root) && resolved != self.root, "`{path}` is outside the story's folder");
        Ok(resolved)
    }
}

/// Whether a line is like a pattern, in which `[..]` stands for any text.
pub(super) fn like(line: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once("[..]") else { return line == pattern };
    let Some(line) = line.strip_prefix(start) else { return false };
    let mut pieces: Vec<&str> = rest.split("[..]").collect();
    let end = pieces.pop().unwrap_or_default();
    let mut remaining = line;
    for piece in pieces {
        match remaining.split_once(piece) {
            Some((_, after)) => remaining = after,
            None => return false,
        }
    }
    remaining.ends_with(end)
}

fn compare(left: &str, is: &str, right: &str, should: &str, equal: impl Fn(&str, &str) -> bool) -> Result<()> {
    let (mut is, mut should) = (is.lines(), should.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (is.next(), should.next()) {
            (None, None) => return Ok(()),
            (Some(line), Some(pattern)) if equal(line, pattern) => {}
            (line, pattern) => {
                let shown = |line: Option<&str>| line.map_or("its end".to_owned(), |line| format!("`{line}`"));
                bail!("line {number}: `{left}` has {}, `{right}` has {}", shown(line), shown(pattern));
            }
        }
    }
}

fn lines(rows: &[String]) -> String {
    if rows.is_empty() {
        "  none".to_owned()
    } else {
        rows.iter().map(|row| format!("  > {row}")).collect::<Vec<_>>().join("\n")
    }
}

fn remove(path: &Path) -> Result<()> {
    let is_folder = path.symlink_metadata()?.is_dir();
    let removed = if is_folder { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    Ok(removed?)
}

/// Copies a file, or a folder with all that is in it. Into a folder that is there it goes under its own name.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let to = if to.is_dir() { to.join(from.file_name().context("a path with a name")?) } else { to.to_path_buf() };
    copy_to(from, &to).with_context(|| format!("copying `{}` to `{}`", from.display(), to.display()))
}

fn copy_to(from: &Path, to: &Path) -> Result<()> {
    ensure!(!to.starts_with(from), "a folder cannot be copied into itself");
    if !from.is_dir() {
        std::fs::copy(from, to)?;
        return Ok(());
    }
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        copy_to(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}
