//! The hop count of PAIR v1 and STAR: one word in front of the body, its upper 24 bits zero.

use spkit_api::{Error, Message, OptSpec, option::OptionType, options::TTL, protocol::OptionSet};

use crate::raw_header;

/// The TTL unless the option says otherwise.
pub(crate) const DEFAULT_TTL: u8 = 8;

/// The row of the TTL option.
pub(crate) const fn ttl_row(doc: &'static str) -> OptSpec {
    OptSpec::int(TTL, DEFAULT_TTL as i64, doc).range(1, 255)
}

/// The TTL that this sets, if it sets one.
pub(crate) fn ttl_of(set: &OptionSet<'_>) -> Option<u8> {
    let value = (set.name == TTL.name()).then_some(set.value)?;
    let ttl = u8::try_from(i64::from_value(value)?).ok()?;
    Some(ttl.max(1))
}

/// Takes the count off a received payload. `None`: the payload is too short, or the count is above 255.
pub(crate) fn pull(message: &mut Message) -> Option<u8> {
    u8::try_from(message.pull_word()?).ok()
}

/// Makes this count the message's header.
pub(crate) fn put(message: &mut Message, hops: u8) {
    message.clear_header();
    message.push_back(hops.into());
}

/// The count that the sender of a raw message put into its header.
pub(crate) fn of_raw(message: &Message) -> Result<u8, Error> {
    let hops = match message.header_words() {
        [word] => u8::try_from(*word).ok(),
        _ => None,
    };
    hops.ok_or_else(|| {
        let needed = "a header of one word, its hop count of at most 255";
        raw_header::invalid(needed, message.header_words())
    })
}
