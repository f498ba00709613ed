use bytes::BytesMut;
use tokio::time::{Duration, Instant, sleep_until};

use crate::process::{Outcome, PtyEvent, PtyProgram};

/// A program that lived for less than this may do so again.
const SHORT_LIFE: Duration = Duration::from_secs(1);
/// How long the start after two short lives in a row waits. It doubles with each further one, up to the longest.
const FIRST_REST: Duration = Duration::from_millis(100);
const LONGEST_REST: Duration = Duration::from_secs(5);

/// Whether there is a program.
pub(super) enum Life {
    /// Not yet.
    Before,
    /// There is one.
    Running { program: Box<PtyProgram>, since: Instant },
    /// There was one, and there will be.
    Resting { until: Instant },
    /// There was one.
    Over,
}

/// What happens in a life.
pub(super) enum LifeEvent {
    /// The program has printed something, or taken what was typed.
    Moved,
    /// It has ended.
    Ended(Outcome),
    /// It is time for the next one.
    Rested,
}

impl Life {
    /// Waits for what happens next, perhaps for ever. Cancel safe.
    pub(super) async fn step(&mut self, typed: &mut BytesMut, output: &mut BytesMut) -> LifeEvent {
        match self {
            Self::Running { program, .. } => match program.step(typed, output).await {
                PtyEvent::Moved => LifeEvent::Moved,
                PtyEvent::Ended(outcome) => LifeEvent::Ended(outcome),
            },
            Self::Resting { until } => {
                sleep_until(*until).await;
                LifeEvent::Rested
            }
            Self::Before | Self::Over => std::future::pending().await,
        }
    }
}

/// How soon a program that has ended is started again: the later, the more often it has ended as soon as it was started.
#[derive(Debug, Default)]
pub(super) struct Pace {
    short_lives: u32,
}

impl Pace {
    /// The rest after a life of that length.
    pub(super) fn rest(&mut self, lived: Duration) -> Life {
        self.short_lives = if lived < SHORT_LIFE { self.short_lives + 1 } else { 0 };
        Life::Resting { until: Instant::now() + self.length() }
    }

    /// Whether no life was short lately.
    pub(super) fn is_first(&self) -> bool {
        self.short_lives == 0
    }

    fn length(&self) -> Duration {
        match self.short_lives {
            0 | 1 => Duration::ZERO,
            several => FIRST_REST.saturating_mul(1 << (several - 2).min(16)).min(LONGEST_REST),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_with_short_lives_and_end_with_a_long_one() {
        let mut pace = Pace::default();
        let mut rest = |lived| {
            pace.rest(lived);
            pace.length().as_millis()
        };
        let rests: Vec<_> = (0..10).map(|_| rest(Duration::ZERO)).collect();
        assert_eq!(rests, [0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
        assert_eq!(rest(Duration::from_secs(2)), 0);
    }
}
