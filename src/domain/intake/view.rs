//! Items as staff see them: a list without words, one item with all it says and every step of it.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;

use super::files::{self, FileRole};
use super::items::Item;
use super::steps::{self, StepKind};
use super::{Form, ItemState, RefusedField};
use crate::db::DbConnection;
use crate::db::types::{CaseId, IntakeItemId, MessageId, Time};
use crate::domain::actor::Act;
use crate::domain::cases::Channel;
use crate::domain::gateways;
use crate::domain::users;
use crate::error::Result;

/// An item of the list: nothing of what it says.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ItemView {
    pub id: IntakeItemId,
    pub form: Form,
    pub channel: Channel,
    /// Name of the gateway or mailbox by which it came.
    pub gateway: Option<String>,
    /// Code of the office in whose name it is taken in.
    pub office: String,
    pub state: ItemState,
    /// Why it waits or was set aside.
    pub reason: Option<String>,
    /// Fields that were wrong.
    pub fields: Vec<RefusedField>,
    pub case_id: Option<CaseId>,
    pub message_id: Option<MessageId>,
    /// How often it was tried.
    pub attempts: i32,
    /// When the channel got it.
    pub received_at: Time,
    /// When it came here.
    pub at: Time,
    pub settled_at: Option<Time>,
}

/// One item with what it says.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ItemDetail {
    #[serde(flatten)]
    pub item: ItemView,
    /// The channel's own id of it.
    pub external_id: Option<String>,
    /// What it says and from whom; null where nothing could be read of it, or it was erased, or the case is sealed.
    #[schema(value_type = Object)]
    pub content: Option<Value>,
    /// What came, as base64, where nothing could be read of it.
    pub raw: Option<String>,
    pub raw_type: Option<String>,
    pub files: Vec<FileView>,
    pub steps: Vec<StepView>,
}

/// A file of an item.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct FileView {
    pub role: FileRole,
    pub name: String,
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    pub sha256: String,
}

/// One line of the communication log.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct StepView {
    pub step: StepKind,
    /// A code or an id.
    pub detail: Option<String>,
    /// User name, where a person of staff did it.
    pub user: Option<String>,
    pub at: Time,
}

/// An item for the list.
fn item(act: &Act, item: &Item, gateway: Option<String>) -> ItemView {
    ItemView {
        id: item.id,
        form: item.form,
        channel: item.channel,
        gateway: item.gateway.clone().or(gateway),
        office: act.rules.offices.code(item.office_id),
        state: item.state,
        reason: item.reason.clone(),
        fields: item.refusal().map(|refusal| refusal.fields).unwrap_or_default(),
        case_id: item.case_id,
        message_id: item.message_id,
        attempts: item.attempts,
        received_at: item.received_at,
        at: item.at,
        settled_at: item.settled_at,
    }
}

/// Items for the list, with the names of their gateways.
pub fn list(connection: &mut DbConnection, act: &Act, items: &[Item]) -> Result<Vec<ItemView>> {
    let names: HashMap<_, _> =
        gateways::list(connection)?.into_iter().map(|gateway| (gateway.id, gateway.name)).collect();
    let name = |row: &Item| row.gateway_id.and_then(|id| names.get(&id).cloned());
    Ok(items.iter().map(|row| item(act, row, name(row))).collect())
}

/// What of an item may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    Shown,
    Hidden,
}

/// One item with its steps.
pub fn detail(connection: &mut DbConnection, act: &Act, row: &Item, words: Words) -> Result<ItemDetail> {
    let shown = words == Words::Shown;
    let content = if shown { row.content(connection, act)? } else { None };
    let content = content.and_then(|json| serde_json::from_str(&json).ok());
    let raw = if shown { row.raw(connection, act)? } else { None };
    let files = if shown { files::of_item(connection, act, row.id)? } else { Vec::new() };
    let file = |kept: files::ItemFile| FileView {
        role: kept.role,
        name: kept.file.name,
        media_type: kept.file.media_type,
        size: kept.file.size,
        sha256: kept.file.sha256,
    };
    let steps = steps::of_item(connection, row.id)?;
    let people: Vec<_> = steps.iter().filter_map(|step| step.user_id).collect();
    let names = users::names(connection, &people)?;
    let step = |row: steps::StepRow| StepView {
        user: row.user_id.and_then(|id| names.get(&id)).map(|(username, _)| username.clone()),
        step: row.step,
        detail: row.detail,
        at: row.at,
    };
    let gateway = row.gateway_id.map(|id| gateways::name(connection, id)).transpose()?;
    Ok(ItemDetail {
        item: item(act, row, gateway),
        external_id: row.external_id.clone().filter(|_| shown),
        content,
        raw,
        raw_type: row.raw_type.clone(),
        files: files.into_iter().map(file).collect(),
        steps: steps.into_iter().map(step).collect(),
    })
}
