//! The catalogue: tables of rows, each a case for every transport or protocol it fits.

pub(crate) mod answers;
pub(crate) mod bus;
pub(crate) mod calls;
pub(crate) mod devices;
pub(crate) mod framing;
pub(crate) mod header;
pub(crate) mod hostile;
pub(crate) mod ipc;
pub(crate) mod lifecycle;
pub(crate) mod limits;
pub(crate) mod pair1;
pub(crate) mod pipeline;
pub(crate) mod protocol_ids;
pub(crate) mod publish;
pub(crate) mod requests;
pub(crate) mod row;
pub(crate) mod sockets;
pub(crate) mod star;
pub(crate) mod surveys;

pub(crate) use self::{hostile::each::EACH, row::Row};

/// Every wire case, in the order in which they are reported.
pub(crate) fn wire_rows() -> impl Iterator<Item = &'static Row> {
    [
        header::ROWS,
        framing::ROWS,
        limits::ROWS,
        lifecycle::ROWS,
        hostile::ROWS,
        hostile::load::ROWS,
        ipc::ROWS,
        publish::ROWS,
        pair1::ROWS,
        bus::ROWS,
        star::ROWS,
        surveys::ROWS,
        requests::ROWS,
        answers::ROWS,
        devices::ROWS,
        pipeline::ROWS,
    ]
    .into_iter()
    .flatten()
}
