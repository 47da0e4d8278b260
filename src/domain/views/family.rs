//! A family of cases as staff see it: who follows, which parts are late and why (requirement tag
//! P4.2c). Cases that the reader may not see are counted, never shown.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use serde::Serialize;

use super::case::{OfficeView, office_view};
use crate::db::DbConnection;
use crate::db::schema::{attachments, cases, clock_changes, messages};
use crate::db::types::{CaseId, FamilyLinkId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::family::Link;
use crate::domain::cases::life::{Closing, Relation, Status};
use crate::domain::cases::{CaseRow, Channel, Docket, family};
use crate::domain::notifications::date;
use crate::domain::visibility;
use crate::error::{Language, Result};

/// A group as it was last counted: once by cases, once by persons.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct GroupView {
    /// Five persons of five households or more.
    pub is_mass: bool,
    pub persons: i32,
    pub households: i32,
    /// Whether the citizen of the leading case is one of its representatives.
    pub lead_speaks: bool,
    /// A closing that waits for its second person.
    #[schema(value_type = Option<Object>)]
    pub closing: Option<Closing>,
}

/// A case of the family.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Relative {
    pub case_id: CaseId,
    pub tracking_code: String,
    pub relation: Relation,
    pub since: Time,
    pub is_representative: bool,
    pub status: Status,
    pub kind: String,
    pub channel: Channel,
    pub category: Option<String>,
    pub subject: Option<String>,
    pub holder: OfficeView,
    pub registered_at: Time,
    pub due_at: Time,
    pub overdue: bool,
    pub outcome: Option<String>,
    /// What holds it up, in the reader's language; none where nothing does.
    pub why: Option<String>,
    /// What its citizen sent and was sent.
    pub messages: i64,
    pub attachments: i64,
}

/// The family of a case.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct FamilyView {
    /// The case that this one follows or is a part of, where the reader may see it.
    pub parent: Option<Relative>,
    pub group: Option<GroupView>,
    /// How many cases follow this one or are its parts, whether the reader may see them or not.
    pub total: i64,
    /// How many of them the reader may not see.
    pub hidden: i64,
    /// Parts that are past their date.
    pub late: i64,
    /// A proposal of the merged answer, once every part has ended.
    pub merged_answer: Option<String>,
    pub items: Vec<Relative>,
    /// Send it as `cursor` for the next page; null on the last.
    pub next_cursor: Option<String>,
}

/// One page of the family of a visible case.
pub fn family(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    limit: i64,
    after: Option<FamilyLinkId>,
    reader: Language,
) -> Result<FamilyView> {
    let all = family::links_to(connection, row.id)?;
    let seen: HashSet<CaseId> = cases::table
        .filter(visibility::visible(act))
        .filter(cases::id.eq_any(all.iter().map(|link| link.case_id).collect::<Vec<_>>()))
        .select(cases::id)
        .load(connection)?
        .into_iter()
        .collect();
    let count = |many: usize| i64::try_from(many).unwrap_or(i64::MAX);
    let (total, hidden) = (count(all.len()), count(all.len() - seen.len()));
    let visible = || all.iter().filter(|link| seen.contains(&link.case_id));
    let parts = visible().filter(|link| link.relation == Relation::Part).map(|link| link.case_id).collect();
    let late = late(connection, act, parts)?;
    let from = after.unwrap_or(FamilyLinkId(0));
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut rows: Vec<&Link> = visible().filter(|link| link.id > from).take(size.saturating_add(1)).collect();
    let has_more = rows.len() > size;
    rows.truncate(size);
    let next_cursor = rows.last().filter(|_| has_more).map(|link| link.id.to_string());
    let ids: Vec<CaseId> = rows.iter().map(|link| link.case_id).collect();
    let found: Vec<CaseRow> =
        cases::table.filter(cases::id.eq_any(ids)).select(CaseRow::as_select()).load(connection)?;
    let found: HashMap<CaseId, CaseRow> = found.into_iter().map(|row| (row.id, row)).collect();
    let docket = Docket::glimpse(connection, act, row.id)?;
    let counted = family::group_of(connection, row.id)?.filter(|_| docket.life.has_members());
    let known = rows.iter().filter_map(|link| found.get(&link.case_id).map(|row| (*link, row)));
    let items: Vec<Relative> =
        known.map(|(link, row)| relative(connection, act, link, row, reader)).collect::<Result<_>>()?;
    Ok(FamilyView {
        items,
        parent: parent(connection, act, row.id, reader)?,
        group: counted.map(|group| GroupView {
            is_mass: group.is_mass,
            persons: group.persons,
            households: group.households,
            lead_speaks: group.lead_speaks,
            closing: docket.life.family.closing.clone(),
        }),
        total,
        hidden,
        late,
        merged_answer: family::merged_answer(connection, act, &docket)?,
        next_cursor,
    })
}

