//! State files to an ordered plan of typed states: documents, include, extend, requisites, order.
//! Pure: files and facts in, low states or problems out. Must not touch the host.

mod low;

pub use low::{Check, Compiled, Guard, Low, Requisite, Retry};
