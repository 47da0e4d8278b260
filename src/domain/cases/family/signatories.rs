//! A letter with a signed list: every signatory becomes a member of the group, with a tracking code of their own;
//! a wrong row is told by its number and takes none of the right ones with it.

use std::collections::BTreeSet;

use diesel::prelude::*;
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::merge::follow;
use super::{count, group, links, lock, share};
use crate::db::DbConnection;
use crate::db::schema::{cases, family_links};
use crate::db::types::{CaseId, CitizenId, OfficeId};
use crate::domain::actor::Act;
use crate::domain::cases::docket::{Docket, Expected, find_visible};
use crate::domain::cases::filing::Filing;
use crate::domain::cases::life::Relation;
use crate::domain::cases::register::{self, Place};
use crate::domain::citizens::{self, CitizenInput, Identity};
use crate::domain::conflict::About;
use crate::domain::notifications::{self, Facts};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::domain::vault::field;
use crate::error::{Code, Error, FieldError, Fields, Language, Result};

/// A signed list, or a page of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Signatories {
    pub signatories: Vec<Signatory>,
}

/// One who signed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Signatory {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub national_id: Option<String>,
    #[serde(default)]
    pub mobile: Option<String>,
    /// National ID of the head of the household.
    #[serde(default)]
    pub household_head: Option<String>,
    #[serde(default)]
    pub postal_code: Option<String>,
    #[serde(default)]
    pub address: Option<String>,
}

/// What is wrong with a row of the list, counted from 0.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RowReport {
    pub row: usize,
    pub field: String,
    pub code: &'static str,
    pub message: String,
}

/// What became of a signed list.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SignatoriesReport {
    /// The members' new cases, in the order of the list.
    pub added: Vec<CaseId>,
    /// Rows of persons who are in the group already.
    pub known: Vec<usize>,
    /// Rows that were left out, and why.
    pub rejected: Vec<RowReport>,
}

/// A row that was read.
struct Signed {
    identity: Identity,
    head: Option<String>,
}

/// Takes a signed list into the group of a case, which becomes one where it was none.
///
/// # Errors
/// `Invalid` where no row is right; `limit_reached`; and what refuses a leading case.
pub fn sign(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
    wish: &Signatories,
    reader: Language,
) -> Result<(Docket, SignatoriesReport)> {
    let office = policy::allow(act, Verb::Group, find_visible(connection, act, id)?.holder_office_id)?;
    check_size(act, wish.signatories.len())?;
    lock(connection, vec![id])?;
    let parent = Docket::open(connection, act, id, expected)?;
    parent.life.can_lead()?;
    let mut wrong: Vec<(usize, FieldError)> = Vec::new();
    let mut rows: Vec<(usize, Signed)> = Vec::new();
    for (at, signatory) in wish.signatories.iter().enumerate() {
        match read(at, signatory) {
            Ok(signed) => rows.push((at, signed)),
            Err(errors) => wrong.extend(errors.into_iter().map(|error| (at, error))),
        }
    }
    if rows.is_empty() {
        return Err(Error::Invalid(wrong.into_iter().map(|(_, error)| error).collect()));
    }
    group::ensure(connection, id)?;
    let mut present = citizens_of(connection, &parent)?;
    let mut report =
        SignatoriesReport { added: Vec::new(), known: Vec::new(), rejected: told(wrong, reader) };
    for (at, signed) in rows {
        let citizen = citizens::find_or_create(connection, act, &signed.identity)?.id;
        if present.insert(citizen) {
            report.added.push(enrol(connection, act, id, citizen, &signed, office)?);
        } else {
            report.known.push(at);
        }
    }
    count::count(connection, act, id)?;
    Ok((Docket::open(connection, act, id, Expected::Any)?, report))
}

fn check_size(act: &Act, rows: usize) -> Result<()> {
    let most = act.rules.number("signatories_max")?;
    match i64::try_from(rows).unwrap_or(i64::MAX) {
        0 => Err(Error::field(FieldError::required("signatories"))),
        count if count > most => Err(Error::field(FieldError::new(
            "signatories",
            "too_many",
            format!("در هر ارسال حداکثر {most} ردیف؛ فهرست را در چند ارسال بفرستید."),
            format!("At most {most} rows in a call; send the list in several."),
        ))),
        _ => Ok(()),
    }
}

