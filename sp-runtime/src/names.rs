//! Names of the protocol numbers of sp-protocol-ids-01 and of those in use besides, for messages to people.

pub(crate) fn protocol_name(number: u16) -> &'static str {
    match number {
        0x10 => "PAIR v0",
        0x11 => "PAIR v1",
        0x20 => "PUB",
        0x21 => "SUB",
        0x30 => "REQ",
        0x31 => "REP",
        0x50 => "PUSH",
        0x51 => "PULL",
        0x60 => "SURVEYOR (retired)",
        0x61 => "RESPONDENT (retired)",
        0x62 => "SURVEYOR",
        0x63 => "RESPONDENT",
        0x70 => "BUS",
        0x640 => "STAR",
        0xf000.. => "of the local range",
        _ => "unknown",
    }
}
