//! What each certificate says, in both languages.

use jiff::tz::TimeZone;

use super::{Line, Page, Section};
use crate::db::types::Time;
use crate::domain::actor::Act;
use crate::domain::cases::CaseRow;
use crate::domain::cases::life::Status;
use crate::domain::notifications::date;
use crate::domain::text::{isolate_ltr, persian_digits};
use crate::domain::views::{AppealView, OfficeView, PublicCase};
use crate::error::Language;

/// Day and hour in Tehran, as the reader writes them.
pub(super) fn moment(time: Time, reader: Language) -> String {
    let day = date(Some(time), reader);
    let Ok(zone) = TimeZone::get("Asia/Tehran") else { return day };
    let hour = time.timestamp().to_zoned(zone).strftime("%H:%M").to_string();
    match reader {
        Language::Fa => format!("{day} ساعت {}", persian_digits(&hour)),
        Language::En => format!("{day} {hour} (Tehran)"),
    }
}

/// How anybody with the certificate in hand checks it.
pub(super) fn check(row: &CaseRow, base_url: &str, reader: Language) -> String {
    let url = isolate_ltr(&format!("{}/track", base_url.trim_end_matches('/')));
    let code = isolate_ltr(&row.tracking_code);
    match reader {
        Language::Fa => format!(
            "درستی این گواهی را با کد رهگیری {code} در {url} یا با تلفن ۱۱۱ بسنجید؛ آنجا همین تاریخ‌ها و همین پاسخ دیده می‌شود."
        ),
        Language::En => format!(
            "Check this certificate with the tracking code {code} at {url} or by telephone 111: the same dates and the same reply are shown there."
        ),
    }
}

fn office(view: &OfficeView, reader: Language) -> String {
    if reader == Language::En { view.name_en.clone() } else { view.name_fa.clone() }
}

/// The lines that every certificate has: code, kind, subject, filing.
fn lines(act: &Act, case: &PublicCase, reader: Language) -> Vec<Line> {
    let say = |fa: &'static str, en: &'static str| if reader == Language::En { en } else { fa };
    let line = |name, value: String| Line { name, value, is_code: false };
    let kind = act.rules.kinds.get(&case.kind);
    let kind = kind.map(|kind| if reader == Language::En { kind.en.clone() } else { kind.fa.clone() });
    let mut lines = vec![
        Line {
            name: say("کد رهگیری", "Tracking code"), value: case.tracking_code.clone(), is_code: true
        },
        line(say("نوع", "Kind"), kind.unwrap_or_else(|| case.kind.clone())),
        line(say("زمان ثبت", "Filed"), moment(case.registered_at, reader)),
    ];
    if let Some(name) = &case.category_name {
        lines.push(line(say("موضوع", "Subject category"), name.clone()));
    }
    lines
}

/// That the case was filed, who holds it, and until when; with the words that were filed, where they are wished.
pub(super) fn filing(act: &Act, case: &PublicCase, filed: Option<String>, reader: Language) -> Page {
    let say = |fa: &'static str, en: &'static str| if reader == Language::En { en } else { fa };
    let mut lines = lines(act, case, reader);
    let line = |name, value: String| Line { name, value, is_code: false };
    lines.push(line(say("وضعیت", "Status"), case.status_text.clone()));
    lines.push(line(say("نزد", "Held by"), office(&case.holder, reader)));
    let until = if case.status == Status::Closed { case.closed_at } else { Some(case.due_at) };
    let name = match case.status {
        Status::Closed => say("زمان بسته شدن", "Closed"),
        _ => say("مهلت پاسخ", "Answer due"),
    };
    lines.extend(until.map(|until| line(name, moment(until, reader))));
    let heading = || say("متن ثبت‌شده", "What was filed").to_owned();
    let sections = filed.into_iter().map(|text| Section { heading: heading(), text }).collect();
    let statement = say(
        "گواهی می‌شود پرونده‌ای با این مشخصات در سامانه ارتباط مردم و دولت ثبت شده است.",
        "This is to certify that a case with these particulars is registered with the service of the people's communication with the government.",
    );
    Page {
        title: say("گواهی ثبت", "Certificate of filing"), statement: statement.into(), lines, sections
    }
}

