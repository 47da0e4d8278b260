//! The integration suite: one binary, one module for each part.

mod backup;
