//! Cases: one matter of one citizen, under one tracking code.

mod tracking_code;

pub use tracking_code::{IntakeCode, TrackingCode, TrackingCodeError};
