//! Reading the command line.
//!
//! The rules are the original's and no one else's: a long name may be cut to
//! any prefix no other option shares, letters cluster, `-` and `--` mean
//! nothing, and every option is acted upon as it is met. So the file is read
//! and the help is given before what follows is looked at. Options of ours are
//! looked for where the original knows none, so none of its abbreviations changes
//! its meaning.

use std::ffi::{OsStr, OsString};
use std::slice;
use std::str::FromStr;
use std::time::Duration;

use crate::format::Format;
use crate::help;
use crate::input;
use crate::options::{OPTIONS, ORIGINAL, REQUIRED};
use crate::plan::{Plan, Settings, SocketType, Source};
use crate::report::{Report, Usage};
use crate::seconds;
use crate::spec::{Action, Marks};
use crate::stop::Stop;

/// Reads the words after the program's name. The name counts as well: `nn_req`
/// is `nanocat --req`.
pub(crate) fn parse(program: &OsStr, words: &[OsString]) -> Result<Plan, Stop> {
    let mut parser = Parser::new(program.as_encoded_bytes(), words);
    parser.program_name()?;
    while let Some(word) = parser.next_word() {
        parser.word(word)?;
    }
    parser.finish()
}

struct Parser<'a> {
    program: &'a [u8],
    words: slice::Iter<'a, OsString>,
    report: Report<'a>,
    marks: Marks,
    socket: Option<SocketType>,
    settings: Settings,
}

impl<'a> Parser<'a> {
    fn new(program: &'a [u8], words: &'a [OsString]) -> Self {
        Self {
            program,
            words: words.iter(),
            report: Report::new(program),
            marks: Marks::NONE,
            socket: None,
            settings: Settings::default(),
        }
    }

    fn program_name(&mut self) -> Result<(), Stop> {
        let name = self.program.rsplit(|&byte| byte == b'/').next();
        let name = name.unwrap_or(self.program);
        match OPTIONS.iter().position(|opt| opt.is_alias(name)) {
            Some(index) => self.flag(index, Usage::Program),
            None => Ok(()),
        }
    }

