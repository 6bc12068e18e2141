//! What a REQ sends, to whom and how often, and which replies it takes.

use std::time::{Duration, Instant};

use spkit_api::Value;

use super::Row;
use crate::{
    driver::Fixture,
    pace::Deadline,
    scene::{Running, Scene, fresh_body, tagged},
    tester::{Peer, codec},
    transcript::hex,
    verdict::{During, Outcome, Trouble, ensure},
};

pub(crate) static ROWS: &[Row] = &[
    Row::new("requests.ids", &[Fixture::REQ], ids).both(&["SP-RR-003", "SP-RR-004", "SP-RR-005"]),
    Row::new("requests.in-turn", &[Fixture::REQ], in_turn).both(&[
        "SP-RR-006",
        "SP-RR-007",
        "SP-RR-008",
        "SP-RR-054",
    ]),
    Row::new("requests.without-a-peer", &[Fixture::REQ], without_a_peer).both(&["SP-RR-009"]),
    Row::new("requests.resent", &[Fixture::REQ], resent)
        .both(&["SP-RR-010", "SP-RR-011", "SP-RR-012"])
        .note("an interval of 300 ms, and three copies"),
    Row::new("requests.elsewhere", &[Fixture::REQ], elsewhere).both(&["SP-RR-013"]),
    Row::new("requests.foreign-replies", &[Fixture::REQ], foreign_replies).both(&[
        "SP-RR-014",
        "SP-RR-015",
        "SP-RR-016",
        "H-39",
        "H-40",
        "H-43",
    ]),
    Row::new("requests.second-reply", &[Fixture::REQ], second_reply).both(&["SP-RR-018", "H-41"]),
    Row::new("requests.new-cancels-old", &[Fixture::REQ], new_cancels_old)
        .both(&["SP-RR-019", "SP-RR-020"]),
    Row::new("requests.answered-by-another", &[Fixture::REQ], by_another)
        .both(&["SP-RR-021", "SP-RR-022"]),
    Row::new("requests.stray-replies", &[Fixture::REQ], stray_replies)
        .both(&["SP-RR-023", "H-42"])
        .heavy(),
];

/// Answers that answer nothing: GV-BT-13, -12, -10, -14, -16, -15, and the shorter stumps.
pub(super) const FOREIGN: [&[u8]; 8] = [
    b"",
    b"\x80",
    b"\x80\0",
    b"\x80\0\0",
    b"\0\0\x01\x2b",
    b"\0\0\x03\x37World",
    b"\0\0\x01\x2b\x80\0\x03\x37World",
    b"\xff\xff\xff\xffWorld",
];

/// An answer to the id next to this one's.
pub(super) fn neighbour(question: &[u8]) -> Vec<u8> {
    let mut answer = [&question[..4], b"World"].concat();
    answer[3] ^= 1;
    answer
}

/// What an application received is this.
pub(super) fn expect_body(received: Option<Vec<u8>>, wanted: &[u8]) -> Outcome {
    ensure(
        received.as_deref() == Some(wanted),
        format!("`{}` to be received", wanted.escape_ascii()),
        || received.map_or_else(|| "nothing".to_owned(), |body| hex(&body)),
    )
}

fn reply(request: &[u8], body: &[u8]) -> Vec<u8> {
    [&request[..4], body].concat()
}

/// A REQ that sends again after this time.
fn impatient(scene: &Scene<'_>, interval: Duration) -> Outcome<Running> {
    let options = [("resend-time", Value::Duration(Some(interval)))];
    scene.listen_with(Fixture::REQ, &options)
}

/// The first message on any of these, and which one it came to.
pub(super) fn first_of(scene: &Scene<'_>, peers: &mut [Peer]) -> Outcome<(usize, Vec<u8>)> {
    let deadline = Deadline::after(scene.pace().expect());
    while !deadline.is_over() {
        for (number, peer) in peers.iter_mut().enumerate() {
            if let Some(frame) = peer.frame_within(Duration::from_millis(1))? {
                return Ok((number, frame));
            }
        }
    }
    Err(Trouble::failed(
        format!("a message to one of {} peers", peers.len()),
        "none",
    ))
}

/// Peers that S is known to have: each of them was asked.
fn repliers<const N: usize>(scene: &Scene<'_>, subject: &Running) -> Outcome<[Peer; N]> {
    let mut peers = Vec::new();
    for _ in 0..N {
        peers.push(scene.connect(subject)?);
    }
    let deadline = Deadline::after(scene.pace().expect());
    let mut asked = [false; N];
    while asked.contains(&false) {
        let body = fresh_body();
        subject.send(scene, body.as_bytes())?;
        let (number, request) = first_of(scene, &mut peers)?;
        peers[number].send_frame(&request)?;
        subject.expect(scene, body.as_bytes())?;
        asked[number] = true;
        ensure(!deadline.is_over(), "every peer to be asked", || {
            format!("{asked:?}")
        })?;
    }
    peers
        .try_into()
        .map_err(|_| Trouble::Kit("a wrong count of peers".to_owned()))
}

