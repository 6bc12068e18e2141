use spkit_api::{
    Inbox, Message, Options, Progress, Ready, SharedState, options, testing::TestReactor,
};

use super::*;

const REQ: u16 = 0x30;
const REP: u16 = 0x31;

/// A runtime's part, with a reactor for each of two objects.
struct House {
    state: SharedState,
    options: Options,
    ours: TestReactor,
    theirs: TestReactor,
}

impl House {
    fn new() -> Self {
        Self {
            state: SharedState::new(),
            options: Options::over(&[options::COMMON]),
            ours: TestReactor::new(),
            theirs: TestReactor::new(),
        }
    }

    fn listen(&self) -> Result<Box<dyn Listener>> {
        let address = Address::parse("ring://x").unwrap();
        Ring.listen(&EndpointConfig::new(
            &address,
            &self.options,
            REP,
            &self.state,
        ))
    }

    fn dial(&mut self) -> Poll<Result<Box<dyn Pipe>>> {
        let address = Address::parse("ring://x").unwrap();
        let at = EndpointConfig::new(&address, &self.options, REQ, &self.state);
        let mut dialing = Ring.dial(&at).unwrap();
        dialing.poll_pipe(&mut self.ours.io(Ready::NONE))
    }

    fn pair(&mut self) -> [Box<dyn Pipe>; 2] {
        let mut listener = self.listen().unwrap();
        let ours = ready(self.dial());
        let mut accepted = ready(listener.poll_accept(&mut self.theirs.io(Ready::NONE)));
        let theirs = ready(accepted.poll_pipe(&mut self.theirs.io(Ready::NONE)));
        self.ours.take_notified();
        self.theirs.take_notified();
        [ours, theirs]
    }
}

fn ready<T>(polled: Poll<Result<T>>) -> T {
    match polled {
        Poll::Ready(result) => result.unwrap(),
        Poll::Pending => panic!("pending"),
    }
}

#[test]
fn a_name_is_taken_once_and_free_again() {
    let house = House::new();
    let first = house.listen().unwrap();
    assert_eq!(house.listen().unwrap_err().kind(), ErrorKind::AddressInUse);
    drop(first);
    assert!(house.listen().is_ok());
    assert!(House::new().listen().is_ok(), "names belong to a runtime");
}

#[test]
fn without_a_listener_the_connection_is_refused() {
    let mut house = House::new();
    match house.dial() {
        Poll::Ready(Err(error)) => assert_eq!(error.kind(), ErrorKind::ConnectionRefused),
        other => panic!("{other:?}"),
    }
}

#[test]
fn messages_cross_and_ring_with_the_flush() {
    let mut house = House::new();
    let [mut ours, mut theirs] = house.pair();
    assert_eq!([ours.facts().protocol, theirs.facts().protocol], [REP, REQ]);
    let mut message = Message::from("body");
    message.push_back(0x8000_0001);
    ready(ours.poll_send(&mut house.ours.io(Ready::NONE), &mut Some(message)));
    assert_eq!(house.theirs.take_notified(), 0);
    ready(ours.poll_flush(&mut house.ours.io(Ready::NONE)));
    assert_eq!(house.theirs.take_notified(), 1);
    let mut inbox = Inbox::default();
    let progress = theirs.poll_recv(&mut house.theirs.io(Ready::NOTIFIED), &mut inbox);
    assert_eq!(progress.unwrap(), Progress::Drained);
    let mut received = inbox.pop().unwrap();
    assert_eq!(received.pull_word(), Some(0x8000_0001));
    assert_eq!(received.body(), b"body");
}

#[test]
fn a_full_ring_keeps_the_message_out_and_tells_of_room() {
    let mut house = House::new();
    let [mut ours, mut theirs] = house.pair();
    let mut taken = 0;
    let mut slot = Some(Message::from("x"));
    while ours
        .poll_send(&mut house.ours.io(Ready::NONE), &mut slot)
        .is_ready()
    {
        taken += 1;
        slot = Some(Message::from("x"));
    }
    assert!(slot.is_some() && taken > 1, "{taken} taken");
    let mut inbox = Inbox::with_budget(1, usize::MAX);
    let progress = theirs.poll_recv(&mut house.theirs.io(Ready::NOTIFIED), &mut inbox);
    assert_eq!(progress.unwrap(), Progress::More);
    assert_eq!(house.ours.take_notified(), 1);
    ready(ours.poll_send(&mut house.ours.io(Ready::NONE), &mut slot));
}

#[test]
fn what_was_sent_is_received_before_the_end_is_told() {
    let mut house = House::new();
    let [mut ours, mut theirs] = house.pair();
    let mut io = house.ours.io(Ready::NONE);
    ready(ours.poll_send(&mut io, &mut Some(Message::from("last words"))));
    ready(ours.poll_flush(&mut io));
    drop(ours);
    assert_eq!(house.theirs.take_notified(), 2);
    let mut inbox = Inbox::default();
    let ended = theirs.poll_recv(&mut house.theirs.io(Ready::NOTIFIED), &mut inbox);
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(inbox.pop().unwrap().body(), b"last words");
}

#[test]
fn who_was_never_accepted_learns_it() {
    let mut house = House::new();
    let listener = house.listen().unwrap();
    let mut ours = ready(house.dial());
    house.ours.take_notified();
    drop(listener);
    assert_eq!(house.ours.take_notified(), 1);
    let ended = ours.poll_recv(&mut house.ours.io(Ready::NOTIFIED), &mut Inbox::default());
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::Closed);
}
