//! The scalability protocols as pure state machines: one file each, no I/O, no clock, no threads.
//!
//! Linking this crate registers them all (`use spkit_protocols as _;`); [`PLUGINS`] lists them for registries that are
//! put together by hand.
#![warn(missing_docs)]

mod answering;
mod asking;
mod broadcast;
pub mod bus0;
mod headerless;
mod hops;
#[cfg(test)]
mod hostile;
mod only_peer;
pub mod options;
pub mod pair0;
pub mod pair1;
pub mod pub0;
pub mod pull0;
pub mod push0;
mod ranks;
mod raw_header;
pub mod rep0;
pub mod req0;
pub mod respondent0;
pub mod star;
pub mod sub0;
pub mod surveyor0;

#[cfg(test)]
mod vectors;

use spkit_api::Plugin;

/// Every protocol of this crate.
pub static PLUGINS: &[Plugin] = &[
    Plugin::protocol(&pair0::PAIR0),
    Plugin::protocol(&pub0::PUB0),
    Plugin::protocol(&pub0::XPUB0),
    Plugin::protocol(&sub0::SUB0),
    Plugin::protocol(&sub0::XSUB0),
    Plugin::protocol(&req0::REQ0),
    Plugin::protocol(&rep0::REP0),
    Plugin::protocol(&push0::PUSH0),
    Plugin::protocol(&pull0::PULL0),
    Plugin::protocol(&pair0::XPAIR0),
    Plugin::protocol(&push0::XPUSH0),
    Plugin::protocol(&pull0::XPULL0),
    Plugin::protocol(&bus0::BUS0),
    Plugin::protocol(&bus0::XBUS0),
    Plugin::protocol(&pair1::PAIR1),
    Plugin::protocol(&pair1::XPAIR1),
    Plugin::protocol(&pair1::poly::PAIR1_POLY),
    Plugin::protocol(&star::STAR),
    Plugin::protocol(&star::XSTAR),
    Plugin::protocol(&surveyor0::SURVEYOR0),
    Plugin::protocol(&respondent0::RESPONDENT0),
    Plugin::protocol(&req0::XREQ0),
    Plugin::protocol(&rep0::XREP0),
    Plugin::protocol(&surveyor0::XSURVEYOR0),
    Plugin::protocol(&respondent0::XRESPONDENT0),
];

#[cfg(test)]
mod tests {
    use spkit_api::{ProtocolPlugin, plugin, toolkit::harness::storm};

    use super::*;

    pub(crate) fn protocols() -> Vec<&'static ProtocolPlugin> {
        let all = PLUGINS.iter().map(|plugin| match plugin {
            Plugin::Protocol(protocol) => *protocol,
            other => panic!("not a protocol: {other:?}"),
        });
        all.collect()
    }

    #[test]
    fn every_protocol_is_listed_and_announced() {
        let listed = protocols();
        assert_eq!(plugin::linked().count(), listed.len());
        for protocol in listed {
            let info = protocol.info();
            assert!(std::ptr::eq(info, protocol.build().info()));
            assert!(!info.summary().is_empty());
            assert_eq!(protocol.origin().krate, "spkit-protocols");
        }
    }

    // SP-PID-001, SP-PID-002, SP-PID-009
    #[test]
    fn names_and_numbers_are_the_known_ones() {
        let known = [
            ("pair", 0x10, 0x10),
            ("pub", 0x20, 0x21),
            ("xpub", 0x20, 0x21),
            ("sub", 0x21, 0x20),
            ("xsub", 0x21, 0x20),
            ("req", 0x30, 0x31),
            ("rep", 0x31, 0x30),
            ("push", 0x50, 0x51),
            ("pull", 0x51, 0x50),
            ("xpair", 0x10, 0x10),
            ("xpush", 0x50, 0x51),
            ("xpull", 0x51, 0x50),
            ("bus", 0x70, 0x70),
            ("xbus", 0x70, 0x70),
            ("pair1", 0x11, 0x11),
            ("xpair1", 0x11, 0x11),
            ("pair1-poly", 0x11, 0x11),
            ("star", 0x640, 0x640),
            ("xstar", 0x640, 0x640),
            ("surveyor", 0x62, 0x63),
            ("respondent", 0x63, 0x62),
            ("xreq", 0x30, 0x31),
            ("xrep", 0x31, 0x30),
            ("xsurveyor", 0x62, 0x63),
            ("xrespondent", 0x63, 0x62),
        ];
        let infos = protocols().into_iter().map(ProtocolPlugin::info);
        let ours = infos.map(|info| (info.name(), info.number(), info.peer()));
        assert_eq!(ours.collect::<Vec<_>>(), known);
    }

    #[test]
    fn the_registered_machines_weather_a_storm() {
        for protocol in protocols() {
            storm::lawful(|| protocol.build(), 100, drop);
        }
    }
}
