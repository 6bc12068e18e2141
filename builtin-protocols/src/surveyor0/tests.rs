use spkit_api::{
    Message, PipeFacts, PipeId,
    toolkit::{
        REQUEST_BIT,
        harness::{Effect, Harness, Outcome, storm},
    },
};

use super::*;
use crate::vectors::golden;

const SOCKET: ContextId = ContextId::SOCKET;

fn surveyor() -> Harness<Surveyor0> {
    Harness::new(Surveyor0::default())
}

/// One whose survey 823 runs, and the peer that got it.
fn surveyed_823() -> (Harness<Surveyor0>, PipeId) {
    let mut surveyor = surveyor();
    let pipe = surveyor.add_pipe();
    surveyor.load_dice(823);
    assert!(surveyor.send(SOCKET, "Hello").is_done());
    assert_eq!(surveyor.sent(pipe), [golden("GV-BT-01")]);
    (surveyor, pipe)
}

/// An answer to this survey with this body.
fn answer(survey: &[u8], body: &str) -> Vec<u8> {
    [&survey[..4], body.as_bytes()].concat()
}

fn id(survey: &[u8]) -> u32 {
    u32::from_be_bytes(survey[..4].try_into().unwrap())
}

fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

// SP-SV-001
#[test]
fn it_announces_0x62_to_0x63_and_has_contexts() {
    let info = SURVEYOR0.info();
    assert_eq!((info.number(), info.peer()), (0x62, 0x63));
    assert!(info.has_contexts() && info.wants_recv() && !info.is_raw());
}

// SP-SV-002, SP-SV-004
#[test]
fn every_peer_gets_the_same_survey_once() {
    let mut surveyor = surveyor();
    let pipes = [0; 3].map(|_| surveyor.add_pipe());
    surveyor.load_dice(823);
    let mut survey = Message::from("Hello");
    survey.push_back(9);
    assert!(surveyor.send(SOCKET, survey).is_done());
    surveyor.advance(millis(600_000));
    for pipe in pipes {
        assert_eq!(surveyor.sent(pipe), [golden("GV-BT-01")]);
    }
}

// SP-SV-003
#[test]
fn ids_begin_at_random_count_up_and_wrap_within_31_bits() {
    let mut firsts = Vec::new();
    for seed in 0..8 {
        let mut surveyor = Harness::seeded(Surveyor0::default(), seed);
        let pipe = surveyor.add_pipe();
        assert!(surveyor.send(SOCKET, "").is_done());
        firsts.push(id(&surveyor.sent(pipe)[0]));
    }
    assert!(firsts.iter().all(|id| id & REQUEST_BIT != 0));
    assert!(firsts.windows(2).all(|two| two[0].abs_diff(two[1]) > 1000));
    let mut surveyor = surveyor();
    surveyor.load_dice(0x7fff_fffe);
    let pipe = surveyor.add_pipe();
    for expected in [0xffff_fffe, 0xffff_ffff, 0x8000_0000, 0x8000_0001] {
        assert!(surveyor.send(SOCKET, "").is_done());
        assert_eq!(id(&surveyor.sent(pipe)[0]), expected);
    }
}

// SP-SV-003
#[test]
fn an_id_still_running_is_passed_over() {
    let mut surveyor = surveyor();
    let pipe = surveyor.add_pipe();
    let other = surveyor.open_context();
    surveyor.load_dice(5);
    assert!(surveyor.send(other, "old").is_done());
    // 2^31 surveys later:
    surveyor.protocol_mut().running.restart_ids();
    surveyor.load_dice(5);
    assert!(surveyor.send(SOCKET, "new").is_done());
    let ids: Vec<_> = surveyor
        .sent(pipe)
        .iter()
        .map(|survey| id(survey))
        .collect();
    assert_eq!(ids, [0x8000_0005, 0x8000_0006]);
}

