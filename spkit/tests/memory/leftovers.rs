//! What sockets leave behind: nothing.

use std::{fs, time::Instant};

use spkit::{Runtime, Socket};

use crate::{ALLOCATOR, SOON, alone, scale};

/// What may differ from one count to the next, in bytes: tables of the standard library and of the system.
const SLACK: usize = 4 << 10;

/// No threads of ours; whatever descriptors there are.
const NONE: (usize, usize) = (0, usize::MAX);

/// Threads of ours (tests come and go on others), and descriptors of this process.
fn threads_and_descriptors() -> (usize, usize) {
    let threads = fs::read_dir("/proc/self/task").unwrap().filter(|task| {
        // One that ended meanwhile has no name.
        let name = fs::read_to_string(task.as_ref().unwrap().path().join("comm"));
        name.is_ok_and(|name| name.starts_with("spkit"))
    });
    let threads = threads.count();
    (threads, fs::read_dir("/proc/self/fd").unwrap().count())
}

/// A request and its reply over a pair of sockets, in a runtime that ends with them.
fn use_a_pair(address: &str) {
    let runtime = Runtime::new().unwrap();
    let [req, rep] = ["req", "rep"].map(|name| runtime.open(name).unwrap());
    let listener = rep.listen(address).unwrap();
    req.dial(listener.local_addr().as_str()).unwrap();
    req.send("question").unwrap();
    rep.recv_timeout(SOON).unwrap();
    rep.send("answer").unwrap();
    req.recv_timeout(SOON).unwrap();
    for socket in [req, rep] {
        socket.close_with(SOON);
    }
    assert!(runtime.shutdown(SOON));
}

fn use_pairs(pairs: usize) {
    let dir = tempfile::tempdir().unwrap();
    let ipc = format!("ipc://{}/socket", dir.path().display());
    let addresses = ["tcp://127.0.0.1:0", &ipc, "inproc://leftovers"];
    for address in addresses.iter().cycle().take(pairs) {
        use_a_pair(address);
    }
}

#[test]
fn nothing_is_left_of_a_thousand_sockets() {
    let _alone = alone();
    use_pairs(60);
    let threads = settled(NONE);
    let bytes = ALLOCATOR.current_usage();
    use_pairs(scale(500, 5_000));
    assert_eq!(settled(threads), threads, "threads and descriptors");
    let now = ALLOCATOR.current_usage();
    assert!(now <= bytes + SLACK, "{bytes} bytes before, {now} after");
}

/// Threads that nobody joins end a moment later: the count, once it is no more than this.
fn settled(limit: (usize, usize)) -> (usize, usize) {
    let start = Instant::now();
    loop {
        let now = threads_and_descriptors();
        if (now.0 <= limit.0 && now.1 <= limit.1) || start.elapsed() > SOON {
            return now;
        }
        std::thread::yield_now();
    }
}

/// The runtime that sockets share when none is named goes with the last of them.
#[test]
fn the_shared_runtime_ends_with_its_last_socket() {
    let _alone = alone();
    let before = settled(NONE);
    let socket = Socket::open("pull").unwrap();
    socket.listen("tcp://127.0.0.1:0").unwrap();
    // A thread takes its name once it runs.
    let start = Instant::now();
    while threads_and_descriptors().0 == before.0 {
        assert!(start.elapsed() < SOON, "no thread");
        std::thread::yield_now();
    }
    socket.close_with(SOON);
    drop(socket);
    assert_eq!(settled(before), before);
}
