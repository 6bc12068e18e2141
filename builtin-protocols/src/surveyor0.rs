//! SURVEYOR version 0: the asking end of a survey (sp-surveyor-01 §5.1, §6.1).
//!
//! A survey is a 32-bit tag with its top bit set and the survey's id below, then the body. It goes once to every peer
//! that is there and has room, whatever its endpoint's `send-priority`; sending never waits. Answers have the same tag,
//! and any number of them, from anybody, is received within [`SURVEY_TIME`]. Answers with no, another or an old id are
//! ignored.
//!
//! # The end of a survey
//!
//! When its time is over, answers that nobody fetched are dropped, and receiving reports [`ErrorKind::TimedOut`]: to all
//! who wait, or else once to who receives next. Then, as before the first survey, receiving is an
//! [`ErrorKind::State`] error. Each context has one survey at a time; a new one cancels it.
//!
//! # Slow applications
//!
//! Answers beyond a context's receive buffer (`recv-buffer`, `recv-buffer-messages`) are dropped and counted, the newest
//! first, but one from each peer is always kept. Waiting for room instead would leave them in their connection, and with
//! them whatever that peer answers to other contexts, past its time; nng and mangos drop as well, beyond 128 answers.

mod raw;

use std::time::Duration;

use spkit_api::{
    ContextId, Cx, DropReason, Error, ErrorKind, Event, OptSpec, Protocol, ProtocolInfo, TimerId,
    option::{OptionType, Scope},
    protocol::{OptionSet, Overflow, Received, RecvRequest, SendRequest},
    register_protocol,
    toolkit::IdMap,
};

pub use self::raw::{RawSurveyor0, XSURVEYOR0};
use crate::{
    asking::{UnderWay, context_of, next_answer, timer_of},
    broadcast::{self, Peers},
    options::SURVEY_TIME,
    respondent0,
};

/// What SURVEYOR announces.
pub const NUMBER: u16 = 0x0062;

const DEFAULT_SURVEY_MILLIS: u64 = 1_000;

static OPTIONS: &[OptSpec] = &[OptSpec::timeout(
    SURVEY_TIME,
    Some(DEFAULT_SURVEY_MILLIS),
    "How long answers to a survey are taken; never takes them until the next survey.",
)
.scope(Scope::Context)];

static INFO: ProtocolInfo = ProtocolInfo::new("surveyor", NUMBER, respondent0::NUMBER)
    .with_contexts()
    .answers_recv()
    .with_options(OPTIONS)
    .doc("The asking end of a survey: send a survey to every peer, receive their answers in time.");

register_protocol!(
    /// SURVEYOR version 0, opened as `surveyor`.
    pub SURVEYOR0, &INFO, || Box::new(Surveyor0::default())
);

/// The state machine of a SURVEYOR socket.
#[derive(Debug)]
pub struct Surveyor0 {
    peers: Peers,
    running: UnderWay,
    contexts: IdMap<ContextId, Context>,
}

/// One conversation.
#[derive(Debug)]
struct Context {
    /// `None` has no end.
    time: Option<Duration>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// There is no survey, and nothing to tell of one.
    Idle,
    /// The survey of this id runs.
    Running(u32),
    /// Its time is over, which nobody was told.
    Over,
}

impl Default for Surveyor0 {
    fn default() -> Self {
        let context = Context {
            time: Some(Duration::from_millis(DEFAULT_SURVEY_MILLIS)),
            stage: Stage::Idle,
        };
        Self {
            peers: Peers::default(),
            running: UnderWay::default(),
            contexts: IdMap::from_iter([(ContextId::SOCKET, context)]),
        }
    }
}

impl Protocol for Surveyor0 {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            // SP-SV-006: it gets none of the surveys that run.
            Event::PipeAdded(added) => self.peers.add(added.pipe),
            Event::PipeRemoved(removed) => self.peers.remove(removed.pipe),
            Event::Send(request) => self.on_send(cx, request),
            Event::Received(received) => self.on_received(cx, received),
            Event::Recv(request) => self.on_recv(cx, request),
            Event::CanRecv(request) => {
                let context = self.contexts.get(&request.context);
                let over = context.is_some_and(|context| matches!(context.stage, Stage::Over));
                *request.ready = Some(over || cx.has_queued(request.context));
            }
            Event::Timer(timer) => self.on_timer(cx, timer),
            Event::OptionSet(set) => self.on_option(&set),
            Event::ContextOpened(context) => self.open(context),
            Event::ContextClosed(context) => {
                self.forget(cx, context);
                self.contexts.remove(&context);
            }
            Event::Closing => {
                let contexts: Vec<_> = self.contexts.keys().copied().collect();
                for context in contexts {
                    self.forget(cx, context);
                }
            }
            _ => {}
        }
    }
}

