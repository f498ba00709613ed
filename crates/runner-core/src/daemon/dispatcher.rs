//! Every rule about the order of things, as a function from events to effects.

use std::collections::VecDeque;

use crate::task::TaskKind;
use crate::wire::{AppsResult, DecodeError, Event as AgentEvent};
use crate::wire::{CompletionRequest, ExitCode, Record, Request, RequestKind, ServiceResult, Step};

/// How many bytes of requests may wait in the queue. What comes on top is refused, in its turn.
const QUEUE_BYTES: usize = 256 * 1024 * 1024;

/// What happened.
#[derive(Debug)]
pub(super) enum Event {
    /// A message came from a client.
    Message(Box<Result<Request, DecodeError>>),
    /// The task that was started last is over.
    Finished(ExitCode),
    /// The runner is to end.
    Shutdown,
}

/// What is to be done about it.
#[derive(Debug, PartialEq)]
#[must_use]
pub(super) enum Effect {
    /// Give this to the worker, which is idle.
    Start(Order),
    /// Stop the running task: the user wants it.
    Interrupt,
    /// Stop the running task: the runner ends.
    Terminate,
    /// Hand the text to whoever waits for input.
    Input(bytes::Bytes),
    /// Nothing runs: the text is for who waits for input in the background, if anybody does.
    Offer(bytes::Bytes),
    /// The queue is empty: input that nobody asked for is nobody's.
    ForgetInput,
    /// Ask the runner for completions and answer with them.
    Complete(CompletionRequest),
    /// Say since when the runner is up.
    Status,
    /// Answer at once.
    Answer(Record),
    /// Log a warning; clients see it.
    Warn(String),
    /// Look into what the agent noticed.
    Notice(AgentEvent),
    /// Nothing runs and nothing will: end.
    Stop,
}

/// One queued request on its way to the worker.
#[derive(Debug, PartialEq)]
pub(super) struct Order {
    pub(super) kind: TaskKind,
    pub(super) work: Work,
}

/// What a queued request comes down to.
#[derive(Debug, PartialEq)]
pub(super) enum Work {
    /// Nothing: it succeeds.
    Nothing,
    /// What the language's runner thinks best.
    Heuristic,
    /// A shell command.
    Command(String),
    /// A piece of code.
    Query(String),
    /// It cannot be done, for this reason.
    Refuse(String),
}

#[derive(Debug, Default)]
pub(super) struct Dispatcher {
    queue: VecDeque<Order>,
    queued_bytes: usize,
    running: Option<TaskKind>,
    /// The request that ended last was a `build`, and it failed.
    build_failed: bool,
    is_shutting_down: bool,
}

