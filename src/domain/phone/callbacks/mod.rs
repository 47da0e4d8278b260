//! Who is to be rung back: callers whom nobody answered, and citizens to whom it was promised. Somebody takes an entry for
//! half an hour, tries, and settles it; after the last try that nobody answered it is settled as not reached.

mod gone;
mod made;
mod tried;

use std::collections::BTreeSet;

use diesel::prelude::*;
use serde::Serialize;

use super::calls::CallRow;
use super::seats;
use crate::db::DbConnection;
use crate::db::dialect::for_update;
use crate::db::schema::{cases, phone_callbacks as b};
use crate::db::sealed::Sealed;
use crate::db::types::{CaseId, OfficeId, PhoneCallId, PhoneCallbackId, Time, UserId};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::find_visible;
use crate::domain::confidentiality::{Why, disclose};
use crate::domain::rulebook::Verb;
use crate::domain::text::mask;
use crate::domain::vault::field;
use crate::domain::{definitions, policy, users, visibility};
use crate::error::{Code, Error, Result};
use crate::text_enum;

pub use gone::overdue;
pub(super) use gone::{erase, forget, forget_call};
pub use made::{Promise, promise};
pub(super) use made::{got_through, missed};
pub use tried::{Try, give_up, release, settle_try, take};

text_enum! {
    /// Why somebody is rung back.
    pub enum CallbackOrigin {
        /// It rang at a desk and nobody answered.
        Missed = "missed",
        /// The caller gave up in the queue.
        Abandoned = "abandoned",
        Promised = "promised",
    }
}

text_enum! {
    /// How far it is.
    pub enum CallbackState {
        Open = "open", Done = "done",
        /// Nobody answered at the last try.
        NotReached = "not_reached",
        /// The caller rang again and was answered.
        GotThrough = "got_through",
        /// Set aside by a person.
        GivenUp = "given_up",
    }
}

/// An entry as the desk sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CallbackView {
    pub id: PhoneCallbackId,
    pub origin: CallbackOrigin,
    /// Code of the office whose desk rings back.
    pub office: String,
    pub call_id: Option<PhoneCallId>,
    pub case_id: Option<CaseId>,
    /// All but its end masked in lists; whole for who opens the entry, which is logged.
    pub number: Option<String>,
    /// What was promised and tried; only where the entry is opened.
    pub note: Option<String>,
    /// How often the caller rang.
    pub calls: i32,
    pub state: CallbackState,
    pub tries: i32,
    pub due_at: Time,
    pub overdue: bool,
    pub next_at: Time,
    /// User name of who has it in hand.
    pub taken_by: Option<String>,
    pub taken_until: Option<Time>,
    pub created_at: Time,
    pub settled_at: Option<Time>,
}

/// Which entries.
#[derive(Debug, Clone, Default)]
pub struct CallbackFilter {
    pub state: Option<CallbackState>,
    pub origin: Option<CallbackOrigin>,
    /// Only those that may be tried now and that nobody else has in hand.
    pub is_ready: bool,
    /// Only those whose time is over.
    pub is_overdue: bool,
}

/// A row of the list: its place, and what the actor may see of it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Due time and id, by which the next page begins.
    pub place: (Time, PhoneCallbackId),
    /// None for one whose case the actor does not see.
    pub view: Option<CallbackView>,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = crate::db::schema::phone_callbacks)]
struct Row {
    id: PhoneCallbackId,
    office_id: OfficeId,
    origin: CallbackOrigin,
    call_id: Option<PhoneCallId>,
    case_id: Option<CaseId>,
    number: Option<Sealed>,
    note: Option<Sealed>,
    calls: i32,
    state: CallbackState,
    tries: i32,
    due_at: Time,
    next_at: Time,
    taken_by: Option<UserId>,
    taken_until: Option<Time>,
    created_at: Time,
    settled_at: Option<Time>,
}

/// Offices whose entries the actor sees; none for all.
fn offices(act: &Act) -> Result<Option<Vec<OfficeId>>> {
    policy::allow_anywhere(act, Verb::Register)?;
    let Actor::Staff(staff) = &act.actor else { return Err(Error::Forbidden(Code::Forbidden)) };
    let may = |office: OfficeId| policy::assignment_for(&act.rules, staff, Verb::Register, office).is_some();
    if may(act.rules.offices.centre()) {
        return Ok(None);
    }
    Ok(Some(act.rules.offices.all().map(|office| office.id).filter(|office| may(*office)).collect()))
}

/// Loads and locks an entry that the actor sees.
fn lock(connection: &mut DbConnection, act: &Act, id: PhoneCallbackId) -> Result<Row> {
    let row = for_update(b::table.find(id).select(Row::as_select())).get_result(connection)?;
    if offices(act)?.is_some_and(|offices| !offices.contains(&row.office_id)) {
        return Err(Error::NotFound);
    }
    if let Some(case) = row.case_id {
        find_visible(connection, act, case)?;
    }
    Ok(row)
}

/// The cases of entries that the actor sees.
fn seen(connection: &mut DbConnection, act: &Act, rows: &[Row]) -> Result<BTreeSet<CaseId>> {
    let named: Vec<CaseId> = rows.iter().filter_map(|row| row.case_id).collect();
    let seen: Vec<CaseId> = cases::table
        .filter(cases::id.eq_any(named))
        .filter(visibility::visible(act))
        .select(cases::id)
        .load(connection)?;
    Ok(seen.into_iter().collect())
}

