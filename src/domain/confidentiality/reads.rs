//! The log of readings: who read an identity or the words of a sealed case, when and why.
//!
//! Rows are only ever inserted; the service has no call that changes or deletes one, and the database refuses it. Every
//! reading is a row of its own, also the second within a minute: what is counted cannot be argued away. The row is committed
//! before anything is shown, and [`Disclosure`], which only this room makes, is the proof that views ask for.

use diesel::prelude::*;
use serde::Serialize;

use super::sight::{Sight, holds_identity, sight};
use crate::db::DbConnection;
use crate::db::schema::{cases, citizens, identity_reads as r};
use crate::db::types::{CaseId, CitizenId, IdentityRequestId, OfficeId, ReadId, Time, UserId};
use crate::domain::actor::{Act, Actor, Role, Staff};
use crate::domain::cases::{CaseRow, find_visible};
use crate::domain::conflict::condition;
use crate::domain::policy;
use crate::domain::rulebook::{Reach, Verb};
use crate::error::{Code, Error, Language, Result};
use crate::text_enum;

text_enum! {
    /// What a reading was for.
    pub enum Why {
        /// The detail of a case was opened.
        Case = "case",
        /// A call about a closed case was opened, to ring its citizen up.
        Callback = "callback",
        /// The citizen rang up, or was rung back.
        PhoneCall = "phone_call",
        Messages = "messages", Objections = "objections", Appeals = "appeals",
        Attachments = "attachments", Certificate = "certificate",
        /// A letter to the citizen was printed, with name and address.
        Letter = "letter",
        /// The list of a public meeting was read, with the names of who comes.
        Meeting = "meeting",
        CitizenSearch = "citizen_search", CitizenRecord = "citizen_record",
        /// All data of a citizen were handed over in one archive.
        Export = "export",
    }
}

text_enum! {
    /// What was read.
    pub enum What {
        Identity = "identity",
        /// The original words of a sealed case.
        Words = "words",
        Both = "identity_and_words",
    }
}

impl Why {
    /// The purpose in the words of the citizen.
    pub fn name(self, language: Language) -> &'static str {
        match (self, language) {
            (Why::Case, Language::Fa) => "رسیدگی به پرونده",
            (Why::Case, Language::En) => "Work on the case",
            (Why::Callback, Language::Fa) => "تماس برای سنجش کیفیت رسیدگی",
            (Why::Callback, Language::En) => "A call to ask how the case was handled",
            (Why::PhoneCall, Language::Fa) => "تماس تلفنی",
            (Why::PhoneCall, Language::En) => "A telephone call",
            (Why::Messages, Language::Fa) => "خواندن پیام‌ها",
            (Why::Messages, Language::En) => "Reading of messages",
            (Why::Objections, Language::Fa) => "خواندن اعتراض",
            (Why::Objections, Language::En) => "Reading of an objection",
            (Why::Appeals, Language::Fa) => "خواندن تجدیدنظرخواهی",
            (Why::Appeals, Language::En) => "Reading of an appeal",
            (Why::Attachments, Language::Fa) => "دیدن پیوست‌ها",
            (Why::Attachments, Language::En) => "Opening of attachments",
            (Why::Certificate, Language::Fa) => "چاپ گواهی",
            (Why::Certificate, Language::En) => "Printing of a certificate",
            (Why::Letter, Language::Fa) => "چاپ نامه به شهروند",
            (Why::Letter, Language::En) => "Printing of a letter to the citizen",
            (Why::Meeting, Language::Fa) => "فهرست ملاقات مردمی",
            (Why::Meeting, Language::En) => "List of a public meeting",
            (Why::CitizenSearch, Language::Fa) => "جست‌وجوی شهروند",
            (Why::CitizenSearch, Language::En) => "Search for a citizen",
            (Why::CitizenRecord, Language::Fa) => "ثبت یا اصلاح مشخصات",
            (Why::CitizenRecord, Language::En) => "Recording or correction of a citizen",
            (Why::Export, Language::Fa) => "تحویل داده‌های شهروند به خود او",
            (Why::Export, Language::En) => "Handing the citizen's own data over",
        }
    }
}

