//! What waits in a dialogue: the words of an unknown sender, and parts of a long message. Nothing is lost by silence: what
//! waits is taken when its time is over.

use super::super::inbound::{Inbound, Particulars, Vouch};
use super::super::sender;
use super::super::take::{Taken, filing, log_registered, take_words, words};
use super::talk::{language_of, say};
use crate::db::DbConnection;
use crate::db::types::{IntakeItemId, SmsDialogueId};
use crate::domain::actor::Act;
use crate::domain::cases::register::{self, Registered};
use crate::domain::citizens::CitizenInput;
use crate::domain::intake::steps::Step;
use crate::domain::intake::{Form, ItemState, Outcome, Refusal, StepKind, items, steps};
use crate::domain::sms::dialogues::{self, Dialogue, Kind};
use crate::domain::sms::{phone_hash, replies};
use crate::error::{Error, Language, Result};

/// Between two messages of one sender; parts of one message stand within it.
const STRIDE: i32 = 1000;

/// A mobile that the carrier vouches for; nobody else is spoken with.
pub(super) fn mobile_of(inbound: &Inbound, citizen: &CitizenInput) -> Option<String> {
    let is_sms = inbound.form == Form::Sms && inbound.sender.vouch == Vouch::Channel;
    sender::identity(citizen).mobile.filter(|_| is_sms)
}

/// Whether the sender is asked who it is before anything is registered.
pub(in super::super) fn is_unknown(
    connection: &mut DbConnection,
    act: &Act,
    inbound: &Inbound,
    citizen: &CitizenInput,
) -> Result<bool> {
    if !inbound.may_ask || mobile_of(inbound, citizen).is_none() || citizen.national_id.is_some() {
        return Ok(false);
    }
    let own = super::super::thread::own(connection, act, &sender::identity(citizen))?;
    Ok(own.iter().all(|citizen| citizen.identifier.is_none()))
}

/// Keeps the words of an unknown sender back and asks who it is; further words are added to those that wait.
pub(in super::super) fn hold_back(
    connection: &mut DbConnection,
    act: &Act,
    citizen: &CitizenInput,
    text: &str,
    log: &mut Vec<Step>,
) -> Result<Taken> {
    let Some(phone) = sender::identity(citizen).mobile else {
        return Err(Error::internal("only a mobile is asked who it is"));
    };
    let hash = phone_hash(&act.keys, &phone);
    if let Some(known) = dialogues::open(connection, act, &hash, Kind::Identity)? {
        let part =
            dialogues::held(connection, known.id)?.last().map_or(0, |(_, part)| part / STRIDE + 1) * STRIDE;
        log.push((StepKind::Asked, Some("identity".into())));
        return Ok(Taken::Held { dialogue: known.id, part });
    }
    let language = language_of(text);
    let dialogue = new(act, &hash, Kind::Identity, language, act.rules.number("sms_identity_hours")? * 60);
    dialogues::begin(connection, &dialogue)?;
    log.push((StepKind::Asked, Some("identity".into())));
    let facts = replies::Facts { until: Some(dialogue.expires_at), ..replies::Facts::default() };
    say(connection, act, (&phone, language), "sms_ask_identity", None, facts, log)?;
    Ok(Taken::Held { dialogue: dialogue.id, part: 0 })
}

/// A dialogue that ends by itself after so many minutes.
pub(super) fn new(act: &Act, hash: &str, kind: Kind, language: Language, minutes: i64) -> Dialogue {
    Dialogue {
        id: act.id(),
        phone_hash: hash.to_owned(),
        kind,
        case_id: None,
        reference: None,
        total: 1,
        tries: 0,
        language: if language == Language::En { "en" } else { "fa" }.into(),
        created_at: act.now,
        expires_at: act.now.plus_seconds(minutes * 60),
    }
}

