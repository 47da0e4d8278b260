//! The machine at the line: a tracking code and a second factor, both typed on a keypad, become a sentence. An unknown code
//! and a wrong factor sound the same, and wrong tries are counted with those of the web.

use serde::{Deserialize, Serialize};

use super::spoken::{self, Standing};
use crate::db::DbConnection;
use crate::domain::actor::Act;
use crate::domain::cases::TrackingCode;
use crate::domain::cases::life::Status;
use crate::domain::cases::lookup::{self, Lookup};
use crate::domain::citizens::Phone;
use crate::domain::text::latin_digits;
use crate::domain::users::{self, Attempt};
use crate::error::{FieldError, Fields, Language, Result};
use crate::text_enum;

/// What a caller typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Asked {
    /// The tracking code, eleven digits.
    pub code: String,
    /// The second factor: 8 digits are the access code, 10 the national ID, 11 the mobile, 4 its end.
    pub factor: String,
    /// The exchange's id of the call.
    pub call_id: Option<String>,
    /// Number of the caller.
    pub from: Option<String>,
    /// `fa` or `en`; Persian when missing.
    pub language: Option<String>,
}

text_enum! {
    /// What came of it.
    pub enum IvrState {
        Told = "told",
        /// The pair is not right.
        Unknown = "unknown",
        /// Too many tries.
        Wait = "wait",
    }
}

/// What the machine says.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Said {
    pub state: IvrState,
    /// To be spoken as it stands.
    pub text: String,
    /// The status, for exchanges that play recordings; only when told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Seconds to wait, after too many tries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

impl Asked {
    /// The same in Latin digits, whatever the exchange sent.
    fn checked(&self) -> Result<(Lookup, Language)> {
        let digits = |text: &str| -> String {
            latin_digits(text)
                .chars()
                .filter(|c| !c.is_whitespace() && !matches!(c, '#' | '*' | '-'))
                .collect()
        };
        let mut fields = Fields::default();
        for (name, told) in [("code", &self.code), ("factor", &self.factor)] {
            let typed = digits(told);
            if typed.is_empty() {
                fields.add(FieldError::required(name));
            } else if typed.len() > 40 || !typed.bytes().all(|byte| byte.is_ascii_digit()) {
                let (fa, en) = ("فقط رقم، چنان که بر صفحه کلید زده شد.", "Digits only, as they were typed.");
                fields.add(FieldError::new(name, "invalid", fa, en));
            }
        }
        let language = match self.language.as_deref() {
            None | Some("" | "fa") => Language::Fa,
            Some("en") => Language::En,
            Some(_) => {
                fields.add(FieldError::new("language", "unknown", "fa یا en.", "fa or en."));
                Language::Fa
            }
        };
        fields.finish()?;
        let factor = digits(&self.factor);
        let wish = Lookup { tracking_code: digits(&self.code), ..Lookup::default() };
        let wish = match factor.len() {
            10 => Lookup { national_id: Some(factor), ..wish },
            4 | 11.. => Lookup { mobile: Some(factor), ..wish },
            _ => Lookup { access_code: Some(factor), ..wish },
        };
        Ok((wish, language))
    }

    /// As whom tries are counted beside the code: the caller's number, else the call.
    fn caller(&self) -> String {
        let number = self.from.as_deref().and_then(|number| Phone::parse(number).ok());
        match (number, &self.call_id) {
            (Some(number), _) => number.as_str().to_owned(),
            (None, Some(call)) => format!("call {call}"),
            (None, None) => String::new(),
        }
    }

    /// The code as it is counted: the same spelling as at the web.
    fn counted(&self) -> String {
        TrackingCode::parse(&self.code).map_or_else(|_| self.code.clone(), |code| code.as_str().to_owned())
    }
}

/// Answers what was typed. Where it is [`IvrState::Unknown`], the try is to be noted with [`note_wrong`].
///
/// # Errors
/// A wrong field.
pub fn answer(connection: &mut DbConnection, act: &Act, asked: &Asked) -> Result<Said> {
    let (wish, language) = asked.checked()?;
    let (code, caller) = (asked.counted(), asked.caller());
    let subjects = [("lookup-code", code.as_str()), ("lookup-caller", caller.as_str())];
    let retry_after = users::retry_after(connection, act, subjects)?;
    if retry_after > 0 {
        let text = spoken::wait(retry_after, language);
        return Ok(Said { state: IvrState::Wait, text, status: None, retry_after: Some(retry_after) });
    }
    let Some(row) = lookup::find(connection, act, &wish)? else {
        let text = spoken::unknown(language).to_owned();
        return Ok(Said { state: IvrState::Unknown, text, status: None, retry_after: None });
    };
    let until = match row.status {
        Status::AwaitingCitizen => row.wait_until,
        Status::Answered | Status::Closed => row.window_until.filter(|until| *until > act.now),
        Status::Registered | Status::Classified | Status::Referred => None,
    };
    let standing = Standing { status: row.status, due: row.due_at, is_late: row.due_at < act.now, until };
    let code = TrackingCode::parse(&row.tracking_code).map_err(crate::error::Error::internal)?;
    let text = spoken::status(&code, &standing, language)?;
    Ok(Said { state: IvrState::Told, text, status: Some(row.status), retry_after: None })
}

/// Counts a wrong pair against the code and, twice as patiently, against the caller.
pub fn note_wrong(connection: &mut DbConnection, act: &Act, asked: &Asked, rule: Attempt) -> Result<()> {
    users::note_failure(connection, act, "lookup-code", &asked.counted(), rule)?;
    let caller = asked.caller();
    if caller.is_empty() {
        return Ok(());
    }
    let of_caller = Attempt { free: rule.free.saturating_mul(2), ..rule };
    users::note_failure(connection, act, "lookup-caller", &caller, of_caller)
}
