//! Kannel's `sendsms`: a GET with everything in its query; 202 is acceptance.
//!
//! Delivery reports come to `/api/v1/channels/sms/kannel/delivery` with our message id and a secret of that
//! message. Kannel has no id of its own for a message, so there is no carrier id.

use super::{Line, delivery_secret, is_gsm7, judge_fault, judge_status};
use crate::domain::notifications::DeliveryState;
use crate::domain::notifications::outbox::Letter;
use crate::gateways::Sending;

/// Reports of every sort: delivered 1, undelivered 2, queued 4, at the carrier 8, refused 16.
const DLR_MASK: &str = "31";

pub(super) async fn send(line: &Line, letter: &Letter) -> Sending {
    let (user, password) = line.key.split_once(':').unwrap_or((line.key.as_str(), ""));
    let text = letter.rendered.body.trim_end();
    let report_to = report_url(line, letter);
    let mut query = vec![
        ("username", user),
        ("password", password),
        ("to", letter.address.as_str()),
        ("text", text),
        ("charset", "UTF-8"),
        ("coding", if is_gsm7(text) { "0" } else { "2" }),
        ("dlr-mask", DLR_MASK),
        ("dlr-url", report_to.as_str()),
    ];
    if !line.line.is_empty() {
        query.push(("from", line.line.as_str()));
    }
    let reply = match line.client.get(&line.url).query(&query).send().await {
        Ok(reply) => reply,
        Err(error) => return judge_fault(error),
    };
    let status = reply.status();
    if status.is_success() {
        return Sending::Accepted { carrier_id: None };
    }
    judge_status(status, &reply.text().await.unwrap_or_default())
}

/// Where Kannel tells what became of a message; `%d` is its own place-holder for the state.
fn report_url(line: &Line, letter: &Letter) -> String {
    let (base, id) = (&line.public_url, letter.message);
    let secret = delivery_secret(&line.key, id);
    format!("{base}/api/v1/channels/sms/kannel/delivery?id={id}&status=%d&secret={secret}")
}

pub(super) fn delivery_state(code: i64) -> Option<DeliveryState> {
    match code {
        1 => Some(DeliveryState::Delivered),
        2 => Some(DeliveryState::Undelivered),
        4 => Some(DeliveryState::Queued),
        8 => Some(DeliveryState::AtCarrier),
        16 => Some(DeliveryState::Failed),
        _ => None,
    }
}
