//! The URL of a server, taken apart: where it is, who logs in, how far TLS is trusted. A password goes in here and comes out
//! in the login alone; no message and no `Debug` holds it, and a URL that cannot be read is never quoted.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use percent_encoding::percent_decode_str;
use stead_engine::{EngineError, ErrorClass};
use tokio_postgres::Config;
use tokio_postgres::config::{ChannelBinding, SslMode as DriverMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::tls;

#[cfg(test)]
mod tests;

/// The name that sessions carry in `pg_stat_activity` unless the URL gives another.
const APPLICATION: &str = "stead";
/// How long a connection may take until the server lets us in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The port where the URL names none.
const PORT: u16 = 5432;
/// The options a URL may have.
const OPTIONS: [&str; 15] = [
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "maintenance",
    "options",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement_timeout",
    "user",
];

/// Options that others have, with the values that ask for nothing but what is done anyway. Those without a value are for pools
/// of connections and for the network, which mean nothing to whoever has one connection; the rest is refused by name.
const OF_OTHERS: [(&str, &[&str]); 24] = [
    ("client_encoding", &["utf8", "UTF8", "utf-8", "UTF-8", "auto"]),
    ("connection_limit", &[]),
    ("fallback_application_name", &[]),
    ("gssencmode", &["disable", "prefer"]),
    ("keepalives", &[]),
    ("keepalives_count", &[]),
    ("keepalives_idle", &[]),
    ("keepalives_interval", &[]),
    ("load_balance_hosts", &[]),
    ("pgbouncer", &["false"]),
    ("pool_timeout", &[]),
    ("schema", &["public"]),
    ("sslcompression", &["0"]),
    ("sslnegotiation", &["postgres"]),
    ("sslsni", &["1"]),
    ("target_session_attrs", &["any", "read-write", "primary", "prefer-standby"]),
    ("tcp_user_timeout", &[]),
    ("hostaddr", &["-"]),
    ("passfile", &["-"]),
    ("service", &["-"]),
    ("ssl", &["-"]),
    ("sslaccept", &["-"]),
    ("sslcrl", &["-"]),
    ("sslpassword", &["-"]),
];

/// How far TLS is asked for and trusted, in the words of libpq.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SslMode {
    /// None.
    Disable,
    /// Where the server offers it; nobody's identity is checked.
    Prefer,
    /// Always; nobody's identity is checked, unless a root certificate is given.
    Require,
    /// Always, and the certificate is signed by a root that is trusted.
    VerifyCa,
    /// Always, signed, and made out to the host.
    VerifyFull,
}

/// Files for TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Certificates {
    /// `sslrootcert`; the word `system` stands for the roots that browsers trust.
    pub(crate) root: Option<String>,
    /// `sslcert`.
    pub(crate) own: Option<String>,
    /// `sslkey`.
    pub(crate) key: Option<String>,
}

/// A server and a login.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: Option<String>,
    password: Option<String>,
    /// The database that the URL names, if it names one.
    pub(crate) database: Option<String>,
    /// The database that is asked about other databases.
    pub(crate) maintenance: String,
    pub(crate) ssl_mode: SslMode,
    pub(crate) certificates: Certificates,
    pub(crate) connect_timeout: Duration,
    /// Zero for none.
    pub(crate) statement_timeout: Duration,
    pub(crate) application: String,
    channel_binding: ChannelBinding,
    /// What the server shall set for every session, as words of its command line.
    startup: Option<String>,
    /// Whether the login may switch event triggers off, as far as a session has told yet.
    may_be_quiet: Arc<AtomicBool>,
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Address")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("user", &self.user)
            .field("ssl_mode", &self.ssl_mode)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Address {
    /// Where it is, for sentences: `127.0.0.1:5432`, or the folder of the socket.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, .. } = self;
        match host.contains(':') {
            true => write!(formatter, "[{host}]:{port}"),
            false if self.is_socket() => write!(formatter, "{host}/.s.PGSQL.{port}"),
            false => write!(formatter, "{host}:{port}"),
        }
    }
}

fn refused(message: impl Into<String>) -> EngineError {
    EngineError::new(ErrorClass::Refused, message.into())
        .hint("a URL looks like `postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full`")
}

fn decoded(text: &str, what: &str) -> Result<String, EngineError> {
    let plain = percent_decode_str(text).decode_utf8();
    let plain = plain.map_err(|_| refused(format!("the {what} in the URL of a server is not UTF-8")))?;
    if plain.contains('\0') {
        return Err(refused(format!("the {what} in the URL of a server holds a NUL")));
    }
    Ok(plain.into_owned())
}

