use std::task::Poll;

use spkit_api::{
    Address, Connecting, EndpointConfig, ErrorKind, Inbox, Listener, Message, Options, Pipe,
    Progress, Ready, SharedState, Transport, options, testing::TestReactor,
};

use super::Inproc;
use crate::testing::World;

const REQ: u16 = 0x30;
const REP: u16 = 0x31;

/// The state of a runtime, with a reactor for every object.
struct House {
    state: SharedState,
    options: Options,
}

struct End {
    pipe: Box<dyn Pipe>,
    reactor: TestReactor,
}

impl House {
    fn new() -> Self {
        Self {
            state: SharedState::new(),
            options: Options::over(&[options::COMMON]),
        }
    }

    fn dial(&self, name: &str) -> Box<dyn Connecting> {
        let address = Address::new("inproc", name).unwrap();
        let at = EndpointConfig::new(&address, &self.options, REQ, &self.state);
        Inproc.dial(&at).unwrap()
    }

    fn listen(&self, name: &str) -> spkit_api::Result<Box<dyn Listener>> {
        let address = Address::new("inproc", name).unwrap();
        let at = EndpointConfig::new(&address, &self.options, REP, &self.state);
        Inproc.listen(&at)
    }

    fn pair(&self) -> (End, End) {
        let mut listener = self.listen("pair").unwrap();
        let mut dialing = self.dial("pair");
        let mut reactors = [TestReactor::new(), TestReactor::new()];
        assert!(
            dialing
                .poll_pipe(&mut reactors[0].io(Ready::NONE))
                .is_pending()
        );
        let mut accepted = accept(&mut *listener).unwrap();
        let [mut one, mut other] = reactors;
        let theirs = pipe(&mut *accepted, &mut other);
        assert!(one.take_notified() > 0, "the dialer is told");
        let ours = pipe(&mut *dialing, &mut one);
        let end = |pipe, mut reactor: TestReactor| {
            reactor.take_notified();
            End { pipe, reactor }
        };
        (end(ours, one), end(theirs, other))
    }
}

fn accept(listener: &mut dyn Listener) -> Option<Box<dyn Connecting>> {
    match listener.poll_accept(&mut TestReactor::new().io(Ready::NONE)) {
        Poll::Ready(accepted) => Some(accepted.unwrap()),
        Poll::Pending => None,
    }
}

fn pipe(connecting: &mut dyn Connecting, reactor: &mut TestReactor) -> Box<dyn Pipe> {
    match connecting.poll_pipe(&mut reactor.io(Ready::NONE)) {
        Poll::Ready(pipe) => pipe.unwrap(),
        Poll::Pending => panic!("no pipe: {connecting:?}"),
    }
}

impl End {
    fn send(&mut self, message: impl Into<Message>) -> bool {
        let mut slot = Some(message.into());
        let sent = self
            .pipe
            .poll_send(&mut self.reactor.io(Ready::NONE), &mut slot);
        assert_eq!(sent.is_ready(), slot.is_none());
        let flushed = self.pipe.poll_flush(&mut self.reactor.io(Ready::NONE));
        assert!(flushed.is_ready());
        sent.is_ready()
    }

    fn recv(&mut self, inbox: &mut Inbox) -> spkit_api::Result<Progress> {
        self.pipe
            .poll_recv(&mut self.reactor.io(Ready::NOTIFIED), inbox)
    }

    fn bodies(&mut self) -> Vec<Vec<u8>> {
        let mut inbox = Inbox::with_budget(usize::MAX, usize::MAX);
        assert_eq!(self.recv(&mut inbox).unwrap(), Progress::Drained);
        std::iter::from_fn(|| inbox.pop())
            .map(|message| message.body().to_vec())
            .collect()
    }

    fn rung(&mut self) -> usize {
        self.reactor.take_notified()
    }
}

#[test]
fn both_ends_learn_the_others_protocol() {
    let (one, other) = House::new().pair();
    assert_eq!(one.pipe.facts().protocol, REP);
    assert_eq!(other.pipe.facts().protocol, REQ);
    assert_eq!(one.pipe.facts().remote.unwrap().as_str(), "inproc://pair");
}

#[test]
fn a_body_is_handed_over_and_not_copied() {
    let (mut one, mut other) = House::new().pair();
    let message = Message::from(vec![1; 1000]);
    let at = message.body().as_ptr();
    assert!(one.send(message));
    let mut inbox = Inbox::default();
    assert_eq!(other.recv(&mut inbox).unwrap(), Progress::Drained);
    assert_eq!(inbox.pop().unwrap().body().as_ptr(), at);
}

