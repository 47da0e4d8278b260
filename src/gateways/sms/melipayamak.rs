//! Melipayamak: `POST {base}/{method}` with account and arguments as a form; a long number in the answer is acceptance,
//! a short one is a code. Templates go by `BaseServiceNumber`, their values joined by semicolons.

use serde::Deserialize;
use serde_json::Value;

use super::Pulled;
use super::fault::{Fault, of_status, told, unreadable};
use super::http::plain;
use super::kavenegar::receptor;
use super::line::Line;
use super::service::Service;
use crate::domain::notifications::DeliveryState;
use crate::domain::notifications::outbox::Letter;
use crate::domain::sms::Alarm;

const PUBLIC_SERVICE: &str = "https://rest.payamak-panel.com/api/SendSMS";
/// Received messages of one page.
pub(super) const PAGE: usize = 100;
/// The largest number that is a code and no id.
const LARGEST_CODE: i64 = 1000;

pub(super) async fn send(line: &Line, letter: &Letter, from: &str) -> Result<Option<String>, Fault> {
    let to = receptor(&letter.address);
    let value = match Service::of(&line.services, letter) {
        Some(service) => {
            let values = service.values(letter).into_iter().map(|(_, value)| value.replace(';', "،"));
            let text = values.collect::<Vec<_>>().join(";");
            let form = [("text", text.as_str()), ("to", to.as_str()), ("bodyId", service.id.as_str())];
            value_of(&call(line, "BaseServiceNumber", &form).await?)?
        }
        None => {
            let text = letter.rendered.body.trim_end();
            let form = [("to", to.as_str()), ("from", from), ("text", text), ("isFlash", "false")];
            value_of(&call(line, "SendSMS", &form).await?)?
        }
    };
    judge(&value)
}

async fn call(line: &Line, method: &str, arguments: &[(&str, &str)]) -> Result<Value, Fault> {
    let (username, password) = line.account();
    let mut form = vec![("username", username), ("password", password)];
    form.extend_from_slice(arguments);
    let url = format!("{}/{method}", line.base(PUBLIC_SERVICE));
    let (status, words) = line.ask(line.client.post(url).form(&form)).await?;
    if !status.is_success() {
        return Err(of_status(status, &words));
    }
    serde_json::from_str(words.trim()).map_err(|_| unreadable())
}

/// The value of an answer: in an object, or by itself.
fn value_of(reply: &Value) -> Result<String, Fault> {
    plain(reply.get("Value").unwrap_or(reply)).ok_or_else(unreadable)
}

/// Sorts the answer to a sending.
fn judge(value: &str) -> Result<Option<String>, Fault> {
    let Ok(number) = value.trim().parse::<i64>() else { return Err(unreadable()) };
    let reason = told("Melipayamak", number, "");
    let alarm = |alarm| Err(Fault::Alarm(alarm, reason.clone()));
    match number {
        // the old form of acceptance has no id
        1 => Ok(None),
        0 => alarm(Alarm::BadKey),
        2 => alarm(Alarm::NoCredit),
        3 | 4 => alarm(Alarm::LimitReached),
        5 => alarm(Alarm::BadLine),
        id if id > LARGEST_CODE => Ok(Some(id.to_string())),
        _ => Err(Fault::Refused(reason)),
    }
}

pub(super) async fn states(line: &Line, ids: &[String]) -> Result<Vec<(String, DeliveryState)>, Fault> {
    let mut all = Vec::new();
    for id in ids {
        let value = value_of(&call(line, "GetDeliveries2", &[("recId", id.as_str())]).await?)?;
        all.extend(value.trim().parse().ok().and_then(delivery_state).map(|state| (id.clone(), state)));
    }
    Ok(all)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    #[serde(rename = "MsgID")]
    id: i64,
    body: String,
    sender: String,
    #[serde(default)]
    receiver: Option<String>,
    #[serde(default)]
    send_date: Option<String>,
}

pub(super) async fn received(line: &Line, page: usize) -> Result<Vec<Pulled>, Fault> {
    let (index, count) = ((page * PAGE).to_string(), PAGE.to_string());
    let form = [
        ("location", "1"),
        ("from", line.line.as_str()),
        ("index", index.as_str()),
        ("count", count.as_str()),
    ];
    let reply = call(line, "GetMessages", &form).await?;
    let Some(data) = reply.get("Data") else {
        return Err(judge(&value_of(&reply)?).err().unwrap_or(unreadable()));
    };
    let messages: Option<Vec<Message>> = serde_json::from_value(data.clone()).map_err(|_| unreadable())?;
    Ok(messages.unwrap_or_default().into_iter().map(pulled).collect())
}

fn pulled(message: Message) -> Pulled {
    Pulled {
        id: message.id.to_string(),
        from: message.sender,
        to: message.receiver,
        text: message.body,
        at: message.send_date.as_deref().and_then(super::time),
    }
}

pub(super) fn delivery_state(code: i64) -> Option<DeliveryState> {
    match code {
        0 => Some(DeliveryState::Queued),
        1 => Some(DeliveryState::Delivered),
        2 => Some(DeliveryState::Undelivered),
        8 => Some(DeliveryState::AtCarrier),
        16 => Some(DeliveryState::Failed),
        27 => Some(DeliveryState::Blocked),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_number_is_an_id_and_a_short_one_a_code() {
        assert_eq!(judge("4611686018427"), Ok(Some("4611686018427".into())));
        assert_eq!(judge("1"), Ok(None));
        let alarms = ["0", "2", "3", "4", "5"].map(|code| judge(code).unwrap_err().alarm());
        let expected =
            [Alarm::BadKey, Alarm::NoCredit, Alarm::LimitReached, Alarm::LimitReached, Alarm::BadLine];
        assert_eq!(alarms, expected.map(Some));
        assert!(matches!(judge("-6"), Err(Fault::Refused(_))));
        assert_eq!(judge("sorry"), Err(unreadable()));
        assert_eq!(value_of(&serde_json::json!({"Value": "77", "RetStatus": 1})), Ok("77".into()));
        assert_eq!(value_of(&serde_json::json!("77")), Ok("77".into()));
    }
}
