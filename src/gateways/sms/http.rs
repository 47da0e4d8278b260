//! The plain dialect: `POST {url}` with `{to, from, text, id}` and `Authorization: Bearer {key}`.
//!
//! Any 2xx is acceptance; a JSON reply may name the carrier's `id`, as text or number.

use serde_json::{Value, json};

use super::{Line, judge_fault, judge_status};
use crate::domain::notifications::outbox::Letter;
use crate::gateways::Sending;

pub(super) async fn send(line: &Line, letter: &Letter) -> Sending {
    let body = json!({
        "to": letter.address,
        "from": line.line,
        "text": letter.rendered.body,
        "id": letter.message.to_string(),
    });
    let mut request = line.client.post(&line.url).json(&body);
    if !line.key.is_empty() {
        request = request.bearer_auth(&line.key);
    }
    let reply = match request.send().await {
        Ok(reply) => reply,
        Err(error) => return judge_fault(error),
    };
    let status = reply.status();
    let words = reply.text().await.unwrap_or_default();
    if !status.is_success() {
        return judge_status(status, &words);
    }
    let id = serde_json::from_str::<Value>(&words).ok().and_then(|reply| match reply.get("id")? {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    });
    Sending::Accepted { carrier_id: id.map(|id| id.chars().take(100).collect()) }
}
