//! Kavenegar: `POST /v1/{key}/sms/send.json`; only `return.status` 200 is acceptance, whatever HTTP says.
//!
//! Our message id goes along as `localid`, by which the provider knows a message that comes twice.

use serde::Deserialize;

use super::{Line, judge_fault, judge_status};
use crate::domain::notifications::DeliveryState;
use crate::domain::notifications::outbox::Letter;
use crate::gateways::{Sending, scrubbed};

const PUBLIC_SERVICE: &str = "https://api.kavenegar.com";

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

#[derive(Deserialize)]
struct Entry {
    messageid: i64,
}

pub(super) async fn send(line: &Line, letter: &Letter) -> Sending {
    let base = if line.url.is_empty() { PUBLIC_SERVICE } else { line.url.as_str() };
    let (receptor, id) = (receptor(&letter.address), letter.message.to_string());
    let mut form = vec![
        ("receptor", receptor.as_str()),
        ("message", letter.rendered.body.trim_end()),
        ("localid", id.as_str()),
    ];
    if !line.line.is_empty() {
        form.push(("sender", line.line.as_str()));
    }
    let request = line.client.post(format!("{base}/v1/{}/sms/send.json", line.key)).form(&form);
    let reply = match request.send().await {
        Ok(reply) => reply,
        Err(error) => return judge_fault(error),
    };
    let status = reply.status();
    let words = reply.text().await.unwrap_or_default();
    match serde_json::from_str::<Reply>(&words) {
        Ok(reply) => judge(reply),
        Err(_) if status.is_success() => Sending::Down("the provider's answer cannot be read".into()),
        Err(_) => judge_status(status, &words),
    }
}

/// A number as the provider writes it: 0912… in Iran, 00… abroad.
fn receptor(address: &str) -> String {
    match (address.strip_prefix("+98"), address.strip_prefix('+')) {
        (Some(national), _) => format!("0{national}"),
        (None, Some(abroad)) => format!("00{abroad}"),
        (None, None) => address.to_owned(),
    }
}

/// Sorts the provider's own status codes.
fn judge(reply: Reply) -> Sending {
    let Verdict { status, message } = reply.verdict;
    let reason = scrubbed(&format!("Kavenegar {status}: {message}"));
    match status {
        200 => {
            let entry = reply.entries.unwrap_or_default().into_iter().next();
            Sending::Accepted { carrier_id: entry.map(|entry| entry.messageid.to_string()) }
        }
        409 => Sending::Deferred(reason),
        // 401, 403, 407, 426: key or plan; 404, 405: address; 412: line; 418: credit
        401 | 403 | 404 | 405 | 407 | 412 | 418 | 426 => Sending::Misconfigured(reason),
        500..=599 => Sending::Down(reason),
        _ => Sending::Refused(reason),
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

    fn judged(text: &str) -> Sending {
        judge(serde_json::from_str(text).unwrap())
    }

    #[test]
    fn only_status_200_is_acceptance() {
        let accepted =
            r#"{"return":{"status":200,"message":"ok"},"entries":[{"messageid":8792343,"status":1}]}"#;
        assert_eq!(judged(accepted), Sending::Accepted { carrier_id: Some("8792343".into()) });
        let told = |status: i64| {
            judged(&format!(r#"{{"return":{{"status":{status},"message":"x"}},"entries":null}}"#))
        };
        assert!(matches!(told(409), Sending::Deferred(_)));
        assert!(matches!(told(411), Sending::Refused(_)));
        assert!(matches!(told(413), Sending::Refused(_)));
        for alarm in [403, 407, 418, 426] {
            assert!(matches!(told(alarm), Sending::Misconfigured(_)), "{alarm}");
        }
    }

    #[test]
    fn numbers_are_written_as_the_provider_does() {
        assert_eq!(receptor("+989121234567"), "09121234567");
        assert_eq!(receptor("+4915112345678"), "004915112345678");
    }
}
