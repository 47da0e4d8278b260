//! The verbs of one referral: accept, assign, return, transfer, recall, extend.

mod accept;
mod assign;
mod consent;
mod extend;
mod give_back;
mod recall;
mod row;
mod transfer;

use serde::{Deserialize, Serialize};

pub use accept::accept;
pub use assign::assign;
pub use consent::{ConsentGiven, RequestRow, RequestState, consent, lapse, request, silent};
pub use extend::extend;
pub use give_back::give_back;
pub use recall::recall;
pub use row::{ReferralRow, find, of_case};
pub use transfer::transfer;

/// The body of a referral's verbs (design §5); each verb names the fields it needs.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// Coded reason.
    #[serde(default)]
    pub reason: Option<String>,
    /// Code of an office: the suggestion of a return, the receiver of a transfer.
    #[serde(default)]
    pub office: Option<String>,
    /// Free words beside the reason.
    #[serde(default)]
    pub note: Option<String>,
    /// Working days more, for an extension.
    #[serde(default)]
    pub days: Option<u16>,
    /// User name, for an assignment.
    #[serde(default)]
    pub user: Option<String>,
}
