//! Raw sockets joined to a device, by hand: a question goes through, and its answer finds the way back.

use spkit_api::{Message, ProtocolPlugin};
use spkit_runtime::{Registry, Socket};

use super::{Carrier, Pair, Pattern, on_site, pattern::take_time, site::Site};
use crate::{
    case::Case,
    verdict::{During, Outcome, Trouble, ensure},
};

/// The raw twins of a pair, by name: of the end that asks, and of the end that answers.
type Twins = (&'static str, &'static str);

/// The case of a pair that asks and answers and has raw twins.
pub(super) fn case(registry: &Registry, carrier: Carrier, pair: Pair) -> Option<Case> {
    let requirements = match pair.pattern {
        Pattern::Request => &["SP-DV-002", "SP-DV-003"][..],
        Pattern::Survey => &["SP-DV-012"],
        _ => return None,
    };
    let raw = |id: u16| {
        let raws = registry.protocols().map(ProtocolPlugin::info);
        let mut twins = raws.filter(|info| info.is_raw() && info.number() == id);
        twins.next().map(|info| info.name())
    };
    let twins = raw(pair.a.id).zip(raw(pair.b.id))?;
    Some(on_site(
        carrier,
        format!("exchange.{}-{}.through-a-device", pair.a.name, pair.b.name),
        requirements,
        &[pair.a.name, pair.b.name, twins.0, twins.1],
        move |site| through_a_device(site, pair, twins),
    ))
}

fn through_a_device(site: &Site, pair: Pair, (asking, answering): Twins) -> Outcome {
    let (near, far) = (site.open_named(answering)?, site.open_named(asking)?);
    let address = site.listen(&near)?.local_addr().to_string();
    let clients = [site.open(pair.a)?, site.open(pair.a)?];
    for client in &clients {
        if pair.pattern == Pattern::Survey {
            take_time(site, client)?;
        }
        site.dial(client, &address)?;
    }
    let service = site.open(pair.b)?;
    site.connect(&service, &far)?;
    // A survey goes to those who are there.
    for client in &clients {
        site.await_peers(client, 1)?;
    }
    // Both ask before either is answered, and the last one is answered first.
    let mut ways_back = Vec::new();
    for (client, question) in clients.iter().zip(["first", "second"]) {
        site.send(client, question.as_bytes())?;
        let message = receive(site, &near)?;
        ensure(
            message.header_words().len() == 2 && message.body() == question.as_bytes(),
            "the connection and the id in the header, and the body",
            || format!("{message:?}"),
        )?;
        let header = message.header_words().to_vec();
        forward(site, &far, message)?;
        site.expect(&service, question.as_bytes())?;
        site.send(&service, question.as_bytes())?;
        let answer = receive(site, &far)?;
        ensure(
            answer.header_words() == header,
            format!("an answer with the header {header:08x?}"),
            || format!("{answer:?}"),
        )?;
        ways_back.push(answer);
    }
    for answer in ways_back.into_iter().rev() {
        forward(site, &near, answer)?;
    }
    for (client, question) in clients.iter().zip(["first", "second"]) {
        site.expect(client, question.as_bytes())
            .during("through the device and back")?;
    }
    Ok(())
}

fn receive(site: &Site, socket: &Socket) -> Outcome<Message> {
    let name = socket.protocol().name();
    socket
        .recv_timeout(site.pace.expect())
        .map_err(|error| Trouble::failed(format!("`{name}` to receive"), error.to_string()))
}

fn forward(site: &Site, socket: &Socket, message: Message) -> Outcome {
    let name = socket.protocol().name();
    socket
        .send_timeout(message, site.pace.expect())
        .map_err(|failed| Trouble::failed(format!("`{name}` to forward"), failed.error.to_string()))
}
