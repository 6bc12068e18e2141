//! `send-priority`: PUSH and REQ prefer the peers of the endpoint with the lowest number, and turn to others when those
//! go.

#[path = "support/world.rs"]
mod world;

use spkit::{ErrorKind, Runtime, Socket, options::SEND_PRIORITY};

use world::{SOON, everywhere};

/// A peer of this protocol that this socket has dialed.
fn peer(runtime: &Runtime, peer: &str, address: &str, socket: &Socket, priority: i64) -> Socket {
    let peer = runtime.open(peer).unwrap();
    let address = match address.starts_with("tcp") {
        true => address.to_owned(),
        false => format!("{address}-{priority}"),
    };
    let listener = peer.listen(&address).unwrap();
    let to = listener.local_addr().to_string();
    let dialer = socket.dial_with(&to, |own| own.set(SEND_PRIORITY, priority));
    dialer.unwrap().connected(SOON).unwrap();
    peer
}

// SP-RR-054
#[test]
fn the_endpoint_of_the_lowest_number_gets_everything_while_it_is_there() {
    everywhere(|runtime, address| {
        let push = runtime.open("push").unwrap();
        let spare = peer(runtime, "pull", address, &push, 16);
        let first = peer(runtime, "pull", address, &push, 1);
        for number in 0..20_u8 {
            push.send(vec![number]).unwrap();
            assert_eq!(first.recv_timeout(SOON).unwrap().body(), [number]);
        }
        first.close();
        // Until PUSH has noticed, what it sends may be lost.
        let got = (0..1_000).any(|_| {
            push.send("fallback").unwrap();
            spare.recv_timeout(SOON / 1_000).is_ok()
        });
        assert!(got, "nobody took the place of the first");
    });
}

// SP-RR-013, SP-RR-054
#[test]
fn requests_go_to_the_lowest_number_and_elsewhere_when_it_goes() {
    everywhere(|runtime, address| {
        let req = runtime.open("req").unwrap();
        let spare = peer(runtime, "rep", address, &req, 16);
        let first = peer(runtime, "rep", address, &req, 1);
        for number in 0..20_u8 {
            req.send(vec![number]).unwrap();
            let request = first.recv_timeout(SOON).unwrap();
            assert_eq!(request.body(), [number]);
            first.send(request).unwrap();
            assert_eq!(req.recv_timeout(SOON).unwrap().body(), [number]);
        }
        req.send("unanswered").unwrap();
        assert_eq!(first.recv_timeout(SOON).unwrap().body(), b"unanswered");
        first.close();
        let again = spare.recv_timeout(SOON).unwrap();
        assert_eq!(again.body(), b"unanswered");
        spare.send("answer").unwrap();
        assert_eq!(req.recv_timeout(SOON).unwrap().body(), b"answer");
    });
}

#[test]
fn ranks_are_1_to_16() {
    let runtime = Runtime::new().unwrap();
    let push = runtime.open("push").unwrap();
    for wrong in [0, 17] {
        let dialed = push.dial_with("inproc://nobody", |own| own.set(SEND_PRIORITY, wrong));
        assert_eq!(dialed.unwrap_err().kind(), ErrorKind::OptionInvalid);
    }
}
