//! Citizens: who files, each once whatever the channel (tag P1.1), and how they are known and reached.
//!
//! Everything here is parsed at the edge and then right in form. Right in form is not proof of a real person.
//! The values are personal: their debug form is masked, and they have no `Display`, so that no log prints them.

mod address;
mod email;
mod identifiers;
mod kin;
mod merged;
mod phone;
mod row;
mod store;
mod told;

pub(crate) use address::address_key;
pub use email::{EmailAddress, EmailAddressError};
pub use identifiers::{ForeignId, IdentifierError, LegalEntityId, NationalId, PostalCode};
pub use kin::{Kin, Relative, Tie, index_households, relatives};
pub use merged::{filed_under, merged_among, records, standing};
pub use phone::{Phone, PhoneError};
pub use row::Citizen;
pub(crate) use row::household;
pub(crate) use store::insert_all;
pub use store::{
    Recognised, claimed_since, correct, find, find_or_create, load, load_all, recognise, resemble, rewrite,
    search,
};
pub use told::{CitizenInput, Identity, language_of, parse};