/// One part of a long message: it waits for the others; the last one brings all of them in.
pub(in super::super) fn part_of(
    connection: &mut DbConnection,
    act: &Act,
    inbound: &Inbound,
    citizen: &CitizenInput,
    log: &mut Vec<Step>,
) -> Result<Option<Taken>> {
    let Particulars::Sms { reference, part, total } = &inbound.particulars else { return Ok(None) };
    let Some(phone) = mobile_of(inbound, citizen) else { return Ok(None) };
    let hash = phone_hash(&act.keys, &phone);
    dialogues::one_at_a_time(connection, &hash)?;
    let known = dialogues::parts_of(connection, &hash, reference, *total)?;
    let Some(known) = known else {
        let minutes = act.rules.number("sms_parts_minutes")?;
        let one = new(act, &hash, Kind::Parts, language_of(&inbound.text), minutes);
        let one = Dialogue { reference: Some(reference.clone()), total: *total, ..one };
        dialogues::begin(connection, &one)?;
        log.push((StepKind::Asked, Some("parts".into())));
        return Ok(Some(Taken::Held { dialogue: one.id, part: *part }));
    };
    let waiting = dialogues::held(connection, known.id)?;
    let mut there: Vec<i32> = waiting.iter().map(|(_, part)| *part).chain([*part]).collect();
    there.sort_unstable();
    there.dedup();
    if there.len() < usize::try_from(*total).unwrap_or(usize::MAX) {
        log.push((StepKind::Asked, Some("parts".into())));
        return Ok(Some(Taken::Held { dialogue: known.id, part: *part }));
    }
    let mut all = texts(connection, act, &waiting)?;
    all.push((*part, words(&inbound.text)));
    dialogues::end(connection, known.id)?;
    let taken = take_words(connection, act, inbound, citizen.clone(), joined(all), log)?;
    let taken = hand_over(connection, act, &waiting, taken)?;
    Ok(Some(match taken {
        // its own place among its parts
        Taken::Held { dialogue, part: at } => Taken::Held { dialogue, part: at + part },
        taken => taken,
    }))
}

/// Words by their place: parts of one message follow each other, messages stand on lines of their own.
fn joined(mut all: Vec<(i32, String)>) -> String {
    all.sort_by_key(|(part, _)| *part);
    all.dedup_by_key(|(part, _)| *part);
    let mut text = String::new();
    for (part, words) in all {
        if !text.is_empty() && part % STRIDE <= 1 {
            text.push('\n');
        }
        text.push_str(&words);
    }
    text
}

fn texts(
    connection: &mut DbConnection,
    act: &Act,
    waiting: &[(IntakeItemId, i32)],
) -> Result<Vec<(i32, String)>> {
    waiting.iter().map(|(item, part)| Ok((*part, words(&inbound_of(connection, act, *item)?.text)))).collect()
}

fn inbound_of(connection: &mut DbConnection, act: &Act, item: IntakeItemId) -> Result<Inbound> {
    let json = items::find(connection, item)?.content(connection, act)?;
    let json = json.ok_or_else(|| Error::internal(format!("item {item} waits and says nothing")))?;
    serde_json::from_str(&json).map_err(Error::internal)
}

/// What waited becomes what the whole became, or waits on in another dialogue.
fn hand_over(
    connection: &mut DbConnection,
    act: &Act,
    waiting: &[(IntakeItemId, i32)],
    taken: Taken,
) -> Result<Taken> {
    for (item, part) in waiting {
        match &taken {
            Taken::Held { dialogue, part: at } => dialogues::hold(connection, *dialogue, *item, at + part)?,
            taken => {
                let state = if taken.case().is_some() { ItemState::Joined } else { taken.state() };
                let outcome = Outcome { message: None, ..taken.outcome()? };
                items::settle(connection, act, *item, state, &outcome)?;
                steps::add(connection, act, *item, &[(StepKind::Joined, Some("parts".into()))])?;
            }
        }
    }
    Ok(taken)
}

