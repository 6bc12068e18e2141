//! Name resolution on threads of its own: getaddrinfo blocks.

use std::{
    collections::VecDeque,
    net::ToSocketAddrs,
    sync::{Arc, Mutex},
    thread,
};

use spkit_api::{Error, ErrorKind, Lookup, Notifier, Result};

use crate::sync::lock;

/// Names resolved at the same time.
const THREADS: usize = 2;
/// Names that may wait.
const QUEUE: usize = 1024;

/// Threads start with the first name and end when no name is left.
#[derive(Debug, Default)]
pub(crate) struct Resolver {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Job>,
    threads: usize,
}

#[derive(Debug)]
struct Job {
    host: String,
    port: u16,
    lookup: Lookup,
    notifier: Notifier,
}

impl Resolver {
    pub(crate) fn resolve(&self, host: &str, port: u16, notifier: Notifier) -> Lookup {
        let lookup = Lookup::pending();
        let mut state = lock(&self.state);
        if state.queue.len() >= QUEUE {
            let full = Error::new(
                ErrorKind::OutOfResources,
                "too many names wait to be resolved",
            );
            lookup.answer(Err(full), &notifier);
            return lookup;
        }
        state.queue.push_back(Job {
            host: host.to_owned(),
            port,
            lookup: lookup.clone(),
            notifier,
        });
        if state.threads < THREADS {
            let shared = Arc::clone(&self.state);
            let started = thread::Builder::new()
                .name("spkit-resolver".to_owned())
                .spawn(move || work(&shared));
            match started {
                Ok(_) => state.threads += 1,
                Err(error) if state.threads == 0 => {
                    if let Some(job) = state.queue.pop_back() {
                        job.lookup.answer(Err(error.into()), &job.notifier);
                    }
                }
                // Another thread will come to it.
                Err(_) => {}
            }
        }
        lookup
    }
}

fn work(state: &Mutex<State>) {
    loop {
        let job = {
            let mut state = lock(state);
            match state.queue.pop_front() {
                Some(job) => job,
                None => {
                    state.threads -= 1;
                    return;
                }
            }
        };
        job.lookup
            .answer(look_up(&job.host, job.port), &job.notifier);
    }
}

fn look_up(host: &str, port: u16) -> Result<Vec<std::net::SocketAddr>> {
    match (host, port).to_socket_addrs() {
        Ok(addresses) => Ok(addresses.collect()),
        Err(error) => Err(Error::new(
            ErrorKind::Resolve,
            format!("`{}`: {error}", host.escape_debug()),
        )),
    }
}
