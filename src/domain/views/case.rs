//! A case as staff see it.

use std::collections::HashMap;

use serde::Serialize;

use super::shown::{CitizenView, Shown, TextForm};
use crate::db::DbConnection;
use crate::db::types::{CaseId, OfficeId, Time, UserId};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::family::{self, Ties};
use crate::domain::cases::life::{Proposal, Relation, Status};
use crate::domain::cases::register::Place;
use crate::domain::cases::{CaseRow, Channel, Priority, Representative};
use crate::domain::citizens;
use crate::domain::confidentiality::extract::{self, ExtractState};
use crate::domain::confidentiality::{Disclosure, Veil, known};
use crate::domain::policy;
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
    /// In the form that `text_form` names; empty where it is hidden.
    pub text: String,
    pub text_form: TextForm,
    pub language: String,
    pub remedy_sought: Option<String>,
    pub place: Place,
    pub anonymous: bool,
    pub sealed: bool,
    pub about_office: Option<String>,
    /// User name of the member of staff complained of; for those who may read identities.
    pub about_user: Option<String>,
    /// Name of the person complained of, as it was told; for those who may read identities.
    pub about_person: Option<String>,
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
    /// How the case belongs to others; told of a single case, not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<FamilyNote>,
    pub updated_at: Time,
}

/// How a case belongs to others; who they are and what holds them up is told by its family.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct FamilyNote {
    /// `merged`, `member` or `part`, where it follows another.
    pub relation: Option<Relation>,
    pub followers: usize,
    /// Parts that are not closed.
    pub open_parts: usize,
    /// Open parts that are past their date: why the letter waits.
    pub late_parts: i64,
    pub is_mass: bool,
}

/// One case as lists and replies to verbs show it: with initials for an identity, and of a sealed one the extract.
pub fn case(connection: &mut DbConnection, act: &Act, row: &CaseRow) -> Result<CaseView> {
    let mut all = cases(connection, act, std::slice::from_ref(row))?;
    let mut view = all.pop().ok_or(crate::error::Error::NotFound)?;
    view.family = family_note(connection, act, row)?;
    Ok(view)
}

fn family_note(connection: &mut DbConnection, act: &Act, row: &CaseRow) -> Result<Option<FamilyNote>> {
    // a case with one event has only been registered
    let family = if row.last_seq > 1 { family::of(connection, row.id)? } else { Ties::default() };
    if family.follows.is_none() && family.own.followers.is_empty() && family.own.parts.is_empty() {
        return Ok(None);
    }
    Ok(Some(FamilyNote {
        relation: family.follows.map(|(_, relation)| relation),
        followers: family.own.followers.len(),
        open_parts: family.own.parts.len(),
        late_parts: super::family::late(connection, act, family.own.parts.iter().copied().collect())?,
        is_mass: family.own.is_mass,
    }))
}

/// Many cases the same way, with one query each for people, citizens and extracts.
pub fn cases(connection: &mut DbConnection, act: &Act, rows: &[CaseRow]) -> Result<Vec<CaseView>> {
    let names = holders(connection, rows)?;
    let may_read = may_read_identity(act);
    let wanted = rows.iter().filter(|row| may_read || row.is_sealed).filter_map(|row| row.citizen_id);
    let known = citizens::load_all(connection, &act.vault, wanted)?;
    let sealed: Vec<CaseId> = rows.iter().filter(|row| row.is_sealed).map(|row| row.id).collect();
    let mut extracts = extract::confirmed(connection, &sealed)?;
    rows.iter()
        .map(|row| {
            let citizen = row.citizen_id.and_then(|id| known.get(&id));
            let shown = match row.is_sealed {
                true => {
                    let masker = known::masker_of(connection, act, row, citizen)?;
                    Shown::extract(extracts.remove(&row.id), Veil::over(masker))
                }
                false => Shown {
                    citizen: citizen.filter(|_| may_read).map(CitizenView::masked),
                    ..Shown::original(row.words(connection, &act.vault)?)
                },
            };
            let about_person = person_complained_of(connection, act, row)?;
            Ok(view(act, row, &names, Shown { about_person, ..shown }))
        })
        .collect()
}

