//! What the citizen of a follower, and of a letter with parts, sees of the family: where it stands and what holds
//! it up, and nothing of anybody else.

use diesel::prelude::*;
use serde::Serialize;

use super::case::{OfficeView, office_view};
use super::family::{is_late, why};
use crate::db::DbConnection;
use crate::db::schema::{cases, family_links};
use crate::db::types::{CaseId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::life::{Relation, Status};
use crate::domain::cases::{CaseRow, family};
use crate::domain::notifications::date;
use crate::error::{Language, Result};

/// Where the leading case stands, without anything of its citizen.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PublicLead {
    pub relation: Relation,
    pub since: Time,
    pub status: Status,
    /// In plain words of the reader's language: who has it, until when, and that the answer comes.
    pub status_text: String,
    pub holder: OfficeView,
    pub due_at: Time,
    pub overdue: bool,
    /// Whether the citizen speaks for the group.
    pub is_representative: bool,
}

/// One matter of a letter, as its citizen sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PublicPart {
    pub tracking_code: String,
    pub subject: Option<String>,
    pub category_name: Option<String>,
    pub status: Status,
    pub holder: OfficeView,
    pub due_at: Time,
    pub overdue: bool,
    /// What holds it up.
    pub why: Option<String>,
    pub outcome_name: Option<String>,
}

/// The case that this one follows, and whether its answer is still awaited.
pub(super) fn public_lead(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    reader: Language,
) -> Result<Option<(PublicLead, CaseRow)>> {
    if row.outcome.as_deref() != Some("merged") {
        return Ok(None);
    }
    let Some(link) = family::link_of(connection, row.id)? else { return Ok(None) };
    let lead: CaseRow = cases::table.find(link.parent_id).select(CaseRow::as_select()).first(connection)?;
    let holder = office_view(act, lead.holder_office_id);
    let overdue = is_late(act, &lead);
    let view = PublicLead {
        relation: link.relation,
        since: link.since,
        status: lead.status,
        status_text: lead_words(&lead, &holder, overdue, reader),
        holder,
        due_at: lead.due_at,
        overdue,
        is_representative: link.is_representative,
    };
    Ok(Some((view, lead)))
}

fn lead_words(lead: &CaseRow, holder: &OfficeView, overdue: bool, reader: Language) -> String {
    let due = date(Some(lead.due_at), reader);
    match (lead.status, reader) {
        (Status::AwaitingCitizen, Language::Fa) => {
            "همراه پرونده‌های همین موضوع رسیدگی می‌شود؛ اکنون منتظر توضیح یک شهروند است و سپس ادامه می‌یابد".into()
        }
        (Status::AwaitingCitizen, Language::En) => {
            "It is handled together with others on the same matter; a citizen was asked for more, then it goes on".into()
        }
        (_, Language::Fa) if overdue => {
            format!("همراه پرونده‌های همین موضوع نزد «{}» است؛ پاسخ از {due} دیر شده است و پی گرفته می‌شود", holder.name_fa)
        }
        (_, Language::En) if overdue => format!(
            "{} has it together with others on the same matter; the answer is late since {due} and is being chased",
            holder.name_en
        ),
        (_, Language::Fa) => {
            format!("همراه پرونده‌های همین موضوع نزد «{}» است؛ پاسخ تا {due} به شما هم داده می‌شود", holder.name_fa)
        }
        (_, Language::En) => format!(
            "{} has it together with others on the same matter; you get the answer too, by {due}",
            holder.name_en
        ),
    }
}

/// The parts of a letter, in their order; none for most cases.
pub(super) fn public_parts(
    connection: &mut DbConnection,
    act: &Act,
    case: CaseId,
    reader: Language,
) -> Result<Vec<PublicPart>> {
    use family_links as l;
    let rows: Vec<CaseRow> = l::table
        .inner_join(cases::table)
        .filter(l::parent_id.eq(case).and(l::left_at.is_null()).and(l::relation.eq(Relation::Part)))
        .order(l::id)
        .select(CaseRow::as_select())
        .load(connection)?;
    let part = |row: CaseRow| {
        let leaf = row.category.as_deref().and_then(|code| act.rules.categories.get(code));
        let name = |fa: &str, en: &str| if reader == Language::En { en.to_owned() } else { fa.to_owned() };
        Ok(PublicPart {
            why: why(connection, act, &row, reader)?,
            category_name: leaf.map(|leaf| name(&leaf.fa, &leaf.en)),
            outcome_name: row.outcome.as_deref().map(|code| act.rules.outcome_name(code, reader)),
            holder: office_view(act, row.holder_office_id),
            overdue: is_late(act, &row),
            due_at: row.due_at,
            status: row.status,
            subject: row.words(connection, &act.vault)?.subject,
            tracking_code: row.tracking_code,
        })
    };
    rows.into_iter().map(part).collect()
}
