//! The malware scanner: clamd over TCP or its socket, by its INSTREAM command (clamd(8)).

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::config::Config;

/// How long clamd may stay silent.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes of one piece of the stream.
const PIECE: usize = 64 * 1024;

/// Who looks for malware; cheap to clone.
#[derive(Debug, Clone, Default)]
pub enum Scanner {
    /// None is set up.
    #[default]
    Off,
    /// `host:port`, or the path of a socket.
    Clamd(String),
}

/// What the scanner said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Clean,
    /// Under which name the malware is known.
    Infected(String),
    /// More than the scanner's `StreamMaxLength`.
    TooLarge,
    /// No verdict: it is away, or has a fault.
    Away(String),
}

impl Scanner {
    /// The scanner that the settings name; a demonstration has none.
    pub fn new(config: &Config) -> Self {
        let address = config.antivirus.address.trim();
        if address.is_empty() || config.is_demo { Self::Off } else { Self::Clamd(address.to_owned()) }
    }

    /// Whether there is one.
    pub fn is_on(&self) -> bool {
        matches!(self, Self::Clamd(_))
    }

    /// Scans bytes; waits for the verdict.
    pub fn scan(&self, bytes: &[u8]) -> Verdict {
        match self {
            Self::Off => Verdict::Away("no scanner is set up".into()),
            Self::Clamd(address) => match said(address, bytes) {
                Ok(words) => read(&words),
                Err(error) => Verdict::Away(error.to_string()),
            },
        }
    }
}

fn said(address: &str, bytes: &[u8]) -> io::Result<String> {
    if address.starts_with('/') {
        let stream = UnixStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        return converse(stream, bytes);
    }
    let unknown = || io::Error::new(io::ErrorKind::NotFound, "the scanner's address is unknown");
    let address = address.to_socket_addrs()?.next().ok_or_else(unknown)?;
    let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    converse(stream, bytes)
}

/// Sends the bytes in pieces, each after its length in four bytes; a length of zero ends them.
fn converse(mut stream: impl Read + Write, bytes: &[u8]) -> io::Result<String> {
    let sent = send(&mut stream, bytes);
    let mut words = Vec::new();
    // clamd closes the line of a stream that is too long, after it has said so
    let heard = Read::by_ref(&mut stream).take(4096).read_to_end(&mut words);
    if words.is_empty() {
        sent?;
        heard?;
    }
    Ok(String::from_utf8_lossy(&words).trim_matches(['\0', '\n', ' ']).to_owned())
}

fn send(stream: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(b"zINSTREAM\0")?;
    for piece in bytes.chunks(PIECE) {
        stream.write_all(&u32::try_from(piece.len()).unwrap_or(0).to_be_bytes())?;
        stream.write_all(piece)?;
    }
    stream.write_all(&[0; 4])?;
    stream.flush()
}

fn read(words: &str) -> Verdict {
    let words = words.strip_prefix("stream: ").unwrap_or(words);
    match words.strip_suffix(" FOUND") {
        Some(name) => {
            let safe = |c: &char| c.is_ascii_alphanumeric() || "-._:/()".contains(*c);
            Verdict::Infected(name.chars().filter(safe).take(100).collect())
        }
        None if words == "OK" => Verdict::Clean,
        None if words.contains("size limit exceeded") => Verdict::TooLarge,
        None if words.is_empty() => Verdict::Away("the scanner said nothing".into()),
        None => Verdict::Away(words.chars().take(200).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_word_is_a_verdict() {
        assert_eq!(read("stream: OK"), Verdict::Clean);
        assert_eq!(
            read("stream: Eicar-Test-Signature FOUND"),
            Verdict::Infected("Eicar-Test-Signature".into())
        );
        assert_eq!(read("INSTREAM size limit exceeded. ERROR"), Verdict::TooLarge);
        assert!(matches!(read(""), Verdict::Away(_)));
        assert!(matches!(read("stream: Can't allocate memory ERROR"), Verdict::Away(_)));
    }
}
