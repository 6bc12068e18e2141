//! What all runs gave, and the statistics over rounds.

use crate::args::{Lib, OURS};
use crate::figures::{Figures, Metric};
use crate::plan::Row;
use crate::run::Outcome;

/// A combination that failed so often is not tried again: a hang costs the whole timeout.
const PATIENCE: usize = 2;

pub(crate) struct Results {
    pub(crate) rows: Vec<Row>,
    pub(crate) libs: Vec<String>,
    pub(crate) failures: Vec<Failure>,
    cells: Vec<Cell>,
}

pub(crate) struct Failure {
    pub(crate) lib: String,
    /// None: the lane as a whole.
    pub(crate) row: Option<usize>,
    pub(crate) why: String,
}

/// One library in one row.
#[derive(Clone, Default)]
struct Cell {
    measured: Vec<(usize, Figures)>,
    failed: usize,
    unsupported: bool,
}

/// A value over the rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Results {
    pub(crate) fn new(rows: Vec<Row>, libs: &[Lib]) -> Self {
        Self {
            cells: vec![Cell::default(); rows.len() * libs.len()],
            rows,
            libs: libs.iter().map(|lib| lib.name.clone()).collect(),
            failures: Vec::new(),
        }
    }

    pub(crate) fn lane_missing(&mut self, lib: &str, why: String) {
        for (cell, name) in self.cells.iter_mut().zip(self.libs.iter().cycle()) {
            cell.unsupported |= name == lib;
        }
        self.failures.push(Failure {
            lib: lib.to_owned(),
            row: None,
            why,
        });
    }

    pub(crate) fn given_up(&self, row: usize, lib: usize) -> bool {
        let cell = &self.cells[row * self.libs.len() + lib];
        cell.unsupported || cell.failed >= PATIENCE
    }

    pub(crate) fn add(&mut self, round: usize, row: usize, lib: usize, outcome: Outcome) {
        let cell = &mut self.cells[row * self.libs.len() + lib];
        let why = match outcome {
            Outcome::Measured(figures) => return cell.measured.push((round, figures)),
            // a gap of ours is a failure, a peer's is a fact
            Outcome::Unsupported if self.libs[lib] == OURS => {
                cell.unsupported = true;
                "not supported".to_owned()
            }
            Outcome::Unsupported => return cell.unsupported = true,
            Outcome::Failed(why) => {
                cell.failed += 1;
                why
            }
        };
        self.failures.push(Failure {
            lib: self.libs[lib].clone(),
            row: Some(row),
            why,
        });
    }

    /// The figures of a library in a row, each with its round.
    pub(crate) fn measured(&self, row: usize, lib: &str) -> &[(usize, Figures)] {
        match self.libs.iter().position(|name| name == lib) {
            Some(lib) => &self.cells[row * self.libs.len() + lib].measured,
            None => &[],
        }
    }

    pub(crate) fn spread(&self, row: usize, lib: &str, metric: Metric) -> Option<Spread> {
        let values = self.measured(row, lib).iter();
        Spread::of(values.filter_map(|(_, figures)| metric(figures)).collect())
    }

    /// Ours over theirs, of the rounds in which both were measured.
    pub(crate) fn ratio(&self, row: usize, theirs: &str, metric: Metric) -> Option<Spread> {
        let theirs = self.measured(row, theirs);
        let mut ratios = Vec::new();
        for (round, ours) in self.measured(row, OURS) {
            let other = theirs.iter().find(|(other, _)| other == round);
            if let (Some(a), Some(b)) = (metric(ours), other.and_then(|(_, f)| metric(f))) {
                ratios.push(a / b);
            }
        }
        Spread::of(ratios)
    }
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.retain(|value| value.is_finite());
        values.sort_by(f64::total_cmp);
        let (&min, &max) = (values.first()?, values.last()?);
        let half = values.len() / 2;
        let median = if values.len() % 2 == 1 {
            values[half]
        } else {
            f64::midpoint(values[half - 1], values[half])
        };
        Some(Self { median, min, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Regime;

    fn lib(name: &str) -> Lib {
        Lib {
            name: name.to_owned(),
            path: name.into(),
        }
    }

    fn row() -> Row {
        Row {
            regime: Regime::Pinned,
            mode: "lat",
            transport: "tcp",
            size: 64,
            count: 1,
        }
    }

    fn p50(us: f64) -> Outcome {
        Outcome::Measured(Figures {
            p50: Some(us),
            ..Figures::default()
        })
    }

    #[test]
    fn medians() {
        assert_eq!(Spread::of(vec![3.0, 1.0, 2.0]).unwrap().median, 2.0);
        assert_eq!(Spread::of(vec![4.0, 1.0]).unwrap().median, 2.5);
        assert_eq!(Spread::of(vec![f64::NAN]), None);
    }

    #[test]
    fn ratios_pair_runs_of_one_round() {
        let mut results = Results::new(vec![row()], &[lib("spkit"), lib("zmq")]);
        results.add(0, 0, 0, p50(10.0));
        results.add(0, 0, 1, Outcome::Failed("x".to_owned()));
        results.add(1, 0, 0, p50(30.0));
        results.add(1, 0, 1, p50(60.0));
        let ratio = results.ratio(0, "zmq", |f| f.p50).unwrap();
        assert_eq!((ratio.min, ratio.max), (0.5, 0.5));
        assert_eq!(results.failures.len(), 1);
    }

    #[test]
    fn gives_up_what_keeps_failing() {
        let mut results = Results::new(vec![row()], &[lib("zmq")]);
        for round in 0..PATIENCE {
            assert!(!results.given_up(0, 0));
            results.add(round, 0, 0, Outcome::Failed("x".to_owned()));
        }
        assert!(results.given_up(0, 0));
    }
}
