//! A case as staff see it.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use crate::db::DbConnection;
use crate::db::types::{CaseId, CitizenId, OfficeId, Time, UserId};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::life::{Proposal, Status};
use crate::domain::cases::register::Place;
use crate::domain::cases::{CaseRow, Channel, Priority, Representative};
use crate::domain::citizens::{self, Citizen};
use crate::domain::rulebook::Verb;
use crate::domain::users;
use crate::domain::vault::field;
use crate::error::Result;

/// An office by code and names.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct OfficeView {
    pub code: String,
    pub name_fa: String,
    pub name_en: String,
    pub level: String,
}

/// Who holds a case.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct HolderView {
    /// Code of the office.
    pub office: String,
    pub office_name_fa: String,
    pub office_name_en: String,
    /// User name, once assigned.
    pub user: Option<String>,
    pub user_name: Option<String>,
}

/// A citizen's identity, for those who may read it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CitizenView {
    pub id: CitizenId,
    /// `natural`, `legal` or `foreign`.
    pub kind: String,
    pub national_id: Option<String>,
    pub name: Option<String>,
    pub mobile: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub address: Option<String>,
    pub postal_code: Option<String>,
    pub preferred_channel: Option<String>,
    pub language: String,
}

/// A case.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct CaseView {
    pub id: CaseId,
    pub tracking_code: String,
    /// Rises with every change; the ETag.
    pub version: i32,
    pub status: Status,
    pub kind: String,
    pub channel: Channel,
    pub category: Option<String>,
    pub category_name_fa: Option<String>,
    pub category_name_en: Option<String>,
    pub priority: Priority,
    pub subject: Option<String>,
    pub text: String,
    pub language: String,
    pub remedy_sought: Option<String>,
    pub place: Place,
    pub anonymous: bool,
    pub sealed: bool,
    pub about_office: Option<String>,
    /// Code of the office that registered it.
    pub intake_office: String,
    pub holder: HolderView,
    /// None where nobody is named or the actor may not read it.
    pub citizen: Option<CitizenView>,
    pub representative: Option<Representative>,
    pub external_id: Option<String>,
    pub received_at: Time,
    pub registered_at: Time,
    /// The promise to the citizen.
    pub due_at: Time,
    pub overdue: bool,
    /// The hard outer limit.
    pub outer_at: Option<Time>,
    /// When a question waits for the citizen: until when.
    pub wait_until: Option<Time>,
    pub answered_at: Option<Time>,
    /// Until when the citizen may object before the case closes by itself.
    pub window_until: Option<Time>,
    pub closed_at: Option<Time>,
    pub outcome: Option<String>,
    pub outcome_reason: Option<String>,
    pub outcome_text: Option<String>,
    pub remedy: Option<String>,
    /// Until when a closed case may be objected to, rated and appealed.
    pub remedy_until: Option<Time>,
    /// The citizen's rating of the present round, 1 to 5.
    pub rating: Option<i32>,
    pub objections: i32,
    pub transfers: i32,
    pub reopenings: i32,
    /// A dismissal that waits for its second person.
    #[schema(value_type = Option<Object>)]
    pub dismissal: Option<Proposal>,
    pub updated_at: Time,
}

/// One case.
pub fn case(connection: &mut DbConnection, act: &Act, row: &CaseRow) -> Result<CaseView> {
    let mut all = cases(connection, act, std::slice::from_ref(row))?;
    all.pop().ok_or(crate::error::Error::NotFound)
}

/// Many cases, with one query for people and one for citizens.
pub fn cases(connection: &mut DbConnection, act: &Act, rows: &[CaseRow]) -> Result<Vec<CaseView>> {
    let people: Vec<UserId> = rows.iter().filter_map(|row| row.holder_user_id).collect();
    let names = if people.is_empty() { HashMap::new() } else { users::names(connection, &people)? };
    let wanted: HashSet<CitizenId> =
        rows.iter().filter(|row| may_read_identity(act, row)).filter_map(|row| row.citizen_id).collect();
    let known = citizens::load_all(connection, &act.vault, wanted)?;
    rows.iter().map(|row| view(connection, act, row, &names, &known)).collect()
}

/// A sealed identity is shown to nobody here; its release is a verb of its own (requirement tag S4.4).
fn may_read_identity(act: &Act, row: &CaseRow) -> bool {
    match &act.actor {
        Actor::System | Actor::Citizen { .. } => true,
        Actor::Gateway { .. } | Actor::Public => false,
        Actor::Staff(staff) => {
            !row.is_sealed
                && staff.assignments.iter().any(|(role, _)| {
                    act.rules.reach(*role, Verb::ReadIdentity) != crate::domain::rulebook::Reach::None
                })
        }
    }
}

