//! Split: a letter with several matters becomes a parent with parts, each a case with its own code, clock and
//! body (requirement tag P4.2c). One lead merges the answers once every part has ended.

use diesel::prelude::*;
use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::db::types::{CaseId, EventId, OfficeId};
use crate::domain::actor::Act;
use crate::domain::cases::CaseRow;
use crate::domain::cases::docket::{Docket, Expected};
use crate::domain::cases::filing::{Filing, check_place};
use crate::domain::cases::life::{Fact, HopRole, NewHop, Status, check_receiver};
use crate::domain::cases::register::{self, Place};
use crate::domain::cases::{clocks, record};
use crate::domain::conflict::About;
use crate::domain::input;
use crate::domain::notifications::{self, Facts};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::domain::vault::field;
use crate::error::{Error, FieldError, Fields, Result};

/// A splitting (design §5).
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// Two to ten matters.
    pub parts: Vec<Part>,
    /// Why, in words.
    pub reason: String,
    /// Code of the office that merges the answers; by the routing rules where it is missing. A letter that was
    /// referred keeps its lead.
    #[serde(default)]
    pub lead: Option<String>,
}

/// One matter of a letter.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The citizen's words on this matter.
    pub text: String,
    #[serde(default)]
    pub subject: Option<String>,
    /// Code of the kind; that of the letter when missing.
    #[serde(default)]
    pub kind: Option<String>,
    /// Code of the category; with it the part is classified at once.
    #[serde(default)]
    pub category: Option<String>,
    /// That of the letter when missing.
    #[serde(default)]
    pub place: Option<Place>,
}

/// Splits a letter; gives it and its parts.
///
/// # Errors
/// Every wrong field; `has_followers`, `part_of_case`, `follows_another`, `answer_pending`, `wrong_state`.
pub fn split(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
    wish: &Split,
) -> Result<(Docket, Vec<CaseRow>)> {
    let mut docket = Docket::open(connection, act, id, expected)?;
    let office = policy::allow(act, Verb::Split, docket.life.holder)?;
    docket.life.can_split()?;
    let mut fields = Fields::default();
    let reason = fields.take(input::text("reason", &wish.reason, input::LINE_MAX));
    let filings = filings(connection, act, &docket, wish, &mut fields)?;
    let lead = lead(act, &docket, wish, &mut fields)?;
    fields.finish()?;
    let hop = lead.map(|office| lead_to(act, &docket, office)).transpose()?;
    let fact = Fact::CaseSplit {
        parts: filings.len(),
        reason: reason.unwrap_or_default(),
        from: docket.life.status,
        hop: hop.clone(),
    };
    let event = record(connection, act, &mut docket, &[fact], Some(office))?;
    if let Some(hop) = hop {
        send(connection, act, &docket, &hop, event)?;
    }
    let access_code = format!("{:08}", rand::rng().random_range(0..100_000_000));
    let mut parts = Vec::new();
    for filing in &filings {
        parts.push(make(connection, act, &docket, filing, office, &access_code)?);
    }
    let codes = parts.iter().map(|row| row.tracking_code.as_str()).collect::<Vec<_>>().join(", ");
    let facts = Facts {
        codes: Some(codes),
        access_code: Some(access_code),
        due: Some(docket.row.due_at),
        ..Facts::default()
    };
    notifications::to_citizen(connection, act, &docket.row, event, "case_split", &facts)?;
    Ok((Docket::open(connection, act, id, Expected::Any)?, parts))
}

/// The matters as they will be filed, every wrong field named.
fn filings(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    wish: &Split,
    fields: &mut Fields,
) -> Result<Vec<Filing>> {
    let most = usize::try_from(act.rules.number("parts_max")?).unwrap_or(usize::MAX);
    if !(2..=most).contains(&wish.parts.len()) {
        let (fa, en) = (
            format!("نامه به ۲ تا {most} بخش تقسیم می‌شود."),
            format!("A letter is split into 2 to {most} parts."),
        );
        fields.add(FieldError::new("parts", "out_of_range", fa, en));
    }
    let row = &docket.row;
    let address = act.vault.open_some(connection, field!(cases::address), row.id, row.address.as_ref())?;
    let person = row.representative.as_ref();
    let person = act.vault.open_some(connection, field!(cases::representative), row.id, person)?;
    let own = Place {
        province: row.province.clone(),
        county: row.county.clone(),
        address,
        lat: row.lat,
        lon: row.lon,
    };
    let about_person =
        act.vault.open_some(connection, field!(cases::about_person), row.id, row.about_person.as_ref())?;
    let mut filings = Vec::new();
    for (at, part) in wish.parts.iter().enumerate() {
        let mut wrong = Fields::default();
        let filing = filing(act, row, part, &own, person.clone(), &mut wrong);
        match wrong.finish() {
            Err(Error::Invalid(errors)) => errors.into_iter().for_each(|error| {
                fields.add(FieldError { field: format!("parts[{at}].{}", error.field), ..error });
            }),
            _ => filings.push(Filing { about_person: about_person.clone(), ..filing }),
        }
    }
    Ok(filings)
}

