//! What the users of a surveyor may see.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use spkit_api::{ContextId, DropReason, ErrorKind, Time, Value};
use spkit_runtime::sim::{ConnectionId, OpId, SocketId};

use super::super::super::{
    history::{Act, Deed, History},
    label,
    queue::{Limit, Queued},
    tags::{Tagged, answer_to},
};

/// How long a survey takes unless the option says otherwise.
const DEFAULT_TIME: Duration = Duration::from_secs(1);

/// How late a slow process may notice that time is up.
const LATE: Duration = Duration::from_millis(50);

#[derive(Default)]
pub(super) struct Judge {
    faults: Vec<String>,
    contexts: BTreeMap<ContextId, Context>,
    ops: BTreeMap<OpId, Op>,
    limit: Limit,
    came: u64,
    received: u64,
}

struct Context {
    time: Option<Duration>,
    survey: Option<Survey>,
}

/// The survey that a context sent last.
struct Survey {
    answer: Bytes,
    sent: Time,
    /// When it is over. `None`: when there is another.
    due: Option<Time>,
    /// The answers to it that came, and when.
    answers: Vec<(Time, Queued)>,
    told: Told,
}

/// Whether its user was told that it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    No,
    /// A receive whose own time was over as well.
    Perhaps,
    Yes,
}

struct Op {
    context: ContextId,
    began: Time,
    within: Option<Duration>,
    sends: Option<Bytes>,
    /// A new survey was sent while it waited.
    overtaken: bool,
}

impl Default for Context {
    fn default() -> Self {
        Self {
            time: Some(DEFAULT_TIME),
            survey: None,
        }
    }
}

impl Survey {
    fn is_over(&self, at: Time) -> bool {
        self.due.is_some_and(|due| at >= due)
    }

    /// Whether a socket that is not slow would know.
    fn is_long_over(&self, at: Time) -> bool {
        self.due.is_some_and(|due| at > due + LATE)
    }
}

impl Judge {
    pub(super) fn judge(history: &History, socket: SocketId) -> Vec<String> {
        let mut judge = Self::default();
        let acts = history.acts.iter().enumerate();
        let acts = acts.filter(|(_, act)| act.who.socket == socket);
        acts.for_each(|(place, act)| judge.act(place, act));
        let name = history.name(socket);
        for (op, state) in &judge.ops {
            if state.sends.is_some() {
                judge.faults.push(format!("{name}: {op} never ended"));
            } else if judge.outlives(state, history.end) {
                let what = "was never told of the end";
                judge.faults.push(format!("{name}: {op} {what}"));
            }
        }
        // An answer that is not received was late, or not asked for, or there was no room for it.
        let [stale, full] = [DropReason::StaleSurvey, DropReason::QueueFull]
            .map(|why| history.undelivered(socket, why));
        let (came, received) = (judge.came, judge.received);
        if came != received + stale + full {
            judge.faults.push(format!(
                "{name}: {came} answers came; {received} were received, {stale} counted as stale, {full} found no room"
            ));
        }
        judge.faults
    }

    fn fault(&mut self, act: &Act, what: &str, body: &[u8]) {
        let seconds = act.at.as_nanos() as f64 / 1e9;
        let text = format!("{seconds:.9} {:?}: {what}: {}", act.who, label(body));
        self.faults.push(text);
    }

    fn act(&mut self, place: usize, act: &Act) {
        let context = act.who.context;
        match &act.deed {
            Deed::Set { option, value, .. } => {
                self.limit.set(context, option, value);
                if let ("survey-time", Value::Duration(time)) = (*option, value) {
                    self.contexts.entry(context).or_default().time = *time;
                }
            }
            Deed::ContextOpened => {
                let socket = self.contexts.entry(ContextId::SOCKET).or_default();
                let (time, survey) = (socket.time, None);
                self.contexts.insert(context, Context { time, survey });
            }
            Deed::Sends {
                op, body, within, ..
            } => self.begin(act, *op, *within, Some(body.clone())),
            Deed::Receives { op, within } => self.begin(act, *op, *within, None),
            Deed::Sent { op } => self.asked(act, *op),
            Deed::Arrived {
                connection,
                payload,
            } => {
                self.came += 1;
                if let Some(Tagged { body, .. }) = Tagged::read(payload) {
                    self.came_back(place, act.at, *connection, &body);
                }
            }
            Deed::Received { op, body, from } => {
                self.told_late(act, *op);
                self.answered(place, act, *op, body, *from);
            }
            Deed::Failed { op, why } => {
                self.told_late(act, *op);
                self.failed(act, *op, *why);
            }
            Deed::GivenUp { op } => {
                self.told_late(act, *op);
                self.ops.remove(op);
            }
            _ => {}
        }
    }

    fn begin(&mut self, act: &Act, op: OpId, within: Option<Duration>, sends: Option<Bytes>) {
        let state = Op {
            context: act.who.context,
            began: act.at,
            within,
            sends,
            overtaken: false,
        };
        self.ops.insert(op, state);
    }

    /// A survey is sent at once, whoever is there (SP-SV-005, SP-SV-022), and is the one of its context from now on
    /// (SP-SV-011).
    fn asked(&mut self, act: &Act, op: OpId) {
        let Some(state) = self.ops.remove(&op) else {
            return;
        };
        let body = state.sends.unwrap_or_default();
        if act.at != state.began {
            self.fault(act, "a survey waited", &body);
        }
        for receive in self.ops.values_mut() {
            receive.overtaken |= receive.context == act.who.context;
        }
        let context = self.contexts.entry(act.who.context).or_default();
        context.survey = Some(Survey {
            answer: answer_to(&body),
            sent: act.at,
            due: context.time.map(|time| act.at + time),
            answers: Vec::new(),
            told: Told::No,
        });
    }

