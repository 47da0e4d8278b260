//! Group: many persons on one matter, one lead case, up to three representatives, one answer to everybody
//! (requirement tag S4.5). Below the threshold it is a joint case; at five persons of five households it becomes a
//! mass case by itself.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::merge::{follow, tell_merged};
use super::{count, find_case, links, lock, share};
use crate::db::DbConnection;
use crate::db::schema::{families, family_links};
use crate::db::types::{CaseId, OfficeId};
use crate::domain::actor::Act;
use crate::domain::cases::docket::{Docket, Expected};
use crate::domain::cases::life::Relation;
use crate::domain::cases::refer::{self, Receiver, Refer};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Code, Error, FieldError, Fields, Result};

/// A gathering of cases into a group led by the case of the path.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Ids or tracking codes of the members' cases.
    #[serde(default)]
    pub members: Vec<String>,
    /// Those of them, or the leading case, whose citizens speak for the group; at most three. The citizen of the
    /// leading case where nobody is named.
    #[serde(default)]
    pub representatives: Vec<String>,
    /// Code of the office that the group is referred to at once.
    #[serde(default)]
    pub lead_office: Option<String>,
}

/// One more member.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddMember {
    /// Id or tracking code of the case that joins.
    pub case: String,
    /// Whether its citizen speaks for the group.
    #[serde(default)]
    pub representative: Option<bool>,
}

/// A group as it was last counted.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = families)]
pub struct Counted {
    pub case_id: CaseId,
    pub is_mass: bool,
    pub persons: i32,
    pub households: i32,
    pub lead_speaks: bool,
}

/// The group that a case leads, where it leads one.
pub fn group_of(connection: &mut DbConnection, case: CaseId) -> Result<Option<Counted>> {
    Ok(families::table.find(case).select(Counted::as_select()).first(connection).optional()?)
}

/// Gathers cases into a group; who is in it already stays, and the representatives named take the place of those
/// named before.
///
/// # Errors
/// Every member that cannot join is named with its reason; too many representatives; `merged_into_merged`,
/// `parent_closed` or `appeal_pending` of the leading case.
pub fn form(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
    wish: &Group,
) -> Result<Docket> {
    let present = Docket::read(connection, act, id)?;
    let office = policy::allow(act, Verb::Group, present.life.holder)?;
    present.life.can_lead()?;
    let mut fields = Fields::default();
    let members = named(connection, act, "members", &wish.members, &mut fields)?;
    let speakers = named(connection, act, "representatives", &wish.representatives, &mut fields)?;
    if members.iter().any(|(_, member)| *member == id) {
        let (fa, en) = (
            "پرونده اصلی خود عضو است؛ تنها پرونده‌های دیگر را نام ببرید.",
            "The leading case is part of its group; name the other cases only.",
        );
        fields.add(FieldError::new("members", "itself", fa, en));
    }
    if members.is_empty() && wish.members.is_empty() && group_of(connection, id)?.is_none() {
        fields.add(FieldError::required("members"));
    }
    check_speakers(act, speakers.len(), &mut fields)?;
    let lead =
        wish.lead_office.as_deref().and_then(|code| fields.take(act.rules.offices.find("lead_office", code)));
    fields.finish()?;
    lock(connection, members.iter().map(|(_, member)| *member).chain([id]).collect())?;
    Docket::open(connection, act, id, expected)?.life.can_lead()?;
    let is_new = ensure(connection, id)?;
    join(connection, act, id, &members, office)?;
    if is_new || !speakers.is_empty() {
        let speakers: Vec<CaseId> = speakers.into_iter().map(|(_, case)| case).collect();
        appoint(connection, id, &speakers)?;
    }
    count::count(connection, act, id)?;
    if let Some(lead) = lead {
        let to = vec![Receiver { office: lead.code.clone(), role: None, due_at: None }];
        refer::refer(connection, act, id, Expected::Any, &Refer { to, instruction: None })?;
    }
    Docket::open(connection, act, id, Expected::Any)
}

/// Adds one member, and makes it a representative where that is wished.
pub fn add_member(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
    wish: &AddMember,
) -> Result<Docket> {
    let speaks = wish.representative == Some(true);
    let present = links::links_to(connection, id)?;
    let mut representatives: Vec<String> =
        present.iter().filter(|link| link.is_representative).map(|link| link.case_id.to_string()).collect();
    if group_of(connection, id)?.is_some_and(|group| group.lead_speaks) {
        representatives.push(id.to_string());
    }
    let group = Group {
        members: vec![wish.case.clone()],
        representatives: if speaks {
            representatives.into_iter().chain([wish.case.clone()]).collect()
        } else {
            Vec::new()
        },
        lead_office: None,
    };
    form(connection, act, id, expected, &group).map_err(|error| match error {
        Error::Invalid(wrong) => Error::Invalid(wrong.into_iter().map(of_one_member).collect()),
        other => other,
    })
}

