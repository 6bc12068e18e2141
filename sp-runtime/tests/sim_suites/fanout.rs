//! Sockets that send each message to many peers at once, and lose it for those that have no room.
//!
//! What a socket has to send is a row of [`Offer`]s; what becomes of each on each connection follows from what was handed
//! over. A loss needs a reason, and all losses together are what the socket counted.

#[cfg(test)]
mod tests;

use bytes::Bytes;
use spkit_api::DropReason;
use spkit_runtime::sim::{ConnectionId, SocketId};

use super::{history::History, label, lines::Line};

/// A message that goes to every connection there is.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    /// When, as a place in the history.
    pub(crate) at: usize,
    /// The message, header in front.
    pub(crate) payload: Bytes,
    /// But not to this one.
    pub(crate) except: Option<ConnectionId>,
    pub(crate) loss: Loss,
    /// It counts as dropped if nobody is there.
    pub(crate) counts: bool,
}

/// When a connection may go without a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// When it has no room.
    Full,
    /// When it has no room for what comes after it.
    Oldest,
    /// When it has no room, and then it is closed.
    Closes,
    /// Never while it stands.
    Never,
}

/// What is wrong with what a socket sent.
pub(crate) fn check(
    history: &History,
    lines: &[Line],
    socket: SocketId,
    offers: &[Offer],
) -> Vec<String> {
    let mut faults = Vec::new();
    let lines: Vec<_> = lines.iter().filter(|line| line.from == socket).collect();
    let mut copies = 0;
    let mut takers = vec![0; offers.len()];
    for line in lines {
        let mut ours = Vec::new();
        for (offer, takers) in offers.iter().zip(&mut takers) {
            if line.is_offered(offer) {
                *takers += 1;
                ours.push(offer);
            }
        }
        copies += ours.len() as u64;
        let found = check_line(line, &ours);
        faults.extend(found.map(|fault| format!("{}: {fault}", line.name(history))));
    }
    faults.extend(account(history, socket, copies));
    let nobody = offers.iter().zip(&takers);
    let nobody = nobody.filter(|(offer, takers)| offer.counts && **takers == 0);
    let (nobody, counted) = (
        nobody.count() as u64,
        history.unsent(socket, DropReason::NoPeer),
    );
    if nobody != counted {
        let name = history.name(socket);
        faults.push(format!(
            "{name}: {nobody} had no peer to go to, and {counted} were counted"
        ));
    }
    faults
}

/// What is wrong with messages that each have their own connection to go over, if that still stands.
pub(crate) fn check_directed(
    history: &History,
    lines: &[Line],
    socket: SocketId,
    offers: &[(ConnectionId, Offer)],
) -> Vec<String> {
    let lines = lines.iter().filter(|line| line.from == socket);
    let faults = lines.filter_map(|line| {
        let own = offers.iter().filter(|(to, _)| *to == line.connection);
        let own = own.map(|(_, offer)| offer);
        let own: Vec<_> = own.filter(|offer| line.is_offered(offer)).collect();
        let fault = check_line(line, &own)?;
        Some(format!("{}: {fault}", line.name(history)))
    });
    faults.collect()
}

impl Line {
    fn is_offered(&self, offer: &Offer) -> bool {
        let stands = self.up < offer.at && self.down.is_none_or(|down| offer.at < down);
        stands && offer.except != Some(self.connection)
    }
}

/// What is handed over was offered, in that order; what was not handed over had a reason.
fn check_line(line: &Line, offers: &[&Offer]) -> Option<String> {
    let mut handed = line.handed.iter().peekable();
    // When the last one before was handed over.
    let mut before = 0;
    let mut lost = None;
    for (number, offer) in offers.iter().enumerate() {
        let taken = handed.next_if(|(at, payload)| *at > offer.at && *payload == offer.payload);
        if let Some((at, _)) = taken {
            if let Some(closed) = lost {
                return Some(format!("goes on after it lost {}", label(closed)));
            }
            before = *at;
            continue;
        }
        // Whoever has no room has something that waits, which goes over it later or is lost with it.
        let goes_on = handed.peek().is_some() || !line.ended;
        let waits = match offer.loss {
            // It was displaced before anything else was handed over.
            Loss::Oldest => {
                let mut later = line.handed.iter().filter(|(at, _)| *at > offer.at);
                let until = later.next().map_or(usize::MAX, |(at, _)| *at);
                offers.get(number + 1).is_some_and(|next| next.at < until)
            }
            _ => before > offer.at,
        };
        if goes_on && !waits {
            return Some(format!("did not get {}", label(&offer.payload)));
        }
        match offer.loss {
            Loss::Full | Loss::Oldest => {}
            Loss::Closes if !line.ended => {
                return Some(format!(
                    "was not closed, and lost {}",
                    label(&offer.payload)
                ));
            }
            Loss::Never if goes_on => {
                return Some(format!("lost {}", label(&offer.payload)));
            }
            Loss::Closes | Loss::Never => lost = Some(&offer.payload),
        }
    }
    let (_, odd) = handed.next()?;
    let what = match offers.iter().any(|offer| offer.payload == *odd) {
        true => "out of order, or twice",
        false => "not for this connection",
    };
    Some(format!("{what}: {}", label(odd)))
}

/// Every copy was handed over, or dropped and counted.
fn account(history: &History, socket: SocketId, copies: u64) -> Option<String> {
    let handed = history.sockets.get(&socket).map_or(0, |books| books.handed);
    let full = history.unsent(socket, DropReason::QueueFull);
    let gone = history.unsent(socket, DropReason::PipeGone);
    (copies != handed + full + gone).then(|| {
        let name = history.name(socket);
        format!(
            "{name}: {copies} copies were to be sent; {handed} were, {full} found no room, {gone} went with their pipe"
        )
    })
}
