//! `/citizens`: those who file.

use actix_web::{HttpResponse, get, patch, post, web};
use serde::Deserialize;

use super::body::{Body, IdempotencyKey, Query, id};
use super::caller::Caller;
use super::commit::{Once, Reply, commit};
use super::page::Page;
use super::problem::{Problem, ProblemBody};
use crate::app::App;
use crate::db::types::CitizenId;
use crate::domain::citizens::{self, CitizenInput};
use crate::domain::confidentiality::{Why, reads};
use crate::domain::rulebook::Verb;
use crate::domain::views::CitizenView;
use crate::domain::{definitions, policy};
use crate::error::{FieldError, Fields, Result};

/// Which citizens.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct CitizenQuery {
    /// National or legal-entity ID.
    national_id: Option<String>,
    mobile: Option<String>,
    /// Fixed line.
    phone: Option<String>,
    email: Option<String>,
}

/// Finds citizens by identifier, telephone or e-mail address; there is no list of all.
#[utoipa::path(tag = "citizens", params(CitizenQuery), security(("bearer" = [])), responses((status = 200, body = Page<CitizenView>), (status = 422, body = ProblemBody)))]
#[get("/citizens")]
pub(super) async fn find_citizens(
    app: web::Data<App>,
    caller: Caller,
    query: Query<CitizenQuery>,
) -> Result<HttpResponse, Problem> {
    let items = app
        .write(caller.actor, move |connection, act| {
            policy::allow_anywhere(act, Verb::ReadCitizens)?;
            let told = CitizenInput {
                national_id: query.0.national_id.clone(),
                mobile: query.0.mobile.clone(),
                phone: query.0.phone.clone(),
                email: query.0.email.clone(),
                ..CitizenInput::default()
            };
            let mut fields = Fields::default();
            let wished = citizens::parse(&told, "citizen", &mut fields);
            if told == CitizenInput::default() {
                fields.add(FieldError::required("national_id"));
            }
            fields.finish()?;
            let found = citizens::search(connection, &act.vault, &wished)?;
            for citizen in &found {
                definitions::log(connection, act, "read", &format!("citizen:{}", citizen.id), "")?;
                reads::of_record(connection, act, citizen.id, Verb::ReadCitizens, Why::CitizenSearch)?;
            }
            Ok(found.iter().map(CitizenView::of).collect::<Vec<_>>())
        })
        .await?;
    Ok(HttpResponse::Ok().json(Page::whole(items)))
}

/// Records a citizen, or corrects the record of this identifier.
#[utoipa::path(tag = "citizens", request_body = CitizenInput, security(("bearer" = [])), responses((status = 201, body = CitizenView), (status = 422, body = ProblemBody)))]
#[post("/citizens")]
pub(super) async fn record_citizen(
    app: web::Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    body: Body<CitizenInput>,
) -> Result<HttpResponse, Problem> {
    let once = Once::of(key, "POST /citizens", &body.digest);
    Ok(commit(&app, caller.actor, once, move |connection, act| {
        policy::allow_anywhere(act, Verb::EditCitizens)?;
        let mut fields = Fields::default();
        let identity = citizens::parse(&body.value, "citizen", &mut fields);
        if identity.is_empty() {
            fields.add(FieldError::required("citizen.national_id"));
        }
        fields.finish()?;
        let citizen = citizens::find_or_create(connection, act, &identity)?;
        definitions::log(connection, act, "change", &format!("citizen:{}", citizen.id), "")?;
        reads::of_record(connection, act, citizen.id, Verb::EditCitizens, Why::CitizenRecord)?;
        Reply::created(&CitizenView::of(&citizen))
    })
    .await?)
}

/// Corrects a citizen's contacts.
#[utoipa::path(tag = "citizens", request_body = CitizenInput, security(("bearer" = [])), responses((status = 200, body = CitizenView), (status = 404, body = ProblemBody)))]
#[patch("/citizens/{id}")]
pub(super) async fn change_citizen(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<String>,
    body: Body<CitizenInput>,
) -> Result<HttpResponse, Problem> {
    let citizen: CitizenId = id(&path)?;
    Ok(commit(&app, caller.actor, None, move |connection, act| {
        policy::allow_anywhere(act, Verb::EditCitizens)?;
        let mut fields = Fields::default();
        let told = citizens::parse(&body.value, "citizen", &mut fields);
        fields.finish()?;
        let changed = citizens::correct(connection, act, citizen, &told)?;
        definitions::log(connection, act, "change", &format!("citizen:{citizen}"), "")?;
        reads::of_record(connection, act, citizen, Verb::EditCitizens, Why::CitizenRecord)?;
        Reply::ok(&CitizenView::of(&changed))
    })
    .await?)
}
