//! The rule register: public with its sources, changed by two persons, tried on past cases, and an old case
//! explained by the rules of its day.

mod access;
mod changes;
mod explanation;
mod public;
mod trials;
