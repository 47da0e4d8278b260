//! Keys by which channel gateways and other systems call: kept as keyed digests, scoped to channels, expiring.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use diesel::prelude::*;
use rand::RngExt;
use serde::Serialize;

use crate::db::DbConnection;
use crate::db::schema::gateways;
use crate::db::types::{ChangeId, GatewayId, OfficeId, Time};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::Channel;
use crate::domain::exchange;
use crate::domain::input;
use crate::error::{Code, Error, FieldError, Fields, Result};

/// A key as stored, without its secret.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = gateways)]
pub struct GatewayRow {
    pub id: GatewayId,
    pub name: String,
    pub channels: String,
    pub office_id: OfficeId,
    pub created_at: Time,
    pub expires_at: Time,
    pub revoked_at: Option<Time>,
    pub agreed_at: Option<Time>,
}

/// A key as administrators see it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct GatewayView {
    pub id: GatewayId,
    pub name: String,
    /// Channels that it may register on; `*` for all.
    pub channels: Vec<String>,
    /// Code of the office that it registers for.
    pub office: String,
    pub created_at: Time,
    pub expires_at: Time,
    pub revoked_at: Option<Time>,
    /// Since when it works: a second person agreed to it. Null while it waits for one.
    pub agreed_at: Option<Time>,
    /// The change by which it waits for the second person; told when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeId>,
    /// The key itself; told once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// A new key.
#[derive(Debug, Clone, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGateway {
    pub name: String,
    /// Channels that it may register on; `*` for all. `exchange` lets the office's own system take its referrals, which `*`
    /// does not.
    pub channels: Vec<String>,
    /// Code of the office that it registers for.
    pub office: String,
    /// Days that it is good for, 1 to 3650; 365 when missing.
    #[serde(default)]
    pub days: Option<i64>,
}

impl GatewayRow {
    /// Whether a body's own system calls with it.
    fn is_of_exchange(&self) -> bool {
        let scopes: Vec<String> = serde_json::from_str(&self.channels).unwrap_or_default();
        scopes.iter().any(|scope| scope == exchange::SCOPE)
    }

    fn actor(self) -> Actor {
        let channels = serde_json::from_str(&self.channels).unwrap_or_default();
        Actor::Gateway { id: self.id, office: self.office_id, channels }
    }

    /// The view, with the key where it was just made.
    pub fn view(self, act: &Act, key: Option<String>) -> GatewayView {
        GatewayView {
            id: self.id,
            name: self.name,
            channels: serde_json::from_str(&self.channels).unwrap_or_default(),
            office: act.rules.offices.code(self.office_id),
            created_at: self.created_at,
            expires_at: self.expires_at,
            revoked_at: self.revoked_at,
            agreed_at: self.agreed_at,
            change: None,
            key,
        }
    }
}

/// The actor of a key's digest; none when it is unknown, not yet agreed, revoked or expired.
pub fn by_digest(connection: &mut DbConnection, digest: &str, now: Time) -> Result<Option<Actor>> {
    let row: Option<GatewayRow> = gateways::table
        .filter(
            gateways::key_hash
                .eq(digest)
                .and(gateways::agreed_at.is_not_null())
                .and(gateways::revoked_at.is_null())
                .and(gateways::expires_at.gt(now)),
        )
        .select(GatewayRow::as_select())
        .first(connection)
        .optional()?;
    Ok(row.map(GatewayRow::actor))
}

