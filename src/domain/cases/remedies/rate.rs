//! Rate: 1 to 5 after the answer, by SMS digit, page or call; once, and changeable inside the window. A poor
//! rating opens the appeal and always yields an action (requirement tag B1).

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::{recorder, standing};
use crate::db::DbConnection;
use crate::db::schema::ratings;
use crate::db::types::{CaseId, EventId, RatingId};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::docket::{Docket, Expected};
use crate::domain::cases::life::Standing;
use crate::domain::cases::record;
use crate::domain::input;
use crate::domain::notifications::{self, Facts};
use crate::domain::rulebook::Verb;
use crate::error::{Error, Fields, Result};
use crate::text_enum;

text_enum! {
    /// How a rating came: by an SMS digit, a page or link, or a call.
    pub enum RatingChannel { Sms = "sms", Web = "web", Phone = "phone" }
}

/// A rating.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// 1 (very poor) to 5 (very good).
    pub score: i64,
    #[serde(default)]
    pub comment: Option<String>,
    /// `sms`, `web` or `phone`; `web` for the citizen's own page, `phone` for staff.
    #[serde(default)]
    pub channel: Option<String>,
}

/// Records the rating; the same one again changes nothing.
///
/// # Errors
/// `rating_not_open` before the answer, `window_passed`, or a wrong `score`.
pub fn rate(
    connection: &mut DbConnection,
    act: &Act,
    id: CaseId,
    expected: Expected,
    wish: &Rate,
) -> Result<Docket> {
    let mut docket = Docket::open(connection, act, id, expected)?;
    let office = recorder(act, Verb::Rate)?;
    let standing = standing(connection, act, &docket)?;
    docket.life.can_rate(standing)?;
    let own = if matches!(act.actor, Actor::Citizen { .. }) { "web" } else { "phone" };
    let mut fields = Fields::default();
    let channel = fields.take(input::choice("channel", wish.channel.as_deref().unwrap_or(own)));
    let comment =
        fields.take(input::optional_text("comment", wish.comment.as_deref(), input::TEXT_MAX)).flatten();
    let rating: RatingId = act.id();
    let score = u8::try_from(wish.score).unwrap_or(0);
    let channel = channel.unwrap_or(RatingChannel::Web);
    let fact = match docket.life.rate(standing, rating, score, channel.to_string()) {
        Err(Error::Invalid(errors)) => {
            errors.into_iter().for_each(|error| fields.add(error));
            None
        }
        verdict => Some(verdict?),
    };
    fields.finish()?;
    let fact = fact.ok_or_else(|| Error::internal("a wrong score passed its check"))?;
    if docket.life.rating == Some(score) && comment.is_none() {
        return Ok(docket);
    }
    let event = record(connection, act, &mut docket, &[fact], office)?;
    keep(connection, act, &docket, rating, score, channel, comment)?;
    if score <= standing.poor {
        tell(connection, act, &docket, standing, event)?;
    }
    docket.reload(connection)
}

/// One row a round: the second rating takes the place of the first, the timeline keeps both.
fn keep(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    rating: RatingId,
    score: u8,
    channel: RatingChannel,
    comment: Option<String>,
) -> Result<()> {
    let round = i32::try_from(docket.life.round()).unwrap_or(i32::MAX);
    let said = (
        (ratings::score.eq(i32::from(score)), ratings::comment.eq(comment), ratings::channel.eq(channel)),
        (ratings::recorded_by.eq(act.actor.user()), ratings::at.eq(act.now)),
    );
    let present = ratings::table.filter(ratings::case_id.eq(docket.row.id).and(ratings::round.eq(round)));
    let changed = diesel::update(present).set(said.clone()).execute(connection)?;
    if changed == 0 {
        let key = (ratings::id.eq(rating), ratings::case_id.eq(docket.row.id), ratings::round.eq(round));
        diesel::insert_into(ratings::table).values((key, said)).execute(connection)?;
    }
    Ok(())
}

/// A poor rating: the citizen hears how to go on, and the office hears of it.
fn tell(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    standing: Standing,
    event: EventId,
) -> Result<()> {
    let may_appeal = docket.life.can_appeal(standing, &act.rules.offices, &docket.conflict);
    let against = docket.life.against();
    let facts = Facts { office: Some(against), until: standing.window, ..Facts::default() };
    notifications::to_office(connection, act, &docket.row, event, against, "rating_poor", &facts)?;
    match may_appeal {
        Ok(_) => notifications::to_citizen(connection, act, &docket.row, event, "rating_poor", &facts),
        Err(_) => Ok(()),
    }
}
