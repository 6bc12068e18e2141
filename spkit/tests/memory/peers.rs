//! Crowds of peers without any library, in a process of their own: this very program, run again.

use std::{
    env,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the other process is to do: behaviour, protocol, number of peers, address.
const TASK: &str = "SPKIT_TEST_PEERS";

/// Its lines that are for us.
const MARK: &str = "peers: ";

/// What a slow peer announces as its message's length.
pub(crate) const MESSAGE: usize = 1 << 20;

/// The crowd; it goes when this is dropped.
pub(crate) struct Crowd {
    child: Child,
    lines: Box<dyn Iterator<Item = String>>,
}

impl Crowd {
    /// Connects so many peers that announce this protocol; `behaviour` is what they do then.
    pub(crate) fn start(behaviour: &str, protocol: u16, peers: usize, address: &str) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "peers::run", "--nocapture"])
            .env(TASK, format!("{behaviour} {protocol} {peers} {address}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let lines = output.lines().map_while(Result::ok);
        let ours = lines.filter_map(|line| Some(line.split_once(MARK)?.1.to_owned()));
        Self {
            child,
            lines: Box::new(ours),
        }
    }

    /// Waits for what it has to say next.
    pub(crate) fn says(&mut self) -> String {
        self.lines.next().expect("the other process has failed")
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// As many descriptors as the system lets us have.
pub(crate) fn allow_many_descriptors() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let all = Rlimit {
        current: maximum,
        maximum,
    };
    setrlimit(Resource::Nofile, all).unwrap();
}

/// The other process. Nothing to do in ours.
#[test]
fn run() {
    let Ok(task) = env::var(TASK) else {
        return;
    };
    allow_many_descriptors();
    let [behaviour, protocol, peers, address] = *task.split(' ').collect::<Vec<_>>() else {
        panic!("{task}");
    };
    let connect = |_| connect(address, protocol.parse().unwrap());
    let peers: Vec<_> = (0..peers.parse().unwrap()).map(connect).collect();
    println!("{MARK}connected");
    if behaviour == "slow" {
        send_all_but_one_byte(&peers);
    }
    // Our end of the pipe goes with whoever started this.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

fn connect(address: &str, protocol: u16) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let [high, low] = protocol.to_be_bytes();
    stream
        .write_all(&[0, b'S', b'P', 0, high, low, 0, 0])
        .unwrap();
    let mut theirs = [0; 8];
    stream.read_exact(&mut theirs).unwrap();
    stream
}

fn send_all_but_one_byte(peers: &[TcpStream]) {
    let rest = vec![0; 64 << 10];
    let mut left = vec![MESSAGE - 1; peers.len()];
    for mut peer in peers {
        peer.write_all(&(MESSAGE as u64).to_be_bytes()).unwrap();
        peer.set_nonblocking(true).unwrap();
    }
    // As fast as the other end takes it, until it takes no more.
    let mut moved = Instant::now();
    while moved.elapsed() < Duration::from_secs(1) && left.iter().any(|left| *left > 0) {
        for (mut peer, left) in peers.iter().zip(&mut left) {
            let part = (*left).min(rest.len());
            if part > 0
                && let Ok(n) = peer.write(&rest[..part])
            {
                *left -= n;
                moved = Instant::now();
            }
        }
        thread::yield_now();
    }
    let sent: usize = left.iter().map(|left| MESSAGE - 1 - left).sum();
    println!("{MARK}sent {sent}");
}
