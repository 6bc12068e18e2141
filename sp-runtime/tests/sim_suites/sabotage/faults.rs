//! Each protocol with each fault that its suite has to notice.

use spkit_api::{ProtocolPlugin, plugin::Origin};
use spkit_protocols::{
    bus0::{BUS0, XBUS0},
    pair0::PAIR0,
    pair1::{PAIR1, poly::PAIR1_POLY},
    pub0::PUB0,
    pull0::PULL0,
    push0::PUSH0,
    rep0::{REP0, XREP0},
    req0::{REQ0, XREQ0},
    respondent0::{RESPONDENT0, XRESPONDENT0},
    star::STAR,
    sub0::SUB0,
    surveyor0::{SURVEYOR0, XSURVEYOR0},
};

use super::{
    super::{Run, bus, device, pair, pipeline, poly, pubsub, reqrep, star, survey},
    Fault, How, sabotage,
};

/// These faults of a protocol, under a suite.
macro_rules! faults {
    ($name:ident: $real:ident in $run:expr, $($how:ident)+) => {
        pub(crate) static $name: &[Fault] = &[$(
            Fault {
                name: concat!(stringify!($real), " ", stringify!($how)),
                run: |seed| {
                    let build = || sabotage(&$real, How::$how);
                    let origin = Origin::new("sabotage", "0");
                    $run(seed, ProtocolPlugin::new($real.info(), build, origin))
                },
            },
        )+];
    };
}

faults!(REQ: REQ0 in requester, DeafToLoss AnyId CancelsNothing NoTimers SilentWritable OtherId LosesReceived
    DoublesReceived DoublesSent Alters);
faults!(REP: REP0 in replier, SilentReadable OtherId LosesSent DoublesSent OtherPipe Alters NoRoom);
faults!(PUSH: PUSH0 in pusher, SilentWritable LosesSent DoublesSent Alters);
faults!(PULL: PULL0 in puller, LosesReceived DoublesReceived Swaps);
faults!(PAIR: PAIR0 in pair::run_with, RefusesNobody Swaps DoublesSent SilentWritable);
faults!(PAIR_1: PAIR1 in pair::run_pair1_with, RefusesNobody Swaps DoublesSent LosesSent SilentWritable LosesReceived
    OtherId ForgetsHops Alters);
faults!(POLY: PAIR1_POLY in poly::run_with, OtherPipe Swaps DoublesSent LosesSent SilentWritable LosesReceived
    ForgetsHops Alters);
faults!(PUB: PUB0 in publisher, SilentWritable LosesSent DoublesSent Alters NoRoom DeafToOptions DeafToLoss);
faults!(SUB: SUB0 in subscriber, LosesReceived DoublesReceived Swaps SubscribesToAll KeepsSubscriptions DeafToOptions);
faults!(SURVEYOR: SURVEYOR0 in surveyor, AnyId NoTimers CancelsNothing SilentReadable OtherId LosesReceived
    DoublesReceived DoublesSent LosesSent Alters NoRoom DeafToOptions);
faults!(RESPONDENT: RESPONDENT0 in respondent, SilentReadable OtherId LosesSent DoublesSent OtherPipe Alters NoRoom
    LosesReceived DoublesReceived);
faults!(BUS: BUS0 in bus, LosesSent DoublesSent Alters NoRoom Echoes Swaps LosesReceived DoublesReceived);
faults!(XBUS: XBUS0 in hub, LosesSent DoublesSent Echoes OtherPipe LosesReceived);
faults!(STARS: STAR in star::run_with, LosesSent DoublesSent Alters NoRoom Echoes OtherPipe ForgetsHops OtherId Swaps
    LosesReceived DoublesReceived DeafToOptions);
faults!(XREP: XREP0 in front, OtherId LosesSent DoublesSent OtherPipe Alters NoRoom LosesReceived DoublesReceived
    DeafToOptions);
faults!(XREQ: XREQ0 in back, SilentWritable LosesSent DoublesSent OtherId Alters LosesReceived DoublesReceived);
faults!(XRESPONDENT: XRESPONDENT0 in survey_front, OtherPipe DoublesSent LosesSent Alters LosesReceived DeafToOptions);
faults!(XSURVEYOR: XSURVEYOR0 in survey_back, DoublesSent OtherId OtherPipe Alters LosesReceived DoublesReceived);

fn requester(seed: u64, req: ProtocolPlugin) -> Run {
    reqrep::run_with(seed, reqrep::Protocols { req, rep: REP0 })
}

fn replier(seed: u64, rep: ProtocolPlugin) -> Run {
    reqrep::run_with(seed, reqrep::Protocols { req: REQ0, rep })
}

fn pusher(seed: u64, push: ProtocolPlugin) -> Run {
    pipeline::run_with(seed, pipeline::Protocols { push, pull: PULL0 })
}

fn puller(seed: u64, pull: ProtocolPlugin) -> Run {
    pipeline::run_with(seed, pipeline::Protocols { push: PUSH0, pull })
}

fn publisher(seed: u64, publish: ProtocolPlugin) -> Run {
    let subscribe = SUB0;
    pubsub::run_with(seed, pubsub::Protocols { publish, subscribe })
}

fn subscriber(seed: u64, subscribe: ProtocolPlugin) -> Run {
    let publish = PUB0;
    pubsub::run_with(seed, pubsub::Protocols { publish, subscribe })
}

fn surveyor(seed: u64, surveyor: ProtocolPlugin) -> Run {
    let respondent = RESPONDENT0;
    survey::run_with(
        seed,
        survey::Protocols {
            surveyor,
            respondent,
        },
    )
}

fn respondent(seed: u64, respondent: ProtocolPlugin) -> Run {
    let surveyor = SURVEYOR0;
    survey::run_with(
        seed,
        survey::Protocols {
            surveyor,
            respondent,
        },
    )
}

fn bus(seed: u64, cooked: ProtocolPlugin) -> Run {
    bus::run_with(seed, bus::Protocols { cooked, raw: XBUS0 })
}

fn hub(seed: u64, raw: ProtocolPlugin) -> Run {
    bus::run_with(seed, bus::Protocols { cooked: BUS0, raw })
}

fn front(seed: u64, front: ProtocolPlugin) -> Run {
    let protocols = device::REQUESTS;
    device::run_with(seed, device::Protocols { front, ..protocols })
}

fn back(seed: u64, back: ProtocolPlugin) -> Run {
    let protocols = device::REQUESTS;
    device::run_with(seed, device::Protocols { back, ..protocols })
}

fn survey_front(seed: u64, front: ProtocolPlugin) -> Run {
    let protocols = device::SURVEYS;
    device::run_with(seed, device::Protocols { front, ..protocols })
}

fn survey_back(seed: u64, back: ProtocolPlugin) -> Run {
    let protocols = device::SURVEYS;
    device::run_with(seed, device::Protocols { back, ..protocols })
}
