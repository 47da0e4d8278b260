//! Gateways to the outside: mail, SMS, file storage. None of them opens a database connection.

pub mod storage;

pub use storage::Storage;

/// All gateways of a process.
#[derive(Debug, Clone)]
pub struct Gateways {
    /// Where attachments lie.
    pub storage: Storage,
}
