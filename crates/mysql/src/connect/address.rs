//! Where a server is and how to log in there, read from a URL. Nothing here touches the network, and no error and no
//! `Debug` ever shows the password.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use mysql_async::{ClientIdentity, OptsBuilder, SslOpts};
use percent_encoding::percent_decode_str;
use stead_engine::{EngineError, ErrorClass};
use stead_schema::EngineKind;

mod foreign;

#[cfg(test)]
mod tests;

/// How long a connection may take to come about by default.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// What the server lists us as by default.
const APPLICATION_NAME: &str = "stead";

/// The host that certificates are compared with where any will do. The driver lets pass a certificate for another host if the
/// words of the error have this word in them; the error that its TLS library has nowadays has it only as the host's name. Who
/// signed the certificate is looked at before.
const ANY_NAME: &str = "NotValidForName";

/// Whether the connection is encrypted, in MySQL's own words (`ssl-mode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// Never.
    Disabled,
    /// Where the server can; on this machine only where the server insists.
    Preferred,
    /// Always, whoever the server is.
    Required,
    /// Always, with a certificate that an authority we know has signed.
    VerifyCa,
    /// Always, and the certificate is for the host of the URL.
    VerifyIdentity,
}

/// A server's address and login.
#[derive(Clone)]
pub(crate) struct Address {
    /// The kind that the URL's scheme names.
    pub(crate) kind: EngineKind,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) socket: Option<String>,
    pub(crate) user: String,
    password: Option<String>,
    pub(crate) encryption: Encryption,
    authority: Option<PathBuf>,
    identity: Option<(PathBuf, PathBuf)>,
    pub(crate) connect_timeout: Duration,
    /// The longest that a statement may take.
    pub(crate) statement_timeout: Option<Duration>,
    pub(crate) application_name: String,
    /// The `sql_mode` of sessions that run people's SQL, where it shall not be the server's own.
    pub(crate) sql_mode: Option<String>,
    /// The time zone of sessions that run people's SQL, where it shall not be the server's own.
    pub(crate) time_zone: Option<String>,
    /// Whether what is written goes to the server's binary log.
    pub(crate) logged: bool,
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Address").field("at", &self.to_string()).finish_non_exhaustive()
    }
}

/// The address for sentences: user and host, never the password.
impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.socket {
            Some(socket) => write!(formatter, "{} at the socket `{socket}`", self.kind),
            None if self.host.contains(':') => write!(formatter, "{} at `[{}]:{}`", self.kind, self.host, self.port),
            None => write!(formatter, "{} at `{}:{}`", self.kind, self.host, self.port),
        }
    }
}

fn refused(message: impl Into<String>) -> EngineError {
    EngineError::new(ErrorClass::Refused, message).hint(
        "write `mysql://user:password@host:port/database` or `mariadb://…`; percent-encode `@ : / ? #` in a password",
    )
}

fn decoded(text: &str, what: &str) -> Result<String, EngineError> {
    let text = percent_decode_str(text).decode_utf8();
    text.map(|text| text.into_owned()).map_err(|_| refused(format!("the {what} in the database's URL is not UTF-8")))
}

/// The longest row in bytes that the protocol has.
const LONGEST_ROW: usize = 1 << 30;

impl Address {
    /// Reads a URL: `mysql://user:password@host:port/database?option=value`, or `mariadb://`. The database is not part of
    /// the address and is left out here.
    pub(crate) fn parse(url: &str) -> Result<Self, EngineError> {
        let (scheme, rest) = url.split_once("://").ok_or_else(|| refused("the database's URL has no `://`"))?;
        let kind = match scheme.to_ascii_lowercase().as_str() {
            "mysql" => EngineKind::Mysql,
            "mariadb" => EngineKind::Mariadb,
            other => return Err(refused(format!("`{other}://` is not the scheme of a MySQL or MariaDB URL"))),
        };
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let (rest, options) = rest.split_once('?').unwrap_or((rest, ""));
        let authority = rest.split_once('/').map_or(rest, |(authority, _database)| authority);
        let (login, place) = authority.rsplit_once('@').map_or(("", authority), |(login, place)| (login, place));
        let (user, password) = login.split_once(':').map_or((login, None), |(user, pass)| (user, Some(pass)));
        let (host, port) = host_and_port(place)?;
        let mut address = Self {
            kind,
            host: if host.is_empty() { "127.0.0.1".to_owned() } else { decoded(host, "host")? },
            port,
            socket: None,
            user: if user.is_empty() { "root".to_owned() } else { decoded(user, "user")? },
            password: password.map(|password| decoded(password, "password")).transpose()?,
            encryption: Encryption::Preferred,
            authority: None,
            identity: None,
            connect_timeout: CONNECT_TIMEOUT,
            statement_timeout: None,
            application_name: APPLICATION_NAME.to_owned(),
            sql_mode: None,
            time_zone: None,
            logged: true,
        };
        if address.host.starts_with('/') {
            address.socket = Some(std::mem::replace(&mut address.host, "localhost".to_owned()));
        }
        address.set(options)?;
        Ok(address)
    }