/// How many of these cases are past their date.
pub(super) fn late(connection: &mut DbConnection, act: &Act, cases: Vec<CaseId>) -> Result<i64> {
    use crate::db::schema::cases as c;
    if cases.is_empty() {
        return Ok(0);
    }
    Ok(c::table
        .filter(c::id.eq_any(cases).and(c::due_at.lt(act.now)))
        .filter(c::status.eq_any([Status::Registered, Status::Classified, Status::Referred]))
        .count()
        .get_result(connection)?)
}

fn parent(
    connection: &mut DbConnection,
    act: &Act,
    case: CaseId,
    reader: Language,
) -> Result<Option<Relative>> {
    let Some(link) = family::link_of(connection, case)? else { return Ok(None) };
    let row: Option<CaseRow> = cases::table
        .filter(cases::id.eq(link.parent_id))
        .filter(visibility::visible(act))
        .select(CaseRow::as_select())
        .first(connection)
        .optional()?;
    row.map(|row| relative(connection, act, &link, &row, reader)).transpose()
}

fn relative(
    connection: &mut DbConnection,
    act: &Act,
    link: &Link,
    row: &CaseRow,
    reader: Language,
) -> Result<Relative> {
    let sent: i64 = messages::table
        .filter(messages::case_id.eq(row.id).and(messages::audience.eq("citizen")))
        .count()
        .get_result(connection)?;
    let files: i64 =
        attachments::table.filter(attachments::case_id.eq(row.id)).count().get_result(connection)?;
    Ok(Relative {
        case_id: row.id,
        tracking_code: row.tracking_code.clone(),
        relation: link.relation,
        since: link.since,
        is_representative: link.is_representative,
        status: row.status,
        kind: row.kind.clone(),
        channel: row.channel,
        category: row.category.clone(),
        subject: super::shown::subject(connection, act, row)?,
        holder: office_view(act, row.holder_office_id),
        registered_at: row.registered_at,
        due_at: row.due_at,
        overdue: is_late(act, row),
        outcome: row.outcome.clone(),
        why: why(connection, act, row, reader)?,
        messages: sent,
        attachments: files,
    })
}

pub(super) fn is_late(act: &Act, row: &CaseRow) -> bool {
    let waits = matches!(row.status, Status::Registered | Status::Classified | Status::Referred);
    waits && row.due_at < act.now
}

/// What holds a case up: the citizen who was asked, a deadline that was extended, or the body that is late.
pub(super) fn why(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    reader: Language,
) -> Result<Option<String>> {
    let office = office_view(act, row.holder_office_id);
    let (fa, en) = match row.status {
        Status::AwaitingCitizen => {
            let (fa, en) = (date(row.wait_until, Language::Fa), date(row.wait_until, Language::En));
            (
                format!("منتظر پاسخ شهروند است، تا {fa}"),
                format!("It waits for the citizen's reply, until {en}"),
            )
        }
        _ if is_late(act, row) => {
            let (fa, en) = (date(Some(row.due_at), Language::Fa), date(Some(row.due_at), Language::En));
            let reason = extension(connection, row.id)?;
            let (more_fa, more_en) = match reason {
                Some(reason) => (
                    format!("؛ پیش‌تر تمدید شده بود: {reason}"),
                    format!("; it was extended before: {reason}"),
                ),
                None => (String::new(), String::new()),
            };
            (
                format!("نزد «{}» است و از {fa} دیر شده است{more_fa}", office.name_fa),
                format!("{} has it and is late since {en}{more_en}", office.name_en),
            )
        }
        _ => match extension(connection, row.id)?.filter(|_| row.status == Status::Referred) {
            Some(reason) => {
                (format!("مهلت تمدید شد: {reason}"), format!("The deadline was extended: {reason}"))
            }
            None => return Ok(None),
        },
    };
    Ok(Some(if reader == Language::En { en } else { fa }))
}

fn extension(connection: &mut DbConnection, case: CaseId) -> Result<Option<String>> {
    use clock_changes as c;
    let reason: Option<Option<String>> = c::table
        .filter(c::case_id.eq(case).and(c::change.eq("extend")))
        .order(c::id.desc())
        .select(c::reason)
        .first(connection)
        .optional()?;
    Ok(reason.flatten())
}