/// One page of the list after `(due, id)`, by due time.
pub fn list(
    connection: &mut DbConnection,
    act: &Act,
    filter: &CallbackFilter,
    after: Option<(Time, PhoneCallbackId)>,
    limit: i64,
) -> Result<Vec<Listed>> {
    let mut query = b::table.order((b::due_at, b::id)).limit(limit).select(Row::as_select()).into_boxed();
    query = match filter.state {
        None | Some(CallbackState::Open) => query.filter(b::settled_at.is_null()),
        Some(state) => query.filter(b::state.eq(state)),
    };
    if let Some(offices) = offices(act)? {
        query = query.filter(b::office_id.eq_any(offices));
    }
    if let Some(origin) = filter.origin {
        query = query.filter(b::origin.eq(origin));
    }
    if filter.is_overdue {
        query = query.filter(b::due_at.lt(act.now));
    }
    if filter.is_ready {
        let is_free =
            b::taken_until.is_null().or(b::taken_until.le(act.now)).or(b::taken_by.eq(act.actor.user()));
        query = query.filter(b::next_at.le(act.now)).filter(is_free.assume_not_null());
    }
    if let Some((due, id)) = after {
        query = query.filter(b::due_at.gt(due).or(b::due_at.eq(due).and(b::id.gt(id))));
    }
    let rows: Vec<Row> = query.load(connection)?;
    let seen = seen(connection, act, &rows)?;
    let people: Vec<UserId> = rows.iter().filter_map(|row| row.taken_by).collect();
    let names = if people.is_empty() { Default::default() } else { users::names(connection, &people)? };
    rows.into_iter()
        .map(|row| {
            let number = number(connection, act, &row)?.map(|number| mask(&number, 4));
            let name = row.taken_by.and_then(|id| names.get(&id)).map(|(name, _)| name.clone());
            let (place, is_seen) = ((row.due_at, row.id), row.is_among(&seen));
            Ok(Listed { place, view: is_seen.then(|| row.view(act, number, None, name)) })
        })
        .collect()
}

fn number(connection: &mut DbConnection, act: &Act, row: &Row) -> Result<Option<String>> {
    act.vault.open_some(connection, field!(phone_callbacks::number), row.id, row.number.as_ref())
}

impl Row {
    fn view(
        self,
        act: &Act,
        number: Option<String>,
        note: Option<String>,
        by: Option<String>,
    ) -> CallbackView {
        let is_held = self.settled_at.is_none() && self.taken_until.is_some_and(|until| until > act.now);
        CallbackView {
            id: self.id,
            origin: self.origin,
            office: act.rules.offices.code(self.office_id),
            call_id: self.call_id,
            case_id: self.case_id,
            number,
            note,
            calls: self.calls,
            state: self.state,
            tries: self.tries,
            due_at: self.due_at,
            overdue: self.settled_at.is_none() && self.due_at < act.now,
            next_at: self.next_at,
            taken_by: by.filter(|_| is_held || self.settled_at.is_some()),
            taken_until: self.taken_until.filter(|_| is_held),
            created_at: self.created_at,
            settled_at: self.settled_at,
        }
    }

    fn is_among(&self, seen: &BTreeSet<CaseId>) -> bool {
        self.case_id.is_none_or(|case| seen.contains(&case))
    }

    fn is_anothers(&self, act: &Act) -> bool {
        self.taken_by != act.actor.user() && self.taken_until.is_some_and(|until| until > act.now)
    }
}

/// An entry with its number and note; that it was read is logged, on a case for its citizen to see. The number of a sealed
/// case is shown to those only who may read whose it is.
pub fn view(connection: &mut DbConnection, act: &Act, id: PhoneCallbackId) -> Result<CallbackView> {
    let row = lock(connection, act, id)?;
    definitions::log(connection, act, "read", &format!("phone_callback:{id}"), "")?;
    let is_shown = match row.case_id {
        Some(case) => {
            let case = find_visible(connection, act, case)?;
            disclose(connection, act, &case, Why::PhoneCall)?.shows_identity(case.id)
        }
        None => true,
    };
    let number = number(connection, act, &row)?.filter(|_| is_shown);
    let note = act.vault.open_some(connection, field!(phone_callbacks::note), id, row.note.as_ref())?;
    let names = users::names(connection, &row.taken_by.into_iter().collect::<Vec<_>>())?;
    let by = row.taken_by.and_then(|id| names.get(&id)).map(|(name, _)| name.clone());
    Ok(row.view(act, number, note, by))
}

/// The open entry of a number that the actor may see, for the screen of whoever answers it.
pub(super) fn of_number(
    connection: &mut DbConnection,
    act: &Act,
    call: &CallRow,
) -> Result<Option<PhoneCallbackId>> {
    let Some(hash) = &call.number_hash else { return Ok(None) };
    let rows: Vec<Row> = b::table
        .filter(b::settled_at.is_null().and(b::number_hash.eq(hash)))
        .order((b::due_at, b::id))
        .limit(20)
        .select(Row::as_select())
        .load(connection)?;
    let seen = seen(connection, act, &rows)?;
    let mut own = rows.iter().filter(|row| row.is_among(&seen) && seats::is_desk(act, row.office_id));
    Ok(own.next().map(|row| row.id))
}
