//! With which words each server is started. Only what must be so is an argument; what people may want otherwise is written into
//! the server's own settings when the volume is made. No argument ever holds a password: every user of the machine sees them.

use std::path::Path;

use crate::{Programs, ServerKind, Volume};

/// How much a server cares for its data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// What was committed outlives a crash of the machine.
    #[default]
    Durable,
    /// Nothing is forced to the disk, and many may connect: for tests, whose data is made anew.
    Throwaway,
}

/// What is added to `postgresql.conf` when a volume is made.
pub(crate) const POSTGRES_SETTINGS: &str = "
# Added by `stead up` when this volume was made; change it as you like. Address, port and socket are given at each start.
wal_level = logical
";

/// The words that start a server on a volume.
pub(crate) fn server(programs: &Programs, volume: &Volume, port: u16, sockets: &Path, profile: Profile) -> Vec<String> {
    match programs.kind {
        ServerKind::Postgres => postgres(volume, port, sockets, profile),
        _ => mysql(programs, volume, port, sockets, profile),
    }
}

fn postgres(volume: &Volume, port: u16, sockets: &Path, profile: Profile) -> Vec<String> {
    let mut words = vec!["-D".to_owned(), shown(&volume.data())];
    let mut set = |setting: String| words.extend(["-c".to_owned(), setting]);
    set("listen_addresses=127.0.0.1".to_owned());
    set(format!("port={port}"));
    set(format!("unix_socket_directories={}", shown(sockets)));
    if profile == Profile::Throwaway {
        let settings = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300"];
        settings.into_iter().for_each(|setting| set(setting.to_owned()));
        set("shared_buffers=64MB".to_owned());
        // Without room for any, a test cannot meet a prepared transaction.
        set("max_prepared_transactions=4".to_owned());
    }
    words
}

fn mysql(programs: &Programs, volume: &Volume, port: u16, sockets: &Path, profile: Profile) -> Vec<String> {
    let mut words = mysql_common(programs, volume, &volume.data());
    words.push(format!("--socket={}", shown(&sockets.join("s"))));
    words.push(format!("--pid-file={}", shown(&sockets.join("pid"))));
    words.push(format!("--port={port}"));
    let fixed = ["--bind-address=127.0.0.1", "--skip-name-resolve", "--character-set-server=utf8mb4"];
    words.extend(fixed.map(str::to_owned));
    // Bulk loads come by way of `LOAD DATA LOCAL`; changes are not followed by the binary log.
    words.extend(["--local-infile=ON", "--skip-log-bin", "--max-allowed-packet=64M"].map(str::to_owned));
    words.extend((programs.kind == ServerKind::Mysql).then(|| "--mysqlx=OFF".to_owned()));
    if profile == Profile::Throwaway {
        let settings = ["--performance-schema=OFF", "--max-connections=300", "--innodb-buffer-pool-size=64M"];
        words.extend(settings.map(str::to_owned));
        words.extend(careless(programs.kind).iter().map(|word| (*word).to_owned()));
    }
    words
}

/// What every call of a MySQL or MariaDB server begins with; the first word keeps the machine's own settings out.
pub(crate) fn mysql_common(programs: &Programs, volume: &Volume, data: &Path) -> Vec<String> {
    let base = programs.base();
    let mut words = vec!["--no-defaults".to_owned(), format!("--basedir={}", shown(&base))];
    words.push(format!("--datadir={}", shown(data)));
    // A server that starts sweeps its temporary folder, and must not sweep away what another one there is using.
    words.push(format!("--tmpdir={}", shown(&volume.temporary())));
    let messages = base.join("share");
    // An installation that was unpacked to another place than it was built for does not find its messages by itself.
    if messages.join("english/errmsg.sys").is_file() {
        words.push(format!("--lc-messages-dir={}", shown(&messages)));
    }
    words
}

/// The words that keep a server from forcing anything to the disk.
pub(crate) fn careless(kind: ServerKind) -> &'static [&'static str] {
    match kind {
        ServerKind::Mysql => {
            &["--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=OFF", "--innodb-flush-method=nosync"]
        }
        ServerKind::Mariadb => &[
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-doublewrite=0",
            "--innodb-flush-method=nosync",
            "--debug-no-sync",
        ],
        ServerKind::Postgres | ServerKind::Opensearch | ServerKind::Elasticsearch => &[],
    }
}

pub(crate) fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
