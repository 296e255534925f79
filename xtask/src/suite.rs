//! The one test command: it gets what is missing, builds, runs every test, and says at the end what was skipped and why.
//! Tests report a skip by adding a line to the file that `STEAD_TEST_SKIPS` names; what `STEAD_TEST_REQUIRE` lists may not be skipped.

mod account;
mod report;
#[cfg(test)]
mod tests;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use self::account::Account;
pub(crate) use self::account::everybody_reaches;
use self::report::{Report, Skip};
use crate::servers::Servers;
use crate::source::RustFile;
use crate::tools;
use crate::workspace::{Workspace, passes, shown};

/// What a call of `cargo xtask test` asks for.
#[derive(Debug, PartialEq, Eq)]
struct Selection<'a> {
    /// Crates to test; none means all.
    packages: Vec<&'a str>,
    /// Parts of test names; none means all.
    filters: Vec<&'a str>,
}

/// Runs the tests, all of them or those that the arguments select.
pub(crate) fn test(workspace: &Workspace, arguments: &[&str]) -> Result<bool> {
    let selection = select(arguments)?;
    let missing = tools::provide();
    if let Some(compiler) = missing.iter().find(|missing| missing.tool.key == "cc") {
        bail!("there is no C compiler, which {}: {}", compiler.tool.purpose, compiler.reason);
    }
    let binary = build(workspace)?;
    let mut run = Run::prepare(workspace, &binary)?;
    if needs_servers(&selection) {
        run.servers = Servers::provide(workspace)?;
    }
    let mut command = workspace.cargo();
    command.args(test_words(&selection, std::env::var_os("CI").is_some()));
    run.set_environment(&mut command);
    let mut report = Report::default();
    let passed = watch(&mut command, &mut report)?;
    let absent = missing.iter().map(|missing| {
        let reason = format!("`{}` is missing: {}", missing.tool.program, missing.reason);
        Skip { key: missing.tool.key.to_owned(), test: missing.tool.purpose.to_owned(), reason }
    });
    report.skips.extend(absent);
    report.skips.extend(run.servers.missing.iter().map(|(wanted, reason)| Skip {
        key: wanted.key.to_owned(),
        test: "every test on this server".to_owned(),
        reason: reason.clone(),
    }));
    report.skips.extend(run.skips()?);
    let required = std::env::var("STEAD_TEST_REQUIRE").unwrap_or_default();
    Ok(conclude(&report, &selection, passed, &required))
}

/// Runs the full number of one long suite, or of all with the name `all`.
pub(crate) fn torture(workspace: &Workspace, suite: &str) -> Result<bool> {
    let binary = build(workspace)?;
    let mut run = Run::prepare(workspace, &binary)?;
    run.servers = Servers::provide(workspace)?;
    let mut command = workspace.cargo();
    command.args(["test", "--workspace", "--test", "torture", "--", "--nocapture"]);
    command.args((suite != "all").then_some(suite));
    command.env("STEAD_TORTURE", "full");
    run.set_environment(&mut command);
    let mut report = Report::default();
    let passed = watch(&mut command, &mut report)?;
    report.skips = run.skips()?;
    let filters = if suite == "all" { Vec::new() } else { vec![suite] };
    Ok(conclude(&report, &Selection { packages: Vec::new(), filters }, passed, ""))
}

/// What the test programs of Rust take the number of tests at once from.
const THREADS: &str = "RUST_TEST_THREADS";
/// Crates none of whose tests asks for a server.
const WITHOUT_SERVERS: [&str; 9] = [
    "stead-engine",
    "stead-schema",
    "stead-sql",
    "stead-revision",
    "stead-snapshot",
    "stead-sqlite",
    "stead-tantivy",
    "addons-seed",
    "xtask",
];

fn needs_servers(selection: &Selection<'_>) -> bool {
    let chosen = &selection.packages;
    chosen.is_empty() || chosen.iter().any(|package| !WITHOUT_SERVERS.contains(package))
}

/// Lists the benchmarks that there are.
pub(crate) fn bench_help(workspace: &Workspace) -> Result<bool> {
    println!("Benchmarks measure a machine, so they run by hand on a quiet one and are no part of `ci`.\n");
    let files = workspace.files()?;
    for file in files.iter().filter(|file| is_bench(&file.path)) {
        println!("{}\n    {}", bench_command(&file.path), purpose(&file.path, &file.text));
    }
    println!("\nResults are written below target/criterion; `-- --quick` gives a rough answer soon.");
    Ok(true)
}

