//! Magfa: JSON with HTTP Basic, the user is `user/domain`; `status` 0 is acceptance, of the call and of each message.
//! Our message id goes along as `uids`, by which the provider knows a message that comes twice.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::fault::{Fault, of_status, told, unreadable};
use super::http::plain;
use super::line::Line;
use crate::domain::notifications::DeliveryState;
use crate::domain::notifications::outbox::Letter;
use crate::domain::sms::Alarm;

const PUBLIC_SERVICE: &str = "https://sms.magfa.com/api/http/sms/v2";
/// Most ids of one question.
const STATUS_BATCH: usize = 100;

pub(super) async fn send(line: &Line, letter: &Letter, from: &str) -> Result<Option<String>, Fault> {
    let body = json!({
        "senders": [from],
        "recipients": [letter.address.trim_start_matches('+')],
        "messages": [letter.rendered.body.trim_end()],
        "uids": [letter.message.0],
    });
    let url = format!("{}/send", line.base(PUBLIC_SERVICE));
    let reply = call(line, line.client.post(url).json(&body)).await?;
    let message = reply.pointer("/messages/0").ok_or_else(unreadable)?;
    judge(message)?;
    Ok(message.get("id").and_then(plain))
}

async fn call(line: &Line, request: RequestBuilder) -> Result<Value, Fault> {
    let (user, password) = line.account();
    let request = request.basic_auth(user, Some(password)).header("Accept", "application/json");
    let (status, words) = line.ask(request).await?;
    if !status.is_success() {
        return Err(of_status(status, &words));
    }
    let reply: Value = serde_json::from_str(&words).map_err(|_| unreadable())?;
    judge(&reply)?;
    Ok(reply)
}

/// Sorts the provider's own codes.
fn judge(told_of: &Value) -> Result<(), Fault> {
    let code = told_of["status"].as_i64().ok_or_else(unreadable)?;
    let reason = told("Magfa", code, "");
    let alarm = |alarm| Err(Fault::Alarm(alarm, reason.clone()));
    match code {
        0 => Ok(()),
        15 | 23 => Err(Fault::Deferred(reason)),
        14 => alarm(Alarm::NoCredit),
        12 | 18 | 19 => alarm(Alarm::BadKey),
        16 | 17 => alarm(Alarm::Suspended),
        2 | 20 | 22 => alarm(Alarm::BadLine),
        _ => Err(Fault::Refused(reason)),
    }
}

pub(super) async fn states(line: &Line, ids: &[String]) -> Result<Vec<(String, DeliveryState)>, Fault> {
    let mut all = Vec::new();
    for some in ids.chunks(STATUS_BATCH) {
        let url = format!("{}/statuses/{}", line.base(PUBLIC_SERVICE), some.join(","));
        let reply = call(line, line.client.get(url)).await?;
        let reports = reply["dlrs"].as_array().cloned().unwrap_or_default();
        all.extend(reports.iter().filter_map(|report| {
            Some((plain(&report["mid"])?, delivery_state(report["status"].as_i64()?)?))
        }));
    }
    Ok(all)
}

pub(super) fn delivery_state(code: i64) -> Option<DeliveryState> {
    match code {
        0 => Some(DeliveryState::Queued),
        1 => Some(DeliveryState::Delivered),
        2 => Some(DeliveryState::Undelivered),
        8 => Some(DeliveryState::AtCarrier),
        16 => Some(DeliveryState::Failed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_call_and_each_message_have_a_status() {
        let judged = |code: i64| judge(&json!({ "status": code }));
        assert_eq!(judged(0), Ok(()));
        let alarms = [2, 14, 16, 18].map(|code| judged(code).unwrap_err().alarm());
        use Alarm::{BadKey, BadLine, NoCredit, Suspended};
        assert_eq!(alarms, [BadLine, NoCredit, Suspended, BadKey].map(Some));
        assert!(matches!(judged(23), Err(Fault::Deferred(_))));
        assert!(matches!(judged(27), Err(Fault::Refused(_))));
        assert_eq!(judge(&json!({})), Err(unreadable()));
    }
}
