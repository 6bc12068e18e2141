//! One connection of the reference endpoint, from its first byte to its last.

use std::{
    io::{self, Read, Write},
    net::Shutdown,
    thread,
    time::Duration,
};

use spkit_api::transport::StreamKind;

use super::{Application, Fault, device, groups, hub::Hub};
use crate::{
    endpoints,
    pace::Deadline,
    tester::{Carrier, codec},
};

/// Runs a connection to its end.
pub(super) fn run(hub: &Hub, mut carrier: Carrier) {
    let Some(id) = hub.enter(&carrier) else {
        return;
    };
    let shaken = shake_hands(hub, &mut carrier);
    match shaken {
        // An error ends the connection, which is all there is to do.
        Ok(true) => {
            let _ended = messages(hub, &mut carrier, id);
        }
        Ok(false) | Err(_) => refuse(hub, &mut carrier, id),
    }
    hub.leave(id);
    let _gone = carrier.shutdown(Shutdown::Both);
}

/// Exchanges headers. False: the peer's is not acceptable.
fn shake_hands(hub: &Hub, carrier: &mut Carrier) -> io::Result<bool> {
    let setup = &hub.setup;
    let waits = setup.has(Fault::HeaderWaits);
    if !waits {
        carrier.write_all(&own_header(hub))?;
    }
    if setup.has(Fault::SendsTooEarly) {
        carrier.write_all(&hub.frame(b"too early"))?;
    }
    let limit = match () {
        () if setup.has(Fault::NoHandshakeLimit) => Duration::from_secs(3600),
        () if setup.has(Fault::Impatient) => Duration::from_millis(50),
        () => setup.handshake,
    };
    let header = read_exactly(carrier, codec::HEADER_LEN, Some(Deadline::after(limit)))?;
    if waits {
        carrier.write_all(&own_header(hub))?;
    }
    let wanted = codec::header(setup.peer);
    let acceptable = header
        .iter()
        .zip(&wanted)
        .enumerate()
        .all(|(at, (have, want))| {
            let ignored = match at {
                4 | 5 => setup.has(Fault::IgnoresId),
                6 | 7 => setup.has(Fault::IgnoresReserved),
                _ => setup.has(Fault::IgnoresByte(at)),
            };
            have == want || ignored
        });
    Ok(acceptable)
}

fn own_header(hub: &Hub) -> Vec<u8> {
    let setup = &hub.setup;
    let wrong = u16::from(setup.has(Fault::WrongId)) * 2;
    let mut header = codec::header(setup.protocol + wrong);
    if setup.has(Fault::WrongMagic) {
        header[1] = b's';
    }
    if setup.has(Fault::ReservedSet) {
        header[7] = 1;
    }
    header
}

/// Ends a connection whose handshake failed.
fn refuse(hub: &Hub, carrier: &mut Carrier, id: u32) {
    hub.handshake_failed();
    if hub.setup.has(Fault::DeliversRefused)
        && let Ok(payload) = read_message(hub, carrier)
    {
        hub.deliver(id, payload);
    }
    let late = match () {
        () if hub.setup.has(Fault::HoldsRefused) => Duration::from_secs(3600),
        () if hub.setup.has(Fault::ClosesLate) => Duration::from_secs(20),
        () => return,
    };
    // Ends early when the endpoint is closed, by the shutdown of the socket.
    let _ended = read_exactly(carrier, 1 << 20, Some(Deadline::after(late)));
}

/// Takes messages until the connection ends.
fn messages(hub: &Hub, carrier: &mut Carrier, id: u32) -> io::Result<()> {
    if !hub.ready(id) {
        return Ok(());
    }
    if hub.setup.has(Fault::SendsKeepAlive) {
        let mut writer = carrier.try_clone()?;
        thread::spawn(move || {
            thread::park_timeout(Duration::from_millis(5));
            let _gone = writer.write_all(&[0]);
        });
    }
    loop {
        let payload = match read_message(hub, carrier) {
            Ok(payload) => payload,
            Err(_) if hub.setup.has(Fault::IgnoresHalfClose) && !hub.is_closed() => {
                thread::park_timeout(Duration::from_secs(3600));
                continue;
            }
            Err(error) => return Err(error),
        };
        if hub.setup.has(Fault::LosesPipelined) {
            lose_what_came_along(carrier)?;
        }
        if payload.is_empty() && hub.setup.has(Fault::DropsEmpty) {
            continue;
        }
        if hub.setup.is_raw() {
            device::take(hub, id, payload);
            continue;
        }
        if groups::drops(hub.setup.protocol) {
            groups::take(hub, id, payload)?;
            continue;
        }
        match hub.setup.application {
            Application::Echo => echo(hub, carrier, id, payload)?,
            Application::Subscriber(topics) => {
                let wants = |topic: &&str| payload.starts_with(topic.as_bytes());
                if topics.iter().any(wants) {
                    hub.deliver(id, payload);
                } else {
                    hub.threw_away(&mut hub.lock());
                }
            }
            Application::Manual if !only_sends(hub.setup.protocol) => hub.deliver(id, payload),
            Application::Manual | Application::Reflect => hub.threw_away(&mut hub.lock()),
        }
    }
}

