//! SMS as the service keeps it: how far each message got at its provider, what gateways complain of, answers to what
//! citizens send, dialogues with a sender, and who wants no more of it.
//!
//! A telephone number is kept as a keyed digest; only an answer that is still to be sent holds it, sealed.

pub mod dialogues;
pub mod replies;
pub mod sendings;
pub mod standings;
pub mod stops;

use crate::domain::keys::Keys;
use crate::text_enum;

text_enum! {
    /// Why a provider refuses us; somebody must mend it.
    pub enum Alarm {
        NoCredit = "no_credit", BadKey = "bad_key",
        /// The provider does not know the address from which we call.
        IpLimited = "ip_limited",
        Suspended = "suspended", BadLine = "bad_line",
        /// The account's limit of a day or volume is reached.
        LimitReached = "limit_reached",
        /// There is no such call at the address.
        WrongAddress = "wrong_address",
    }
}

/// By what a number is known here.
pub fn phone_hash(keys: &Keys, phone: &str) -> String {
    keys.digest("sms-phone", &[phone])
}
