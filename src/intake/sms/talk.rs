//! What is said to the service itself, done and answered: a rating, the question how far a case is, its taking back, who the
//! sender is, no more SMS.
//!
//! Nothing of a case is told to a number that is not its citizen's, not even that the code exists.

use diesel::prelude::*;

use super::super::codes::codes_in;
use super::super::inbound::Inbound;
use super::super::take::{Taken, as_citizen};
use super::super::{sender, thread};
use super::grammar::{Said, said};
use super::held::{Who, mobile_of, new, register_held};
use crate::db::DbConnection;
use crate::db::schema::{cases, messages};
use crate::db::types::{CaseId, CitizenId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::Expected;
use crate::domain::cases::close::{self, Withdraw};
use crate::domain::cases::life::Status;
use crate::domain::cases::remedies::{self, Rate};
use crate::domain::citizens::{CitizenInput, Identity, NationalId};
use crate::domain::intake::StepKind;
use crate::domain::intake::steps::Step;
use crate::domain::sms::dialogues::{self, Dialogue, Kind};
use crate::domain::sms::replies::{self, Facts, Queued, Reply};
use crate::domain::sms::{phone_hash, stops};
use crate::error::{Error, Language, Result};

/// Ended cases among which a rating finds its own.
const RECENT: i64 = 5;

/// One who is spoken with.
struct Talker<'a> {
    phone: String,
    hash: String,
    language: Language,
    who: Identity,
    text: &'a str,
}

/// Does what was said to the service itself; none where it is a matter.
pub(in super::super) fn talk(
    connection: &mut DbConnection,
    act: &Act,
    inbound: &Inbound,
    citizen: &CitizenInput,
    text: &str,
    log: &mut Vec<Step>,
) -> Result<Option<Taken>> {
    let Some(phone) = mobile_of(inbound, citizen) else { return Ok(None) };
    let hash = phone_hash(&act.keys, &phone);
    dialogues::one_at_a_time(connection, &hash)?;
    let talker = Talker { phone, hash, language: language_of(text), who: sender::identity(citizen), text };
    let said = said(text);
    if said == Said::Stop {
        stops::stop(connection, act, &talker.hash)?;
        return tell(connection, act, &talker, "sms_stopped", log).map(Some);
    }
    // whoever writes wants to be answered
    stops::resume(connection, &talker.hash)?;
    let identity = dialogues::open(connection, act, &talker.hash, Kind::Identity)?;
    let withdrawal = dialogues::open(connection, act, &talker.hash, Kind::Withdrawal)?;
    match (said, identity, withdrawal) {
        (Said::Yes | Said::No, _, Some(dialogue)) => {
            confirm(connection, act, &talker, &dialogue, log).map(Some)
        }
        (Said::Identity(id), Some(dialogue), _) => {
            name(connection, act, &talker, &dialogue, &id, log).map(Some)
        }
        (Said::No, Some(dialogue), None) => {
            let done = unnamed(connection, act, &talker, &dialogue, log)?;
            Ok(Some(Taken::Answered { case: done }))
        }
        (Said::Rating(score), _, _) => rate(connection, act, &talker, score, log).map(Some),
        (Said::Code(code), _, _) => {
            status(connection, act, &talker, code.as_ref().map(|code| code.as_str()), log).map(Some)
        }
        (Said::Withdraw(words), _, _) => ask_withdrawal(connection, act, &talker, &words, log).map(Some),
        (Said::Start, _, _) => tell(connection, act, &talker, "sms_started", log).map(Some),
        (Said::Identity(_) | Said::Yes | Said::No | Said::Words | Said::Stop, _, _) => Ok(None),
    }
}

/// Persian where there is a letter of it, or no letter at all.
pub(super) fn language_of(text: &str) -> Language {
    let is_latin = text.chars().any(|c| c.is_ascii_alphabetic());
    let is_persian = text.chars().any(|c| c.is_alphabetic() && !c.is_ascii());
    if is_latin && !is_persian { Language::En } else { Language::Fa }
}

/// Queues an answer and notes that it goes out, or does not.
pub(super) fn say(
    connection: &mut DbConnection,
    act: &Act,
    (phone, language): (&str, Language),
    template: &str,
    case: Option<CaseId>,
    facts: Facts,
    log: &mut Vec<Step>,
) -> Result<()> {
    let step = match replies::queue(connection, act, &Reply { phone, language, template, case, facts })? {
        Queued::Yes => StepKind::Answered,
        Queued::Silent => StepKind::NotAnswered,
    };
    log.push((step, Some(template.to_owned())));
    Ok(())
}

fn tell(
    connection: &mut DbConnection,
    act: &Act,
    talker: &Talker<'_>,
    template: &str,
    log: &mut Vec<Step>,
) -> Result<Taken> {
    let to = (talker.phone.as_str(), talker.language);
    say(connection, act, to, template, None, Facts::default(), log)?;
    Ok(Taken::Answered { case: None })
}

