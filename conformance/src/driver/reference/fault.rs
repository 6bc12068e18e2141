//! Deliberate mistakes of the reference endpoint. Each belongs to a case that has to find it.

/// One thing an endpoint does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Its header has a wrong byte 1.
    WrongMagic,
    /// Its header has a reserved byte that is not zero.
    ReservedSet,
    /// Its header announces the peer's id plus two.
    WrongId,
    /// It waits for the peer's header before it sends its own.
    HeaderWaits,
    /// It sends messages before it has the peer's header.
    SendsTooEarly,
    /// It does not look at this byte of the peer's header.
    IgnoresByte(usize),
    /// It does not look at the reserved bytes.
    IgnoresReserved,
    /// It takes any peer id.
    IgnoresId,
    /// It answers a bad header by silence.
    HoldsRefused,
    /// It closes after a bad header, but 20 s later.
    ClosesLate,
    /// It waits for a header for ever.
    NoHandshakeLimit,
    /// It gives a header 50 ms.
    Impatient,
    /// It accepts nobody after a bad header.
    DeafAfterBadHeader,
    /// It delivers what follows a bad header.
    DeliversRefused,
    /// As a PAIR it gives its only place to whoever connects, before the handshake.
    SeatsTooEarly,
    /// Its connections outlive it.
    ClosesNothing,
    /// It dials again at once.
    RedialsAtOnce,
    /// It dials once.
    NoRedial,
    /// It changes the last byte of what it sends back.
    WrongBytes,
    /// It writes sizes in little-endian order.
    LittleEndian,
    /// It ignores empty messages.
    DropsEmpty,
    /// It loses what arrived together with a message.
    LosesPipelined,
    /// It has no limit on messages.
    NoLimit,
    /// It refuses a message of exactly the limit.
    LimitTooLow,
    /// It does not count the protocol header.
    LimitCountsBody,
    /// It judges the size only when the body is there.
    WaitsForBody,
    /// It delivers a message that was cut short.
    DeliversTruncated,
    /// It goes on after the peer has finished.
    IgnoresHalfClose,
    /// It takes any message type.
    IgnoresType,
    /// It removes whatever is where it wants to listen.
    RemovesAnyFile,
    /// It leaves its socket file behind.
    KeepsFile,
    /// It serves one connection after the other.
    OneAtATime,
    /// It looks at no hop count.
    NoTtl,
    /// It sends on every message with the hops it came with.
    CountsNothing,
    /// It takes what has no hop count for a message.
    TakesUncounted,
    /// What comes from one peer goes to all of them.
    SendsBack,
    /// A message for all goes to the first.
    SendsToOne,
    /// As a SURVEYOR it takes whatever has four bytes for an answer.
    TakesAnyAnswer,
    /// Its surveys never end.
    NoSurveyEnd,
    /// It surveys one peer.
    SurveysOne,
    /// It repeats its surveys.
    Resurveys,
    /// It keeps a survey for who comes later.
    KeepsSurvey,
    /// It answers whatever comes, whether or not it is a survey or has too many tags.
    AnswersAnything,
    /// It loses the first of several tags.
    LosesTag,
    /// Its first request, survey or channel has the same number each time.
    CountsFromOne,
    /// All its requests have the same number.
    SameTag,
    /// It sends a request once.
    NeverResends,
    /// It sends a request again before its time.
    ResendsEarly,
    /// A request that is sent again has another number.
    ResendsAnew,
    /// A request stays with the connection it went over.
    NoFailover,
    /// A request that was cancelled goes on.
    KeepsOldRequest,
    /// It takes a reply from the peer that was asked and no other.
    OnlyAskedMayAnswer,
    /// It asks, or pushes to, the same peer all the time.
    SticksToOne,
    /// It asks, or pushes to, all peers.
    SendsToEach,
    /// It waits for the next peer in turn, though others have room.
    WaitsForSlow,
    /// It does not pass on an empty body after a tag.
    LosesEmptyBodies,
    /// It ignores the id 0.
    ZeroIsNoId,
    /// It goes on looking for tags after the id.
    ReadsOn,
    /// It answers everybody but who asked.
    AnswersElsewhere,
    /// It answers twice.
    AnswersTwice,
    /// It answers what it received first, though it has received something else since.
    AnswersFirst,
    /// A device sends a reply to every channel.
    AnyChannel,
    /// It takes in messages as fast as they come, whether or not its application does.
    ReadsAhead,
    /// It does not count what it drops.
    DropsInSilence,
    /// It sends a byte now and then to keep the connection alive.
    SendsKeepAlive,
}
