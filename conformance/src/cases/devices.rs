//! Devices: two raw endpoints joined, with the tester at both sides.

use std::collections::BTreeSet;

use spkit_api::{Value, options};

use super::{
    Row,
    answers::{questions_without_id, stack},
};
use crate::{
    driver::Fixture,
    endpoints::{BUS, PAIR, PAIR1, PUB, PULL, PUSH, REP, REQ, RESPONDENT, SUB, SURVEYOR},
    pace::Deadline,
    scene::{Running, Scene, fresh_body, request, tagged},
    tester::{Peer, codec},
    transcript::hex,
    verdict::{During, Outcome, ensure},
};

/// The sides of a device, those who ask or send first.
type Sides = [Fixture; 2];

const XREP: Fixture = Fixture::raw("xrep", REP);
const XREQ: Fixture = Fixture::raw("xreq", REQ);
const XRESP: Fixture = Fixture::raw("xrespondent", RESPONDENT);
const XSURV: Fixture = Fixture::raw("xsurveyor", SURVEYOR);

const REQUESTS: Sides = [XREP, XREQ];
const SURVEYS: Sides = [XRESP, XSURV];
const PUBLISH: Sides = [Fixture::raw("xsub", SUB), Fixture::raw("xpub", PUB)];
const PIPELINE: Sides = [Fixture::raw("xpull", PULL), Fixture::raw("xpush", PUSH)];
const PAIRS: Sides = [Fixture::raw("xpair", PAIR), Fixture::raw("xpair", PAIR)];
const PAIR1S: Sides = [Fixture::raw("xpair1", PAIR1), Fixture::raw("xpair1", PAIR1)];
const BUSES: Sides = [Fixture::raw("xbus", BUS), Fixture::raw("xbus", BUS)];

pub(crate) static ROWS: &[Row] = &[
    Row::new("device-requests.there-and-back", &REQUESTS, |scene| {
        there_and_back(scene, REQUESTS)
    })
    .both(&[
        "SP-DV-002",
        "SP-DV-003",
        "SP-DV-006",
        "SP-RR-051",
        "SP-RR-052",
        "SP-RR-024",
    ]),
    Row::new("device-surveys.there-and-back", &SURVEYS, |scene| {
        there_and_back(scene, SURVEYS)
    })
    .both(&["SP-DV-012", "SP-SV-019"]),
    Row::new("device-requests.channels", &REQUESTS, |scene| {
        channels(scene, REQUESTS)
    })
    .both(&["SP-RR-050", "SP-DV-009", "SP-DV-011"]),
    Row::new("device-surveys.channels", &SURVEYS, |scene| {
        channels(scene, SURVEYS)
    })
    .both(&["SP-SV-019"]),
    Row::new("device-requests.lost-ways-back", &REQUESTS, |scene| {
        lost_ways_back(scene, REQUESTS)
    })
    .both(&[
        "SP-DV-004",
        "SP-DV-005",
        "SP-DV-010",
        "SP-DV-011",
        "SP-DV-017",
        "SP-RR-052",
        "H-48",
    ]),
    Row::new("device-surveys.lost-ways-back", &SURVEYS, |scene| {
        lost_ways_back(scene, SURVEYS)
    })
    .both(&["SP-DV-012", "H-48"]),
    Row::new("device-requests.not-passed", &REQUESTS, |scene| {
        not_passed(scene, REQUESTS)
    })
    .both(&["SP-DV-007", "SP-DV-008"]),
    Row::new("device-surveys.not-passed", &SURVEYS, |scene| {
        not_passed(scene, SURVEYS)
    })
    .both(&["SP-SV-018", "SP-DV-012"]),
    Row::new("device-requests.circle", &REQUESTS, |scene| {
        circle(scene, REQUESTS)
    })
    .both(&["SP-RR-053"])
    .note("the tester closes the circle: what leaves the device enters it again"),
    Row::new("device-surveys.circle", &SURVEYS, |scene| {
        circle(scene, SURVEYS)
    })
    .both(&["SP-SV-020"])
    .note("the tester closes the circle: what leaves the device enters it again"),
    Row::new("device-requests.two-in-a-row", &REQUESTS, two_in_a_row)
        .both(&["SP-DV-018"])
        .note("the tester carries messages from the first device to the second"),
    Row::new("device-requests.in-any-order", &REQUESTS, in_any_order).both(&["SP-DV-019"]),
    Row::new("device-surveys.to-all", &SURVEYS, to_all).both(&["SP-DV-012"]),
    Row::new("device-publish.unchanged", &PUBLISH, |scene| {
        unchanged(scene, PUBLISH)
    })
    .both(&["SP-DV-013"]),
    Row::new("device-pipeline.unchanged", &PIPELINE, |scene| {
        unchanged(scene, PIPELINE)
    })
    .both(&["SP-DV-014"]),
    Row::new("device-pair.unchanged", &PAIRS, |scene| {
        unchanged(scene, PAIRS)?;
        unchanged(scene, [PAIRS[1], PAIRS[0]])
    })
    .both(&["SP-P0-010"]),
    Row::new("device-bus.unchanged", &BUSES, |scene| {
        unchanged(scene, BUSES)
    })
    .both(&["SP-DV-016"]),
    Row::new("device-pair1.one-more-hop", &PAIR1S, one_more_hop).both(&["SP-P1-007", "SP-DV-015"]),
];