/// The same of a case.
fn tell_of(
    connection: &mut DbConnection,
    act: &Act,
    talker: &Talker<'_>,
    template: &str,
    (case, code): (CaseId, String),
    log: &mut Vec<Step>,
) -> Result<Taken> {
    let to = (talker.phone.as_str(), talker.language);
    let facts = Facts { code: Some(code), ..Facts::default() };
    say(connection, act, to, template, Some(case), facts, log)?;
    Ok(Taken::Answered { case: Some(case) })
}

/// Cases of the citizens whose number it is, the newest first.
fn own_cases(
    connection: &mut DbConnection,
    act: &Act,
    talker: &Talker<'_>,
    is_ended: bool,
) -> Result<Vec<(CaseId, String)>> {
    let own: Vec<CitizenId> =
        thread::own(connection, act, &talker.who)?.into_iter().map(|citizen| citizen.id).collect();
    let ended = [Status::Answered, Status::Closed];
    let query = cases::table
        .filter(cases::citizen_id.eq_any(own))
        .order((cases::updated_at.desc(), cases::id.desc()))
        .limit(RECENT)
        .select((cases::id, cases::tracking_code))
        .into_boxed();
    let query = if is_ended {
        query.filter(cases::status.eq_any(ended))
    } else {
        query.filter(cases::status.ne(Status::Closed))
    };
    Ok(query.load(connection)?)
}