impl Dispatcher {
    pub(super) fn handle(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Message(message) => match *message {
                Ok(request) => self.on_request(request),
                Err(error) => self.on_garbage(&error),
            },
            Event::Finished(code) => self.on_finished(code),
            Event::Shutdown => self.on_shutdown(),
        }
    }

    /// What runs.
    pub(super) fn running(&self) -> Option<TaskKind> {
        self.running
    }

    /// How many requests wait in the queue.
    pub(super) fn waiting(&self) -> usize {
        self.queue.len()
    }

    fn on_request(&mut self, request: Request) -> Vec<Effect> {
        let batch = |step| match step {
            Step::Skip => Work::Nothing,
            Step::Heuristic => Work::Heuristic,
            Step::Command(command) => Work::Command(command),
        };
        match request {
            Request::Clean(step) => self.enqueue(TaskKind::Clean, batch(step)),
            Request::Build(step) => self.enqueue(TaskKind::Build, batch(step)),
            Request::Execute(step) => self.enqueue(TaskKind::Execute, batch(step)),
            Request::Query(code) => self.enqueue(TaskKind::Query, Work::Query(code)),
            Request::Input(text) if self.running.is_some() => vec![Effect::Input(text)],
            Request::Input(text) => vec![Effect::Offer(text)],
            Request::Complete(request) => vec![Effect::Complete(request)],
            Request::Interrupt if self.running.is_some() => vec![Effect::Interrupt],
            Request::Interrupt => vec![],
            Request::Status => vec![Effect::Status],
            Request::StartService(service) => {
                let error = format!("unsupported service: {}", service.name);
                vec![Effect::Answer(Record::ServiceResult(ServiceResult::failed(error)))]
            }
            Request::ShutdownService(name) => vec![Effect::Warn(format!("no service {name:?} runs"))],
            Request::GetApps(_) => vec![Effect::Answer(no_apps())],
            Request::StartModelService(service) => {
                let error = format!("unsupported service: {}", service.name);
                vec![Effect::Answer(Record::ModelServiceResult(ServiceResult::failed(error)))]
            }
            Request::Event(event) => vec![Effect::Notice(event)],
        }
    }

    /// A client waits for the answer to whatever has one, however broken its request is.
    fn on_garbage(&mut self, error: &DecodeError) -> Vec<Effect> {
        let mut effects = vec![Effect::Warn(error.to_string())];
        let DecodeError::Payload { kind, .. } = *error else { return effects };
        let failed = || ServiceResult::failed(error.to_string());
        let mut queue = |kind| self.enqueue(kind, Work::Refuse(error.to_string()));
        effects.extend(match kind {
            RequestKind::Clean => queue(TaskKind::Clean),
            RequestKind::Build => queue(TaskKind::Build),
            RequestKind::Execute => queue(TaskKind::Execute),
            RequestKind::Query => queue(TaskKind::Query),
            RequestKind::Complete => vec![Effect::Answer(Record::Completion(Vec::new()))],
            RequestKind::StartService => vec![Effect::Answer(Record::ServiceResult(failed()))],
            RequestKind::GetApps => vec![Effect::Answer(no_apps())],
            RequestKind::StartModelService => vec![Effect::Answer(Record::ModelServiceResult(failed()))],
            RequestKind::Input
            | RequestKind::Interrupt
            | RequestKind::Status
            | RequestKind::ShutdownService
            | RequestKind::Event => vec![],
        });
        effects
    }

    fn on_finished(&mut self, code: ExitCode) -> Vec<Effect> {
        self.build_failed = self.running.take() == Some(TaskKind::Build) && !code.is_success();
        if self.is_shutting_down {
            return vec![Effect::Stop];
        }
        if self.queue.is_empty() {
            return vec![Effect::ForgetInput];
        }
        self.start_next()
    }

    /// What waits in the queue is not run any more: its clients are told so by the silence of the container's end.
    fn on_shutdown(&mut self) -> Vec<Effect> {
        if self.is_shutting_down {
            return vec![];
        }
        self.is_shutting_down = true;
        self.queue.clear();
        vec![if self.running.is_some() { Effect::Terminate } else { Effect::Stop }]
    }

    fn enqueue(&mut self, kind: TaskKind, work: Work) -> Vec<Effect> {
        if self.is_shutting_down {
            return vec![];
        }
        let work = if self.queued_bytes + work.size() > QUEUE_BYTES {
            Work::Refuse(format!("the queue is full: {} MiB of requests wait already", QUEUE_BYTES / 1024 / 1024))
        } else {
            work
        };
        self.queued_bytes += work.size();
        self.queue.push_back(Order { kind, work });
        if self.running.is_some() { vec![] } else { self.start_next() }
    }

    fn start_next(&mut self) -> Vec<Effect> {
        let Some(mut order) = self.queue.pop_front() else { return vec![] };
        self.queued_bytes -= order.work.size();
        if order.kind == TaskKind::Execute && self.build_failed {
            order.work = Work::Refuse("not run, because the build before it failed".into());
        }
        self.running = Some(order.kind);
        vec![Effect::Start(order)]
    }
}

impl Work {
    fn size(&self) -> usize {
        match self {
            Self::Nothing | Self::Heuristic | Self::Refuse(_) => 0,
            Self::Command(text) | Self::Query(text) => text.len(),
        }
    }
}

