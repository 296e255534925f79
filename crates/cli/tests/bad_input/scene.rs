//! Where a case takes place: a fixture that is spoiled on purpose, the variables and the user that the command gets, and
//! things that have to stay in place while it runs, such as a lock or a small disk.

use std::any::Any;
use std::fs;
use std::ops::Deref;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use stead_testkit::fixture::{Ended, Fixture, ended, tested};

use crate::case::Start;

/// The binary under test.
pub(crate) fn stead() -> PathBuf {
    tested(env!("CARGO_BIN_EXE_stead"))
}

/// Something that stays in place until it is dropped.
pub(crate) type Guard = Box<dyn Any>;

/// Something that happens to a project.
type Act = fn(&Fixture);

/// The place of one case.
pub(crate) struct Scene {
    // Dropped before the fixture, which a mounted disk would keep from going.
    guards: Vec<Guard>,
    fixture: Fixture,
    variables: Vec<(String, String)>,
    user: Option<(u32, u32)>,
    late: Option<fn(&Fixture) -> Guard>,
    meanwhile: Option<(&'static str, Act)>,
    /// Why the case cannot run here: a key and a reason.
    pub(crate) skipped: Option<(String, String)>,
}

impl Deref for Scene {
    type Target = Fixture;

    fn deref(&self) -> &Fixture {
        &self.fixture
    }
}

impl Scene {
    pub(crate) fn new(start: Start) -> Self {
        let fixture = match start {
            Start::Empty => Fixture::empty(stead()),
            Start::Project => Fixture::new(stead()),
            Start::Ready => Fixture::ready(stead()),
        };
        Self::of(fixture)
    }

    /// The place of a case whose project is there already.
    pub(crate) fn of(fixture: Fixture) -> Self {
        Self {
            guards: Vec::new(),
            fixture,
            variables: Vec::new(),
            user: None,
            late: None,
            meanwhile: None,
            skipped: None,
        }
    }

    /// Runs the case's command.
    pub(crate) fn ends(&self, arguments: &[&str]) -> Ended {
        let mut command = self.command(arguments);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        match self.meanwhile {
            None => ended(command.output().expect("the binary was built")),
            Some((place, act)) => self.ends_after(command, place, act),
        }
    }

