//! A gateway that keeps what it is given, and answers as a test wishes.

use std::sync::{Arc, Mutex, PoisonError};

use super::Sending;
use crate::domain::notifications::outbox::Letter;

/// Clones share what they keep.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    sent: Vec<Letter>,
    tries: usize,
    /// What is answered; none takes the letter.
    answer: Option<Sending>,
}

impl Memory {
    /// What is answered from now on; none takes every letter.
    pub fn answer_with(&self, answer: Option<Sending>) {
        self.lock().answer = answer;
    }

    /// Every letter that was taken, in order.
    pub fn sent(&self) -> Vec<Letter> {
        self.lock().sent.clone()
    }

    /// How often a letter was offered.
    pub fn tries(&self) -> usize {
        self.lock().tries
    }

    pub(super) async fn send(&self, letter: &Letter) -> Sending {
        // lets others run between claim and settlement, as a network does
        tokio::task::yield_now().await;
        let mut inner = self.lock();
        inner.tries += 1;
        match &inner.answer {
            Some(answer) => answer.clone(),
            None => {
                inner.sent.push(letter.clone());
                Sending::Accepted { carrier_id: Some(format!("memory-{}", letter.message)) }
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
