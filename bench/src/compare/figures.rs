//! The line a driver prints.

use anyhow::{Context as _, Result, bail, ensure};

use crate::plan::Row;

/// What one run measured. A driver prints `-` for what it does not know.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Figures {
    /// Mean microseconds per round trip or message.
    pub(crate) us: Option<f64>,
    pub(crate) p50: Option<f64>,
    pub(crate) p99: Option<f64>,
    /// Round trips or messages per second.
    pub(crate) mps: Option<f64>,
    /// CPU microseconds per trip or message, both ends.
    pub(crate) cpu: Option<f64>,
    /// Context switches per trip or message, both ends.
    pub(crate) switches: Option<f64>,
}

pub(crate) type Metric = fn(&Figures) -> Option<f64>;

impl Figures {
    /// One number for the progress line.
    pub(crate) fn brief(&self) -> String {
        match (self.p50, self.mps) {
            (Some(p50), _) => format!("{p50:.1} us"),
            (None, Some(mps)) => format!("{:.3} M/s", mps / 1e6),
            (None, None) => "?".to_owned(),
        }
    }
}

/// Takes the one line of `output`, which must be about `row`.
pub(crate) fn parse(output: &str, row: &Row) -> Result<Figures> {
    let line = output
        .lines()
        .find(|line| line.starts_with("lib="))
        .context("it printed no figures")?;
    let mut figures = Figures::default();
    let mut asked = 0;
    for word in line.split_whitespace() {
        let (key, value) = word.split_once('=').context("a word without `=`")?;
        match key {
            "us" => figures.us = number(value)?,
            "p50" => figures.p50 = number(value)?,
            "p99" => figures.p99 = number(value)?,
            "mps" => figures.mps = number(value)?,
            "cpuM" => figures.cpu = number(value)?,
            "cswM" => figures.switches = number(value)?,
            "size" | "n" => {
                let expected = if key == "n" { row.count } else { row.size };
                ensure!(value == expected.to_string(), "it ran {word}");
                asked += 1;
            }
            _ => {}
        }
    }
    ensure!(asked == 2, "no size= and n= in {line:?}");
    if figures.mps.is_none() || (figures.p50.is_none() && !row.is_stream()) {
        bail!("figures are missing in {line:?}");
    }
    Ok(figures)
}

fn number(text: &str) -> Result<Option<f64>> {
    if text == "-" {
        return Ok(None);
    }
    let number: f64 = text.parse().with_context(|| format!("figure {text:?}"))?;
    ensure!(number.is_finite() && number >= 0.0, "figure {text:?}");
    Ok(Some(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Regime;

    const ROW: Row = Row {
        regime: Regime::Free,
        mode: "thr",
        transport: "tcp",
        size: 64,
        count: 10,
    };

    #[test]
    fn a_line_of_a_driver() {
        let line = "lib=zmq mode=thr url=tcp size=64 n=10 us=0.4 p50=- p99=- mps=2500000 \
                    cpuM=0.39 cswM=0.0088\n";
        let figures = parse(line, &ROW).unwrap();
        assert_eq!(figures.mps, Some(2_500_000.0));
        assert_eq!(figures.p50, None);
        assert_eq!(figures.switches, Some(0.0088));
    }

    #[test]
    fn what_is_no_answer() {
        for line in [
            "",
            "lib=a size=64 n=11 mps=1",
            "lib=a size=64 n=10 mps=-",
            "lib=a size=64 n=10 mps=NaN",
            "lib=a mps=1",
        ] {
            assert!(parse(line, &ROW).is_err(), "{line}");
        }
    }
}
