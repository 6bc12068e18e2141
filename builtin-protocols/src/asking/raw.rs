//! What raw REQ and raw SURVEYOR do alike: headers are the application's.

use spkit_api::{
    ContextId, Cx, Message,
    protocol::Received,
    toolkit::{Backtrace, REQUEST_BIT},
};

use crate::raw_header;

/// Tags an answer may have: more than any TTL lets pass on the way there.
const TAGS_MAX: u8 = u8::MAX;

/// Hands up answers with all their tags in the header. Those without an id are dropped (SP-DV-017).
pub(crate) fn on_received(cx: &mut Cx<'_>, received: Received<'_>) {
    while let Some(mut message) = received.messages.pop() {
        match Backtrace::pull(&mut message, TAGS_MAX) {
            Ok(()) => cx.queue(ContextId::SOCKET, message),
            Err(why) => cx.discard(message, why),
        }
    }
}

/// Whether the message can be sent as it is; if not, the send has failed.
pub(crate) fn has_id(cx: &mut Cx<'_>, message: &Option<Message>) -> bool {
    let words = message.as_ref().map_or(&[][..], Message::header_words);
    let has_id = words.last().is_some_and(|last| last & REQUEST_BIT != 0);
    if !has_id {
        let needed = "a header that ends with an id, a word whose top bit is set";
        cx.fail(raw_header::invalid(needed, words));
    }
    has_id
}

#[cfg(test)]
mod tests;
