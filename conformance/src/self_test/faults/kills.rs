//! Which cases find which fault.

use crate::driver::reference::Fault;

/// A fault, and the cases that claim to find it.
pub(super) type Kill = (Fault, &'static [&'static str]);

/// Which cases find which fault, on either kind of stream.
pub(super) const KILLS: &[Kill] = &[
    (
        Fault::WrongMagic,
        &["header.sent-at-once", "header.sent-at-once-dialing"],
    ),
    (Fault::ReservedSet, &["header.sent-at-once"]),
    (
        Fault::WrongId,
        &["header.sent-at-once", "ids.pair", "ids.rep"],
    ),
    (
        Fault::HeaderWaits,
        &["header.sent-at-once", "header.sent-at-once-dialing"],
    ),
    (
        Fault::SendsTooEarly,
        &["header.no-message-before-peers", "header.sent-at-once"],
    ),
    (
        Fault::IgnoresByte(0),
        &["header.bad-byte-0", "header.bad-from-listener"],
    ),
    (
        Fault::IgnoresByte(1),
        &["header.bad-byte-1", "hostile.flipped-bits"],
    ),
    (
        Fault::IgnoresByte(2),
        &["header.bad-byte-2", "header.fifty-bad-ones"],
    ),
    (
        Fault::IgnoresByte(3),
        &["header.bad-version", "hostile.every-version"],
    ),
    (
        Fault::IgnoresReserved,
        &["header.reserved-not-zero", "hostile.flipped-bits"],
    ),
    (
        Fault::IgnoresId,
        &[
            "header.wrong-peer",
            "ids.pair",
            "ids.req",
            "header.dialer-tries-again",
        ],
    ),
    (
        Fault::HoldsRefused,
        &[
            "header.bad-byte-0",
            "header.bad-in-two-parts",
            "hostile.foreign-greetings",
        ],
    ),
    (
        Fault::ClosesLate,
        &["header.bad-version", "header.wrong-peer"],
    ),
    (Fault::NoHandshakeLimit, &["header.never-completed"]),
    (
        Fault::Impatient,
        &["header.completed-at-900-ms", "header.split-bytewise"],
    ),
    (
        Fault::DeafAfterBadHeader,
        &["header.fifty-bad-ones", "hostile.connect-and-close"],
    ),
    (Fault::DeliversRefused, &["header.refused-is-not-delivered"]),
    (Fault::SeatsTooEarly, &["header.refused-is-not-delivered"]),
    (
        Fault::NoRedial,
        &["header.dialer-tries-again", "lifecycle.dialer-reconnects"],
    ),
    (
        Fault::WrongBytes,
        &[
            "header.then-messages",
            "framing.any-bytes",
            "framing.golden-reply",
        ],
    ),
    (
        Fault::LittleEndian,
        &["framing.golden-push", "framing.golden-request"],
    ),
    (
        Fault::DropsEmpty,
        &["framing.empty-echoed", "framing.empty-delivered"],
    ),
    (
        Fault::LosesPipelined,
        &["framing.hundred-at-once", "hostile.many-empty-messages"],
    ),
    (
        Fault::NoLimit,
        &["limits.one-too-many", "limits.huge-sizes"],
    ),
    (
        Fault::LimitTooLow,
        &["limits.exactly-the-limit", "limits.default-is-1-mib"],
    ),
    (Fault::LimitCountsBody, &["limits.counts-protocol-header"]),
    (Fault::WaitsForBody, &["limits.one-too-many"]),
    (Fault::DeliversTruncated, &["limits.truncated-by-close"]),
    (
        Fault::IgnoresHalfClose,
        &["lifecycle.half-close", "lifecycle.half-close-one-way"],
    ),
    (
        Fault::OneAtATime,
        &[
            "lifecycle.hundred-connections",
            "hostile.hanging-handshakes",
        ],
    ),
    (
        Fault::TakesAnyAnswer,
        &[
            "surveys.foreign-answers",
            "surveys.late-answers",
            "surveys.new-cancels-old",
        ],
    ),
    (Fault::NoSurveyEnd, &["surveys.late-answers"]),
    (Fault::SurveysOne, &["surveys.every-respondent"]),
    (Fault::Resurveys, &["surveys.sent-once"]),
    (Fault::KeepsSurvey, &["surveys.not-for-later"]),
    (
        Fault::AnswersAnything,
        &["surveys.ttl", "surveys.without-id"],
    ),
    (Fault::LosesTag, &["surveys.echoed-stack", "surveys.ttl"]),
    (Fault::SendsKeepAlive, &["lifecycle.nothing-unasked"]),
    (Fault::NoTtl, &["pair1.ttl", "pair1.forwarded", "star.ttl"]),
    (
        Fault::CountsNothing,
        &[
            "pair1.forwarded",
            "star.forwards",
            "star.circle",
            "star.resent-raw",
        ],
    ),
    (
        Fault::TakesUncounted,
        &["pair1.malformed", "pair1-poly.malformed", "star.ttl"],
    ),
    (
        Fault::SendsBack,
        &[
            "bus.all-peers",
            "bus.reflector",
            "star.forwards",
            "pair1-poly.many-peers",
        ],
    ),
    (
        Fault::SendsToOne,
        &["bus.all-peers", "bus.reflector", "star.forwards"],
    ),
    (
        Fault::CountsFromOne,
        &[
            "requests.ids",
            "device-requests.channels",
            "device-surveys.channels",
        ],
    ),
    (Fault::SameTag, &["requests.ids"]),
    (Fault::SticksToOne, &["requests.in-turn"]),
    (Fault::SendsToEach, &["requests.in-turn"]),
    (Fault::NeverResends, &["requests.resent"]),
    (Fault::ResendsEarly, &["requests.resent"]),
    (Fault::ResendsAnew, &["requests.resent"]),
    (Fault::NoFailover, &["requests.elsewhere"]),
    (
        Fault::TakesAnyAnswer,
        &[
            "requests.foreign-replies",
            "requests.second-reply",
            "requests.new-cancels-old",
        ],
    ),
    (Fault::KeepsOldRequest, &["requests.new-cancels-old"]),
    (Fault::OnlyAskedMayAnswer, &["requests.answered-by-another"]),
    (
        Fault::LosesEmptyBodies,
        &[
            "requests.answered-by-another",
            "replies.echoed-stack",
            "surveys.echoed-stack",
        ],
    ),
    (
        Fault::ZeroIsNoId,
        &["replies.echoed-stack", "surveys.echoed-stack"],
    ),
    (
        Fault::ReadsOn,
        &["replies.echoed-stack", "surveys.echoed-stack"],
    ),
    (Fault::LosesTag, &["replies.echoed-stack", "replies.ttl"]),
    (
        Fault::AnswersAnything,
        &[
            "replies.ttl",
            "replies.without-id",
            "device-requests.not-passed",
            "device-surveys.not-passed",
        ],
    ),
    (
        Fault::NoTtl,
        &[
            "device-requests.not-passed",
            "device-surveys.not-passed",
            "device-requests.circle",
            "device-surveys.circle",
            "device-pair1.one-more-hop",
        ],
    ),
    (
        Fault::AnswersElsewhere,
        &[
            "replies.to-who-asked",
            "surveys.to-who-asked",
            "replies.vanished-requester",
            "surveys.vanished-surveyor",
        ],
    ),
    (
        Fault::AnswersTwice,
        &[
            "replies.answering-is-optional",
            "replies.hundred-at-once",
            "surveys.hundred-at-once",
        ],
    ),
    (
        Fault::AnswersFirst,
        &[
            "replies.answering-is-optional",
            "surveys.answering-is-optional",
        ],
    ),
    (
        Fault::OneAtATime,
        &[
            "requests.stray-replies",
            "replies.slow-requester",
            "surveys.slow-surveyor",
        ],
    ),
    (
        Fault::AnyChannel,
        &[
            "device-requests.channels",
            "device-requests.lost-ways-back",
            "device-surveys.lost-ways-back",
        ],
    ),
    (Fault::CountsNothing, &["device-pair1.one-more-hop"]),
    (
        Fault::WrongBytes,
        &[
            "device-requests.there-and-back",
            "device-surveys.there-and-back",
            "device-requests.two-in-a-row",
            "device-requests.in-any-order",
            "device-publish.unchanged",
            "device-pipeline.unchanged",
            "device-pair.unchanged",
            "device-bus.unchanged",
        ],
    ),
    (Fault::SendsToOne, &["device-surveys.to-all"]),
    (
        Fault::SticksToOne,
        &["pipeline.in-turn", "pipeline.slow-puller"],
    ),
    (Fault::SendsToEach, &["pipeline.in-turn"]),
    (Fault::WaitsForSlow, &["pipeline.slow-puller"]),
    (Fault::ReadsAhead, &["pipeline.slow-application"]),
    (
        Fault::WrongBytes,
        &["pair.in-order", "pair.slow-reader", "pipeline.large"],
    ),
    (Fault::LosesPipelined, &["pair.in-order"]),
    (
        Fault::LittleEndian,
        &["pipeline.in-order", "publish.slow-subscriber"],
    ),
    (Fault::SendsKeepAlive, &["pipeline.pull-is-silent"]),
    (Fault::RedialsAtOnce, &["hostile.closing-listener"]),
    (
        Fault::NoRedial,
        &[
            "hostile.closing-listener",
            "hostile.silent-listener",
            "hostile.headers.pub",
        ],
    ),
    (Fault::NoHandshakeLimit, &["hostile.silent-listener"]),
    (Fault::NoSurveyEnd, &["hostile.flood-of-answers"]),
    (
        Fault::OneAtATime,
        &["hostile.idle-connections", "hostile.flooded-bus"],
    ),
    (Fault::DropsInSilence, &["hostile.one-message-each"]),
    (Fault::ClosesNothing, &["hostile.stops-in-mid-message"]),
    (
        Fault::OneAtATime,
        &["pipeline.flooding-pusher", "publish.slow-subscriber"],
    ),
    (
        Fault::DropsInSilence,
        &[
            "hostile.headers.rep",
            "hostile.headers.sub",
            "hostile.sizes.pair",
            "hostile.sizes.pub",
            "hostile.payloads.req",
            "hostile.payloads.respondent",
            "hostile.payloads.push",
            "hostile.payloads.pub",
            "hostile.payloads.star",
        ],
    ),
    (
        Fault::IgnoresByte(2),
        &["hostile.headers.push", "hostile.headers.bus"],
    ),
    (
        Fault::IgnoresReserved,
        &["hostile.headers.pull", "hostile.headers.pair1"],
    ),
    (
        Fault::IgnoresId,
        &["hostile.headers.surveyor", "hostile.headers.star"],
    ),
    (
        Fault::NoHandshakeLimit,
        &["hostile.headers.req", "hostile.headers.pair"],
    ),
    (Fault::DeliversRefused, &["hostile.headers.pull"]),
    (
        Fault::OneAtATime,
        &["hostile.headers.respondent", "hostile.sizes.sub"],
    ),
    (
        Fault::NoLimit,
        &["hostile.sizes.rep", "hostile.sizes.surveyor"],
    ),
    (
        Fault::DeliversTruncated,
        &["hostile.sizes.pull", "hostile.sizes.bus"],
    ),
    (Fault::DropsEmpty, &["hostile.sizes.pair"]),
    (
        Fault::IgnoresHalfClose,
        &["hostile.sizes.star", "hostile.payloads.pair"],
    ),
];

/// The same for what only the ipc mapping has.
pub(super) const IPC_KILLS: &[Kill] = &[
    (
        Fault::IgnoresType,
        &[
            "type.other-than-1",
            "type.missing",
            "hostile.types.pull",
            "hostile.types.req",
        ],
    ),
    (Fault::RemovesAnyFile, &["hostile.types.pub"]),
    (
        Fault::RemovesAnyFile,
        &["file.regular-is-kept", "file.in-use-is-refused"],
    ),
    (Fault::KeepsFile, &["file.removed-at-close"]),
];
