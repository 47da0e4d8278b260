//! A case as its citizen sees it: what the officer sees, minus what is internal, in plain words.

use diesel::prelude::*;
use serde::Serialize;

use super::case::{OfficeView, office_view};
use crate::db::DbConnection;
use crate::db::schema::{answers, events, questions};
use crate::db::types::{CaseId, OfficeId, ReferralId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::CaseRow;
use crate::domain::cases::answer::AnswerState;
use crate::domain::cases::life::{Fact, Status};
use crate::domain::problems;
use crate::error::{Language, Result};

/// A case by its tracking code.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PublicCase {
    pub tracking_code: String,
    pub status: Status,
    /// Where it stands, in plain words of the reader's language.
    pub status_text: String,
    pub kind: String,
    pub channel: String,
    pub category: Option<String>,
    pub category_name: Option<String>,
    pub subject: Option<String>,
    pub registered_at: Time,
    /// Who holds it.
    pub holder: OfficeView,
    /// Until when an answer was promised.
    pub due_at: Time,
    pub overdue: bool,
    /// The question that waits for the citizen.
    pub question: Option<String>,
    pub wait_until: Option<Time>,
    /// Approved answers, oldest first.
    pub answers: Vec<PublicAnswer>,
    pub outcome: Option<String>,
    pub outcome_name: Option<String>,
    pub outcome_text: Option<String>,
    /// What can be done next.
    pub remedy: Option<String>,
    /// Until when the citizen may object, rate and, where it is open, appeal.
    pub window_until: Option<Time>,
    /// The citizen's rating of the present round, 1 to 5.
    pub rating: Option<i32>,
    pub closed_at: Option<Time>,
    /// The problem of many people that this case is part of.
    pub problem: Option<problems::PublicProblem>,
}

/// An approved answer.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PublicAnswer {
    /// Who gave it.
    pub office: OfficeView,
    pub text: String,
    pub interim: bool,
    pub at: Option<Time>,
}

/// One line of the public timeline.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PublicEvent {
    pub event: String,
    pub at: Time,
    /// Plain words in the reader's language.
    pub text: String,
}

/// The citizen's view of a case.
pub fn public_case(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    reader: Language,
) -> Result<PublicCase> {
    let holder = office_view(act, row.holder_office_id);
    let question: Option<String> = match row.status {
        Status::AwaitingCitizen => questions::table
            .filter(questions::case_id.eq(row.id).and(questions::replied_at.is_null()))
            .order(questions::id.desc())
            .select(questions::text)
            .first(connection)
            .optional()?,
        _ => None,
    };
    // a case that was never referred has no answer
    let has_been_out = row.lead_referral_id.is_some() || row.reopenings > 0;
    let leads = if has_been_out { root_leads(connection, row.id)? } else { Vec::new() };
    let given: Vec<(ReferralId, String, bool, Option<Time>)> = match has_been_out {
        true => answers::table
            .filter(answers::case_id.eq(row.id).and(answers::state.eq(AnswerState::Approved)))
            .filter(answers::referral_id.eq_any(leads.iter().map(|(id, _)| *id).collect::<Vec<_>>()))
            .order(answers::id)
            .select((answers::referral_id, answers::text, answers::is_interim, answers::decided_at))
            .load(connection)?,
        false => Vec::new(),
    };
    let leaf = row.category.as_deref().and_then(|code| act.rules.categories.get(code));
    let waits = matches!(row.status, Status::Registered | Status::Classified | Status::Referred);
    Ok(PublicCase {
        tracking_code: row.tracking_code.clone(),
        status: row.status,
        status_text: status_text(row.status, &holder, reader),
        kind: row.kind.clone(),
        channel: row.channel.to_string(),
        category: row.category.clone(),
        category_name: leaf
            .map(|leaf| if reader == Language::En { leaf.en.clone() } else { leaf.fa.clone() }),
        subject: row.subject.clone(),
        registered_at: row.registered_at,
        holder,
        due_at: row.due_at,
        overdue: waits && row.due_at < act.now,
        question,
        wait_until: row.wait_until,
        answers: given
            .into_iter()
            .map(|(referral, text, interim, at)| {
                let office = leads.iter().find(|(id, _)| *id == referral).map(|(_, office)| *office);
                let office = office_view(act, office.unwrap_or(row.holder_office_id));
                PublicAnswer { office, text, interim, at }
            })
            .collect(),
        outcome: row.outcome.clone(),
        outcome_name: row.outcome.as_deref().map(|code| act.rules.outcome_name(code, reader)),
        outcome_text: row.outcome_text.clone(),
        remedy: row.remedy.clone(),
        window_until: row.window_until.or(row.remedy_until),
        rating: row.rating,
        closed_at: row.closed_at,
        problem: problems::of_public_case(connection, act, row.id, reader)?,
    })
}