/// Builds every program and test once, with the one set of features that all chores share, and returns the path of `stead`.
pub(crate) fn build(workspace: &Workspace) -> Result<PathBuf> {
    if !passes(workspace.cargo().args(["build", "--workspace", "--bins", "--tests"]))? {
        bail!("the workspace does not build");
    }
    let binary = workspace.target()?.join("debug").join("stead");
    if !binary.is_file() {
        bail!("the build made no `{}`", binary.display());
    }
    Ok(binary)
}

fn select<'a>(arguments: &[&'a str]) -> Result<Selection<'a>> {
    let mut selection = Selection { packages: Vec::new(), filters: Vec::new() };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match *word {
            "-p" | "--package" => selection.packages.push(words.next().context("`-p` needs the name of a crate")?),
            option if option.starts_with('-') => {
                bail!("`{option}` is not an option of `cargo xtask test`; use `cargo test` for what only it can do")
            }
            filter => selection.filters.push(filter),
        }
    }
    Ok(selection)
}

fn test_words<'a>(selection: &Selection<'a>, go_on: bool) -> Vec<&'a str> {
    let mut words = vec!["test"];
    words.extend(go_on.then_some("--no-fail-fast"));
    if selection.packages.is_empty() {
        words.push("--workspace");
    }
    words.extend(selection.packages.iter().flat_map(|package| ["-p", package]));
    if !selection.filters.is_empty() {
        words.push("--");
        words.extend(&selection.filters);
    }
    words
}

/// What a run of tests gets in its environment.
struct Run {
    account: Account,
    servers: Servers,
    skips: PathBuf,
}

impl Run {
    fn prepare(workspace: &Workspace, binary: &Path) -> Result<Run> {
        let skips = workspace.target()?.join("skipped-tests.txt");
        std::fs::write(&skips, "").with_context(|| format!("writing `{}`", skips.display()))?;
        Ok(Run { account: Account::prepare(binary)?, servers: Servers::none(), skips })
    }

    fn set_environment(&self, command: &mut Command) {
        command.env("STEAD_TEST_BINARY", &self.account.binary).env("STEAD_TEST_SKIPS", &self.skips);
        command.envs(self.servers.variables.iter().map(|(name, value)| (name, value)));
        if std::env::var_os(THREADS).is_none() {
            command.env(THREADS, threads().to_string());
        }
        match self.account.user {
            Some(user) => command.env("STEAD_TEST_USER", user),
            None => command.env_remove("STEAD_TEST_USER"),
        };
    }

    fn skips(&self) -> Result<Vec<Skip>> {
        let text =
            std::fs::read_to_string(&self.skips).with_context(|| format!("reading `{}`", self.skips.display()))?;
        Ok(report::skips(&text))
    }
}

/// How many tests run at once. Most of them wait for servers and locks as long as they work.
fn threads() -> usize {
    2 * std::thread::available_parallelism().map_or(1, usize::from)
}

/// Runs the tests, passing on what they print and keeping count.
fn watch(command: &mut Command, report: &mut Report) -> Result<bool> {
    let shown = shown(command);
    println!("+ {shown}");
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("starting `{shown}`"))?;
    let output = child.stdout.take().expect("the output was piped just above");
    for line in BufReader::new(output).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        report.note(&line);
    }
    Ok(child.wait()?.success())
}

/// Prints the summary and judges: everything passed, something ran, and nothing that is required was skipped.
fn conclude(report: &Report, selection: &Selection, passed: bool, required: &str) -> bool {
    println!("\n{}", report.summary());
    let lacking = report.lacking(required);
    for skip in &lacking {
        println!("required, yet skipped: {skip}");
    }
    let nothing_ran = !selection.filters.is_empty() && report.ran() == 0;
    if passed && nothing_ran {
        println!("no test has {} in its name", selection.filters.join(" or "));
    }
    passed && lacking.is_empty() && !nothing_ran
}

fn is_bench(path: &str) -> bool {
    let in_folder = path.starts_with("benches/") || path.contains("/benches/");
    in_folder && [".rs", ".sh"].iter().any(|ending| path.ends_with(ending))
}

fn bench_command(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".rs");
    match RustFile::new(path, "").crate_folder() {
        Some(_) if path.ends_with(".sh") => path.to_owned(),
        Some("stead") => format!("cargo bench -p stead --bench {name}"),
        Some(folder) => format!("cargo bench -p stead-{folder} --bench {name}"),
        None => path.to_owned(),
    }
}

/// The first sentence of a file's opening comment.
fn purpose(path: &str, text: &str) -> String {
    let mark = if path.ends_with(".rs") { "//!" } else { "#" };
    let opening = text.lines().filter(|line| !line.starts_with("#!")).map_while(|line| line.strip_prefix(mark));
    let joined = opening.map(str::trim).collect::<Vec<_>>().join(" ");
    joined.split_inclusive(". ").next().unwrap_or_default().trim().to_owned()
}