// SP-SV-004: there is nothing to choose
#[test]
fn a_peers_rank_makes_no_difference() {
    let mut surveyor = surveyor();
    let pipes = [16, 1].map(|priority| {
        let mut facts = PipeFacts::new(respondent0::NUMBER);
        facts.send_priority = priority;
        surveyor.add_pipe_with(&facts)
    });
    assert!(surveyor.send(SOCKET, "x").is_done());
    assert_eq!(pipes.map(|pipe| surveyor.sent(pipe).len()), [1, 1]);
}

// SP-SV-005, SP-SV-006
#[test]
fn without_a_peer_a_survey_is_dropped_and_a_later_one_does_not_get_it() {
    let mut surveyor = surveyor();
    assert!(surveyor.send(SOCKET, "x").is_done());
    assert_eq!(surveyor.dropped(DropReason::NoPeer), 1);
    let pipe = surveyor.add_pipe();
    assert!(surveyor.sent(pipe).is_empty());
    assert!(surveyor.recv(SOCKET).waits(), "it runs all the same");
    surveyor.advance(millis(1_000));
    assert_eq!(surveyor.recv(SOCKET).error(), Some(ErrorKind::TimedOut));
}

// SP-SV-005, SP-SV-022
#[test]
fn a_full_peer_loses_its_copy_and_nobody_waits() {
    let mut surveyor = surveyor();
    let [slow, fast] = [surveyor.add_pipe(), surveyor.add_pipe()];
    surveyor.set_room(slow, 1);
    for _ in 0..1_000 {
        assert!(surveyor.send(SOCKET, "x").is_done());
    }
    assert_eq!(surveyor.sent(slow).len(), 1);
    assert_eq!(surveyor.sent(fast).len(), 1_000);
    assert_eq!(surveyor.dropped(DropReason::QueueFull), 999);
    surveyor.set_room(slow, 9);
    assert!(surveyor.sent(slow).is_empty(), "what is lost is lost");
}

// SP-SV-007, SP-SV-024
#[test]
fn any_number_of_answers_from_anybody_is_received_in_time() {
    let mut surveyor = surveyor();
    let pipes = [0; 3].map(|_| surveyor.add_pipe());
    assert!(surveyor.send(SOCKET, "x").is_done());
    let survey = surveyor.sent(pipes[0]).remove(0);
    let late_comer = surveyor.add_pipe();
    surveyor.advance(millis(999));
    for (pipe, body) in [
        (pipes[0], "a"),
        (pipes[1], "b"),
        (pipes[1], "b again"),
        (pipes[2], ""),
        (late_comer, "unasked"),
    ] {
        surveyor.receive(pipe, answer(&survey, body));
    }
    let mut bodies: Vec<_> = (0..5).map(|_| surveyor.recv(SOCKET).body()).collect();
    bodies.sort();
    assert_eq!(bodies, ["", "a", "b", "b again", "unasked"]);
    assert!(surveyor.recv(SOCKET).waits());
}

#[test]
fn an_answer_from_within_the_process_has_its_header_apart() {
    let (mut surveyor, pipe) = surveyed_823();
    let mut answer = Message::from("World");
    answer.push_back(0x8000_0337);
    surveyor.receive(pipe, answer);
    assert_eq!(surveyor.recv(SOCKET).body(), "World");
}

// SP-SV-008, H-39
#[test]
fn answers_that_are_none_are_ignored_and_counted() {
    let (mut surveyor, pipe) = surveyed_823();
    let receiver = surveyor.start_recv(SOCKET);
    for malformed in ["GV-BT-10", "GV-BT-12", "GV-BT-13", "GV-BT-14", "GV-BT-16"] {
        surveyor.receive(pipe, golden(malformed));
    }
    assert_eq!(surveyor.dropped(DropReason::Malformed), 5);
    surveyor.receive(pipe, golden("GV-BT-15"));
    for other in [0x8000_0336_u32, 0x8000_0338] {
        surveyor.receive(pipe, other.to_be_bytes().to_vec());
    }
    assert_eq!(surveyor.dropped(DropReason::StaleSurvey), 3);
    assert!(!surveyor.is_done(receiver));
    assert_eq!(surveyor.pipes(), [pipe]);
    surveyor.receive(pipe, golden("GV-BT-06"));
    assert_eq!(surveyor.finished(receiver).unwrap().body(), "World");
}

