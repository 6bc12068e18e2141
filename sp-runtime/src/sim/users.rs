//! Scripted users: they hear news, and do the next thing.

use std::{collections::VecDeque, fmt, time::Duration};

use super::{Ended, OpId, SocketId, UserId, World, agenda::Happening};

/// A user of sockets, as a state machine: told some news, it does what comes next through the world.
///
/// What it starts reports to it. A closure `FnMut(&mut World, News)` is one.
pub trait User {
    /// Takes the news.
    fn turn(&mut self, world: &mut World, news: News);
}

impl<F: FnMut(&mut World, News)> User for F {
    fn turn(&mut self, world: &mut World, news: News) {
        self(world, news);
    }
}

/// What a user hears.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum News {
    /// It may begin. The first news.
    Start,
    /// An [alarm](World::alarm) of its own rings.
    Alarm(u64),
    /// An operation of its own ended.
    Ended(OpId, Ended),
}

/// A user and what it has not heard yet.
pub(super) struct Listener {
    /// `None` while it has its turn.
    user: Option<Box<dyn User>>,
    news: VecDeque<News>,
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener")
            .field("news", &self.news)
            .finish_non_exhaustive()
    }
}

impl World {
    /// Adds a user, who begins at once.
    pub fn enlist(&mut self, user: impl User + 'static) -> UserId {
        let id = UserId(self.users.len());
        self.users.push(Listener {
            user: Some(Box::new(user)),
            news: VecDeque::from([News::Start]),
        });
        self.env
            .enter_soon(usize::MAX, Happening::Turn { user: id });
        id
    }

    /// Has the user whose turn it is hear [`News::Alarm`] with this key after so long.
    ///
    /// # Panics
    ///
    /// If it is no user's turn.
    pub fn alarm(&mut self, after: Duration, key: u64) {
        let Some(user) = self.current else {
            panic!("only a user can set an alarm, in its turn");
        };
        self.at(self.now() + after, move |world| {
            world.hear(user, News::Alarm(key));
        });
    }

    pub(super) fn tell_user(&mut self, user: UserId, at: SocketId, op: OpId, ended: Ended) {
        self.users[user.0].news.push_back(News::Ended(op, ended));
        self.env.enter_soon(at.0, Happening::Turn { user });
    }

    pub(super) fn turn(&mut self, user: UserId) {
        if let Some(news) = self.users[user.0].news.pop_front() {
            self.hear(user, news);
        }
    }

    fn hear(&mut self, user: UserId, news: News) {
        let Some(mut listener) = self.users[user.0].user.take() else {
            return;
        };
        let before = self.current.replace(user);
        listener.turn(self, news);
        self.current = before;
        self.users[user.0].user = Some(listener);
    }
}
