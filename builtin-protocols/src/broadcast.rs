//! One message to many peers, best effort.

use spkit_api::{Cx, DropReason, Message, PipeId};

/// Hands the message to each of these peers but one. Those without room lose it, and if nobody is there it is lost
/// altogether: either is counted, and nothing waits.
pub(crate) fn send(cx: &mut Cx<'_>, peers: &[PipeId], except: Option<PipeId>, message: Message) {
    let mut others = peers.iter().filter(|pipe| Some(**pipe) != except);
    let Some(mut next) = others.next() else {
        return cx.discard(message, DropReason::NoPeer);
    };
    for after in others {
        offer(cx, *next, message.clone());
        next = after;
    }
    offer(cx, *next, message);
}

fn offer(cx: &mut Cx<'_>, pipe: PipeId, message: Message) {
    let mut slot = Some(message);
    if !cx.try_send(pipe, &mut slot)
        && let Some(message) = slot
    {
        cx.discard(message, DropReason::QueueFull);
    }
}
