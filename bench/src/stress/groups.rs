//! Sockets, their connections and the threads on them.

use std::sync::Arc;

use spkit::{Result, Runtime, Socket};

use super::{
    dice::Dice,
    round::Setup,
    traffic::{Doing, Field, Worker},
    waits::Mode,
};

/// Sockets that have nothing to do with others.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) sockets: Vec<(String, Socket)>,
    pub(crate) streams: Vec<usize>,
    pub(crate) jobs: Vec<Job>,
}

/// A thread to be.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) name: String,
    socket: Socket,
    task: Task,
    modes: &'static [Mode],
    pub(crate) doing: Arc<Doing>,
}

#[derive(Clone, Copy, Debug)]
enum Task {
    Send(usize),
    Receive { alone: bool },
    Ask { requests: usize, replies: usize },
    Answer,
}

impl Job {
    /// Whether it ends by itself, not with its socket.
    pub(crate) fn is_sender(&self) -> bool {
        matches!(self.task, Task::Send(_) | Task::Ask { .. })
    }

    /// What the thread does.
    pub(crate) fn work(
        &self,
        field: Arc<Field>,
        dice: Dice,
    ) -> impl FnOnce() -> Result<(), String> + Send + 'static {
        let task = self.task;
        let mut worker = Worker {
            field,
            socket: self.socket.clone(),
            dice,
            modes: self.modes,
            doing: Arc::clone(&self.doing),
        };
        move || match task {
            Task::Send(stream) => worker.send_all(stream),
            Task::Receive { alone } => worker.recv_all(alone),
            Task::Ask { requests, replies } => worker.ask(requests, replies),
            Task::Answer => worker.answer(),
        }
    }
}

/// Builds groups and names their streams.
#[derive(Debug)]
pub(crate) struct Builder<'a> {
    pub(crate) setup: &'a Setup,
    /// Where sockets listen, and where they dial from.
    pub(crate) runtimes: [Runtime; 2],
    pub(crate) dice: Dice,
    /// Names of the streams so far.
    pub(crate) streams: Vec<String>,
    pub(crate) groups: Vec<Group>,
}

impl Builder<'_> {
    /// Two sockets, a sender and a receiver on each.
    pub(crate) fn pair(&mut self) -> Result<()> {
        let mut group = self.group("pair");
        let mut ends = self.connect("pair", "pair", 1)?;
        let (a, b) = (ends.remove(0), ends.remove(0));
        for (from, to, way) in [(&a, &b, "a to b"), (&b, &a, "b to a")] {
            let stream = self.stream(&mut group, way);
            self.job(&mut group, from, Task::Send(stream));
            self.job(&mut group, to, Task::Receive { alone: true });
        }
        self.add(group, [a, b]);
        Ok(())
    }

    /// Many sockets with a sender or two each, and one with receivers that share what comes.
    pub(crate) fn pipeline(&mut self, pipes: usize) -> Result<()> {
        let mut group = self.group("pipeline");
        let ends = self.connect("pull", "push", pipes)?;
        let receivers = self.dice.below(3) + 1;
        for _ in 0..receivers {
            let alone = receivers == 1;
            self.job(&mut group, &ends[0], Task::Receive { alone });
        }
        for end in &ends[1..] {
            for _ in 0..self.dice.below(2) + 1 {
                let stream = self.stream(&mut group, &end.0);
                self.job(&mut group, end, Task::Send(stream));
            }
        }
        self.add(group, ends);
        Ok(())
    }

    /// Many sockets that ask one.
    pub(crate) fn questions(&mut self, pipes: usize) -> Result<()> {
        let mut group = self.group("questions");
        let ends = self.connect("rep", "req", pipes)?;
        self.job(&mut group, &ends[0], Task::Answer);
        for end in &ends[1..] {
            let requests = self.stream(&mut group, "requests");
            let replies = self.stream(&mut group, "replies");
            self.job(&mut group, end, Task::Ask { requests, replies });
        }
        self.add(group, ends);
        Ok(())
    }

    /// One listening socket and its dialers, connected.
    fn connect(
        &mut self,
        listening: &str,
        dialing: &str,
        dialers: usize,
    ) -> Result<Vec<(String, Socket)>> {
        let setup = self.setup;
        let hub = self.runtimes[0].open_with(listening, |options| setup.apply(options))?;
        let listener = hub.listen(&setup.address(self.groups.len()))?;
        let mut ends = vec![(format!("{listening} listening"), hub)];
        for n in 0..dialers {
            let socket = self.runtimes[1].open_with(dialing, |options| setup.apply(options))?;
            let dialer = socket.dial(listener.local_addr().as_str())?;
            dialer.connected(setup.stall)?;
            ends.push((format!("{dialing} {n} dialing"), socket));
        }
        ends[0].1.wait_for_peers(dialers, setup.stall)?;
        Ok(ends)
    }

    fn group(&self, name: &str) -> Group {
        Group {
            name: format!("{name} {}", self.groups.len()),
            sockets: Vec::new(),
            streams: Vec::new(),
            jobs: Vec::new(),
        }
    }

    fn stream(&mut self, group: &mut Group, name: &str) -> usize {
        let id = self.streams.len();
        self.streams.push(format!("{}, {name}", group.name));
        group.streams.push(id);
        id
    }

    fn job(&mut self, group: &mut Group, end: &(String, Socket), task: Task) {
        const SETS: [&[Mode]; 10] = [
            &Mode::ALL,
            &Mode::ALL,
            &Mode::ALL,
            &[Mode::Blocking],
            &[Mode::Async],
            &[Mode::Blocking, Mode::Async],
            &[Mode::Async, Mode::Cancel],
            &[Mode::Blocking, Mode::Try],
            &[Mode::Poll],
            &[Mode::Blocking, Mode::Poll],
        ];
        group.jobs.push(Job {
            name: format!("{}, {}: {task:?}", group.name, end.0),
            socket: end.1.clone(),
            task,
            modes: self.dice.pick(&SETS),
            doing: Arc::default(),
        });
    }

    fn add(&mut self, mut group: Group, ends: impl IntoIterator<Item = (String, Socket)>) {
        group.sockets.extend(ends);
        self.groups.push(group);
    }
}
