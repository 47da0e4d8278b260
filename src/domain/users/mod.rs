//! Staff accounts: who they are, what they may do where, and how they sign in.

mod password;
mod sessions;
mod sign_in;
mod store;

pub use password::{ABSENT, hash as hash_password, verify as verify_password};
pub use sessions::{
    Refreshed, end as end_session, is_open as session_is_open, open as open_session, refresh,
};
pub use sign_in::{Attempt, note_failure, note_success, retry_after};
pub use store::{
    NewUser, UserRow, by_id, by_username, create, list, names, set_active, set_password, set_roles, staff,
    staff_by_username,
};
