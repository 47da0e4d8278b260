//! SMS by gateways: each has a name, one file per dialect, and a purpose says which of them sends what.
//!
//! A dialect says how a letter is sent, how its answer is sorted, how states and received messages are asked for. What
//! they share is in `line` and `fault`.

mod described;
mod fault;
mod http;
mod kannel;
mod kavenegar;
mod line;
mod magfa;
mod melipayamak;
mod service;
mod smsir;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Memory, Sending};
use crate::config::Config;
use crate::db::types::Time;
use crate::domain::notifications::DeliveryState;
use crate::domain::notifications::outbox::Letter;
use crate::domain::sms::Alarm;
use crate::domain::text::parts;
pub use line::{Line, delivery_secret};

/// Sends SMS, or does not.
#[derive(Debug, Clone)]
pub enum SmsGateway {
    /// Not set up.
    Off,
    /// A demonstration: takes letters and sends none.
    Demo,
    Lines(Arc<Lines>),
    /// For tests.
    Memory(Memory),
}

/// The gateways of the settings.
#[derive(Debug)]
pub struct Lines {
    all: BTreeMap<String, Line>,
    purposes: BTreeMap<String, String>,
    /// What sends the rest.
    usual: Option<String>,
}

/// A message that a provider received for us.
#[derive(Clone, PartialEq, Eq)]
pub struct Pulled {
    /// The provider's id of it, or one made from all it says.
    pub id: String,
    pub from: String,
    pub to: Option<String>,
    pub text: String,
    pub at: Option<Time>,
}

impl std::fmt::Debug for Pulled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pulled").finish_non_exhaustive()
    }
}

impl Lines {
    /// # Errors
    /// One line that names the wrong setting.
    fn new(config: &Config) -> Result<Self, String> {
        let sms = &config.sms;
        let all = sms.all().into_iter().map(|(name, told)| {
            let line = Line::new(&name, &told, &config.server.public_url)?;
            Ok((name, line))
        });
        let all: BTreeMap<String, Line> = all.collect::<Result<_, String>>()?;
        Ok(Self { all, purposes: sms.purposes.clone(), usual: sms.usual() })
    }

    /// The gateway that sends a notice, with the number of the sender.
    fn of(&self, event: &str, has_code: bool) -> Option<(&Line, &str)> {
        let group = if event.starts_with("sms_") {
            "dialogue"
        } else if has_code {
            "codes"
        } else {
            "notices"
        };
        let purpose = |key: &str| self.purposes.get(key);
        let told = purpose(event).or_else(|| purpose(group)).or(self.usual.as_ref());
        let told = told.or_else(|| purpose("notices"))?;
        let (name, number) = told.split_once('/').unwrap_or((told, ""));
        let line = self.all.get(name)?;
        Some((line, if number.is_empty() { &line.line } else { number }))
    }

    fn of_letter(&self, letter: &Letter) -> Option<(&Line, &str)> {
        let filled = &letter.rendered.filled;
        let has_code = filled.values.get("access_code").is_some_and(|code| !code.contains('•'));
        self.of(&filled.event, has_code)
    }
}

impl SmsGateway {
    /// The gateways that the settings name.
    ///
    /// # Errors
    /// One line that names the wrong setting.
    pub fn new(config: &Config) -> Result<Self, String> {
        let lines = Lines::new(config)?;
        Ok(if lines.all.is_empty() { Self::Off } else { Self::Lines(Arc::new(lines)) })
    }

    /// Sends one letter.
    pub async fn send(&self, letter: &Letter) -> Sending {
        let lines = match self {
            Self::Off => return Sending::Down("no SMS gateway is set up".into()),
            Self::Demo => return line::WITHHELD,
            Self::Memory(memory) => return memory.send(letter).await,
            Self::Lines(lines) => lines,
        };
        let Some((line, number)) = lines.of_letter(letter) else {
            return Sending::Down("no SMS gateway is set up for this purpose".into());
        };
        let sending = line.send(letter, number).await;
        if matches!(sending, Sending::Accepted { .. }) {
            let count = u64::try_from(parts(&letter.rendered.body)).unwrap_or(0);
            metrics::counter!("samad_sms_parts_total", "gateway" => line.name.clone()).increment(count);
        }
        sending
    }

    fn lines(&self) -> Option<&Lines> {
        match self {
            Self::Lines(lines) => Some(lines),
            Self::Off | Self::Demo | Self::Memory(_) => None,
        }
    }

    /// The gateway of this name.
    pub fn line(&self, name: &str) -> Option<&Line> {
        self.lines()?.all.get(name)
    }

    /// By which gateway a letter goes.
    pub fn name_for(&self, letter: &Letter) -> Option<&str> {
        Some(self.lines()?.of_letter(letter)?.0.name.as_str())
    }

    /// By which gateway a letter goes, where that is told how far it gets; and whether it must be asked.
    pub fn follows(&self, letter: &Letter) -> Option<(&str, bool)> {
        let (line, _) = self.lines()?.of_letter(letter)?;
        line.tells_states().then(|| (line.name.as_str(), line.is_asked_for_states()))
    }

    /// Names of the gateways of which received messages are asked for.
    pub fn polled(&self) -> Vec<String> {
        let all = self.lines().map(|lines| &lines.all).into_iter().flatten();
        all.filter(|(_, line)| line.is_polled).map(|(name, _)| name.clone()).collect()
    }

    /// How far messages of a gateway got; empty where it does not answer, which is logged.
    pub async fn states(&self, gateway: &str, ids: &[String]) -> Vec<(String, DeliveryState)> {
        let Some(line) = self.line(gateway) else { return Vec::new() };
        line.states(ids).await.unwrap_or_else(|fault| {
            tracing::warn!(gateway, ?fault, "the states of messages cannot be asked");
            Vec::new()
        })
    }

    /// One page of what a gateway received, the words of the fault where it does not answer.
    pub async fn received(&self, gateway: &str, page: usize, is_anew: bool) -> Result<Vec<Pulled>, String> {
        match self.line(gateway) {
            Some(line) => line.received(page, is_anew).await.map_err(|fault| format!("{fault:?}")),
            None => Ok(Vec::new()),
        }
    }

    /// What each gateway complains of, as far as this process called it.
    pub fn standings(&self) -> Vec<(String, Option<Alarm>)> {
        let all = self.lines().map(|lines| &lines.all).into_iter().flatten();
        all.filter_map(|(name, line)| Some((name.clone(), line.standing()?))).collect()
    }
}

/// A provider's time: RFC 3339, seconds since 1970, or without a zone, which then is Tehran's.
fn time(told: &str) -> Option<Time> {
    let told = told.trim();
    let seconds = || told.parse::<i64>().ok().filter(|seconds| (0..=4_102_444_800).contains(seconds));
    let local = || {
        let zone = jiff::tz::TimeZone::get(crate::domain::calendar::TEHRAN).ok()?;
        let at: jiff::civil::DateTime = told.parse().ok()?;
        Some(Time::from(at.to_zoned(zone).ok()?.timestamp()))
    };
    told.parse().ok().or_else(|| seconds().map(|s| Time::from_microsecond(s * 1_000_000))).or_else(local)
}

#[cfg(test)]
mod tests;
