//! What the users of a run saw, in order: all that is judged.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use spkit_api::{ErrorKind, Time};
use spkit_runtime::{
    SocketEvent,
    sim::{At, Ended, Entry, OpId, SocketId, Transcript, What},
};

/// Who is who.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roles {
    /// Requesters, and after how long they send a request again, if they do.
    pub(crate) requesters: BTreeMap<SocketId, Option<Duration>>,
    pub(crate) repliers: BTreeSet<SocketId>,
}

/// A run as its users saw it.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    pub(crate) roles: Roles,
    pub(crate) acts: Vec<Act>,
}

/// One thing that a user did or saw.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    pub(crate) at: Time,
    pub(crate) who: At,
    pub(crate) deed: Deed,
}

#[derive(Clone, Debug)]
pub(crate) enum Deed {
    /// A requester wants to send a request, or a replier a reply.
    Sends {
        op: OpId,
        body: Vec<u8>,
        within: Option<Duration>,
    },
    Receives {
        op: OpId,
        within: Option<Duration>,
    },
    /// A send succeeded.
    Sent {
        op: OpId,
    },
    Received {
        op: OpId,
        body: Vec<u8>,
    },
    Failed {
        op: OpId,
        why: ErrorKind,
    },
    GivenUp {
        op: OpId,
    },
    /// The socket lost a connection.
    Lost,
    /// The socket was closed.
    Closed,
}

pub(crate) fn read(transcript: &Transcript, roles: &Roles) -> History {
    let acts = transcript.entries().iter().filter_map(act);
    History {
        roles: roles.clone(),
        acts: acts.collect(),
    }
}

fn act(entry: &Entry) -> Option<Act> {
    let socket = entry.socket?;
    let (who, deed) = match &entry.what {
        What::Started {
            op,
            context,
            sends,
            within,
        } => (
            socket.context(*context),
            began(*op, sends.as_deref(), *within),
        ),
        What::Ended { op, context, ended } => (socket.context(*context), end(*op, ended)),
        What::Event(SocketEvent::Disconnected { .. }) => (socket.into(), Deed::Lost),
        What::Closing | What::Killed => (socket.into(), Deed::Closed),
        _ => return None,
    };
    Some(Act {
        at: entry.at,
        who,
        deed,
    })
}

fn began(op: OpId, sends: Option<&[u8]>, within: Option<Duration>) -> Deed {
    match sends {
        Some(body) => Deed::Sends {
            op,
            body: body.to_vec(),
            within,
        },
        None => Deed::Receives { op, within },
    }
}

fn end(op: OpId, ended: &Ended) -> Deed {
    match ended {
        Ended::Sent => Deed::Sent { op },
        Ended::Received(message) => Deed::Received {
            op,
            body: message.body().to_vec(),
        },
        Ended::Failed(error) => Deed::Failed {
            op,
            why: error.kind(),
        },
        _ => Deed::GivenUp { op },
    }
}
