//! Visits: the queue of a counter, public meetings, people's desks, provincial trips.

mod meetings;
mod queue;
mod sheets;
mod trips;