/// The parts of a URL as they are written.
struct Parts<'a> {
    login: Option<&'a str>,
    host: &'a str,
    path: &'a str,
    query: &'a str,
}

fn parts(url: &str) -> Result<Parts<'_>, EngineError> {
    let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"));
    let rest = rest.ok_or_else(|| refused("the URL of a PostgreSQL server does not begin with `postgres://`"))?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (login, host) = match authority.rsplit_once('@') {
        Some((login, host)) => (Some(login), host),
        None => (None, authority),
    };
    Ok(Parts { login, host, path, query })
}

/// Host and port as they are written; a bracketed host is an IPv6 address.
fn host_and_port(text: &str) -> Result<(&str, Option<&str>), EngineError> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or_else(|| refused("the host in the URL has no closing bracket"))?;
        return Ok((host, rest.strip_prefix(':').filter(|port| !port.is_empty())));
    }
    match text.rsplit_once(':') {
        Some((host, port)) => Ok((host, Some(port).filter(|port| !port.is_empty()))),
        None => Ok((text, None)),
    }
}

fn port(text: &str) -> Result<u16, EngineError> {
    text.parse()
        .ok()
        .filter(|port| *port != 0)
        .ok_or_else(|| refused("the port in the URL is not a number from 1 to 65535"))
}

/// A time: seconds for `connect_timeout`, milliseconds for `statement_timeout`, or a number with `ms`, `s` or `min`.
fn time(text: &str, unit: u64, option: &str) -> Result<Duration, EngineError> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" => unit,
        "ms" => 1,
        "s" => 1000,
        "min" => 60_000,
        _ => return Err(refused(format!("`{option}` in the URL has a unit other than `ms`, `s`, `min`"))),
    };
    let number: u64 = digits.parse().map_err(|_| refused(format!("`{option}` in the URL is not a number")))?;
    // The server's own limit: milliseconds in 31 bits.
    let milliseconds = number.saturating_mul(unit).min(i32::MAX as u64);
    Ok(Duration::from_millis(milliseconds))
}

fn ssl_mode(text: &str) -> Result<SslMode, EngineError> {
    Ok(match text {
        "disable" => SslMode::Disable,
        // `allow` tries without TLS first; asking first is what it permits.
        "allow" | "prefer" => SslMode::Prefer,
        "require" => SslMode::Require,
        "verify-ca" => SslMode::VerifyCa,
        "verify-full" => SslMode::VerifyFull,
        _ => {
            return Err(refused(
                "`sslmode` in the URL is none of `disable`, `prefer`, `require`, `verify-ca`, `verify-full`",
            ));
        }
    })
}

fn channel_binding(text: &str) -> Result<ChannelBinding, EngineError> {
    match text {
        "disable" => Ok(ChannelBinding::Disable),
        "prefer" => Ok(ChannelBinding::Prefer),
        "require" => Ok(ChannelBinding::Require),
        _ => Err(refused("`channel_binding` in the URL is none of `disable`, `prefer`, `require`")),
    }
}

/// Takes an option that means something to others if it asks for nothing, and refuses it else.
fn of_others(name: &str, value: &str) -> Result<(), EngineError> {
    let hint = format!("options are {}", OPTIONS.join(", "));
    match OF_OTHERS.iter().find(|(known, _)| *known == name) {
        Some((_, harmless)) if harmless.is_empty() || harmless.contains(&value) => Ok(()),
        Some(("schema", _)) => Err(refused("`schema` in the URL of a server is not supported, but for `public`")
            .hint("`options=-csearch_path%3DNAME` has sessions look there first")),
        Some((known, _)) => Err(refused(format!("`{known}` with that value in the URL is not supported")).hint(hint)),
        // It may have been a password; only its place is named.
        None => Err(refused("the URL of a server has an option that is not known").hint(hint)),
    }
}