// SP-SV-009
#[test]
fn at_the_deadline_all_who_wait_are_told_once() {
    let (mut surveyor, _) = surveyed_823();
    let receivers = [0; 3].map(|_| surveyor.start_recv(SOCKET));
    surveyor.advance(millis(999));
    assert!(!surveyor.is_done(receivers[0]));
    surveyor.advance(millis(1));
    for receiver in receivers {
        let Some(Outcome::Failed(error, None)) = surveyor.finished(receiver) else {
            panic!("the survey is over");
        };
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(error.to_string().contains("survey is over"), "{error}");
    }
    assert_eq!(surveyor.recv(SOCKET).error(), Some(ErrorKind::State));
}

// SP-SV-009, SP-SV-013
#[test]
fn after_the_deadline_the_next_receive_is_told_once() {
    let (mut surveyor, _) = surveyed_823();
    surveyor.advance(millis(1_000));
    assert_eq!(surveyor.recv(SOCKET).error(), Some(ErrorKind::TimedOut));
    assert_eq!(surveyor.recv(SOCKET).error(), Some(ErrorKind::State));
    assert!(surveyor.timers().is_empty());
}

#[test]
fn who_gave_up_waiting_does_not_keep_the_end_from_the_next() {
    let (mut surveyor, _) = surveyed_823();
    let gone = surveyor.start_recv(SOCKET);
    surveyor.abandon(gone);
    surveyor.advance(millis(1_000));
    assert_eq!(surveyor.recv(SOCKET).error(), Some(ErrorKind::TimedOut));
}

// SP-SV-009, H-44
#[test]
fn late_answers_are_ignored_also_during_the_next_survey() {
    let (mut surveyor, pipe) = surveyed_823();
    surveyor.advance(millis(1_000));
    surveyor.receive(pipe, golden("GV-BT-06"));
    assert_eq!(surveyor.recv(SOCKET).error(), Some(ErrorKind::TimedOut));
    assert!(surveyor.send(SOCKET, "next").is_done());
    surveyor.receive(pipe, golden("GV-BT-06"));
    assert!(surveyor.recv(SOCKET).waits());
    assert_eq!(surveyor.dropped(DropReason::StaleSurvey), 2);
}

// SP-SV-009
#[test]
fn answers_that_nobody_fetched_go_with_their_survey() {
    let (mut surveyor, pipe) = surveyed_823();
    surveyor.receive_batch(pipe, [0; 3].map(|_| Message::from(golden("GV-BT-06"))));
    assert_eq!(surveyor.queued(SOCKET), 3);
    assert_eq!(surveyor.recv(SOCKET).body(), "World");
    surveyor.advance(millis(1_000));
    assert_eq!(surveyor.queued(SOCKET), 0);
    assert_eq!(surveyor.dropped(DropReason::StaleSurvey), 2);
    assert_eq!(surveyor.recv(SOCKET).error(), Some(ErrorKind::TimedOut));
}

// SP-SV-010
#[test]
fn the_time_is_an_option_of_each_context_for_its_next_survey() {
    let (mut surveyor, _) = surveyed_823();
    surveyor.set_option(SOCKET, SURVEY_TIME, Some(millis(300)));
    let [fast, endless] = [surveyor.open_context(), surveyor.open_context()];
    surveyor.set_option(endless, SURVEY_TIME, None);
    let first = surveyor.start_recv(SOCKET);
    for context in [fast, endless] {
        assert!(surveyor.send(context, "x").is_done());
    }
    let [fast, endless] = [fast, endless].map(|context| surveyor.start_recv(context));
    surveyor.advance(millis(299));
    assert!(!surveyor.is_done(fast));
    surveyor.advance(millis(1));
    assert!(surveyor.is_done(fast) && !surveyor.is_done(first));
    surveyor.advance(millis(700));
    assert!(surveyor.is_done(first), "it keeps the time it began with");
    surveyor.advance(millis(3_600_000));
    assert!(!surveyor.is_done(endless));
    assert!(surveyor.timers().is_empty());
}

