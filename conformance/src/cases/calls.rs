//! What sockets answer to calls that cannot succeed: no transport is involved.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use spkit_api::{ErrorKind, Message, ProtocolPlugin, SendError};
use spkit_runtime::{Device, Registry, Runtime, Socket};

use crate::{
    case::{Case, Class, Stage},
    endpoints,
    verdict::{Outcome, Trouble, ensure},
};

pub(crate) fn cases(registry: &Registry) -> Vec<Case> {
    let mut cases = vec![
        case(
            "sockets.unknown-scheme".to_owned(),
            &["SPK-013"],
            &[],
            unknown_scheme,
        ),
        case(
            "sockets.unknown-protocol".to_owned(),
            &["SPK-013"],
            &[],
            unknown_protocol,
        ),
    ];
    let has = |name: &&str| registry.protocol(name).is_ok();
    if DEVICES.iter().all(has) {
        let device = case(
            "sockets.device-misfit".to_owned(),
            &["SP-DV-001"],
            &DEVICES,
            device_misfit,
        );
        cases.push(device);
    }
    if registry.protocols().next().is_none() {
        for case in &mut cases {
            case.missing = Some("needs a protocol; none is linked in".to_owned());
        }
    }
    for plugin in registry.protocols() {
        let info = plugin.info();
        let make = |what: &str,
                    requirements: &[&'static str],
                    body: fn(&Stage, &'static ProtocolPlugin) -> Outcome| {
            let slug = format!("{}.{what}", info.name());
            case(slug, requirements, &[info.name()], move |stage| {
                body(stage, plugin)
            })
        };
        if !(info.can_send() && info.can_recv()) {
            cases.push(make("wrong-direction", &["SPK-014"], wrong_direction));
        }
        cases.push(make("closed", &["SPK-015"], closed));
        match info.number() {
            endpoints::PAIR1 if info.is_raw() => {
                cases.push(make("no-header", &["SP-P1-008"], no_header));
            }
            endpoints::STAR if info.is_raw() => {
                cases.push(make("no-header", &["SP-ST-007"], no_header));
            }
            // Other raw ones remember nothing.
            _ if info.is_raw() => {}
            endpoints::REP => {
                cases.push(make("out-of-turn", &["SPK-016", "SP-RR-038"], send_first))
            }
            endpoints::RESPONDENT => {
                cases.push(make("out-of-turn", &["SPK-016", "SP-SV-014"], send_first))
            }
            endpoints::REQ => cases.push(make("out-of-turn", &["SPK-016"], receive_first)),
            endpoints::SURVEYOR => cases.push(make(
                "out-of-turn",
                &["SPK-016", "SP-SV-013"],
                receive_first,
            )),
            _ => {}
        }
        if info.can_recv() {
            cases.push(make("timeouts", &["SPK-017"], timeouts));
        }
    }
    cases
}

fn case(
    slug: String,
    requirements: &[&'static str],
    protocols: &[&'static str],
    body: impl Fn(&Stage) -> Outcome + Send + Sync + 'static,
) -> Case {
    Case {
        id: format!("calls.{slug}"),
        requirements: requirements.to_vec(),
        class: Class::Brief,
        transport: None,
        protocols: protocols.to_vec(),
        note: "",
        missing: None,
        on_the_wire: false,
        body: Arc::new(body),
    }
}

/// The protocols of the case about devices.
const DEVICES: [&str; 5] = ["req", "rep", "xreq", "xrep", "xbus"];

/// Two raw sockets that are each other's peers, or one that is its own: nothing else makes a device.
fn device_misfit(stage: &Stage) -> Outcome {
    let runtime = stage.runtime(&[])?;
    let pairs = [
        ("rep", "req", false),
        ("xrep", "req", false),
        ("xrep", "xrep", false),
        ("xrep", "xbus", false),
        ("xrep", "xreq", true),
        ("xbus", "xbus", true),
    ];
    for (first, second, fits) in pairs {
        let made = Device::new(&open(&runtime, first)?, &open(&runtime, second)?);
        fits_or_not(made, fits, &format!("{first} and {second}"))?;
    }
    for (name, fits) in [("rep", false), ("xrep", false), ("xbus", true)] {
        let made = Device::loopback(&open(&runtime, name)?);
        fits_or_not(made, fits, name)?;
    }
    Ok(())
}

fn fits_or_not(made: spkit_api::Result<Device>, fits: bool, what: &str) -> Outcome {
    let wanted = if fits { "a device" } else { "an error" };
    ensure(
        made.is_ok() == fits,
        format!("{what}: {wanted}"),
        || match made {
            Ok(_) => "a device".to_owned(),
            Err(error) => error.to_string(),
        },
    )
}

fn unknown_scheme(stage: &Stage) -> Outcome {
    let runtime = stage.runtime(&[])?;
    // There is at least one, or this case would be missing something.
    let name = runtime
        .registry()
        .protocols()
        .next()
        .map_or("", |plugin| plugin.info().name());
    let socket = open(&runtime, name)?;
    let schemes = runtime
        .registry()
        .transports()
        .filter_map(|plugin| plugin.transport().info().schemes().first().copied());
    lists(socket.dial("no-such-scheme://x").map(drop), schemes)?;
    let schemes = runtime
        .registry()
        .transports()
        .filter_map(|plugin| plugin.transport().info().schemes().first().copied());
    lists(socket.listen("no-such-scheme://x").map(drop), schemes)?;
    match socket.dial("no scheme at all").map(drop) {
        Err(error) if error.kind() == ErrorKind::AddressInvalid => Ok(()),
        other => Err(Trouble::failed("AddressInvalid", format!("{other:?}"))),
    }
}

fn unknown_protocol(stage: &Stage) -> Outcome {
    let runtime = stage.runtime(&[])?;
    let names = runtime
        .registry()
        .protocols()
        .map(|plugin| plugin.info().name());
    lists(runtime.open("no-such-protocol").map(drop), names)
}

/// The error names everything that there is.
fn lists<'a>(result: spkit_api::Result<()>, names: impl Iterator<Item = &'a str>) -> Outcome {
    let Err(error) = result else {
        return Err(Trouble::failed("an error", "none"));
    };
    let text = error.to_string();
    let kind = matches!(
        error.kind(),
        ErrorKind::NotSupported | ErrorKind::NothingLinked
    );
    ensure(kind, "NotSupported or NothingLinked", || {
        format!("{:?}: {text}", error.kind())
    })?;
    for name in names {
        ensure(
            text.contains(name),
            format!("an error that lists `{name}`"),
            || text.clone(),
        )?;
    }
    Ok(())
}

fn wrong_direction(stage: &Stage, plugin: &'static ProtocolPlugin) -> Outcome {
    let runtime = stage.runtime(&[])?;
    let socket = open(&runtime, plugin.info().name())?;
    if !plugin.info().can_send() {
        let sent = socket.send_timeout(Message::from_body("kept"), stage.pace.expect());
        handed_back(sent, b"kept", ErrorKind::NotSupported)?;
    }
    if !plugin.info().can_recv() {
        let received = socket.recv_timeout(stage.pace.expect());
        fails_with(received, ErrorKind::NotSupported)?;
    }
    Ok(())
}

fn closed(stage: &Stage, plugin: &'static ProtocolPlugin) -> Outcome {
    let runtime = stage.runtime(&[])?;
    let info = plugin.info();
    let socket = open(&runtime, info.name())?;
    let asks_first = matches!(info.number(), endpoints::REQ | endpoints::SURVEYOR);
    if info.can_recv() && (info.is_raw() || !asks_first) {
        let waiting = socket.clone();
        let waiting = std::thread::spawn(move || waiting.recv());
        socket.close();
        let woken = waiting
            .join()
            .map_err(|_| Trouble::Kit("receiving panicked".to_owned()))?;
        over(woken.map(drop), "a waiting receive")?;
    }
    socket.close();
    if info.can_send() {
        let sent = socket.send(Message::from_body("kept"));
        let body = sent
            .as_ref()
            .err()
            .map(|failed| failed.message.body().to_vec());
        ensure(
            body.as_deref() == Some(b"kept"),
            "the message to be handed back",
            || format!("{body:?}"),
        )?;
        over(sent.map_err(|failed| failed.error), "a send")?;
    }
    if info.can_recv() {
        over(socket.recv().map(drop), "a receive")?;
    }
    over(socket.dial("no-such-scheme://x").map(drop), "a dial").or_else(|_| {
        // Which of the two mistakes is told first is nobody's business.
        fails_with(
            socket.dial("no-such-scheme://x").map(drop),
            ErrorKind::NotSupported,
        )
    })
}

/// An answer before there was a request.
fn send_first(stage: &Stage, plugin: &'static ProtocolPlugin) -> Outcome {
    let runtime = stage.runtime(&[])?;
    let socket = open(&runtime, plugin.info().name())?;
    let sent = socket.send_timeout(Message::from_body("an answer"), stage.pace.expect());
    handed_back(sent, b"an answer", ErrorKind::State)
}

/// A raw message without the header that its protocol needs, or with too much of one.
fn no_header(stage: &Stage, plugin: &'static ProtocolPlugin) -> Outcome {
    let runtime = stage.runtime(&[])?;
    let socket = open(&runtime, plugin.info().name())?;
    for words in [&[][..], &[1, 1], &[256]] {
        let mut message = Message::from_body("kept");
        words.iter().for_each(|word| message.push_back(*word));
        let sent = socket.send_timeout(message, stage.pace.expect());
        handed_back(sent, b"kept", ErrorKind::HeaderInvalid)?;
    }
    Ok(())
}

/// Waiting for an answer before there was a request.
fn receive_first(stage: &Stage, plugin: &'static ProtocolPlugin) -> Outcome {
    let runtime = stage.runtime(&[])?;
    let socket = open(&runtime, plugin.info().name())?;
    fails_with(socket.recv_timeout(stage.pace.expect()), ErrorKind::State)
}

/// A timeout never ends early, and a zero one does not wait.
fn timeouts(stage: &Stage, plugin: &'static ProtocolPlugin) -> Outcome {
    let runtime = stage.runtime(&[])?;
    let socket = open(&runtime, plugin.info().name())?;
    for millis in [0, 1, 50] {
        let start = Instant::now();
        let timeout = Duration::from_millis(millis);
        let Err(error) = socket.recv_timeout(timeout) else {
            return Err(Trouble::failed("nothing to receive", "a message"));
        };
        let took = start.elapsed();
        match error.kind() {
            // There is nothing to wait for.
            ErrorKind::State => {}
            ErrorKind::TimedOut | ErrorKind::WouldBlock => ensure(
                took >= timeout,
                format!("at least {timeout:?} of waiting"),
                || format!("{took:?}"),
            )?,
            _ => {
                return Err(Trouble::failed(
                    "TimedOut",
                    format!("{:?}: {error}", error.kind()),
                ));
            }
        }
    }
    Ok(())
}

fn handed_back(sent: Result<(), SendError>, body: &[u8], kind: ErrorKind) -> Outcome {
    match sent {
        Err(failed) if failed.kind() == kind && failed.message.body() == body => Ok(()),
        other => Err(Trouble::failed(
            format!("{kind:?}, and the message handed back"),
            format!("{other:?}"),
        )),
    }
}

fn fails_with<T>(result: spkit_api::Result<T>, kind: ErrorKind) -> Outcome {
    match result {
        Err(error) if error.kind() == kind => Ok(()),
        Err(error) => Err(Trouble::failed(format!("{kind:?}"), format!("{error:?}"))),
        Ok(_) => Err(Trouble::failed(format!("{kind:?}"), "no error")),
    }
}

fn over(result: spkit_api::Result<()>, what: &str) -> Outcome {
    match result {
        Err(error) if matches!(error.kind(), ErrorKind::Closed | ErrorKind::Closing) => Ok(()),
        other => Err(Trouble::failed(
            format!("{what} to end with Closed"),
            format!("{other:?}"),
        )),
    }
}

fn open(runtime: &Runtime, name: &str) -> Outcome<Socket> {
    let opened = runtime.open(name);
    opened.map_err(|error| Trouble::failed(format!("`{name}` to open"), error.to_string()))
}
