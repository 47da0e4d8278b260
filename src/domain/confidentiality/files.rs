//! Files of a sealed case: hidden from those who read the extract, until each is released by itself.

use std::collections::BTreeSet;

use diesel::prelude::*;

use crate::db::DbConnection;
use crate::db::schema::attachment_releases as r;
use crate::db::types::{AttachmentId, CaseId};
use crate::domain::actor::Act;
use crate::domain::cases::attach::{self, Attachment};
use crate::domain::cases::life::Fact;
use crate::domain::cases::{Docket, Expected, record};
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Code, Error, Result};

/// The files of a case that were released.
pub fn released(connection: &mut DbConnection, case: CaseId) -> Result<BTreeSet<AttachmentId>> {
    let ids: Vec<AttachmentId> =
        r::table.filter(r::case_id.eq(case)).select(r::attachment_id).load(connection)?;
    Ok(ids.into_iter().collect())
}

/// Whether this file was released.
pub fn is_released(connection: &mut DbConnection, file: AttachmentId) -> Result<bool> {
    let found: i64 = r::table.filter(r::attachment_id.eq(file)).count().get_result(connection)?;
    Ok(found > 0)
}

/// The case of a file, locked, for whoever decides what of it is released.
fn open(connection: &mut DbConnection, act: &Act, id: AttachmentId) -> Result<(Docket, Attachment)> {
    let file = attach::find(connection, act, id)?;
    let docket = Docket::open(connection, act, file.case_id, Expected::Any)?;
    policy::allow(act, Verb::Extract, docket.row.intake_office_id)?;
    Ok((docket, file))
}

/// Lets everybody who works on the sealed case open this file; whoever releases it has looked that it names nobody.
///
/// # Errors
/// `not_sealed`; `already_done`.
pub fn release(connection: &mut DbConnection, act: &Act, id: AttachmentId) -> Result<Attachment> {
    let (mut docket, file) = open(connection, act, id)?;
    if !docket.row.is_sealed {
        return Err(Error::Conflict(Code::NotSealed));
    }
    if is_released(connection, id)? {
        return Err(Error::Conflict(Code::AlreadyDone));
    }
    mark(connection, act, docket.row.id, id)?;
    let office = docket.row.intake_office_id;
    record(connection, act, &mut docket, &[Fact::FileReleased { attachment: id }], Some(office))?;
    Ok(file)
}

/// Notes the release of a file.
pub fn mark(connection: &mut DbConnection, act: &Act, case: CaseId, file: AttachmentId) -> Result<()> {
    let by = act.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    diesel::insert_into(r::table)
        .values((
            (r::attachment_id.eq(file), r::case_id.eq(case)),
            (r::released_by.eq(by), r::at.eq(act.now)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Takes a release back.
///
/// # Errors
/// `already_done` where it is not released.
pub fn hide(connection: &mut DbConnection, act: &Act, id: AttachmentId) -> Result<Attachment> {
    let (mut docket, file) = open(connection, act, id)?;
    if diesel::delete(r::table.find(id)).execute(connection)? == 0 {
        return Err(Error::Conflict(Code::AlreadyDone));
    }
    let office = docket.row.intake_office_id;
    record(connection, act, &mut docket, &[Fact::FileHidden { attachment: id }], Some(office))?;
    Ok(file)
}