/// Answers between offices stay between them; the citizen gets those of the root lead.
fn root_leads(connection: &mut DbConnection, case: CaseId) -> Result<Vec<(ReferralId, OfficeId)>> {
    use crate::db::schema::referrals as r;
    use crate::domain::cases::life::HopRole;
    Ok(r::table
        .filter(r::case_id.eq(case).and(r::parent_id.is_null()).and(r::role.eq(HopRole::Lead)))
        .select((r::id, r::office_id))
        .load(connection)?)
}

fn status_text(status: Status, holder: &OfficeView, reader: Language) -> String {
    match (status, reader) {
        (Status::Registered, Language::Fa) => "درخواست شما ثبت شد".into(),
        (Status::Registered, Language::En) => "Your case is registered".into(),
        (Status::Classified, Language::Fa) => "در حال بررسی اولیه است".into(),
        (Status::Classified, Language::En) => "It is being looked at first".into(),
        (Status::Referred, Language::Fa) => format!("«{}» در حال رسیدگی است", holder.name_fa),
        (Status::Referred, Language::En) => format!("{} is working on it", holder.name_en),
        (Status::AwaitingCitizen, Language::Fa) => "منتظر مدارک یا توضیح شما هستیم".into(),
        (Status::AwaitingCitizen, Language::En) => "We wait for your word or papers".into(),
        (Status::Answered, Language::Fa) => "پاسخ آماده است".into(),
        (Status::Answered, Language::En) => "The answer is ready".into(),
        (Status::Closed, Language::Fa) => "پرونده بسته شد".into(),
        (Status::Closed, Language::En) => "The case is closed".into(),
    }
}

/// The timeline without what is internal: drafts, notes, assignments, deadlines inside the bodies.
pub fn public_timeline(
    connection: &mut DbConnection,
    act: &Act,
    case: CaseId,
    reader: Language,
) -> Result<Vec<PublicEvent>> {
    let rows: Vec<(Time, String)> = events::table
        .filter(events::case_id.eq(case))
        .order(events::seq)
        .select((events::at, events::payload))
        .load(connection)?;
    // a case with one event has only been registered
    let leads = if rows.len() > 1 { root_leads(connection, case)? } else { Vec::new() };
    let facts =
        rows.into_iter().filter_map(|(at, payload)| Some((at, serde_json::from_str::<Fact>(&payload).ok()?)));
    Ok(facts
        .filter(|(_, fact)| match fact {
            // what passes between offices below the lead is theirs
            Fact::AnswerApproved { referral, .. } | Fact::ReferralAccepted { referral, .. } => {
                leads.iter().any(|(id, _)| id == referral)
            }
            _ => true,
        })
        .filter_map(|(at, fact)| {
            Some(PublicEvent { event: fact.name().to_owned(), at, text: words(act, &fact, reader)? })
        })
        .collect())
}

