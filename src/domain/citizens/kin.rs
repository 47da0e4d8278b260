//! Who may speak of one matter with several voices: other records of the same person, and the household.
//!
//! Told by keyed digests of what the records hold, so that nobody's record but a name is opened for it. "Do not
//! repeat it through family members" (tag P1.1) needs to know who the family is; nothing here is ever shown to
//! anybody but staff.

use diesel::prelude::*;

use super::row::Citizen;
use crate::db::DbConnection;
use crate::db::connection::MultiBackend;
use crate::db::dialect::for_update_skip_locked;
use crate::db::prepared::OneOf;
use crate::db::schema::citizens;
use crate::db::sealed::{Blind, Sealed};
use crate::db::types::CitizenId;
use crate::domain::actor::Act;
use crate::domain::text::search_key;
use crate::domain::vault::{Look, Vault, field};
use crate::error::Result;
use crate::text_enum;

/// Records that are looked at for one citizen; a number that half a town gives must not slow a filing.
const LOOKED_AT: i64 = 30;
/// Records whose household is found in one transaction.
const ROWS: i64 = 100;

text_enum! {
    /// How near two records are.
    pub enum Kin {
        /// The same person, as far as can be told.
        Citizen = "citizen",
        /// Somebody of the same household.
        Household = "household",
    }
}

text_enum! {
    /// What ties two records.
    pub enum Tie { Record = "record", Phone = "phone", Email = "email", Address = "address", Head = "head" }
}

/// Another record, and how it is near.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relative {
    pub id: CitizenId,
    pub kin: Kin,
    pub tie: Tie,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = citizens)]
struct Near {
    id: CitizenId,
    name: Option<Sealed>,
    identifier_index: Option<Blind>,
    mobile_index: Option<Blind>,
    phone_index: Option<Blind>,
    email_index: Option<Blind>,
    household_head_index: Option<Blind>,
    household_index: Option<Blind>,
    merged_into: Option<CitizenId>,
}

impl Near {
    /// The record that stands for the person.
    fn standing(&self) -> CitizenId {
        self.merged_into.unwrap_or(self.id)
    }
}

/// The digests under which what a citizen says of himself may stand elsewhere.
struct Marks {
    mobile: Vec<Blind>,
    phone: Vec<Blind>,
    email: Vec<Blind>,
    household: Vec<Blind>,
    /// As the head of others: his own head, or himself.
    as_head: Vec<Blind>,
    /// The record of his head.
    head: Vec<Blind>,
}

impl Marks {
    fn of(citizen: &Citizen, vault: &Vault) -> Self {
        let blinds =
            |look, value: Option<&str>| value.map_or_else(Vec::new, |value| vault.blinds(look, value));
        let head = citizen.household_head.as_deref();
        let own = citizen.identifier.as_deref();
        let mut as_head = blinds(Look::HouseholdHead, head);
        as_head.extend(blinds(Look::HouseholdHead, own.filter(|own| Some(*own) != head)));
        Self {
            mobile: blinds(Look::Mobile, citizen.mobile.as_deref()),
            phone: blinds(Look::Phone, citizen.phone.as_deref()),
            email: blinds(Look::Email, citizen.email.as_deref()),
            household: blinds(Look::Household, citizen.household().as_deref()),
            as_head,
            head: blinds(Look::Identifier, head),
        }
    }

    /// With one indexed read; at most thirty records, the one itself among them.
    fn near(self, connection: &mut DbConnection) -> Result<(Self, Vec<Near>)> {
        let mut query =
            citizens::table.select(Near::as_select()).limit(LOOKED_AT).into_boxed::<MultiBackend>();
        let mut is_marked = false;
        macro_rules! or {
            ($column:ident, $marks:expr) => {
                if !$marks.is_empty() {
                    query = query.or_filter(citizens::$column.one_of($marks.iter().cloned()));
                    is_marked = true;
                }
            };
        }
        or!(mobile_index, self.mobile);
        or!(phone_index, self.phone);
        or!(email_index, self.email);
        or!(household_index, self.household);
        or!(household_head_index, self.as_head);
        or!(identifier_index, self.head);
        let rows = if is_marked { query.load(connection)? } else { Vec::new() };
        Ok((self, rows))
    }
}

fn is_in(index: &Option<Blind>, marks: &[Blind]) -> bool {
    index.as_ref().is_some_and(|index| marks.contains(index))
}

/// Other records of the same person, and of the household: the same postal code and address, the same head, or
/// a telephone that several people give. A record without identifier that shares a contact and no other name is
/// the same person.
pub fn relatives(connection: &mut DbConnection, act: &Act, citizen: &Citizen) -> Result<Vec<Relative>> {
    let (marks, rows) = Marks::of(citizen, &act.vault).near(connection)?;
    let mut found = Vec::new();
    for row in rows.into_iter().filter(|row| row.standing() != citizen.id) {
        let calls = is_in(&row.mobile_index, &marks.mobile) || is_in(&row.phone_index, &marks.phone);
        let writes = is_in(&row.email_index, &marks.email);
        let may_be_same = citizen.identifier.is_none() || row.identifier_index.is_none();
        let relative = if (calls || writes) && may_be_same && is_of_name(connection, act, citizen, &row)? {
            Some((Kin::Citizen, if calls { Tie::Phone } else { Tie::Email }))
        } else if calls {
            Some((Kin::Household, Tie::Phone))
        } else if is_in(&row.household_index, &marks.household) {
            Some((Kin::Household, Tie::Address))
        } else if is_in(&row.household_head_index, &marks.as_head)
            || is_in(&row.identifier_index, &marks.head)
        {
            Some((Kin::Household, Tie::Head))
        } else {
            None
        };
        found.extend(relative.map(|(kin, tie)| Relative { id: row.standing(), kin, tie }));
    }
    // several records of one person are one relative, and the nearest tie tells
    found.sort_by_key(|relative| (relative.id, relative.kin));
    found.dedup_by_key(|relative| relative.id);
    Ok(found)
}

/// Whether no two different names stand against it.
fn is_of_name(connection: &mut DbConnection, act: &Act, citizen: &Citizen, row: &Near) -> Result<bool> {
    let name = act.vault.open_some(connection, field!(citizens::name), row.id, row.name.as_ref())?;
    Ok(match (&citizen.name, &name) {
        (Some(one), Some(other)) => search_key(one) == search_key(other),
        (None, _) | (_, None) => true,
    })
}

/// Finds the household of some records whose address was written before there were households; gives how many.
pub fn index_households(connection: &mut DbConnection, vault: &Vault) -> Result<usize> {
    use citizens as c;
    type Row = (CitizenId, Option<Sealed>, Option<Sealed>);
    let query = c::table
        .filter(c::household_index.is_null().and(c::postal_code.is_not_null()).and(c::address.is_not_null()))
        .order(c::id)
        .limit(ROWS)
        .select((c::id, c::postal_code, c::address));
    let rows: Vec<Row> = for_update_skip_locked(query).load(connection)?;
    let count = rows.len();
    for (id, postal_code, address) in rows {
        let postal_code =
            vault.open_some(connection, field!(citizens::postal_code), id, postal_code.as_ref())?;
        let address = vault.open_some(connection, field!(citizens::address), id, address.as_ref())?;
        let household = super::household(postal_code.as_deref(), address.as_deref());
        let index = household.map(|household| vault.blind(Look::Household, &household));
        diesel::update(c::table.find(id)).set(c::household_index.eq(index)).execute(connection)?;
    }
    Ok(count)
}
