//! Programs that the tests use beside the project's own: found in the path, else installed through apt-get where that is allowed.
//! What cannot be had is reported with the reason, since a test that is skipped in silence looks like one that passed.

#[cfg(test)]
mod tests;

use std::path::Path;
use std::process::Command;

use crate::workspace::{output, shown};

/// A program, where it comes from, and what misses it.
pub(crate) struct Tool {
    pub(crate) program: &'static str,
    /// Debian's packages.
    packages: &'static [&'static str],
    /// The name under which `STEAD_TEST_REQUIRE` asks for it.
    pub(crate) key: &'static str,
    pub(crate) purpose: &'static str,
}

const TOOLS: [Tool; 4] = [
    Tool { program: "cc", packages: &["gcc", "libc6-dev"], key: "cc", purpose: "builds SQLite and zstd" },
    Tool { program: "sqlite3", packages: &["sqlite3"], key: "sqlite", purpose: "a second opinion on SQLite files" },
    Tool { program: "zstd", packages: &["zstd"], key: "zstd", purpose: "a second opinion on snapshot files" },
    Tool { program: "make", packages: &["make"], key: "make", purpose: "runs the Makefile of examples/addons" },
];

/// A tool that could not be had.
pub(crate) struct Missing {
    pub(crate) tool: &'static Tool,
    pub(crate) reason: String,
}

/// What this machine allows.
#[derive(Clone, Copy)]
struct Rights {
    apt: bool,
    root: bool,
    /// Whether sudo works without asking.
    sudo: bool,
}

/// Installs the tools that are missing, and returns those that still are.
pub(crate) fn provide() -> Vec<Missing> {
    let missing: Vec<&'static Tool> = TOOLS.iter().filter(|tool| !present(tool.program)).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let rights = Rights { apt: present("apt-get"), root: is_root(), sudo: present("sudo") && sudo_is_silent() };
    let reason = match installation(&missing, rights) {
        Ok(commands) => {
            install(&commands).err().unwrap_or_else(|| "apt-get installed it, yet it is not in PATH".into())
        }
        Err(reason) => reason,
    };
    let still = missing.into_iter().filter(|tool| !present(tool.program));
    still.map(|tool| Missing { tool, reason: reason.clone() }).collect()
}

/// Whether a program is in the path.
pub(crate) fn present(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| is_program(&folder.join(program)))
}

/// Whether we run as root.
pub(crate) fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|user| user.trim() == "0")
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

fn sudo_is_silent() -> bool {
    output(Command::new("sudo").args(["-n", "true"])).is_ok()
}

/// The commands that install the tools, or why there are none.
fn installation(missing: &[&Tool], rights: Rights) -> Result<Vec<Vec<&'static str>>, String> {
    let packages: Vec<&str> = missing.iter().flat_map(|tool| tool.packages.iter().copied()).collect();
    let prefix: &[&str] = match rights {
        Rights { apt: false, .. } => {
            return Err(format!("this machine has no apt-get; install {}", packages.join(" ")));
        }
        Rights { root: true, .. } => &[],
        Rights { sudo: true, .. } => &["sudo", "-n"],
        _ => return Err(format!("no right to install; as root: apt-get install {}", packages.join(" "))),
    };
    let update = [prefix, &["apt-get", "-qq", "update"]].concat();
    let quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "install", "-y", "--no-install-recommends"];
    let packages: Vec<&'static str> = missing.iter().flat_map(|tool| tool.packages.iter().copied()).collect();
    Ok(vec![update, [prefix, &quiet, &packages].concat()])
}

fn install(commands: &[Vec<&'static str>]) -> Result<(), String> {
    for words in commands {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        println!("+ {}", shown(&command));
        // An old package list may serve, so only the installation itself has to succeed.
        let result = output(&mut command);
        if words.contains(&"install") {
            result.map_err(|error| format!("{error:#}"))?;
        }
    }
    Ok(())
}
