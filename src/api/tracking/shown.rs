//! A looked-up case as the words of the page.

use minijinja::{Value, context};
use serde::Serialize;

use crate::api::public::LookupView;
use crate::db::types::Time;
use crate::domain::cases::life::Status;
use crate::domain::notifications::date;
use crate::domain::rulebook::Verb;
use crate::domain::text::persian_digits;
use crate::domain::views::{CitizenAction, OfficeView, PublicCase};
use crate::error::Language;

/// Readings that the page lists; 111 tells of the others.
const READS_SHOWN: usize = 10;

/// A text that somebody gave, with who and when.
#[derive(Debug, Serialize)]
struct Given {
    heading: String,
    text: String,
}

/// What the page says of a case.
pub(super) fn case(view: &LookupView, reader: Language) -> Value {
    let case = &view.case;
    let is_open = case.status != Status::Closed;
    let holder = case.follows.as_ref().map_or(&case.holder, |lead| &lead.holder);
    let due = case.follows.as_ref().map_or(case.due_at, |lead| lead.due_at);
    context! {
        fa => reader == Language::Fa,
        code => digits(&case.tracking_code, reader),
        subject => case.subject.clone().or_else(|| case.category_name.clone()),
        status => case.status_text,
        registered => date(Some(case.registered_at), reader),
        holder => office(holder, reader),
        due => is_open.then(|| date(Some(due), reader)),
        overdue => case.overdue,
        closed => case.closed_at.map(|at| date(Some(at), reader)),
        question => case.question,
        wait_until => case.wait_until.filter(|_| case.question.is_some()).map(|at| date(Some(at), reader)),
        outcome => case.outcome_name,
        outcome_text => case.outcome_text,
        answers => answers(case, reader),
        remedy => case.remedy,
        second => second_look(case, reader),
        actions => view.actions.iter().filter_map(|one| action(one, reader)).collect::<Vec<_>>(),
        timeline => view.timeline.iter().map(|event| (date(Some(event.at), reader), event.text.clone())).collect::<Vec<_>>(),
        sealed => case.sealed,
        reads => reads(view, reader),
    }
}

fn answers(case: &PublicCase, reader: Language) -> Vec<Given> {
    let given = |answer: &crate::domain::views::PublicAnswer| {
        let (by, at) = (office(&answer.office, reader), date(answer.at, reader));
        let heading = match (reader, answer.interim) {
            (Language::Fa, false) => format!("پاسخ «{by}»، {at}"),
            (Language::Fa, true) => format!("پاسخ میانی «{by}»، {at}"),
            (Language::En, false) => format!("Answer of {by}, {at}"),
            (Language::En, true) => format!("Interim answer of {by}, {at}"),
        };
        Given { heading, text: answer.text.clone() }
    };
    case.answers.iter().map(given).collect()
}

/// Objections and appeals in the order in which they were made: what was decided, why, and what comes next.
fn second_look(case: &PublicCase, reader: Language) -> Vec<Given> {
    let objected = case.objections.iter().map(|one| {
        let (by, at, due) = (office(&one.body, reader), date(Some(one.at), reader), date(one.due_at, reader));
        let (heading, text) = match reader {
            Language::Fa => (format!("اعتراض شما، {at}"), format!("«{by}» یک بار دیگر پاسخ می‌دهد، تا {due}")),
            Language::En => (format!("Your objection, {at}"), format!("{by} answers once more, by {due}")),
        };
        (one.at, Given { heading, text })
    });
    let appealed = case.appeals.iter().map(|one| {
        let (by, at) = (office(&one.body, reader), date(one.decided_at.or(Some(one.at)), reader));
        let heading = match (reader, one.result_text.as_deref()) {
            (Language::Fa, Some(result)) => format!("{result} («{by}»، {at})"),
            (Language::En, Some(result)) => format!("{result} ({by}, {at})"),
            (Language::Fa, None) => format!("تجدیدنظر شما، {at}"),
            (Language::En, None) => format!("Your appeal, {at}"),
        };
        let parts = [one.grounds.as_deref(), one.consequence_text.as_deref(), Some(&*one.next_step)];
        (one.at, Given { heading, text: parts.into_iter().flatten().collect::<Vec<_>>().join("\n") })
    });
    let mut all: Vec<(Time, Given)> = objected.chain(appealed).collect();
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, given)| given).collect()
}

/// What may be done now and until when; of an appeal that is not yet open, from when on.
fn action(action: &CitizenAction, reader: Language) -> Option<String> {
    let day = |at: Option<Time>| at.map(|at| date(Some(at), reader));
    if !action.allowed {
        let from = day(action.from)?;
        return Some(match reader {
            Language::Fa => format!("اگر تا {from} پاسخ نرسد، می‌توانید به سطح بالاتر بروید"),
            Language::En => format!("If there is no answer by {from}, you may go one level up"),
        });
    }
    let (fa, en) = words(action.verb)?;
    Some(match (reader, day(action.until)) {
        (Language::Fa, Some(until)) => format!("{fa}، تا {until}"),
        (Language::Fa, None) => fa.to_owned(),
        (Language::En, Some(until)) => format!("{en}, until {until}"),
        (Language::En, None) => en.to_owned(),
    })
}

/// What a citizen's verb means to somebody who never read a manual.
fn words(verb: Verb) -> Option<(&'static str, &'static str)> {
    Some(match verb {
        Verb::Reply => ("توضیح یا مدرک بیفزایید", "Add words or papers"),
        Verb::Object => (
            "به پاسخ اعتراض کنید؛ همان دستگاه یک بار دیگر پاسخ می‌دهد",
            "Object to the answer; the same body answers once more",
        ),
        Verb::Rate => ("از ۱ تا ۵ به پاسخ امتیاز دهید", "Rate the answer from 1 to 5"),
        Verb::Appeal => (
            "تجدیدنظر بخواهید؛ سطح بالاتر و فرد دیگری تصمیم می‌گیرد",
            "Appeal; the level above and another person decide",
        ),
        Verb::Consent => {
            ("با تمدید مهلت موافقت یا مخالفت کنید", "Agree or disagree with the longer deadline")
        }
        Verb::Withdraw => ("پرونده را پس بگیرید", "Take the case back"),
        Verb::Merge => ("بخواهید پرونده شما جداگانه رسیدگی شود", "Ask that your case be handled by itself"),
        _ => return None,
    })
}

/// Who read the citizen's identity: day, office, role and purpose; never the person.
fn reads(view: &LookupView, reader: Language) -> Vec<(String, String)> {
    let line = |read: &crate::domain::views::OwnReadView| {
        let by = office(&read.office, reader);
        let words = match reader {
            Language::Fa => format!("«{by}»، {}: {}", read.role, read.purpose),
            Language::En => format!("{by}, {}: {}", read.role, read.purpose),
        };
        (date(Some(read.at), reader), words)
    };
    view.identity_reads.iter().take(READS_SHOWN).map(line).collect()
}

fn office(view: &OfficeView, reader: Language) -> String {
    if reader == Language::En { view.name_en.clone() } else { view.name_fa.clone() }
}

fn digits(text: &str, reader: Language) -> String {
    if reader == Language::Fa { persian_digits(text) } else { text.to_owned() }
}
