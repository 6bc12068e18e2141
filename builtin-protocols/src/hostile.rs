//! Bad input against every machine of this crate: counted, reported, fatal neither to the socket nor to other peers.

use spkit_api::{
    ContextId, DropReason, ErrorKind, Message, PipeId, Protocol, ProtocolPlugin, Value,
    options::TTL,
    toolkit::harness::{Harness, Outcome},
};

use crate::{
    bus0, options::SUBSCRIBE, pair0, pair1, pull0, rep0, req0, respondent0, star, sub0, surveyor0,
    tests::protocols, vectors::golden,
};

const SOCKET: ContextId = ContextId::SOCKET;

type Machine = Harness<Box<dyn Protocol>>;

fn machine(plugin: &ProtocolPlugin) -> Machine {
    let mut machine = Harness::new(plugin.build());
    if plugin.info().number() == sub0::NUMBER && !plugin.info().is_raw() {
        machine.set_option(SOCKET, SUBSCRIBE, b"sub".to_vec());
    }
    machine
}

/// What peers send who know no rules: as a stream brings it, and with a header of its own as from within the process.
fn hostile() -> impl Iterator<Item = Message> {
    let tags = |count: u32, id: u32| (1..count).chain([id]);
    let stream = |words: Vec<u32>| words.into_iter().flat_map(u32::to_be_bytes).collect();
    let mut payloads: Vec<Vec<u8>> = vec![
        // H-49, H-50, H-53
        stream(vec![0]),
        stream(vec![1]),
        stream(vec![7]),
        stream(vec![9]),
        stream(vec![255]),
        stream(vec![256]),
        stream(vec![0x0100_0001]),
        // H-40: foreign ids
        stream(vec![0x8000_0000]),
        stream(vec![u32::MAX]),
        stream(vec![0x7fff_ffff]),
        // H-36, H-38: backtraces as long as may be, and longer
        stream(tags(16, 0x8000_0337).collect()),
        stream(tags(17, 0x8000_0337).collect()),
        stream(tags(255, 0x8000_0337).collect()),
        stream(tags(256, 0x8000_0337).collect()),
        // H-37
        vec![0; 1_000_000],
    ];
    // H-33..35, H-39
    payloads.extend((0..8).map(|len| vec![0x80; len]));
    payloads.extend((0..8).map(|len| vec![0; len]));
    for name in ["GV-BT-10", "GV-BT-11", "GV-BT-12", "GV-BT-13", "GV-BT-14"] {
        payloads.push(golden(name));
    }
    let from_within = [&[][..], &[0], &[0x8000_0337], &[1, 2, 3], &[7; 300]].map(|header| {
        let mut message = Message::from("x");
        header.iter().for_each(|word| message.push_back(*word));
        message
    });
    payloads.into_iter().map(Message::from).chain(from_within)
}

/// A payload that the machine takes from a good peer, to be received as `good`.
fn good(machine: &mut Machine, peer: PipeId) -> Vec<u8> {
    let info = machine.protocol().info();
    let header = match info.number() {
        req0::NUMBER | surveyor0::NUMBER if !info.is_raw() => {
            assert!(machine.send(SOCKET, "question").is_done());
            let asked = machine.sent(peer).pop().expect("the question");
            asked[..4].to_vec()
        }
        req0::NUMBER | surveyor0::NUMBER | rep0::NUMBER | respondent0::NUMBER => {
            vec![0x80, 0, 0, 1]
        }
        pair1::NUMBER => vec![0, 0, 0, 1],
        star::NUMBER => vec![0, 0, 0, 0],
        bus0::NUMBER | pair0::NUMBER | pull0::NUMBER => vec![],
        sub0::NUMBER => b"sub".to_vec(),
        other => panic!("what does {other:#x} receive?"),
    };
    [&header[..], b"good"].concat()
}

/// The machine does for this peer what it is there for.
#[track_caller]
fn serves(machine: &mut Machine, peer: PipeId) {
    let info = machine.protocol().info();
    if !info.can_recv() {
        machine.sent(peer);
        assert!(machine.send(SOCKET, "good").is_done());
        assert_eq!(machine.sent(peer), ["good"], "`{}`", info.name());
        return;
    }
    let payload = good(machine, peer);
    machine.receive(peer, payload);
    while let Outcome::Done(Some(message)) = machine.recv(SOCKET) {
        if message.body().ends_with(b"good") {
            return;
        }
    }
    panic!("`{}` serves no more", info.name());
}

fn accounted(machine: &Machine) -> usize {
    let dropped = DropReason::ALL.iter().map(|why| machine.dropped(*why));
    dropped.sum::<usize>() + machine.held()
}

#[test]
fn whatever_a_peer_sends_is_accounted_for_and_others_are_served() {
    for plugin in protocols() {
        let name = plugin.info().name();
        let mut machine = machine(plugin);
        let good = machine.add_pipe();
        let is_lone = {
            let second = machine.add_pipe();
            let is_lone = !machine.pipes().contains(&second);
            machine.remove_pipe(second);
            is_lone
        };
        if is_lone {
            machine.remove_pipe(good);
        }
        for message in hostile() {
            let hostile = machine.add_pipe();
            machine.receive_batch(hostile, [message.clone(), message.clone()]);
            assert_eq!(
                accounted(&machine),
                machine.received(),
                "`{name}`: {message:?}"
            );
            machine.remove_pipe(hostile);
        }
        let good = if is_lone { machine.add_pipe() } else { good };
        serves(&mut machine, good);
    }
}

/// H-51: a peer more than a pair takes is closed before anything it sends is looked at.
#[test]
fn nobody_is_closed_but_for_a_pairs_sake() {
    for plugin in protocols() {
        let closes = plugin.info().number() == pair1::NUMBER;
        for message in hostile() {
            let mut machine = machine(plugin);
            let hostile = machine.add_pipe();
            machine.receive(hostile, message.clone());
            let stays = machine.pipes() == [hostile];
            assert!(stays || closes, "{message:?} closed a peer of {plugin:?}");
        }
    }
}

// SP-RR-045, SP-P1-005, SP-ST-002
#[test]
fn a_ttl_is_1_to_255_wherever_there_is_one() {
    let mut with = Vec::new();
    for plugin in protocols() {
        let rows = plugin.info().options();
        let Some(row) = rows.iter().find(|row| row.name() == TTL.name()) else {
            continue;
        };
        for wrong in [-1, 0, 256, i64::MAX] {
            let error = row.check(&Value::Int(wrong)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::OptionInvalid);
            let text = error.to_string();
            assert!(text.contains("ttl") && text.contains("1 to 255"), "{text}");
        }
        for right in [1, 255] {
            machine(plugin).set_option(SOCKET, TTL, right);
        }
        with.push(plugin.info().name());
    }
    let expected = [
        "rep",
        "pair1",
        "xpair1",
        "pair1-poly",
        "star",
        "xstar",
        "respondent",
        "xrep",
        "xrespondent",
    ];
    assert_eq!(with, expected);
}
