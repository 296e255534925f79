//! A server's URL in its parts, for everybody here who needs one of them. What the parts mean to a driver is the affair of
//! its adapter, which reads the URL itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use stead_engine::Place;

/// Stands for the roots that browsers trust, where a file of certificates is named.
const SYSTEM: &str = "system";

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
        self.with_path("")
    }

    /// The database that the URL names.
    pub(crate) fn database(&self) -> Option<String> {
        decoded(self.path.trim_start_matches('/'))
    }

    /// The same URL with another database.
    pub(crate) fn with_database(&self, place: &Place) -> String {
        self.with_path(&format!("/{}", utf8_percent_encode(&place.0, NON_ALPHANUMERIC)))
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

    fn with_path(&self, path: &str) -> String {
        let query = self.query.map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}{path}{query}", self.front)
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
