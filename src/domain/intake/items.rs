//! Items: written once, found again by what they are known by, changed only while they wait.

use std::collections::BTreeMap;

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::{DiscardReason, Form, ItemState, Refusal};
use crate::db::DbConnection;
use crate::db::dialect::{for_update, lock_number};
use crate::db::schema::intake_items as i;
use crate::db::sealed::Sealed;
use crate::db::types::{CaseId, GatewayId, IntakeItemId, MessageId, OfficeId, Time, UserId};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::Channel;
use crate::domain::vault::field;
use crate::error::{Error, Result};
use crate::on_both;

/// What an item is known by: keyed digests, so that nobody who reads the table can try numbers or texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    /// Of the channel's own id, or of the content and its window; no two items share it.
    pub identity: Option<String>,
    /// Of channel, sender, words and files.
    pub content: String,
    /// Whether the channel gave an id; without one the content tells a repetition.
    pub has_id: bool,
}

/// An item to be written.
#[derive(Debug, Clone)]
pub struct New<'a> {
    pub id: IntakeItemId,
    pub form: Form,
    pub channel: Channel,
    pub gateway: Option<&'a str>,
    pub office: OfficeId,
    pub external_id: Option<&'a str>,
    pub marks: &'a Marks,
    /// What it says, as JSON; none where the case says it.
    pub content: Option<String>,
    /// What it was before anything could be read of it, as base64, and its media type.
    pub raw: Option<(String, String)>,
    pub received_at: Time,
}

/// Where an item ends, or waits.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    pub case: Option<CaseId>,
    pub message: Option<MessageId>,
    pub reason: Option<String>,
    pub fields: Option<String>,
}

impl Outcome {
    /// It waits, for this reason.
    pub fn refused(refusal: &Refusal) -> Result<Self> {
        let fields = serde_json::to_string(&refusal.fields).map_err(Error::internal)?;
        let fields = Some(fields).filter(|_| !refusal.fields.is_empty());
        Ok(Self { reason: Some(refusal.reason.clone()), fields, ..Self::default() })
    }
}

/// An item as stored.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = crate::db::schema::intake_items)]
pub struct Item {
    pub id: IntakeItemId,
    pub form: Form,
    pub channel: Channel,
    pub gateway: Option<String>,
    pub gateway_id: Option<GatewayId>,
    pub user_id: Option<UserId>,
    pub office_id: OfficeId,
    pub state: ItemState,
    pub reason: Option<String>,
    pub fields: Option<String>,
    pub external_id: Option<String>,
    pub content_hash: String,
    content: Option<Sealed>,
    raw: Option<Sealed>,
    pub raw_type: Option<String>,
    pub case_id: Option<CaseId>,
    pub message_id: Option<MessageId>,
    pub attempts: i32,
    pub received_at: Time,
    pub at: Time,
    pub settled_at: Option<Time>,
}

impl Item {
    /// What it says, as JSON.
    pub fn content(&self, connection: &mut DbConnection, act: &Act) -> Result<Option<String>> {
        act.vault.open_some(connection, field!(intake_items::content), self.id, self.content.as_ref())
    }

    /// What it was before anything could be read of it, as base64; larger ones are a file of the item.
    pub fn raw(&self, connection: &mut DbConnection, act: &Act) -> Result<Option<String>> {
        act.vault.open_some(connection, field!(intake_items::raw), self.id, self.raw.as_ref())
    }

    /// Why it waits.
    pub fn refusal(&self) -> Option<Refusal> {
        let fields = self.fields.as_deref().and_then(|json| serde_json::from_str(json).ok());
        Some(Refusal { reason: self.reason.clone()?, fields: fields.unwrap_or_default() })
    }

    /// Whoever handed it over, to take it again in the same name; staff are the service itself by then.
    pub fn actor(&self) -> Actor {
        match self.gateway_id {
            Some(id) => Actor::Gateway { id, office: self.office_id, channels: vec!["*".into()] },
            None => Actor::System,
        }
    }
}

