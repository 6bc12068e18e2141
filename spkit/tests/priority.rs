//! `send-priority`: PUSH prefers the peers of the endpoint with the lowest number, and turns to others when those go.

#[path = "support/world.rs"]
mod world;

use spkit::{ErrorKind, Runtime, Socket, options::SEND_PRIORITY};

use world::{SOON, everywhere};

/// A PULL that this PUSH has dialed.
fn pull(runtime: &Runtime, address: &str, push: &Socket, priority: i64) -> Socket {
    let pull = runtime.open("pull").unwrap();
    let address = match address.starts_with("tcp") {
        true => address.to_owned(),
        false => format!("{address}-{priority}"),
    };
    let listener = pull.listen(&address).unwrap();
    let to = listener.local_addr().to_string();
    let dialer = push.dial_with(&to, |own| own.set(SEND_PRIORITY, priority));
    dialer.unwrap().connected(SOON).unwrap();
    pull
}

// SP-RR-054
#[test]
fn the_endpoint_of_the_lowest_number_gets_everything_while_it_is_there() {
    everywhere(|runtime, address| {
        let push = runtime.open("push").unwrap();
        let spare = pull(runtime, address, &push, 16);
        let first = pull(runtime, address, &push, 1);
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

#[test]
fn ranks_are_1_to_16() {
    let runtime = Runtime::new().unwrap();
    let push = runtime.open("push").unwrap();
    for wrong in [0, 17] {
        let dialed = push.dial_with("inproc://nobody", |own| own.set(SEND_PRIORITY, wrong));
        assert_eq!(dialed.unwrap_err().kind(), ErrorKind::OptionInvalid);
    }
}