/// The ids of three requests in a row.
fn three_ids(scene: &Scene<'_>) -> Outcome<[u32; 3]> {
    let subject = scene.listen(Fixture::REQ)?;
    let mut peer = scene.connect(&subject)?;
    let mut ids = [0; 3];
    for id in &mut ids {
        subject.send(scene, b"Hello")?;
        let request = peer.read_frame()?;
        ensure(
            request.len() == 9 && request[0] & 0x80 != 0,
            "an id with its top bit set, then `Hello`",
            || hex(&request),
        )?;
        *id = request
            .first_chunk()
            .map_or(0, |id| u32::from_be_bytes(*id));
        peer.send_frame(&request)?;
        subject.expect(scene, b"Hello")?;
    }
    Ok(ids)
}

fn ids(scene: &Scene<'_>) -> Outcome {
    let mut firsts = Vec::new();
    for start in 0..8 {
        let ids = three_ids(scene).during(format!("start {start}"))?;
        let follow = |two: &[u32]| two[1] == two[0].wrapping_add(1) | 1 << 31;
        ensure(ids.windows(2).all(follow), "each id one more", || {
            format!("{ids:08x?}")
        })?;
        firsts.push(ids[0]);
    }
    let apart = firsts.iter().max().unwrap_or(&0) - firsts.iter().min().unwrap_or(&0);
    // Eight at random are this near to each other once in 10^31 runs.
    ensure(apart > 1 << 16, "another first id after each start", || {
        format!("{firsts:08x?}")
    })
}

fn in_turn(scene: &Scene<'_>) -> Outcome {
    const ROUNDS: usize = 30;
    let subject = scene.listen(Fixture::REQ)?;
    let mut peers = repliers::<3>(scene, &subject)?;
    let mut counts = [0; 3];
    for round in 0..ROUNDS {
        let body = fresh_body();
        subject.send(scene, body.as_bytes())?;
        let (number, request) = first_of(scene, &mut peers)?;
        peers[number].send_frame(&request)?;
        subject
            .expect(scene, body.as_bytes())
            .during(format!("round {round}"))?;
        counts[number] += 1;
    }
    ensure(
        counts.iter().all(|count| (8..=12).contains(count)),
        format!("{ROUNDS} requests spread over three peers"),
        || format!("{counts:?}"),
    )?;
    // One copy of each, so there is none left.
    let [a, b, c] = &mut peers;
    scene.all_quiet([a, b, c])
}

fn without_a_peer(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::REQ)?;
    std::thread::scope(|threads| {
        let sending = threads.spawn(|| subject.send(scene, b"nobody there"));
        let mut peer = scene.connect(&subject)?;
        let request = peer.read_frame().during("what was sent without a peer")?;
        ensure(
            request.get(4..) == Some(b"nobody there"),
            "the request, for the first peer that comes",
            || hex(&request),
        )?;
        peer.send_frame(&request)?;
        sending
            .join()
            .map_err(|_| Trouble::Kit("sending panicked".to_owned()))??;
        subject.expect(scene, b"nobody there")
    })
}

fn resent(scene: &Scene<'_>) -> Outcome {
    let interval = scene.pace().millis(300);
    let subject = impatient(scene, interval)?;
    let mut peer = scene.connect(&subject)?;
    scene.alive(&mut peer, &subject)?;
    let start = Instant::now();
    subject.send(scene, b"again")?;
    let first = peer.read_frame()?;
    for copy in 1..3 {
        let again = peer.read_frame().during(format!("copy {copy}"))?;
        ensure(
            again == first,
            format!("the same as {}", hex(&first)),
            || hex(&again),
        )?;
        let took = start.elapsed();
        ensure(
            took >= copy * interval,
            format!("copy {copy} after {:?}", copy * interval),
            || format!("it came after {took:?}"),
        )?;
    }
    peer.send_frame(&reply(&first, b"heard"))?;
    subject.expect(scene, b"heard")?;
    // What was under way when the reply came is no new copy.
    peer.drain(interval)?;
    peer.quiet().during("after the reply")
}

fn elsewhere(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::REQ)?;
    let [a, b] = repliers(scene, &subject)?;
    let mut peers = vec![a, b];
    subject.send(scene, b"to whoever lives")?;
    let (number, request) = first_of(scene, &mut peers)?;
    peers.swap_remove(number).close();
    let (_, again) = first_of(scene, &mut peers).during("the asked peer is gone")?;
    ensure(again == request, "the same request", || hex(&again))?;
    peers[0].send_frame(&again)?;
    subject.expect(scene, b"to whoever lives")
}

