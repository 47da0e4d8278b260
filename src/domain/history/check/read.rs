//! Receipts and anchors from files, in the one spelling that they have.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::domain::history::{Anchor, Receipt};

/// A receipt from a file: the receipt itself, or a reply of the service that has one.
///
/// # Errors
/// One sentence that says what is wrong with it.
pub fn read_receipt(bytes: &[u8]) -> Result<Receipt, String> {
    let mut value: Value =
        serde_json::from_slice(bytes).map_err(|error| format!("it is no JSON: {error}"))?;
    exact(value.get_mut("receipt").map(Value::take).unwrap_or(value))
}

/// Anchors from a file: one, a list, or a page of `GET /public/anchors`.
///
/// # Errors
/// One sentence that says what is wrong with them.
pub fn read_anchors(bytes: &[u8]) -> Result<Vec<Anchor>, String> {
    let mut value: Value =
        serde_json::from_slice(bytes).map_err(|error| format!("it is no JSON: {error}"))?;
    match value.get_mut("items").map(Value::take).unwrap_or(value) {
        Value::Array(list) => list.into_iter().map(exact).collect(),
        one => Ok(vec![exact(one)?]),
    }
}

/// Reads what has one spelling only; anything written otherwise than it was signed is refused.
fn exact<T: DeserializeOwned + Serialize>(value: Value) -> Result<T, String> {
    let read: T = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
    match serde_json::to_value(&read) {
        Ok(again) if again == value => Ok(read),
        _ => Err("a value in it is not spelt as the service spells it".into()),
    }
}
