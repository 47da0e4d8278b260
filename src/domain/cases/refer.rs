//! Refer: one lead, helpers and copies, top-down; with no target named, the routing rules choose the lead.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::clocks;
use super::docket::{Docket, Expected};
use super::life::{Fact, HopRole, NewHop, Target};
use super::record::record;
use crate::db::DbConnection;
use crate::db::prepared::prepared;
use crate::db::schema::{cases, referrals};
use crate::db::types::{CaseId, EventId, OfficeId, ReferralId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::confidentiality;
use crate::domain::conflict::desk;
use crate::domain::input;
use crate::domain::notifications::{self, Facts};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Code, Error, FieldError, Fields, Result};

/// A referral as wished (design §5).
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refer {
    /// Receivers; empty for the routing rules' choice.
    #[serde(default)]
    pub to: Vec<Receiver>,
    /// The sender's instruction.
    #[serde(default)]
    pub instruction: Option<String>,
}

/// One receiver.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Receiver {
    /// Code of the office.
    pub office: String,
    /// `lead` (the default), `helper` or `copy`.
    #[serde(default)]
    pub role: Option<String>,
    /// By when; inside the lead's deadline for helpers.
    #[serde(default)]
    pub due_at: Option<Time>,
}

/// Refers a case; gives the new referrals' ids.
pub fn refer(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
    wish: &Refer,
) -> Result<(Docket, Vec<ReferralId>)> {
    let mut docket = Docket::open(connection, act, id, expected)?;
    let from = sender(act, &docket)?;
    docket.life.can_refer(from)?;
    let instruction = input::optional_text("instruction", wish.instruction.as_deref(), input::TEXT_MAX)
        .map_err(Error::field)?;
    confidentiality::guard_words(connection, act, &docket.row, "instruction", instruction.as_deref())?;
    let (mut targets, rule) = targets(act, &docket, from, wish)?;
    let above = above_due(connection, &docket, from)?;
    set_deadlines(act, &docket, &mut targets, above)?;
    let most = usize::try_from(act.rules.number("helpers_max")?).unwrap_or(usize::MAX);
    let fact = docket.life.refer(from, &targets, rule, &act.rules.offices, &docket.conflict, most)?;
    confidentiality::extract::require(connection, &docket.row)?;
    let event = record(connection, act, &mut docket, std::slice::from_ref(&fact), Some(from))?;
    let Fact::CaseReferred { hops, .. } = &fact else {
        return Err(Error::internal("refer gave another fact"));
    };
    send(connection, act, &docket, hops, instruction.as_deref(), event)?;
    if hops.iter().any(|hop| hop.role == HopRole::Lead && hop.parent.is_none()) {
        clocks::stop_triage(connection, id)?;
        // an answered case goes out again: its answer stays among the answers, but no longer stands
        prepared(diesel::update(cases::table.find(id)).set((
            (cases::window_until.eq(None::<Time>), cases::answered_at.eq(None::<Time>)),
            (cases::outcome_text.eq(None::<String>), cases::outcome_reason.eq(None::<String>)),
        )))
        .execute(connection)?;
    }
    let ids = hops.iter().map(|hop| hop.referral).collect();
    Ok((docket.reload(connection)?, ids))
}

/// The office in whose name this is sent: the one with an open referral first, else the classifier's.
pub fn sender(act: &Act, docket: &Docket) -> Result<OfficeId> {
    if let Actor::Staff(staff) = &act.actor {
        let own = staff.assignments.iter().map(|(_, office)| *office).find(|office| {
            docket.life.open_hop_of(*office).is_some()
                && policy::assignment_for(&act.rules, staff, Verb::Refer, *office)
                    .is_some_and(|(_, at)| at == *office)
        });
        if let Some(office) = own {
            return Ok(office);
        }
    }
    let at = match docket.life.lead.and_then(|lead| docket.life.hops.get(&lead)) {
        Some(lead) => lead.from,
        None => docket.life.holder,
    };
    policy::allow(act, Verb::Refer, at)
}