fn read(at: usize, row: &Signatory) -> std::result::Result<Signed, Vec<FieldError>> {
    let place = format!("signatories[{at}]");
    let mut fields = Fields::default();
    for (field, value) in [("name", &row.name), ("national_id", &row.national_id)] {
        if value.as_deref().is_none_or(|value| value.trim().is_empty()) {
            fields.add(FieldError::required(format!("{place}.{field}")));
        }
    }
    let told = CitizenInput {
        name: row.name.clone(),
        national_id: row.national_id.clone(),
        mobile: row.mobile.clone(),
        postal_code: row.postal_code.clone(),
        address: row.address.clone(),
        ..CitizenInput::default()
    };
    let identity = citizens::parse(&told, &place, &mut fields);
    let head = CitizenInput { national_id: row.household_head.clone(), ..CitizenInput::default() };
    let mut of_head = Fields::default();
    let head = citizens::parse(&head, &place, &mut of_head).identifier;
    if let Err(Error::Invalid(wrong)) = of_head.finish() {
        let named =
            wrong.into_iter().map(|error| FieldError { field: format!("{place}.household_head"), ..error });
        named.for_each(|error| fields.add(error));
    }
    match fields.finish() {
        Err(Error::Invalid(wrong)) => Err(wrong),
        _ => Ok(Signed { identity, head }),
    }
}

fn told(wrong: Vec<(usize, FieldError)>, reader: Language) -> Vec<RowReport> {
    let words = |error: &FieldError| if reader == Language::En { error.en.clone() } else { error.fa.clone() };
    wrong
        .into_iter()
        .map(|(row, error)| RowReport { row, message: words(&error), code: error.code, field: error.field })
        .collect()
}

/// The citizens who are in the group already.
fn citizens_of(connection: &mut DbConnection, parent: &Docket) -> Result<BTreeSet<CitizenId>> {
    let members: Vec<CaseId> = parent.life.family.followers.keys().copied().collect();
    let found: Vec<Option<CitizenId>> =
        cases::table.filter(cases::id.eq_any(members)).select(cases::citizen_id).load(connection)?;
    Ok(found.into_iter().chain([parent.row.citizen_id]).flatten().collect())
}

/// A case of their own for one who signed, which follows the letter.
fn enrol(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    citizen: CitizenId,
    signed: &Signed,
    office: OfficeId,
) -> Result<CaseId> {
    let parent = Docket::of_family(connection, act, id)?;
    let row = &parent.row;
    let words = row.words(connection, &act.vault)?;
    let filing = Filing {
        kind: row.kind.clone(),
        downgraded_from: None,
        channel: row.channel,
        text: words.text,
        subject: words.subject,
        category: row.category.clone(),
        remedy_sought: words.remedy_sought,
        citizen: None,
        representative: None,
        place: Place { province: row.province.clone(), county: row.county.clone(), ..Place::default() },
        about: About { office: row.about_office_id, user: row.about_user_id },
        about_person: act.vault.open_some(
            connection,
            field!(cases::about_person),
            row.id,
            row.about_person.as_ref(),
        )?,
        is_sealed: row.is_sealed,
        is_anonymous: false,
        external_id: None,
        received_at: row.received_at,
        priority: row.priority,
        override_reason: None,
    };
    let access_code = format!("{:08}", rand::rng().random_range(0..100_000_000));
    let (made, _) = register::file(connection, act, &filing, office, Some(citizen), &access_code)?;
    let docket = Docket::of_family(connection, act, made.id)?;
    let (docket, event) =
        follow(connection, act, docket, &parent, Relation::Member, "signed list".into(), office)?;
    let link = links::link_of(connection, made.id)?.ok_or(Error::Conflict(Code::NotMerged))?;
    let head = act.vault.seal_some(field!(family_links::household_head), link.id, signed.head.as_deref())?;
    diesel::update(family_links::table.find(link.id))
        .set(family_links::household_head.eq(head))
        .execute(connection)?;
    let facts = Facts {
        office: Some(parent.life.holder),
        due: Some(row.due_at),
        access_code: Some(access_code),
        ..Facts::default()
    };
    notifications::to_citizen(connection, act, &docket.row, event, "group_joined", &facts)?;
    share::share_standing(connection, act, id, made.id)?;
    Ok(made.id)
}
