//! Making a volume: the data folder is built beside its place with the server's own program, the superuser's password is set
//! without the network, and a rename puts it in place. Only one such run works on a volume, even if its parent was killed.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use stead_engine::failpoint;

use crate::arguments::{POSTGRES_SETTINGS, Profile, careless, mysql_common, shown};
use crate::error::ProvisionError;
use crate::secret::{Password, write_private};
use crate::start::{outcome, spawn};
use crate::volume::{remove_file, remove_folder};
use crate::{Account, Programs, Result, ServerKind, Surroundings, Volume};

/// A slow disk takes minutes; whatever takes longer hangs.
const LIMIT: Duration = Duration::from_secs(600);
const PAUSE: Duration = Duration::from_millis(20);
/// What the programs write while they make a data folder.
const LOG: &str = "initialise.log";

/// One run.
pub(crate) struct Initialisation<'a> {
    pub(crate) programs: &'a Programs,
    pub(crate) volume: &'a Volume,
    pub(crate) account: Option<&'a Account>,
    pub(crate) profile: Profile,
    pub(crate) surroundings: &'a Surroundings,
}

impl Initialisation<'_> {
    /// Makes the data folder of a volume that has none. Whoever calls holds the volume's lock.
    pub(crate) async fn run(&self) -> Result<()> {
        let working = self.wait_for_former().await?;
        self.clear()?;
        let password = Password::draw();
        password.write(&self.volume.file("password"), self.account)?;
        pass("up-initialise")?;
        let made = match self.programs.kind {
            ServerKind::Postgres => self.postgres(&working).await,
            _ => self.mysql(&working, &password).await,
        };
        if let Err(error) = made {
            // The error that stopped it is the one to report; what is left is cleared by the next run.
            let _left = self.clear();
            return Err(error);
        }
        pass("up-initialised")?;
        self.volume.write(self.programs.kind, &self.programs.version, None)?;
        let (unfinished, data) = (self.volume.unfinished(), self.volume.data());
        fs::rename(&unfinished, &data).map_err(|error| ProvisionError::file("rename", &unfinished, error))?;
        let synced = File::open(self.volume.folder()).and_then(|folder| folder.sync_all());
        synced.map_err(|error| ProvisionError::file("sync", self.volume.folder(), error))?;
        pass("up-volume-made")?;
        remove_file(&self.volume.file(LOG))
    }

    /// The programs of a run that was killed may go on for a while. They hold the lock of this file as their input, so it is
    /// free when the last of them is gone.
    async fn wait_for_former(&self) -> Result<File> {
        let path = self.volume.file("initialising");
        let opened = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let file = opened.map_err(|error| ProvisionError::file("open", &path, error))?;
        if let Some(account) = self.account {
            account.own(&path)?;
        }
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if begun.elapsed() < LIMIT => tokio::time::sleep(PAUSE).await,
                Err(error) => return Err(ProvisionError::file("lock", &path, error.into())),
            }
        }
    }

    fn clear(&self) -> Result<()> {
        remove_folder(&self.volume.unfinished())?;
        for name in ["password", "login.sql", "volume.json"] {
            remove_file(&self.volume.file(name))?;
        }
        Ok(())
    }

    async fn postgres(&self, working: &File) -> Result<()> {
        let data = self.volume.unfinished();
        let program = self.programs.beside(&["initdb"])?;
        let password = format!("--pwfile={}", shown(&self.volume.file("password")));
        // The C locale in UTF-8 sorts by code point everywhere; macOS knows it by another name.
        let locale = if cfg!(target_os = "macos") { "--no-locale" } else { "--locale=C.UTF-8" };
        let mut words: Vec<String> =
            ["-U", ServerKind::Postgres.superuser(), "-A", "scram-sha-256", "-E", "UTF8", locale]
                .map(str::to_owned)
                .into();
        words.extend([password, "-D".to_owned(), shown(&data)]);
        words.extend((self.profile == Profile::Throwaway).then(|| "--no-sync".to_owned()));
        self.program(&program, words, working).await?;
        let settings = data.join("postgresql.conf");
        let append = || {
            let mut file = File::options().append(true).open(&settings)?;
            file.write_all(POSTGRES_SETTINGS.as_bytes())?;
            file.sync_all()
        };
        append().map_err(|error| ProvisionError::file("write", &settings, error))
    }

    /// Neither program takes a password for its superuser, so the server is started once without a network, with a file of
    /// statements that sets it and ends the server.
    async fn mysql(&self, working: &File, password: &Password) -> Result<()> {
        let data = self.volume.unfinished();
        if self.programs.kind == ServerKind::Mysql {
            let mut words = mysql_common(self.programs, self.volume, &data);
            words.push("--initialize-insecure".to_owned());
            words.extend(self.careless());
            self.program(&self.programs.server, words, working).await?;
        } else {
            let program = self.programs.beside(&["mariadb-install-db", "mysql_install_db"])?;
            // The program is a shell script that takes a word with a blank in it for two, so what can be told by a variable is.
            let mut words = mysql_common(self.programs, self.volume, &data);
            words.retain(|word| !word.starts_with("--tmpdir="));
            let plain = ["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"];
            words.extend(plain.map(str::to_owned));
            self.program(&program, words, working).await?;
        }
        pass("up-initialise-login")?;
        let login = self.volume.file("login.sql");
        write_private(&login, &login_statements(password, self.programs.kind), self.account)?;
        let mut words = mysql_common(self.programs, self.volume, &data);
        words.extend(["--skip-networking".to_owned(), format!("--init-file={}", shown(&login))]);
        words.push(format!("--socket={}", shown(Path::new("login.sock"))));
        words.push(format!("--pid-file={}", shown(&data.join("login.pid"))));
        words.extend((self.programs.kind == ServerKind::Mysql).then(|| "--mysqlx=OFF".to_owned()));
        words.push("--skip-log-bin".to_owned());
        words.extend(self.careless());
        self.program(&self.programs.server, words, working).await?;
        remove_file(&login)
    }

    fn careless(&self) -> Vec<String> {
        let words = if self.profile == Profile::Throwaway { careless(self.programs.kind) } else { &[] };
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// Runs one program to its end. Its short-lived files lie in the volume.
    async fn program(&self, program: &Path, words: Vec<String>, working: &File) -> Result<()> {
        let log = self.volume.file(LOG);
        let opened = File::options().append(true).create(true).open(&log);
        let output = opened.map_err(|error| ProvisionError::file("open", &log, error))?;
        let held = working.try_clone().map_err(|error| ProvisionError::file("open", &log, error))?;
        let mut command = Command::new(program);
        command.args(words).stdin(Stdio::from(held)).current_dir(self.volume.folder());
        let mut surroundings = self.surroundings.clone();
        surroundings.variables.insert("TMPDIR".to_owned(), shown(&self.volume.temporary()));
        let child = spawn(command, output, self.account, &surroundings)?;
        let ended = wait(child).await.map_err(|error| ProvisionError::file("wait for", program, error))?;
        if ended.as_deref() == Some("exit code 0") {
            return Ok(());
        }
        let outcome = ended.unwrap_or_else(|| format!("it was stopped after {} s", LIMIT.as_secs()));
        let program = PathBuf::from(program.file_name().unwrap_or_default()).display().to_string();
        Err(ProvisionError::Initialise { program, outcome, log: self.volume.end_of(LOG) })
    }
}

