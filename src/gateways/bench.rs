//! The bench on which foreign files are opened: this program once more, in a process of its own with limits of memory
//! and time. Whatever a file does to it, the service goes on.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::domain::files::check::Found;

/// How long a file may take, start and end included.
const PATIENCE: Duration = Duration::from_secs(40);
/// Bytes of memory of the process.
pub const MEMORY: u64 = 1 << 30;
/// Seconds of a processor that it may use.
pub const SECONDS: u64 = 30;

/// Where the program lies.
#[derive(Debug, Clone)]
pub struct Bench {
    program: PathBuf,
}

/// What the bench is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    Check,
    Words,
}

impl Job {
    /// Its name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Job::Check => "check",
            Job::Words => "words",
        }
    }
}

/// What became of a file on the bench.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done<T> {
    Well(T),
    /// The file was too much for it: memory, time, or a fault of a reader.
    Broke,
}

impl Default for Bench {
    fn default() -> Self {
        Self { program: std::env::current_exe().unwrap_or_else(|_| "samad".into()) }
    }
}

impl Bench {
    /// A bench that runs this program.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into() }
    }

    /// Opens a file of this sniffed type; gives what was found, and new bytes where not the old ones are to be kept.
    ///
    /// # Errors
    /// The process could not be started.
    pub fn check(&self, media_type: &str, bytes: &[u8]) -> io::Result<Done<(Found, Option<Vec<u8>>)>> {
        let Done::Well(out) = self.run(Job::Check, media_type, bytes)? else { return Ok(Done::Broke) };
        let Some(end) = out.iter().position(|byte| *byte == b'\n') else { return Ok(Done::Broke) };
        Ok(match serde_json::from_slice(&out[..end]) {
            Ok(found) => Done::Well((found, Some(out[end + 1..].to_vec()).filter(|kept| !kept.is_empty()))),
            Err(_) => Done::Broke,
        })
    }

    /// The words of a file, with spaces between them.
    ///
    /// # Errors
    /// The process could not be started.
    pub fn words(&self, media_type: &str, bytes: &[u8]) -> io::Result<Done<String>> {
        Ok(match self.run(Job::Words, media_type, bytes)? {
            Done::Well(out) => Done::Well(String::from_utf8_lossy(&out).into_owned()),
            Done::Broke => Done::Broke,
        })
    }

    fn run(&self, job: Job, media_type: &str, bytes: &[u8]) -> io::Result<Done<Vec<u8>>> {
        let mut child = Command::new(&self.program)
            .args(["inspect", job.as_str(), media_type])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let out = std::thread::scope(|scope| {
            // one that ends early closes its end, and that is no fault of ours
            scope.spawn(move || stdin.map(|mut pipe| pipe.write_all(bytes).is_ok()));
            let reading = scope.spawn(move || {
                let mut out = Vec::new();
                stdout.map(|mut pipe| pipe.read_to_end(&mut out));
                out
            });
            let is_well = ended_well(&mut child);
            let out = reading.join().unwrap_or_default();
            is_well.map(|is_well| is_well.then_some(out))
        })?;
        Ok(out.map_or(Done::Broke, Done::Well))
    }
}

/// Waits until the process ends, and ends it when its time is over.
fn ended_well(child: &mut Child) -> io::Result<bool> {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if begun.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Ok(false);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}