    /// Runs the command, and does something when it has come to that place.
    fn ends_after(&self, mut command: Command, place: &str, act: Act) -> Ended {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (trace, done) = (folder.path().join("trace"), folder.path().join("done"));
        command.env("STEAD_FAILPOINT_TRACE", &trace);
        command.env("STEAD_FAILPOINT", format!("{place}=wait:{}", done.display()));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary was built");
        let passed = |text: String| text.lines().any(|line| line == place);
        while !fs::read_to_string(&trace).is_ok_and(passed) {
            if child.try_wait().expect("a child of this process").is_some() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        act(&self.fixture);
        fs::write(&done, "").expect("a file in a temporary folder");
        ended(child.wait_with_output().expect("a child of this process"))
    }

    /// Does something while the command stands at that failpoint.
    pub(crate) fn meanwhile(&mut self, place: &'static str, act: Act) {
        self.meanwhile = Some((place, act));
    }

    /// Sets a variable for the command.
    pub(crate) fn variable(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Keeps something until the command has ended.
    pub(crate) fn keep(&mut self, guard: impl Any) {
        self.guards.push(Box::new(guard));
    }

    /// Does something only right before the command, after everything has been looked at: the locks of a process on a
    /// file end as soon as that process closes the file, for whatever reason it had it open.
    pub(crate) fn just_before(&mut self, act: fn(&Fixture) -> Guard) {
        self.late = Some(act);
    }

    /// Does what was put off until right before the command.
    pub(crate) fn begin(&mut self) {
        if let Some(act) = self.late {
            let guard = act(&self.fixture);
            self.guards.push(guard);
        }
    }

    /// Lets go of everything that was kept, in the order in which it came.
    pub(crate) fn end(&mut self) {
        self.guards.clear();
    }

    /// Adds to the project file.
    pub(crate) fn settings(&self, text: &str) {
        self.write("stead.toml", format!("{}\n{text}", self.read("stead.toml")));
    }

    /// Adds a revision file to the app `shop`.
    pub(crate) fn revision(&self, name: &str, text: &str) {
        self.write(&format!("apps/shop/migrations/{name}"), text);
    }

    /// Makes the snapshot `kept`.
    pub(crate) fn dump(&self) {
        self.run(["dump", "--name", "kept"]).exits(0);
    }

    /// The first file below a folder whose path ends so.
    pub(crate) fn first(&self, folder: &str, ending: &str) -> String {
        let found = self.tree(folder).into_keys().find(|path| path.ends_with(ending));
        format!("{folder}/{}", found.unwrap_or_else(|| panic!("nothing in {folder} ends with {ending}")))
    }

    /// The largest file below a folder.
    pub(crate) fn largest(&self, folder: &str) -> String {
        let size = |path: &String| fs::metadata(self.path(folder).join(path)).map_or(0, |metadata| metadata.len());
        let found = self.tree(folder).into_iter().filter(|(_, kind)| kind != "folder").map(|(path, _)| path);
        format!("{folder}/{}", found.max_by_key(size).expect("a file in the folder"))
    }

    /// Turns every bit of the byte in the middle of a file.
    pub(crate) fn flip(&self, path: &str) {
        let mut bytes = fs::read(self.path(path)).expect("a file that the command wrote");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0xff;
        self.write(path, bytes);
    }

    /// Leaves only the first bytes of a file.
    pub(crate) fn cut(&self, path: &str, length: usize) {
        let bytes = fs::read(self.path(path)).expect("a file that the command wrote");
        self.write(path, &bytes[..length]);
    }

    /// Cuts a file to half its length.
    pub(crate) fn halve(&self, path: &str) {
        let bytes = fs::read(self.path(path)).expect("a file that the command wrote");
        self.write(path, &bytes[..bytes.len() / 2]);
    }

    /// Lets the command run as somebody who may not do everything, and makes that user the owner of the whole scene.
    pub(crate) fn as_user(&mut self) {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let name = std::env::var("STEAD_TEST_USER").unwrap_or_else(|_| "nobody".to_owned());
        let Some((user, group)) = account(&name) else {
            self.skipped = Some(("unprivileged".to_owned(), format!("there is no user `{name}`")));
            return;
        };
        own(&self.path("."), user, group);
        let mut probe = Command::new(stead());
        probe.arg("--version").uid(user).gid(group).stdout(Stdio::null()).stderr(Stdio::null());
        let reached = probe.current_dir(self.path(".")).status().is_ok_and(|status| status.success());
        if reached {
            self.user = Some((user, group));
        } else {
            self.skipped =
                Some(("unprivileged".to_owned(), format!("the user `{name}` cannot reach `{}`", stead().display())));
        }
    }

    /// Sets the permission bits of a path until the case is over.
    pub(crate) fn mode(&mut self, path: &str, mode: u32) {
        let path = self.path(path);
        let before = fs::metadata(&path).expect("a path of the scene").permissions();
        fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("the test owns the path");
        self.keep(Restored { path, permissions: before });
    }

    /// Puts a small disk at a folder, with what the folder held; no bytes of it are left free but those asked for.
    pub(crate) fn small_disk(&mut self, folder: &str, kilobytes: u64, free: u64) {
        let path = self.path(folder);
        fs::create_dir_all(&path).expect("a folder of the scene");
        let aside = self.path("aside-for-the-disk");
        fs::create_dir(&aside).expect("a folder of the scene");
        copy(&path, &aside);
        let option = format!("size={kilobytes}k");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &option, "tmpfs"]).arg(&path).output();
        if mounted.is_ok_and(|mounted| mounted.status.success()) {
            self.keep(Mounted(path.clone()));
            copy(&aside, &path);
            fill(&path, free);
        } else {
            self.skipped = Some(("tmpfs".to_owned(), "no tmpfs can be mounted here".to_owned()));
        }
        fs::remove_dir_all(&aside).expect("a folder of the scene");
    }
}

struct Restored {
    path: PathBuf,
    permissions: fs::Permissions,
}

impl Drop for Restored {
    fn drop(&mut self) {
        // The folder is removed next; without its permissions that fails for whoever is not root.
        let _gone = fs::set_permissions(&self.path, self.permissions.clone());
    }
}

/// A disk that goes with the value.
pub(crate) struct Mounted(pub(crate) PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _status = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// The numbers of a user and of its group.
fn account(name: &str) -> Option<(u32, u32)> {
    let accounts = fs::read_to_string("/etc/passwd").ok()?;
    let fields: Vec<&str> =
        accounts.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| fields[0] == name)?;
    Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
}

fn own(path: &Path, user: u32, group: u32) {
    chown(path, Some(user), Some(group)).expect("root may give everything away");
    if path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
        for entry in fs::read_dir(path).expect("a folder of the scene") {
            own(&entry.expect("an entry of the scene").path(), user, group);
        }
    }
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status();
    assert!(status.is_ok_and(|status| status.success()), "`{}` could not be copied", from.display());
}

/// Fills a disk but for some bytes.
pub(crate) fn fill(folder: &Path, free: u64) {
    let left = rustix::fs::statvfs(folder).expect("a mounted disk");
    let bytes = (left.f_bavail * left.f_frsize).saturating_sub(free);
    let filling = vec![7; usize::try_from(bytes).expect("a small disk")];
    fs::write(folder.join("filling"), filling).expect("the disk has that much room");
}