    /// An answer came, to the survey that runs, is received in time, and once (SP-SV-007, SP-SV-008, SP-SV-009).
    fn answered(
        &mut self,
        place: usize,
        act: &Act,
        op: OpId,
        body: &Bytes,
        from: Option<ConnectionId>,
    ) {
        self.received += 1;
        let overtaken = self.ops.remove(&op).is_some_and(|op| op.overtaken);
        let context = self.contexts.entry(act.who.context).or_default();
        let what = match &mut context.survey {
            _ if overtaken => "a receive outlived its survey",
            None => "an answer to no survey",
            Some(survey) if survey.answer != *body => "an answer to another survey",
            Some(survey) if survey.is_long_over(act.at) => "an answer after the end",
            Some(survey) if survey.told == Told::Yes => "an answer after the end was told",
            Some(survey) => {
                let mut answers = survey.answers.iter_mut().map(|(_, answer)| answer);
                let came =
                    answers.find(|answer| answer.connection == from && answer.until.is_none());
                if let Some(answer) = came {
                    answer.until = Some(place);
                    return;
                }
                "an answer that did not come, or twice"
            }
        };
        self.fault(act, what, body);
    }

    /// An answer to the survey that a context sent last. One may be just like the other, so what finds no room is told at
    /// once.
    fn came_back(&mut self, at: usize, when: Time, from: ConnectionId, body: &Bytes) {
        let surveys = self
            .contexts
            .values_mut()
            .filter_map(|one| one.survey.as_mut());
        for survey in surveys.filter(|survey| survey.answer == *body) {
            let mut answer = Queued {
                at,
                connection: Some(from),
                bytes: body.len(),
                until: None,
            };
            let all = survey.answers.iter().map(|(_, answer)| answer);
            let waiting = all.filter(|answer| answer.until.is_none());
            if self.limit.is_full_for(&answer, waiting) {
                answer.until = Some(at);
            }
            survey.answers.push((when, answer));
        }
    }

    fn failed(&mut self, act: &Act, op: OpId, why: ErrorKind) {
        let Some(op) = self.ops.remove(&op) else {
            return;
        };
        if let Some(body) = op.sends {
            return self.fault(act, &format!("a survey failed: {why:?}"), &body);
        }
        let own = op.within.is_some_and(|within| act.at >= op.began + within);
        let context = self.contexts.entry(act.who.context).or_default();
        let right = match (&mut context.survey, why) {
            (_, ErrorKind::Canceled) => op.overtaken,
            // Its survey was over when the next one came.
            (_, ErrorKind::TimedOut) if op.overtaken => true,
            (None, ErrorKind::State) => true,
            (None, _) => false,
            // SP-SV-013
            (Some(survey), ErrorKind::State) => survey.is_over(act.at) && survey.told != Told::No,
            (Some(survey), ErrorKind::TimedOut) if survey.is_over(act.at) => {
                let first = survey.told != Told::Yes;
                survey.told = if own {
                    survey.told.max(Told::Perhaps)
                } else {
                    Told::Yes
                };
                first || own
            }
            (Some(_), ErrorKind::TimedOut) => own,
            (Some(survey), ErrorKind::WouldBlock) => !survey.is_long_over(act.at),
            _ => false,
        };
        if !right {
            self.fault(
                act,
                &format!("a receive failed without reason: {why:?}"),
                b"",
            );
        }
        if !op.overtaken {
            self.overlooked(act, &op);
        }
    }

    /// Whoever has waited for a while, or looks, gets all that came in time and found room.
    fn overlooked(&mut self, act: &Act, op: &Op) {
        let Some(Context {
            survey: Some(survey),
            ..
        }) = self.contexts.get(&act.who.context)
        else {
            return;
        };
        let until = survey.due.map_or(act.at, |due| due.min(act.at));
        // A moment before the end it may not have been woken yet.
        let known = match survey.is_over(act.at) {
            true => Time::from_nanos(until.as_nanos().saturating_sub(LATE.as_nanos() as u64)),
            false => until,
        };
        if op.began > known {
            return;
        }
        let lost = survey.answers.iter();
        let lost = lost.filter(|(came, answer)| *came <= known && answer.until.is_none());
        let lost = lost.count();
        if lost > 0 {
            let answer = survey.answer.clone();
            let what = format!("{lost} answers came in time, found room, and were not received");
            self.fault(act, &what, &answer);
        }
    }

    /// A receive that waits is told when the survey is over, soon (SP-SV-009).
    fn told_late(&mut self, act: &Act, op: OpId) {
        if self
            .ops
            .get(&op)
            .is_some_and(|op| self.outlives(op, act.at))
        {
            self.fault(act, &format!("{op} was told of the end late"), b"");
        }
    }

    /// Whether this receive waited when the survey's end came, and long after that.
    fn outlives(&self, op: &Op, now: Time) -> bool {
        let context = self.contexts.get(&op.context);
        let survey = context.and_then(|context| context.survey.as_ref());
        op.sends.is_none()
            && survey.is_some_and(|survey| {
                let waited = op.began.max(survey.sent);
                survey.is_long_over(now) && !survey.is_over(waited)
            })
    }
}