/// Whether the sender said who it is.
pub(super) enum Who {
    Named(String),
    /// It did not, or not rightly: the matter is taken as a report, to which no identity is needed.
    Unnamed,
}

/// Registers what an unknown sender said.
pub(super) fn register_held(
    connection: &mut DbConnection,
    act: &Act,
    dialogue: &Dialogue,
    who: Who,
) -> Result<Option<Registered>> {
    let waiting = dialogues::held(connection, dialogue.id)?;
    let text = joined(texts(connection, act, &waiting)?);
    dialogues::end(connection, dialogue.id)?;
    let Some((first, rest)) = waiting.split_first() else { return Ok(None) };
    let mut inbound = inbound_of(connection, act, first.0)?;
    match who {
        Who::Named(id) => inbound.sender.national_id = Some(id),
        Who::Unnamed => inbound.matter.kind = Some("report".into()),
    }
    let (citizen, _) = sender::told(&inbound.sender, inbound.language.as_deref());
    // in the name of whoever handed it over
    let in_name = Act { actor: items::find(connection, first.0)?.actor(), ..act.clone() };
    let done = register::register(connection, &in_name, &filing(act, &inbound, citizen, text))?;
    let outcome = Outcome { case: Some(done.row.id), ..Outcome::default() };
    items::settle(connection, act, first.0, ItemState::Registered, &outcome)?;
    let mut log = Vec::new();
    log_registered(&done, &mut log);
    steps::add(connection, act, first.0, &log)?;
    for (item, _) in rest {
        items::settle(connection, act, *item, ItemState::Joined, &outcome)?;
        steps::add(connection, act, *item, &[(StepKind::Joined, Some("parts".into()))])?;
    }
    Ok(Some(done))
}

/// Ends a dialogue whose time is over: what waited is taken as it is. Safe to run twice.
///
/// # Errors
/// Whatever keeps it from being taken; [`give_dialogue_up`] then leaves it to a person.
pub fn end_dialogue(connection: &mut DbConnection, act: &Act, id: SmsDialogueId) -> Result<()> {
    let Some(dialogue) = dialogues::lock(connection, id)?.filter(|one| one.expires_at <= act.now) else {
        return Ok(());
    };
    match dialogue.kind {
        Kind::Withdrawal => dialogues::end(connection, id),
        Kind::Identity => register_held(connection, act, &dialogue, Who::Unnamed).map(|_| ()),
        Kind::Parts => {
            let waiting = dialogues::held(connection, id)?;
            let text = joined(texts(connection, act, &waiting)?);
            dialogues::end(connection, id)?;
            let Some((first, _)) = waiting.first() else { return Ok(()) };
            let inbound = inbound_of(connection, act, *first)?;
            let (citizen, _) = sender::told(&inbound.sender, inbound.language.as_deref());
            let in_name = Act { actor: items::find(connection, *first)?.actor(), ..act.clone() };
            let mut log = Vec::new();
            let taken = take_words(connection, &in_name, &inbound, citizen, text, &mut log)?;
            steps::add(connection, act, *first, &log)?;
            hand_over(connection, act, &waiting, taken).map(|_| ())
        }
    }
}

/// Leaves to a person what a dialogue held back and nobody could take.
pub fn give_dialogue_up(connection: &mut DbConnection, act: &Act, id: SmsDialogueId) -> Result<()> {
    if dialogues::lock(connection, id)?.is_none() {
        return Ok(());
    }
    let refusal = Refusal { reason: "dialogue_failed".into(), fields: Vec::new() };
    for (item, _) in dialogues::held(connection, id)? {
        items::settle(connection, act, item, ItemState::ToKey, &Outcome::refused(&refusal)?)?;
        steps::add(connection, act, item, &[(StepKind::ToKey, Some(refusal.reason.clone()))])?;
    }
    dialogues::end(connection, id)
}