impl CitizenView {
    /// The full identity.
    pub fn of(citizen: &Citizen) -> Self {
        Self {
            id: citizen.id,
            kind: citizen.kind.clone(),
            national_id: citizen
                .identifier
                .as_deref()
                .and_then(|id| id.split_once(':'))
                .map(|(_, id)| id.to_owned()),
            name: citizen.name.clone(),
            mobile: citizen.mobile.clone(),
            phone: citizen.phone.clone(),
            email: citizen.email.clone(),
            address: citizen.address.clone(),
            postal_code: citizen.postal_code.clone(),
            preferred_channel: citizen.preferred_channel.clone(),
            language: citizen.language.clone(),
        }
    }
}

/// An office by its id; an ended one keeps its number.
pub(crate) fn office_view(act: &Act, id: OfficeId) -> OfficeView {
    match act.rules.offices.get(id) {
        Some(office) => OfficeView {
            code: office.code.clone(),
            name_fa: office.fa.clone(),
            name_en: office.en.clone(),
            level: office.level.to_string(),
        },
        None => OfficeView {
            code: id.to_string(),
            name_fa: String::new(),
            name_en: String::new(),
            level: String::new(),
        },
    }
}

/// Where a case happened and who filed it for another, opened.
fn opened(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
) -> Result<(Option<String>, Option<Representative>)> {
    let address = row.address.as_ref();
    let address = act.vault.open_some(connection, field!(cases::address), row.id, address)?;
    let field = field!(cases::representative);
    let person = act.vault.open_some(connection, field, row.id, row.representative.as_ref())?;
    Ok((address, person.and_then(|json| serde_json::from_str(&json).ok())))
}

fn view(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    names: &HashMap<UserId, (String, String)>,
    known: &HashMap<CitizenId, Citizen>,
) -> Result<CaseView> {
    let holder = office_view(act, row.holder_office_id);
    let person = row.holder_user_id.and_then(|id| names.get(&id));
    let leaf = row.category.as_deref().and_then(|code| act.rules.categories.get(code));
    let is_open = matches!(row.status, Status::Registered | Status::Classified | Status::Referred);
    let (address, representative) =
        if may_read_identity(act, row) { opened(connection, act, row)? } else { (None, None) };
    Ok(CaseView {
        id: row.id,
        tracking_code: row.tracking_code.clone(),
        version: row.version,
        status: row.status,
        kind: row.kind.clone(),
        channel: row.channel,
        category: row.category.clone(),
        category_name_fa: leaf.map(|leaf| leaf.fa.clone()),
        category_name_en: leaf.map(|leaf| leaf.en.clone()),
        priority: row.priority,
        subject: row.subject.clone(),
        text: row.text.clone(),
        language: row.language.clone(),
        remedy_sought: row.remedy_sought.clone(),
        place: Place {
            province: row.province.clone(),
            county: row.county.clone(),
            address,
            lat: row.lat,
            lon: row.lon,
        },
        anonymous: row.is_anonymous,
        sealed: row.is_sealed,
        about_office: row.about_office_id.map(|id| act.rules.offices.code(id)),
        intake_office: act.rules.offices.code(row.intake_office_id),
        holder: HolderView {
            office: holder.code,
            office_name_fa: holder.name_fa,
            office_name_en: holder.name_en,
            user: person.map(|(username, _)| username.clone()),
            user_name: person.map(|(_, name)| name.clone()),
        },
        citizen: row.citizen_id.and_then(|id| known.get(&id)).map(CitizenView::of),
        representative,
        external_id: row.external_id.clone(),
        received_at: row.received_at,
        registered_at: row.registered_at,
        due_at: row.due_at,
        overdue: is_open && row.due_at < act.now,
        outer_at: row.outer_at,
        wait_until: row.wait_until,
        answered_at: row.answered_at,
        window_until: row.window_until,
        closed_at: row.closed_at,
        outcome: row.outcome.clone(),
        outcome_reason: row.outcome_reason.clone(),
        outcome_text: row.outcome_text.clone(),
        remedy: row.remedy.clone(),
        remedy_until: row.remedy_until,
        rating: row.rating,
        objections: row.objections,
        transfers: row.transfers,
        reopenings: row.reopenings,
        dismissal: row.dismissal.as_deref().and_then(|json| serde_json::from_str(json).ok()),
        updated_at: row.updated_at,
    })
}