/// The final replies with their days; or the statement that none was given.
pub(super) fn reply(act: &Act, case: &PublicCase, appeals: &[AppealView], reader: Language) -> Page {
    let say = |fa: &'static str, en: &'static str| if reader == Language::En { en } else { fa };
    let mut lines = lines(act, case, reader);
    let mut sections = replies(case, reader);
    let has_reply = case.answers.iter().any(|answer| !answer.interim);
    let ended = case.closed_at.zip(case.outcome_text.as_ref()).filter(|_| !has_reply);
    if let Some((at, text)) = ended {
        let heading = format!("{} ({})", say("پاسخ هنگام بستن", "Reply at the closing"), moment(at, reader));
        sections.push(Section { heading, text: text.clone() });
    }
    sections.extend(appeals.iter().filter_map(|appeal| decision(appeal, reader)));
    if let Some(outcome) = &case.outcome_name {
        lines.push(Line { name: say("نتیجه", "Outcome"), value: outcome.clone(), is_code: false });
    }
    let (title, statement) = match has_reply || ended.is_some() {
        true => (
            say("گواهی پاسخ", "Certificate of reply"),
            say(
                "گواهی می‌شود به این پرونده چنین پاسخ داده شده است.",
                "This is to certify that this case was replied to as follows.",
            )
            .to_owned(),
        ),
        false => (say("گواهی عدم پاسخ", "Certificate of non-reply"), silence(act, case, reader)),
    };
    Page { title, statement, lines, sections }
}

fn replies(case: &PublicCase, reader: Language) -> Vec<Section> {
    let section = |answer: &crate::domain::views::PublicAnswer| {
        let by = office(&answer.office, reader);
        let at = answer.at.map(|at| moment(at, reader)).unwrap_or_default();
        let heading = match (reader, answer.interim) {
            (Language::Fa, false) => format!("پاسخ «{by}» ({at})"),
            (Language::Fa, true) => format!("پاسخ میانی «{by}»، که پاسخ نهایی نیست ({at})"),
            (Language::En, false) => format!("Reply of {by} ({at})"),
            (Language::En, true) => format!("Interim reply of {by}, which is not final ({at})"),
        };
        Section { heading, text: answer.text.clone() }
    };
    case.answers.iter().map(section).collect()
}

fn decision(appeal: &AppealView, reader: Language) -> Option<Section> {
    let (result, at) = appeal.result.zip(appeal.decided_at)?;
    let (fa, en) = result.words();
    let words = if reader == Language::En { en } else { fa };
    let heading = format!("{words} ({})", moment(at, reader));
    Some(Section { heading, text: appeal.grounds.clone().unwrap_or_default() })
}

/// No final reply was given: until when it was due, and that the time has passed or not.
fn silence(act: &Act, case: &PublicCase, reader: Language) -> String {
    let (due, now) = (moment(case.due_at, reader), moment(act.now, reader));
    let holder = office(&case.holder, reader);
    match (case.status, case.due_at < act.now, reader) {
        (Status::Closed, _, Language::Fa) => "گواهی می‌شود این پرونده بی پاسخ دستگاه بسته شده است.".into(),
        (Status::Closed, _, Language::En) => {
            "This is to certify that this case was closed without a reply of a body.".into()
        }
        (_, true, Language::Fa) => format!(
            "گواهی می‌شود مهلت پاسخ به این پرونده، که نزد «{holder}» است، {due} بوده و تا آن زمان و تا زمان صدور ({now}) پاسخ نهایی داده نشده است."
        ),
        (_, true, Language::En) => format!(
            "This is to certify that the reply to this case, held by {holder}, was due at {due}, and that no final reply was given until then, nor until now ({now})."
        ),
        (_, false, Language::Fa) => format!(
            "گواهی می‌شود تا زمان صدور ({now}) پاسخ نهایی به این پرونده، که نزد «{holder}» است، داده نشده است؛ مهلت پاسخ {due} است و هنوز نگذشته است."
        ),
        (_, false, Language::En) => format!(
            "This is to certify that until now ({now}) no final reply was given to this case, held by {holder}; the reply is due at {due}, which has not passed."
        ),
    }
}
