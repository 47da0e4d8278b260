//! `/phone/calls/stream`: what happens at an agent's desk, as server-sent events. Each has a number; whoever comes back with
//! the last one (`Last-Event-ID`) misses nothing and sees nothing twice. A comment now and then says that the line lives.

use std::collections::VecDeque;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, get, web};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::body::Query;
use super::caller::Caller;
use super::problem::{Problem, ProblemBody, language};
use crate::app::App;
use crate::db::types::{SessionId, UserId};
use crate::domain::actor::Actor;
use crate::domain::phone::{self, CallView, Card, Pop, PopKind};
use crate::domain::rulebook::Verb;
use crate::domain::{policy, users};
use crate::error::{Code, Error, FieldError, Language, Result};

/// How often it is looked for what another process wrote.
const LOOK: Duration = Duration::from_secs(1);
/// Events of one look.
const AT_ONCE: i64 = 50;
/// Milliseconds after which a client comes back.
const RETRY: u32 = 2000;

/// Where a client goes on that cannot set headers.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct StreamQuery {
    /// The number of the last event that was seen; the header `Last-Event-ID` goes before it.
    last_event_id: Option<i64>,
}

/// What an event shows: the whole screen once the agent answered, before and after that the call alone.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub(super) enum Shown {
    Card(Box<Card>),
    Call { call: Box<CallView> },
}

/// The agent's stream: events `ringing`, `answered`, `updated`, `taken` (by somebody else), `ended`, `missed`. `answered` and
/// `updated` carry the screen with the callers, their open cases and contact plans and the problems of the area, and are logged
/// as readings; the others carry the call alone. Without a last number it begins with the calls that go on.
#[utoipa::path(tag = "phone", params(StreamQuery), security(("bearer" = [])),
    responses((status = 200, description = "Server-sent events", content_type = "text/event-stream", body = Shown), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
#[get("/phone/calls/stream")]
pub(super) async fn stream_calls(
    app: web::Data<App>,
    caller: Caller,
    query: Query<StreamQuery>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let user = caller.actor.user().ok_or(Error::Forbidden(Code::Forbidden))?;
    let resumed = last_seen(&request, &query.0);
    let seq = app
        .glance(caller.actor, move |connection, act| {
            policy::allow_anywhere(act, Verb::ReadCitizens)?;
            resumed?.map_or_else(|| phone::begin(connection, user), Ok)
        })
        .await?;
    let longest = u64::try_from(app.config.tokens.access_seconds).unwrap_or(900);
    let desk = Desk {
        heartbeat: Duration::from_secs(app.config.phone.heartbeat_seconds),
        app: app.get_ref().clone(),
        user,
        session: caller.session,
        reader: language(),
        seq,
        ready: VecDeque::from([Bytes::from(format!("retry: {RETRY}\n: open\n\n"))]),
        said: Instant::now(),
        end: Instant::now() + Duration::from_secs(longest),
    };
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        // a compressor would hold events back
        .insert_header((CONTENT_ENCODING, "identity"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(stream::unfold(desk, |desk| async move { desk.next().await })))
}

fn last_seen(request: &HttpRequest, query: &StreamQuery) -> Result<Option<i64>> {
    let header = request.headers().get("Last-Event-ID").map(|value| value.to_str().unwrap_or("?").trim());
    let told = match header.filter(|value| !value.is_empty()) {
        Some(value) => Some(value.parse().unwrap_or(-1)),
        None => query.last_event_id,
    };
    if told.is_some_and(|seq: i64| seq < 0) {
        return Err(Error::field(FieldError::new(
            "Last-Event-ID",
            "invalid",
            "شماره آخرین رویداد این جریان؛ یا آن را نفرستید.",
            "The number of the stream's last event; or leave it out.",
        )));
    }
    Ok(told)
}

/// One open stream.
struct Desk {
    app: App,
    user: UserId,
    session: Option<SessionId>,
    reader: Language,
    /// The last event that was taken from the agent's line.
    seq: i64,
    ready: VecDeque<Bytes>,
    heartbeat: Duration,
    /// When something was last said.
    said: Instant,
    /// A stream lives no longer than an access token.
    end: Instant,
}

impl Desk {
    /// The next piece; none at the end, after which the client comes back with a token that is good then.
    async fn next(mut self) -> Option<(Result<Bytes, Error>, Self)> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                self.said = Instant::now();
                return Some((Ok(piece), self));
            }
            if Instant::now() >= self.end {
                return None;
            }
            let nudge = self.app.nudges.calls.clone();
            let nudged = nudge.notified();
            match self.look().await {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    tracing::warn!(%error, "a stream of calls was cut off; its client comes back");
                    return None;
                }
            }
            if !self.ready.is_empty() {
                continue;
            }
            if self.said.elapsed() >= self.heartbeat {
                self.ready.push_back(Bytes::from_static(b": beat\n\n"));
                continue;
            }
            let beat = self.said + self.heartbeat;
            tokio::select! {
                () = nudged => {}
                () = tokio::time::sleep_until(beat.min(Instant::now() + LOOK)) => {}
            }
        }
    }

    /// Fetches what is new; false once the person may not see it any more.
    async fn look(&mut self) -> Result<bool> {
        let (user, session, seq) = (self.user, self.session, self.seq);
        let found = self
            .app
            .db
            .glance(move |connection| {
                if let Some(session) = session
                    && !users::session_is_open(connection, session)?
                {
                    return Ok(None);
                }
                let Some(staff) = users::staff(connection, user)? else { return Ok(None) };
                Ok(Some((staff, phone::after(connection, user, seq, AT_ONCE)?)))
            })
            .await?;
        let Some((staff, pops)) = found else { return Ok(false) };
        for pop in pops {
            let piece = self.piece(Actor::Staff(staff.clone()), &pop).await?;
            self.seq = pop.seq;
            self.ready.extend(piece);
        }
        Ok(true)
    }

    /// One event; none of a call that is gone, or that the person may not see any more.
    async fn piece(&self, actor: Actor, pop: &Pop) -> Result<Option<Bytes>> {
        let (call, reader) = (pop.call, self.reader);
        let shown = match pop.kind {
            PopKind::Answered | PopKind::Updated => self
                .app
                .write(actor, move |connection, act| phone::card(connection, act, call, reader))
                .await
                .map(|card| Shown::Card(Box::new(card))),
            PopKind::Ringing | PopKind::Taken | PopKind::Ended | PopKind::Missed => self
                .app
                .glance(actor, move |connection, act| phone::glance(connection, act, call, reader))
                .await
                .map(|call| Shown::Call { call: Box::new(call) }),
        };
        match shown {
            Ok(shown) => {
                let data = serde_json::to_string(&shown).map_err(Error::internal)?;
                Ok(Some(Bytes::from(format!("id: {}\nevent: {}\ndata: {data}\n\n", pop.seq, pop.kind))))
            }
            Err(Error::NotFound | Error::Forbidden(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
