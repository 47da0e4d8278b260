//! How faxes go out.

use serde::Deserialize;

/// The fax server's command.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fax {
    /// Program and arguments, with the places `{number}`, `{file}` and `{id}`; empty where no fax goes out.
    pub command: String,
    pub seconds: u64,
}

impl Fax {
    /// # Errors
    /// One line that says what the command lacks.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.command.trim().is_empty() {
            return Ok(());
        }
        match ["{number}", "{file}"].into_iter().find(|place| !self.command.contains(place)) {
            Some(place) => Err(format!("the command does not say where {place} stands")),
            // the sender waits 30 seconds; a command that went on after it would send the fax twice
            None if !(1..=25).contains(&self.seconds) => Err("fax.seconds must be between 1 and 25".into()),
            None => Ok(()),
        }
    }
}
