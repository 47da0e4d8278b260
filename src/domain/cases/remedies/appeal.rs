//! Appeal (تجدیدنظر): the level above decides, never the office or a person that handled the case.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::{await_decision, due, own_channel, recorder, said, speak, standing};
use crate::db::DbConnection;
use crate::db::schema::appeals;
use crate::db::sealed::Sealed;
use crate::db::types::{AppealId, CaseId, OfficeId, ReferralId, Time, UserId};
use crate::domain::actor::Act;
use crate::domain::cases::docket::{Docket, Expected};
use crate::domain::cases::life::{AppealCause, AppealResult, Consequence, Fact};
use crate::domain::cases::row::Channel;
use crate::domain::cases::{clocks, record, sha256_hex};
use crate::domain::notifications::{self, Facts};
use crate::domain::rulebook::Verb;
use crate::domain::vault::field;
use crate::error::{Error, Result};

/// An appeal to the level above.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Appeal {
    /// What is wrong with the answer or its absence, in the citizen's words.
    pub text: String,
    /// The channel it came by; `web` for the citizen's own page, `phone` for staff.
    #[serde(default)]
    pub channel: Option<String>,
}

/// An appeal as stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = appeals)]
pub struct AppealRow {
    pub id: AppealId,
    pub referral_id: ReferralId,
    pub against_office_id: OfficeId,
    pub cause: AppealCause,
    /// The citizen's words, sealed; [`AppealRow::words`] opens them.
    pub text: Sealed,
    pub channel: Channel,
    pub at: Time,
    pub former_outcome: Option<String>,
    pub result: Option<AppealResult>,
    pub consequence: Option<Consequence>,
    pub outcome: Option<String>,
    pub grounds: Option<String>,
    pub decided_by: Option<UserId>,
    pub decided_at: Option<Time>,
}

impl AppealRow {
    /// The citizen's words.
    pub fn words(&self, connection: &mut DbConnection, act: &Act) -> Result<String> {
        act.vault.open(connection, field!(appeals::text), self.id, &self.text)
    }
}

/// Takes the citizen's appeal; the level above gets the case, and both offices and the citizen are told.
///
/// # Errors
/// `appeal_not_open`, `window_passed`, `appeal_pending`, `appeal_decided` or `no_level_above`.
pub fn appeal(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
    wish: &Appeal,
) -> Result<Docket> {
    let (act, id, expected) = &speak(connection, act, id, expected)?;
    let (id, expected) = (*id, *expected);
    let mut docket = Docket::open(connection, act, id, expected)?;
    let office = recorder(act, Verb::Appeal)?;
    let standing = standing(connection, act, &docket)?;
    let offices = &act.rules.offices;
    let (_, above) = docket.life.can_appeal(standing, offices, &docket.conflict)?;
    let (text, channel) = said(&wish.text, wish.channel.as_deref(), own_channel(act))?;
    let due_at = due(act, above, "appeal")?;
    let (appeal, referral): (AppealId, ReferralId) = (act.id(), act.id());
    let words = (channel.to_string(), sha256_hex(text.as_bytes()));
    let fact =
        docket.life.appeal(standing, offices, &docket.conflict, appeal, referral, Some(due_at), words)?;
    let Fact::AppealRaised { cause, .. } = fact else {
        return Err(Error::internal("appeal gave another fact"));
    };
    let (against, former) = (docket.life.against(), docket.life.outcome.clone());
    let event = record(connection, act, &mut docket, &[fact], office)?;
    await_decision(connection, id, due_at)?;
    clocks::restart_outer(connection, act, &docket.row)?;
    clocks::start_referral(connection, act, id, referral, above, Some(due_at))?;
    let sealed = act.vault.seal(field!(appeals::text), appeal, &text)?;
    diesel::insert_into(appeals::table)
        .values((
            (appeals::id.eq(appeal), appeals::case_id.eq(id), appeals::referral_id.eq(referral)),
            (appeals::against_office_id.eq(against), appeals::cause.eq(cause), appeals::text.eq(sealed)),
            (appeals::channel.eq(channel.as_str()), appeals::recorded_by.eq(act.actor.user())),
            (appeals::at.eq(act.now), appeals::former_outcome.eq(former)),
        ))
        .execute(connection)?;
    let facts = Facts { office: Some(above), due: Some(due_at), ..Facts::default() };
    for told in [above, against] {
        notifications::to_office(connection, act, &docket.row, event, told, "appeal_raised", &facts)?;
    }
    notifications::to_citizen(connection, act, &docket.row, event, "appeal_raised", &facts)?;
    docket.reload(connection)
}

/// The appeals of a case, oldest first.
pub fn appeals_of(connection: &mut DbConnection, case: CaseId) -> Result<Vec<AppealRow>> {
    Ok(appeals::table
        .filter(appeals::case_id.eq(case))
        .order(appeals::id)
        .select(AppealRow::as_select())
        .load(connection)?)
}
