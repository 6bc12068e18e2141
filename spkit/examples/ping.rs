//! A request and its reply, over tcp in one process.

use spkit::Socket;

fn main() -> spkit::Result<()> {
    let rep = Socket::open("rep")?;
    let listener = rep.listen("tcp://127.0.0.1:0")?;

    let req = Socket::open("req")?;
    req.dial(listener.local_addr().as_str())?;

    req.send("ping")?;
    let question = rep.recv()?;
    rep.send([question.body(), b" pong"].concat())?;
    println!("{}", req.recv()?.body().escape_ascii()); // ping pong
    Ok(())
}
