//! Each protocol's ordinary exchange over each transport, in each direction of dialing and with either backend.

use std::time::Duration;

use spkit::{Backend, Runtime, Socket};

const SOON: Duration = Duration::from_secs(10);

fn runtimes() -> [Runtime; 2] {
    [Backend::CallerRuns, Backend::Background]
        .map(|backend| Runtime::builder().backend(backend).build().unwrap())
}

fn addresses(dir: &tempfile::TempDir) -> Vec<String> {
    vec![
        "tcp://127.0.0.1:0".to_owned(),
        "tcp://[::1]:0".to_owned(),
        format!("ipc://{}/socket", dir.path().display()),
        "inproc://exchange".to_owned(),
    ]
}

fn connected(runtime: &Runtime, a: &str, b: &str, address: &str) -> (Socket, Socket) {
    let (a, b) = (runtime.open(a).unwrap(), runtime.open(b).unwrap());
    let listener = a.listen(address).unwrap();
    let dialer = b.dial(listener.local_addr().as_str()).unwrap();
    dialer.connected(SOON).unwrap();
    a.wait_for_peers(1, SOON).unwrap();
    (a, b)
}

fn everywhere(test: impl Fn(&Runtime, &str)) {
    for runtime in runtimes() {
        let dir = tempfile::tempdir().unwrap();
        for address in addresses(&dir) {
            test(&runtime, &address);
        }
        assert!(runtime.shutdown(SOON));
    }
}

#[test]
fn pair_talks_both_ways() {
    everywhere(|runtime, address| {
        let (a, b) = connected(runtime, "pair", "pair", address);
        for n in 0..100 {
            a.send(format!("ping {n}")).unwrap();
            assert_eq!(
                b.recv_timeout(SOON).unwrap().body(),
                format!("ping {n}").as_bytes()
            );
            b.send(format!("pong {n}")).unwrap();
            assert_eq!(
                a.recv_timeout(SOON).unwrap().body(),
                format!("pong {n}").as_bytes()
            );
        }
    });
}

#[test]
fn push_reaches_pull_in_order() {
    everywhere(|runtime, address| {
        let (pull, push) = connected(runtime, "pull", "push", address);
        let sender = std::thread::spawn(move || {
            for n in 0..20_000_u32 {
                push.send(n.to_be_bytes().to_vec()).unwrap();
            }
            push.close_with(SOON)
        });
        for n in 0..20_000_u32 {
            assert_eq!(pull.recv_timeout(SOON).unwrap().body(), n.to_be_bytes());
        }
        assert!(sender.join().unwrap().complete);
    });
}

#[test]
fn req_is_answered_by_rep() {
    everywhere(|runtime, address| {
        let (rep, req) = connected(runtime, "rep", "req", address);
        for n in 0..100 {
            req.send(format!("question {n}")).unwrap();
            let question = rep.recv_timeout(SOON).unwrap();
            assert_eq!(question.body(), format!("question {n}").as_bytes());
            rep.send(format!("answer {n}")).unwrap();
            let answer = req.recv_timeout(SOON).unwrap();
            assert_eq!(answer.body(), format!("answer {n}").as_bytes());
        }
    });
}
