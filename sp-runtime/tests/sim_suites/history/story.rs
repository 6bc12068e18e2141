//! Histories that are made up, to judge the judges.

use spkit_api::{ContextId, Value};

use super::*;

type Judge = Box<dyn Fn(&History) -> Vec<String>>;

/// A history in the making.
pub(crate) struct Story {
    pub(crate) history: History,
    judge: Judge,
    ops: u64,
    now: Duration,
}

impl Story {
    /// A story that this judges.
    pub(crate) fn new(judge: impl Fn(&History) -> Vec<String> + 'static) -> Self {
        Self {
            history: History::new(Time::from_nanos(0)),
            judge: Box::new(judge),
            ops: 0,
            now: Duration::ZERO,
        }
    }

    #[track_caller]
    pub(crate) fn right(&self) {
        assert_eq!((self.judge)(&self.history), [""; 0]);
    }

    #[track_caller]
    pub(crate) fn wrong(&self, what: &str) {
        let faults = (self.judge)(&self.history);
        assert!(
            faults.iter().any(|fault| fault.contains(what)),
            "{what}: {faults:?}"
        );
    }

    /// Sockets of a protocol, named by their numbers.
    pub(crate) fn sockets(mut self, protocol: &'static str, sockets: &[SocketId]) -> Self {
        for socket in sockets {
            let books = Books {
                name: format!("{socket:?}"),
                protocol,
                ..Books::default()
            };
            self.history.sockets.insert(*socket, books);
        }
        self
    }

    /// What the socket counted as dropped on its way out.
    pub(crate) fn unsent(&mut self, socket: SocketId, why: DropReason, count: u64) {
        let books = self.history.sockets.entry(socket).or_default();
        books.unsent.insert(why, count);
    }

    /// What the socket counted as dropped on its way in.
    pub(crate) fn undelivered(&mut self, socket: SocketId, why: DropReason, count: u64) {
        let books = self.history.sockets.entry(socket).or_default();
        books.undelivered.insert(why, count);
    }

    /// Time passes.
    pub(crate) fn wait(&mut self, millis: u64) {
        self.now += Duration::from_millis(millis);
        self.history.end = Time::from_nanos(self.now.as_nanos() as u64);
    }

    /// Something happens, a millisecond after the last thing.
    pub(crate) fn act(&mut self, who: impl Into<At>, deed: Deed) {
        self.wait(1);
        let (at, who) = (self.history.end, who.into());
        self.history.acts.push(Act { at, who, deed });
    }

    pub(crate) fn op(&mut self) -> OpId {
        self.ops += 1;
        OpId::from_raw(self.ops)
    }

    // ---- users

    pub(crate) fn sends(&mut self, who: impl Into<At>, body: &str) -> OpId {
        self.sends_to(who, &[], body, None)
    }

    fn sends_to(
        &mut self,
        who: impl Into<At>,
        header: &[u32],
        body: &str,
        to: Option<ConnectionId>,
    ) -> OpId {
        let (op, within) = (self.op(), None);
        let body = Bytes::copy_from_slice(body.as_bytes());
        let deed = Deed::Sends {
            op,
            header: header.to_vec(),
            body,
            to,
            within,
        };
        self.act(who, deed);
        op
    }

    pub(crate) fn sent(&mut self, who: impl Into<At>, body: &str) {
        let who = who.into();
        let op = self.sends(who, body);
        self.act(who, Deed::Sent { op });
    }

    /// As [`sent`](Self::sent), without waiting.
    pub(crate) fn sent_at_once(&mut self, who: impl Into<At>, body: &str) {
        let who = who.into();
        let op = self.sends(who, body);
        let (at, deed) = (self.history.end, Deed::Sent { op });
        self.history.acts.push(Act { at, who, deed });
    }

    pub(crate) fn sent_to(&mut self, who: SocketId, body: &str, to: ConnectionId) {
        let op = self.sends_to(who, &[], body, Some(to));
        self.act(who, Deed::Sent { op });
    }

    /// A raw socket accepts a message with this header.
    pub(crate) fn sent_raw(&mut self, who: SocketId, header: &[u32], body: &str) {
        let op = self.sends_to(who, header, body, None);
        self.act(who, Deed::Sent { op });
    }

    pub(crate) fn receives(&mut self, who: impl Into<At>) -> OpId {
        let (op, within) = (self.op(), None);
        self.act(who, Deed::Receives { op, within });
        op
    }

    pub(crate) fn received(&mut self, who: impl Into<At>, body: &str) {
        let who = who.into();
        let op = self.receives(who);
        self.gets(who, op, body);
    }

    pub(crate) fn gets(&mut self, who: impl Into<At>, op: OpId, body: &str) {
        self.gets_from(who, op, body, None);
    }

    fn gets_from(&mut self, who: impl Into<At>, op: OpId, body: &str, from: Option<ConnectionId>) {
        let body = Bytes::copy_from_slice(body.as_bytes());
        self.act(who, Deed::Received { op, body, from });
    }

    pub(crate) fn received_from(&mut self, who: impl Into<At>, body: &str, from: ConnectionId) {
        let who = who.into();
        let op = self.receives(who);
        self.gets_from(who, op, body, Some(from));
    }

    pub(crate) fn fails(&mut self, who: impl Into<At>, op: OpId, why: ErrorKind) {
        self.act(who, Deed::Failed { op, why });
    }

    pub(crate) fn set(&mut self, who: impl Into<At>, option: &'static str, value: Value) {
        let refused = false;
        let deed = Deed::Set {
            option,
            value,
            refused,
        };
        self.act(who, deed);
    }

    // ---- connections

    /// Two sockets are connected, and both know it.
    pub(crate) fn connected(&mut self, a: SocketId, b: SocketId, connection: ConnectionId) {
        self.act(a, Deed::Connected { connection });
        self.act(b, Deed::Connected { connection });
    }

    pub(crate) fn lost(&mut self, socket: SocketId, connection: ConnectionId) {
        self.act(socket, Deed::Lost { connection });
    }

    pub(crate) fn handed(&mut self, from: SocketId, connection: ConnectionId, payload: &[u8]) {
        let payload = Bytes::copy_from_slice(payload);
        let books = self.history.sockets.entry(from).or_default();
        books.handed += 1;
        let deed = Deed::Handed {
            connection,
            payload,
        };
        self.act(from, deed);
    }

    pub(crate) fn arrived(&mut self, to: SocketId, connection: ConnectionId, payload: &[u8]) {
        let payload = Bytes::copy_from_slice(payload);
        let deed = Deed::Arrived {
            connection,
            payload,
        };
        self.act(to, deed);
    }

    /// A message goes over a connection.
    pub(crate) fn carried(
        &mut self,
        from: SocketId,
        to: SocketId,
        connection: ConnectionId,
        payload: &[u8],
    ) {
        self.handed(from, connection, payload);
        self.arrived(to, connection, payload);
    }
}

/// The socket of this number.
pub(crate) const fn socket(n: usize) -> SocketId {
    SocketId::from_raw(n)
}

/// The connection of this number.
pub(crate) const fn line(n: usize) -> ConnectionId {
    ConnectionId::from_raw(n)
}

/// A context of a socket.
pub(crate) fn context(socket: SocketId, n: u32) -> At {
    socket.context(ContextId::from_raw(n))
}
