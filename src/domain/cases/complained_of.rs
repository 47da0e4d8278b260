//! Whom a complaint is about: an office, a member of staff, or a name that belongs to no account (requirement tag
//! S4.7).
//!
//! It is told at registration or said later by those who take complaints in and classify them. Whoever has a
//! conflict of interest by it loses the case at once: that follows from recording it.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::docket::{Docket, Expected};
use super::life::Fact;
use super::record::record;
use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::db::types::{CaseId, OfficeId};
use crate::domain::actor::{Act, Actor};
use crate::domain::conflict::{About, Conflict};
use crate::domain::input;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::domain::users;
use crate::domain::vault::field;
use crate::error::{FieldError, Fields, Result};

/// Whom the complaint is about; what is missing is nobody.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NameComplainedOf {
    /// Code of the office.
    #[serde(default)]
    pub office: Option<String>,
    /// User name of the member of staff.
    #[serde(default)]
    pub user: Option<String>,
    /// Name of the person, where no account is known.
    #[serde(default)]
    pub person: Option<String>,
    /// Why it is said or changed, in words.
    #[serde(default)]
    pub reason: String,
}

/// What was told, each with the name of its field.
pub(super) struct Told<'a> {
    pub(super) office: (&'static str, Option<&'a str>),
    pub(super) user: (&'static str, Option<&'a str>),
    pub(super) person: (&'static str, Option<&'a str>),
}

/// Finds office and account, and reads the name; every wrong field is noted.
pub(super) fn check(
    connection: &mut DbConnection,
    act: &Act,
    told: Told<'_>,
    fields: &mut Fields,
) -> Result<(About, Option<String>)> {
    let office = told.office.1.and_then(|code| fields.take(act.rules.offices.find(told.office.0, code)));
    let user = match told.user.1.map(|name| name.trim().to_lowercase()) {
        // user names are not to be guessed from outside
        Some(_) if matches!(act.actor, Actor::Public | Actor::Citizen { .. }) => {
            fields.add(FieldError::new(
                told.user.0,
                "not_here",
                "نام کاربری را سامانه پیدا می‌کند؛ نام شخص را در about_person بنویسید.",
                "Accounts are found by the office; write the person's name in about_person.",
            ));
            None
        }
        Some(name) => match users::by_username(connection, &name)? {
            Some(account) => Some(account.id),
            None => fields.take(Err(unknown_user(told.user.0, &name))),
        },
        None => None,
    };
    let person = fields.take(input::optional_text(told.person.0, told.person.1, input::LINE_MAX)).flatten();
    Ok((About { office: office.map(|office| office.id), user }, person))
}

fn unknown_user(field: &str, name: &str) -> FieldError {
    let name: String = name.chars().take(60).collect();
    FieldError::new(
        field,
        "unknown",
        format!("کاربری به نام «{name}» نیست؛ نام کاربری را درست کنید یا تنها نام شخص را بنویسید."),
        format!("There is no user '{name}'; correct the user name, or give the person's name only."),
    )
}

/// Says whom the case is about, in place of what was said before.
///
/// # Errors
/// Wrong fields, `no_free_desk` where everybody who could take the case would be barred, or `stale_version`.
pub fn name(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
    wish: &NameComplainedOf,
) -> Result<Docket> {
    let mut docket = Docket::open(connection, act, id, expected)?;
    let office = may_name(act, &docket)?;
    let mut fields = Fields::default();
    let told = Told {
        office: ("office", wish.office.as_deref()),
        user: ("user", wish.user.as_deref()),
        person: ("person", wish.person.as_deref()),
    };
    let (about, person) = check(connection, act, told, &mut fields)?;
    let reason = fields.take(input::text("reason", &wish.reason, input::LINE_MAX));
    fields.finish()?;
    let fact = Fact::ComplainedOfNamed {
        office: about.office,
        user: about.user,
        // keyed, since a name is soon guessed
        person_digest: person
            .as_deref()
            .map(|name| act.keys.digest("complained-of", &[&id.to_string(), name])),
        reason: reason.unwrap_or_default(),
    };
    save(connection, act, &mut docket, about, person)?;
    record(connection, act, &mut docket, &[fact], Some(office))?;
    docket.reload(connection)
}

/// In whose name the actor may say it: of those who took the case in, or of the desk above whoever holds it.
pub fn may_name(act: &Act, docket: &Docket) -> Result<OfficeId> {
    policy::allow(act, Verb::NameComplainedOf, docket.life.holder)
        .or_else(|_| policy::allow(act, Verb::NameComplainedOf, docket.row.intake_office_id))
}

fn save(
    connection: &mut DbConnection,
    act: &Act,
    docket: &mut Docket,
    about: About,
    person: Option<String>,
) -> Result<()> {
    let id = docket.row.id;
    let sealed = act.vault.seal_some(field!(cases::about_person), id, person.as_deref())?;
    (docket.row.about_office_id, docket.row.about_user_id) = (about.office, about.user);
    docket.row.about_person = sealed;
    docket.conflict = Conflict::of(connection, &act.rules, &docket.row)?;
    diesel::update(cases::table.find(id))
        .set((
            cases::about_office_id.eq(about.office),
            cases::about_user_id.eq(about.user),
            cases::about_person.eq(&docket.row.about_person),
        ))
        .execute(connection)?;
    Ok(())
}