impl Address {
    /// Takes a URL apart.
    pub(crate) fn parse(url: &str) -> Result<Self, EngineError> {
        let parts = parts(url)?;
        let (host, port_text) = host_and_port(parts.host)?;
        let mut address = Self {
            host: decoded(host, "host")?,
            port: port_text.map(port).transpose()?.unwrap_or(PORT),
            user: None,
            password: None,
            database: Some(decoded(parts.path, "database")?).filter(|name| !name.is_empty()),
            maintenance: "postgres".to_owned(),
            ssl_mode: SslMode::Prefer,
            certificates: Certificates::default(),
            connect_timeout: CONNECT_TIMEOUT,
            statement_timeout: Duration::ZERO,
            application: APPLICATION.to_owned(),
            channel_binding: ChannelBinding::Prefer,
            startup: None,
            may_be_quiet: Arc::default(),
        };
        if let Some(login) = parts.login {
            let (user, password) = login.split_once(':').map_or((login, None), |(user, word)| (user, Some(word)));
            address.user = Some(decoded(user, "user")?).filter(|user| !user.is_empty());
            address.password = password.map(|word| decoded(word, "password")).transpose()?;
        }
        for pair in parts.query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            address.option(&decoded(name, "option")?, decoded(&value.replace('+', "%20"), "option")?)?;
        }
        address.complete()
    }

    fn option(&mut self, name: &str, value: String) -> Result<(), EngineError> {
        match name {
            "application_name" => self.application = value,
            "channel_binding" => self.channel_binding = channel_binding(&value)?,
            "connect_timeout" => self.connect_timeout = limit(time(&value, 1000, name)?),
            "dbname" => self.database = Some(value).filter(|name| !name.is_empty()),
            "host" => self.host = value,
            "maintenance" => self.maintenance = value,
            "options" => self.startup = Some(value),
            "password" => self.password = Some(value),
            "port" => self.port = port(&value)?,
            "sslcert" => self.certificates.own = Some(value),
            "sslkey" => self.certificates.key = Some(value),
            "sslmode" => self.ssl_mode = ssl_mode(&value)?,
            "sslrootcert" => self.certificates.root = Some(value),
            "statement_timeout" => self.statement_timeout = time(&value, 1, name)?,
            "user" => self.user = Some(value).filter(|user| !user.is_empty()),
            _ => return of_others(name, &value),
        }
        Ok(())
    }

    /// The same without a limit for statements: a dump takes as long as it takes.
    pub(crate) fn patient(&self) -> Self {
        Self { statement_timeout: Duration::ZERO, ..self.clone() }
    }

    fn complete(mut self) -> Result<Self, EngineError> {
        if self.host.is_empty() {
            self.host = "localhost".to_owned();
        }
        if self.certificates.own.is_some() != self.certificates.key.is_some() {
            return Err(refused("`sslcert` and `sslkey` in the URL of a server belong together, one is missing"));
        }
        if self.is_socket() {
            self.ssl_mode = SslMode::Disable;
        } else if self.ssl_mode == SslMode::Require && self.certificates.root.is_some() {
            self.ssl_mode = SslMode::VerifyCa;
        }
        Ok(self)
    }

    /// True if the host is a folder with the server's socket.
    pub(crate) fn is_socket(&self) -> bool {
        self.host.starts_with('/')
    }

    /// Remembers that the login may switch event triggers off.
    pub(crate) fn note_that_it_may_be_quiet(&self) {
        self.may_be_quiet.store(true, Ordering::Relaxed);
    }

    /// The driver's own form for a session that sets off no event trigger, not even that of logging in; `None` where it is not
    /// known that the login may have one.
    pub(crate) fn quiet_config(&self, database: &str) -> Option<Config> {
        let startup = self.startup.as_deref().unwrap_or_default();
        let quiet = || self.config(database).options(format!("{startup} -cevent_triggers=off").trim_start()).to_owned();
        self.may_be_quiet.load(Ordering::Relaxed).then(quiet)
    }

    /// The driver's own form, for a database of that name.
    pub(crate) fn config(&self, database: &str) -> Config {
        let mut config = Config::new();
        config.host(&self.host).port(self.port).dbname(database).application_name(&self.application);
        config.connect_timeout(self.connect_timeout).channel_binding(self.channel_binding);
        config.ssl_mode(match self.ssl_mode {
            SslMode::Disable => DriverMode::Disable,
            SslMode::Prefer => DriverMode::Prefer,
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => DriverMode::Require,
        });
        if let Some(startup) = &self.startup {
            config.options(startup);
        }
        if let Some(user) = &self.user {
            config.user(user);
        }
        if let Some(password) = &self.password {
            config.password(password);
        }
        config
    }

    /// The TLS that the URL asks for; files of certificates are read each time, they may have been renewed.
    pub(crate) fn tls(&self) -> Result<MakeRustlsConnect, EngineError> {
        tls::connector(self.ssl_mode, self.channel_binding == ChannelBinding::Require, &self.certificates)
    }
}

/// Zero means no limit to libpq; a day is none in practice.
fn limit(time: Duration) -> Duration {
    if time.is_zero() { Duration::from_secs(86_400) } else { time }
}
