//! Contexts that wait for something of the protocol's.

use std::collections::VecDeque;

use crate::{ContextId, toolkit::IdMap};

/// Contexts in the order in which they came to wait, each at most once.
///
/// A protocol whose contexts share something (REQ's pipes, REP's requests) notes here which of them went away empty,
/// and lets **all** of them try again ([`Cx::readable`](crate::Cx::readable), [`Cx::writable`](crate::Cx::writable))
/// when there is something. Waking only the first would be wrong: its waiter may have given up, which a protocol does
/// not hear of, and then nobody takes what the others wait for.
#[derive(Clone, Debug, Default)]
pub struct Waitlist {
    order: VecDeque<ContextId>,
    members: IdMap<ContextId, ()>,
}

impl Waitlist {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a context at the end, unless it is on the list.
    pub fn join(&mut self, context: ContextId) {
        if self.members.insert(context, ()).is_none() {
            self.order.push_back(context);
        }
    }

    /// Takes a context off the list, wherever it is. Linear in the list's length if it is on it.
    pub fn leave(&mut self, context: ContextId) {
        if self.members.remove(&context).is_some() {
            self.order.retain(|other| *other != context);
        }
    }

    /// The first context, left where it is.
    pub fn first(&self) -> Option<ContextId> {
        self.order.front().copied()
    }

    /// Takes the first context off the list.
    pub fn pop(&mut self) -> Option<ContextId> {
        let first = self.order.pop_front()?;
        self.members.remove(&first);
        Some(first)
    }

    /// Contexts on the list.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether nobody is on the list.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Takes everybody off the list.
    pub fn clear(&mut self) {
        self.order.clear();
        self.members.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(n: u32) -> ContextId {
        ContextId::from_raw(n)
    }

    #[test]
    fn first_come_first_out_and_nobody_twice() {
        let mut list = Waitlist::new();
        for n in [3, 1, 3, 2, 1] {
            list.join(context(n));
        }
        list.leave(context(1));
        list.leave(context(9));
        assert_eq!(list.first(), Some(context(3)));
        assert_eq!([list.pop(), list.pop()], [3, 2].map(|n| Some(context(n))));
        assert!(list.is_empty() && list.pop().is_none());
        list.join(context(3));
        assert_eq!(list.len(), 1, "who left may come again");
    }
}
