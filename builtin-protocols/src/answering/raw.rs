//! The same without a memory: the way back stands in the header of each message.

use spkit_api::{
    ContextId, Cx, DropReason, Event,
    protocol::{Received, SendRequest},
    toolkit::{Backtrace, REQUEST_BIT},
};

use super::{DEFAULT_TTL, channels::Channels, send_back, set_ttl};
use crate::raw_header;

/// The machine behind raw sockets. What it hands up has the tags in its header and the number of its connection in front
/// of them; what it is given goes to the connection that the first word names, without that word.
//= sp-request-reply-01 §5.2 (SP-RR-050..052)
#[derive(Debug)]
pub(crate) struct RawAnswerer {
    ttl: u8,
    channels: Channels,
}

impl Default for RawAnswerer {
    fn default() -> Self {
        Self {
            ttl: DEFAULT_TTL,
            channels: Channels::default(),
        }
    }
}

impl RawAnswerer {
    pub(crate) fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            Event::PipeAdded(added) => self.channels.open(cx, added.pipe),
            Event::PipeRemoved(removed) => self.channels.close(removed.pipe),
            Event::Received(received) => self.on_received(cx, received),
            Event::Send(request) => self.on_send(cx, request),
            Event::OptionSet(set) => set_ttl(&mut self.ttl, &set),
            _ => {}
        }
    }

    fn on_received(&mut self, cx: &mut Cx<'_>, received: Received<'_>) {
        let Some(channel) = self.channels.number(received.pipe) else {
            return;
        };
        while let Some(mut message) = received.messages.pop() {
            // SP-DV-007, SP-DV-008
            match Backtrace::pull(&mut message, self.ttl) {
                Ok(()) => {
                    message.push_front(channel);
                    cx.queue(ContextId::SOCKET, message);
                }
                Err(why) => cx.discard(message, why),
            }
        }
    }

    fn on_send(&mut self, cx: &mut Cx<'_>, request: SendRequest<'_>) {
        let Some(mut message) = request.message.take() else {
            return;
        };
        match *message.header_words() {
            // SP-DV-005: what came back through a device had no channel in front.
            [first, ..] if first & REQUEST_BIT != 0 => {
                cx.drop_unsent(None, message, DropReason::Malformed);
            }
            [channel, .., last] if last & REQUEST_BIT != 0 => {
                message.pop_front();
                // SP-DV-004, SP-DV-010, SP-DV-020
                send_back(cx, self.channels.pipe(channel), message);
            }
            ref words => {
                let needed =
                    "the header of what it answers, a connection's number first and an id last";
                cx.fail(raw_header::invalid(needed, words));
                *request.message = Some(message);
            }
        }
    }
}

#[cfg(test)]
mod tests;
