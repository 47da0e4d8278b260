//! What a machine says at the line: plain sentences, digits one by one in groups that can be followed, dates as they are
//! spoken. Nothing of what a case is about and nobody's name: others may listen.

use jiff::tz::TimeZone;

use crate::db::types::Time;
use crate::domain::calendar::{JalaliDate, TEHRAN};
use crate::domain::cases::TrackingCode;
use crate::domain::cases::life::Status;
use crate::domain::text::persian_digits;
use crate::error::{Error, Language, Result};

/// Digits of one group at most.
const GROUP: usize = 3;

/// The code in groups of two or three digits, each digit by itself: `۰ ۵، ۱ ۰، ۱ ۲ ۳، ۴ ۵ ۶، ۷`.
pub(super) fn code(code: &TrackingCode, language: Language) -> String {
    let parts: Vec<String> = code
        .grouped()
        .split(' ')
        .flat_map(|group| {
            let digits: Vec<char> = group.chars().collect();
            digits.chunks(GROUP).map(spaced).collect::<Vec<_>>()
        })
        .collect();
    match language {
        Language::Fa => persian_digits(&parts.join("، ")),
        Language::En => parts.join(", "),
    }
}

fn spaced(digits: &[char]) -> String {
    digits.iter().map(char::to_string).collect::<Vec<_>>().join(" ")
}

/// A day as it is spoken: `۳ آذر ۱۴۰۵`, `24 November 2026`.
pub(super) fn day(at: Time, language: Language) -> Result<String> {
    let zone = TimeZone::get(TEHRAN).map_err(Error::internal)?;
    match language {
        Language::Fa => Ok(JalaliDate::of(at.timestamp(), &zone).map_err(Error::internal)?.long_fa()),
        Language::En => Ok(at.timestamp().to_zoned(zone).strftime("%-d %B %Y").to_string()),
    }
}

/// What is known of a case that may be said.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub(super) status: Status,
    pub(super) due: Time,
    pub(super) is_late: bool,
    /// Until when the citizen is waited for, or may object.
    pub(super) until: Option<Time>,
}

/// The sentences of a case.
pub(super) fn status(of: &TrackingCode, standing: &Standing, language: Language) -> Result<String> {
    let (code, due) = (code(of, language), day(standing.due, language)?);
    let until = standing.until.map(|at| day(at, language)).transpose()?;
    let late = match (standing.is_late, language) {
        (false, Language::Fa) => format!("مهلت پاسخ تا {due} است."),
        (false, Language::En) => format!("An answer is promised by {due}."),
        (true, Language::Fa) => format!("مهلت پاسخ {due} بود و گذشته است؛ پیگیری برعهده ماست."),
        (true, Language::En) => {
            format!("The answer was promised by {due} and is late; we are following it up.")
        }
    };
    let where_it_is = match (standing.status, language) {
        (Status::Registered, Language::Fa) => format!("ثبت شده است. {late}"),
        (Status::Registered, Language::En) => format!("is registered. {late}"),
        (Status::Classified, Language::Fa) => format!("در بررسی نخستین است. {late}"),
        (Status::Classified, Language::En) => format!("is being looked at first. {late}"),
        (Status::Referred, Language::Fa) => format!("در دستگاه مسئول در دست رسیدگی است. {late}"),
        (Status::Referred, Language::En) => format!("is being worked on by the responsible body. {late}"),
        (Status::AwaitingCitizen, Language::Fa) => "در انتظار توضیح یا مدارک شماست.".into(),
        (Status::AwaitingCitizen, Language::En) => "waits for your word or papers.".into(),
        (Status::Answered, Language::Fa) => {
            "پاسخ داده شده است؛ متن پاسخ را در درگاه یا از کارشناس بخواهید.".into()
        }
        (Status::Answered, Language::En) => {
            "is answered; read the answer at the portal, or ask the operator for it.".into()
        }
        (Status::Closed, Language::Fa) => "بسته شده است.".into(),
        (Status::Closed, Language::En) => "is closed.".into(),
    };
    let then = match (standing.status, until, language) {
        (Status::AwaitingCitizen, Some(until), Language::Fa) => format!(" آن را تا {until} بفرستید."),
        (Status::AwaitingCitizen, Some(until), Language::En) => format!(" Send it by {until}."),
        (Status::Answered | Status::Closed, Some(until), Language::Fa) => {
            format!(" تا {until} می‌توانید اعتراض کنید.")
        }
        (Status::Answered | Status::Closed, Some(until), Language::En) => {
            format!(" You may object until {until}.")
        }
        (_, _, _) => String::new(),
    };
    Ok(match language {
        Language::Fa => format!("پرونده شما با کد {code}، {where_it_is}{then}"),
        Language::En => format!("Your case, code {code}, {where_it_is}{then}"),
    })
}

/// The same for every pair that is not right, whether the code exists or not.
pub(super) fn unknown(language: Language) -> &'static str {
    match language {
        Language::Fa => {
            "با این کد رهگیری و رمز، پرونده‌ای یافت نشد. دوباره وارد کنید یا برای گفت‌وگو با کارشناس منتظر بمانید."
        }
        Language::En => {
            "No case was found with this tracking code and second number. Enter them again, or wait for an operator."
        }
    }
}

/// After too many tries.
pub(super) fn wait(seconds: u64, language: Language) -> String {
    let minutes = seconds.div_ceil(60).max(1).to_string();
    match language {
        Language::Fa => format!(
            "شمار تلاش‌های نادرست زیاد شد. {} دقیقه دیگر دوباره بکوشید یا برای گفت‌وگو با کارشناس منتظر بمانید.",
            persian_digits(&minutes)
        ),
        Language::En => {
            format!(
                "There were too many wrong tries. Try again in {minutes} minutes, or wait for an operator."
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cases::IntakeCode;

    fn a_code() -> TrackingCode {
        let day = JalaliDate::new(1405, 3, 20).unwrap();
        TrackingCode::generate(day, IntakeCode::province(10).unwrap(), &mut rand::rng())
    }

    #[test]
    fn a_code_is_said_digit_by_digit_in_short_groups() {
        let told = a_code();
        let said = code(&told, Language::Fa);
        let groups: Vec<&str> = said.split("، ").collect();
        assert_eq!(groups.iter().map(|group| group.split(' ').count()).collect::<Vec<_>>(), [2, 2, 3, 3, 1]);
        assert!(!said.contains(|c: char| c.is_ascii_digit()), "{said}");
        let digits: String = said.chars().filter(|c| c.is_numeric()).collect();
        assert_eq!(crate::domain::text::latin_digits(&digits), told.as_str());
    }

    #[test]
    fn every_status_has_its_sentence_in_both_languages_with_spoken_dates() {
        let at: Time = "2026-11-24T06:00:00Z".parse().unwrap();
        for status in Status::ALL {
            for is_late in [false, true] {
                let standing = Standing { status: *status, due: at, is_late, until: Some(at) };
                let fa = super::status(&a_code(), &standing, Language::Fa).unwrap();
                assert!(!fa.contains(|c: char| c.is_ascii_alphanumeric()), "{fa}");
                assert!(fa.contains("۳ آذر ۱۴۰۵"), "{fa}");
                let en = super::status(&a_code(), &standing, Language::En).unwrap();
                assert!(en.contains("24 November 2026"), "{en}");
            }
        }
    }
}