/// A device with a peer at either side that it knows: a message got through.
struct Scenery {
    near: Running,
    far: Running,
    front: Peer,
    back: Peer,
}

fn set_up(scene: &Scene<'_>, sides: Sides) -> Outcome<Scenery> {
    let [near, far] = scene.device(sides, &[])?;
    let mut back = scene.connect(&far)?;
    let mut front = scene.connect(&near)?;
    pass(scene, &mut front, &mut back)?;
    Ok(Scenery {
        near,
        far,
        front,
        back,
    })
}

/// Has questions go through until one does: who asks everybody passes over who is not there yet. Returns the last one
/// as it came out, so that nothing is left in the device.
fn pass(scene: &Scene<'_>, front: &mut Peer, back: &mut Peer) -> Outcome<Vec<u8>> {
    let deadline = Deadline::after(scene.pace().expect());
    loop {
        let asked = request(fresh_body().as_bytes());
        front.send_frame(&asked)?;
        if back.hears(scene.pace().millis(50))? {
            loop {
                let passed = back.read_frame()?;
                if passed.ends_with(&asked) {
                    return come_out(&asked, passed);
                }
            }
        }
        ensure(!deadline.is_over(), "a message to pass the device", || {
            "none did".to_owned()
        })?;
    }
}

/// What went in came out with one tag in front, whose top bit is clear.
fn come_out(inward: &[u8], outward: Vec<u8>) -> Outcome<Vec<u8>> {
    let right =
        outward.len() == inward.len() + 4 && outward[0] & 0x80 == 0 && outward[4..] == *inward;
    ensure(
        right,
        format!("a tag with its top bit clear, then {}", hex(inward)),
        || hex(&outward),
    )?;
    Ok(outward)
}

/// Sends a question in at the front, and reads it at the back.
fn through(front: &mut Peer, back: &mut Peer, question: &[u8]) -> Outcome<Vec<u8>> {
    front.send_frame(question)?;
    let passed = back.read_frame().during("at the other side")?;
    come_out(question, passed)
}

/// GV-BT-01, -02, -05, -06: a tag more on the way there, a tag less on the way back, whatever is below it.
fn there_and_back(scene: &Scene<'_>, sides: Sides) -> Outcome {
    let mut at = set_up(scene, sides)?;
    for question in [
        request(b"Hello"),
        request(b""),
        stack(2, b"Hello"),
        stack(8, b"x"),
        request(b"\x80\0\0\x01\0\0\0\x01"),
    ] {
        let mut passed = through(&mut at.front, &mut at.back, &question)?;
        passed.extend_from_slice(b", answered");
        at.back.send_frame(&passed)?;
        let answer = [&question[..], b", answered"].concat();
        at.front.expect_frame(&answer).during("the way back")?;
    }
    Ok(())
}

fn tag_of(passed: &[u8]) -> u32 {
    passed
        .first_chunk()
        .map_or(0, |tag| u32::from_be_bytes(*tag))
}