/// Plain words for what a citizen should know; none for the rest.
fn words(act: &Act, fact: &Fact, reader: Language) -> Option<String> {
    let name = |office: OfficeId| {
        let office = office_view(act, office);
        if reader == Language::En { office.name_en } else { office.name_fa }
    };
    let say = |fa: String, en: String| Some(if reader == Language::En { en } else { fa });
    match fact {
        Fact::CaseRegistered { .. } => say("پرونده ثبت شد".into(), "The case was registered".into()),
        Fact::CaseClassified { .. } => {
            say("موضوع پرونده مشخص شد".into(), "Its subject was determined".into())
        }
        Fact::CaseReferred { hops, .. } => {
            let to = hops
                .iter()
                .filter(|hop| hop.role == crate::domain::cases::life::HopRole::Lead)
                .map(|hop| name(hop.office))
                .next()?;
            say(format!("به «{to}» ارجاع شد"), format!("Referred to {to}"))
        }
        Fact::ReferralAccepted { .. } => say("رسیدگی آغاز شد".into(), "Work on it began".into()),
        Fact::ReferralReturned { .. } | Fact::RulingAsked { .. } | Fact::ReferralRecalled { .. } => {
            say("در حال تعیین مرجع درست است".into(), "The right body is being determined".into())
        }
        Fact::ReferralTransferred { to, .. } => {
            let to = name(to.office);
            say(format!("به «{to}» منتقل شد"), format!("Transferred to {to}"))
        }
        Fact::CitizenAsked { .. } => {
            say("از شما توضیح یا مدرک خواسته شد".into(), "You were asked for more".into())
        }
        Fact::CitizenReplied { .. } | Fact::MessageReceived { .. } => {
            say("پیام شما رسید".into(), "Your message arrived".into())
        }
        Fact::DeadlineExtended { reason, .. } => say(
            format!("مهلت پاسخ تمدید شد؛ دلیل: {reason}"),
            format!("The deadline was extended; reason: {reason}"),
        ),
        Fact::AnswerApproved { is_interim: true, .. } => {
            say("پاسخ میانی داده شد".into(), "An interim answer was given".into())
        }
        Fact::AnswerApproved { .. } => say("پاسخ داده شد".into(), "An answer was given".into()),
        Fact::CaseClosed { outcome, .. } => {
            let outcome = act.rules.outcome_name(outcome, reader);
            say(format!("پرونده بسته شد: {outcome}"), format!("The case was closed: {outcome}"))
        }
        Fact::CaseReopened { .. } => say("پرونده بازگشایی شد".into(), "The case was reopened".into()),
        Fact::ObjectionRaised { hop, .. } => {
            let to = name(hop.office);
            say(
                format!("اعتراض شما ثبت شد؛ «{to}» یک بار دیگر پاسخ می‌دهد"),
                format!("You objected; {to} answers once more"),
            )
        }
        Fact::AppealRaised { hop, .. } => {
            let to = name(hop.office);
            say(format!("تجدیدنظر خواستید؛ «{to}» تصمیم می‌گیرد"), format!("You appealed; {to} decides"))
        }
        Fact::AppealDecided { result, hop, .. } => {
            let (fa, en) = result.words();
            let (order_fa, order_en) = match hop {
                Some(_) => ("؛ دستگاه دوباره پاسخ می‌دهد", "; the body must answer again"),
                None => ("", ""),
            };
            say(format!("{fa}{order_fa}"), format!("{en}{order_en}"))
        }
        Fact::CaseRated { score, .. } => say(
            crate::domain::text::persian_digits(&format!("امتیاز شما ثبت شد: {score}")),
            format!("You rated it {score}"),
        ),
        Fact::ProblemSettled { is_solved: true, .. } => {
            say("مسئله عمومی این پرونده حل شد".into(), "The problem behind this case was solved".into())
        }
        Fact::ProblemSettled { .. } => say(
            "بررسی مسئله عمومی این پرونده پایان یافت".into(),
            "The examination of the problem behind this case has ended".into(),
        ),
        Fact::ProblemLinked { .. } => say(
            "پرونده به یک مسئله عمومی پیوند خورد".into(),
            "The case was linked to a problem that many people have".into(),
        ),
        Fact::FalseClosureFound { .. } => say(
            "پس از تماس با شما روشن شد که پرونده به‌درستی بسته نشده بود".into(),
            "After the call with you it was found that the case had been closed wrongly".into(),
        ),
        Fact::FileAttached { .. } => say("پیوستی افزوده شد".into(), "A file was added".into()),
        Fact::ReferralAssigned { .. }
        | Fact::DeadlinePassed { .. }
        | Fact::AnswerSubmitted { .. }
        | Fact::AnswerRejected { .. }
        | Fact::DismissalProposed { .. }
        | Fact::ProblemUnlinked { .. }
        | Fact::CauseRecorded { .. }
        | Fact::RecommendationMade { .. }
        | Fact::RecommendationMoved { .. }
        | Fact::CitizenCalledBack { .. }
        | Fact::NoteAdded { .. } => None,
    }
}