/// Lets one delivery of the same content in at a time; the second then finds the first.
pub fn one_at_a_time(connection: &mut DbConnection, marks: &Marks) -> Result<()> {
    let digits = marks.content.get(..15).unwrap_or_default();
    let number = i64::from_str_radix(digits, 16).map_err(Error::internal)?;
    Ok(lock_number(connection, number)?)
}

/// The item that is the same: by the channel's id, or by its content within `window` seconds either way, so that a
/// clock that was set back hides none.
pub fn known(connection: &mut DbConnection, act: &Act, marks: &Marks, window: i64) -> Result<Option<Item>> {
    let query = i::table.select(Item::as_select()).order(i::id.desc()).into_boxed();
    let query = match &marks.identity {
        Some(identity) if marks.has_id => query.filter(i::identity_hash.eq(identity.clone())),
        _ => query
            .filter(i::content_hash.eq(marks.content.clone()))
            .filter(i::at.gt(act.now.plus_seconds(-window)).and(i::at.lt(act.now.plus_seconds(window)))),
    };
    Ok(query.first(connection).optional()?)
}

/// Writes an item in its state.
pub fn insert(
    connection: &mut DbConnection,
    act: &Act,
    new: &New<'_>,
    state: ItemState,
    outcome: &Outcome,
) -> Result<()> {
    let content = act.vault.seal_some(field!(intake_items::content), new.id, new.content.as_deref())?;
    let raw = new.raw.as_ref().map(|(raw, _)| raw.as_str());
    let raw = act.vault.seal_some(field!(intake_items::raw), new.id, raw)?;
    let gateway = match &act.actor {
        Actor::Gateway { id, .. } => Some(*id),
        _ => None,
    };
    let row = (
        (i::id.eq(new.id), i::form.eq(new.form), i::channel.eq(new.channel), i::gateway.eq(new.gateway)),
        (i::gateway_id.eq(gateway), i::user_id.eq(act.actor.user()), i::office_id.eq(new.office)),
        (i::external_id.eq(new.external_id), i::identity_hash.eq(new.marks.identity.as_deref())),
        (i::content_hash.eq(&new.marks.content), i::content.eq(content), i::raw.eq(raw)),
        (i::raw_type.eq(new.raw.as_ref().map(|(_, kind)| kind.as_str())), i::attempts.eq(1)),
        (
            i::state.eq(state),
            i::reason.eq(outcome.reason.as_deref()),
            i::fields.eq(outcome.fields.as_deref()),
        ),
        (i::case_id.eq(outcome.case), i::message_id.eq(outcome.message)),
        (i::received_at.eq(new.received_at), i::at.eq(act.now), i::settled_at.eq(settled(act, state))),
    );
    on_both!(connection, |c| diesel::insert_into(i::table).values(row).execute(c))?;
    Ok(())
}

fn settled(act: &Act, state: ItemState) -> Option<Time> {
    match state {
        ItemState::Registered | ItemState::Joined | ItemState::Discarded | ItemState::Answered => {
            Some(act.now)
        }
        ItemState::Failed | ItemState::ToKey | ItemState::Asked => None,
    }
}

/// Lays what became of a waiting item on its row.
pub fn settle(
    connection: &mut DbConnection,
    act: &Act,
    item: IntakeItemId,
    state: ItemState,
    outcome: &Outcome,
) -> Result<()> {
    diesel::update(i::table.find(item))
        .set((
            (
                i::state.eq(state),
                i::reason.eq(outcome.reason.as_deref()),
                i::fields.eq(outcome.fields.as_deref()),
            ),
            (i::case_id.eq(outcome.case), i::message_id.eq(outcome.message)),
            (i::attempts.eq(i::attempts + 1), i::settled_at.eq(settled(act, state))),
        ))
        .execute(connection)?;
    Ok(())
}

/// Puts what a later delivery said in the place of what could not be taken.
pub fn replace(
    connection: &mut DbConnection,
    act: &Act,
    item: IntakeItemId,
    content: &str,
    hash: &str,
) -> Result<()> {
    let content = act.vault.seal(field!(intake_items::content), item, content)?;
    diesel::update(i::table.find(item))
        .set((i::content.eq(Some(content)), i::content_hash.eq(hash)))
        .execute(connection)?;
    Ok(())
}