fn of_one_member(error: FieldError) -> FieldError {
    let field = if error.field.starts_with("members") { "case".to_owned() } else { error.field };
    FieldError { field: field.replace("representatives", "representative"), ..error }
}

fn check_speakers(act: &Act, count: usize, fields: &mut Fields) -> Result<()> {
    let most = act.rules.number("representatives_max")?;
    if i64::try_from(count).unwrap_or(i64::MAX) > most {
        fields.add(FieldError::new(
            "representatives",
            "too_many",
            format!("یک گروه حداکثر {most} نماینده دارد."),
            format!("A group has at most {most} representatives."),
        ));
    }
    Ok(())
}

/// The cases of a list, with their place in it; unknown ones are noted, one that comes twice counts once.
fn named(
    connection: &mut DbConnection,
    act: &Act,
    field: &str,
    told: &[String],
    fields: &mut Fields,
) -> Result<Vec<(usize, CaseId)>> {
    let mut found: Vec<(usize, CaseId)> = Vec::new();
    for (at, told) in told.iter().enumerate() {
        match find_case(connection, act, &format!("{field}[{at}]"), told) {
            Ok(row) if found.iter().any(|(_, id)| *id == row.id) => {}
            Ok(row) => found.push((at, row.id)),
            Err(Error::Invalid(wrong)) => wrong.into_iter().for_each(|error| fields.add(error)),
            Err(other) => return Err(other),
        }
    }
    Ok(found)
}

/// Makes the row of a group; true when it is new.
pub(super) fn ensure(connection: &mut DbConnection, case: CaseId) -> Result<bool> {
    if group_of(connection, case)?.is_some() {
        return Ok(false);
    }
    diesel::insert_into(families::table)
        .values((
            (families::case_id.eq(case), families::is_mass.eq(false), families::persons.eq(0)),
            (families::households.eq(0), families::lead_speaks.eq(true)),
        ))
        .execute(connection)?;
    Ok(true)
}

/// Lets cases join; each that cannot is named with its reason, and then none joins.
fn join(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    members: &[(usize, CaseId)],
    office: OfficeId,
) -> Result<()> {
    let mut fields = Fields::default();
    for (at, member) in members {
        let parent = Docket::of_family(connection, act, id)?;
        if parent.life.family.followers.get(member) == Some(&Relation::Member) {
            continue;
        }
        let docket = Docket::open(connection, act, *member, Expected::Any)?;
        let joined = policy::allow(act, Verb::Group, docket.life.holder)
            .and_then(|_| follow(connection, act, docket, &parent, Relation::Member, "group".into(), office));
        match joined {
            Ok((docket, event)) => {
                tell_merged(connection, act, &docket, &parent, event)?;
                share::share_standing(connection, act, id, *member)?;
            }
            Err(Error::Conflict(code) | Error::Forbidden(code)) => {
                fields.add(refusal(format!("members[{at}]"), code))
            }
            Err(other) => return Err(other),
        }
    }
    fields.finish()
}

/// A refusal of one member as a wrong field.
fn refusal(field: String, code: Code) -> FieldError {
    use crate::error::Language::{En, Fa};
    FieldError::new(field, code.as_str(), code.title(Fa), code.title(En))
}

/// Writes who speaks for the group; the citizen of the leading case where nobody is named.
fn appoint(connection: &mut DbConnection, case: CaseId, speakers: &[CaseId]) -> Result<()> {
    use family_links as l;
    let members = l::table
        .filter(l::parent_id.eq(case).and(l::left_at.is_null()))
        .filter(l::relation.eq(Relation::Member));
    let others: Vec<CaseId> = speakers.iter().copied().filter(|speaker| *speaker != case).collect();
    diesel::update(members).set(l::is_representative.eq(false)).execute(connection)?;
    let changed = diesel::update(members.filter(l::case_id.eq_any(&others)))
        .set(l::is_representative.eq(true))
        .execute(connection)?;
    if changed != others.len() {
        let (fa, en) =
            ("نماینده باید یکی از اعضای همین گروه باشد.", "A representative is one of this group's members.");
        return Err(Error::field(FieldError::new("representatives", "not_a_member", fa, en)));
    }
    let lead_speaks = speakers.is_empty() || speakers.contains(&case);
    diesel::update(families::table.find(case))
        .set(families::lead_speaks.eq(lead_speaks))
        .execute(connection)?;
    Ok(())
}
