//! The inbox (کارتابل): an actor's work ordered by due time, with counts per box.
//!
//! Work is an open referral to one of the actor's offices, or a case that waits at its desk. Counts are of
//! the same rows as the list, so they cannot be wrong.

mod counts;
mod desk;
mod items;

use diesel::prelude::*;
use serde::Serialize;

use self::counts::counts;
use self::desk::{demanded_cases, extract_page, unled_page};
pub(super) use self::items::urgency;
use self::items::view;
use super::case::CaseView;
use super::followed;
use super::referral::ReferralView;
use crate::db::DbConnection;
use crate::db::connection::MultiBackend;
use crate::db::prepared::OneOf;
use crate::db::schema::{answers, cases, interim_demands, referrals};
use crate::db::types::{CaseId, OfficeId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::CaseRow;
use crate::domain::cases::life::{HopRole, HopState, Status};
use crate::domain::cases::list::Cursor;
use crate::domain::conflict::condition;
use crate::domain::referrals::ReferralRow;
use crate::domain::rulebook::{Reach, Verb};
use crate::domain::visibility;
use crate::error::Result;
use crate::text_enum;

text_enum! {
    /// A box of the inbox.
    pub enum Tray {
        /// Sent to the office, not yet accepted.
        New = "new",
        /// Accepted and being worked on.
        InProgress = "in_progress",
        DueToday = "due_today", Overdue = "overdue",
        /// The citizen was asked.
        Waiting = "waiting",
        /// An answer awaits approval.
        ToApprove = "to_approve",
        Copies = "copies",
        /// Waits at the desk to be classified or referred.
        Triage = "triage",
        /// The outer limit passed: an interim answer is due of the office that leads, else of the one that holds it.
        Interim = "interim",
        /// An appeal that awaits its decision.
        Appeals = "appeals",
        /// Systemic issues that the office owns.
        Problems = "problems",
        /// Recommendations that the office is to carry out, or to judge after a refusal below.
        Recommendations = "recommendations",
        /// A sealed case without a confirmed extract, or with one that is older than the citizen's newest words.
        Extract = "extract",
    }
}

/// One piece of work.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct InboxItem {
    pub r#box: String,
    /// When it is due; none for copies.
    pub due_at: Option<Time>,
    /// When the interim answer is due that the outer limit demands.
    pub interim_due_at: Option<Time>,
    /// Why it is here beside its own time: `outer_limit` or `expected_passed` (an interim answer is demanded, since the
    /// limit passed or the date that was named), `extract_missing` or `extract_behind` (a sealed case has no confirmed
    /// extract, without which it is referred to nobody, or none of the newest words).
    pub reasons: Vec<String>,
    /// `overdue`, `due_today`, `soon` (the last fifth of its time) or `on_time`.
    pub urgency: String,
    /// None for a problem or a recommendation.
    pub case: Option<CaseView>,
    /// None where the case waits at the desk.
    pub referral: Option<ReferralView>,
    pub problem: Option<crate::domain::problems::ProblemView>,
    pub recommendation: Option<crate::domain::quality::RecommendationView>,
}

/// A page of the inbox.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Inbox {
    /// How many in each box.
    pub counts: std::collections::BTreeMap<String, i64>,
    pub items: Vec<InboxItem>,
    pub next_cursor: Option<String>,
}

/// The actor's offices by what work reaches them.
struct Desks {
    referral: Vec<OfficeId>,
    triage: Vec<OfficeId>,
    /// Moves on what the office holds.
    holding: Vec<OfficeId>,
    can_approve: Vec<OfficeId>,
    /// Makes the extracts of sealed cases.
    extract: Vec<OfficeId>,
    /// Decides on appeals there.
    appeal: Vec<OfficeId>,
    /// Cases at work there of which the actor must know nothing.
    kept_from: Vec<CaseId>,
}

/// End of the local day, for "due today".
fn end_of_today(act: &Act) -> Time {
    let zone = jiff::tz::TimeZone::get(crate::domain::calendar::TEHRAN).unwrap_or(jiff::tz::TimeZone::UTC);
    let date = act.now.timestamp().to_zoned(zone.clone()).date();
    date.tomorrow()
        .and_then(|next| next.to_zoned(zone))
        .map_or(act.now.plus_days(1), |midnight| Time::from(midnight.timestamp()))
}

fn desks(connection: &mut DbConnection, act: &Act) -> Result<Desks> {
    let at = |verbs: &[Verb]| -> Vec<OfficeId> {
        let Actor::Staff(staff) = &act.actor else { return Vec::new() };
        let may = |role| verbs.iter().any(|verb| act.rules.reach(role, *verb) != Reach::None);
        staff.assignments.iter().filter(|(role, _)| may(*role)).map(|(_, office)| *office).collect()
    };
    let (referral, appeal) = (at(&[Verb::Accept]), at(&[Verb::DecideAppeal]));
    let of_work = [referral.clone(), appeal.clone()].concat();
    Ok(Desks {
        referral,
        triage: at(&[Verb::Classify]),
        holding: at(&[Verb::Classify, Verb::Refer]),
        can_approve: at(&[Verb::Approve]),
        extract: at(&[Verb::Extract]),
        appeal,
        kept_from: match of_work.is_empty() {
            true => Vec::new(),
            false => condition::kept_from(connection, act, &of_work)?,
        },
    })
}

