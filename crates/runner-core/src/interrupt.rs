//! The user's way to stop a task, from a polite request to a certain end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::process::{Group, Latecomers};

/// An interrupt this soon after another one means that the first was not enough.
const GRACE: Duration = Duration::from_secs(5);
/// How long a process has to end after SIGTERM before it gets SIGKILL.
const TERMINATION: Duration = Duration::from_secs(1);

/// The pauses after an interrupt between the looks for processes that it has missed.
const SECOND_LOOKS: [Duration; 3] = [Duration::from_millis(50), Duration::from_millis(150), Duration::from_millis(300)];

/// The interrupts of one task, and the process groups that they reach.
#[derive(Debug, Default)]
pub(crate) struct Interrupts {
    state: Arc<Mutex<State>>,
    requested: CancellationToken,
}

#[derive(Debug, Default)]
struct State {
    groups: Vec<Group>,
    level: Level,
    last: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Level {
    #[default]
    None,
    Interrupt,
    Terminate,
    Kill,
}

impl Interrupts {
    /// Makes interrupts reach `group`, until the guard is dropped.
    pub(crate) fn watch(&self, group: Group) -> Watched<'_> {
        self.state().groups.push(group);
        Watched { interrupts: self, group }
    }

    /// Whether the user has asked for the task's end. Signals that are just being sent have been sent when this returns.
    pub(crate) fn is_requested(&self) -> bool {
        let _sent = self.state();
        self.requested.is_cancelled()
    }

    /// Waits until the user asks for the task's end.
    pub(crate) async fn requested(&self) {
        self.requested.cancelled().await;
    }

    /// The user asks: SIGINT; again within the grace: SIGTERM, and SIGKILL a second later; once more: SIGKILL at once.
    pub(crate) fn raise(&self) {
        let now = Instant::now();
        let mut state = self.state();
        let again = state.last.is_some_and(|last| now - last < GRACE);
        state.last = Some(now);
        state.level = match state.level {
            Level::Interrupt if again => Level::Terminate,
            Level::Terminate | Level::Kill if again => Level::Kill,
            _ => Level::Interrupt,
        };
        let groups = state.groups.clone();
        self.requested.cancel();
        // The lock is held meanwhile: no group gets out of reach while it gets its signal, which would hit what runs next.
        match state.level {
            Level::None | Level::Interrupt => {
                let latecomers = groups.iter().map(|group| (*group, Latecomers::of(*group))).collect();
                for group in groups {
                    group.signal(Signal::SIGINT);
                }
                tokio::spawn(look_again(Arc::downgrade(&self.state), latecomers));
            }
            Level::Terminate => terminate(groups),
            Level::Kill => groups.into_iter().for_each(|group| group.signal(Signal::SIGKILL)),
        }
    }

    /// The runner shuts down: SIGTERM, and SIGKILL a second later.
    pub(crate) fn terminate(&self) {
        self.requested.cancel();
        let groups = self.state().groups.clone();
        terminate(groups);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // The state is a list and two numbers: whatever panicked beside it left it whole.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Interrupts what an interrupt has missed, as long as its task runs.
async fn look_again(state: Weak<Mutex<State>>, mut latecomers: Vec<(Group, Latecomers)>) {
    for pause in SECOND_LOOKS {
        tokio::time::sleep(pause).await;
        let Some(state) = state.upgrade() else { return };
        // Held meanwhile, so that nothing that runs next is hit.
        let state = locked(&state);
        latecomers.retain(|(group, _)| state.groups.contains(group));
        for (_, latecomers) in &mut latecomers {
            latecomers.interrupt();
        }
    }
}

/// Ends process groups for certain. A stopped process gets SIGCONT, so that it can act on the SIGTERM.
pub(crate) fn terminate(groups: Vec<Group>) {
    for group in &groups {
        group.signal(Signal::SIGTERM);
        group.signal(Signal::SIGCONT);
    }
    tokio::spawn(async move {
        tokio::time::sleep(TERMINATION).await;
        groups.into_iter().filter(|group| group.is_alive()).for_each(|group| group.signal(Signal::SIGKILL));
    });
}

/// A process group within reach of interrupts.
pub(crate) struct Watched<'a> {
    interrupts: &'a Interrupts,
    group: Group,
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.interrupts.state().groups.retain(|group| *group != self.group);
    }
}
