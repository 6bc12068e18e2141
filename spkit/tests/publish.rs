//! Publish/subscribe between sockets: options that act, contexts, and what becomes of messages when somebody is slow.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use spkit::{
    ErrorKind, Runtime, Socket,
    api::DropReason,
    option::Opt,
    options::RECV_BUFFER_MESSAGES,
    protocols::options::{BACK_PRESSURE, PREFER_NEW, SUBSCRIBE, UNSUBSCRIBE},
};

const SOON: Duration = Duration::from_secs(10);

fn runtime() -> Runtime {
    Runtime::builder().build().unwrap()
}

fn connect(listening: &Socket, dialing: &Socket) {
    let listener = listening.listen("tcp://127.0.0.1:0").unwrap();
    let dialer = dialing.dial(listener.local_addr().as_str()).unwrap();
    dialer.connected(SOON).unwrap();
    listening.wait_for_peers(1, SOON).unwrap();
}

fn received(socket: &Socket) -> String {
    let message = socket.recv_timeout(SOON).unwrap();
    String::from_utf8(message.body().to_vec()).unwrap()
}

#[test]
fn subscriptions_act_and_are_never_values() {
    let runtime = runtime();
    let (publisher, sub) = (runtime.open("pub").unwrap(), runtime.open("sub").unwrap());
    connect(&publisher, &sub);
    sub.set(SUBSCRIBE, b"a".to_vec()).unwrap();
    sub.set_str("subscribe", "b").unwrap();
    assert_eq!(sub.get(SUBSCRIBE), None);
    for body in ["c1", "a2", "b3", "c4", "end"] {
        publisher.send(body).unwrap();
    }
    assert_eq!([received(&sub), received(&sub)], ["a2", "b3"]);
    let error = sub.set(UNSUBSCRIBE, b"c".to_vec()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OptionInvalid);
    assert!(error.to_string().contains("`c`"), "{error}");
    sub.set(UNSUBSCRIBE, b"a".to_vec()).unwrap();
    sub.set_str("subscribe", "e").unwrap();
    for body in ["a5", "e6"] {
        publisher.send(body).unwrap();
    }
    let rest = received(&sub);
    // What came before the subscription may have been looked at only after it.
    let rest = if rest == "end" { received(&sub) } else { rest };
    assert_eq!(rest, "e6");
}

#[test]
fn a_socket_can_be_opened_subscribed() {
    let runtime = runtime();
    let publisher = runtime.open("pub").unwrap();
    let sub = runtime.open_with("sub", |options| {
        options.set(SUBSCRIBE, b"a".to_vec())?;
        options.set(SUBSCRIBE, b"b".to_vec())
    });
    let sub = sub.unwrap();
    connect(&publisher, &sub);
    for body in ["c1", "a2", "b3"] {
        publisher.send(body).unwrap();
    }
    assert_eq!([received(&sub), received(&sub)], ["a2", "b3"]);
    let refused = runtime.open_with("sub", |options| options.set(UNSUBSCRIBE, b"a".to_vec()));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::OptionInvalid);
}

#[test]
fn a_refused_value_leaves_the_option_as_it_was() {
    let runtime = runtime();
    let publisher = runtime.open("pub").unwrap();
    publisher.set_str("back-pressure", "block").unwrap();
    let error = publisher.set_str("back-pressure", "pray").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OptionInvalid);
    assert_eq!(publisher.get(BACK_PRESSURE).unwrap(), "block");
}

#[test]
fn contexts_subscribe_for_themselves() {
    let runtime = runtime();
    let (publisher, sub) = (runtime.open("pub").unwrap(), runtime.open("sub").unwrap());
    connect(&publisher, &sub);
    let [all, some] = [sub.context().unwrap(), sub.context().unwrap()];
    all.set(SUBSCRIBE, Vec::new()).unwrap();
    some.set_str("subscribe", "b").unwrap();
    for body in ["a1", "b2"] {
        publisher.send(body).unwrap();
    }
    assert_eq!(some.recv_timeout(SOON).unwrap().body(), b"b2");
    assert_eq!(all.recv_timeout(SOON).unwrap().body(), b"a1");
    assert_eq!(all.recv_timeout(SOON).unwrap().body(), b"b2");
    assert_eq!(sub.try_recv().unwrap_err().kind(), ErrorKind::WouldBlock);
    let wrong = all.set(Opt::<Duration>::new("linger"), SOON).unwrap_err();
    assert!(wrong.to_string().contains("not to a context"), "{wrong}");
    all.set_str("recv-timeout", "1ms").unwrap();
    assert_eq!(all.recv().unwrap_err().kind(), ErrorKind::TimedOut);
}

/// A SUB with room for ten messages, after so many were published and the last was looked at.
fn flooded(prefer_new: bool) -> Vec<String> {
    let runtime = runtime();
    let publisher = runtime.open("pub").unwrap();
    let sub = runtime
        .open_with("sub", |options| {
            options.set(RECV_BUFFER_MESSAGES, 10)?;
            options.set(PREFER_NEW, prefer_new)?;
            options.set(SUBSCRIBE, b"m".to_vec())
        })
        .unwrap();
    let witness = sub.context().unwrap();
    witness.set_str("subscribe", "end").unwrap();
    connect(&publisher, &sub);
    for n in 0..100 {
        publisher.send(format!("m{n}")).unwrap();
    }
    publisher.send("end").unwrap();
    assert_eq!(witness.recv_timeout(SOON).unwrap().body(), b"end");
    assert_eq!(sub.stats().dropped().total(), 90);
    (0..10).map(|_| received(&sub)).collect()
}

