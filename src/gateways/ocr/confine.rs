//! A program of its own with limits of time and memory, so that no file can hurt the service.

use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::Unreadable;

/// Most bytes that are read of what a program says.
const MOST: u64 = 16 * 1024 * 1024;

/// Where a program is: at its path, or in a folder of `PATH`.
pub(super) fn find(program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(|path| path.is_file());
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// Runs a program to its end and gives what it said.
///
/// # Errors
/// What of the file stopped it, or which limit.
pub(super) fn run(
    program: &str,
    args: &[&OsStr],
    variables: &[(&str, &str)],
    seconds: u64,
    memory_mb: u64,
) -> Result<Vec<u8>, Unreadable> {
    let ended = attempt(program, args, variables, seconds, memory_mb)?;
    let complained = String::from_utf8_lossy(&ended.complained).to_lowercase();
    match ended.status {
        Some(status) if status.success() => Ok(ended.said),
        Some(status) => Err(why(status, &complained)),
        None => Err(Unreadable::TookTooLong),
    }
}

/// How a program ended, and what it said until then.
pub(in crate::gateways) struct Ended {
    /// None where it was ended, since its time was over.
    pub status: Option<ExitStatus>,
    pub said: Vec<u8>,
    pub complained: Vec<u8>,
}

/// Runs a program to its end, good or bad.
///
/// # Errors
/// `NoProgram` where it cannot be started.
pub(in crate::gateways) fn attempt(
    program: &str,
    args: &[&OsStr],
    variables: &[(&str, &str)],
    seconds: u64,
    memory_mb: u64,
) -> Result<Ended, Unreadable> {
    let path = find(program).ok_or(Unreadable::NoProgram)?;
    let mut child = limited(&path, seconds, memory_mb)
        .args(args)
        .envs(variables.iter().copied())
        .spawn()
        .map_err(|_| Unreadable::NoProgram)?;
    let (said, complained) = (reader(child.stdout.take()), reader(child.stderr.take()));
    let status = wait(&mut child, Duration::from_secs(seconds));
    Ok(Ended { status, said: joined(said), complained: joined(complained) })
}

/// The shell sets the limits of its own process and becomes the program. Of the time only the soft limit: at
/// the hard one a program is killed, which tells nothing.
fn limited(path: &Path, seconds: u64, memory_mb: u64) -> Command {
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg("ulimit -v \"$1\" && ulimit -S -t \"$2\" && ulimit -c 0 && shift 2 && exec \"$@\"")
        .arg("sh")
        .arg((memory_mb * 1024).to_string())
        .arg(seconds.to_string())
        .arg(path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

type Reader = Option<std::thread::JoinHandle<Vec<u8>>>;

fn reader(from: Option<impl Read + Send + 'static>) -> Reader {
    let from = from?;
    Some(std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // what a program says beyond that is not needed; a broken pipe ends it
        let _ = from.take(MOST).read_to_end(&mut bytes);
        bytes
    }))
}

fn joined(reader: Reader) -> Vec<u8> {
    reader.and_then(|reader| reader.join().ok()).unwrap_or_default()
}

/// Waits for the end, or ends it when the time is over.
fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let end = Instant::now() + limit;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(10)),
            Ok(None) | Err(_) => {
                // it may have ended in between
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}

fn why(status: ExitStatus, complained: &str) -> Unreadable {
    use std::os::unix::process::ExitStatusExt;
    const SIGXCPU: i32 = 24;
    let says = |words: &[&str]| words.iter().any(|word| complained.contains(word));
    if status.signal() == Some(SIGXCPU) || status.code() == Some(128 + SIGXCPU) {
        Unreadable::TookTooLong
    } else if says(&["password", "encrypt"]) {
        Unreadable::Encrypted
    } else if says(&["memory", "bad_alloc", "alloc failed", "bogus memory"]) {
        Unreadable::TooMuchMemory
    } else {
        Unreadable::Damaged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, seconds: u64) -> Result<Vec<u8>, Unreadable> {
        run("sh", &["-c".as_ref(), script.as_ref()], &[], seconds, 256)
    }

    #[test]
    fn what_a_program_says_is_read_and_its_end_told() {
        assert_eq!(sh("echo read", 10), Ok(b"read\n".to_vec()));
        assert_eq!(sh("echo 'Incorrect password' >&2; exit 1", 10), Err(Unreadable::Encrypted));
        assert_eq!(sh("echo 'out of memory' >&2; exit 1", 10), Err(Unreadable::TooMuchMemory));
        assert_eq!(sh("exit 3", 10), Err(Unreadable::Damaged));
        assert_eq!(run("no-such-program", &[], &[], 1, 64), Err(Unreadable::NoProgram));
    }

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        assert_eq!(sh("while :; do :; done", 1), Err(Unreadable::TookTooLong));
    }
}