/// How the program ended; none if it was killed because it did not.
async fn wait(mut child: Child) -> std::io::Result<Option<String>> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(outcome(status)));
        }
        if begun.elapsed() > LIMIT {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Statements for the server's own reading. Addresses are not resolved to names, so `127.0.0.1` needs an account of its own
/// beside `localhost`, which is the socket. MariaDB's program makes more accounts, all without a password; they go.
fn login_statements(password: &Password, kind: ServerKind) -> String {
    let (user, password) = (kind.superuser(), password.expose());
    let others = match kind {
        ServerKind::Mariadb => format!(
            "DELETE FROM mysql.global_priv WHERE User = '' OR User = '{user}' AND Host NOT IN ('localhost', '127.0.0.1');\n\
             FLUSH PRIVILEGES;\n"
        ),
        _ => String::new(),
    };
    format!(
        "{others}CREATE USER IF NOT EXISTS '{user}'@'127.0.0.1';\n\
         GRANT ALL PRIVILEGES ON *.* TO '{user}'@'127.0.0.1' WITH GRANT OPTION;\n\
         ALTER USER '{user}'@'127.0.0.1' IDENTIFIED BY '{password}';\n\
         ALTER USER '{user}'@'localhost' IDENTIFIED BY '{password}';\n\
         SHUTDOWN;\n"
    )
}

/// Passes a named place, where a test may stop the run.
pub(crate) fn pass(name: &'static str) -> Result<()> {
    failpoint(name).map_err(|error| ProvisionError::file("pass", Path::new(name), error))
}