type Referrals<'a> = diesel::helper_types::IntoBoxed<
    'a,
    diesel::helper_types::InnerJoin<referrals::table, cases::table>,
    MultiBackend,
>;

fn open_referrals<'a>(desks: &Desks) -> Referrals<'a> {
    let open = referrals::table.inner_join(cases::table).filter(referrals::ended_at.is_null()).into_boxed();
    let open = match desks.kept_from.is_empty() {
        true => open,
        false => open.filter(referrals::case_id.ne_all(desks.kept_from.clone())),
    };
    // one office is the common case, and only an equality lets the index give the order
    match desks.referral.as_slice() {
        [one] => open.filter(referrals::office_id.eq(*one)),
        many => open.filter(referrals::office_id.one_of(many.to_vec())),
    }
}

fn in_box<'a>(query: Referrals<'a>, act: &Act, desks: &Desks, name: Tray) -> Referrals<'a> {
    let today = end_of_today(act);
    let works = query.filter(referrals::role.ne(HopRole::Copy)).filter(referrals::role.ne(HopRole::Appeal));
    let running = |query: Referrals<'a>| query.filter(referrals::is_paused.eq(false));
    match name {
        Tray::New => running(works).filter(referrals::state.eq(HopState::Sent)),
        Tray::InProgress => running(works).filter(referrals::state.eq(HopState::Accepted)),
        Tray::DueToday => {
            running(works).filter(referrals::due_at.ge(act.now)).filter(referrals::due_at.lt(today))
        }
        Tray::Overdue => running(works).filter(referrals::due_at.lt(act.now)),
        Tray::Waiting => works.filter(referrals::is_paused.eq(true)),
        Tray::ToApprove => works
            .filter(referrals::office_id.one_of(desks.can_approve.clone()))
            .filter(referrals::id.eq_any(with_draft())),
        Tray::Interim => works
            .filter(cases::lead_referral_id.eq(referrals::id.nullable()))
            .filter(referrals::case_id.eq_any(demanded_cases())),
        Tray::Copies => open_referrals(desks)
            .filter(referrals::role.eq(HopRole::Copy))
            .filter(referrals::state.eq(HopState::Sent)),
        // cases at the desk are no referrals, and appeals have a page of their own
        Tray::Triage | Tray::Appeals | Tray::Problems | Tray::Recommendations | Tray::Extract => {
            works.filter(referrals::id.is_null())
        }
    }
}

/// Referrals with an answer that waits for a second person. By its missing decision, not its state: only a
/// condition without a bound value lets SQLite use the small index of waiting answers.
#[diesel::dsl::auto_type(no_type_alias)]
fn with_draft() -> _ {
    answers::table.filter(answers::decided_at.is_null()).select(answers::referral_id)
}

/// Leads of cases of which an interim answer is demanded, whoever led when it was.
#[diesel::dsl::auto_type(no_type_alias)]
fn with_demand() -> _ {
    interim_demands::table
        .inner_join(cases::table)
        .filter(interim_demands::settled_at.is_null())
        .select(cases::lead_referral_id.assume_not_null())
}

/// One page of the actor's work; `name` narrows it to one box.
pub fn inbox(
    connection: &mut DbConnection,
    act: &Act,
    name: Option<Tray>,
    limit: i64,
    cursor: Option<&Cursor>,
) -> Result<Inbox> {
    let desks = desks(connection, act)?;
    if let Some(tray @ (Tray::Problems | Tray::Recommendations)) = name {
        return followed_box(connection, act, &desks, tray, limit, cursor);
    }
    let mut items = match name {
        Some(Tray::Triage | Tray::Appeals | Tray::Extract) => Vec::new(),
        _ => referral_page(connection, act, &desks, name, limit + 1, cursor)?,
    };
    if matches!(name, None | Some(Tray::Triage)) {
        items.extend(triage_page(connection, act, &desks, limit + 1, cursor)?);
    }
    if matches!(name, None | Some(Tray::Interim)) {
        items.extend(unled_page(connection, act, &desks, name, limit + 1, cursor)?);
    }
    if matches!(name, None | Some(Tray::Extract)) {
        items.extend(extract_page(connection, act, &desks, name, limit + 1, cursor)?);
    }
    if matches!(name, None | Some(Tray::Appeals)) {
        items.extend(appeal_page(connection, &desks, limit + 1, cursor)?);
    }
    items.sort_by_key(|item| (item.0, item.1));
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = items.len() > size;
    items.truncate(size);
    let next_cursor = items
        .last()
        .filter(|_| has_more)
        .map(|(at, id, ..)| Cursor { sort: "inbox".into(), at: *at, id: *id }.encode());
    Ok(Inbox {
        counts: counts(connection, act, &desks)?,
        items: view(connection, act, &desks, items)?,
        next_cursor,
    })
}