/// A number for each connection, the next one more; by it two that ask by one id are told apart. Another device starts
/// from another number.
fn channels(scene: &Scene<'_>, sides: Sides) -> Outcome {
    let mut firsts = BTreeSet::new();
    for _ in 0..3 {
        let mut at = set_up(scene, sides)?;
        let mut second = scene.connect(&at.near)?;
        let of_first = through(&mut at.front, &mut at.back, &request(b"first"))?;
        let of_second = through(&mut second, &mut at.back, &request(b"second"))?;
        let next = tag_of(&of_first).wrapping_add(1) & 0x7fff_ffff;
        ensure(
            tag_of(&of_second) == next,
            format!("the second connection to have the number {next:08x}"),
            || format!("{:08x}", tag_of(&of_second)),
        )?;
        firsts.insert(tag_of(&of_first));
        // The last one first.
        at.back.send_frame(&of_second)?;
        at.back.send_frame(&of_first)?;
        at.front.expect_frame(&request(b"first"))?;
        second.expect_frame(&request(b"second"))?;
        second.close();
        let mut third = scene.connect(&at.near)?;
        let of_third = through(&mut third, &mut at.back, &request(b"third"))?;
        ensure(
            tag_of(&of_third) != tag_of(&of_second),
            "a new number for who comes again",
            || format!("{:08x} twice", tag_of(&of_third)),
        )?;
    }
    ensure(firsts.len() > 1, "another first number each time", || {
        format!("{firsts:08x?}")
    })
}

/// Answers to nobody are dropped, and the next one gets through.
fn lost_ways_back(scene: &Scene<'_>, sides: Sides) -> Outcome {
    let mut at = set_up(scene, sides)?;
    let question = request(b"still there?");
    let mut gone = scene.connect(&at.near)?;
    let to_gone = through(&mut gone, &mut at.back, &request(b"gone by then"))?;
    gone.half_close();
    gone.closed().during("it has shut down its sending side")?;
    let passed = through(&mut at.front, &mut at.back, &question)?;
    let tag = tag_of(&passed);
    for lost in [
        to_gone,
        tagged(tag ^ 0x4000_0000, &question),
        // No channel, and no id behind it.
        request(b"World"),
        Vec::new(),
        vec![0; 3],
    ] {
        // It may end the connection that it comes from (D-05): so each has its own.
        let mut bad = scene.connect(&at.far)?;
        bad.offer(&codec::frame(scene.kind(), &lost));
        bad.half_close();
        bad.closed()
            .during(format!("after the answer {}", hex(&lost)))?;
    }
    // These two a hop may look into or not: what comes through has lost its first tag (D-30).
    for deep in [
        [tagged(tag, &[0, 0, 0, 1].repeat(17)), request(b"")].concat(),
        tagged(tag, &[0, 0, 0, 1]),
    ] {
        let mut bad = scene.connect(&at.far)?;
        bad.offer(&codec::frame(scene.kind(), &deep));
        bad.half_close();
        bad.closed().during("after an odd answer")?;
        if let Some(came) = at.front.frame_within(scene.pace().millis(100))? {
            ensure(came == deep[4..], "what follows the channel", || hex(&came))?;
        }
    }
    at.back.send_frame(&passed)?;
    at.front
        .expect_frame(&question)
        .during("the answer that has somewhere to go")?;
    at.front.quiet().during("the others are dropped")
}

/// Too many tags, or no id: at the other side nothing comes before the next good one.
fn not_passed(scene: &Scene<'_>, sides: Sides) -> Outcome {
    let mut at = set_up(scene, sides)?;
    let too_deep = [9, 10, 16, 17].map(|tags| stack(tags, b"x"));
    for bad in questions_without_id().into_iter().chain(too_deep) {
        let mut front = scene.connect(&at.near)?;
        front.offer(&codec::frame(scene.kind(), &bad));
        front.half_close();
        front
            .closed()
            .during(format!("after {} bytes", bad.len()))?;
    }
    through(&mut at.front, &mut at.back, &stack(8, b"passes"))
        .during("the first to pass is a good one")
        .map(drop)?;
    // With a limit of its own.
    let options = [(options::TTL.name(), Value::Int(1))];
    let [near, far] = scene.device(sides, &options)?;
    let (mut front, mut back) = (scene.connect(&near)?, scene.connect(&far)?);
    pass(scene, &mut front, &mut back)?;
    front.send_frame(&stack(2, b"one too many"))?;
    through(&mut front, &mut back, &request(b"just right")).map(drop)
}