    fn set(&mut self, options: &str) -> Result<(), EngineError> {
        let mut given = BTreeMap::new();
        for option in options.split('&').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            given.insert(decoded(name, "option")?.to_ascii_lowercase().replace('_', "-"), decoded(value, "option")?);
        }
        let others = foreign::take(&mut given)?;
        self.encryption = others.encryption.unwrap_or(self.encryption);
        self.connect_timeout = others.connect_timeout.unwrap_or(self.connect_timeout);
        let mut take = |name: &str| given.remove(name).filter(|value| !value.is_empty());
        self.socket = take("socket").or(self.socket.take());
        let mode = (take("ssl-mode"), take("sslmode"));
        self.encryption = mode.0.or(mode.1).map_or(Ok(self.encryption), |mode| encryption(&mode))?;
        self.authority = take("ssl-ca").map(PathBuf::from);
        self.identity = match (take("ssl-cert"), take("ssl-key")) {
            (Some(certificate), Some(key)) => Some((certificate.into(), key.into())),
            (None, None) => None,
            _ => return Err(refused("`ssl-cert` and `ssl-key` in the database's URL belong together")),
        };
        let milliseconds = |name, value: Option<String>| value.map(|value| number(name, &value)).transpose();
        if let Some(seconds) = milliseconds("connect_timeout", take("connect-timeout"))? {
            self.connect_timeout = Duration::from_secs(seconds.max(1));
        }
        self.statement_timeout =
            milliseconds("statement_timeout", take("statement-timeout"))?.map(Duration::from_millis);
        self.application_name = take("application-name").unwrap_or_else(|| APPLICATION_NAME.to_owned());
        self.sql_mode = take("sql-mode");
        self.time_zone = take("time-zone");
        self.logged = take("sql-log-bin").map_or(Ok(true), |word| switch("sql_log_bin", &word))?;
        if given.is_empty() {
            return Ok(());
        }
        // It is not quoted: behind a question mark that was not encoded it is the rest of a password.
        Err(refused("the database's URL has an option that is not known").hint(
            "options are socket, ssl-mode, ssl-ca, ssl-cert, ssl-key, connect_timeout (seconds), \
             statement_timeout (milliseconds), application_name, sql_mode, time_zone and sql_log_bin (on, off)",
        ))
    }

    /// True if what is sent stays on this machine.
    pub(crate) fn is_local(&self) -> bool {
        let numeric = self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        self.socket.is_some() || numeric || self.host == "localhost"
    }

    /// What the driver wants to know, with or without encryption.
    pub(crate) fn options(&self, database: Option<&str>, encrypted: bool) -> mysql_async::Opts {
        OptsBuilder::default()
            .ip_or_hostname(&self.host)
            .tcp_port(self.port)
            .socket(self.socket.as_deref())
            .prefer_socket(false)
            .user(Some(&self.user))
            .pass(self.password.as_deref())
            .db_name(database)
            .tcp_keepalive(Some(Duration::from_secs(30)))
            // Statements are prepared once each here, and a cache would hold their handles open on the server.
            .stmt_cache_size(0)
            .client_found_rows(false)
            // A row may be longer than what the server takes from a client; it sends it all the same.
            .max_allowed_packet(Some(LONGEST_ROW))
            .connect_attribute("program_name", self.application_name.as_str())
            .connect_attribute("_pid", std::process::id().to_string())
            .ssl_opts(encrypted.then(|| self.tls()))
            .into()
    }

    /// Reads the files that the URL names, because the driver's error would not say which one it did not find.
    pub(crate) fn readable(&self) -> Result<(), EngineError> {
        let identity = self.identity.iter().flat_map(|(certificate, key)| [certificate, key]);
        for path in self.authority.iter().chain(identity) {
            std::fs::read(path).map_err(|error| {
                EngineError::new(ErrorClass::Refused, format!("cannot read `{}`: {error}", path.display())).hint(
                    "`ssl-ca`, `ssl-cert` and `ssl-key` in the database's URL name files of certificates and keys",
                )
            })?;
        }
        Ok(())
    }

    fn tls(&self) -> SslOpts {
        let verified = matches!(self.encryption, Encryption::VerifyCa | Encryption::VerifyIdentity);
        let mut options = SslOpts::default()
            .with_danger_accept_invalid_certs(!verified)
            .with_danger_skip_domain_validation(self.encryption != Encryption::VerifyIdentity);
        if self.encryption == Encryption::VerifyCa {
            options = options.with_danger_tls_hostname_override(Some(ANY_NAME));
        }
        if let Some(authority) = &self.authority {
            options = options.with_root_certs(vec![authority.clone().into()]).with_disable_built_in_roots(true);
        }
        if let Some((certificate, key)) = &self.identity {
            let identity = ClientIdentity::new(certificate.clone().into(), key.clone().into());
            options = options.with_client_identity(Some(identity));
        }
        options
    }
}

fn host_and_port(place: &str) -> Result<(&str, u16), EngineError> {
    let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':').unwrap_or("")),
        None => place.rsplit_once(':').unwrap_or((place, "")),
    };
    if port.is_empty() {
        return Ok((host, 3306));
    }
    let port = port.parse().map_err(|_| refused("the port in the database's URL is not a number up to 65535"))?;
    Ok((host, port))
}

fn number(name: &str, value: &str) -> Result<u64, EngineError> {
    value.parse().map_err(|_| refused(format!("`{name}` in the database's URL is not a whole number")))
}

fn switch(name: &str, word: &str) -> Result<bool, EngineError> {
    match word.to_ascii_lowercase().as_str() {
        "on" | "1" | "true" => Ok(true),
        "off" | "0" | "false" => Ok(false),
        _ => Err(refused(format!("`{name}` in the database's URL is neither on nor off"))),
    }
}

fn encryption(mode: &str) -> Result<Encryption, EngineError> {
    match mode.to_ascii_lowercase().replace('-', "_").as_str() {
        "disabled" | "disable" => Ok(Encryption::Disabled),
        "preferred" | "prefer" => Ok(Encryption::Preferred),
        "required" | "require" => Ok(Encryption::Required),
        "verify_ca" => Ok(Encryption::VerifyCa),
        "verify_identity" | "verify_full" => Ok(Encryption::VerifyIdentity),
        _ => Err(refused(
            "`ssl-mode` in the database's URL is none of disabled, preferred, required, verify-ca, \
                          verify-identity",
        )),
    }
}
