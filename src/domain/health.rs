//! Named problems of the service, each with what a person should do about it.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde::Serialize;

use crate::db::DbConnection;
use crate::db::schema::{cases, data_keys, messages, outbox, referrals};
use crate::db::types::Time;
use crate::domain::changes;
use crate::domain::files::stored;
use crate::domain::history::anchoring;
use crate::domain::intake::{ItemState, items, mailboxes};
use crate::domain::letters;
use crate::domain::notifications::outbox::dead_count;
use crate::domain::phone;
use crate::domain::privacy::walk;
use crate::domain::sms;
use crate::domain::vault::KeyState;
use crate::domain::webhooks;
use crate::error::Result;

/// A problem and its remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct HealthProblem {
    /// Stable name.
    pub code: &'static str,
    /// How many rows it concerns.
    pub count: i64,
    pub message: &'static str,
    /// What to do.
    pub action: &'static str,
    /// How many of them by channel or gateway, where it concerns those.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub channels: BTreeMap<String, i64>,
}

/// Minutes after which a waiting message or clock is a problem.
const PATIENCE_SECONDS: i64 = 600;

/// Days that a letter may lie.
const LETTER_DAYS: i64 = 3;

/// Days after which a walk of retention that has not ended is a problem.
const STALLED_DAYS: i64 = 3;