fn targets(
    act: &Act,
    docket: &Docket,
    from: OfficeId,
    wish: &Refer,
) -> Result<(Vec<Target>, Option<String>)> {
    if wish.to.is_empty() {
        let row = &docket.row;
        let category = row.category.as_deref().ok_or(Error::Conflict(Code::NoRoute))?;
        let route = act
            .rules
            .route(&row.kind, category, row.province.as_deref(), row.county.as_deref())
            .ok_or(Error::Conflict(Code::NoRoute))?;
        let office = match route.rule.to.as_str() {
            "above" => desk::above(&act.rules.offices, &docket.conflict, from),
            _ => Some(route.office.id),
        };
        let office = office.ok_or(Error::Conflict(Code::NoRoute))?;
        let target = Target { referral: act.id(), office, role: HopRole::Lead, due_at: None };
        return Ok((vec![target], Some(route.rule.code.clone())));
    }
    let mut fields = Fields::default();
    let mut targets = Vec::new();
    for (index, receiver) in wish.to.iter().enumerate() {
        let office = fields.take(act.rules.offices.find(&format!("to[{index}].office"), &receiver.office));
        let role = receiver.role.as_deref().unwrap_or("lead");
        let role = fields.take(input::choice::<HopRole>(&format!("to[{index}].role"), role));
        if let (Some(office), Some(role)) = (office, role) {
            if targets.iter().any(|target: &Target| target.office == office.id) {
                let (fa, en) = ("این واحد دو بار آمده است.", "This office is named twice.");
                fields.add(FieldError::new(format!("to[{index}].office"), "twice", fa, en));
            }
            targets.push(Target { referral: act.id(), office: office.id, role, due_at: receiver.due_at });
        }
    }
    fields.finish()?;
    Ok((targets, None))
}

/// The due time above new referrals: that of the sender's own referral, else of the case's open lead.
fn above_due(connection: &mut DbConnection, docket: &Docket, from: OfficeId) -> Result<Option<Time>> {
    let life = &docket.life;
    let above = life
        .parent_for(from)
        .or_else(|| life.lead.filter(|id| life.hops.get(id).is_some_and(|h| h.state.is_open())));
    match above {
        Some(referral) => Ok(referrals::table.find(referral).select(referrals::due_at).first(connection)?),
        None => Ok(None),
    }
}

/// The lead's deadline first; helpers then lie inside it.
fn set_deadlines(act: &Act, docket: &Docket, targets: &mut [Target], above: Option<Time>) -> Result<()> {
    let mut bound = above;
    for role in [HopRole::Lead, HopRole::Helper, HopRole::Copy] {
        for (index, target) in targets.iter_mut().enumerate().filter(|(_, target)| target.role == role) {
            let field = format!("to[{index}].due_at");
            target.due_at =
                clocks::referral_due(act, &docket.row, target.office, role, bound, target.due_at, &field)?;
            if role == HopRole::Lead {
                bound = target.due_at;
            }
        }
    }
    Ok(())
}

/// Clocks, instruction and notices of referrals that were just recorded.
pub(super) fn send(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    hops: &[NewHop],
    instruction: Option<&str>,
    event: EventId,
) -> Result<()> {
    for hop in hops {
        clocks::start_referral(connection, act, docket.row.id, hop.referral, hop.office, hop.due_at)?;
        prepared(
            diesel::update(referrals::table.find(hop.referral)).set(referrals::instruction.eq(instruction)),
        )
        .execute(connection)?;
        let facts = Facts {
            office: Some(hop.office),
            due: hop.due_at,
            instruction: instruction.map(str::to_owned),
            ..Facts::default()
        };
        notifications::to_office(connection, act, &docket.row, event, hop.office, "case_referred", &facts)?;
        if hop.role == HopRole::Lead && hop.parent.is_none() {
            let facts = Facts { instruction: None, ..facts };
            notifications::to_citizen(connection, act, &docket.row, event, "case_referred", &facts)?;
        }
    }
    Ok(())
}
