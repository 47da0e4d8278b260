//! What an export shows: the citizen's own record and cases, offices by their names, nobody of staff and no third
//! person.

use diesel::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};

use super::correction_requests;
use super::exports::ExportView;
use super::holds::{self, HoldView};
use crate::db::DbConnection;
use crate::db::schema::{audit, cases, identity_reads, ratings};
use crate::db::types::{CaseId, CitizenId, OfficeId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::attach::{self, Attachment};
use crate::domain::cases::{CaseRow, remedies};
use crate::domain::citizens;
use crate::domain::confidentiality::{Why, disclose};
use crate::domain::contact_plans;
use crate::domain::quality;
use crate::domain::vault::field;
use crate::domain::views::{self, CitizenView, MessageView, PublicCase, PublicEvent};
use crate::domain::visits::appointments::{self, AppointmentView};
use crate::error::{Error, Language, Result};

/// One case of an export.
#[derive(Debug, Serialize)]
pub struct CaseDocument {
    pub case: PublicCase,
    /// What was filed.
    pub text: String,
    pub remedy_sought: Option<String>,
    pub address: Option<String>,
    /// Whether somebody filed it in the citizen's name; who that is, is theirs.
    pub has_representative: bool,
    pub timeline: Vec<PublicEvent>,
    pub messages: Vec<MessageDocument>,
    pub objections: Vec<Value>,
    pub appeals: Vec<Value>,
    pub ratings: Vec<Value>,
    /// What the citizen said when rung up after the closing.
    pub calls: Vec<Value>,
    /// Places at public meetings.
    pub appointments: Vec<AppointmentView>,
    /// Files; those that offices added are named by day and type only.
    pub files: Vec<Value>,
}

/// One message of an export.
#[derive(Debug, Serialize)]
pub struct MessageDocument {
    pub direction: String,
    pub channel: String,
    pub at: Time,
    pub state: String,
    pub subject: Option<String>,
    pub body: Option<String>,
}

impl From<MessageView> for MessageDocument {
    fn from(message: MessageView) -> Self {
        let MessageView { direction, channel, subject, body, created_at: at, state, .. } = message;
        Self { direction, channel, at, state: state.to_string(), subject, body }
    }
}

/// A case, and the files whose bytes belong into the archive.
pub fn case(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    reader: Language,
) -> Result<(CaseDocument, Vec<Attachment>)> {
    let row: CaseRow = cases::table.find(id).select(CaseRow::as_select()).first(connection)?;
    // as its citizen sees it
    let act = &Act { actor: Actor::Citizen { case: id }, ..act.clone() };
    let disclosed = disclose(connection, act, &row, Why::Case)?;
    let mut messages = views::messages(connection, act, &row, &disclosed)?;
    messages.retain(|message| message.audience == "citizen");
    let scores: Vec<(i32, Option<String>, Time)> = ratings::table
        .filter(ratings::case_id.eq(id))
        .order(ratings::id)
        .select((ratings::score, ratings::comment, ratings::at))
        .load(connection)?;
    let address = act.vault.open_some(connection, field!(cases::address), id, row.address.as_ref())?;
    let (own, others): (Vec<Attachment>, Vec<Attachment>) =
        attach::of_case(connection, act, id)?.into_iter().partition(|file| file.uploaded_by != "staff");
    let mut files: Vec<Value> = own
        .iter()
        .map(|file| {
            json!({ "file": file_name(file), "media_type": file.media_type, "at": file.at, "scan": file.scan() })
        })
        .collect();
    files.extend(
        others.iter().map(|file| json!({ "media_type": file.media_type, "at": file.at, "by": "office" })),
    );
    let words = row.words(connection, &act.vault)?;
    let document = CaseDocument {
        case: views::public_case(connection, act, &row, reader)?,
        remedy_sought: words.remedy_sought,
        address,
        has_representative: row.representative.is_some(),
        timeline: views::public_timeline(connection, act, id, reader)?,
        messages: messages.into_iter().map(MessageDocument::from).collect(),
        objections: remedies::objections_of(connection, act, id)?
            .into_iter()
            .map(|row| json!({ "text": row.text, "channel": row.channel, "at": row.at }))
            .collect(),
        appeals: views::appeals(connection, act, &row)?
            .into_iter()
            .map(|row| {
                json!({ "cause": row.cause, "text": row.text, "at": row.at, "result": row.result,
                    "grounds": row.grounds, "decided_at": row.decided_at })
            })
            .collect(),
        ratings: scores
            .into_iter()
            .map(|(score, comment, at)| json!({ "score": score, "comment": comment, "at": at }))
            .collect(),
        appointments: appointments::of_case(connection, act, id)?,
        calls: quality::answers_of(connection, id)?
            .into_iter()
            .map(|row| {
                json!({ "at": row.at, "claim": row.claim, "score": row.score, "answers": row.answers,
                    "comment": row.comment })
            })
            .collect(),
        files,
        text: words.text,
    };
    Ok((document, own))
}

/// The name of a file inside the archive: no path, and unlike any other.
pub fn file_name(file: &Attachment) -> String {
    let name = file.name.replace(['/', '\\', '\0'], "_");
    let short: String = name.chars().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect();
    format!("{}-{}", file.id, short.trim_start_matches('.'))
}

/// The citizen's record, who read it and when, and what stops its erasure.
pub fn record(
    connection: &mut DbConnection,
    act: &Act,
    export: &ExportView,
    own: &[CaseId],
) -> Result<Value> {
    let ids = citizens::records(connection, export.citizen_id)?;
    let mut known = citizens::load_all(connection, &act.vault, ids.clone())?;
    let citizen = known.remove(&ids[0]).ok_or(Error::NotFound)?;
    let merged: Vec<CitizenView> = ids.iter().filter_map(|id| known.get(id)).map(CitizenView::of).collect();
    let some_ids: Vec<Option<CitizenId>> = ids.iter().copied().map(Some).collect();
    let subjects: Vec<String> = ids.iter().map(|id| format!("citizen:{id}")).collect();
    use identity_reads as r;
    let reads: Vec<(Time, OfficeId, String, String)> = r::table
        .filter(
            r::case_id
                .eq_any(own)
                .or(r::case_id.is_null().and(r::citizen_id.eq_any(some_ids)))
                .assume_not_null(),
        )
        .order(r::id)
        .select((r::at, r::office_id, r::role, r::why))
        .load(connection)?;
    let read = |(at, office, role, why): &(Time, OfficeId, String, String)| {
        let office = act.rules.offices.code(*office);
        json!({ "at": at, "office": office, "role": role, "why": why })
    };
    let record: Vec<(Time, String)> = audit::table
        .filter(audit::subject.eq_any(subjects))
        .order(audit::id)
        .select((audit::at, audit::action))
        .load(connection)?;
    let plans: Vec<Value> = contact_plans::told_to(connection, export.citizen_id)?
        .into_iter()
        .map(|plan| {
            json!({ "reasons": plan.reasons, "measures": plan.measures(), "subjects": plan.subjects,
                "from": plan.decided_at, "review_at": plan.review_at, "ended_at": plan.ended_at })
        })
        .collect();
    let mut wishes = Vec::new();
    for case in own {
        wishes.extend(correction_requests::own(connection, act, *case)?);
    }
    let holds: Vec<HoldView> = holds::of_citizen(connection, export.citizen_id, own)?;
    Ok(json!({
        "format": "samad export 1",
        "citizen": CitizenView::of(&citizen),
        "merged_records": merged,
        "reads": reads.iter().map(read).collect::<Vec<_>>(),
        "record": record.iter().map(|(at, action)| json!({ "at": at, "action": action })).collect::<Vec<_>>(),
        "wants_no_calls": quality::wants_no_calls(connection, export.citizen_id)?,
        "holds": holds.iter()
            .map(|hold| json!({ "from": hold.placed_at, "until": hold.until, "lifted_at": hold.lifted_at }))
            .collect::<Vec<_>>(),
        "contact_plans": plans,
        "corrections_asked": wishes,
        "cases": own.len(),
        "scope": "sealed cases, and cases that whoever made this archive may not see, come with your own download only",
    }))
}