fn no_apps() -> Record {
    Record::AppsResult(AppsResult { status: "done".into(), data: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn request(dispatcher: &mut Dispatcher, kind: &str, payload: &str) -> Vec<Effect> {
        dispatcher.handle(Event::Message(Box::new(Request::decode(&[kind, payload]))))
    }

    fn started(effects: &[Effect]) -> Option<&Order> {
        effects.iter().find_map(|effect| if let Effect::Start(order) = effect { Some(order) } else { None })
    }

    #[test]
    fn exec_is_skipped_after_its_own_failed_build_only() {
        let mut dispatcher = Dispatcher::default();
        let _ = request(&mut dispatcher, "build", "false");
        let _ = request(&mut dispatcher, "exec", "true");
        let _ = request(&mut dispatcher, "exec", "true");
        let effects = dispatcher.handle(Event::Finished(ExitCode::FAILURE));
        assert!(matches!(started(&effects).unwrap().work, Work::Refuse(_)));
        let effects = dispatcher.handle(Event::Finished(ExitCode::NOT_RUN));
        assert_eq!(started(&effects).unwrap().work, Work::Command("true".into()));
        let _ = dispatcher.handle(Event::Finished(ExitCode::SUCCESS));

        let _ = request(&mut dispatcher, "build", "false");
        let _ = request(&mut dispatcher, "code", "1");
        let _ = request(&mut dispatcher, "exec", "true");
        let _ = dispatcher.handle(Event::Finished(ExitCode::FAILURE));
        let effects = dispatcher.handle(Event::Finished(ExitCode::SUCCESS));
        assert_eq!(started(&effects).unwrap().work, Work::Command("true".into()));
    }

    #[test]
    fn what_has_an_answer_is_answered_however_broken_it_is() {
        let mut dispatcher = Dispatcher::default();
        let answers = |effects: Vec<Effect>| effects.into_iter().any(|effect| matches!(effect, Effect::Answer(_)));
        assert!(answers(request(&mut dispatcher, "complete", "not json")));
        assert!(answers(request(&mut dispatcher, "start-service", "{}")));
        assert!(answers(request(&mut dispatcher, "start-model-service", "[]")));
        let effects = dispatcher.handle(Event::Message(Box::new(Request::decode(&[&b"code"[..], b"\xff"]))));
        assert!(matches!(started(&effects).unwrap().work, Work::Refuse(_)));
    }

    #[test]
    fn an_interrupt_without_a_task_does_nothing() {
        let mut dispatcher = Dispatcher::default();
        assert_eq!(request(&mut dispatcher, "interrupt", ""), []);
        let _ = request(&mut dispatcher, "code", "1");
        assert_eq!(request(&mut dispatcher, "interrupt", ""), [Effect::Interrupt]);
    }

    #[test]
    fn a_full_queue_refuses_in_turn_and_frees_itself() {
        let mut dispatcher = Dispatcher::default();
        let big = "x".repeat(QUEUE_BYTES / 2 + 1);
        for _ in 0..3 {
            let _ = request(&mut dispatcher, "code", &big);
        }
        let effects = dispatcher.handle(Event::Finished(ExitCode::SUCCESS));
        assert!(matches!(started(&effects).unwrap().work, Work::Query(_)));
        let effects = dispatcher.handle(Event::Finished(ExitCode::SUCCESS));
        assert!(matches!(started(&effects).unwrap().work, Work::Refuse(_)));
        assert_eq!(dispatcher.queued_bytes, 0);
    }

    proptest! {
        #[test]
        fn tasks_never_overlap_and_keep_their_order(steps in prop::collection::vec(any::<Option<u8>>(), 0..200)) {
            let mut dispatcher = Dispatcher::default();
            let (mut sent, mut seen, mut running) = (0, Vec::new(), false);
            for step in steps {
                let effects = match step {
                    Some(_) => {
                        sent += 1;
                        request(&mut dispatcher, "code", &sent.to_string())
                    }
                    None if running => {
                        running = false;
                        dispatcher.handle(Event::Finished(ExitCode::SUCCESS))
                    }
                    None => vec![],
                };
                for effect in effects {
                    if let Effect::Start(Order { work: Work::Query(code), .. }) = effect {
                        prop_assert!(!running, "two at once");
                        running = true;
                        seen.push(code.parse::<u32>().unwrap());
                    }
                }
            }
            prop_assert!(seen.iter().copied().eq(1..=u32::try_from(seen.len()).unwrap()));
        }
    }
}
