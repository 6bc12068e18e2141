//! Addresses: in use, nobody there, malformed, by other names; and many peers at one.

use std::net::TcpListener;

use spkit_api::{Error, ErrorKind, transport::StreamKind};
use spkit_runtime::Socket;

use super::{
    Carrier, Pair,
    exchange::open,
    on_site,
    site::{Site, wrong_kind},
};
use crate::{
    case::Case,
    verdict::{During, Outcome, Trouble, ensure},
};

/// Dialers of the case about many peers.
const PEERS: usize = 20;

pub(super) fn cases(carrier: Carrier, pairs: &[Pair]) -> Vec<Case> {
    // Any protocols do; those whose exchange is certain do best.
    let pair = pairs
        .iter()
        .find(|pair| pair.pattern.is_lossless())
        .or_else(|| pairs.first())
        .copied();
    let shared = pairs.iter().find(|pair| pair.a.id != pair.b.id).copied();
    let make = |what: &str, requirements: &[&'static str], pair: Option<Pair>, body: Body| {
        let slug = format!("endpoint.{what}");
        let Some(pair) = pair else {
            return Case {
                missing: Some("needs two protocols that are each other's peers".to_owned()),
                ..on_site(carrier, slug, requirements, &[], |_| Ok(()))
            };
        };
        let names = [pair.a.name, pair.b.name];
        on_site(carrier, slug, requirements, &names, move |site| {
            body(site, pair)
        })
    };
    let in_use: &[&str] = match carrier.kind() {
        Some(StreamKind::Ipc) => &["SPK-007", "SP-IPC-014"],
        _ if carrier.scheme == "inproc" => &["SPK-007", "SP-IN-002"],
        _ => &["SPK-007"],
    };
    let mut cases = vec![
        make("in-use", in_use, pair, in_use_is_refused),
        make("many-peers", &["SPK-009"], shared, many_peers),
        make("wrong-option", &["SPK-011"], pair, wrong_option),
    ];
    if carrier.kind().is_some() {
        cases.push(make("nobody-there", &["SPK-012"], pair, nobody_there));
        cases.push(make("malformed", &["SPK-010"], pair, malformed));
    }
    if carrier.kind() == Some(StreamKind::Ipc) {
        cases.push(make(
            "missing-directory",
            &["SPK-010"],
            pair,
            missing_directory,
        ));
    }
    for scheme in carrier.plugin.transport().info().schemes().iter().skip(1) {
        let requirements: &[&str] = match (carrier.kind(), *scheme) {
            (Some(StreamKind::Ipc), "unix") => &["SPK-001", "SP-IPC-021"],
            _ => &["SPK-001"],
        };
        let slug = format!("endpoint.scheme-{scheme}");
        if let Some(pair) = pair {
            let names = [pair.a.name, pair.b.name];
            cases.push(on_site(carrier, slug, requirements, &names, move |site| {
                other_scheme(site, pair, scheme)
            }));
        }
    }
    cases
}

type Body = fn(&Site, Pair) -> Outcome;

fn in_use_is_refused(site: &Site, pair: Pair) -> Outcome {
    let (first, dialing) = open(site, pair)?;
    let address = site.connect(&first, &dialing)?;
    let second = site.open(pair.a)?;
    match second.listen(&address) {
        Ok(_) => {
            return Err(Trouble::failed(
                "address in use",
                format!("two listen on {address}"),
            ));
        }
        Err(error) if error.kind() == ErrorKind::AddressInUse => names(&error, &address)?,
        Err(error) => return Err(wrong_kind(ErrorKind::AddressInUse, &error)),
    }
    pair.pattern
        .exchange(site, &first, &dialing, b"undisturbed")
}

fn many_peers(site: &Site, pair: Pair) -> Outcome {
    let listening = site.open(pair.b)?;
    let address = site.listen(&listening)?.local_addr().to_string();
    let dialing = (0..PEERS)
        .map(|_| site.open(pair.a))
        .collect::<Outcome<Vec<Socket>>>()?;
    for socket in &dialing {
        site.dial(socket, &address)?;
    }
    site.await_peers(&listening, PEERS)?;
    for (number, socket) in dialing.iter().enumerate() {
        let body = format!("from peer {number}");
        pair.pattern
            .exchange(site, socket, &listening, body.as_bytes())
            .during(format!("peer {number} of {PEERS}"))?;
    }
    Ok(())
}

