//! A message made ready: addressed and rendered, in a read of its own.

use diesel::prelude::*;

use super::{Claimed, Hold, MessageRow};
use crate::db::DbConnection;
use crate::db::schema::{cases, outbox};
use crate::db::types::MessageId;
use crate::domain::cases::{CaseRow, Priority};
use crate::domain::citizens;
use crate::domain::conflict::Conflict;
use crate::domain::intake::mails;
use crate::domain::letters::PaperLetter;
use crate::domain::notifications::{self, DeliveryState, Facts, Links, Outlet, Rendered, reference};
use crate::domain::rulebook::Rulebook;
use crate::domain::sms::stops;
use crate::domain::vault::Vault;
use crate::error::{Language, Result};

/// A text with its address, for a gateway. Its `Debug` shows neither.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    pub message: MessageId,
    pub outlet: Outlet,
    /// E.164 number or e-mail address.
    pub address: String,
    pub language: Language,
    pub rendered: Rendered,
    pub thread: Thread,
    pub haste: Haste,
    /// How a fax looks; set before it is sent.
    pub page: Option<PaperLetter>,
}

/// What a message need not wait for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Haste {
    /// Somebody waits for it now, or the case is urgent: neither quiet hours nor a full gateway hold it back.
    pub is_prompt: bool,
    /// It waited for its turn at the gateway, and this is it.
    pub has_turn: bool,
}

/// Where a mail stands among others (RFC 5322 §3.6.4).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Thread {
    /// Its own Message-ID without domain; keyed, so that nobody can make up a reply to it.
    pub local: String,
    /// The Message-ID of the citizen's mail that it answers.
    pub answers: Option<String>,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Letter")
            .field("message", &self.message)
            .field("outlet", &self.outlet)
            .finish_non_exhaustive()
    }
}

/// What became of a claim when it was read.
#[derive(Debug)]
pub enum Loaded {
    /// To be sent.
    Ready(Box<Letter>),
    /// Nobody can be reached by this outlet any more: why.
    Unreachable(&'static str),
    /// The lease has ended or the message was settled by somebody else.
    Lost,
}

/// Renders a claimed message and finds its address.
///
/// # Errors
/// `Internal` when its template is missing or wrong.
pub fn load_for_sending(
    connection: &mut DbConnection,
    rules: &Rulebook,
    vault: &Vault,
    claimed: &Claimed,
    links: Links<'_>,
) -> Result<Loaded> {
    let Some(held) = held(connection, claimed)? else { return Ok(Loaded::Lost) };
    let row = MessageRow::load(connection, claimed.message)?;
    let (Some(outlet), Some(template), DeliveryState::Queued) =
        (row.outlet(), row.template.as_deref(), row.state)
    else {
        return Ok(Loaded::Lost);
    };
    let facts = Facts::open(connection, vault, row.id, &row.facts)?;
    let former = facts.former.clone().filter(|(by, _)| *by == outlet).map(|(_, address)| address);
    let address = match former {
        Some(former) => Some(former),
        None => address_of(connection, rules, vault, &row, outlet)?,
    };
    let Some(address) = address else {
        return Ok(Loaded::Unreachable("there is no address any more"));
    };
    let is_stopped = outlet == Outlet::Sms && stops::is_stopped(connection, links.keys, &address)?;
    if is_stopped {
        return Ok(Loaded::Unreachable("the number wants no more SMS"));
    }
    let case = cases::table.find(row.case_id).select(CaseRow::as_select()).first(connection).optional()?;
    let Some(case) = case else { return Ok(Loaded::Unreachable("the case is gone")) };
    // it may have been queued before it was known whom the case is about
    if let Some(office) = row.office_id
        && Conflict::of(connection, rules, &case)?.bars_office(&rules.offices, office)
    {
        return Ok(Loaded::Unreachable("the case is about this office"));
    }
    let rendered = notifications::render(
        connection,
        rules,
        &case,
        template,
        &row.audience,
        outlet,
        &row.language,
        &facts,
        links,
        vault,
    )?;
    let language = if row.language == "en" { Language::En } else { Language::Fa };
    let answers = match (outlet, row.citizen_id) {
        (Outlet::Email, Some(_)) => mails::answered(connection, row.case_id)?,
        _ => None,
    };
    let thread = Thread { local: reference::local(links.keys, row.id), answers };
    let is_prompt = facts.access_code.is_some() || case.priority != Priority::Normal;
    let haste = Haste { is_prompt, has_turn: held == Some(Hold::Turn) };
    let message = row.id;
    Ok(Loaded::Ready(Box::new(Letter {
        message,
        outlet,
        address,
        language,
        rendered,
        thread,
        haste,
        page: None,
    })))
}

/// Why a message waited that this claim holds; none where it holds it no more.
fn held(connection: &mut DbConnection, claimed: &Claimed) -> Result<Option<Option<Hold>>> {
    Ok(outbox::table
        .filter(outbox::message_id.eq(claimed.message))
        .filter(outbox::lease_owner.eq(&claimed.owner).and(outbox::lease_until.eq(claimed.until)))
        .select(outbox::held)
        .first(connection)
        .optional()?)
}

fn address_of(
    connection: &mut DbConnection,
    rules: &Rulebook,
    vault: &Vault,
    row: &MessageRow,
    outlet: Outlet,
) -> Result<Option<String>> {
    if let Some(office) = row.office_id {
        let email = rules.offices.get(office).and_then(|office| office.email.clone());
        return Ok(email.filter(|_| outlet == Outlet::Email));
    }
    let Some(id) = row.citizen_id else { return Ok(None) };
    let citizen = citizens::find(connection, vault, id)?;
    Ok(citizen.and_then(|citizen| notifications::address(&citizen, outlet).map(str::to_owned)))
}
