//! A message as a letter: its words read again from its facts, and its settlement when people have posted it.

use diesel::prelude::*;

use super::settle::{Carrier, store};
use super::{Letter, MessageRow};
use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::db::types::{CitizenId, MessageId, OfficeId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::CaseRow;
use crate::domain::citizens;
use crate::domain::notifications::{self, DeliveryState, Facts, Links, Outlet};
use crate::domain::vault::Vault;
use crate::error::{Code, Error, Language, Result};

/// A message to a citizen, in the words of a letter.
#[derive(Debug, Clone)]
pub struct Written {
    pub letter: Letter,
    pub citizen: CitizenId,
    /// The office that the message speaks of.
    pub office: Option<OfficeId>,
    pub created_at: Time,
}

/// The words of a message to the citizen of this case.
///
/// # Errors
/// `NotFound` for a message of another case, to an office, from the citizen, or erased.
pub fn written(
    connection: &mut DbConnection,
    act: &Act,
    case: &CaseRow,
    message: MessageId,
    links: Links<'_>,
) -> Result<Written> {
    let row = MessageRow::load(connection, message)?;
    let is_letter = row.case_id == case.id && row.direction == "out" && row.audience == "citizen";
    let (Some(citizen), Some(template), true) = (row.citizen_id, row.template.as_deref(), is_letter) else {
        return Err(Error::NotFound);
    };
    let facts = Facts::open(connection, &act.vault, row.id, &row.facts)?;
    let rendered = notifications::render(
        connection,
        &act.rules,
        case,
        template,
        &row.audience,
        Outlet::Letter,
        &row.language,
        &facts,
        links,
        &act.vault,
    )?;
    let language = if row.language == "en" { Language::En } else { Language::Fa };
    let address = citizens::find(connection, &act.vault, citizen)?
        .and_then(|citizen| notifications::address(&citizen, Outlet::Letter).map(str::to_owned));
    let letter = Letter {
        message: row.id,
        outlet: Outlet::Letter,
        address: address.unwrap_or_default(),
        language,
        rendered,
        thread: Default::default(),
        haste: Default::default(),
        page: None,
    };
    Ok(Written { letter, citizen, office: facts.office, created_at: row.created_at })
}

/// A message that is ready to be sent, as a letter to the citizen of its case.
///
/// # Errors
/// `NotFound` for a message to an office.
pub fn ready(connection: &mut DbConnection, vault: &Vault, letter: &Letter) -> Result<(CaseRow, Written)> {
    let row = MessageRow::load(connection, letter.message)?;
    let citizen = row.citizen_id.ok_or(Error::NotFound)?;
    let facts = Facts::open(connection, vault, row.id, &row.facts)?;
    let case = cases::table.find(row.case_id).select(CaseRow::as_select()).first(connection)?;
    let written =
        Written { letter: letter.clone(), citizen, office: facts.office, created_at: row.created_at };
    Ok((case, written))
}

/// People handed a letter to the post: its words are kept as they were printed, its access code is not.
///
/// # Errors
/// `wrong_state` for a message that does not wait to be posted.
pub fn settle_posted(connection: &mut DbConnection, act: &Act, letter: &Letter, detail: &str) -> Result<()> {
    let row = MessageRow::lock(connection, letter.message)?;
    if row.state != DeliveryState::Queued || row.outlet() != Some(Outlet::Letter) {
        return Err(Error::Conflict(Code::WrongState));
    }
    store(connection, act, &row, letter, DeliveryState::Sent, Carrier::default(), Some(detail))
}
