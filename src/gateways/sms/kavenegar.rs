//! Kavenegar: `POST /v1/{key}/{scope}/{method}.json`; only `return.status` 200 is acceptance, whatever HTTP says.
//!
//! Our message id goes along as `localid`, by which the provider knows a message that comes twice. A template is sent
//! by `verify/lookup`, whose values may hold no blanks.

use serde::Deserialize;

use super::Pulled;
use super::fault::{Fault, of_status, told, unreadable};
use super::line::Line;
use super::service::Service;
use crate::db::types::Time;
use crate::domain::notifications::DeliveryState;
use crate::domain::notifications::outbox::Letter;
use crate::domain::sms::Alarm;

const PUBLIC_SERVICE: &str = "https://api.kavenegar.com";
/// Most ids of one question.
const STATUS_BATCH: usize = 500;
/// Names of a template's values, in their order.
const TOKENS: [&str; 3] = ["token", "token2", "token3"];

#[derive(Deserialize)]
struct Reply {
    #[serde(rename = "return")]
    verdict: Verdict,
    #[serde(default)]
    entries: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
struct Verdict {
    status: i64,
    #[serde(default)]
    message: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    messageid: i64,
    status: Option<i64>,
    message: Option<String>,
    sender: Option<String>,
    receptor: Option<String>,
    date: Option<i64>,
}

pub(super) async fn send(line: &Line, letter: &Letter, from: &str) -> Result<Option<String>, Fault> {
    let (receptor, id) = (receptor(&letter.address), letter.message.to_string());
    if let Some((template, values)) = template(line, letter) {
        let mut form = vec![("receptor", receptor.as_str()), ("template", template), ("localid", &id)];
        form.extend(TOKENS.into_iter().zip(values.iter().map(String::as_str)));
        return Ok(first(call(line, "verify/lookup", &form).await?));
    }
    let mut form = vec![
        ("receptor", receptor.as_str()),
        ("message", letter.rendered.body.trim_end()),
        ("localid", id.as_str()),
    ];
    if !from.is_empty() {
        form.push(("sender", from));
    }
    Ok(first(call(line, "sms/send", &form).await?))
}

/// Id and values of the letter's template, where its values can go by it.
fn template<'a>(line: &'a Line, letter: &Letter) -> Option<(&'a str, Vec<String>)> {
    let service = Service::of(&line.services, letter)?;
    let values: Vec<String> = service.values(letter).into_iter().map(|(_, value)| value).collect();
    let fits = |value: &String| !value.is_empty() && !value.chars().any(char::is_whitespace);
    (values.len() <= TOKENS.len() && values.iter().all(fits)).then_some((service.id.as_str(), values))
}

fn first(entries: Vec<Entry>) -> Option<String> {
    entries.into_iter().next().map(|entry| entry.messageid.to_string())
}

async fn call(line: &Line, method: &str, form: &[(&str, &str)]) -> Result<Vec<Entry>, Fault> {
    let url = format!("{}/v1/{}/{method}.json", line.base(PUBLIC_SERVICE), line.key);
    let (status, words) = line.ask(line.client.post(url).form(form)).await?;
    match serde_json::from_str::<Reply>(&words) {
        Ok(reply) => judge(reply),
        Err(_) if status.is_success() => Err(unreadable()),
        Err(_) => Err(of_status(status, &words)),
    }
}

/// Sorts the provider's own status codes.
fn judge(reply: Reply) -> Result<Vec<Entry>, Fault> {
    let Verdict { status, message } = reply.verdict;
    let reason = told("Kavenegar", status, &message);
    let alarm = |alarm| Err(Fault::Alarm(alarm, reason.clone()));
    match status {
        200 => Ok(reply.entries.unwrap_or_default()),
        409 => Err(Fault::Deferred(reason)),
        401 | 403 => alarm(Alarm::BadKey),
        407 => alarm(Alarm::IpLimited),
        404 | 405 => alarm(Alarm::WrongAddress),
        412 => alarm(Alarm::BadLine),
        418 => alarm(Alarm::NoCredit),
        426 => alarm(Alarm::Suspended),
        500..=599 => Err(Fault::Down(reason)),
        _ => Err(Fault::Refused(reason)),
    }
}

pub(super) async fn states(line: &Line, ids: &[String]) -> Result<Vec<(String, DeliveryState)>, Fault> {
    let mut all = Vec::new();
    for some in ids.chunks(STATUS_BATCH) {
        let entries = call(line, "sms/status", &[("messageid", some.join(",").as_str())]).await?;
        all.extend(
            entries
                .into_iter()
                .filter_map(|entry| Some((entry.messageid.to_string(), delivery_state(entry.status?)?))),
        );
    }
    Ok(all)
}

/// A page of what was not read yet. Whatever is asked for counts as read from then on; `is_anew` begins with what was read
/// before, which may have been lost on its way to the database.
pub(super) async fn received(line: &Line, page: usize, is_anew: bool) -> Result<Vec<Pulled>, Fault> {
    let is_read = if page == 0 && is_anew { "1" } else { "0" };
    let form = [("linenumber", line.line.as_str()), ("isread", is_read)];
    let entries = call(line, "sms/receive", &form).await?;
    Ok(entries.into_iter().filter_map(pulled).collect())
}

fn pulled(entry: Entry) -> Option<Pulled> {
    Some(Pulled {
        id: entry.messageid.to_string(),
        from: entry.sender?,
        to: entry.receptor,
        text: entry.message?,
        at: entry.date.map(|seconds| Time::from_microsecond(seconds.saturating_mul(1_000_000))),
    })
}

/// A number as the provider writes it: 0912… in Iran, 00… abroad.
pub(super) fn receptor(address: &str) -> String {
    match (address.strip_prefix("+98"), address.strip_prefix('+')) {
        (Some(national), _) => format!("0{national}"),
        (None, Some(abroad)) => format!("00{abroad}"),
        (None, None) => address.to_owned(),
    }
}

pub(super) fn delivery_state(code: i64) -> Option<DeliveryState> {
    match code {
        1 | 2 => Some(DeliveryState::Queued),
        4 | 5 => Some(DeliveryState::AtCarrier),
        6 | 13 => Some(DeliveryState::Failed),
        10 => Some(DeliveryState::Delivered),
        11 => Some(DeliveryState::Undelivered),
        14 => Some(DeliveryState::Blocked),
        100 => Some(DeliveryState::Unknown),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str) -> Result<Option<String>, Fault> {
        judge(serde_json::from_str(text).unwrap()).map(first)
    }

    #[test]
    fn only_status_200_is_acceptance() {
        let accepted =
            r#"{"return":{"status":200,"message":"ok"},"entries":[{"messageid":8792343,"status":1}]}"#;
        assert_eq!(judged(accepted), Ok(Some("8792343".into())));
        let told = |status: i64| {
            judged(&format!(r#"{{"return":{{"status":{status},"message":"x"}},"entries":null}}"#))
                .unwrap_err()
        };
        assert!(matches!(told(409), Fault::Deferred(_)));
        assert!(matches!(told(411), Fault::Refused(_)));
        assert!(matches!(told(413), Fault::Refused(_)));
        let alarms = [403, 407, 412, 418, 426].map(|code| told(code).alarm());
        let expected =
            [Alarm::BadKey, Alarm::IpLimited, Alarm::BadLine, Alarm::NoCredit, Alarm::Suspended].map(Some);
        assert_eq!(alarms, expected);
    }

    #[test]
    fn numbers_are_written_as_the_provider_does() {
        assert_eq!(receptor("+989121234567"), "09121234567");
        assert_eq!(receptor("+4915112345678"), "004915112345678");
    }
}
