//! A terminal: a program on a pseudo-terminal, and any number of people who type into it and watch it over two sockets.
//!
//! ```text
//! SUB ──▶ Keyboard ──typed──▶ Keeper ──▶ program
//! PUB ◀── Broadcast ◀──────── Keeper ◀──    │
//!         (and its Screen)      ▲           │
//!     %resize, %ping: Terminal ─┘           └── on a pseudo-terminal (process/pty.rs)
//! ```

mod broadcast;
mod command;
mod keeper;
mod keyboard;
mod life;
mod screen;
mod unfinished;

pub use command::{TerminalCommand, TerminalQuery};
pub use keeper::{AtEnd, Terminal};