/// Sets an item aside; it is kept and counted.
pub fn discard(
    connection: &mut DbConnection,
    act: &Act,
    item: IntakeItemId,
    reason: DiscardReason,
) -> Result<()> {
    diesel::update(i::table.find(item))
        .set((i::state.eq(ItemState::Discarded), i::reason.eq(reason.as_str()), i::settled_at.eq(act.now)))
        .execute(connection)?;
    Ok(())
}

/// The item of this id.
pub fn find(connection: &mut DbConnection, id: IntakeItemId) -> Result<Item> {
    Ok(i::table.find(id).select(Item::as_select()).first(connection)?)
}

/// The same, locked until the transaction ends.
pub fn lock(connection: &mut DbConnection, id: IntakeItemId) -> Result<Item> {
    let _: IntakeItemId = for_update(i::table.find(id).select(i::id)).get_result(connection)?;
    find(connection, id)
}

/// The item that a case was registered by.
pub fn of_case(connection: &mut DbConnection, case: CaseId) -> Result<Option<IntakeItemId>> {
    Ok(i::table
        .filter(i::case_id.eq(case).and(i::state.eq(ItemState::Registered)))
        .order(i::id)
        .select(i::id)
        .first(connection)
        .optional()?)
}

/// Items that are no part of a case: few, and found by an index that holds no others.
pub(super) fn aside() -> SqlLiteral<Bool> {
    sql("intake_items.state <> 'registered' AND intake_items.state <> 'joined'")
}

/// Which items to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub state: Option<ItemState>,
    pub channel: Option<Channel>,
    /// Offices whose items may be seen; none for all.
    pub offices: Option<Vec<OfficeId>>,
}

/// Items, the newest first, older than `before`.
pub fn list(
    connection: &mut DbConnection,
    filter: &Filter,
    before: Option<IntakeItemId>,
    limit: i64,
) -> Result<Vec<Item>> {
    let mut query = i::table.order(i::id.desc()).limit(limit).select(Item::as_select()).into_boxed();
    match filter.state {
        Some(
            state @ (ItemState::Failed
            | ItemState::ToKey
            | ItemState::Discarded
            | ItemState::Asked
            | ItemState::Answered),
        ) => {
            query = query.filter(i::state.eq(state)).filter(aside());
        }
        Some(state @ (ItemState::Registered | ItemState::Joined)) => query = query.filter(i::state.eq(state)),
        None => {}
    }
    if let Some(channel) = filter.channel {
        query = query.filter(i::channel.eq(channel));
    }
    if let Some(offices) = &filter.offices {
        query = query.filter(i::office_id.eq_any(offices.clone()));
    }
    if let Some(before) = before {
        query = query.filter(i::id.lt(before));
    }
    Ok(query.load(connection)?)
}

/// Items that could not be taken, oldest first; for another try.
pub fn failed(
    connection: &mut DbConnection,
    channel: Option<Channel>,
    only: Option<IntakeItemId>,
) -> Result<Vec<IntakeItemId>> {
    let mut query = i::table
        .filter(i::state.eq(ItemState::Failed))
        .filter(aside())
        .order(i::id)
        .select(i::id)
        .into_boxed();
    if let Some(channel) = channel {
        query = query.filter(i::channel.eq(channel));
    }
    if let Some(id) = only {
        query = query.filter(i::id.eq(id));
    }
    Ok(query.load(connection)?)
}

/// How many items wait in a state, by channel.
pub fn waiting(connection: &mut DbConnection, state: ItemState) -> Result<BTreeMap<String, i64>> {
    let rows: Vec<(Channel, i64)> = i::table
        .filter(i::state.eq(state))
        .filter(aside())
        .group_by(i::channel)
        .select((i::channel, diesel::dsl::count_star()))
        .load(connection)?;
    Ok(rows.into_iter().map(|(channel, count)| (channel.to_string(), count)).collect())
}
