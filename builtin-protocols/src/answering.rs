//! The answering end of a conversation, as REP and RESPONDENT share it.
//!
//! Both strip a row of tags off what they are asked, keep it, and put it in front of the answer, which goes back over the
//! same connection or nowhere (sp-request-reply-01 §5.2, §6.2; sp-surveyor-01 §5.2, §6.2).

mod channels;
mod raw;

use spkit_api::{
    ContextId, Cx, DropReason, Error, ErrorKind, Event, Message, OptSpec, PipeId,
    option::OptionType,
    options::TTL,
    protocol::{OptionSet, Received, RecvRequest, SendRequest},
    toolkit::{Backtrace, IdMap, Waitlist},
};

pub(crate) use self::raw::RawAnswerer;

/// Tags that what is asked may have, its id included, unless the option says otherwise.
pub(crate) const DEFAULT_TTL: u8 = 8;

/// The row of the TTL in an answering protocol's table.
pub(crate) const fn ttl_row(doc: &'static str) -> OptSpec {
    OptSpec::int(TTL, DEFAULT_TTL as i64, doc).range(1, 255)
}

/// The machine behind cooked sockets.
#[derive(Debug)]
pub(crate) struct Answerer {
    ttl: u8,
    pipes: IdMap<PipeId, ()>,
    /// What each context was asked and has not yet answered.
    contexts: IdMap<ContextId, Option<Backtrace>>,
    /// Contexts that found nothing; they wait for what is queued on the socket.
    waiting: Waitlist,
    /// What to say to who answers unasked.
    unasked: &'static str,
}

impl Answerer {
    pub(crate) fn new(unasked: &'static str) -> Self {
        Self {
            ttl: DEFAULT_TTL,
            pipes: IdMap::default(),
            contexts: IdMap::from_iter([(ContextId::SOCKET, None)]),
            waiting: Waitlist::new(),
            unasked,
        }
    }

    pub(crate) fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            Event::PipeAdded(added) => {
                self.pipes.insert(added.pipe, ());
            }
            Event::PipeRemoved(removed) => {
                self.pipes.remove(&removed.pipe);
            }
            Event::Received(received) => self.on_received(cx, received),
            Event::Recv(request) => self.on_recv(cx, request),
            Event::Send(request) => self.on_send(cx, request),
            Event::CanRecv(request) => *request.ready = Some(cx.has_queued(ContextId::SOCKET)),
            Event::CanSend(request) => {
                let asked = self.contexts.get(&request.context);
                *request.ready = Some(asked.is_some_and(Option::is_some));
            }
            Event::OptionSet(set) => set_ttl(&mut self.ttl, &set),
            Event::ContextOpened(context) => {
                self.contexts.entry(context).or_default();
            }
            Event::ContextClosed(context) => {
                self.contexts.remove(&context);
                self.waiting.leave(context);
            }
            Event::Closing => {
                self.contexts.values_mut().for_each(|asked| *asked = None);
                self.waiting.clear();
            }
            _ => {}
        }
    }

    /// Queues a batch for whichever context receives next.
    fn on_received(&mut self, cx: &mut Cx<'_>, received: Received<'_>) {
        let mut any = false;
        while let Some(mut message) = received.messages.pop() {
            match Backtrace::pull(&mut message, self.ttl) {
                Ok(()) => {
                    cx.queue(ContextId::SOCKET, message);
                    any = true;
                }
                // SP-RR-032, SP-RR-044, SP-SV-015, SP-SV-018: ignored; the connection stays.
                Err(why) => cx.discard(message, why),
            }
        }
        while any && let Some(context) = self.waiting.pop() {
            cx.readable(context);
        }
    }

    fn on_recv(&mut self, cx: &mut Cx<'_>, request: RecvRequest<'_>) {
        let Some(asked) = self.contexts.get_mut(&request.context) else {
            return cx.fail(ErrorKind::Closed);
        };
        match cx.dequeue(ContextId::SOCKET) {
            Some(mut message) => {
                // SP-RR-039, SP-SV-016: what was asked before, if anything, is dropped unanswered.
                *asked = Some(Backtrace::save(&mut message));
                *request.message = Some(message);
            }
            // The queue itself wakes those who wait on the socket's own context.
            None if request.context != ContextId::SOCKET => self.waiting.join(request.context),
            None => {}
        }
    }

    fn on_send(&mut self, cx: &mut Cx<'_>, request: SendRequest<'_>) {
        let Some(asked) = self.contexts.get_mut(&request.context) else {
            return cx.fail(ErrorKind::Closed);
        };
        let Some(backtrace) = asked.take() else {
            // SP-RR-037, SP-RR-038
            return cx.fail(Error::new(ErrorKind::State, self.unasked));
        };
        let Some(mut answer) = request.message.take() else {
            return;
        };
        backtrace.restore(&mut answer);
        let pipe = backtrace
            .pipe()
            .filter(|pipe| self.pipes.contains_key(pipe));
        send_back(cx, pipe, answer);
    }
}

/// SP-RR-041, SP-RR-042, SP-SV-017: a peer that is gone or slow loses its answer, others do not wait for it.
fn send_back(cx: &mut Cx<'_>, pipe: Option<PipeId>, answer: Message) {
    let mut answer = Some(answer);
    if !pipe.is_some_and(|pipe| cx.try_send(pipe, &mut answer))
        && let Some(answer) = answer
    {
        let why = match pipe {
            Some(_) => DropReason::QueueFull,
            None => DropReason::PipeGone,
        };
        cx.drop_unsent(pipe, answer, why);
    }
}

fn set_ttl(ttl: &mut u8, set: &OptionSet<'_>) {
    if set.name == TTL.name()
        && let Some(value) = i64::from_value(set.value).and_then(|value| u8::try_from(value).ok())
    {
        *ttl = value.max(1);
    }
}
