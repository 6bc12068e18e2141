//! A third party's protocol that does not say what it could do, or panics when it is asked.

use std::collections::VecDeque;

use spkit::{
    ErrorKind, SocketEvent,
    api::{ContextId, Cx, Event, Message, PipeId, Protocol, ProtocolInfo, register_protocol},
};

use crate::{
    connect::connect,
    connected, is_ready,
    ready::wait,
    world::{SOON, everywhere},
};

static SILENT: ProtocolInfo = ProtocolInfo::new("silent", 0xf200, 0xf200).answers_recv();
static NERVOUS: ProtocolInfo = ProtocolInfo::new("nervous", 0xf210, 0xf210);

register_protocol!(SILENT_PAIR, &SILENT, || Box::new(Silent::default()));
register_protocol!(NERVOUS_PAIR, &NERVOUS, || Box::new(Nervous));

/// One peer; keeps what it receives where the runtime does not see it.
#[derive(Debug, Default)]
struct Silent {
    peer: Option<PipeId>,
    received: VecDeque<Message>,
}

impl Protocol for Silent {
    fn info(&self) -> &'static ProtocolInfo {
        &SILENT
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: Event<'_>) {
        match event {
            Event::PipeAdded(added) => {
                self.peer = Some(added.pipe);
                cx.writable(ContextId::SOCKET);
            }
            Event::Received(received) => {
                while let Some(message) = received.messages.pop() {
                    self.received.push_back(message);
                }
                cx.readable(ContextId::SOCKET);
            }
            Event::Send(request) => {
                let _taken = self
                    .peer
                    .is_some_and(|peer| cx.try_send(peer, request.message));
            }
            Event::Recv(request) => *request.message = self.received.pop_front(),
            _ => {}
        }
    }
}

#[derive(Debug)]
struct Nervous;

impl Protocol for Nervous {
    fn info(&self) -> &'static ProtocolInfo {
        &NERVOUS
    }

    fn on_event(&mut self, _: &mut Cx<'_>, event: Event<'_>) {
        assert!(!matches!(event, Event::CanSend(_)), "who asks?");
    }
}

#[test]
fn what_a_protocol_does_not_say_is_found_out_by_trying() {
    everywhere(|runtime, address| {
        let (pair, peer) = connected(runtime, ["silent", "silent"], address);
        let ready = pair.recv_ready().unwrap();
        for n in 0..3_u8 {
            // Perhaps it could; once it could not, it waits for a sign.
            assert!(is_ready(&ready));
            assert_eq!(pair.try_recv().unwrap_err().kind(), ErrorKind::WouldBlock);
            assert!(!is_ready(&ready));
            peer.try_send(vec![n]).unwrap();
            assert!(wait(&ready, SOON));
            assert_eq!(pair.try_recv().unwrap().body(), [n]);
        }
        let lonely = runtime.open("silent").unwrap();
        let ready = lonely.send_ready().unwrap();
        assert!(is_ready(&ready));
        lonely.try_send("x").unwrap_err();
        assert!(!is_ready(&ready));
        let late = runtime.open("silent").unwrap();
        connect(&lonely, &late, "inproc://late");
        assert!(wait(&ready, SOON));
        lonely.try_send("x").unwrap();
    });
}

#[test]
fn one_that_panics_when_it_is_asked_fails_its_socket_and_ends_who_polls() {
    everywhere(|runtime, _| {
        let socket = runtime.open("nervous").unwrap();
        let receives = socket.recv_ready().unwrap();
        assert!(!is_ready(&receives));
        let sends = socket.send_ready().unwrap();
        assert!(is_ready(&sends) && is_ready(&receives));
        let error = socket.try_recv().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PluginPanicked, "{error}");
        let told = std::iter::from_fn(|| socket.try_event());
        assert!(
            told.into_iter()
                .any(|event| matches!(event, SocketEvent::Failed { .. }))
        );
    });
}