/// Everything that a person should look at.
pub fn problems(connection: &mut DbConnection, now: Time) -> Result<Vec<HealthProblem>> {
    let late = now.plus_seconds(-PATIENCE_SECONDS);
    let dead = dead_count(connection)?;
    let waiting: i64 = outbox::table
        .inner_join(messages::table.on(messages::id.eq(outbox::message_id)))
        .filter(messages::created_at.lt(late))
        .count()
        .get_result(connection)?;
    let ringing: i64 = referrals::table.filter(referrals::next_at.lt(late)).count().get_result(connection)?;
    let at_desk: i64 = cases::table.filter(cases::triage_next_at.lt(late)).count().get_result(connection)?;
    let unanchored = anchoring::days_behind(connection, now)?;
    let stalled = walk::state(connection)?
        .is_some_and(|walk| walk.ended_at.is_none() && walk.began_at.plus_days(STALLED_DAYS) < now);
    let rotating: i64 = data_keys::table
        .filter(data_keys::state.eq_any([KeyState::Coming, KeyState::Retiring]))
        .count()
        .get_result(connection)?;
    let failed = items::waiting(connection, ItemState::Failed)?;
    let to_key = items::waiting(connection, ItemState::ToKey)?;
    let unread = mailboxes::failing(connection, late)?;
    let alarms = sms::standings::alarms(connection)?;
    let alarms: BTreeMap<String, i64> =
        alarms.into_iter().map(|(gateway, alarm)| (format!("{gateway}: {alarm}"), 1)).collect();
    let turned_away = sms::standings::turned_away(connection, now)?;
    let (infected, unscanned) = stored::troubles(connection, late)?;
    let failing = webhooks::failing(connection)?;
    let undelivered = webhooks::undelivered(connection)?;
    let unrung = phone::overdue_callbacks(connection, now)?;
    let all = [
        HealthProblem {
            code: "callbacks_overdue",
            count: unrung,
            message: "Callers wait longer to be rung back than the limit ring_back_wait or a promise allows.",
            action: "List them with GET /api/v1/phone/callbacks?overdue=true, take and try them, or give the desk more people.",
            channels: BTreeMap::new(),
        },
        HealthProblem {
            code: "dead_letters",
            count: dead,
            message: "Messages could not be delivered on any channel.",
            action: "List them with GET /api/v1/messages/dead, mend the cause, and POST /api/v1/messages/{id}/resending.",
            channels: BTreeMap::new(),
        },
        HealthProblem {
            code: "messages_waiting",
            count: waiting,
            message: "Messages have waited for more than ten minutes.",
            action: "Check the settings smtp.url and sms.*, and whether the gateways answer.",
            channels: BTreeMap::new(),
        },
        HealthProblem {
            code: "letters_waiting",
            count: letters::waiting_since(connection, now.plus_days(-LETTER_DAYS))?,
            message: "Letters to citizens have waited for more than three days to be printed and posted.",
            action: "A registrar prints them: POST /api/v1/letters/batches, then GET /api/v1/letters/batches/{id}/print and POST /api/v1/letters/batches/{id}/handover.",
            channels: BTreeMap::new(),
        },
        HealthProblem {
            code: "intake_failed",
            count: failed.values().sum(),
            message: "Items came in and could not be taken; each is kept as it came.",
            action: "List them with GET /api/v1/intake/items?state=failed, mend the cause, and run: samad intake reprocess. What a person must mend: POST /api/v1/intake/items/{id}/case or /discard.",
            channels: failed,
        },
        HealthProblem {
            code: "intake_to_key",
            count: to_key.values().sum(),
            message: "Items came in that only a person can read.",
            action: "A registrar lists them with GET /api/v1/intake/items?state=to_key and keys each with POST /api/v1/intake/items/{id}/case.",
            channels: to_key,
        },
        HealthProblem {
            code: "mailboxes_unread",
            count: i64::try_from(unread.len()).unwrap_or(i64::MAX),
            message: "Mailboxes could not be read for more than ten minutes; what lies in them is taken once they can be.",
            action: "GET /api/v1/intake/mailboxes says why; check the setting imap, the password and the mail server.",
            channels: unread.into_iter().map(|name| (name, 1)).collect(),
        },
        HealthProblem {
            code: "sms_gateway_refuses",
            count: i64::try_from(alarms.len()).unwrap_or(i64::MAX),
            message: "SMS gateways refuse us for a reason that somebody must mend; it stands beside each name.",
            action: "no_credit: pay. bad_key: renew sms.*.key. ip_limited: let the provider allow this service's address. suspended: ask the provider. bad_line: correct sms.*.line. limit_reached: raise the account's limit. wrong_address: correct sms.*.url. Messages wait meanwhile and are tried again.",
            channels: alarms,
        },
        HealthProblem {
            code: "sms_wrong_address",
            count: turned_away.values().sum(),
            message: "Calls with a gateway's right key came from an address that is not on its list, and were refused.",
            action: "If the gateway has a new address, add it to sms.*.allow; if not, the key is in wrong hands: revoke it with PATCH /api/v1/gateways/{id} and make another.",
            channels: turned_away,
        },
        HealthProblem {
            code: "sms_answers_waiting",
            count: sms::replies::waiting_since(connection, late)?,
            message: "Answers to SMS have waited for more than ten minutes.",
            action: "Check the settings sms.*, and whether the gateway of the purpose 'dialogue' answers.",
            channels: BTreeMap::new(),
        },
        HealthProblem {
            code: "files_infected",
            count: infected,
            message: "Malware was found in files of cases; nobody can open them.",
            action: "Each stands in its case with scan = infected and the name of what was found. Ask the sender for a clean copy; tell the security officer.",
            channels: BTreeMap::new(),
        },
        HealthProblem {
            code: "files_unscanned",
            count: unscanned,
            message: "Files are kept closed because the malware scanner gives no verdict; none is lost.",
            action: "Check that clamd answers at antivirus.address and that its StreamMaxLength is not smaller than server.attachment_limit; they are then scanned by themselves.",
            channels: BTreeMap::new(),
        },
        HealthProblem {
            code: "webhooks_failing",
            count: i64::try_from(failing.len()).unwrap_or(i64::MAX),
            message: "Subscribers to events do not answer; what they are to be told waits.",
            action: "GET /api/v1/webhooks/{code}/deliveries says why. Tell the subscriber, correct the address with PATCH /api/v1/webhooks/{code}, or allow its network with webhooks.networks.",
            channels: failing.into_iter().map(|code| (code, 1)).collect(),
        },
        HealthProblem {
            code: "webhooks_undelivered",
            count: undelivered.values().sum(),
            message: "Events were not delivered to subscribers after the last try; each is kept.",
            action: "Once the subscriber answers again, POST /api/v1/webhooks/{code}/replay.",
            channels: undelivered,
        },
        HealthProblem {
            code: "retention_stalled",
            count: i64::from(stalled),
            message: "The walk that erases what is past its time has not ended for three days.",
            action: "Check that a process with workers is running, and its log for 'retention'.",
            channels: BTreeMap::new(),
        },
        HealthProblem {
            code: "keys_rotating",
            count: rotating,
            message: "A rotation of keys is under way, or was interrupted.",
            action: "If it does not run, go on with: samad keys rotate.",
            channels: BTreeMap::new(),
        },
        HealthProblem {
            code: "deadlines_unattended",
            count: ringing + at_desk,
            message: "Deadline points were reached more than ten minutes ago and have not fired.",
            action: "Check that a process with workers is running, and its log for 'deadline'.",
            channels: BTreeMap::new(),
        },
        HealthProblem {
            code: "changes_failed",
            count: changes::failed(connection)?,
            message: "Agreed changes of the configuration could not take effect at their time.",
            action: "List them with GET /api/v1/changes?status=failed, propose anew what is still wished, and withdraw them.",
            channels: BTreeMap::new(),
        },
        HealthProblem {
            code: "history_unanchored",
            count: unanchored,
            message: "Days are over and their history has no signed anchor.",
            action: "Check that a process with workers is running, that data.dir can be written, and its log for 'anchor'.",
            channels: BTreeMap::new(),
        },
    ];
    Ok(all.into_iter().filter(|problem| problem.count > 0).collect())
}
