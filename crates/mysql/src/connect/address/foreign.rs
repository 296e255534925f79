//! Options of a URL in the words of other tools: of Connector/J, of drivers for Node, Go, PHP and Python, of Prisma. Hosters hand
//! such URLs out. What asks for encryption is taken as it is meant, what means nothing to whoever has one connection is left out,
//! and what asks for something else than is done is refused by name.

use std::collections::BTreeMap;
use std::time::Duration;

use stead_engine::EngineError;

use super::{Encryption, refused, switch};

/// Options without a meaning here, whatever they say: pools of connections, how a client keeps statements and shows values, and
/// limits for waiting that stead sets itself.
const NOTHING: [&str; 57] = [
    "allowmultiqueries",
    "allownativepasswords",
    "allowpublickeyretrieval",
    "autoreconnect",
    "bignumberstrings",
    "cacheprepstmts",
    "cacheresultsetmetadata",
    "cacheserverconfiguration",
    "connection-limit",
    "connectionlimit",
    "datestrings",
    "decimalnumbers",
    "defaultfetchsize",
    "elidesetautocommits",
    "enablekeepalive",
    "failoverreadonly",
    "interpolateparams",
    "keepaliveinitialdelay",
    "loc",
    "maintaintimestats",
    "max-connections",
    "max-idle-connection-lifetime",
    "maxallowedpacket",
    "maxidle",
    "maxreconnects",
    "multistatements",
    "parsetime",
    "pool",
    "pool-max",
    "pool-recycle",
    "pool-size",
    "pool-timeout",
    "prepared-statements",
    "prepstmtcachesize",
    "prepstmtcachesqllimit",
    "queuelimit",
    "read-timeout",
    "readtimeout",
    "reconnect",
    "rewritebatchedstatements",
    "servertimezone",
    "socket-timeout",
    "sockettimeout",
    "statement-cache-capacity",
    "statement-cache-size",
    "supportbignumbers",
    "tcpkeepalive",
    "timeout",
    "tinyint1isbit",
    "usejdbccomplianttimezoneshift",
    "uselegacydatetimecode",
    "uselocalsessionstate",
    "useserverprepstmts",
    "waitforconnections",
    "write-timeout",
    "writetimeout",
    "zerodatetimebehavior",
];

/// Options of others with the values that ask for nothing but what is done anyway. Those without one are never done.
const SOME: [(&str, &[&str]); 18] = [
    ("charset", &["utf8mb4", "utf8", "utf8mb4,utf8"]),
    ("characterencoding", &["utf-8", "utf8", "utf8mb4"]),
    ("compress", &["false", "0"]),
    ("encoding", &["utf-8", "utf8", "utf8mb4"]),
    ("schema", &["public"]),
    ("usecompression", &["false"]),
    ("usessh", &["false"]),
    ("useunicode", &["true", "yes", "1"]),
    ("auth-plugin", &[]),
    ("authentication-plugin", &[]),
    ("clientcertificatekeystoreurl", &[]),
    ("init-command", &[]),
    ("sessionvariables", &[]),
    ("ssl-capath", &[]),
    ("ssl-cipher", &[]),
    ("sslcert", &[]),
    ("sslidentity", &[]),
    ("trustcertificatekeystoreurl", &[]),
];

/// What the words of others ask for.
#[derive(Debug, Default)]
pub(super) struct Foreign {
    pub(super) encryption: Option<Encryption>,
    pub(super) connect_timeout: Option<Duration>,
}

/// Takes the options of others out of those that a URL has.
pub(super) fn take(given: &mut BTreeMap<String, String>) -> Result<Foreign, EngineError> {
    let mut foreign = Foreign::default();
    let mut encryptions = Vec::new();
    for name in ["ssl", "tls", "usessl", "requiressl", "sslaccept", "ssl-verify-cert", "ssl-verify-identity"] {
        if let Some(value) = given.remove(name) {
            encryptions.extend(encryption(name, &value)?);
        }
    }
    let verified = given.remove("verifyservercertificate").map(|value| switch("verifyServerCertificate", &value));
    if verified.transpose()? == Some(true) && !encryptions.contains(&Encryption::Disabled) {
        encryptions.push(Encryption::VerifyCa);
    }
    // Several of them are one wish: the strictest says it whole.
    foreign.encryption = encryptions.into_iter().max_by_key(|encryption| strictness(*encryption));
    if let Some(milliseconds) = given.remove("connecttimeout") {
        let number = milliseconds.parse::<u64>();
        let number = number.map_err(|_| refused("`connectTimeout` in the database's URL is not a whole number"))?;
        foreign.connect_timeout = Some(Duration::from_millis(number.max(1_000)));
    }
    for name in NOTHING {
        given.remove(name);
    }
    for (name, values) in SOME {
        match given.remove(name) {
            None => {}
            Some(value) if values.contains(&value.to_ascii_lowercase().as_str()) => {}
            Some(_) if values.is_empty() => {
                return Err(refused(format!(
                    "the option `{name}` in the database's URL asks for what stead does not do"
                )));
            }
            Some(_) => {
                let message = format!("the option `{name}` in the database's URL may only be {}", values.join(" or "));
                return Err(refused(message));
            }
        }
    }
    Ok(foreign)
}

fn strictness(encryption: Encryption) -> u8 {
    match encryption {
        Encryption::Disabled => 1,
        Encryption::Preferred => 0,
        Encryption::Required => 2,
        Encryption::VerifyCa => 3,
        Encryption::VerifyIdentity => 4,
    }
}

/// What one option asks for; nothing where it only does not ask.
fn encryption(name: &str, value: &str) -> Result<Option<Encryption>, EngineError> {
    let word = value.to_ascii_lowercase();
    Ok(match (name, word.as_str()) {
        ("ssl", _) if word.starts_with('{') => Some(of_node(value)?),
        ("tls", "true") | ("sslaccept", "strict") => Some(Encryption::VerifyIdentity),
        ("tls", "skip-verify") | ("sslaccept", "accept_invalid_certs") => Some(Encryption::Required),
        ("tls", "preferred") | ("usessl", "true") => Some(Encryption::Preferred),
        ("requiressl" | "ssl-verify-cert" | "ssl-verify-identity", "false" | "0") => None,
        ("ssl-verify-cert", "true" | "1") => Some(Encryption::VerifyCa),
        ("ssl-verify-identity", "true" | "1") => Some(Encryption::VerifyIdentity),
        ("ssl" | "requiressl", "true" | "1") => Some(Encryption::Required),
        ("ssl" | "tls" | "usessl", "false" | "0") => Some(Encryption::Disabled),
        _ => return Err(refused(format!("the option `{name}` in the database's URL has a value that is not known"))),
    })
}

/// The object that drivers for Node take. Certificates in it are files or texts of somebody else's machine.
fn of_node(value: &str) -> Result<Encryption, EngineError> {
    let unknown = || {
        refused(
            "the option `ssl` in the database's URL may hold `rejectUnauthorized` and `minVersion` and nothing else",
        )
        .hint("`ssl-ca`, `ssl-cert` and `ssl-key` name the files of certificates")
    };
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(value).map_err(|_| unknown())?;
    if object.keys().any(|key| !["rejectUnauthorized", "minVersion"].contains(&key.as_str())) {
        return Err(unknown());
    }
    match object.get("rejectUnauthorized") {
        None | Some(serde_json::Value::Bool(true)) => Ok(Encryption::VerifyIdentity),
        Some(serde_json::Value::Bool(false)) => Ok(Encryption::Required),
        Some(_) => Err(unknown()),
    }
}
