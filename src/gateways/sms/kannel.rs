//! Kannel's `sendsms`: a GET with everything in its query; 202 is acceptance.
//!
//! Delivery reports come to `/api/v1/channels/sms/{gateway}/delivery` with our message id and a secret of that
//! message. Kannel has no id of its own for a message, so there is no carrier id.

use super::fault::{Fault, of_status};
use super::line::Line;
use crate::domain::notifications::DeliveryState;
use crate::domain::notifications::outbox::Letter;
use crate::domain::text::is_gsm7;

/// Reports of every sort: delivered 1, undelivered 2, queued 4, at the carrier 8, refused 16.
const DLR_MASK: &str = "31";

pub(super) async fn send(line: &Line, letter: &Letter, from: &str) -> Result<Option<String>, Fault> {
    let (user, password) = line.account();
    let text = letter.rendered.body.trim_end();
    let report_to = line.report_url(letter.message, "%d");
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
    if !from.is_empty() {
        query.push(("from", from));
    }
    let (status, words) = line.ask(line.client.get(&line.url).query(&query)).await?;
    if status.is_success() { Ok(None) } else { Err(of_status(status, &words)) }
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
