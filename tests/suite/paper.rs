//! Paper: letters to citizens, faxes and scans, and batches of letters.

mod fax;
mod import;
mod letters;
