//! Staff accounts: who they are, what they may do where, and how they sign in.

mod access;
mod enter;
mod factor;
mod password;
mod postings;
mod recovery;
mod sessions;
mod sign_in;
mod spent;
mod store;
mod totp;

pub use access::{Access, Assignment, holders, id_of, keeps_own_password};
pub use enter::{Arrival, Entered, Landed, enter, land};
pub use factor::{
    Enrolment, Holder, Proof, begin as begin_factor, confirm as confirm_factor,
    is_enrolled as has_second_factor, prove as prove_factor, remove as remove_factor,
};
pub use password::{ABSENT, hash as hash_password, verify as verify_password};
pub use postings::held_at_or_now as postings_at_or_now;
pub use recovery::{left as recovery_codes_left, renew as renew_recovery_codes};
pub use sessions::{
    Refreshed, end as end_session, end_all as end_sessions, is_open as session_is_open,
    is_vouched as session_is_vouched, refresh,
};
pub use sign_in::{Attempt, SIGN_IN, allow_try, note_failure, note_success, retry_after};
pub use spent::spend;
pub use store::{
    NewUser, UserRow, by_id, by_username, create, list, names, set_active, set_password, set_roles, staff,
    staff_by_username,
};
