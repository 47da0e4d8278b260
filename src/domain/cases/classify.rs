//! Classify: kind, category, priority and place; a person's correction stays in the timeline.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::clocks;
use super::docket::{Docket, Expected};
use super::life::Fact;
use super::record::record;
use super::register::Place;
use super::row::Priority;
use crate::db::DbConnection;
use crate::db::prepared::prepared;
use crate::db::schema::cases;
use crate::db::types::CaseId;
use crate::domain::actor::Act;
use crate::domain::cases::words;
use crate::domain::conflict::Conflict;
use crate::domain::input;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::domain::vault::field;
use crate::error::{FieldError, Fields, Result};

/// A classification (design §5).
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Classify {
    /// Code of the kind.
    pub kind: String,
    /// Code of a leaf of the subject tree.
    pub category: String,
    /// `normal`, `urgent` or `immediate`; unchanged when missing.
    #[serde(default)]
    pub priority: Option<String>,
    /// Unchanged when missing.
    #[serde(default)]
    pub place: Option<Place>,
}

/// Classifies a case; a classified or referred one is corrected and keeps its status.
pub fn classify(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
    input: &Classify,
) -> Result<Docket> {
    let mut docket = Docket::open(connection, act, id, expected)?;
    let office = policy::allow(act, Verb::Classify, docket.life.holder)?;
    docket.life.can_classify()?;
    let mut fields = Fields::default();
    let kind = fields.take(act.rules.kind("kind", &input.kind));
    let leaf = fields.take(act.rules.category("category", &input.category));
    let priority = match input.priority.as_deref() {
        Some(value) => fields.take(input::choice::<Priority>("priority", value)),
        None => Some(docket.row.priority),
    };
    let place = super::filing::check_place(act, input.place.as_ref(), &mut fields);
    if kind.is_some_and(|kind| kind.code == "complaint" && kind.code != docket.row.kind)
        && docket.row.citizen_id.is_none()
    {
        fields.add(FieldError::new(
            "kind",
            "identity_missing",
            "شکایت هویت می‌خواهد؛ نخست شهروند را ثبت کنید یا نوع را گزارش بگذارید.",
            "A complaint needs identity; record the citizen first, or keep it a report.",
        ));
    }
    fields.finish()?;
    let (Some(kind), Some(leaf), Some(priority)) = (kind, leaf, priority) else { return Ok(docket) };
    let matter = clocks::Promised {
        kind: &kind.code,
        category: Some(&leaf.code),
        is_urgent: priority != Priority::Normal,
        channel: docket.row.channel,
    };
    let promise = clocks::promise(act, docket.row.intake_office_id, docket.row.received_at, matter)?;
    // the promise follows the kind until the case is referred; then it only moves with a message
    let due = if docket.life.lead.is_none() { promise.due_at } else { docket.row.due_at };
    let fact = Fact::CaseClassified {
        kind: kind.code.clone(),
        category: leaf.code.clone(),
        priority: priority.to_string(),
        previous: docket.row.category.clone().filter(|old| *old != leaf.code),
        due_at: Some(due),
    };
    if input.place.is_some() {
        let address = place.address.as_deref();
        docket.row.address = act.vault.seal_some(field!(cases::address), id, address)?;
        (docket.row.province, docket.row.county) = (place.province, place.county);
        (docket.row.lat, docket.row.lon) = (place.lat, place.lon);
    }
    // a case that was unsealed for a reason stays so, unless its subject becomes another one
    let is_new = docket.row.category.as_deref() != Some(leaf.code.as_str());
    let seals = !docket.row.is_sealed && leaf.sealed && is_new;
    docket.row.category = Some(leaf.code.clone());
    // what is about conduct bars more people than what is not
    docket.conflict = Conflict::of(connection, &act.rules, &docket.row)?;
    let row = &docket.row;
    if seals {
        words::seal(connection, &act.vault, id, act.now)?;
    }
    prepared(diesel::update(cases::table.find(id)).set((
        (cases::kind.eq(&kind.code), cases::category.eq(&leaf.code), cases::priority.eq(priority)),
        (cases::province.eq(&row.province), cases::county.eq(&row.county), cases::address.eq(&row.address)),
        (cases::lat.eq(row.lat), cases::lon.eq(row.lon), cases::due_at.eq(due)),
        cases::is_sealed.eq(row.is_sealed || seals),
    )))
    .execute(connection)?;
    if seals {
        // what follows a case that is sealed now would tell of it
        let family = &docket.life.family;
        let all: Vec<CaseId> = family.followers.keys().chain(&family.parts).copied().collect();
        all.iter().try_for_each(|each| words::seal(connection, &act.vault, *each, act.now))?;
        diesel::update(cases::table.filter(cases::id.eq_any(all)))
            .set(cases::is_sealed.eq(true))
            .execute(connection)?;
    }
    record(connection, act, &mut docket, &[fact], Some(office))?;
    docket.reload(connection)
}
