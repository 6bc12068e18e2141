//! `spkit device`.

use std::thread;

use clap::Args;
use spkit_api::{Error, ErrorKind, ProtocolInfo, ProtocolPlugin, Result};
use spkit_runtime::{Device, Registry, Runtime, Socket, Tap, Way};

use super::{BROKEN, USAGE, line};

#[derive(Debug, Args)]
#[command(
    about = "Join the peers of two sockets, or of one: a forwarder, until it is killed.",
    after_help = "\
Without an address for the back, what the front receives goes out over it again.

Examples:
  spkit device --protocol rep --front tcp://*:5555 --back ipc:///tmp/workers
      requests from tcp, spread over the workers at /tmp/workers; replies find back
  spkit device --protocol sub --front-dial tcp://news:5556 --back tcp://*:5557 --tap
      a relay for subscribers, which prints what passes
  spkit device --protocol bus --front tcp://*:5558
      a hub: everybody who dials it is on one bus"
)]
pub(super) struct Arguments {
    /// What the front speaks, by its plain name or its raw one; the back speaks what goes with it.
    #[arg(long, value_name = "NAME")]
    protocol: String,
    /// Where the front listens.
    #[arg(long, value_name = "URL")]
    front: Vec<String>,
    /// Where the front connects to.
    #[arg(long, value_name = "URL")]
    front_dial: Vec<String>,
    /// Where the back listens.
    #[arg(long, value_name = "URL")]
    back: Vec<String>,
    /// Where the back connects to.
    #[arg(long, value_name = "URL")]
    back_dial: Vec<String>,
    /// Print each message: `>` from front to back, `<` from back to front.
    #[arg(long)]
    tap: bool,
}

/// Runs the device. It ends only if a socket fails.
pub(super) fn run(arguments: &Arguments, registry: Registry) -> u8 {
    let mut device = match open(arguments, registry) {
        Ok(device) => device,
        Err(error) => {
            eprintln!("spkit device: {error}");
            return USAGE;
        }
    };
    if arguments.tap {
        let tap = device.tap();
        thread::spawn(move || print(tap));
    }
    match device.run() {
        Ok(()) => super::CONFORMANT,
        Err(error) => {
            eprintln!("spkit device: {error}");
            BROKEN
        }
    }
}

fn open(arguments: &Arguments, registry: Registry) -> Result<Device> {
    let named = registry.protocol(&arguments.protocol)?.info();
    let [front, back] = [
        (named.number(), named.peer()),
        (named.peer(), named.number()),
    ]
    .map(|numbers| raw(&registry, numbers));
    let runtime = Runtime::builder().registry(registry).build()?;
    let missing = || {
        let name = arguments.protocol.escape_debug();
        let what = format!("no raw form of `{name}`, or of its peer, is linked");
        Error::new(ErrorKind::NotSupported, what)
    };
    let front = runtime.open(front.ok_or_else(missing)?)?;
    if arguments.back.is_empty() && arguments.back_dial.is_empty() {
        let device = Device::loopback(&front)?;
        attach("front", &front, &arguments.front, &arguments.front_dial)?;
        return Ok(device);
    }
    let back = runtime.open(back.ok_or_else(missing)?)?;
    let device = Device::new(&front, &back)?;
    attach("front", &front, &arguments.front, &arguments.front_dial)?;
    attach("back", &back, &arguments.back, &arguments.back_dial)?;
    Ok(device)
}

/// The raw protocol with these numbers, its own and its peer's.
fn raw(registry: &Registry, numbers: (u16, u16)) -> Option<&'static str> {
    let mut all = registry.protocols().map(ProtocolPlugin::info);
    let raw = all.find(|info| info.is_raw() && (info.number(), info.peer()) == numbers);
    raw.map(ProtocolInfo::name)
}

fn attach(end: &str, socket: &Socket, listen: &[String], dial: &[String]) -> Result<()> {
    if listen.is_empty() && dial.is_empty() {
        let what = format!("the {end} has no address: give --{end} or --{end}-dial");
        return Err(Error::new(ErrorKind::AddressInvalid, what));
    }
    for address in listen {
        let listener = socket.listen(address)?;
        line(&format!("{end} listens at {}", listener.local_addr()));
    }
    for address in dial {
        socket.dial(address)?;
        line(&format!("{end} connects to {address}"));
    }
    Ok(())
}

fn print(tap: Tap) {
    for seen in tap {
        let way = match seen.way {
            Way::Forth => '>',
            Way::Back => '<',
        };
        line(&format!("{way} {:?}", seen.message));
    }
}
