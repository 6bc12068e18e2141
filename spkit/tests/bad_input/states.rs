//! Operations that do not fit: an error, and the message back.

use spkit::{ErrorKind, Message, SendError};

use crate::{
    connect::connect,
    world::{SOON, everywhere},
};

/// The error's kind, once it is clear that the message came back.
fn back(sent: Result<(), SendError>, body: &[u8]) -> ErrorKind {
    let failed = sent.unwrap_err();
    assert_eq!(failed.message.body(), body);
    failed.error.kind()
}

#[test]
fn a_closed_socket() {
    everywhere(|runtime, address| {
        let (pair, peer) = (runtime.open("pair").unwrap(), runtime.open("pair").unwrap());
        connect(&peer, &pair, address);
        let listener = pair.listen("inproc://closed").unwrap();
        pair.close();
        assert_eq!(back(pair.send("x"), b"x"), ErrorKind::Closed);
        assert_eq!(back(pair.try_send("x"), b"x"), ErrorKind::Closed);
        assert_eq!(back(pair.send_timeout("x", SOON), b"x"), ErrorKind::Closed);
        assert_eq!(pair.recv().unwrap_err().kind(), ErrorKind::Closed);
        assert_eq!(pair.try_recv().unwrap_err().kind(), ErrorKind::Closed);
        let received = pair.recv_timeout(SOON);
        assert_eq!(received.unwrap_err().kind(), ErrorKind::Closed);
        let dialed = pair.dial("inproc://elsewhere");
        assert_eq!(dialed.unwrap_err().kind(), ErrorKind::Closed);
        let listens = pair.listen("inproc://elsewhere");
        assert_eq!(listens.unwrap_err().kind(), ErrorKind::Closed);
        listener.close();
        // The address of a listen that was refused is free.
        let other = runtime.open("pair").unwrap();
        other.listen("inproc://elsewhere").unwrap();
        other.listen("inproc://closed").unwrap();
    });
}

#[test]
fn the_wrong_direction() {
    everywhere(|runtime, address| {
        let (pull, push) = (runtime.open("pull").unwrap(), runtime.open("push").unwrap());
        connect(&push, &pull, address);
        assert_eq!(back(pull.send("x"), b"x"), ErrorKind::NotSupported);
        assert_eq!(back(pull.try_send("x"), b"x"), ErrorKind::NotSupported);
        let error = pull.send("x").unwrap_err().error;
        assert!(error.to_string().contains("pull"), "{error}");
        assert_eq!(push.recv().unwrap_err().kind(), ErrorKind::NotSupported);
        assert_eq!(push.try_recv().unwrap_err().kind(), ErrorKind::NotSupported);
        push.send("x").unwrap();
        assert_eq!(pull.recv_timeout(SOON).unwrap().body(), b"x");
    });
}

#[test]
fn a_reply_without_a_request() {
    everywhere(|runtime, address| {
        let (rep, req) = (runtime.open("rep").unwrap(), runtime.open("req").unwrap());
        assert_eq!(back(rep.send("x"), b"x"), ErrorKind::State);
        connect(&req, &rep, address);
        assert_eq!(back(rep.try_send("x"), b"x"), ErrorKind::State);
        req.send("question").unwrap();
        let question = rep.recv_timeout(SOON).unwrap();
        rep.send("answer").unwrap();
        assert_eq!(question.body(), b"question");
        assert_eq!(back(rep.send("again"), b"again"), ErrorKind::State);
        assert_eq!(req.recv_timeout(SOON).unwrap().body(), b"answer");
    });
}

#[test]
fn a_reply_awaited_without_a_request() {
    everywhere(|runtime, address| {
        let (rep, req) = (runtime.open("rep").unwrap(), runtime.open("req").unwrap());
        assert_eq!(req.recv().unwrap_err().kind(), ErrorKind::State);
        connect(&req, &rep, address);
        assert_eq!(req.try_recv().unwrap_err().kind(), ErrorKind::State);
        req.send("question").unwrap();
        let question: Message = rep.recv_timeout(SOON).unwrap();
        rep.send(question).unwrap();
        req.recv_timeout(SOON).unwrap();
        assert_eq!(req.recv().unwrap_err().kind(), ErrorKind::State);
    });
}