#[test]
fn the_receiver_reads_the_senders_header_as_payload() {
    let (mut one, mut other) = House::new().pair();
    let mut request = Message::from("x");
    request.push_back(0x8000_0007);
    assert!(one.send(request));
    let mut inbox = Inbox::default();
    assert_eq!(other.recv(&mut inbox).unwrap(), Progress::Drained);
    let mut received = inbox.pop().unwrap();
    assert_eq!(received.pull_word(), Some(0x8000_0007));
    assert_eq!(received.body(), b"x");
}

#[test]
fn a_sleeping_receiver_is_rung_once() {
    let (mut one, mut other) = House::new().pair();
    assert_eq!(other.bodies().len(), 0);
    for _ in 0..10 {
        assert!(one.send("x"));
    }
    assert_eq!(other.rung(), 1);
    assert_eq!(other.bodies().len(), 10);
    assert!(one.send("x"));
    assert_eq!(other.rung(), 1);
    // It said that it comes back: no need to ring.
    assert!(one.send("y"));
    let mut inbox = Inbox::with_budget(1, usize::MAX);
    assert_eq!(other.recv(&mut inbox).unwrap(), Progress::More);
    assert!(one.send("z"));
    assert_eq!(other.rung(), 0);
    assert_eq!(other.bodies().len(), 2);
}

#[test]
fn a_batch_rings_once_with_its_flush() {
    let (mut one, mut other) = House::new().pair();
    for n in 0..3_u8 {
        let mut slot = Some(Message::from(vec![n]));
        let sent = one
            .pipe
            .poll_send(&mut one.reactor.io(Ready::NONE), &mut slot);
        assert!(sent.is_ready());
    }
    assert_eq!(other.rung(), 0);
    for rings in [1, 0] {
        let flushed = one.pipe.poll_flush(&mut one.reactor.io(Ready::NONE));
        assert!(flushed.is_ready());
        assert_eq!(other.rung(), rings);
    }
    assert_eq!(other.bodies().len(), 3);
}

#[test]
fn a_full_ring_makes_the_sender_wait_until_it_is_half_empty() {
    let (mut one, mut other) = House::new().pair();
    for n in 0..1024_u32 {
        assert!(one.send(n.to_be_bytes().to_vec()));
    }
    assert!(!one.send("too many"));
    one.rung();
    let mut inbox = Inbox::with_budget(500, usize::MAX);
    assert_eq!(other.recv(&mut inbox).unwrap(), Progress::More);
    assert_eq!(one.rung(), 0);
    let mut inbox = Inbox::with_budget(12, usize::MAX);
    assert_eq!(other.recv(&mut inbox).unwrap(), Progress::More);
    assert_eq!(one.rung(), 1);
    assert!(one.send("again"));
    assert_eq!(other.bodies().len(), 1024 - 512 + 1);
}

#[test]
fn bytes_are_bounded_too_and_one_large_message_always_fits() {
    let (mut one, mut other) = House::new().pair();
    assert!(one.send(vec![0; 10 << 20]));
    assert!(!one.send("x"));
    assert_eq!(other.bodies().len(), 1);
    assert_eq!(one.rung(), 1);
    assert!(one.send(vec![0; 256 << 10]));
    assert!(!one.send("x"));
}

#[test]
fn what_was_sent_before_a_close_is_received_and_then_the_end() {
    let (mut one, mut other) = House::new().pair();
    assert_eq!(other.bodies().len(), 0);
    assert!(one.send("last"));
    other.rung();
    drop(one);
    assert!(other.rung() > 0);
    let mut inbox = Inbox::default();
    let ended = other.recv(&mut inbox).unwrap_err();
    assert_eq!((inbox.len(), ended.kind()), (1, ErrorKind::Closed));
    assert!(!other.send("to nobody"));
}

#[test]
fn a_close_in_order_needs_no_answer() {
    let (mut one, mut other) = House::new().pair();
    assert!(one.send("last"));
    let closed = one.pipe.poll_close(&mut one.reactor.io(Ready::NONE));
    assert!(matches!(closed, Poll::Ready(Ok(()))));
    let mut inbox = Inbox::default();
    assert!(other.recv(&mut inbox).is_err());
    assert_eq!(inbox.len(), 1);
}

#[test]
fn messages_nobody_will_read_are_dropped_at_once() {
    let (mut one, other) = House::new().pair();
    let body = spkit_api::bytes::Bytes::from(vec![0; 100]);
    assert!(one.send(Message::from(body.clone())));
    drop(other);
    assert!(body.is_unique());
}

#[test]
fn a_name_is_bound_once_and_free_again() {
    let house = House::new();
    let first = house.listen("name").unwrap();
    let error = house.listen("name").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressInUse);
    assert!(house.listen("Name").is_ok(), "names are case-sensitive");
    drop(first);
    assert!(house.listen("name").is_ok());
}

