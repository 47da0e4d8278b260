//! A case as its citizen sees it: what the officer sees, minus what is internal, in plain words.

use std::collections::HashMap;

use diesel::prelude::*;
use serde::Serialize;

use super::case::{OfficeView, office_view};
use super::relatives::{PublicLead, PublicPart, public_lead, public_parts};
use super::second_look::{
    PublicAppeal, PublicObjection, grounds_of, public_appeals, public_objections, remedy_text,
};
use crate::db::DbConnection;
use crate::db::schema::{answers, events, questions};
use crate::db::types::{CaseId, OfficeId, ReferralId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::CaseRow;
use crate::domain::cases::answer::AnswerState;
use crate::domain::cases::life::{Clock, Fact, Status};
use crate::domain::notifications::date;
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
    /// The citizen's identity is hidden from the bodies.
    pub sealed: bool,
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
    /// What can be done next, in the reader's language where the service wrote it.
    pub remedy: Option<String>,
    /// Objections, oldest first.
    pub objections: Vec<PublicObjection>,
    /// Appeals with their decisions, oldest first.
    pub appeals: Vec<PublicAppeal>,
    /// Until when the citizen may object, rate and, where it is open, appeal.
    pub window_until: Option<Time>,
    /// The citizen's rating of the present round, 1 to 5.
    pub rating: Option<i32>,
    pub closed_at: Option<Time>,
    /// Where the case stands with which this one is handled, while its answer is awaited.
    pub follows: Option<PublicLead>,
    /// The matters of a letter that was split, each a case of its own.
    pub parts: Vec<PublicPart>,
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
    /// When an interim answer promises the final one.
    pub expected_at: Option<Time>,
}

/// One line of the public timeline.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PublicEvent {
    pub event: String,
    pub at: Time,
    /// Plain words in the reader's language.
    pub text: String,
}

/// Referral, text, whether interim, when approved, when the final one is expected.
type Given = (ReferralId, String, bool, Option<Time>, Option<Time>);

