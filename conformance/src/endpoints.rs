//! The endpoints that have names: who announces which number, and whose peer it is.

/// PAIR version 0.
pub(crate) const PAIR: u16 = 0x0010;
/// PAIR version 1.
pub(crate) const PAIR1: u16 = 0x0011;
/// PUB, the publishing end.
pub(crate) const PUB: u16 = 0x0020;
/// SUB, the subscribing end.
pub(crate) const SUB: u16 = 0x0021;
/// REQ, the asking end.
pub(crate) const REQ: u16 = 0x0030;
/// REP, the answering end.
pub(crate) const REP: u16 = 0x0031;
/// PUSH, the sending end of a pipeline.
pub(crate) const PUSH: u16 = 0x0050;
/// PULL, the receiving end of a pipeline.
pub(crate) const PULL: u16 = 0x0051;
/// SURVEYOR, the asking end of a survey.
pub(crate) const SURVEYOR: u16 = 0x0062;
/// RESPONDENT, the answering end of a survey.
pub(crate) const RESPONDENT: u16 = 0x0063;

/// BUS.
pub(crate) const BUS: u16 = 0x0070;
/// STAR.
pub(crate) const STAR: u16 = 0x0640;

/// A row of the table of endpoints.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// The number it announces.
    pub(crate) id: u16,
    /// The number its peer announces.
    pub(crate) peer: u16,
    /// Its name in texts.
    pub(crate) name: &'static str,
    /// What registrations may call it.
    pub(crate) names: &'static [&'static str],
}

const fn row(id: u16, peer: u16, name: &'static str, names: &'static [&'static str]) -> Known {
    Known {
        id,
        peer,
        name,
        names,
    }
}

/// Every endpoint in use, by number.
pub(crate) static KNOWN: &[Known] = &[
    row(PAIR, PAIR, "PAIR", &["pair", "pair0"]),
    row(PAIR1, PAIR1, "PAIR1", &["pair1", "pair1-poly"]),
    row(PUB, SUB, "PUB", &["pub", "pub0"]),
    row(SUB, PUB, "SUB", &["sub", "sub0"]),
    row(REQ, REP, "REQ", &["req", "req0"]),
    row(REP, REQ, "REP", &["rep", "rep0"]),
    row(PUSH, PULL, "PUSH", &["push", "push0"]),
    row(PULL, PUSH, "PULL", &["pull", "pull0"]),
    row(SURVEYOR, RESPONDENT, "SURVEYOR", &["surveyor", "surveyor0"]),
    row(
        RESPONDENT,
        SURVEYOR,
        "RESPONDENT",
        &["respondent", "respondent0"],
    ),
    row(BUS, BUS, "BUS", &["bus", "bus0"]),
    row(STAR, STAR, "STAR", &["star"]),
];

/// Numbers that belong to nobody, or to nobody any more, and so are no one's peer.
pub(crate) const STRANGERS: [u16; 7] = [0x0000, 0x0040, 0x0060, 0x0061, 0x0080, 0xf000, 0xffff];

/// The row of a number.
pub(crate) fn by_id(id: u16) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.id == id)
}

/// The row of a registered name.
pub(crate) fn by_name(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.names.contains(&name))
}

/// A number as texts show it: `REQ (0x0030)`.
pub(crate) fn show(id: u16) -> String {
    match by_id(id) {
        Some(known) => format!("{} (0x{id:04x})", known.name),
        None => format!("0x{id:04x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_mutual() {
        for known in KNOWN {
            let peer = by_id(known.peer).expect("peer is known");
            assert_eq!(peer.peer, known.id, "{}", known.name);
        }
    }
}