#[test]
fn dialing_before_anybody_listens_waits() {
    let house = House::new();
    let mut dialing = house.dial("later");
    let mut reactor = TestReactor::new();
    assert!(dialing.poll_pipe(&mut reactor.io(Ready::NONE)).is_pending());
    // A listener that comes and goes without taking the call changes nothing.
    drop(house.listen("later").unwrap());
    let mut listener = house.listen("later").unwrap();
    let mut accepted = accept(&mut *listener).expect("the call waits");
    let _theirs = pipe(&mut *accepted, &mut TestReactor::new());
    assert!(reactor.take_notified() > 0);
    pipe(&mut *dialing, &mut reactor);
}

#[test]
fn a_dialer_that_gave_up_leaves_no_call() {
    let house = House::new();
    let mut listener = house.listen("name").unwrap();
    let mut dialing = house.dial("name");
    let mut reactor = TestReactor::new();
    assert!(dialing.poll_pipe(&mut reactor.io(Ready::NONE)).is_pending());
    drop(dialing);
    assert!(accept(&mut *listener).is_none());
    // Gone after the listener took the call: an error of the connection.
    let mut dialing = house.dial("name");
    assert!(dialing.poll_pipe(&mut reactor.io(Ready::NONE)).is_pending());
    let mut accepted = accept(&mut *listener).unwrap();
    drop(dialing);
    let failed = accepted.poll_pipe(&mut reactor.io(Ready::NONE));
    assert!(
        matches!(failed, Poll::Ready(Err(error)) if error.kind() == ErrorKind::ConnectionReset)
    );
    // Gone after the listener's end was open: it sees the end.
    let mut dialing = house.dial("name");
    assert!(dialing.poll_pipe(&mut reactor.io(Ready::NONE)).is_pending());
    let mut accepted = accept(&mut *listener).unwrap();
    let mut theirs = pipe(&mut *accepted, &mut reactor);
    drop(dialing);
    let ended = theirs.poll_recv(&mut reactor.io(Ready::NOTIFIED), &mut Inbox::default());
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn a_listener_is_rung_for_a_call() {
    let house = House::new();
    let mut listener = house.listen("name").unwrap();
    let mut reactor = TestReactor::new();
    assert!(
        listener
            .poll_accept(&mut reactor.io(Ready::NONE))
            .is_pending()
    );
    let mut dialing = house.dial("name");
    assert!(
        dialing
            .poll_pipe(&mut TestReactor::new().io(Ready::NONE))
            .is_pending()
    );
    assert_eq!(reactor.take_notified(), 1);
}

#[test]
fn runtimes_do_not_see_each_others_names() {
    let (one, other) = (House::new(), House::new());
    let _listener = one.listen("name").unwrap();
    let mut listener = other.listen("name").unwrap();
    let mut dialing = one.dial("name");
    assert!(
        dialing
            .poll_pipe(&mut TestReactor::new().io(Ready::NONE))
            .is_pending()
    );
    assert!(accept(&mut *listener).is_none());
}

#[test]
fn messages_go_both_ways_in_a_world_with_a_poller() {
    let mut world = World::new();
    let dialed = world.dial(&Inproc, "inproc://x", REQ).unwrap();
    world.listen(&Inproc, "inproc://x", REP).unwrap();
    world.until("both ends", |world| {
        world.is_pipe(dialed) && world.accepted.len() == 1
    });
    let accepted = world.accepted[0];
    for (from, to) in [(dialed, accepted), (accepted, dialed)] {
        for n in 0..3000_u32 {
            world.send(from, n.to_be_bytes().to_vec());
        }
        world.until("all messages", |world| world.count(to) == 3000);
        for (n, message) in world.received(to).iter().enumerate() {
            assert_eq!(message.body(), (n as u32).to_be_bytes());
        }
    }
}

#[test]
fn two_threads_lose_no_message_and_no_ring() {
    use std::sync::mpsc;
    const MESSAGES: u32 = 50_000;
    let house = House::new();
    let (mut one, mut other) = house.pair();
    let (bell, rung) = mpsc::channel();
    // The reactors only count: look at the counts, and sleep in between as a poller would.
    let receiver = std::thread::spawn(move || {
        let mut expected = 0;
        let mut inbox = Inbox::default();
        while expected < MESSAGES {
            let progress = other.recv(&mut inbox).unwrap();
            while let Some(message) = inbox.pop() {
                assert_eq!(message.body(), expected.to_be_bytes());
                expected += 1;
            }
            if progress == Progress::Drained && expected < MESSAGES {
                while other.rung() == 0 {
                    std::thread::yield_now();
                }
            }
        }
        bell.send(()).unwrap();
    });
    for n in 0..MESSAGES {
        while !one.send(n.to_be_bytes().to_vec()) {
            while one.rung() == 0 {
                std::thread::yield_now();
            }
        }
    }
    rung.recv_timeout(std::time::Duration::from_secs(60))
        .unwrap();
    receiver.join().unwrap();
}