/// The proof that a reading of this case may be shown, and that it was logged where it has to be.
#[derive(Debug, Clone, Copy)]
pub struct Disclosure {
    case: CaseId,
    shows_words: bool,
    shows_identity: bool,
}

impl Disclosure {
    /// Whether the original words may be shown.
    pub fn shows_words(&self, case: CaseId) -> bool {
        self.case == case && self.shows_words
    }

    /// Whether the identity may be shown.
    pub fn shows_identity(&self, case: CaseId) -> bool {
        self.case == case && self.shows_identity
    }

    /// The same as it stands now: a case may have been sealed, or a release revoked, since the reading was logged.
    pub fn still(&self, connection: &mut DbConnection, act: &Act, row: &CaseRow) -> Result<Self> {
        let now = sight(connection, act, row)?;
        Ok(Self {
            case: self.case,
            shows_words: self.shows_words && now.shows_words(),
            shows_identity: self.shows_identity && may_read_identity(act, now),
        })
    }
}

/// Whether the actor may read who the people of a case are; nothing is shown by asking.
pub fn shows_people(connection: &mut DbConnection, act: &Act, row: &CaseRow) -> Result<bool> {
    Ok(may_read_identity(act, sight(connection, act, row)?))
}

/// Whether what this actor sees of a case includes its people.
fn may_read_identity(act: &Act, sight: Sight) -> bool {
    match (&act.actor, sight) {
        (Actor::System | Actor::Citizen { .. }, _) => true,
        (Actor::Gateway { .. } | Actor::Public, _) => false,
        (Actor::Staff(_), Sight::Released(_)) => true,
        (Actor::Staff(staff), Sight::Open) => policy::holds_anywhere(&act.rules, staff, Verb::ReadIdentity),
        (Actor::Staff(_), Sight::Original | Sight::Extract) => false,
    }
}

/// Judges what the actor may read of a visible case, and logs it where staff read an identity or sealed words. To be
/// committed before anything is shown.
///
/// The identity is part of the detail of a case ([`Why::Case`]), of a call to its citizen ([`Why::Callback`],
/// [`Why::PhoneCall`]), of a letter to the citizen ([`Why::Letter`]) and of the list of a meeting ([`Why::Meeting`]) only.
pub fn disclose(connection: &mut DbConnection, act: &Act, row: &CaseRow, why: Why) -> Result<Disclosure> {
    let sight = sight(connection, act, row)?;
    let identifies = matches!(why, Why::Case | Why::Callback | Why::PhoneCall | Why::Letter | Why::Meeting);
    let shows_identity = identifies && may_read_identity(act, sight);
    let shown = Disclosure { case: row.id, shows_words: sight.shows_words(), shows_identity };
    let Actor::Staff(staff) = &act.actor else { return Ok(shown) };
    let has_identity = shows_identity && holds_identity(row);
    let has_words = row.is_sealed && sight.shows_words();
    let what = match (has_identity, has_words) {
        (false, false) => return Ok(shown),
        (true, false) => What::Identity,
        (false, true) => What::Words,
        (true, true) => What::Both,
    };
    let request = match sight {
        Sight::Released(request) => Some(request),
        Sight::Open | Sight::Original | Sight::Extract => None,
    };
    let verb = match sight {
        Sight::Original => Verb::ReadOriginal,
        Sight::Released(_) => Verb::ReadSealed,
        Sight::Open | Sight::Extract => Verb::ReadIdentity,
    };
    let at = [row.holder_office_id, row.intake_office_id]
        .into_iter()
        .find_map(|office| policy::assignment_for(&act.rules, staff, verb, office));
    let (role, office) =
        at.or_else(|| any_assignment(act, staff, verb)).ok_or(Error::Forbidden(Code::Forbidden))?;
    insert(connection, act, staff, (role, office), Some(row.id), row.citizen_id, (why, what), request)?;
    Ok(shown)
}