fn nobody_there(site: &Site, pair: Pair) -> Outcome {
    let (probe, dialing) = open(site, pair)?;
    let address = site.listen(&probe)?.local_addr().to_string();
    site.close(&probe);
    site.dial(&dialing, &address)?;
    // Not once: again and again, with the reason.
    for _ in 0..2 {
        let error = site.await_redial(&dialing)?;
        ensure(
            error.is_transient() || error.kind() == ErrorKind::AddressInvalid,
            "a passing error",
            || format!("{:?}: {error}", error.kind()),
        )?;
    }
    Ok(())
}

fn wrong_option(site: &Site, pair: Pair) -> Outcome {
    let (first, socket) = open(site, pair)?;
    // One that can be dialed, which not every address to listen at is.
    let address = site.listen(&first)?.local_addr().to_string();
    let unknown = socket.listen_with(&address, |own| {
        own.set_value("no-such-option", spkit_api::Value::Bool(true))
            .map(drop)
    });
    refused(unknown.map(drop), ErrorKind::OptionUnknown, &address)?;
    let too_large = socket.dial_with(&address, |own| {
        let never = spkit_api::Value::Duration(None);
        own.set_value(spkit_api::options::HANDSHAKE_TIMEOUT.name(), never)
            .map(drop)
    });
    refused(too_large.map(drop), ErrorKind::OptionInvalid, &address)
}

fn malformed(site: &Site, pair: Pair) -> Outcome {
    let (socket, _) = open(site, pair)?;
    let long = "p".repeat(200);
    let rests: &[&str] = match site.carrier.kind() {
        Some(StreamKind::Ipc) => &["", &long],
        _ => &[
            "",
            "127.0.0.1",
            "127.0.0.1:",
            "127.0.0.1:http",
            "127.0.0.1:70000",
            "-x:1",
            "a b:1",
        ],
    };
    for rest in rests {
        let address = format!("{}://{rest}", site.carrier.scheme);
        refused(
            site.try_dial(&socket, &address),
            ErrorKind::AddressInvalid,
            &address,
        )
        .during("dialing")?;
        refused(
            socket.listen(&address).map(drop),
            ErrorKind::AddressInvalid,
            &address,
        )
        .during("listening")?;
    }
    Ok(())
}

fn missing_directory(site: &Site, pair: Pair) -> Outcome {
    let (listening, dialing) = open(site, pair)?;
    let address = format!("{}/x", site.address());
    match listening.listen(&address) {
        Ok(_) => {
            return Err(Trouble::failed(
                "an error",
                format!("a listener on {address}"),
            ));
        }
        Err(error) => names(&error, &address)?,
    }
    site.dial(&dialing, &address)?;
    site.await_redial(&dialing).map(drop)
}

fn other_scheme(site: &Site, pair: Pair, scheme: &'static str) -> Outcome {
    let (listening, dialing) = open(site, pair)?;
    let listener = match (site.carrier.kind(), scheme) {
        (Some(StreamKind::Tcp), scheme) if scheme.ends_with('6') => {
            if TcpListener::bind("[::1]:0").is_err() {
                return Err(Trouble::Skipped("this machine has no IPv6".to_owned()));
            }
            let address = format!("{scheme}://[::1]:0");
            listening
                .listen(&address)
                .map_err(|error| Trouble::failed(format!("{address} to work"), error.to_string()))?
        }
        _ => site.listen_as(&listening, scheme)?,
    };
    let address = listener.local_addr().to_string();
    ensure(
        address.starts_with(scheme),
        format!("a local address of {scheme}"),
        || address.clone(),
    )?;
    site.dial(&dialing, &address)?;
    site.await_peers(&listening, 1)?;
    site.await_peers(&dialing, 1)?;
    pair.pattern
        .exchange(site, &listening, &dialing, b"by another name")
}

/// The call failed with this kind of error, and the error says about which address.
fn refused(result: Result<(), Error>, kind: ErrorKind, address: &str) -> Outcome {
    match result {
        Ok(()) => Err(Trouble::failed(
            format!("{address} to be refused"),
            "no error",
        )),
        Err(error) if error.kind() == kind => names(&error, address),
        Err(error) => Err(wrong_kind(kind, &error)).during(address),
    }
}

fn names(error: &Error, address: &str) -> Outcome {
    ensure(
        error.to_string().contains(address),
        format!("an error that names {address}"),
        || error.to_string(),
    )
}