/// One case whole, as far as its disclosure goes.
pub fn detail(
    connection: &mut DbConnection,
    act: &Act,
    row: &CaseRow,
    disclosed: &Disclosure,
) -> Result<CaseView> {
    let disclosed = disclosed.still(connection, act, row)?;
    let mut shown = match disclosed.shows_words(row.id) {
        true => Shown::original(row.words(connection, &act.vault)?),
        false => {
            let extract = extract::find(connection, row.id, ExtractState::Confirmed)?;
            Shown::extract(extract, Veil::over(known::masker(connection, act, row)?))
        }
    };
    if disclosed.shows_identity(row.id) {
        let citizen = match row.citizen_id {
            Some(id) => citizens::find(connection, &act.vault, id)?,
            None => None,
        };
        shown.citizen = citizen.as_ref().map(CitizenView::of);
        (shown.address, shown.representative) = opened(connection, act, row)?;
    }
    shown.about_person = person_complained_of(connection, act, row)?;
    let names = holders(connection, std::slice::from_ref(row))?;
    Ok(CaseView { family: family_note(connection, act, row)?, ..view(act, row, &names, shown) })
}

fn holders(connection: &mut DbConnection, rows: &[CaseRow]) -> Result<HashMap<UserId, (String, String)>> {
    let people: Vec<UserId> =
        rows.iter().flat_map(|row| row.holder_user_id.into_iter().chain(row.about_user_id)).collect();
    if people.is_empty() { Ok(HashMap::new()) } else { users::names(connection, &people) }
}

/// Whether this actor may read the people of plain cases.
fn may_read_identity(act: &Act) -> bool {
    match &act.actor {
        Actor::System | Actor::Citizen { .. } => true,
        Actor::Gateway { .. } | Actor::Public => false,
        Actor::Staff(staff) => policy::holds_anywhere(&act.rules, staff, Verb::ReadIdentity),
    }
}

/// An office by its id; an ended one keeps its number.
pub fn office_view(act: &Act, id: OfficeId) -> OfficeView {
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

/// Whom a complaint is about is no secret to those who look into it: a seal hides who complains.
fn person_complained_of(connection: &mut DbConnection, act: &Act, row: &CaseRow) -> Result<Option<String>> {
    if !may_read_identity(act) {
        return Ok(None);
    }
    act.vault.open_some(connection, field!(cases::about_person), row.id, row.about_person.as_ref())
}

fn view(act: &Act, row: &CaseRow, names: &HashMap<UserId, (String, String)>, mut shown: Shown) -> CaseView {
    let holder = office_view(act, row.holder_office_id);
    let person = row.holder_user_id.and_then(|id| names.get(&id));
    let leaf = row.category.as_deref().and_then(|code| act.rules.categories.get(code));
    let is_open = matches!(row.status, Status::Registered | Status::Classified | Status::Referred);
    let about_user = row.about_user_id.filter(|_| may_read_identity(act));
    // the exact place, and the channel's own id of a message, lead to the sender too
    let is_whole = !shown.veil.hides();
    CaseView {
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
        subject: shown.subject,
        text: shown.text,
        text_form: shown.form,
        language: row.language.clone(),
        remedy_sought: shown.remedy_sought,
        place: Place {
            province: row.province.clone(),
            county: row.county.clone(),
            address: shown.address,
            lat: row.lat.filter(|_| is_whole),
            lon: row.lon.filter(|_| is_whole),
        },
        anonymous: row.is_anonymous,
        sealed: row.is_sealed,
        about_office: row.about_office_id.map(|id| act.rules.offices.code(id)),
        about_user: about_user.and_then(|id| names.get(&id)).map(|(username, _)| username.clone()),
        about_person: shown.about_person.take(),
        intake_office: act.rules.offices.code(row.intake_office_id),
        holder: HolderView {
            office: holder.code,
            office_name_fa: holder.name_fa,
            office_name_en: holder.name_en,
            user: person.map(|(username, _)| username.clone()),
            user_name: person.map(|(_, name)| name.clone()),
        },
        citizen: shown.citizen,
        representative: shown.representative,
        external_id: row.external_id.clone().filter(|_| is_whole),
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
        outcome_text: shown.veil.some(row.outcome_text.clone()),
        remedy: row.remedy.clone(),
        remedy_until: row.remedy_until,
        rating: row.rating,
        objections: row.objections,
        transfers: row.transfers,
        reopenings: row.reopenings,
        dismissal: row
            .dismissal
            .as_deref()
            .and_then(|json| serde_json::from_str(json).ok())
            .map(|proposal: Proposal| Proposal { signpost: shown.veil.words(proposal.signpost), ..proposal }),
        family: None,
        updated_at: row.updated_at,
    }
}