// SP-SV-010
#[test]
fn a_survey_without_end_is_not_ended_by_the_time_of_the_one_before() {
    let (mut surveyor, _) = surveyed_823();
    surveyor.set_option(SOCKET, SURVEY_TIME, None);
    assert!(surveyor.send(SOCKET, "endless").is_done());
    surveyor.advance(millis(3_600_000));
    assert!(surveyor.recv(SOCKET).waits());
}

// SP-SV-011, H-44
#[test]
fn a_new_survey_cancels_the_one_before_and_its_deadline() {
    let (mut surveyor, pipe) = surveyed_823();
    surveyor.receive(pipe, golden("GV-BT-06"));
    surveyor.advance(millis(600));
    assert!(surveyor.recv(SOCKET).is_done());
    let receivers = [surveyor.start_recv(SOCKET), surveyor.start_recv(SOCKET)];
    assert!(surveyor.send(SOCKET, "b").is_done());
    for receiver in receivers {
        let outcome = surveyor.finished(receiver).unwrap();
        assert_eq!(outcome.error(), Some(ErrorKind::Canceled));
    }
    let second = surveyor.sent(pipe).remove(0);
    surveyor.receive(pipe, golden("GV-BT-06"));
    surveyor.advance(millis(999));
    assert!(surveyor.recv(SOCKET).waits());
    surveyor.receive(pipe, answer(&second, "to b"));
    assert_eq!(surveyor.recv(SOCKET).body(), "to b");
    assert_eq!(surveyor.dropped(DropReason::StaleSurvey), 1);
}

// SP-SV-011
#[test]
fn a_new_survey_drops_answers_that_nobody_fetched() {
    let (mut surveyor, pipe) = surveyed_823();
    surveyor.receive(pipe, golden("GV-BT-06"));
    assert!(surveyor.send(SOCKET, "next").is_done());
    assert_eq!(surveyor.queued(SOCKET), 0);
    assert_eq!(surveyor.dropped(DropReason::StaleSurvey), 1);
    assert!(surveyor.recv(SOCKET).waits());
}

#[test]
fn who_waited_for_a_survey_that_is_over_does_not_wait_for_the_next() {
    let (mut surveyor, _) = surveyed_823();
    let receiver = surveyor.start_recv(SOCKET);
    // The receiver is woken, and comes back only after the next survey.
    surveyor.raw_event(Event::Timer(timer_of(SOCKET)));
    surveyor.effects();
    assert!(surveyor.send(SOCKET, "next").is_done());
    let outcome = surveyor.finished(receiver).unwrap();
    assert_eq!(outcome.error(), Some(ErrorKind::TimedOut));
}

// SP-SV-013
#[test]
fn receiving_needs_a_survey() {
    let mut surveyor = surveyor();
    let Outcome::Failed(error, None) = surveyor.recv(SOCKET) else {
        panic!("nothing was asked");
    };
    assert_eq!(error.kind(), ErrorKind::State);
    assert!(error.to_string().contains("send one first"), "{error}");
    let (mut surveyor, _) = surveyed_823();
    let other = surveyor.open_context();
    assert_eq!(surveyor.recv(other).error(), Some(ErrorKind::State));
}

// SP-SV-021
#[test]
fn a_flood_from_one_peer_does_not_starve_another() {
    let (mut surveyor, flood) = surveyed_823();
    let quiet = surveyor.add_pipe();
    let many = (0..10_000).map(|_| Message::from(golden("GV-BT-06")));
    surveyor.receive_batch(flood, many);
    surveyor.receive(quiet, answer(&golden("GV-BT-01"), "quiet"));
    let first = [surveyor.recv(SOCKET), surveyor.recv(SOCKET)].map(Outcome::body);
    assert!(first.iter().any(|body| body == "quiet"));
}