fn followed_box(
    connection: &mut DbConnection,
    act: &Act,
    desks: &Desks,
    tray: Tray,
    limit: i64,
    cursor: Option<&Cursor>,
) -> Result<Inbox> {
    let mut rows = followed::page(connection, act, tray, limit + 1, cursor)?;
    let size = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > size;
    rows.truncate(size);
    let last = rows.last().filter(|_| has_more);
    let next_cursor = last.map(|(at, id, _)| Cursor { sort: "inbox".into(), at: *at, id: *id }.encode());
    let items = rows.into_iter().map(|(.., item)| item).collect();
    Ok(Inbox { counts: counts(connection, act, desks)?, items, next_cursor })
}

/// Sort time, sort id, case, referral.
type Item = (Time, i64, CaseRow, Option<ReferralRow>);

/// Copies have no due time; they sort by when they were sent, behind all that is due.
const FAR: i64 = 4_102_444_800_000_000;

fn referral_page(
    connection: &mut DbConnection,
    act: &Act,
    desks: &Desks,
    name: Option<Tray>,
    limit: i64,
    cursor: Option<&Cursor>,
) -> Result<Vec<Item>> {
    if desks.referral.is_empty() {
        return Ok(Vec::new());
    }
    let far = Time::from_microsecond(FAR);
    let mut query = match name {
        Some(name) => in_box(open_referrals(desks), act, desks, name),
        None => open_referrals(desks)
            .filter(referrals::role.ne(HopRole::Copy))
            .filter(referrals::role.ne(HopRole::Appeal)),
    };
    if let Some(c) = cursor {
        let id = crate::db::types::ReferralId(c.id);
        query = if name == Some(Tray::Copies) {
            query.filter(referrals::id.gt(id))
        } else {
            query.filter(referrals::due_at.gt(c.at).or(referrals::due_at.eq(c.at).and(referrals::id.gt(id))))
        };
    }
    let rows: Vec<(ReferralRow, CaseRow)> = query
        .order((referrals::due_at.asc(), referrals::id.asc()))
        .limit(limit)
        .select((ReferralRow::as_select(), CaseRow::as_select()))
        .load(connection)?;
    Ok(rows.into_iter().map(|(hop, row)| (hop.due_at.unwrap_or(far), hop.id.0, row, Some(hop))).collect())
}

/// Open appeals that the actor's office decides, by their due time.
fn appeal_page(
    connection: &mut DbConnection,
    desks: &Desks,
    limit: i64,
    cursor: Option<&Cursor>,
) -> Result<Vec<Item>> {
    if desks.appeal.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = open_appeals(desks);
    if let Some(c) = cursor {
        let id = crate::db::types::ReferralId(c.id);
        query =
            query.filter(referrals::due_at.gt(c.at).or(referrals::due_at.eq(c.at).and(referrals::id.gt(id))));
    }
    let rows: Vec<(ReferralRow, CaseRow)> = query
        .order((referrals::due_at.asc(), referrals::id.asc()))
        .limit(limit)
        .select((ReferralRow::as_select(), CaseRow::as_select()))
        .load(connection)?;
    let far = Time::from_microsecond(FAR);
    Ok(rows.into_iter().map(|(hop, row)| (hop.due_at.unwrap_or(far), hop.id.0, row, Some(hop))).collect())
}

fn open_appeals<'a>(desks: &Desks) -> Referrals<'a> {
    let open = referrals::table.inner_join(cases::table).filter(referrals::ended_at.is_null());
    open.filter(referrals::role.eq(HopRole::Appeal))
        .filter(referrals::office_id.one_of(desks.appeal.clone()))
        .filter(referrals::case_id.ne_all(desks.kept_from.clone()))
        .into_boxed()
}

fn triage_page(
    connection: &mut DbConnection,
    act: &Act,
    desks: &Desks,
    limit: i64,
    cursor: Option<&Cursor>,
) -> Result<Vec<Item>> {
    if desks.triage.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = at_desk(act, desks);
    if let Some(c) = cursor {
        let id = crate::db::types::CaseId(c.id);
        query = query
            .filter(cases::triage_due_at.gt(c.at).or(cases::triage_due_at.eq(c.at).and(cases::id.gt(id))));
    }
    let rows: Vec<CaseRow> = query
        .order((cases::triage_due_at.asc(), cases::id.asc()))
        .limit(limit)
        .select(CaseRow::as_select())
        .load(connection)?;
    Ok(rows.into_iter().map(|row| (row.triage_due_at.unwrap_or(row.due_at), row.id.0, row, None)).collect())
}

fn at_desk<'a>(act: &Act, desks: &Desks) -> cases::BoxedQuery<'a, MultiBackend> {
    cases::table
        .filter(cases::holder_office_id.one_of(desks.triage.clone()))
        .filter(cases::triage_due_at.is_not_null())
        .filter(cases::status.one_of([Status::Registered, Status::Classified]))
        .filter(visibility::visible(act))
        .into_boxed()
}
