//! Clients in Python on the pages, which speak to a real daemon.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use runner_testkit::Daemon;

use crate::pages::Page;
use crate::{PROGRAM, is_missing};

#[test]
fn python_clients_print_what_the_pages_say() {
    let python = python_with_zmq();
    if is_missing("pyzmq", python.is_some()) {
        return;
    }
    let mut count = 0;
    for page in Page::all() {
        let blocks = page.blocks();
        for (client, output) in blocks.iter().zip(&blocks[1.min(blocks.len())..]) {
            if client.language != "python" || !client.code.contains("zmq.") {
                continue;
            }
            assert!(output.language == "text" && output.follows, "{}: its output follows a client", page.path);
            let daemon = Daemon::of(PROGRAM, "python");
            let code = ["in", "out"].iter().zip(["2000", "2001"]).fold(client.code.to_owned(), |code, (name, port)| {
                let endpoint = format!("ipc://{}", daemon.folder().join(name).display());
                code.replace(&format!("tcp://127.0.0.1:{port}"), &endpoint)
            });
            #[expect(clippy::disallowed_methods, reason = "a client is no child of the runner's")]
            let mut command = Command::new("timeout");
            command.arg("30").arg(python.as_ref().unwrap()).args(["-c", &code]).stdin(Stdio::null());
            let outcome = command.output().unwrap();
            let errors = String::from_utf8_lossy(&outcome.stderr);
            assert_eq!(String::from_utf8_lossy(&outcome.stdout), output.code, "{}: {errors}", page.path);
            count += 1;
        }
    }
    assert!(count > 0, "no page has a client");
}

/// A Python that has pyzmq: the one on the `PATH`, or the system's.
fn python_with_zmq() -> Option<PathBuf> {
    ["python3", "/usr/bin/python3"].map(PathBuf::from).into_iter().find(|python| {
        #[expect(clippy::disallowed_methods, reason = "a client is no child of the runner's")]
        let mut command = Command::new(python);
        command.args(["-c", "import zmq"]).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    })
}