#[test]
fn a_full_queue_keeps_the_newest_or_the_oldest() {
    let numbered = |from: u32| {
        (from..from + 10)
            .map(|n| format!("m{n}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(flooded(true), numbered(90));
    assert_eq!(flooded(false), numbered(0));
}

#[test]
fn with_block_on_both_ends_nothing_is_lost() {
    const MANY: u64 = 50_000;
    let runtime = runtime();
    let publisher = runtime.open("pub").unwrap();
    publisher.set_str("back-pressure", "block").unwrap();
    let subs: Vec<_> = (0..8)
        .map(|_| {
            let sub = runtime.open("sub").unwrap();
            sub.set_str("back-pressure", "block").unwrap();
            sub.set_str("subscribe", "").unwrap();
            connect(&sub, &publisher);
            sub
        })
        .collect();
    publisher.wait_for_peers(8, SOON).unwrap();
    let body = |n: u64| [n.to_be_bytes(); 8].concat();
    std::thread::scope(|threads| {
        threads.spawn(|| {
            for n in 0..MANY {
                publisher.send(body(n)).unwrap();
            }
        });
        for sub in &subs {
            threads.spawn(move || {
                for n in 0..MANY {
                    assert_eq!(sub.recv_timeout(SOON).unwrap().body(), body(n));
                }
            });
        }
    });
    assert_eq!(publisher.stats().dropped().total(), 0);
}

/// SP-PS-009, SP-PS-010: a peer that reads only in the end.
#[test]
fn a_slow_peer_gets_the_newest_if_it_is_to_lose_the_oldest() {
    const MANY: u32 = 3_000;
    let runtime = runtime();
    let publisher = runtime.open("pub").unwrap();
    publisher.set_str("back-pressure", "drop-oldest").unwrap();
    let sub = runtime.open("sub").unwrap();
    sub.set_str("back-pressure", "block").unwrap();
    sub.set_str("subscribe", "").unwrap();
    connect(&publisher, &sub);
    for n in 1..=MANY {
        let body = [&n.to_be_bytes()[..], &[7; 10_000]].concat();
        publisher.send(body).unwrap();
    }
    assert!(publisher.stats().dropped().of(DropReason::QueueFull) > 0);
    let (mut last, mut count) = (0, 0);
    while last < MANY {
        let message = sub.recv_timeout(SOON).unwrap();
        let number = message.body().first_chunk().map(|n| u32::from_be_bytes(*n));
        assert!(number > Some(last), "{number:?} after {last}");
        last = number.unwrap();
        count += 1;
    }
    let dropped = publisher.stats().dropped().of(DropReason::QueueFull);
    assert_eq!(count + dropped, u64::from(MANY));
}

#[test]
fn a_device_of_raw_sockets_forwards_everything() {
    let runtime = runtime();
    let [publisher, xsub, xpub, sub] =
        ["pub", "xsub", "xpub", "sub"].map(|name| runtime.open(name).unwrap());
    connect(&publisher, &xsub);
    connect(&xpub, &sub);
    sub.set_str("subscribe", "").unwrap();
    for body in ["a1", "", "b2"] {
        publisher.send(body).unwrap();
        let message = xsub.recv_timeout(SOON).unwrap();
        assert!(message.header_words().is_empty());
        xpub.send(message).unwrap();
        assert_eq!(received(&sub), body);
    }
}

/// SP-PS-009, SP-PS-010: one peer never reads while there is something to lose, the other reads all the time.
#[test]
fn a_peer_that_does_not_read_costs_the_others_nothing() {
    const MANY: u32 = 3_000;
    const SIZE: usize = 10_000;
    let runtime = runtime();
    let (publisher, sub) = (runtime.open("pub").unwrap(), runtime.open("sub").unwrap());
    sub.set_str("subscribe", "").unwrap();
    connect(&publisher, &sub);
    let listener = publisher.listen("tcp://127.0.0.1:0").unwrap();
    let port = listener.local_addr().to_string();
    let mut deaf = TcpStream::connect(port.trim_start_matches("tcp://")).unwrap();
    deaf.write_all(b"\0SP\0\0\x21\0\0").unwrap();
    publisher.wait_for_peers(2, SOON).unwrap();

    let body = |n: u32| [&n.to_be_bytes()[..], &[7; SIZE - 4]].concat();
    let reading = std::thread::spawn(move || {
        let mut last = None;
        while last != Some(MANY) {
            let message = match sub.recv_timeout(SOON) {
                Ok(message) => message,
                Err(error) => panic!("{error} after {last:?}; {sub:#?}"),
            };
            let number = message.body().first_chunk().map(|n| u32::from_be_bytes(*n));
            assert!(number > last, "{number:?} after {last:?}");
            last = number;
        }
    });
    for n in 0..MANY {
        publisher.send(body(n)).unwrap();
    }
    while !reading.is_finished() {
        // The last one until it comes: anything before may have been lost.
        publisher.send(body(MANY)).unwrap();
        std::thread::yield_now();
    }
    assert!(reading.join().is_ok(), "{publisher:#?}");
    assert!(publisher.stats().dropped().of(DropReason::QueueFull) > 0);

    // What was taken for the deaf one is whole and in order.
    let closing = std::thread::spawn(move || publisher.close_with(SOON).complete);
    let mut stream = Vec::new();
    deaf.read_to_end(&mut stream).unwrap();
    drop(deaf);
    assert!(closing.join().unwrap());
    let (header, mut frames) = stream.split_at(8);
    assert_eq!(header, b"\0SP\0\0\x20\0\0");
    let mut last = None;
    while !frames.is_empty() {
        let (frame, rest) = frames.split_at(8 + SIZE);
        assert_eq!(frame[..8], (SIZE as u64).to_be_bytes());
        let number = frame[8..].first_chunk().map(|n| u32::from_be_bytes(*n));
        assert!(number >= last, "{number:?} after {last:?}");
        (last, frames) = (number, rest);
    }
}
