//! Times as they are typed: a number of seconds, in every way C's `strtof`
//! reads one.

use std::time::Duration;

/// The longest time there is. Long enough to be for ever, short enough to be
/// added to any clock.
pub(crate) const FOREVER: Duration = Duration::from_secs(u32::MAX as u64);

/// Reads the whole text as a number; `None` if it is none.
pub(crate) fn number(text: &[u8]) -> Option<f64> {
    let text = str::from_utf8(text).ok()?;
    let text = text.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']);
    text.parse().ok().or_else(|| special(text))
}

/// The time of so many seconds. A negative number stands for no time set, as
/// does one that is not a number.
pub(crate) fn duration(seconds: f64) -> Option<Duration> {
    if seconds.is_nan() || seconds < 0.0 {
        return None;
    }
    Some(Duration::try_from_secs_f64(seconds).map_or(FOREVER, |time| time.min(FOREVER)))
}

/// What C reads and Rust's `parse` does not.
fn special(text: &str) -> Option<f64> {
    let (sign, text) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    let text = text.to_ascii_lowercase();
    if let Some(digits) = text.strip_prefix("0x") {
        return Some(sign * hexadecimal(digits)?);
    }
    let payload = text.strip_prefix("nan(")?.strip_suffix(')')?;
    let named = |c: char| c.is_ascii_alphanumeric() || c == '_';
    payload.chars().all(named).then_some(f64::NAN)
}

/// `1.8p-2`: hexadecimal digits, and a power of two in decimal.
fn hexadecimal(text: &str) -> Option<f64> {
    let (digits, power) = match text.split_once('p') {
        Some((digits, power)) => (digits, exponent(power)?),
        None => (text, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0.0;
    for digit in whole.chars().chain(fraction.chars()) {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let places = i32::try_from(fraction.len()).ok()?;
    Some(value * 2.0_f64.powi(power.saturating_sub(places.saturating_mul(4))))
}

/// A power that may be beyond all bounds; beyond some it makes no difference.
fn exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse().unwrap_or(i32::MAX);
    Some(if text.starts_with('-') { -size } else { size })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_in_c() {
        let rows = [
            ("0", 0.0),
            ("-0", 0.0),
            ("1", 1.0),
            ("+1.5", 1.5),
            ("-2", -2.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("1e3", 1000.0),
            ("1E-1", 0.1),
            (" \t\n\x0b\x0c\r7", 7.0),
            ("inf", f64::INFINITY),
            ("-InFinity", f64::NEG_INFINITY),
            ("0x10", 16.0),
            ("0X1p-2", 0.25),
            ("-0x.8P1", -1.0),
            ("+0xA.8", 10.5),
            ("0x1.p+4", 16.0),
            ("0x1p99999999999999999999", f64::INFINITY),
            ("0x1p-99999999999999999999", 0.0),
        ];
        for (text, value) in rows {
            assert_eq!(number(text.as_bytes()), Some(value), "{text:?}");
        }
        for text in ["nan", "-NaN", "nan()", "NAN(a_1)"] {
            assert!(number(text.as_bytes()).is_some_and(f64::is_nan), "{text}");
        }
    }

    #[test]
    fn all_else_is_no_number() {
        let rows = [
            "", " ", "x", ".", "e1", "1e", "1e+", "1 ", "1x", "+-1", "--1", "0x", "0x.", "0xp1",
            "0x1p", "0x1p+", "0x1p1.5", "0x1g", "0x1.2.3", "0x+1", "in", "infi", "nan(", "nan(-)",
            "nan)", "1,5", "1_000", "\u{a0}1",
        ];
        for text in rows {
            assert_eq!(number(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(number(b"1\xff"), None);
    }

    #[test]
    fn durations_keep_fractions_and_have_an_end() {
        let millis = |ms| Some(Duration::from_millis(ms));
        let rows = [
            (0.0, millis(0)),
            (-0.0, millis(0)),
            (0.1, millis(100)),
            (0.5, millis(500)),
            (1.5, millis(1500)),
            (0.0001, Some(Duration::from_micros(100))),
            (-0.1, None),
            (f64::NEG_INFINITY, None),
            (f64::NAN, None),
            (1e10, Some(FOREVER)),
            (1e300, Some(FOREVER)),
            (f64::INFINITY, Some(FOREVER)),
        ];
        for (seconds, time) in rows {
            assert_eq!(duration(seconds), time, "{seconds}");
        }
    }
}