/// Rates the case that ended last and may be rated (requirement tag B1).
fn rate(
    connection: &mut DbConnection,
    act: &Act,
    talker: &Talker<'_>,
    score: u8,
    log: &mut Vec<Step>,
) -> Result<Taken> {
    let wish = Rate { score: i64::from(score), comment: None, channel: Some("sms".into()) };
    for (case, code) in own_cases(connection, act, talker, true)? {
        match remedies::rate(connection, &as_citizen(act, case), case, Expected::Any, &wish) {
            Ok(_) => {
                // a poor rating opens the appeal, and its notice says so
                return match hears_of_appeal(connection, act, case)? {
                    true => Ok(Taken::Answered { case: Some(case) }),
                    false => tell_of(connection, act, talker, "sms_rated", (case, code), log),
                };
            }
            Err(Error::Conflict(_) | Error::Forbidden(_) | Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    tell(connection, act, talker, "sms_nothing_to_rate", log)
}

fn hears_of_appeal(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<bool> {
    let told: i64 = messages::table
        .filter(messages::case_id.eq(case).and(messages::audience.eq("citizen")))
        .filter(messages::template.eq("rating_poor").and(messages::created_at.eq(act.now)))
        .count()
        .get_result(connection)?;
    Ok(told > 0)
}

/// Tells how far a case is, to the phone on record only; of any other code nothing.
fn status(
    connection: &mut DbConnection,
    act: &Act,
    talker: &Talker<'_>,
    code: Option<&str>,
    log: &mut Vec<Step>,
) -> Result<Taken> {
    let case = match code {
        Some(code) => thread::of_code(connection, act, code, &talker.who)?,
        None => None,
    };
    let Some(case) = case else {
        log.push((StepKind::CodeUnproved, None));
        return tell(connection, act, talker, "sms_unknown_code", log);
    };
    let row: (String, Status, Time) = cases::table
        .find(case)
        .select((cases::tracking_code, cases::status, cases::due_at))
        .first(connection)?;
    let (code, status, due) = row;
    let waits = matches!(status, Status::Registered | Status::Classified | Status::Referred);
    let facts = Facts {
        code: Some(code),
        status: Some(words_of(status, talker.language).into()),
        due: Some(due).filter(|_| waits),
        ..Facts::default()
    };
    let to = (talker.phone.as_str(), talker.language);
    say(connection, act, to, "sms_status", Some(case), facts, log)?;
    Ok(Taken::Answered { case: Some(case) })
}

/// How far a case is, without whom it concerns: phones are shared.
fn words_of(status: Status, language: Language) -> &'static str {
    match (status, language) {
        (Status::Registered, Language::Fa) => "ثبت شده است",
        (Status::Registered, Language::En) => "registered",
        (Status::Classified, Language::Fa) => "در بررسی اولیه است",
        (Status::Classified, Language::En) => "being looked at first",
        (Status::Referred, Language::Fa) => "در دستگاه مسئول در دست رسیدگی است",
        (Status::Referred, Language::En) => "being worked on by the responsible body",
        (Status::AwaitingCitizen, Language::Fa) => "منتظر توضیح یا مدارک شماست",
        (Status::AwaitingCitizen, Language::En) => "waiting for your word or papers",
        (Status::Answered, Language::Fa) => "پاسخ داده شده است",
        (Status::Answered, Language::En) => "answered",
        (Status::Closed, Language::Fa) => "بسته شده است",
        (Status::Closed, Language::En) => "closed",
    }
}

/// Asks once more before a case is taken back.
fn ask_withdrawal(
    connection: &mut DbConnection,
    act: &Act,
    talker: &Talker<'_>,
    words: &str,
    log: &mut Vec<Step>,
) -> Result<Taken> {
    let has_digits = words.chars().any(char::is_numeric);
    let found = if has_digits {
        match codes_in(words).first() {
            Some(code) => thread::of_code(connection, act, code.as_str(), &talker.who)?,
            None => None,
        }
    } else {
        match own_cases(connection, act, talker, false)?.as_slice() {
            [(case, _)] => Some(*case),
            _ => return tell(connection, act, talker, "sms_which", log),
        }
    };
    let Some(case) = found else {
        log.push((StepKind::CodeUnproved, None));
        return tell(connection, act, talker, "sms_unknown_code", log);
    };
    let code: String = cases::table.find(case).select(cases::tracking_code).first(connection)?;
    match close::can_be_withdrawn(connection, &as_citizen(act, case), case) {
        Err(Error::Conflict(_) | Error::Forbidden(_)) => {
            return tell_of(connection, act, talker, "sms_withdraw_closed", (case, code), log);
        }
        told => told?,
    }
    if let Some(earlier) = dialogues::open(connection, act, &talker.hash, Kind::Withdrawal)? {
        dialogues::end(connection, earlier.id)?;
    }
    let minutes = act.rules.number("sms_confirm_hours")? * 60;
    let dialogue = new(act, &talker.hash, Kind::Withdrawal, talker.language, minutes);
    dialogues::begin(connection, &Dialogue { case_id: Some(case), ..dialogue })?;
    tell_of(connection, act, talker, "sms_withdraw_ask", (case, code), log)
}

/// Yes or no to the question whether a case is taken back.
fn confirm(
    connection: &mut DbConnection,
    act: &Act,
    talker: &Talker<'_>,
    dialogue: &Dialogue,
    log: &mut Vec<Step>,
) -> Result<Taken> {
    dialogues::end(connection, dialogue.id)?;
    let Some(case) = dialogue.case_id else { return Err(Error::internal("a withdrawal without its case")) };
    let code: String = cases::table.find(case).select(cases::tracking_code).first(connection)?;
    if said(talker.text) == Said::No {
        return tell_of(connection, act, talker, "sms_withdraw_kept", (case, code), log);
    }
    let wish = Withdraw { confirm: Some(true), reason: None };
    match close::withdraw(connection, &as_citizen(act, case), case, Expected::Any, &wish) {
        // its notice goes to the citizen
        Ok(_) => Ok(Taken::Answered { case: Some(case) }),
        Err(Error::Conflict(_) | Error::Forbidden(_)) => {
            tell_of(connection, act, talker, "sms_withdraw_closed", (case, code), log)
        }
        Err(error) => Err(error),
    }
}

/// The sender says who it is; what waited is registered, after too many wrong numbers as a report without identity.
fn name(
    connection: &mut DbConnection,
    act: &Act,
    talker: &Talker<'_>,
    dialogue: &Dialogue,
    id: &str,
    log: &mut Vec<Step>,
) -> Result<Taken> {
    if NationalId::parse(id).is_ok() {
        let done = register_held(connection, act, dialogue, Who::Named(id.to_owned()))?;
        return Ok(Taken::Answered { case: done.map(|done| done.row.id) });
    }
    if i64::from(dialogue.tries) + 1 >= act.rules.number("sms_identity_tries")? {
        let case = unnamed(connection, act, talker, dialogue, log)?;
        return Ok(Taken::Answered { case });
    }
    dialogues::wrong(connection, dialogue.id)?;
    let told = language_of_dialogue(dialogue);
    let facts = Facts { until: Some(dialogue.expires_at), ..Facts::default() };
    say(connection, act, (&talker.phone, told), "sms_identity_wrong", None, facts, log)?;
    Ok(Taken::Answered { case: None })
}

/// A number alone tells no language; the first words did.
fn language_of_dialogue(dialogue: &Dialogue) -> Language {
    if dialogue.language == "en" { Language::En } else { Language::Fa }
}

/// Registers what waited as a report without identity, and says how to complete it.
fn unnamed(
    connection: &mut DbConnection,
    act: &Act,
    talker: &Talker<'_>,
    dialogue: &Dialogue,
    log: &mut Vec<Step>,
) -> Result<Option<CaseId>> {
    let Some(done) = register_held(connection, act, dialogue, Who::Unnamed)? else { return Ok(None) };
    let facts = Facts { code: Some(done.row.tracking_code.clone()), ..Facts::default() };
    let to = (talker.phone.as_str(), language_of_dialogue(dialogue));
    say(connection, act, to, "sms_as_report", Some(done.row.id), facts, log)?;
    Ok(Some(done.row.id))
}