/// Makes a key; it is told once, and works when a second person agreed to it ([`agree`]).
pub fn create(connection: &mut DbConnection, act: &Act, new: &NewGateway) -> Result<GatewayView> {
    let mut fields = Fields::default();
    let name = fields.take(input::text("name", &new.name, 100));
    let office = fields.take(act.rules.offices.find("office", &new.office)).map(|office| office.id);
    for (index, channel) in
        new.channels.iter().enumerate().filter(|(_, channel)| *channel != "*" && *channel != exchange::SCOPE)
    {
        fields.take(input::choice::<Channel>(&format!("channels[{index}]"), channel));
    }
    if new.channels.is_empty() {
        fields.add(FieldError::required("channels"));
    }
    let days = new.days.unwrap_or(365);
    if !(1..=3650).contains(&days) {
        fields.add(FieldError::new("days", "out_of_range", "میان ۱ و ۳۶۵۰ روز.", "Between 1 and 3650 days."));
    }
    fields.finish()?;
    let mut bytes = [0_u8; 32];
    rand::rng().fill(&mut bytes);
    let key = BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let row = GatewayRow {
        id: act.id(),
        name: name.unwrap_or_default(),
        channels: serde_json::to_string(&new.channels).map_err(|error| Error::Internal(Box::new(error)))?,
        office_id: office.unwrap_or(act.rules.offices.centre()),
        created_at: act.now,
        expires_at: act.now.plus_days(days),
        revoked_at: None,
        agreed_at: None,
    };
    insert(connection, &row, &act.keys.digest("gateway-key", &[&key]))?;
    Ok(row.view(act, Some(key)))
}

fn insert(connection: &mut DbConnection, row: &GatewayRow, key_hash: &str) -> Result<()> {
    diesel::insert_into(gateways::table)
        .values((
            (gateways::id.eq(row.id), gateways::name.eq(&row.name), gateways::key_hash.eq(key_hash)),
            (gateways::channels.eq(&row.channels), gateways::office_id.eq(row.office_id)),
            (gateways::created_at.eq(row.created_at), gateways::expires_at.eq(row.expires_at)),
        ))
        .execute(connection)?;
    Ok(())
}

/// All keys, the newest last.
pub fn list(connection: &mut DbConnection) -> Result<Vec<GatewayRow>> {
    Ok(gateways::table.order(gateways::id).select(GatewayRow::as_select()).load(connection)?)
}

/// A key by its id.
pub fn find(connection: &mut DbConnection, id: GatewayId) -> Result<GatewayRow> {
    Ok(gateways::table.find(id).select(GatewayRow::as_select()).first(connection)?)
}

/// Lets a key work.
///
/// # Errors
/// `change_time_passed` when it was ended or ran out before.
pub fn agree(connection: &mut DbConnection, act: &Act, id: GatewayId) -> Result<()> {
    let waits = gateways::agreed_at
        .is_null()
        .and(gateways::revoked_at.is_null())
        .and(gateways::expires_at.gt(act.now));
    let agreed = diesel::update(gateways::table.find(id).filter(waits))
        .set(gateways::agreed_at.eq(act.now))
        .execute(connection)?;
    if agreed != 1 {
        return Err(Error::Conflict(Code::ChangePassed));
    }
    let row = find(connection, id)?;
    if row.is_of_exchange() { exchange::connect(connection, act, row.office_id) } else { Ok(()) }
}

/// The actor of the key of this name; none when there is none that is good now.
pub fn by_name(connection: &mut DbConnection, name: &str, now: Time) -> Result<Option<Actor>> {
    let row: Option<GatewayRow> = gateways::table
        .filter(
            gateways::name
                .eq(name)
                .and(gateways::agreed_at.is_not_null())
                .and(gateways::revoked_at.is_null())
                .and(gateways::expires_at.gt(now)),
        )
        .order(gateways::id)
        .select(GatewayRow::as_select())
        .first(connection)
        .optional()?;
    Ok(row.map(GatewayRow::actor))
}

/// The name of a key.
pub fn name(connection: &mut DbConnection, id: GatewayId) -> Result<String> {
    Ok(gateways::table.find(id).select(gateways::name).first(connection)?)
}

/// Ends a key at once.
pub fn revoke(connection: &mut DbConnection, act: &Act, id: GatewayId) -> Result<GatewayRow> {
    diesel::update(gateways::table.find(id).filter(gateways::revoked_at.is_null()))
        .set(gateways::revoked_at.eq(act.now))
        .execute(connection)?;
    let row = find(connection, id)?;
    if row.is_of_exchange() {
        exchange::disconnect(connection, act, row.office_id)?;
    }
    Ok(row)
}