impl Surveyor0 {
    fn on_send(&mut self, cx: &mut Cx<'_>, request: SendRequest<'_>) {
        let Some(context) = self.contexts.get_mut(&request.context) else {
            return cx.fail(ErrorKind::Closed);
        };
        let Some(mut survey) = request.message.take() else {
            return;
        };
        let id = self.running.next_id(cx);
        self.running.begin(id, request.context);
        match std::mem::replace(&mut context.stage, Stage::Running(id)) {
            Stage::Idle => {}
            // SP-SV-011
            Stage::Running(old) => {
                self.running.end(old);
                cx.clear_queue(request.context, DropReason::StaleSurvey);
                cx.fail_waiting(request.context, ErrorKind::Canceled);
            }
            // Whoever was woken for its end did not come back yet.
            Stage::Over => cx.fail_waiting(request.context, over()),
        }
        match context.time {
            Some(time) => cx.set_timer(timer_of(request.context), time),
            None => cx.clear_timer(timer_of(request.context)),
        }
        survey.clear_header();
        survey.push_back(id);
        // SP-SV-004, SP-SV-005, SP-SV-022
        self.peers.send(cx, survey, None, broadcast::lose);
    }

    /// Answers, from whichever peer, as many as come (SP-SV-007).
    fn on_received(&mut self, cx: &mut Cx<'_>, mut received: Received<'_>) {
        while let Some((id, answer)) = next_answer(cx, &mut received) {
            match self.running.whose(id) {
                // H-45: a context that does not receive holds up no other.
                Some(context) => cx.queue_or_drop(context, answer, Overflow::DropNewest),
                // SP-SV-008, SP-SV-009, SP-SV-011
                None => cx.discard(answer, DropReason::StaleSurvey),
            }
        }
    }

    fn on_recv(&mut self, cx: &mut Cx<'_>, request: RecvRequest<'_>) {
        let Some(context) = self.contexts.get_mut(&request.context) else {
            return cx.fail(ErrorKind::Closed);
        };
        match context.stage {
            // SP-SV-013
            Stage::Idle => cx.fail(Error::new(
                ErrorKind::State,
                "there is no survey to receive answers to: send one first",
            )),
            Stage::Running(_) => *request.message = cx.dequeue(request.context),
            Stage::Over => {
                context.stage = Stage::Idle;
                cx.fail(over());
                cx.fail_waiting(request.context, over());
            }
        }
    }

    /// SP-SV-009
    fn on_timer(&mut self, cx: &mut Cx<'_>, timer: TimerId) {
        let Some(whose) = context_of(timer) else {
            return;
        };
        let Some(context) = self.contexts.get_mut(&whose) else {
            return;
        };
        if let Stage::Running(id) = context.stage {
            self.running.end(id);
            context.stage = Stage::Over;
            cx.clear_queue(whose, DropReason::StaleSurvey);
            cx.readable(whose);
        }
    }

    fn on_option(&mut self, set: &OptionSet<'_>) {
        if set.name == SURVEY_TIME.name()
            && let Some(context) = self.contexts.get_mut(&set.context)
            && let Some(time) = Option::<Duration>::from_value(set.value)
        {
            context.time = time;
        }
    }

    fn open(&mut self, context: ContextId) {
        let socket = self.contexts.get(&ContextId::SOCKET);
        let fresh = Context {
            time: socket.and_then(|socket| socket.time),
            stage: Stage::Idle,
        };
        self.contexts.entry(context).or_insert(fresh);
    }

    /// Gives up what a context has under way.
    fn forget(&mut self, cx: &mut Cx<'_>, whose: ContextId) {
        if let Some(context) = self.contexts.get_mut(&whose)
            && let Stage::Running(id) = std::mem::replace(&mut context.stage, Stage::Idle)
        {
            self.running.end(id);
            cx.clear_timer(timer_of(whose));
        }
    }
}

/// What receivers are told at the end of a survey.
fn over() -> Error {
    Error::new(
        ErrorKind::TimedOut,
        "the survey is over: its time for answers has passed",
    )
}

#[cfg(test)]
mod tests;