fn only_sends(protocol: u16) -> bool {
    matches!(protocol, endpoints::PUSH | endpoints::PUB)
}

fn echo(hub: &Hub, carrier: &mut Carrier, id: u32, mut payload: Vec<u8>) -> io::Result<()> {
    let setup = &hub.setup;
    let is_request = |payload: &[u8]| {
        payload
            .chunks_exact(4)
            .take(hub.setup.ttl)
            .any(|tag| tag[0] & 0x80 != 0)
    };
    let asked = matches!(hub.setup.protocol, endpoints::REP | endpoints::RESPONDENT);
    if asked && !is_request(&payload) && !setup.has(Fault::AnswersAnything) {
        hub.threw_away(&mut hub.lock());
        return Ok(());
    }
    let id_of = |payload: &[u8]| payload.first_chunk().map(|tag| u32::from_be_bytes(*tag));
    if asked && setup.has(Fault::ZeroIsNoId) && id_of(&payload) == Some(0x8000_0000) {
        return Ok(());
    }
    if asked && setup.has(Fault::LosesEmptyBodies) && payload.len() == 4 {
        return Ok(());
    }
    if asked && setup.has(Fault::ReadsOn) && id_of(&payload[4..]).is_some_and(|id| id >> 31 == 1) {
        payload.drain(..4);
    }
    if hub.setup.has(Fault::LosesTag) && payload.first().is_some_and(|first| first & 0x80 == 0) {
        payload.drain(..4);
    }
    if hub.setup.has(Fault::WrongBytes)
        && let Some(last) = payload.last_mut()
    {
        *last ^= 1;
    }
    if !asked {
        return carrier.write_all(&hub.frame(&payload));
    }
    let to = |other| match setup.has(Fault::AnswersElsewhere) {
        true => other != id,
        false => other == id,
    };
    for _ in 0..1 + usize::from(setup.has(Fault::AnswersTwice)) {
        hub.post_all(&payload, to);
    }
    Ok(())
}

fn read_message(hub: &Hub, carrier: &mut Carrier) -> io::Result<Vec<u8>> {
    let setup = &hub.setup;
    let refused = || io::Error::other("refused");
    if setup.kind == StreamKind::Ipc {
        let kind = read_exactly(carrier, 1, None)?;
        if kind != [1] && !setup.has(Fault::IgnoresType) {
            return Err(refused());
        }
    }
    let size = read_exactly(carrier, 8, None)?;
    let size = size.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    let header = if setup.has(Fault::LimitCountsBody) {
        4
    } else {
        0
    };
    let limit = setup.recv_max + header - u64::from(setup.has(Fault::LimitTooLow));
    let too_long = size > limit && !setup.has(Fault::NoLimit);
    if too_long && !setup.has(Fault::WaitsForBody) {
        return Err(refused());
    }
    let body = read_body(carrier, size, setup.has(Fault::DeliversTruncated))?;
    if too_long { Err(refused()) } else { Ok(body) }
}

/// Reads a body without believing its size: room is made for what has come.
fn read_body(carrier: &mut Carrier, size: u64, or_less: bool) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    // Blocks for as long as it takes; the close of the endpoint ends it.
    carrier.set_read_timeout(Duration::from_secs(3600))?;
    carrier.take(size).read_to_end(&mut body)?;
    let complete = body.len() as u64 == size;
    if complete || (or_less && !body.is_empty()) {
        Ok(body)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

fn read_exactly(carrier: &mut Carrier, len: usize, by: Option<Deadline>) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    let mut have = 0;
    while have < len {
        let left = match by {
            Some(deadline) => deadline.left().ok_or(io::ErrorKind::TimedOut)?,
            None => Duration::from_secs(3600),
        };
        carrier.set_read_timeout(left)?;
        match carrier.read(&mut bytes[have..]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => have += n,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

fn lose_what_came_along(carrier: &mut Carrier) -> io::Result<()> {
    carrier.set_read_timeout(Duration::from_millis(1))?;
    match carrier.read(&mut [0; 64 << 10]) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
        Err(error) => Err(error),
    }
}
