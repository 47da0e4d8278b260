//! Filings of one person in a day: a soft cap, as in India's CPGRAMS. Staff pass it with a reason, channels always;
//! only the web form is refused, with what can be done instead, and only to whom the record belongs as told, so that
//! nobody can shut another one out or learn how often he filed.

use super::find::{Seen, midnight};
use crate::domain::actor::{Act, Actor};
use crate::domain::citizens::Recognised;
use crate::domain::text::persian_digits;
use crate::error::{Error, FieldError, Result};

/// A filing beyond the cap, and why it was taken all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Overrun {
    /// Filings of the day before this one.
    pub(crate) filed: u32,
    pub(crate) cap: u32,
    pub(crate) reason: String,
}

/// Judges a filing against the cap of the day.
///
/// # Errors
/// For staff without a reason a field error on `override_reason`; for the web `same_day_cap` until midnight.
pub(crate) fn check_cap(
    act: &Act,
    known: &Recognised,
    seen: &Seen,
    reason: Option<&str>,
) -> Result<Option<Overrun>> {
    let cap = act.rules.number("same_day_max")?;
    let filed = if matches!(act.actor, Actor::Staff(_)) { seen.today } else { seen.today_of_record };
    let filed = i64::try_from(filed).unwrap_or(i64::MAX);
    if filed < cap {
        return Ok(None);
    }
    match (&act.actor, reason) {
        (Actor::Staff(_), Some(reason)) => Ok(Some(Overrun {
            filed: u32::try_from(filed).unwrap_or(u32::MAX),
            cap: u32::try_from(cap).unwrap_or(u32::MAX),
            reason: reason.to_owned(),
        })),
        (Actor::Staff(_), None) => Err(Error::field(FieldError::new(
            "override_reason",
            "same_day_cap",
            persian_digits(&format!(
                "این شهروند امروز {filed} پرونده دارد و سقف روز {cap} است. گفته‌اش را به پرونده باز بیفزایید، یا دلیل ثبت تازه را در override_reason بنویسید."
            )),
            format!(
                "This citizen has {filed} cases of today and the day's cap is {cap}. Add the words to the open case, or write in override_reason why another one is registered."
            ),
        ))),
        (Actor::Public, _) if known.is_in_full || known.citizen.identifier.is_none() => {
            Err(refused(act, cap)?)
        }
        (Actor::Public | Actor::Gateway { .. } | Actor::System | Actor::Citizen { .. }, _) => Ok(None),
    }
}

fn refused(act: &Act, cap: i64) -> Result<Error> {
    let next = midnight(act.now.plus_days(1))?;
    let seconds = (next.as_microsecond() - act.now.as_microsecond()) / 1_000_000;
    let told = FieldError::new(
        "citizen",
        "same_day_cap",
        persian_digits(&format!(
            "سقف ثبت هر نفر در روز {cap} پرونده است. متن خود را نگه دارید و آن را با کد رهگیری به پرونده باز خود بیفزایید، یا با ۱۱۱ تماس بگیرید، یا فردا ثبت کنید."
        )),
        format!(
            "One person may file {cap} cases a day. Keep your text and add it to your open case with its tracking code, call 111, or file it tomorrow."
        ),
    );
    Ok(Error::Capped { told, retry_after: u64::try_from(seconds.max(1)).unwrap_or(1) })
}
