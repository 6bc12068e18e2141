//! Objects that share a descriptor, polled by hand.

use std::task::Poll;

use spkit_api::{
    Address, Inbox, Memory, Message, Options, Pipe, Progress, Ready, SharedState, options,
    testing::TestReactor,
};
use tempfile::TempDir;

use super::*;

const PAIR: u16 = 0x10;

/// A listener with its reactor, and what it takes to dial it.
struct House {
    directory: TempDir,
    options: Options,
    state: SharedState,
    reactor: TestReactor,
}

/// A pipe with its reactor.
struct End {
    pipe: Box<dyn Pipe>,
    reactor: TestReactor,
}

impl House {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            options: Options::over(&[options::COMMON, OPTIONS]),
            state: SharedState::new(),
            reactor: TestReactor::new(),
        }
    }

    fn at<T>(&self, make: impl FnOnce(&EndpointConfig<'_>) -> T) -> T {
        let path = self.directory.path().join("s");
        let address = Address::new("dgram", path.display()).unwrap();
        let at = EndpointConfig::new(&address, &self.options, PAIR, &self.state);
        make(&at)
    }

    fn listen(&self) -> Box<dyn Listener> {
        self.at(|at| Datagrams.listen(at)).unwrap()
    }

    fn dial(&self) -> Box<dyn Connecting> {
        self.at(|at| Datagrams.dial(at)).unwrap()
    }

    fn accept(&mut self, listener: &mut dyn Listener) -> Option<Box<dyn Connecting>> {
        match listener.poll_accept(&mut self.reactor.io(Ready::READABLE)) {
            Poll::Ready(accepted) => Some(accepted.unwrap()),
            Poll::Pending => None,
        }
    }

    /// The dialing and the accepted end of a connection.
    fn connect(&mut self, listener: &mut dyn Listener) -> [End; 2] {
        let (mut ours, mut theirs) = (TestReactor::new(), TestReactor::new());
        let mut dialing = self.dial();
        assert!(poll(&mut *dialing, &mut ours).is_pending());
        let mut accepted = self.accept(listener).unwrap();
        let theirs = End::new(poll(&mut *accepted, &mut theirs), theirs);
        let ours = End::new(poll(&mut *dialing, &mut ours), ours);
        [ours, theirs]
    }
}

fn poll(connecting: &mut dyn Connecting, reactor: &mut TestReactor) -> Poll<Result<Box<dyn Pipe>>> {
    connecting.poll_pipe(&mut reactor.io(Ready::READABLE))
}

impl End {
    fn new(pipe: Poll<Result<Box<dyn Pipe>>>, mut reactor: TestReactor) -> Self {
        let Poll::Ready(pipe) = pipe else {
            panic!("no pipe yet");
        };
        reactor.take_notified();
        Self {
            pipe: pipe.unwrap(),
            reactor,
        }
    }

    fn send(&mut self, body: &'static str) {
        let mut slot = Some(Message::from(body));
        let mut io = self.reactor.io(Ready::NONE);
        assert!(self.pipe.poll_send(&mut io, &mut slot).is_ready());
        assert!(self.pipe.poll_flush(&mut io).is_ready());
    }

    fn receive(&mut self) -> (Vec<Message>, Result<Progress>) {
        let mut inbox = Inbox::default();
        let progress = self
            .pipe
            .poll_recv(&mut self.reactor.io(Ready::READABLE), &mut inbox);
        (std::iter::from_fn(|| inbox.pop()).collect(), progress)
    }

    fn close(&mut self) -> Poll<Result<()>> {
        self.pipe.poll_close(&mut self.reactor.io(Ready::READABLE))
    }
}

#[test]
fn a_pipe_tells_what_it_can_carry() {
    let mut house = House::new();
    let mut listener = house.listen();
    let [ours, theirs] = house.connect(&mut *listener);
    for facts in [ours.pipe.facts(), theirs.pipe.facts()] {
        assert_eq!(facts.protocol, PAIR);
        assert_eq!(facts.max_message, Some(65_535));
        assert!(facts.reliable && facts.ordered);
    }
    assert_eq!(ours.pipe.facts().remote, theirs.pipe.facts().local);
}

#[test]
fn whoever_is_polled_reads_for_all() {
    let mut house = House::new();
    let mut listener = house.listen();
    let [mut one, mut at_one] = house.connect(&mut *listener);
    let [_other, mut at_other] = house.connect(&mut *listener);
    one.send("for one");
    assert!(at_other.receive().0.is_empty());
    assert_eq!(at_one.reactor.take_notified(), 1);
    let (messages, progress) = at_one.receive();
    assert_eq!(messages, ["for one"].map(Message::from));
    assert_eq!(progress.unwrap(), Progress::Drained);
}

#[test]
fn the_watch_moves_when_its_holder_goes() {
    let mut house = House::new();
    let mut listener = house.listen();
    let [_one, mut at_one] = house.connect(&mut *listener);
    let [_other, mut at_other] = house.connect(&mut *listener);
    let changes = |end: &End| end.reactor.changes();
    assert_eq!(
        (changes(&at_one), changes(&at_other)),
        (0, 0),
        "the listener has it"
    );
    drop(listener);
    assert_eq!(at_one.reactor.take_notified(), 1);
    assert_eq!(at_other.reactor.take_notified(), 1);
    let _ = at_one.receive().1.unwrap();
    let _ = at_other.receive().1.unwrap();
    assert_eq!(
        (changes(&at_one), changes(&at_other)),
        (1, 0),
        "the first takes it"
    );
    drop(at_one);
    assert_eq!(at_other.reactor.take_notified(), 1);
    let _ = at_other.receive().1.unwrap();
    assert_eq!(changes(&at_other), 1);
}

#[test]
fn a_goodbye_is_answered_and_ends_both() {
    let mut house = House::new();
    let mut listener = house.listen();
    let [mut ours, mut theirs] = house.connect(&mut *listener);
    ours.send("last words");
    assert!(ours.close().is_pending(), "the peer has not heard it");
    let (messages, progress) = theirs.receive();
    assert_eq!(messages, ["last words"].map(Message::from));
    assert_eq!(progress.unwrap_err().kind(), ErrorKind::Closed);
    assert!(matches!(ours.close(), Poll::Ready(Ok(()))));
}

#[test]
fn a_call_that_there_is_no_memory_for_is_refused() {
    let mut house = House::new();
    let mut listener = house.listen();
    let mut dialing = house.dial();
    let mut reactor = TestReactor::new();
    assert!(poll(&mut *dialing, &mut reactor).is_pending());
    let mut accepted = house.accept(&mut *listener).unwrap();
    let mut poor = TestReactor::new().with_memory(Memory::new(1000));
    let kind = |polled: Poll<Result<Box<dyn Pipe>>>| match polled {
        Poll::Ready(Err(error)) => error.kind(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        kind(poll(&mut *accepted, &mut poor)),
        ErrorKind::OutOfResources
    );
    assert_eq!(
        kind(poll(&mut *dialing, &mut reactor)),
        ErrorKind::ConnectionRefused
    );
}

#[test]
fn a_call_that_was_given_up_is_forgotten() {
    let mut house = House::new();
    let mut listener = house.listen();
    let mut dialing = house.dial();
    assert!(poll(&mut *dialing, &mut TestReactor::new()).is_pending());
    drop(dialing);
    assert!(house.accept(&mut *listener).is_none());
}
