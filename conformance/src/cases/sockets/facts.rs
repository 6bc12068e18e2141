//! What a transport says of its connections, found out by a protocol of the kit's own.

use spkit_api::{
    ContextId, Cx, Event, Message, PipeFacts, Plugin, Protocol, ProtocolInfo, ProtocolPlugin,
    plugin::Origin,
};

use super::site::Site;
use crate::verdict::{Outcome, Trouble};

/// From the range for local use.
const NUMBER: u16 = 0xf5f5;

static INFO: ProtocolInfo = ProtocolInfo::new("spkit-facts", NUMBER, NUMBER)
    .doc("Tells its application what each new connection is like.");

/// Not announced: only runtimes of the kit know it.
static FACTS: ProtocolPlugin = ProtocolPlugin::new(
    &INFO,
    || Box::new(Facts),
    Origin::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
);

/// For the runtimes of cases between sockets.
pub(super) const PLUGIN: Plugin = Plugin::protocol(&FACTS);

/// What the kit wants to know of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) reliable: bool,
    pub(super) ordered: bool,
    pub(super) max_message: Option<usize>,
}

/// Connects two sockets and asks.
pub(super) fn of(site: &Site) -> Outcome<Known> {
    let (listening, dialing) = (site.open_named(INFO.name())?, site.open_named(INFO.name())?);
    site.connect(&listening, &dialing)?;
    let told = dialing.recv_timeout(site.pace.expect());
    let told = told.map_err(|error| Trouble::kit("the facts of a connection", error))?;
    site.close(&listening);
    site.close(&dialing);
    decode(told.body()).ok_or_else(|| Trouble::Kit("facts that cannot be read".to_owned()))
}

/// Receives nothing and sends nothing: a new pipe is its only news.
#[derive(Debug)]
struct Facts;

impl Protocol for Facts {
    fn info(&self) -> &'static ProtocolInfo {
        &INFO
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        if let Event::PipeAdded(added) = event {
            let mut message = Message::from_body(encode(added.facts));
            message.set_pipe(Some(added.pipe));
            cx.queue(ContextId::SOCKET, message);
        }
    }
}

fn encode(facts: &PipeFacts) -> Vec<u8> {
    let limit = facts.max_message.map_or(u64::MAX, |limit| limit as u64);
    let mut bytes = vec![u8::from(facts.reliable), u8::from(facts.ordered)];
    bytes.extend_from_slice(&limit.to_be_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Option<Known> {
    let [reliable, ordered, limit @ ..] = bytes else {
        return None;
    };
    let limit = u64::from_be_bytes(limit.try_into().ok()?);
    Some(Known {
        reliable: *reliable == 1,
        ordered: *ordered == 1,
        max_message: (limit != u64::MAX).then_some(limit as usize),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_survive_the_way_to_the_application() {
        let mut facts = PipeFacts::new(NUMBER);
        facts.ordered = false;
        let known = decode(&encode(&facts)).unwrap();
        assert_eq!(
            known,
            Known {
                reliable: true,
                ordered: false,
                max_message: None
            }
        );
        facts.max_message = Some(1200);
        assert_eq!(decode(&encode(&facts)).unwrap().max_message, Some(1200));
        assert_eq!(decode(b"short"), None);
    }
}
