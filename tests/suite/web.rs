//! The citizen's side of the web: drafts, "my cases" by a one-time code, proofs of work.

mod drafts;
mod my;
mod proof;