// SP-SV-021, H-45
#[test]
fn a_context_that_does_not_receive_loses_answers_and_no_other_does() {
    let (mut surveyor, flood) = surveyed_823();
    let quiet = surveyor.add_pipe();
    let other = surveyor.open_context();
    assert!(surveyor.send(other, "x").is_done());
    let others = surveyor.sent(quiet).remove(0);
    surveyor.set_queue_limit(128);
    surveyor.effects();
    let many = (0..10_000).map(|_| Message::from(golden("GV-BT-06")));
    surveyor.receive_batch(flood, many);
    surveyor.receive(quiet, golden("GV-BT-06"));
    for pipe in [flood, quiet] {
        surveyor.receive(pipe, answer(&others, "to the other"));
    }
    assert_eq!(surveyor.queued(SOCKET), 129, "one of each peer is kept");
    assert_eq!(surveyor.dropped(DropReason::QueueFull), 10_000 - 128);
    for _ in 0..2 {
        assert_eq!(surveyor.recv(other).body(), "to the other");
    }
}

#[test]
fn ten_thousand_contexts_each_get_their_own_answers() {
    let mut surveyor = surveyor();
    let pipe = surveyor.add_pipe();
    let contexts: Vec<_> = (0..10_000).map(|_| surveyor.open_context()).collect();
    for context in &contexts {
        assert!(surveyor.send(*context, context.raw().to_string()).is_done());
    }
    let mut surveys = surveyor.sent(pipe);
    assert_eq!(surveyor.timers().len(), 10_000);
    surveys.reverse();
    for survey in surveys {
        // The respondent sends back what it got.
        surveyor.receive(pipe, survey);
    }
    for context in &contexts {
        assert_eq!(surveyor.recv(*context).body(), context.raw().to_string());
    }
}

#[test]
fn only_whose_survey_it_is_is_woken() {
    let (mut surveyor, pipe) = surveyed_823();
    let other = surveyor.open_context();
    assert!(surveyor.send(other, "x").is_done());
    surveyor.effects();
    surveyor.receive(pipe, golden("GV-BT-06"));
    assert_eq!(surveyor.effects(), [Effect::Readable(SOCKET)]);
}

#[test]
fn a_closed_context_leaves_nothing_behind() {
    let mut surveyor = surveyor();
    let pipe = surveyor.add_pipe();
    let context = surveyor.open_context();
    assert!(surveyor.send(context, "x").is_done());
    let survey = surveyor.sent(pipe).remove(0);
    let receiver = surveyor.start_recv(context);
    surveyor.close_context(context);
    let outcome = surveyor.finished(receiver).unwrap();
    assert_eq!(outcome.error(), Some(ErrorKind::Canceled));
    assert!(surveyor.timers().is_empty());
    surveyor.receive(pipe, survey);
    assert_eq!(surveyor.dropped(DropReason::StaleSurvey), 1);
    assert_eq!(surveyor.send(context, "x").error(), Some(ErrorKind::Closed));
    assert_eq!(surveyor.recv(context).error(), Some(ErrorKind::Closed));
}

#[test]
fn no_order_of_events_breaks_it() {
    let fresh = format!("{:?}", Surveyor0::default());
    storm::lawless(Surveyor0::default, 20_000);
    storm::lawful(Surveyor0::default, 20_000, |mut surveyor| {
        surveyor.set_option(SOCKET, SURVEY_TIME, Some(millis(DEFAULT_SURVEY_MILLIS)));
        assert_eq!(surveyor.timers(), []);
        surveyor.protocol_mut().running.restart_ids();
        if let Some(socket) = surveyor.protocol_mut().contexts.get_mut(&SOCKET) {
            assert!(!matches!(socket.stage, Stage::Running(_)));
            socket.stage = Stage::Idle;
        }
        assert_eq!(format!("{:?}", surveyor.protocol()), fresh);
    });
}
