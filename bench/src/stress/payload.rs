//! What messages carry: their stream and number, then filler that tells a mixed-up buffer.

use spkit::Message;

const HEADER: usize = 16;

/// A message of at least 16 bytes.
pub(crate) fn make(stream: u32, number: u64, filler: usize) -> Message {
    let mut body = Vec::with_capacity(HEADER + filler);
    body.extend_from_slice(&stream.to_be_bytes());
    body.extend_from_slice(&(filler as u32).to_be_bytes());
    body.extend_from_slice(&number.to_be_bytes());
    body.resize(HEADER + filler, tint(stream, number));
    Message::from(body)
}

/// The stream and number of a message that came through whole.
pub(crate) fn read(body: &[u8]) -> Result<(u32, u64), String> {
    let header: &[u8; HEADER] = body
        .first_chunk()
        .ok_or_else(|| format!("a message of {} bytes", body.len()))?;
    let [a, b, c, d, e, f, g, h, number @ ..] = *header;
    let stream = u32::from_be_bytes([a, b, c, d]);
    let filler = u32::from_be_bytes([e, f, g, h]) as usize;
    let number = u64::from_be_bytes(number);
    if body.len() != HEADER + filler {
        return Err(format!(
            "message {number} of stream {stream} has {} bytes instead of {}",
            body.len(),
            HEADER + filler
        ));
    }
    let tint = tint(stream, number);
    match body[HEADER..].iter().position(|byte| *byte != tint) {
        None => Ok((stream, number)),
        Some(at) => Err(format!(
            "message {number} of stream {stream} is damaged at byte {}",
            HEADER + at
        )),
    }
}

fn tint(stream: u32, number: u64) -> u8 {
    (number as u8) ^ (stream as u8).rotate_left(4)
}
