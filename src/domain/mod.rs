//! The rules of the service, in the words of the clerk.
//!
//! What is here knows nothing of HTTP, mail or pages. Time, actor and randomness are arguments.

pub mod calendar;
pub mod cases;
pub mod citizens;
pub mod deadlines;
pub mod text;
