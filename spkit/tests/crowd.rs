//! Many clients of one server, in a process of their own: this very program, run again.

use std::{
    cell::{Cell, RefCell},
    env,
    process::{Command, Stdio},
    rc::Rc,
    thread,
    time::Duration,
};

use futures::{executor::LocalPool, task::LocalSpawnExt as _};
use spkit::{Backend, ErrorKind, Runtime, Socket};

const SOON: Duration = Duration::from_secs(60);

/// What the other process is to do: dial this address.
const TASK: &str = "SPKIT_TEST_CLIENTS";

/// Its line that is for us.
const MARK: &str = "served: ";

const CLIENTS: usize = 256;

/// Requests of all clients together.
const REQUESTS: usize = CLIENTS * 100;

#[test]
fn no_client_starves() {
    for backend in [Backend::CallerRuns, Backend::Background] {
        let runtime = Runtime::builder().backend(backend).build().unwrap();
        let rep = runtime.open("rep").unwrap();
        let listener = rep.listen("tcp://127.0.0.1:0").unwrap();
        let server = rep.clone();
        let serving = thread::spawn(move || serve(&server));
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", "ask", "--nocapture"])
            .env(TASK, listener.local_addr().as_str())
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        rep.close();
        serving.join().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}");
        let (_, counts) = text.split_once(MARK).unwrap();
        let counts = counts.lines().next().unwrap().split(' ');
        let mut served: Vec<usize> = counts.map(|count| count.parse().unwrap()).collect();
        served.sort_unstable();
        assert_eq!(served.len(), CLIENTS);
        let (slowest, median) = (served[0], served[CLIENTS / 2]);
        println!("{backend:?}: slowest {slowest}, median {median}");
        assert!(slowest * 3 >= median, "{served:?}");
    }
}

fn serve(rep: &Socket) {
    loop {
        match rep.recv() {
            Ok(request) => rep.send(request).unwrap(),
            Err(error) if error.kind() == ErrorKind::Closed => return,
            Err(error) => panic!("{error}"),
        }
    }
}

/// The other process. Nothing to do in ours.
#[test]
fn ask() {
    let Ok(address) = env::var(TASK) else {
        return;
    };
    let sockets: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let req = Socket::open("req").unwrap();
            req.dial(&address).unwrap().connected(SOON).unwrap();
            req
        })
        .collect();
    let served = Rc::new(RefCell::new(vec![0; CLIENTS]));
    let left = Rc::new(Cell::new(REQUESTS));
    let mut pool = LocalPool::new();
    for (n, req) in sockets.into_iter().enumerate() {
        let (served, left) = (Rc::clone(&served), Rc::clone(&left));
        let asking = async move {
            while left.get() > 0 {
                left.set(left.get() - 1);
                let question = (n as u64).to_be_bytes();
                req.send_async(question.to_vec()).await.unwrap();
                let answer = req.recv_async().await.unwrap();
                assert_eq!(answer.body(), question);
                served.borrow_mut()[n] += 1;
            }
        };
        pool.spawner().spawn_local(asking).unwrap();
    }
    pool.run();
    let counts: Vec<_> = served.borrow().iter().map(usize::to_string).collect();
    println!("{MARK}{}", counts.join(" "));
}