fn foreign_replies(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::REQ)?;
    let mut guesser = scene.connect(&subject)?;
    guesser
        .send_frame(&tagged(0x8000_0337, b"World"))
        .during("before any request")?;
    subject.receives_nothing(scene)?;
    guesser.close();
    let mut old = b"\x80\0\0\0".to_vec();
    for foreign in FOREIGN {
        let mut peers = repliers::<2>(scene, &subject)?;
        subject.send(scene, b"asked")?;
        let (number, request) = first_of(scene, &mut peers)?;
        let right = reply(&request, b"right");
        let mut clear = reply(&request, b"World");
        clear[0] &= 0x7f;
        for bad in [foreign, &neighbour(&request), &clear, &reply(&old, b"old")] {
            peers[number].offer(&codec::frame(scene.kind(), bad));
        }
        peers[number].offer(&codec::frame(scene.kind(), &right));
        let step = format!("after the reply {}", hex(foreign));
        match subject.recv(scene) {
            // Too short a reply may have ended the connection; then the other peer is asked (D-05).
            None if !peers[number].is_open()? => {
                peers[1 - number].send_frame(&right)?;
                subject.expect(scene, b"right").during(step)?;
            }
            received => expect_body(received, b"right").during(step)?,
        }
        old = request;
    }
    scene.fresh(&subject)
}

fn second_reply(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::REQ)?;
    let mut peer = scene.connect(&subject)?;
    for copies in [1, 999] {
        subject.send(scene, b"asked")?;
        let request = peer.read_frame()?;
        let second = codec::frame(scene.kind(), &reply(&request, b"second"));
        let first = codec::frame(scene.kind(), &reply(&request, b"first"));
        peer.send(&[first, second.repeat(copies)].concat())?;
        // Behind it, all have come.
        subject.expect(scene, b"first")?;
        scene.alive(&mut peer, &subject)?;
        peer.send(&second)?;
        subject
            .receives_nothing(scene)
            .during("the second reply to an old request")?;
    }
    scene.alive(&mut peer, &subject)
}

fn new_cancels_old(scene: &Scene<'_>) -> Outcome {
    let interval = scene.pace().millis(300);
    let subject = impatient(scene, interval)?;
    let mut peer = scene.connect(&subject)?;
    scene.alive(&mut peer, &subject)?;
    subject.send(scene, b"first")?;
    let first = peer.read_frame()?;
    subject.send(scene, b"second")?;
    let mut second = peer.read_frame()?;
    // The first may have been due again before it was cancelled.
    while second == first {
        second = peer.read_frame()?;
    }
    for copy in 1..3 {
        let again = peer.read_frame()?;
        ensure(
            again == second,
            "the second request alone to be resent",
            || format!("copy {copy}: {}", hex(&again)),
        )?;
    }
    peer.send_frame(&reply(&first, b"to the first"))?;
    peer.send_frame(&reply(&second, b"to the second"))?;
    subject.expect(scene, b"to the second")?;
    subject.receives_nothing(scene)
}

fn by_another(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::REQ)?;
    let mut peers = repliers::<2>(scene, &subject)?;
    for body in [&b"from the other"[..], b""] {
        subject.send(scene, b"asked")?;
        let (number, request) = first_of(scene, &mut peers)?;
        peers[1 - number].send_frame(&reply(&request, body))?;
        subject.expect(scene, body)?;
    }
    Ok(())
}

fn stray_replies(scene: &Scene<'_>) -> Outcome {
    let subject = scene.listen(Fixture::REQ)?;
    let mut peers = repliers::<2>(scene, &subject)?;
    subject.send(scene, b"asked")?;
    let (number, request) = first_of(scene, &mut peers)?;
    let mut writer = peers[1 - number].writer()?;
    let stray = codec::frame(scene.kind(), &neighbour(&request));
    std::thread::scope(|threads| {
        let flooding = threads.spawn(move || {
            use std::io::Write as _;
            writer.write_all(&stray.repeat(100_000))
        });
        peers[number].send_frame(&reply(&request, b"right"))?;
        subject
            .expect(scene, b"right")
            .during("beside a flood of strays")?;
        let flooded = flooding
            .join()
            .map_err(|_| Trouble::Kit("flooding panicked".to_owned()))?;
        flooded.map_err(|error| Trouble::failed("the strays to be read", error.to_string()))
    })?;
    // A REQ would go on asking them in turn.
    for mut peer in peers {
        peer.half_close();
        peer.closed()?;
    }
    scene.fresh(&subject)
}
