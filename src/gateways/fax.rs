//! Faxes by the fax server's own command: a notice is set as a letter and laid into its queue; what became of it the
//! server reports (`POST /channels/fax/deliveries`).

use std::ffi::OsString;

use super::ocr::confine;
use super::{DEMO, Memory, Sending, scrubbed};
use crate::config;
use crate::domain::letters::{PaperLetter, sheet};
use crate::domain::notifications::outbox::Letter;
use crate::error::Result;

/// The name of the fax server among the gateways.
pub(super) const NAME: &str = "fax";
/// Megabytes that the command may take.
const MEMORY_MB: u64 = 1024;

/// Sends faxes, or does not.
#[derive(Debug, Clone)]
pub enum FaxGateway {
    /// Not set up.
    Off,
    /// A demonstration: takes letters and sends none.
    Demo,
    Command(config::Fax),
    /// For tests.
    Memory(Memory),
}

impl FaxGateway {
    pub(super) fn new(settings: &config::Fax) -> Self {
        match settings.command.trim().is_empty() {
            true => Self::Off,
            false => Self::Command(settings.clone()),
        }
    }

    /// Whether faxes can go out.
    pub fn is_on(&self) -> bool {
        !matches!(self, Self::Off)
    }

    /// Lays one letter, set on `page`, into the fax server's queue.
    pub async fn send(&self, letter: &Letter) -> Sending {
        let settings = match self {
            Self::Off => return Sending::Down("no fax server is set up".into()),
            Self::Demo => return Sending::Withheld(DEMO),
            Self::Memory(memory) => return memory.send(letter).await,
            Self::Command(settings) => settings.clone(),
        };
        let Some(page) = letter.page.clone() else {
            return Sending::Refused("the fax has no page".into());
        };
        let (number, id) = (national(&letter.address), letter.message.to_string());
        tokio::task::spawn_blocking(move || hand_over(&settings, &number, &id, &page))
            .await
            .unwrap_or_else(|_| Sending::Deferred("the fax was not written".into()))
    }
}

/// As it is dialled in the country; abroad with two zeros.
fn national(number: &str) -> String {
    match number.strip_prefix("+98") {
        Some(rest) => format!("0{rest}"),
        None => number.replace('+', "00"),
    }
}

fn hand_over(settings: &config::Fax, number: &str, id: &str, page: &PaperLetter) -> Sending {
    let file = match written(page) {
        Ok(file) => file,
        Err(_) => return Sending::Deferred("the fax was not written".into()),
    };
    let place = |part: &str| -> OsString {
        match part {
            "{file}" => file.path().as_os_str().to_owned(),
            part => part.replace("{number}", number).replace("{id}", id).into(),
        }
    };
    let mut parts = settings.command.split_whitespace();
    let program = parts.next().unwrap_or_default();
    let args: Vec<OsString> = parts.map(place).collect();
    let args: Vec<_> = args.iter().map(OsString::as_os_str).collect();
    match confine::attempt(program, &args, &[], settings.seconds, MEMORY_MB) {
        Err(_) => Sending::Misconfigured(format!("there is no program {program}")),
        Ok(ended) => match ended.status {
            None => Sending::Down("the fax server's command did not end in time".into()),
            Some(status) if status.success() => Sending::Accepted { carrier_id: job(&ended.said) },
            Some(_) => Sending::Down(scrubbed(&String::from_utf8_lossy(&ended.complained))),
        },
    }
}

/// The page as a file, which goes with its handle.
fn written(page: &PaperLetter) -> Result<tempfile::NamedTempFile> {
    use std::io::Write;
    let bytes = sheet::pdf(std::slice::from_ref(page))?;
    let write = || {
        let mut file = tempfile::Builder::new().suffix(".pdf").tempfile()?;
        file.write_all(&bytes)?;
        file.flush()?;
        Ok::<_, std::io::Error>(file)
    };
    write().map_err(crate::error::Error::internal)
}

/// The job's number in `request id is 12 (group id 12) for host …`.
fn job(said: &[u8]) -> Option<String> {
    let said = String::from_utf8_lossy(said);
    let (_, rest) = said.split_once("request id is ")?;
    let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some(number).filter(|number| !number.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Language;

    fn page() -> PaperLetter {
        let line = || String::from("خط");
        PaperLetter {
            language: Language::Fa,
            issuer: line(),
            office: line(),
            number: line(),
            date: line(),
            annexes: 0,
            recipient: vec![line()],
            subject: None,
            body: line(),
            check: vec![line()],
            foot: line(),
            qr: "https://samad.example/track".into(),
        }
    }

    fn handed(command: &str) -> Sending {
        let settings = config::Fax { command: command.into(), seconds: 10 };
        hand_over(&settings, "02188881234", "4711", &page())
    }

    #[test]
    fn the_command_gets_number_file_and_id_and_its_answer_is_sorted() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("send");
        let body = "head -c 5 \"$3\" | grep -q %PDF- || exit 9\necho \"request id is 12$1$2 (group id 12)\"";
        std::fs::write(&script, body).unwrap();
        let command = format!("sh {} {{id}} {{number}} {{file}}", script.display());
        let carrier_id = Some("12471102188881234".to_owned());
        assert_eq!(handed(&command), Sending::Accepted { carrier_id });
        std::fs::write(&script, "echo 'no server at citizen@example.ir' >&2; exit 1").unwrap();
        assert_eq!(handed(&command), Sending::Down("no server at …".into()));
        let missing = handed("no-such-program {number} {file}");
        assert_eq!(missing, Sending::Misconfigured("there is no program no-such-program".into()));
    }

    #[test]
    fn a_number_is_dialled_as_in_the_country() {
        assert_eq!(national("+982188881234"), "02188881234");
        assert_eq!(national("+4930123456"), "004930123456");
    }
}
