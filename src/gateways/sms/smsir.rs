//! SMS.ir: JSON under `/v1/` with the key in a header; `status` 1 is acceptance. Templates go by `send/verify`.

use reqwest::Method;
use serde_json::{Value, json};

use super::Pulled;
use super::fault::{Fault, of_status, told, unreadable};
use super::http::plain;
use super::line::Line;
use super::service::Service;
use crate::domain::notifications::DeliveryState;
use crate::domain::notifications::outbox::Letter;
use crate::domain::sms::Alarm;

const PUBLIC_SERVICE: &str = "https://api.sms.ir/v1";
/// Received messages of one page.
pub(super) const PAGE: usize = 100;

pub(super) async fn send(line: &Line, letter: &Letter, from: &str) -> Result<Option<String>, Fault> {
    // 912… in Iran, the country's digits before it abroad
    let mobile = letter.address.strip_prefix("+98").unwrap_or(letter.address.trim_start_matches('+'));
    if let Some(service) = Service::of(&line.services, letter) {
        let values = service.values(letter);
        let parameters: Vec<Value> =
            values.into_iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        // the provider writes this one as a number
        let template = service.id.parse::<i64>().map_or_else(|_| json!(service.id), |id| json!(id));
        let body = json!({ "Mobile": mobile, "TemplateId": template, "Parameters": parameters });
        let data = call(line, Method::POST, "send/verify", Some(body)).await?;
        return Ok(data.get("messageId").and_then(plain));
    }
    let number = from.parse::<i64>().map_or_else(|_| json!(from), |number| json!(number));
    let text = letter.rendered.body.trim_end();
    let body =
        json!({ "lineNumber": number, "MessageText": text, "Mobiles": [mobile], "SendDateTime": null });
    let data = call(line, Method::POST, "send/bulk", Some(body)).await?;
    Ok(data.pointer("/messageIds/0").and_then(plain))
}

async fn call(line: &Line, method: Method, path: &str, body: Option<Value>) -> Result<Value, Fault> {
    let url = format!("{}/{path}", line.base(PUBLIC_SERVICE));
    let mut request = line.client.request(method, url).header("X-API-KEY", &line.key);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let (status, words) = line.ask(request).await?;
    match serde_json::from_str::<Value>(&words) {
        Ok(reply) if reply.get("status").is_some_and(Value::is_i64) => judge(reply),
        _ if status.is_success() => Err(unreadable()),
        _ => Err(of_status(status, &words)),
    }
}

/// Sorts the provider's own codes.
fn judge(mut reply: Value) -> Result<Value, Fault> {
    let code = reply["status"].as_i64().unwrap_or_default();
    let reason = told("SMS.ir", code, reply["message"].as_str().unwrap_or_default());
    let alarm = |alarm| Err(Fault::Alarm(alarm, reason.clone()));
    match code {
        1 => Ok(reply["data"].take()),
        0 | 20 => Err(Fault::Deferred(reason)),
        10 | 11 => alarm(Alarm::BadKey),
        12 => alarm(Alarm::IpLimited),
        13 | 14 => alarm(Alarm::Suspended),
        101 => alarm(Alarm::BadLine),
        102 => alarm(Alarm::NoCredit),
        _ => Err(Fault::Refused(reason)),
    }
}

pub(super) async fn states(line: &Line, ids: &[String]) -> Result<Vec<(String, DeliveryState)>, Fault> {
    let mut all = Vec::new();
    for id in ids {
        let data = match call(line, Method::GET, &format!("send/{id}"), None).await {
            // it does not know the message: the others may be known all the same
            Err(Fault::Refused(_)) => continue,
            told => told?,
        };
        let state = data["deliveryState"].as_i64().and_then(delivery_state);
        all.extend(state.map(|state| (id.clone(), state)));
    }
    Ok(all)
}

/// The newest messages, then those of today and those of the days before by turns, so that neither midnight nor an outage
/// of days loses any.
pub(super) async fn received(line: &Line, page: usize) -> Result<Vec<Pulled>, Fault> {
    let path = match page {
        0 => format!("receive/latest?count={PAGE}"),
        odd if odd % 2 == 1 => format!("receive/live?pageSize={PAGE}&pageNumber={}", odd.div_ceil(2)),
        even => format!("receive/archive?pageSize={PAGE}&pageNumber={}", even / 2),
    };
    let data = call(line, Method::GET, &path, None).await?;
    Ok(data.as_array().into_iter().flatten().filter_map(pulled).collect())
}

/// The provider gives no id: sender, line, second and words are one.
fn pulled(message: &Value) -> Option<Pulled> {
    let text = message["messageText"].as_str().or(message["MessageText"].as_str())?.to_owned();
    let named = |one: &str, other: &str| plain(&message[one]).or_else(|| plain(&message[other]));
    let from = named("mobile", "Mobile")?;
    let to = named("number", "Number");
    let at = named("receivedDateTime", "ReceivedDateTime")?;
    let digest = crate::domain::cases::sha256_hex(format!("{from} {to:?} {at} {text}").as_bytes());
    Some(Pulled { id: digest, at: super::time(&at), from, to, text })
}

pub(super) fn delivery_state(code: i64) -> Option<DeliveryState> {
    match code {
        1 => Some(DeliveryState::Delivered),
        2 => Some(DeliveryState::Undelivered),
        3 | 5 => Some(DeliveryState::AtCarrier),
        4 | 6 => Some(DeliveryState::Failed),
        7 => Some(DeliveryState::Blocked),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_into_retry_refusal_and_alarm() {
        let judged = |code: i64| judge(json!({ "status": code, "message": "x", "data": null }));
        assert_eq!(judged(1), Ok(Value::Null));
        for code in [0, 20] {
            assert!(matches!(judged(code), Err(Fault::Deferred(_))), "{code}");
        }
        let alarms = [10, 11, 12, 14, 101, 102].map(|code| judged(code).unwrap_err().alarm());
        use Alarm::{BadKey, BadLine, IpLimited, NoCredit, Suspended};
        assert_eq!(alarms, [BadKey, BadKey, IpLimited, Suspended, BadLine, NoCredit].map(Some));
        assert!(matches!(judged(104), Err(Fault::Refused(_))));
    }
}