/// Logs that staff read a citizen's record outside any case.
pub fn of_record(
    connection: &mut DbConnection,
    act: &Act,
    citizen: CitizenId,
    verb: Verb,
    why: Why,
) -> Result<()> {
    let Actor::Staff(staff) = &act.actor else { return Err(Error::Forbidden(Code::Forbidden)) };
    let by = any_assignment(act, staff, verb).ok_or(Error::Forbidden(Code::Forbidden))?;
    insert(connection, act, staff, by, None, Some(citizen), (why, What::Identity), None)
}

fn any_assignment(act: &Act, staff: &Staff, verb: Verb) -> Option<(Role, OfficeId)> {
    let holds = |role| act.rules.reach(role, verb) != Reach::None;
    staff
        .assignments
        .iter()
        .copied()
        .find(|(role, _)| holds(*role))
        .or_else(|| staff.assignments.first().copied())
}

#[expect(clippy::too_many_arguments, reason = "one column each of the row")]
fn insert(
    connection: &mut DbConnection,
    act: &Act,
    staff: &Staff,
    (role, office): (Role, OfficeId),
    case: Option<CaseId>,
    citizen: Option<CitizenId>,
    (why, what): (Why, What),
    request: Option<IdentityRequestId>,
) -> Result<()> {
    diesel::insert_into(r::table)
        .values((
            (r::id.eq(act.id::<ReadId>()), r::case_id.eq(case), r::citizen_id.eq(citizen)),
            (r::user_id.eq(staff.id), r::role.eq(role), r::office_id.eq(office)),
            (r::why.eq(why), r::what.eq(what), r::request_id.eq(request), r::at.eq(act.now)),
        ))
        .execute(connection)?;
    Ok(())
}

/// One reading.
#[derive(Debug, Clone, Queryable, Selectable, Serialize)]
#[diesel(table_name = crate::db::schema::identity_reads)]
pub struct ReadRow {
    pub id: ReadId,
    pub case_id: Option<CaseId>,
    pub user_id: UserId,
    pub role: Role,
    pub office_id: OfficeId,
    pub why: Why,
    pub what: What,
    pub request_id: Option<IdentityRequestId>,
    pub at: Time,
}

/// The case whose log an auditor asks for: one that the auditor sees; at the centre also one that is sealed from
/// auditors, unless it is about the auditor.
///
/// # Errors
/// `NotFound` for any other; `forbidden` for who sees it and does not audit.
pub fn audited(connection: &mut DbConnection, act: &Act, case: CaseId) -> Result<CaseRow> {
    policy::allow_reading(act)?;
    match find_visible(connection, act, case) {
        Err(Error::NotFound) => {
            let centre = act.rules.offices.centre();
            policy::allow(act, Verb::ReadAudit, centre).map_err(|_| Error::NotFound)?;
            if !condition::barred_among(connection, act, &[case])?.is_empty() {
                return Err(Error::NotFound);
            }
            Ok(cases::table.find(case).select(CaseRow::as_select()).first(connection)?)
        }
        seen => policy::allow_anywhere(act, Verb::ReadAudit).and(seen),
    }
}

/// The readings of a case and of its citizen's record, newest first, at most `limit`, older than `before`.
pub fn of_case(
    connection: &mut DbConnection,
    row: &CaseRow,
    before: Option<ReadId>,
    limit: i64,
) -> Result<Vec<ReadRow>> {
    let mut query = r::table.order(r::id.desc()).limit(limit).select(ReadRow::as_select()).into_boxed();
    query = match row.citizen_id {
        Some(citizen) => {
            let merged =
                citizens::table.filter(citizens::merged_into.eq(citizen)).select(citizens::id.nullable());
            let of_record = r::citizen_id.eq(citizen).or(r::citizen_id.eq_any(merged));
            query.filter(r::case_id.eq(row.id).or(r::case_id.is_null().and(of_record)).assume_not_null())
        }
        None => query.filter(r::case_id.eq(row.id)),
    };
    if let Some(before) = before {
        query = query.filter(r::id.lt(before));
    }
    Ok(query.load(connection)?)
}
