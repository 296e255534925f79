//! Until a server really answers. An open port is not enough: PostgreSQL listens while it still recovers, and in some set-ups
//! it starts once, stops and starts again; so two answers in a row are asked for, and the server's own word where it gives one.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::Child;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::error::ProvisionError;
use crate::process::Process;
use crate::start::outcome;
use crate::{Access, Result, ServerKind, Surroundings, Volume};

const PAUSE: Duration = Duration::from_millis(20);
/// The time between the two answers.
const DISTANCE: Duration = Duration::from_millis(50);
/// How long one knock may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// A refusal counts when it has been heard for so long. Servers know their accounts before they listen, so that none should ever
/// be taken back; a moment costs nobody anything.
const CERTAIN: Duration = Duration::from_secs(2);
/// The time between two questions of which the first was refused: some servers count them.
const AFTER_REFUSAL: Duration = Duration::from_millis(400);

/// Why a server does not answer, for people to read; never with a password in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// It may in a moment.
    NotYet(String),
    /// It does, and says no: waiting changes nothing.
    Refused(String),
}

/// Asks a server whether it answers.
#[async_trait]
pub trait Probe: Send + Sync {
    /// Asks once.
    ///
    /// # Errors
    ///
    /// Why it does not.
    async fn ask(&self, access: &Access) -> std::result::Result<(), NoAnswer>;
}

/// The probe that needs no adapter: it begins a connection and takes the server's first word for an answer. A server that still
/// starts, recovers or stops says so at this point, in either protocol.
#[derive(Clone, Copy, Debug, Default)]
pub struct Knock;

#[async_trait]
impl Probe for Knock {
    async fn ask(&self, access: &Access) -> std::result::Result<(), NoAnswer> {
        knock(access).map_err(|error| error.to_string()).and_then(|word| word).map_err(NoAnswer::NotYet)
    }
}

/// What the wait needs to know of the server.
pub(crate) struct Awaited<'a> {
    pub(crate) volume: &'a Volume,
    pub(crate) access: &'a Access,
    pub(crate) process: &'a Process,
    /// Present if we started it, and then its end can be told exactly.
    pub(crate) child: Option<&'a mut Child>,
}

/// Waits for two answers in a row.
pub(crate) async fn wait(mut awaited: Awaited<'_>, probe: &dyn Probe, surroundings: &Surroundings) -> Result<()> {
    let begun = Instant::now();
    let (mut answered, mut refused) = (false, None);
    loop {
        awaited.refuse_ended()?;
        let answer = match awaited.says_ready() {
            true => probe.ask(awaited.access).await,
            false => Err(NoAnswer::NotYet("it is still starting".to_owned())),
        };
        let pause = match answer {
            Ok(()) if answered => return awaited.refuse_ended(),
            Ok(()) => {
                (answered, refused) = (true, None);
                DISTANCE
            }
            Err(NoAnswer::Refused(reason)) => {
                answered = false;
                if refused.get_or_insert_with(Instant::now).elapsed() > CERTAIN {
                    return Err(awaited.refusing(reason));
                }
                AFTER_REFUSAL
            }
            Err(NoAnswer::NotYet(reason)) if begun.elapsed() > surroundings.start_timeout => {
                return Err(awaited.silent(begun, reason));
            }
            Err(NoAnswer::NotYet(_)) => {
                (answered, refused) = (false, None);
                PAUSE
            }
        };
        tokio::time::sleep(pause).await;
    }
}

impl Awaited<'_> {
    fn refuse_ended(&mut self) -> Result<()> {
        let ended = match &mut self.child {
            Some(child) => child.try_wait().ok().flatten().map(outcome),
            None => (!self.process.is_running()).then(|| "how is not known".to_owned()),
        };
        let Some(outcome) = ended else { return Ok(()) };
        Err(ProvisionError::Ended { kind: self.access.kind, outcome, log: self.volume.end_of("server.log") })
    }

    /// PostgreSQL writes its state into the eighth line of `postmaster.pid`; see its `miscadmin.h`.
    fn says_ready(&self) -> bool {
        if self.access.kind != ServerKind::Postgres {
            return true;
        }
        let text = fs::read_to_string(self.volume.data().join("postmaster.pid")).unwrap_or_default();
        let own = text.lines().next().and_then(|pid| pid.trim().parse().ok()) == Some(self.process.pid);
        own && text.lines().nth(7).is_some_and(|state| state.trim() == "ready")
    }

    fn refusing(&self, reason: String) -> ProvisionError {
        let password = self.volume.file("password");
        ProvisionError::Refusing { kind: self.access.kind, pid: self.process.pid, reason, password }
    }

    fn silent(&self, begun: Instant, reason: String) -> ProvisionError {
        ProvisionError::Silent {
            kind: self.access.kind,
            pid: self.process.pid,
            seconds: begun.elapsed().as_secs(),
            reason,
            log: self.volume.end_of("server.log"),
        }
    }
}

fn knock(access: &Access) -> io::Result<std::result::Result<(), String>> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, access.port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    if access.kind == ServerKind::Postgres { postgres(&mut stream) } else { mysql(&mut stream) }
}

/// Sends a `StartupMessage` of protocol 3.0 and reads the first message: `R` asks for a password, so the server takes
/// connections; `E` is an error, and every other one than "cannot connect now" is the word of a server that does, though perhaps
/// not from us, or not without encryption. Source: PostgreSQL's chapter on message formats, and `PQping` of its libpq.
fn postgres(stream: &mut TcpStream) -> io::Result<std::result::Result<(), String>> {
    let parameters = b"user\0postgres\0database\0postgres\0\0";
    let length = u32::try_from(8 + parameters.len()).expect("a message of a few bytes");
    let mut message = length.to_be_bytes().to_vec();
    message.extend(196_608_u32.to_be_bytes());
    message.extend(parameters);
    stream.write_all(&message)?;
    let mut head = [0; 5];
    stream.read_exact(&mut head)?;
    if head[0] == b'R' {
        return Ok(Ok(()));
    }
    let length = u64::from(u32::from_be_bytes([head[1], head[2], head[3], head[4]])).min(64 * 1024);
    let mut body = Vec::new();
    stream.take(length.saturating_sub(4)).read_to_end(&mut body)?;
    let field = |letter: &[u8]| body.split(|byte| *byte == 0).find_map(|field| field.strip_prefix(letter));
    let text = field(b"M");
    if head[0] == b'E' && text.is_some() && field(b"C").is_some_and(|state| state != b"57P03") {
        return Ok(Ok(()));
    }
    Ok(Err(String::from_utf8_lossy(text.unwrap_or(b"the first word is no answer")).into_owned()))
}

/// Reads the server's greeting: a packet whose first byte is the protocol's number, 10, or 255 for an error with its number in
/// two bytes and its text. Source: MySQL's internals manual, "Initial Handshake".
fn mysql(stream: &mut TcpStream) -> io::Result<std::result::Result<(), String>> {
    let mut head = [0; 5];
    stream.read_exact(&mut head)?;
    if head[4] == 10 {
        return Ok(Ok(()));
    }
    let length = u64::from(u32::from_le_bytes([head[0], head[1], head[2], 0]));
    let mut body = Vec::new();
    stream.take(length.saturating_sub(1)).read_to_end(&mut body)?;
    let text = body.get(2..).filter(|_| head[4] == 255).unwrap_or(b"the greeting is of an unknown protocol");
    Ok(Err(String::from_utf8_lossy(text).into_owned()))
}

#[cfg(test)]
mod tests;
