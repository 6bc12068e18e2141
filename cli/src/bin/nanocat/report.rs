//! What is said of a wrong command line, word for word as the original does.

use crate::format::Format;
use crate::options::{OPTIONS, ORIGINAL};
use crate::spec::{Marks, Opt};
use crate::stop::Stop;

/// How an option came to be used, which is how messages name it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Usage<'a> {
    /// The program is named after it.
    Program,
    /// A word beginning with `--`, here whole.
    Long(&'a [u8]),
    /// Its letter.
    Short,
}

/// Which options were used so far, and the messages that tell of it.
///
/// Options go by their place in [`OPTIONS`].
#[derive(Debug)]
pub(crate) struct Report<'a> {
    program: &'a [u8],
    /// The last use of each option.
    used: [Option<Usage<'a>>; OPTIONS.len()],
}

impl<'a> Report<'a> {
    pub(crate) fn new(program: &'a [u8]) -> Self {
        Self {
            program,
            used: [None; OPTIONS.len()],
        }
    }

    /// Takes down that an option is used.
    pub(crate) fn note(&mut self, index: usize, usage: Usage<'a>) {
        self.used[index] = Some(usage);
    }

    /// All options used, in the order of the table.
    pub(crate) fn used(&self) -> impl Iterator<Item = (usize, &'static Opt)> {
        let all = OPTIONS.iter().enumerate();
        all.filter(|(index, _)| self.used[*index].is_some())
    }

    /// Something is wrong with a single option.
    pub(crate) fn option(&self, index: usize, wrong: &str) -> Stop {
        self.says(&[b"Option", &self.name(index), wrong.as_bytes(), b"\n"])
    }

    /// The option is ruled out by others used before, or by itself.
    pub(crate) fn conflict(&self, index: usize) -> Stop {
        let excludes = OPTIONS[index].excludes;
        let mut others: Vec<usize> = self
            .used()
            .filter(|&(other, opt)| other != index && opt.provides.meets(excludes))
            .map(|(other, _)| other)
            .collect();
        if others.is_empty() {
            others.push(index);
        }
        let mut list = b"conflicts with the following options:\n".to_vec();
        for other in others {
            list.extend([b"   ", self.name(other).as_slice(), b"\n"].concat());
        }
        self.says(&[b"Option", &self.name(index), &list])
    }

    /// The option needs another that was not used.
    pub(crate) fn lacks(&self, index: usize) -> Stop {
        self.says(&[
            b"Option",
            &self.name(index),
            b"requires at least one of the following options:\n",
            providers(OPTIONS[index].needs).as_bytes(),
        ])
    }

    /// The command line needs options whatever else it has.
    pub(crate) fn missing(&self, marks: Marks) -> Stop {
        self.says(&[
            b"At least one of the following required:\n",
            providers(marks).as_bytes(),
        ])
    }

    /// There is no format of that name.
    pub(crate) fn no_such_format(&self, index: usize, value: &[u8]) -> Stop {
        let names = Format::NAMES.map(|(name, _)| format!("    {name}\n"));
        self.says(&[
            b"Invalid value ``",
            value,
            b"'' for",
            &self.name(index),
            b". Options are:\n",
            names.concat().as_bytes(),
        ])
    }

    /// The word abbreviates each of these names.
    pub(crate) fn ambiguous(&self, word: &[u8], names: &[&str]) -> Stop {
        let names: Vec<_> = names.iter().map(|name| format!("    {name}\n")).collect();
        let names = names.concat();
        self.says(&[b"Ambiguous option ``", word, b"'':\n", names.as_bytes()])
    }

    /// There is no option of that name or letter.
    pub(crate) fn unknown(&self, option: &[u8]) -> Stop {
        self.says(&[b"Unknown option ``", option, b"''\n"])
    }

    /// The word is no option.
    pub(crate) fn unexpected(&self, word: &[u8]) -> Stop {
        self.says(&[b"Unexpected argument ``", word, b"''\n"])
    }

    fn says(&self, parts: &[&[u8]]) -> Stop {
        let text = [&[self.program, b": "], parts].concat().concat();
        Stop::Usage(text)
    }

    /// The option as it was used, between blanks. The untyped rest of an
    /// abbreviated name stands in brackets; a value stays only behind a whole
    /// name.
    fn name(&self, index: usize) -> Vec<u8> {
        let opt = &OPTIONS[index];
        match self.used[index] {
            Some(Usage::Program) => [b" ", self.program, b" (executable) "].concat(),
            Some(Usage::Long(word)) => {
                let typed = word.split(|&byte| byte == b'=').next().unwrap_or(word);
                match opt.long.as_bytes().get(typed.len().saturating_sub(2)..) {
                    Some(rest @ [_, ..]) => [b" ", typed, b"[", rest, b"] "].concat(),
                    _ => [b" ", word, b" "].concat(),
                }
            }
            Some(Usage::Short) | None => {
                let letter = opt.short.map_or('?', char::from);
                format!(" -{letter} (--{}) ", opt.long).into_bytes()
            }
        }
    }
}

/// The original's options that provide one of the marks, a line for each name
/// and letter.
fn providers(marks: Marks) -> String {
    let mut lines = String::new();
    for opt in OPTIONS[..ORIGINAL]
        .iter()
        .filter(|opt| opt.provides.meets(marks))
    {
        lines += &format!("    --{}\n", opt.long);
        if let Some(letter) = opt.short {
            lines += &format!("    -{}\n", char::from(letter));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(long: &str) -> usize {
        OPTIONS.iter().position(|opt| opt.long == long).unwrap()
    }

    #[test]
    fn options_are_named_as_used() {
        let rows: [(&str, Usage<'_>, &str); 7] = [
            ("req", Usage::Program, " a/b (executable) "),
            ("req", Usage::Long(b"--req"), " --req "),
            ("interval", Usage::Long(b"--int"), " --int[erval] "),
            ("interval", Usage::Long(b"--int=3"), " --int[erval] "),
            ("interval", Usage::Long(b"--interval=3"), " --interval=3 "),
            ("data", Usage::Long(b"--data==a=b"), " --data==a=b "),
            ("interval", Usage::Short, " -i (--interval) "),
        ];
        for (long, usage, name) in rows {
            let mut report = Report::new(b"a/b");
            report.note(index(long), usage);
            assert_eq!(report.name(index(long)), name.as_bytes(), "{usage:?}");
        }
    }

    #[test]
    fn conflict_lists_the_others_or_itself() {
        let mut report = Report::new(b"p");
        report.note(index("data"), Usage::Short);
        let itself = "p: Option -D (--data) conflicts with the following options:\n    \
                      -D (--data) \n";
        assert_eq!(report.conflict(index("data")), Stop::Usage(itself.into()));
        report.note(index("file"), Usage::Long(b"--f"));
        report.note(index("verbose"), Usage::Short);
        let other = "p: Option --f[ile] conflicts with the following options:\n    \
                     -D (--data) \n";
        assert_eq!(report.conflict(index("file")), Stop::Usage(other.into()));
    }

    #[test]
    fn lists_name_every_provider() {
        assert_eq!(
            providers(Marks::DATA.and(Marks::SUB)),
            "    --sub\n    --data\n    -D\n    --file\n    -F\n"
        );
    }
}
