//! Finds earlier cases of the same citizen or household on the same matter.

use diesel::prelude::*;

use super::likeness::Shingles;
use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::db::types::{CaseId, CitizenId, Time};
use crate::domain::actor::Act;
use crate::domain::calendar::TEHRAN;
use crate::domain::cases::life::Status;
use crate::domain::cases::{CaseRow, Filed, words};
use crate::domain::citizens::{self, Citizen, Kin, Recognised, Relative};
use crate::domain::rulebook::Rulebook;
use crate::domain::vault::Vault;
use crate::error::{Error, Result};
use crate::text_enum;

/// Cases that are compared for one filing, the newest first.
const COMPARED: i64 = 50;

text_enum! {
    /// By what two cases are one matter.
    pub enum Ground { Category = "category", Text = "text" }
}

/// What a case is about, as far as sameness is judged.
#[derive(Debug, Clone)]
pub struct Matter {
    category: Option<String>,
    county: Option<String>,
    words: Shingles,
}

impl Matter {
    pub fn new(category: Option<&str>, county: Option<&str>, subject: Option<&str>, text: &str) -> Self {
        let words = format!("{} {text}", subject.unwrap_or_default());
        Self {
            category: category.map(str::to_owned),
            county: county.map(str::to_owned),
            words: Shingles::of(&words),
        }
    }

    /// Of a stored case.
    pub fn of(connection: &mut DbConnection, vault: &Vault, row: &CaseRow) -> Result<Self> {
        let words = row.words(connection, vault)?;
        Ok(Self::new(row.category.as_deref(), row.county.as_deref(), words.subject.as_deref(), &words.text))
    }
}

/// Whether two matters are one: the same subject in the same place, or close words. Gives how alike they are, 0 to
/// 100, and by what. Different subjects ask for nearly the same words.
pub fn judge(rules: &Rulebook, one: &Matter, other: &Matter) -> Result<Option<(u8, Vec<Ground>)>> {
    let alike = one.words.likeness(&other.words) * 100.0;
    let is_elsewhere = matches!((&one.county, &other.county), (Some(one), Some(other)) if one != other);
    let (is_same, is_other) = match (&one.category, &other.category) {
        (Some(one), Some(other)) => (one == other && !is_elsewhere, one != other),
        (None, _) | (_, None) => (false, false),
    };
    let subject = if is_other { "repeat_likeness_other" } else { "repeat_likeness" };
    let is_close = alike >= rules.number(subject)? as f64;
    let mut grounds = Vec::new();
    grounds.extend(is_same.then_some(Ground::Category));
    grounds.extend(is_close.then_some(Ground::Text));
    let likeness = if is_same { 50.0 + alike / 2.0 } else { alike };
    // from 0 to 100 by construction
    Ok((!grounds.is_empty()).then_some((likeness.round() as u8, grounds)))
}

/// An earlier case on the same matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub case: CaseId,
    pub citizen: CitizenId,
    pub relation: Kin,
    /// 0 to 100.
    pub likeness: u8,
    pub grounds: Vec<Ground>,
}

/// What is known of the earlier cases of whoever files.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// On the same matter, the most alike first.
    pub found: Vec<Found>,
    /// Cases of the same citizen that were registered on this day in Tehran.
    pub today: usize,
    /// Of these, those of the very record that the filer told.
    pub today_of_record: usize,
    /// Whether the filer's own record, told in full, has an open case on the matter that is not sealed: all that an
    /// unproven filer may be told.
    pub has_own_open: bool,
    /// Records of the same person, the filer's own among them where it is not new.
    pub own: Vec<CitizenId>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = cases)]
struct Earlier {
    id: CaseId,
    citizen_id: Option<CitizenId>,
    status: Status,
    category: Option<String>,
    county: Option<String>,
    #[diesel(embed)]
    filed: Filed,
    is_sealed: bool,
    registered_at: Time,
}

/// Looks at the earlier cases of a citizen and the household. One read where nothing is known of them.
pub fn see(connection: &mut DbConnection, act: &Act, known: &Recognised, matter: &Matter) -> Result<Seen> {
    let relatives = citizens::relatives(connection, act, &known.citizen)?;
    let of_own = |relative: &&Relative| relative.kin == Kin::Citizen;
    let mut own: Vec<CitizenId> = relatives.iter().filter(of_own).map(|relative| relative.id).collect();
    own.extend((!known.is_new).then_some(known.citizen.id));
    let rows = earlier(connection, &own, &relatives)?;
    let mut seen = Seen { own, ..Seen::default() };
    let midnight = midnight(act.now)?;
    let oldest = act.now.plus_days(-act.rules.number("repeat_lookback")?);
    for row in rows {
        let Some(citizen) = row.citizen_id else { continue };
        let is_own = seen.own.contains(&citizen);
        let is_of_today = is_own && row.registered_at >= midnight;
        seen.today += usize::from(is_of_today);
        seen.today_of_record += usize::from(is_of_today && citizen == known.citizen.id);
        let is_open = row.status != Status::Closed;
        if !is_open && row.registered_at < oldest {
            continue;
        }
        let words = words::open(connection, &act.vault, row.id, row.is_sealed, &row.filed)?;
        let subject = words.subject.as_deref();
        let earlier = Matter::new(row.category.as_deref(), row.county.as_deref(), subject, &words.text);
        let Some((likeness, grounds)) = judge(&act.rules, matter, &earlier)? else { continue };
        let is_same_record = citizen == known.citizen.id && known.is_in_full;
        seen.has_own_open |= is_same_record && is_open && !row.is_sealed;
        let relation = if is_own { Kin::Citizen } else { Kin::Household };
        seen.found.push(Found { case: row.id, citizen, relation, likeness, grounds });
    }
    seen.found.sort_by_key(|found| std::cmp::Reverse((found.likeness, found.case)));
    Ok(seen)
}

/// The newest cases of these people.
fn earlier(connection: &mut DbConnection, own: &[CitizenId], relatives: &[Relative]) -> Result<Vec<Earlier>> {
    let mut people = own.to_vec();
    people.extend(relatives.iter().map(|relative| relative.id).filter(|id| !own.contains(id)));
    if people.is_empty() {
        return Ok(Vec::new());
    }
    Ok(cases::table
        .filter(cases::citizen_id.eq_any(people))
        .order(cases::id.desc())
        .limit(COMPARED)
        .select(Earlier::as_select())
        .load(connection)?)
}

/// When the present day began in Tehran.
pub(super) fn midnight(now: Time) -> Result<Time> {
    let zone = jiff::tz::TimeZone::get(TEHRAN).map_err(Error::internal)?;
    let start = now.timestamp().to_zoned(zone).start_of_day().map_err(Error::internal)?;
    Ok(start.timestamp().into())
}

/// How near the citizen of one case is to that of another; none where they are strangers.
pub fn kin_of(
    connection: &mut DbConnection,
    act: &Act,
    citizen: &Citizen,
    others: &[CitizenId],
) -> Result<Vec<Option<Kin>>> {
    let relatives = citizens::relatives(connection, act, citizen)?;
    let kin = |other: &CitizenId| match relatives.iter().find(|relative| relative.id == *other) {
        _ if *other == citizen.id => Some(Kin::Citizen),
        Some(relative) => Some(relative.kin),
        None => None,
    };
    Ok(others.iter().map(kin).collect())
}
