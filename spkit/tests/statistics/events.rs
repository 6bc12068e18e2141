//! What happens to connections is told, in order, and never holds anything up.

use spkit::{ErrorKind, Runtime, Socket, SocketEvent};

use crate::{
    connected, raw, until,
    world::{SOON, everywhere},
};

fn next(socket: &Socket) -> SocketEvent {
    let event = socket.next_event(SOON);
    event.unwrap_or_else(|| panic!("nothing happened: {:#?}", socket.snapshot()))
}

#[test]
fn the_life_of_a_connection_is_told_in_order() {
    everywhere(|runtime, address| {
        let (pull, push) = connected(runtime, ["pull", "push"], address);
        let SocketEvent::Listening { endpoint, local } = next(&pull) else {
            panic!("listening comes first");
        };
        let SocketEvent::Connected {
            pipe, endpoint: at, ..
        } = next(&pull)
        else {
            panic!("then a peer");
        };
        assert_eq!(at, endpoint);
        let dialing = next(&push);
        assert!(
            matches!(&dialing, SocketEvent::Dialing { address, .. } if *address == local),
            "{dialing:?}"
        );
        assert!(matches!(next(&push), SocketEvent::Connected { .. }));
        push.close();
        let gone = next(&pull);
        assert!(
            matches!(&gone, SocketEvent::Disconnected { pipe: who, endpoint: at, .. }
                if *who == pipe && *at == endpoint),
            "{gone:?}"
        );
    });
}

#[test]
fn a_mismatch_says_what_the_peer_speaks() {
    let runtime = Runtime::new().unwrap();
    let pull = runtime.open("pull").unwrap();
    let (listener, address) = raw::listen();
    pull.dial(&address).unwrap();
    let (mut peer, _) = listener.accept().unwrap();
    raw::greet(&mut peer, 0x31);
    let refused = loop {
        match next(&pull) {
            SocketEvent::Dialing { .. } => {}
            other => break other,
        }
    };
    let SocketEvent::Refused {
        remote,
        announced,
        error,
        ..
    } = refused
    else {
        panic!("{refused:?}");
    };
    assert_eq!(announced, Some(0x31));
    assert_eq!(remote.unwrap().as_str(), address);
    assert_eq!(error.kind(), ErrorKind::ProtocolMismatch);
    let text = error.to_string();
    assert!(text.contains("0x0031") && text.contains("0x0050"), "{text}");
}

#[test]
fn events_nobody_takes_are_bounded_and_counted() {
    let runtime = Runtime::new().unwrap();
    let pull = runtime.open("pull").unwrap();
    for _ in 0..2_000 {
        let listener = pull.listen("inproc://often").unwrap();
        listener.close();
    }
    // Each listened and closed.
    let mut kept = 0;
    let mut lost = 0;
    while let Some(event) = pull.try_event() {
        match event {
            SocketEvent::Lost { count } => lost += count,
            _ => kept += 1,
        }
    }
    assert_eq!((kept, kept + lost), (1_024, 4_000));
    assert_eq!(pull.stats().events_lost, lost);
    // From then on it is told again.
    pull.listen("inproc://often").unwrap();
    assert!(matches!(next(&pull), SocketEvent::Listening { .. }));
}

#[test]
fn waiting_for_peers_names_how_many_there_are() {
    everywhere(|runtime, address| {
        let (pull, _push) = connected(runtime, ["pull", "push"], address);
        pull.wait_for_peers(1, SOON).unwrap();
        let error = pull.wait_for_peers(2, SOON / 1_000).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(error.to_string().contains("1 are connected"), "{error}");
        until(&pull, "connected", |pull| pull.peers() == 1);
    });
}