    fn next_word(&mut self) -> Option<&'a [u8]> {
        self.words.next().map(|word| word.as_encoded_bytes())
    }

    fn word(&mut self, word: &'a [u8]) -> Result<(), Stop> {
        match word {
            b"--" => Ok(()),
            [b'-', b'-', name @ ..] => self.long(word, name),
            [b'-', letters @ ..] => self.letters(letters),
            _ => Err(self.report.unexpected(word)),
        }
    }

    fn long(&mut self, word: &'a [u8], name: &'a [u8]) -> Result<(), Stop> {
        let (name, value) = match name.iter().position(|&byte| byte == b'=') {
            Some(at) => (&name[..at], Some(&name[at + 1..])),
            None => (name, None),
        };
        let index = self.find(word, name)?;
        let usage = Usage::Long(word);
        match (OPTIONS[index].metavar, value) {
            (None, None) => self.flag(index, usage),
            (None, Some(_)) => {
                self.report.note(index, usage);
                Err(self.report.option(index, "does not accept argument"))
            }
            (Some(_), value) => self.valued(index, usage, value),
        }
    }

    /// The option of that name, or the only one whose name begins so.
    fn find(&self, word: &[u8], name: &[u8]) -> Result<usize, Stop> {
        let begins = |index: &usize| OPTIONS[*index].long.as_bytes().starts_with(name);
        let mut found: Vec<usize> = (0..ORIGINAL).filter(begins).collect();
        if found.is_empty() {
            found.extend((ORIGINAL..OPTIONS.len()).filter(begins));
        }
        let exact = |index: &&usize| OPTIONS[**index].long.len() == name.len();
        match (found.iter().find(exact), found.as_slice()) {
            (Some(&index), _) | (None, &[index]) => Ok(index),
            // No name at all is no abbreviation of every option.
            (None, several @ [_, ..]) if !name.is_empty() => {
                let names: Vec<_> = several.iter().map(|&index| OPTIONS[index].long).collect();
                Err(self.report.ambiguous(word, &names))
            }
            _ => Err(self.report.unknown(word)),
        }
    }

    /// Letters up to the first that takes a value, which is the rest of the
    /// word or the next.
    fn letters(&mut self, mut letters: &'a [u8]) -> Result<(), Stop> {
        while let [letter, rest @ ..] = letters {
            let found = OPTIONS.iter().position(|opt| opt.short == Some(*letter));
            let Some(index) = found else {
                return Err(self.report.unknown(&[b'-', *letter]));
            };
            if OPTIONS[index].metavar.is_some() {
                let value = (!rest.is_empty()).then_some(rest);
                return self.valued(index, Usage::Short, value);
            }
            self.flag(index, Usage::Short)?;
            letters = rest;
        }
        Ok(())
    }

    /// An option that takes no value.
    fn flag(&mut self, index: usize, usage: Usage<'a>) -> Result<(), Stop> {
        self.act(index, usage, b"")
    }

    /// An option that takes a value, from the next word if there is none yet.
    fn valued(
        &mut self,
        index: usize,
        usage: Usage<'a>,
        value: Option<&'a [u8]>,
    ) -> Result<(), Stop> {
        match value.or_else(|| self.next_word()) {
            Some(value) => self.act(index, usage, value),
            None => {
                self.report.note(index, usage);
                Err(self.report.option(index, "requires an argument"))
            }
        }
    }

    fn act(&mut self, index: usize, usage: Usage<'a>, value: &[u8]) -> Result<(), Stop> {
        let opt = &OPTIONS[index];
        self.report.note(index, usage);
        if self.marks.meets(opt.excludes) {
            return Err(self.report.conflict(index));
        }
        self.marks = self.marks.and(opt.provides);
        match opt.action {
            Action::Louder => self.settings.verbosity += 1,
            Action::Quieter => self.settings.verbosity -= 1,
            Action::Help => return Err(Stop::Help(help::help(self.program))),
            Action::Socket(socket) => self.socket = Some(socket),
            Action::Bind(head) => {
                let address = self.address(index, head, value)?;
                self.settings.binds.push(address);
            }
            Action::Connect(head) => {
                let address = self.address(index, head, value)?;
                self.settings.connects.push(address);
            }
            Action::RecvTimeout => self.settings.recv_timeout = self.duration(index, value)?,
            Action::SendTimeout => self.settings.send_timeout = self.duration(index, value)?,
            Action::SocketName => self.settings.socket_name = Some(self.text(index, value)?.into()),
            Action::Subscribe => self.settings.subscriptions.push(value.to_vec()),
            Action::FormatByName => {
                let format = Format::from_name(value);
                let none = || self.report.no_such_format(index, value);
                self.settings.format = format.ok_or_else(none)?;
            }
            Action::Format(format) => self.settings.format = format,
            Action::Interval => self.settings.interval = self.duration(index, value)?,
            Action::Delay => {
                self.settings.delay = self.duration(index, value)?.unwrap_or_default();
            }
            Action::Data => self.settings.source = Some(Source::Data(value.to_vec())),
            Action::File => self.settings.source = Some(Source::Data(input::read(value)?)),
            Action::Count => self.settings.count = Some(self.number(index, value)?),
            Action::Wait => self.settings.wait = self.number(index, value)?,
            Action::Lines => self.settings.source = Some(Source::Lines),
            Action::Json => self.settings.json = true,
            Action::PrintAddress => self.settings.print_address = true,
            Action::Stats => self.settings.stats = true,
        }
        Ok(())
    }

    fn address(&self, index: usize, head: &str, value: &[u8]) -> Result<String, Stop> {
        Ok(format!("{head}{}", self.text(index, value)?))
    }

    fn text<'v>(&self, index: usize, value: &'v [u8]) -> Result<&'v str, Stop> {
        let wrong = |_| self.report.option(index, "requires UTF-8 text");
        str::from_utf8(value).map_err(wrong)
    }

    fn duration(&self, index: usize, value: &[u8]) -> Result<Option<Duration>, Stop> {
        let wrong = || self.report.option(index, "requires float point argument");
        seconds::number(value)
            .map(seconds::duration)
            .ok_or_else(wrong)
    }

    fn number<N: FromStr + Default + PartialEq>(
        &self,
        index: usize,
        value: &[u8],
    ) -> Result<N, Stop> {
        let number = str::from_utf8(value)
            .ok()
            .and_then(|text| text.parse().ok());
        number
            .filter(|number| *number != N::default())
            .ok_or_else(|| self.report.option(index, "requires a whole number from 1"))
    }

    /// Checks what can be checked only with all options known.
    fn finish(mut self) -> Result<Plan, Stop> {
        for (index, opt) in self.report.used() {
            if !self.marks.covers(opt.needs) {
                return Err(self.report.lacks(index));
            }
        }
        let missing = || self.report.missing(REQUIRED.without(self.marks));
        if !self.marks.covers(REQUIRED) {
            return Err(missing());
        }
        let socket = self.socket.ok_or_else(missing)?;
        if socket == SocketType::Sub && self.settings.subscriptions.is_empty() {
            self.settings.subscriptions.push(Vec::new());
        }
        Ok(Plan {
            socket,
            settings: self.settings,
        })
    }
}

#[cfg(test)]
mod tests;
