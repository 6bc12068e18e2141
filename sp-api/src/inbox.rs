//! Batches of received messages.

use std::collections::VecDeque;

use crate::{Message, PipeId};

/// What one turn may take from one pipe before the next pipe has its turn (messages, bytes).
const BUDGET: (usize, usize) = (128, 256 * 1024);

/// A batch of messages on their way up: a [`Pipe`](crate::Pipe) fills it, a [`Protocol`](crate::Protocol) empties it.
///
/// It has a budget, so that a busy pipe cannot keep the thread for itself.
#[derive(Debug)]
pub struct Inbox {
    messages: VecDeque<Message>,
    bytes: usize,
    max_messages: usize,
    max_bytes: usize,
}

impl Default for Inbox {
    fn default() -> Self {
        Self::with_budget(BUDGET.0, BUDGET.1)
    }
}

impl Inbox {
    /// An empty inbox that is full at so many messages or bytes of body.
    pub fn with_budget(max_messages: usize, max_bytes: usize) -> Self {
        Self {
            messages: VecDeque::new(),
            bytes: 0,
            max_messages,
            max_bytes,
        }
    }

    /// Appends a message. The pipe stops filling once [`is_full`](Self::is_full), and not in the middle of a message.
    #[inline]
    pub fn push(&mut self, message: Message) {
        self.bytes += message.len();
        self.messages.push_back(message);
    }

    /// Takes the oldest message.
    #[inline]
    pub fn pop(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        self.bytes -= message.len();
        Some(message)
    }

    /// The oldest message, left where it is.
    pub fn peek(&self) -> Option<&Message> {
        self.messages.front()
    }

    /// Whether the budget is used up.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.messages.len() >= self.max_messages || self.bytes >= self.max_bytes
    }

    /// Messages inside.
    #[inline]
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether nothing is inside.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Bytes of body inside.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The messages, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Message> {
        self.messages.iter()
    }

    /// Tells each message which pipe it came over: the runtime's part.
    #[doc(hidden)]
    pub fn set_pipe(&mut self, pipe: PipeId) {
        for message in &mut self.messages {
            message.set_pipe(Some(pipe));
        }
    }

    /// Swaps the messages with those of an (empty) queue: a whole batch moves at the price of one.
    #[doc(hidden)]
    pub fn swap(&mut self, queue: &mut VecDeque<Message>) {
        std::mem::swap(&mut self.messages, queue);
        self.bytes = self.messages.iter().map(Message::len).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_counts_messages_and_bytes() {
        let mut inbox = Inbox::with_budget(2, 10);
        inbox.push(Message::from("0123456789"));
        assert!(inbox.is_full(), "by bytes");
        inbox.pop();
        inbox.push(Message::new());
        assert!(!inbox.is_full());
        inbox.push(Message::new());
        assert!(inbox.is_full(), "by messages");
    }
}
