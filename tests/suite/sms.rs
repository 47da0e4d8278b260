//! SMS: providers as they speak, what goes out and whether it arrived, what comes in once, and what is said to the service.

mod gateways;
mod standin;
mod talk;
