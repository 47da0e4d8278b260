//! The inbox (کارتابل): an actor's work ordered by due time, with counts per box.
//!
//! Work is an open referral to one of the actor's offices, or a case that waits at its desk. Counts are of
//! the same rows as the list, so they cannot be wrong.

mod desk;

use diesel::dsl::count_star;
use diesel::prelude::*;
use serde::Serialize;

use self::desk::{demanded, demanded_cases, extract_page, unled, unled_page};
use super::case::{CaseView, cases as case_views};
use super::followed;
use super::referral::{ReferralView, several as referral_views};
use crate::db::DbConnection;
use crate::db::connection::MultiBackend;
use crate::db::prepared::OneOf;
use crate::db::schema::{answers, cases, interim_demands, referrals};
use crate::db::types::{CaseId, OfficeId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::CaseRow;
use crate::domain::cases::life::{HopRole, HopState, Status};
use crate::domain::cases::list::Cursor;
use crate::domain::confidentiality::wanting::{unextracted, wanting};
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

fn counts(
    connection: &mut DbConnection,
    act: &Act,
    desks: &Desks,
) -> Result<std::collections::BTreeMap<String, i64>> {
    let mut counts: std::collections::BTreeMap<String, i64> =
        Tray::ALL.iter().map(|name| (name.to_string(), 0)).collect();
    if !desks.referral.is_empty() {
        count_referrals(connection, act, desks, &mut counts)?;
    }
    if !desks.appeal.is_empty() {
        let open: i64 = open_appeals(desks).count().get_result(connection)?;
        counts.insert(Tray::Appeals.to_string(), open);
    }
    if !desks.triage.is_empty() {
        let waiting: i64 = at_desk(act, desks).select(count_star()).first(connection)?;
        counts.insert(Tray::Triage.to_string(), waiting);
    }
    for (tray, waiting) in followed::counts(connection, act)? {
        counts.insert(tray.to_string(), waiting);
    }
    if !desks.holding.is_empty() {
        let unled: i64 = unled(act, &desks.holding).select(count_star()).first(connection)?;
        *counts.entry(Tray::Interim.to_string()).or_default() += unled;
    }
    if !desks.extract.is_empty() {
        let waiting = unextracted(&desks.extract).filter(visibility::visible(act));
        counts.insert(Tray::Extract.to_string(), waiting.select(count_star()).first(connection)?);
    }
    Ok(counts)
}

/// Counts open referrals by sort in one pass over the index, then the ones that are late or due.
fn count_referrals(
    connection: &mut DbConnection,
    act: &Act,
    desks: &Desks,
    counts: &mut std::collections::BTreeMap<String, i64>,
) -> Result<()> {
    use referrals as r;
    // nothing is asked of a case as long as there is nothing to hide: the index alone is counted
    let hides = !desks.kept_from.is_empty();
    let mine = || {
        let open = r::table.filter(r::ended_at.is_null()).filter(r::office_id.one_of(desks.referral.clone()));
        let open = open.into_boxed::<MultiBackend>();
        if hides { open.filter(r::case_id.ne_all(desks.kept_from.clone())) } else { open }
    };
    let mut sorts = r::table
        .filter(r::ended_at.is_null())
        .filter(r::office_id.one_of(desks.referral.clone()))
        .group_by((r::role, r::state, r::is_paused))
        .select((r::role, r::state, r::is_paused, count_star()))
        .into_boxed::<MultiBackend>();
    if hides {
        sorts = sorts.filter(r::case_id.ne_all(desks.kept_from.clone()));
    }
    let sorts: Vec<(HopRole, HopState, bool, i64)> = sorts.load(connection)?;
    for (role, state, is_paused, count) in sorts {
        let name = match (role, state, is_paused) {
            (HopRole::Copy, HopState::Sent, _) => Tray::Copies,
            (HopRole::Copy | HopRole::Appeal, ..) => continue,
            (_, _, true) => Tray::Waiting,
            (_, HopState::Sent, _) => Tray::New,
            _ => Tray::InProgress,
        };
        *counts.entry(name.to_string()).or_default() += count;
    }
    let works = || mine().filter(r::role.ne(HopRole::Copy)).filter(r::role.ne(HopRole::Appeal));
    let running = || works().filter(r::is_paused.eq(false));
    let overdue = running().filter(r::due_at.lt(act.now)).count().get_result(connection)?;
    let today = running().filter(r::due_at.ge(act.now)).filter(r::due_at.lt(end_of_today(act)));
    let to_approve = works()
        .filter(r::office_id.one_of(desks.can_approve.clone()))
        .filter(referrals::id.eq_any(with_draft()));
    let interim: i64 = works().filter(r::id.eq_any(with_demand())).count().get_result(connection)?;
    counts.insert(Tray::Interim.to_string(), interim);
    counts.insert(Tray::Overdue.to_string(), overdue);
    counts.insert(Tray::DueToday.to_string(), today.count().get_result(connection)?);
    counts.insert(Tray::ToApprove.to_string(), to_approve.count().get_result(connection)?);
    Ok(())
}

fn view(connection: &mut DbConnection, act: &Act, desks: &Desks, items: Vec<Item>) -> Result<Vec<InboxItem>> {
    let rows: Vec<CaseRow> = items.iter().map(|(_, _, row, _)| row.clone()).collect();
    let hops: Vec<(ReferralRow, bool)> =
        items.iter().filter_map(|(_, _, row, hop)| Some((hop.clone()?, row.is_sealed))).collect();
    let cases = case_views(connection, act, &rows)?;
    let demands = demanded(connection, &items)?;
    let sealed = items.iter().filter(|(_, _, row, hop)| row.is_sealed && hop.is_none());
    let sealed: Vec<CaseId> = sealed.filter(|_| !desks.extract.is_empty()).map(|item| item.2.id).collect();
    let wanted = wanting(connection, &sealed)?;
    let mut referrals = referral_views(connection, act, &hops)?.into_iter();
    let item = |((_, _, row, hop), case): (Item, CaseView)| {
        let leads = hop.as_ref().is_none_or(|hop| row.lead_referral_id == Some(hop.id));
        let demand = demands.get(&row.id).filter(|_| leads).cloned();
        let wanted = wanted.get(&row.id).filter(|_| hop.is_none());
        let cause = demand.as_ref().map(|(_, cause)| cause.clone());
        let reasons = cause.into_iter().chain(wanted.map(|wanted| wanted.to_string()));
        let (started, due_at) = match &hop {
            Some(hop) => (Some(hop.started_at), hop.due_at),
            None if waits_at_desk(&row) => (row.triage_started_at, row.triage_due_at),
            None => (None, Some(row.due_at)),
        };
        InboxItem {
            r#box: tray(&row, hop.as_ref()).to_string(),
            due_at,
            interim_due_at: demand.as_ref().map(|(due, _)| *due),
            reasons: reasons.collect(),
            urgency: urgency(act, started, due_at).to_owned(),
            case: Some(case),
            referral: hop.and_then(|_| referrals.next()),
            problem: None,
            recommendation: None,
        }
    };
    Ok(items.into_iter().zip(cases).map(item).collect())
}

fn tray(row: &CaseRow, hop: Option<&ReferralRow>) -> Tray {
    match hop {
        None if waits_at_desk(row) => Tray::Triage,
        None if matches!(row.status, Status::Registered | Status::Classified) => Tray::Interim,
        None => Tray::Extract,
        Some(hop) if hop.role == HopRole::Copy => Tray::Copies,
        Some(hop) if hop.role == HopRole::Appeal => Tray::Appeals,
        Some(_) if row.status == Status::AwaitingCitizen => Tray::Waiting,
        Some(hop) if hop.state == HopState::Sent => Tray::New,
        Some(_) => Tray::InProgress,
    }
}

/// Whether it is at a desk that classifies and refers.
fn waits_at_desk(row: &CaseRow) -> bool {
    matches!(row.status, Status::Registered | Status::Classified) && row.triage_due_at.is_some()
}

pub(super) fn urgency(act: &Act, started: Option<Time>, due: Option<Time>) -> &'static str {
    let Some(due) = due else { return "on_time" };
    let span = started.map_or(0, |started| due.as_microsecond() - started.as_microsecond());
    match due {
        due if due < act.now => "overdue",
        due if due < end_of_today(act) => "due_today",
        due if due.as_microsecond() - act.now.as_microsecond() < span / 5 => "soon",
        _ => "on_time",
    }
}
