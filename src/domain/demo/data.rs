//! The cast and the cases, as they stand in `config/demo/people.toml`.

use serde::Deserialize;

use crate::domain::cases::register::Place;
use crate::domain::quality::AnsweredItem;
use crate::error::{Error, Result};
use crate::text_enum;

const PEOPLE: &str = include_str!("../../../config/demo/people.toml");

#[derive(Debug, Deserialize)]
pub(super) struct Data {
    pub staff: Vec<Staff>,
    #[serde(rename = "citizen")]
    pub citizens: Vec<Citizen>,
    #[serde(rename = "case")]
    pub cases: Vec<Case>,
    #[serde(rename = "problem")]
    pub problems: Vec<Problem>,
    #[serde(rename = "sample")]
    pub samples: Vec<Sample>,
}

/// A problem behind some of the cases, answered.
#[derive(Debug, Deserialize)]
pub(super) struct Problem {
    pub name_fa: String,
    pub name_en: String,
    pub description: String,
    pub category: String,
    pub province: String,
    pub office: String,
    pub cause: String,
    pub days_ago: i64,
    /// Keys of cases.
    pub cases: Vec<String>,
    pub answer_fa: String,
    pub answer_en: String,
}

/// A sample of closed cases.
#[derive(Debug, Deserialize)]
pub(super) struct Sample {
    pub seed: String,
    pub size: i64,
    /// Closed in so many days before the start.
    pub days: i64,
    pub call: Call,
}

/// What the first citizen who is rung up says.
#[derive(Debug, Deserialize)]
pub(super) struct Call {
    pub claim: String,
    pub comment: String,
    pub answers: Vec<AnsweredItem>,
}

/// A person of staff; the user name is `<role>.<office>`.
#[derive(Debug, Deserialize)]
pub(super) struct Staff {
    pub username: String,
    pub name: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Citizen {
    pub national_id: String,
    pub name: String,
    pub mobile: Option<String>,
    pub email: Option<String>,
    pub address: Option<String>,
    pub preferred_channel: Option<String>,
    pub language: Option<String>,
}

text_enum! {
    /// How far the story of a case is played.
    pub enum State {
        Registered = "registered", Advice = "advice", Classified = "classified", Dismissed = "dismissed",
        Referred = "referred", Withdrawn = "withdrawn", Returned = "returned", Accepted = "accepted",
        Overdue = "overdue", AwaitingCitizen = "awaiting_citizen", Extended = "extended",
        AnswerPending = "answer_pending", Answered = "answered", Closed = "closed",
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Case {
    pub key: String,
    pub kind: String,
    pub channel: String,
    pub category: Option<String>,
    pub subject: Option<String>,
    pub text: String,
    pub citizen: Option<String>,
    pub anonymous: bool,
    pub sealed: bool,
    pub about_office: Option<String>,
    pub representative: Option<String>,
    /// By what the representative may act.
    pub proof: Option<String>,
    pub place: Option<Place>,
    pub days_ago: i64,
    pub state: Option<State>,
    pub priority: Option<String>,
    pub refer_to: Option<String>,
    pub helpers: Vec<String>,
    pub instruction: Option<String>,
    pub question: Option<String>,
    pub answer: Option<String>,
    pub outcome: Option<String>,
    /// Why it came about, where a complaint or report was answered.
    pub cause: Option<String>,
    pub reason: Option<String>,
    pub note: Option<String>,
    pub suggested_office: Option<String>,
    pub rating: Option<u8>,
}

impl Data {
    /// The data that the binary carries, the oldest case first.
    pub(super) fn embedded() -> Result<Self> {
        let mut data: Self =
            toml::from_str(PEOPLE).map_err(|error| Error::internal(format!("people.toml: {error}")))?;
        data.cases.sort_by_key(|case| std::cmp::Reverse(case.days_ago));
        Ok(data)
    }

    pub(super) fn citizen(&self, national_id: &str) -> Result<&Citizen> {
        self.citizens
            .iter()
            .find(|citizen| citizen.national_id == national_id)
            .ok_or_else(|| Error::internal(format!("people.toml: no citizen {national_id}")))
    }
}

impl Case {
    /// The channel's own id of the case, by which it is found again.
    pub(super) fn external_id(&self) -> String {
        format!("demo:{}", self.key)
    }

    /// A field that this case's state needs.
    pub(super) fn needs<'a>(&self, field: &str, value: &'a Option<String>) -> Result<&'a str> {
        value
            .as_deref()
            .ok_or_else(|| Error::internal(format!("people.toml: case {} needs {field}", self.key)))
    }
}
