//! Ask and reply: the holder asks the citizen once per level; the clocks stand until the word comes.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::clocks;
use super::docket::{Docket, Expected, find_visible};
use super::family;
use super::life::Fact;
use super::record::record;
use super::repeat;
use super::row::Channel;
use crate::db::DbConnection;
use crate::db::prepared::prepared;
use crate::db::schema::{messages, questions};
use crate::db::types::{CaseId, EventId, MessageId, OfficeId, QuestionId};
use crate::domain::actor::{Act, Actor};
use crate::domain::deadlines;
use crate::domain::input;
use crate::domain::notifications::{self, DeliveryState, Facts};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::domain::vault::field;
use crate::error::{Error, Result};

/// A question to the citizen.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// What is missing, in plain words.
    pub text: String,
}

/// What a citizen says on a case.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The citizen's words.
    pub text: String,
    /// The channel they came by; `web` for the citizen's own page.
    #[serde(default)]
    pub channel: Option<String>,
}

/// Asks the citizen; after the wait (20 days by default) the case closes without a reply.
pub fn ask(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
    wish: &Ask,
) -> Result<Docket> {
    let mut docket = Docket::open(connection, act, id, expected)?;
    let office = policy::allow(act, Verb::Ask, docket.life.holder)?;
    let asked_by = act.actor.user().ok_or(Error::Forbidden(crate::error::Code::Forbidden))?;
    let text = input::text("text", &wish.text, input::TEXT_MAX).map_err(Error::field)?;
    let level = act.rules.offices.get(office).map_or("centre", |office| office.level.as_str());
    let span = act.rules.required_span("question_wait", None, None, None, false)?;
    let wait_until = deadlines::due(act.rules.calendar(office)?, act.now.timestamp(), span)?.into();
    let question: QuestionId = act.id();
    let referral = docket.life.working_lead();
    let fact = docket.life.ask(question, level, wait_until)?;
    diesel::insert_into(questions::table)
        .values((
            (questions::id.eq(question), questions::case_id.eq(id), questions::referral_id.eq(referral)),
            (questions::office_id.eq(office), questions::asked_by.eq(asked_by), questions::text.eq(text)),
            (questions::asked_at.eq(act.now), questions::wait_until.eq(wait_until)),
        ))
        .execute(connection)?;
    let event = record(connection, act, &mut docket, &[fact], Some(office))?;
    clocks::pause(connection, act, &docket, wait_until)?;
    let facts =
        Facts { office: Some(office), until: Some(wait_until), question: Some(question), ..Facts::default() };
    notifications::to_citizen(connection, act, &docket.row, event, "question_asked", &facts)?;
    docket.reload(connection)
}

/// Records what the citizen says; where a question waits, it is its reply and the clocks run again.
pub fn reply(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    wish: &Reply,
) -> Result<(Docket, MessageId)> {
    find_visible(connection, act, id)?;
    let (act, id) = &family::reply_voice(connection, act, id)?;
    let id = *id;
    let mut docket = Docket::open(connection, act, id, Expected::Any)?;
    let office = match &act.actor {
        Actor::Citizen { .. } => None,
        _ => Some(policy::allow(act, Verb::Reply, docket.life.holder)?),
    };
    docket.life.can_speak()?;
    let text = input::text("text", &wish.text, input::TEXT_MAX).map_err(Error::field)?;
    let channel = match wish.channel.as_deref() {
        Some(code) => input::choice::<Channel>("channel", code).map_err(Error::field)?,
        None => Channel::Web,
    };
    let message = hear(connection, act, &mut docket, &text, channel, office)?;
    Ok((docket.reload(connection)?, message))
}

/// Takes the citizen's words down: the reply to a question that waits, new facts for a case that was closed as a
/// repeat and is opened by them, or one more message.
pub(super) fn hear(
    connection: &mut DbConnection,
    act: &Act,
    docket: &mut Docket,
    text: &str,
    channel: Channel,
    office: Option<OfficeId>,
) -> Result<MessageId> {
    let id = docket.row.id;
    let message: MessageId = act.id();
    let fact = if docket.life.can_reply().is_ok() {
        Fact::CitizenReplied {
            question: open_question(connection, id)?,
            message,
            moves: clocks::resumption(connection, act, &docket.row)?,
        }
    } else {
        Fact::MessageReceived { message, channel: channel.to_string() }
    };
    let opens = match docket.life.can_take_new_facts() {
        Ok(()) => Some(repeat::reopening(connection, act, docket)?),
        Err(_) => None,
    };
    let is_opened = opens.is_some();
    let facts: Vec<Fact> = std::iter::once(fact.clone()).chain(opens).collect();
    let event = record(connection, act, docket, &facts, office)?;
    keep_words(connection, act, docket, message, event, text, channel)?;
    if is_opened {
        repeat::take_up(connection, act, docket, event)?;
    }
    if let Fact::CitizenReplied { question, .. } = fact {
        clocks::resume(connection, act, docket, "reply")?;
        if let Some(question) = question {
            prepared(diesel::update(questions::table.find(question)).set(questions::replied_at.eq(act.now)))
                .execute(connection)?;
        }
    }
    Ok(message)
}

fn keep_words(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    message: MessageId,
    event: EventId,
    text: &str,
    channel: Channel,
) -> Result<()> {
    let id = docket.row.id;
    let facts = act.vault.seal(field!(messages::facts), message, "{}")?;
    let body = act.vault.seal(field!(messages::body), message, text)?;
    use messages as m;
    diesel::insert_into(m::table)
        .values((
            (m::id.eq(message), m::case_id.eq(id), m::event_id.eq(event), m::direction.eq("in")),
            (
                m::audience.eq("citizen"),
                m::citizen_id.eq(docket.row.citizen_id),
                m::channel.eq(channel.as_str()),
            ),
            (m::language.eq(&docket.row.language), m::facts.eq(facts), m::body.eq(body)),
            (m::state.eq(DeliveryState::Received), m::attempts.eq(0), m::created_at.eq(act.now)),
        ))
        .execute(connection)?;
    Ok(())
}

fn open_question(connection: &mut DbConnection, case: CaseId) -> Result<Option<QuestionId>> {
    Ok(questions::table
        .filter(questions::case_id.eq(case).and(questions::replied_at.is_null()))
        .order(questions::id.desc())
        .select(questions::id)
        .first(connection)
        .optional()?)
}
