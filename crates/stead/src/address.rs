//! A server's URL in its parts, for everybody here who needs one of them. What the parts mean to a driver is the affair of
//! its adapter, which reads the URL itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use stead_engine::Place;
use stead_schema::EngineKind;

/// Stands for the roots that browsers trust, where a file of certificates is named.
const SYSTEM: &str = "system";

/// What PostgreSQL's own programs do not know among the options of a URL.
const OURS: [&str; 2] = ["maintenance", "statement_timeout"];
/// An option of PostgreSQL's URLs that names the database, whatever the path says.
const DATABASE: &str = "dbname";

/// A URL whose parts are still written as they were.
#[derive(Clone, Copy)]
pub(crate) struct Address<'a> {
    /// From the scheme up to the path.
    front: &'a str,
    path: &'a str,
    query: Option<&'a str>,
}

impl<'a> Address<'a> {
    /// Takes a URL apart; every text has parts, if only empty ones.
    pub(crate) fn of(url: &'a str) -> Self {
        let (rest, query) = url.split_once('?').map_or((url, None), |(rest, query)| (rest, Some(query)));
        let after_scheme = rest.find("://").map_or(0, |at| at + 3);
        let (front, path) = match rest[after_scheme..].find('/') {
            Some(slash) => rest.split_at(after_scheme + slash),
            None => (rest, ""),
        };
        Self { front, path, query }
    }

    /// The server's URL: everything but the database.
    pub(crate) fn server(&self) -> String {
        self.with_path("", &[DATABASE])
    }

    /// The database that the URL names.
    pub(crate) fn database(&self) -> Option<String> {
        let stated = self.is_postgres().then(|| self.options().remove(DATABASE)).flatten();
        stated.filter(|name| !name.is_empty()).or_else(|| decoded(self.path.trim_start_matches('/')))
    }

    /// The same URL with another database, for programs that are not ours.
    pub(crate) fn with_database(&self, place: &Place) -> String {
        let path = format!("/{}", utf8_percent_encode(&place.0, NON_ALPHANUMERIC));
        self.with_path(&path, &[DATABASE, OURS[0], OURS[1]])
    }

    /// Who connects.
    pub(crate) fn user(&self) -> Option<String> {
        let login = self.login_and_host().0;
        decoded(login.split_once(':').map_or(login, |(user, _)| user))
    }

    /// With which password.
    pub(crate) fn password(&self) -> Option<String> {
        let (_, password) = self.login_and_host().0.split_once(':')?;
        decoded(password)
    }

    /// The host, an address of IP version 6 without its brackets.
    pub(crate) fn host(&self) -> Option<String> {
        decoded(self.host_and_port().0.trim_start_matches('[').trim_end_matches(']'))
    }

    /// The port as it is written.
    pub(crate) fn port(&self) -> Option<String> {
        decoded(self.host_and_port().1)
    }

    /// The server without who logs in and how: host or socket, and port. Two ways to write it that surely mean one are alike.
    pub(crate) fn machine(&self, engine: EngineKind) -> String {
        let mut options = self.options();
        let mut option = |name: &str| options.remove(name).filter(|value| !value.is_empty());
        let (host, usual) = match engine {
            EngineKind::Postgres => (option("host"), "5432"),
            _ => (option("socket"), "3306"),
        };
        let port = option("port").filter(|_| engine == EngineKind::Postgres).or_else(|| self.port());
        let host = host.or_else(|| self.host()).unwrap_or_default();
        let port = port.unwrap_or_else(|| usual.to_owned());
        match host.to_lowercase().as_str() {
            "" | "localhost" | "::1" => format!("127.0.0.1:{port}"),
            _ if host.starts_with('/') && engine != EngineKind::Postgres => host,
            lower if !host.starts_with('/') => format!("{lower}:{port}"),
            _ => format!("{host}:{port}"),
        }
    }

    /// True if an `@` stands behind the server's part: what was meant for a password is then taken for the host, which messages
    /// name.
    pub(crate) fn has_stray_login(&self) -> bool {
        let name = |pair: &str| pair.split_once('=').map_or(pair, |(name, _)| name).contains('@');
        let cut_off = self.front.contains('#') && !self.is_postgres();
        cut_off || self.path.contains('@') || self.query.is_some_and(|query| query.split('&').any(name))
    }

    /// What stands behind the question mark.
    pub(crate) fn options(&self) -> BTreeMap<String, String> {
        let pairs = self.query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), decoded(value).unwrap_or_default())).collect()
    }

    /// The same URL with the files that its options name where `resolve` says that they are.
    pub(crate) fn with_files(&self, resolve: impl Fn(&str) -> PathBuf) -> String {
        let pair = |pair: &str| {
            let Some((name, value)) = pair.split_once('=') else { return pair.to_owned() };
            let path = decoded(value).filter(|path| path != SYSTEM && names_file(name));
            path.map_or_else(
                || pair.to_owned(),
                |path| format!("{name}={}", encoded(&resolve(&path).to_string_lossy())),
            )
        };
        let query = self.query.map(|query| query.split('&').map(pair).collect::<Vec<_>>().join("&"));
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}{}{query}", self.front, self.path)
    }

    fn is_postgres(&self) -> bool {
        self.front.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("postgres"))
    }

    /// The same URL with that path, for PostgreSQL without those options.
    fn with_path(&self, path: &str, without: &[&str]) -> String {
        let is_left_out = |pair: &&str| without.contains(&pair.split('=').next().unwrap_or_default());
        let pairs = self.query.unwrap_or_default().split('&').filter(|pair| !self.is_postgres() || !is_left_out(pair));
        let query = pairs.collect::<Vec<_>>().join("&");
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{path}{mark}{query}", self.front)
    }

    fn login_and_host(&self) -> (&'a str, &'a str) {
        let authority = self.front.split_once("://").map_or(self.front, |(_, authority)| authority);
        authority.rsplit_once('@').unwrap_or(("", authority))
    }

    /// An address of IP version 6 has colons of its own, inside brackets.
    fn host_and_port(&self) -> (&'a str, &'a str) {
        let (_, place) = self.login_and_host();
        place.rsplit_once(':').filter(|(_, port)| !port.contains(']')).unwrap_or((place, ""))
    }
}

/// Whether an option's value is the path of a file: those for certificates and keys, in the words of libpq and of MySQL.
fn names_file(option: &str) -> bool {
    let option = option.to_ascii_lowercase().replace('_', "-");
    ["sslrootcert", "sslcert", "sslkey", "ssl-ca", "ssl-cert", "ssl-key"].contains(&option.as_str())
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn decoded(text: &str) -> Option<String> {
    Some(percent_decode_str(text).decode_utf8_lossy().into_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
