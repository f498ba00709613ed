//! The conformance suite: one test per clause of the runner specification (`docs/src/specification.md`).

mod batch;
mod completeness;
mod hostile;
mod interrupts;
mod query;
mod shutdown;
mod subject;

use std::process::ExitCode;

use libtest_mimic::{Failed, Trial};

pub use subject::Subject;

use crate::client::Client;
use crate::daemon::Daemon;
use crate::{suite, transcript};

/// A clause of the specification, and the check of it.
struct Clause {
    id: &'static str,
    check: fn(&Subject),
    applies: fn(&Subject) -> bool,
}

/// Clauses by their ids.
type Checks = &'static [(&'static str, fn(&Subject))];

/// Makes the `main` of a test target without a harness, which checks a [`Subject`].
#[macro_export]
macro_rules! conformance {
    ($($subject:tt)*) => {
        fn main() -> ::std::process::ExitCode {
            use $crate::Subject;
            $crate::conformance::main($($subject)*)
        }
    };
}

/// What [`conformance!`](crate::conformance!) expands to: the daemon in a process that the kit has started as such, the suite in
/// any other.
#[must_use]
pub fn main(subject: Subject) -> ExitCode {
    if let Some(fault) = subject.fault() {
        eprintln!("FAILED: {fault}");
        return ExitCode::FAILURE;
    }
    suite::run(&format!("the conformance suite of {}", subject.language), subject.tools, || trials(&subject))
}

fn trials(subject: &Subject) -> Vec<Trial> {
    // The suite's tests run as long as the process does.
    let subject: &'static Subject = Box::leak(Box::new(*subject));
    let clauses = clauses().into_iter().map(move |Clause { id, check, applies }| {
        let trial = Trial::test(id, move || -> Result<(), Failed> {
            check(subject);
            Ok(())
        });
        trial.with_ignored_flag(!applies(subject))
    });
    let transcripts = subject.transcripts.iter().map(|path| {
        let name = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".transcript");
        Trial::test(format!("transcript::{name}"), move || {
            let (_daemon, mut client) = start(subject);
            transcript::check(path, &mut client);
            Ok(())
        })
    });
    clauses.chain(transcripts).collect()
}

fn clauses() -> Vec<Clause> {
    [query::CLAUSES, completeness::CLAUSES, batch::CLAUSES, interrupts::CLAUSES, hostile::CLAUSES, shutdown::CLAUSES]
        .concat()
        .into_iter()
        .map(|(id, check)| Clause { id, check, applies: |_| true })
        .map(|clause| match clause.id {
            "state_is_kept" | "ten_interrupts_keep_the_state" => {
                Clause { applies: |subject| subject.state.is_some(), ..clause }
            }
            _ => clause,
        })
        .collect()
}

fn start(subject: &Subject) -> (Daemon, Client) {
    let daemon = Daemon::of_this_test(subject.language);
    let client = Client::connect(&daemon);
    (daemon, client)
}

/// The runner serves as if nothing had been.
fn assert_serves(subject: &Subject, client: &mut Client) {
    let outcome = client.query(subject.hello);
    assert_eq!((outcome.stdout_text().trim_end(), outcome.exit_code), ("hello", Some(0)), "{outcome:?}");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn every_clause_of_the_specification_is_checked_and_no_other() {
        let specification = include_str!("../../../../docs/src/specification.md");
        let is_id =
            |text: &&str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || "_0123456789".contains(c));
        // What stands between two pairs of asterisks.
        let written: BTreeSet<&str> = specification.split("**").skip(1).step_by(2).filter(is_id).collect();
        let checked: BTreeSet<&str> = super::clauses().iter().map(|clause| clause.id).collect();
        assert_eq!(written, checked);
        for id in written {
            let clause = specification.split(&format!("**{id}**")).nth(1).unwrap().split("\n\n").next().unwrap();
            assert!(clause.contains("MUST"), "{id} demands nothing");
        }
    }
}
