//! The plain dialect: `POST {url}` with `{to, from, text, id}` and `Authorization: Bearer {key}`.
//!
//! Any 2xx is acceptance; a JSON reply may name the carrier's `id`, as text or number.

use serde_json::{Value, json};

use super::fault::{Fault, of_status};
use super::line::Line;
use crate::domain::notifications::outbox::Letter;

pub(super) async fn send(line: &Line, letter: &Letter, from: &str) -> Result<Option<String>, Fault> {
    let body = json!({
        "to": letter.address,
        "from": from,
        "text": letter.rendered.body,
        "id": letter.message.to_string(),
    });
    let mut request = line.client.post(&line.url).json(&body);
    if !line.key.is_empty() {
        request = request.bearer_auth(&line.key);
    }
    let (status, words) = line.ask(request).await?;
    if !status.is_success() {
        return Err(of_status(status, &words));
    }
    let id = serde_json::from_str::<Value>(&words).ok().and_then(|reply| plain(reply.get("id")?));
    Ok(id.map(|id| id.chars().take(100).collect()))
}

/// A text or a number as text.
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
