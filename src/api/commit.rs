//! How the API writes: one closure, one transaction, one reply; repeated keys get the first reply again.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, LOCATION};
use serde::Serialize;
use serde_json::Value;

use crate::app::App;
use crate::db::DbConnection;
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::sha256_hex;
use crate::domain::once;
use crate::error::{Error, Result};

/// A reply, as it is kept under an idempotency key.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub body: Value,
}

impl Reply {
    /// 200 with a body.
    pub fn ok(body: &impl Serialize) -> Result<Self> {
        Self::of(200, body)
    }

    /// 201 with a body.
    pub fn created(body: &impl Serialize) -> Result<Self> {
        Self::of(201, body)
    }

    /// 202 with a body: taken, and not yet done.
    pub fn accepted(body: &impl Serialize) -> Result<Self> {
        Self::of(202, body)
    }

    fn of(status: u16, body: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_value(body).map_err(|error| Error::Internal(Box::new(error)))?;
        Ok(Self { status, body })
    }

    /// The response; a case's version becomes its ETag.
    pub fn into_response(self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = HttpResponse::build(status);
        let case = self.body.get("case").unwrap_or(&self.body);
        if let Some(version) = case.get("version").and_then(Value::as_i64) {
            response.insert_header((ETAG, format!("\"{version}\"")));
        }
        if let (201, Some(id), true) = (
            self.status,
            self.body.get("id").and_then(Value::as_str),
            self.body.get("tracking_code").is_some(),
        ) {
            response.insert_header((LOCATION, format!("/api/v1/cases/{id}")));
        }
        response.json(self.body)
    }
}

/// A creating call that is done once: its key, and a digest of what was asked.
#[derive(Debug, Clone)]
pub struct Once {
    key: String,
    fingerprint: String,
}

impl Once {
    /// None without a key.
    pub fn of(key: super::body::IdempotencyKey, call: &str, body_digest: &str) -> Option<Self> {
        let key = key.0?;
        Some(Self { key, fingerprint: sha256_hex(format!("{call}\n{body_digest}").as_bytes()) })
    }
}

/// Runs a write and answers after its commit.
pub async fn commit<F>(app: &App, actor: Actor, once: Option<Once>, write: F) -> Result<HttpResponse>
where
    F: Fn(&mut DbConnection, &Act) -> Result<Reply> + Send + 'static,
{
    let reply = app
        .write(actor, move |connection, act| {
            let Some(once) = &once else { return write(connection, act) };
            if let Some((status, body)) = once::known(connection, act, &once.key, &once.fingerprint)? {
                return Ok(Reply { status, body });
            }
            let reply = write(connection, act)?;
            once::keep(connection, act, &once.key, &once.fingerprint, reply.status, &reply.body)?;
            Ok(reply)
        })
        .await?;
    app.nudges.outbox.notify_one();
    Ok(reply.into_response())
}
