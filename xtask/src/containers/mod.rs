//! Images at work: the commands that run containers of them.

mod bench;
mod container;
mod dockerd;
mod test;
mod zombies;

pub(crate) use bench::run as bench;
pub(crate) use test::run as test;