/// The citizen's view of a case.
pub fn public_case(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    reader: Language,
) -> Result<PublicCase> {
    let followed = public_lead(connection, act, row, reader)?;
    let (follows, lead) = followed.map_or((None, None), |(view, lead)| (Some(view), Some(lead)));
    // the answer and the date are those of the case that leads
    let from = lead.as_ref().unwrap_or(row);
    let holder = office_view(act, from.holder_office_id);
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
    let has_been_out = from.lead_referral_id.is_some() || from.reopenings > 0;
    let leads = if has_been_out { root_leads(connection, from.id)? } else { Vec::new() };
    let parts = if has_been_out { public_parts(connection, act, row.id, reader)? } else { Vec::new() };
    let given: Vec<Given> = match has_been_out {
        true => answers::table
            .filter(answers::case_id.eq(from.id).and(answers::state.eq(AnswerState::Approved)))
            .filter(answers::referral_id.eq_any(leads.iter().map(|(id, _)| *id).collect::<Vec<_>>()))
            .order(answers::id)
            .select((
                answers::referral_id,
                answers::text,
                answers::is_interim,
                answers::decided_at,
                answers::expected_at,
            ))
            .load(connection)?,
        false => Vec::new(),
    };
    let objections = public_objections(connection, act, from)?;
    let appeals = if has_been_out { public_appeals(connection, act, from, reader)? } else { Vec::new() };
    let leaf = row.category.as_deref().and_then(|code| act.rules.categories.get(code));
    let waits = matches!(row.status, Status::Registered | Status::Classified | Status::Referred);
    Ok(PublicCase {
        tracking_code: row.tracking_code.clone(),
        status: row.status,
        status_text: follows
            .as_ref()
            .map_or_else(|| status_text(row.status, &holder, reader), |lead| lead.status_text.clone()),
        kind: row.kind.clone(),
        channel: row.channel.to_string(),
        sealed: row.is_sealed,
        category: row.category.clone(),
        category_name: leaf
            .map(|leaf| if reader == Language::En { leaf.en.clone() } else { leaf.fa.clone() }),
        subject: row.words(connection, &act.vault)?.subject,
        registered_at: row.registered_at,
        holder,
        due_at: from.due_at,
        overdue: follows.as_ref().map_or(waits && row.due_at < act.now, |lead| lead.overdue),
        question,
        wait_until: row.wait_until,
        answers: given
            .into_iter()
            .map(|(referral, text, interim, at, expected_at)| {
                let office = leads.iter().find(|(id, _)| *id == referral).map(|(_, office)| *office);
                let office = office_view(act, office.unwrap_or(row.holder_office_id));
                PublicAnswer { office, text, interim, at, expected_at }
            })
            .collect(),
        outcome: row.outcome.clone(),
        outcome_name: row.outcome.as_deref().map(|code| act.rules.outcome_name(code, reader)),
        outcome_text: row.outcome_text.clone(),
        remedy: remedy_text(act, row, reader),
        objections,
        appeals,
        window_until: row.window_until.or(row.remedy_until),
        rating: row.rating,
        closed_at: row.closed_at,
        follows,
        parts,
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
    let facts: Vec<(Time, Fact)> = rows
        .into_iter()
        .filter_map(|(at, payload)| Some((at, serde_json::from_str::<Fact>(&payload).ok()?)))
        .collect();
    let is_decided = facts.iter().any(|(_, fact)| matches!(fact, Fact::AppealDecided { .. }));
    let grounds = if is_decided { grounds_of(connection, case)? } else { HashMap::new() };
    Ok(facts
        .into_iter()
        .filter(|(_, fact)| match fact {
            // what passes between offices below the lead is theirs
            Fact::AnswerApproved { referral, .. } | Fact::ReferralAccepted { referral, .. } => {
                leads.iter().any(|(id, _)| id == referral)
            }
            _ => true,
        })
        .filter_map(|(at, fact)| {
            let mut text = words(act, &fact, reader)?;
            if let Fact::AppealDecided { appeal, .. } = &fact
                && let Some(grounds) = grounds.get(appeal)
            {
                text.push_str(if reader == Language::En { "; grounds: " } else { "؛ دلیل: " });
                text.push_str(grounds);
            }
            Some(PublicEvent { event: fact.name().to_owned(), at, text })
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
        Fact::ConsentAsked { days, .. } => {
            let days = days.to_string();
            say(
                crate::domain::text::persian_digits(&format!(
                    "برای {days} روز کاری تمدید دیگر، رضایت شما خواسته شد"
                )),
                format!("You were asked to agree to {days} more working days"),
            )
        }
        Fact::ConsentAnswered { accepted: true, .. } => {
            say("با تمدید موافقت شد".into(), "The extension was agreed to".into())
        }
        Fact::ConsentAnswered { who, .. } if who == "nobody" => say(
            "پاسخی نرسید؛ مهلت تمدید نشد".into(),
            "There was no answer; the deadline was not extended".into(),
        ),
        Fact::ConsentAnswered { .. } => {
            say("با تمدید موافقت نشد".into(), "The extension was not agreed to".into())
        }
        Fact::OuterLimitPassed { .. } => say(
            "سقف زمان پاسخ گذشت؛ از دستگاه پاسخ میانی خواسته شد".into(),
            "The outer limit passed; the body must give an interim answer".into(),
        ),
        Fact::InterimSent { office, expected_at, reason, .. } => {
            let (office, due) = (name(*office), date(Some(*expected_at), reader));
            let why = reason.as_deref();
            say(
                format!(
                    "دستگاه پاسخ میانی نداد؛ سامانه خبر می‌دهد: نزد «{office}» است، دلیل: {}، پاسخ تا {due}؛ می‌توانید به سطح بالاتر بروید",
                    why.unwrap_or("دلیلی ثبت نشده است")
                ),
                format!(
                    "The body gave no interim answer; the service tells you: {office} holds it, reason: {}, answer expected by {due}; you may go one level up",
                    why.unwrap_or("none was recorded")
                ),
            )
        }
        Fact::ProgressNoticed { office, expected_at, .. } => {
            let (office, due) = (name(*office), date(Some(*expected_at), reader));
            say(
                format!("خبر ماهانه: پرونده نزد «{office}» است و پاسخ تا {due} انتظار می‌رود"),
                format!("Monthly word: {office} holds the case, the answer is expected by {due}"),
            )
        }
        Fact::DeadlinesMoved { withdrawn, moves, .. } => {
            let due = moves.iter().find(|step| step.clock == Clock::Promise)?.due_at;
            let due = date(Some(due), reader);
            match withdrawn {
                false => say(
                    format!("به دلیل تعطیلی اعلام‌شده، مهلت پاسخ {due} شد"),
                    format!("Because of a closure the answer is now due on {due}"),
                ),
                true => say(
                    format!("تعطیلی لغو شد؛ مهلت پاسخ {due} شد"),
                    format!("The closure was withdrawn; the answer is now due on {due}"),
                ),
            }
        }
        Fact::AnswerApproved { is_interim: true, .. } => {
            say("پاسخ میانی داده شد".into(), "An interim answer was given".into())
        }
        Fact::AnswerApproved { .. } => say("پاسخ داده شد".into(), "An answer was given".into()),
        Fact::CaseClosed { outcome, .. } => {
            let outcome = act.rules.outcome_name(outcome, reader);
            say(format!("پرونده بسته شد: {outcome}"), format!("The case was closed: {outcome}"))
        }
        Fact::ContactPlanNoticed { .. } => say(
            "درباره شیوه تماس با شما تصمیمی گرفته شد".into(),
            "A decision on how you are served was made".into(),
        ),
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
        Fact::ConflictCleared { office, hop, .. } => {
            let to = name(hop.as_ref().map_or(*office, |hop| hop.office));
            say(
                format!("تا کسی درباره خود داوری نکند، پرونده به «{to}» سپرده شد"),
                format!("So that nobody judges themselves, the case was handed to {to}"),
            )
        }
        Fact::CaseRated { score, .. } => say(
            crate::domain::text::persian_digits(&format!("امتیاز شما ثبت شد: {score}")),
            format!("You rated it {score}"),
        ),
        Fact::CaseMerged { .. } => say(
            "همراه پرونده‌های همین موضوع رسیدگی می‌شود".into(),
            "It is handled together with others on the same matter".into(),
        ),
        Fact::CaseUnmerged { .. } => {
            say("از این پس جداگانه رسیدگی می‌شود".into(), "It is handled by itself from now on".into())
        }
        Fact::AnswerShared { .. } => say("پاسخ داده شد".into(), "An answer was given".into()),
        Fact::PartMade { .. } => say(
            "از نامه‌ای با چند موضوع جدا شد".into(),
            "It was made from a letter with several matters".into(),
        ),
        Fact::CaseSplit { parts, .. } => say(
            crate::domain::text::persian_digits(&format!("به {parts} پرونده تقسیم شد")),
            format!("It was split into {parts} cases"),
        ),
        Fact::SplitUndone { .. } => {
            say("همه موضوع‌ها دوباره یکجا رسیدگی می‌شود".into(), "All matters are handled as one again".into())
        }
        Fact::PartClosed { .. } => say("یکی از بخش‌ها پایان یافت".into(), "One of its parts has ended".into()),
        Fact::PartReopened { .. } => {
            say("یکی از بخش‌ها دوباره باز شد".into(), "One of its parts was taken up again".into())
        }
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
        Fact::FileInfected { .. } => say(
            "در یکی از پیوست‌ها بدافزار یافت شد و دیگر باز نمی‌شود؛ نسخه سالم آن را بفرستید".into(),
            "Malware was found in one of the files and it stays closed; send a clean copy".into(),
        ),
        Fact::CaseErased { classes, .. } => {
            let names = |language| classes.iter().map(|class| class.name(language)).collect::<Vec<_>>();
            say(
                format!("بخش‌هایی از پرونده پاک شد: {}", names(Language::Fa).join("، ")),
                format!("Parts of the case were erased: {}", names(Language::En).join(", ")),
            )
        }
        Fact::CitizenCorrected { .. } => {
            say("مشخصات شما اصلاح شد".into(), "Your particulars were corrected".into())
        }
        Fact::CorrectionAsked { .. } => {
            say("خواستید مشخصات شما اصلاح شود".into(), "You asked that your particulars be corrected".into())
        }
        Fact::CorrectionDecided { accepted: true, .. } => {
            say("اصلاح خواسته‌شده پذیرفته شد".into(), "The correction you asked for was accepted".into())
        }
        Fact::CorrectionDecided { accepted: false, .. } => say(
            "اصلاح خواسته‌شده پذیرفته نشد؛ دلیل در پیگیری آمده است".into(),
            "The correction you asked for was refused; the look-up says why".into(),
        ),
        Fact::CitizenMerged { .. } => {
            say("دو پرونده شناسایی شما یکی شد".into(), "Two records of you were put together".into())
        }
        Fact::CitizenUnmerged { .. } => {
            say("دو پرونده شناسایی از هم جدا شد".into(), "Two records were taken apart again".into())
        }
        Fact::CaseSealed { .. } => {
            say("هویت شما از دستگاه‌ها پوشیده شد".into(), "Your identity was hidden from the bodies".into())
        }
        Fact::CaseUnsealed { .. } => {
            say("پرونده دیگر پوشیده نیست".into(), "The case is no longer sealed".into())
        }
        Fact::ExtractConfirmed { .. } => say(
            "چکیده‌ای بی‌نام از نوشته شما برای دستگاه آماده شد".into(),
            "An extract without your name was made for the body".into(),
        ),
        Fact::IdentityReleased { office, .. } => {
            let to = name(*office);
            say(
                format!(
                    "مسئول حریم خصوصی هویت شما را با دلیل مکتوب و برای زمانی محدود به یک نفر در «{to}» نشان داد"
                ),
                format!(
                    "The privacy officer, for a written reason and a limited time, let one person of {to} see your identity"
                ),
            )
        }
        Fact::IdentityRevoked { .. } => say(
            "اجازه دیدن هویت شما پس گرفته شد".into(),
            "The leave to see your identity was taken back".into(),
        ),
        Fact::RingBackMoved { state, due_at, .. } => match (state.as_str(), due_at) {
            ("promised", Some(due)) => say(
                format!("قول داده شد تا {} به شما زنگ بزنیم", date(Some(*due), Language::Fa)),
                format!("We promised to ring you back by {}", date(Some(*due), Language::En)),
            ),
            ("done", _) => say("به شما زنگ زدیم".into(), "We rang you back".into()),
            ("not_reached", _) => {
                say("به شما زنگ زدیم و کسی پاسخ نداد".into(), "We rang you back and nobody answered".into())
            }
            _ => None,
        },
        Fact::CallLinked { .. }
        | Fact::FileReleased { .. }
        | Fact::FileHidden { .. }
        | Fact::ExtractProposed { .. }
        | Fact::IdentityAsked { .. }
        | Fact::IdentityRefused { .. }
        | Fact::ReferralAssigned { .. }
        | Fact::DeadlinePassed { .. }
        | Fact::WarningDecided { .. }
        | Fact::AnswerSubmitted { .. }
        | Fact::AnswerRejected { .. }
        | Fact::DismissalProposed { .. }
        | Fact::ComplainedOfNamed { .. }
        | Fact::CaseJoined { .. }
        | Fact::CaseLeft { .. }
        | Fact::GroupCounted { .. }
        | Fact::ClosingProposed { .. }
        | Fact::ClosingDue
        | Fact::ProblemUnlinked { .. }
        | Fact::CauseRecorded { .. }
        | Fact::RecommendationMade { .. }
        | Fact::RecommendationMoved { .. }
        | Fact::CitizenCalledBack { .. }
        | Fact::RepeatJudged { .. }
        | Fact::CapOverridden { .. }
        | Fact::NoteAdded { .. }
        | Fact::HoldPlaced { .. }
        | Fact::HoldLifted { .. } => None,
    }
}
