//! Descriptors that are polled are gone after their handles. One test, alone in its process.
#![cfg(target_os = "linux")]

#[path = "support/connect.rs"]
mod connect;
#[path = "support/ready.rs"]
mod ready;
#[path = "support/world.rs"]
mod world;

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use spkit::{ErrorKind, Readiness};

use connect::connect;
use ready::wait;
use world::{SOON, everywhere};

fn is_ready(ready: &Readiness) -> bool {
    wait(ready, Duration::ZERO)
}

fn open_now() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Who showed an answer a moment ago may still hold the descriptor.
fn until_open(descriptors: usize) {
    let until = Instant::now() + SOON;
    while open_now() != descriptors {
        assert!(Instant::now() < until, "{} are open", open_now());
        thread::sleep(Duration::from_millis(1));
    }
}

fn targets() -> Vec<String> {
    let all = fs::read_dir("/proc/self/fd").unwrap();
    let mut targets: Vec<_> = all
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .map(|target| target.display().to_string())
        .collect();
    targets.sort();
    targets
}

#[test]
fn one_each_and_none_afterwards() {
    everywhere(|runtime, address| {
        let (req, rep) = (runtime.open("req").unwrap(), runtime.open("rep").unwrap());
        connect(&req, &rep, address);
        req.send("x").unwrap();
        rep.recv_timeout(SOON).unwrap();
        let before = open_now();
        let contexts: Vec<_> = (0..20).map(|_| req.context().unwrap()).collect();
        let mut handles = vec![rep.send_ready().unwrap(), rep.recv_ready().unwrap()];
        for context in &contexts {
            handles.push(context.send_ready().unwrap());
            handles.push(context.recv_ready().unwrap());
        }
        assert_eq!(open_now(), before + handles.len(), "{:#?}", targets());
        assert!(is_ready(&handles[0]));
        rep.try_send("y").unwrap();
        assert!(!is_ready(&handles[0]));
        assert!(wait(req.recv_ready().unwrap(), SOON));
        drop(handles);
        until_open(before);
        drop(contexts);

        // Out of descriptors: an error that says so, and nothing is left behind.
        let ready = req.recv_ready().unwrap();
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        let few = Some(0);
        setrlimit(
            Resource::Nofile,
            Rlimit {
                current: few,
                maximum,
            },
        )
        .unwrap();
        let refused = req.send_ready();
        setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutOfResources, "{error}");
        assert!(error.raw_os_error().is_some(), "{error}");
        drop(ready);
        until_open(before);
    });
}