fn circle(scene: &Scene<'_>, sides: Sides) -> Outcome {
    let mut at = set_up(scene, sides)?;
    let mut question = request(b"round and round");
    for _ in 0..8 {
        question = through(&mut at.front, &mut at.back, &question)?;
    }
    at.front.send_frame(&question)?;
    at.back.quiet().during("after eight rounds")
}

/// The figure of sp-request-reply-01 §3.
fn two_in_a_row(scene: &Scene<'_>) -> Outcome {
    let (mut first, mut second) = (set_up(scene, REQUESTS)?, set_up(scene, REQUESTS)?);
    let asked = request(b"Hello");
    let between = through(&mut first.front, &mut first.back, &asked)?;
    let at_service = through(&mut second.front, &mut second.back, &between)?;
    let answer = |tags: &[u8]| [&tags[..tags.len() - 5], b"World"].concat();
    second.back.send_frame(&answer(&at_service))?;
    second.front.expect_frame(&answer(&between))?;
    first.back.send_frame(&answer(&between))?;
    first.front.expect_frame(&answer(&asked))
}

/// A device remembers nothing: answers come back in another order, or not at all.
fn in_any_order(scene: &Scene<'_>) -> Outcome {
    const COUNT: u32 = 100;
    let mut at = set_up(scene, REQUESTS)?;
    let question = |n: u32| tagged(0x8000_0000 | n, &n.to_be_bytes());
    let mut passed = Vec::new();
    for number in 0..COUNT {
        passed.push(through(&mut at.front, &mut at.back, &question(number))?);
    }
    // 37 has no common divisor with 100: each once, and every fourth never.
    let order = (0..COUNT).map(|n| n * 37 % COUNT).filter(|n| n % 4 != 3);
    for number in order.clone() {
        at.back.send_frame(&passed[number as usize])?;
    }
    for number in order {
        at.front.expect_frame(&question(number))?;
    }
    at.front.quiet().during("those that nobody answered")
}

/// Two respondents get the survey, and both answers reach who asked.
fn to_all(scene: &Scene<'_>) -> Outcome {
    let mut at = set_up(scene, SURVEYS)?;
    let mut other = scene.connect(&at.far)?;
    pass(scene, &mut at.front, &mut other)?;
    at.back.drain(scene.pace().millis(100))?;
    other.drain(scene.pace().millis(1))?;
    let survey = request(b"who is there?");
    let passed = through(&mut at.front, &mut at.back, &survey)?;
    other
        .expect_frame(&passed)
        .during("the second respondent")?;
    at.back.send_frame(&passed)?;
    at.front.expect_frame(&survey)?;
    other.send_frame(&passed)?;
    at.front.expect_frame(&survey).during("the second answer")
}

fn unchanged(scene: &Scene<'_>, sides: Sides) -> Outcome {
    let [near, far] = scene.device(sides, &[])?;
    let (mut front, mut back) = (scene.connect(&near)?, scene.connect(&far)?);
    // Until it is known that both count: a PUB drops what nobody is there for.
    let begin = fresh_body();
    for _ in 0..100 {
        front.send_frame(begin.as_bytes())?;
        if back.hears(scene.pace().millis(20))? {
            break;
        }
    }
    front.send_frame(b"end")?;
    while back.read_frame()? != b"end" {}
    for body in [&b"through a device"[..], b"", b"\x80\0\x03\x37Hello"] {
        front.send_frame(body)?;
        back.expect_frame(body)?;
    }
    scene
        .all_quiet([&mut front, &mut back])
        .during("one copy of each")
}

/// GV-P1-06; and what has more hops than the TTL does not get through.
fn one_more_hop(scene: &Scene<'_>) -> Outcome {
    let [near, far] = scene.device(PAIR1S, &[])?;
    let (mut front, mut back) = (scene.connect(&near)?, scene.connect(&far)?);
    front.send_frame(&tagged(1, b"hello"))?;
    back.expect_frame(&tagged(2, b"hello"))?;
    back.send_frame(&tagged(1, b"world"))?;
    front.expect_frame(&tagged(2, b"world"))?;
    front.send_frame(&tagged(9, b"dropped"))?;
    front.send_frame(&tagged(8, b"the last one"))?;
    back.expect_frame(&tagged(9, b"the last one"))
}
