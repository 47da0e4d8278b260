//! Behaviour of the whole service, through HTTP and on real databases.

mod crash;
mod delivery;