fn filing(
    act: &Act,
    row: &CaseRow,
    part: &Part,
    own: &Place,
    representative: Option<String>,
    fields: &mut Fields,
) -> Filing {
    let text = fields.take(input::text("text", &part.text, input::TEXT_MAX));
    let subject =
        fields.take(input::optional_text("subject", part.subject.as_deref(), input::LINE_MAX)).flatten();
    let kind = part.kind.as_deref().unwrap_or(&row.kind);
    let kind = fields.take(act.rules.kind("kind", kind)).map(|kind| kind.code.clone()).unwrap_or_default();
    if kind == "complaint" && row.citizen_id.is_none() {
        let (fa, en) = (
            "شکایت هویت می‌خواهد؛ این بخش را گزارش ثبت کنید.",
            "A complaint needs identity; make this part a report.",
        );
        fields.add(FieldError::new("kind", "identity_missing", fa, en));
    }
    let leaf = part.category.as_deref().and_then(|code| fields.take(act.rules.category("category", code)));
    let place = match &part.place {
        Some(place) => check_place(act, Some(place), fields),
        None => own.clone(),
    };
    Filing {
        kind,
        downgraded_from: None,
        channel: row.channel,
        text: text.unwrap_or_default(),
        subject,
        category: leaf.map(|leaf| leaf.code.clone()),
        remedy_sought: None,
        citizen: None,
        representative,
        place,
        about: About { office: row.about_office_id, user: row.about_user_id },
        about_person: None,
        is_sealed: row.is_sealed || leaf.is_some_and(|leaf| leaf.sealed),
        is_anonymous: row.is_anonymous,
        external_id: None,
        received_at: row.received_at,
        priority: row.priority,
        override_reason: None,
    }
}

/// Who merges the answers, where the letter has no lead yet.
fn lead(act: &Act, docket: &Docket, wish: &Split, fields: &mut Fields) -> Result<Option<OfficeId>> {
    if docket.life.status == Status::Referred {
        if wish.lead.is_some() {
            let (fa, en) = (
                "نامه دستگاه محوری دارد و همان پاسخ‌ها را یکی می‌کند؛ lead را نفرستید.",
                "The letter has a lead, which merges the answers; leave lead out.",
            );
            fields.add(FieldError::new("lead", "lead_exists", fa, en));
        }
        return Ok(None);
    }
    let row = &docket.row;
    let routed = || {
        let category = row.category.as_deref()?;
        act.rules
            .route(&row.kind, category, row.province.as_deref(), row.county.as_deref())
            .map(|route| route.office.id)
    };
    let lead = match wish.lead.as_deref() {
        Some(code) => fields.take(act.rules.offices.find("lead", code)).map(|office| office.id),
        None => routed(),
    };
    match lead {
        Some(office) => match check_receiver(office, "lead", &act.rules.offices, &docket.conflict) {
            Err(Error::Invalid(wrong)) => wrong.into_iter().for_each(|error| fields.add(error)),
            verdict => verdict?,
        },
        None if wish.lead.is_none() => {
            let (fa, en) = (
                "دستگاهی را نام ببرید که پاسخ بخش‌ها را یکی کند.",
                "Name the office that merges the answers of the parts.",
            );
            fields.add(FieldError::new("lead", "required", fa, en));
        }
        None => {}
    }
    Ok(lead)
}

fn lead_to(act: &Act, docket: &Docket, office: OfficeId) -> Result<NewHop> {
    let due_at = clocks::referral_due(act, &docket.row, office, HopRole::Lead, None, None, "lead")?;
    let from = docket.life.holder;
    Ok(NewHop { referral: act.id(), parent: None, from, office, role: HopRole::Lead, due_at })
}

/// The lead gets the letter with its clock; the citizen hears of the split in one message instead.
fn send(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    hop: &NewHop,
    event: EventId,
) -> Result<()> {
    clocks::start_referral(connection, act, docket.row.id, hop.referral, hop.office, hop.due_at)?;
    clocks::stop_triage(connection, docket.row.id)?;
    let facts = Facts { office: Some(hop.office), due: hop.due_at, ..Facts::default() };
    notifications::to_office(connection, act, &docket.row, event, hop.office, "case_referred", &facts)
}

/// Files one part: promised from the day of the letter, with a desk clock of its own from now on.
fn make(
    connection: &mut DbConnection,
    act: &Act,
    letter: &Docket,
    filing: &Filing,
    office: OfficeId,
    access_code: &str,
) -> Result<CaseRow> {
    let (row, _) = register::file(connection, act, filing, office, letter.row.citizen_id, access_code)?;
    diesel::update(cases::table.find(row.id))
        .set(cases::language.eq(&letter.row.language))
        .execute(connection)?;
    let mut part = Docket::of_family(connection, act, row.id)?;
    let mut facts = vec![Fact::PartMade { of: letter.row.id }];
    facts.extend(filing.category.as_ref().map(|category| Fact::CaseClassified {
        kind: filing.kind.clone(),
        category: category.clone(),
        priority: filing.priority.to_string(),
        previous: None,
        due_at: Some(row.due_at),
    }));
    record(connection, act, &mut part, &facts, Some(office))?;
    clocks::start_triage(connection, act, &mut part)?;
    Ok(part.reload(connection)?.row)
}
