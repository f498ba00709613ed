// The driver of a Go session. It keeps the declarations of the queries, makes a program of them and of each query's
// statements, builds that and runs it; the variables' values go from one program to the next through a file.
//
// It talks to the runner over descriptors 3 to 6, as docs/src/session-link.md has it; standard input, output and error
// belong to the user's programs, which inherit them.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

const interrupted = 130

// How long a signal that has been sent may take to be told to the driver.
const signalDelay = 2 * time.Millisecond

// The arguments are a folder for the session's files, the package that each program is built with, and `go`.
func main() {
	for descriptor := 3; descriptor <= 6; descriptor++ {
		syscall.CloseOnExec(descriptor)
	}
	interrupts := make(chan os.Signal, 16)
	signal.Notify(interrupts, syscall.SIGINT)
	signal.Ignore(syscall.SIGPIPE)

	link := newLink(os.NewFile(3, "queries"), os.NewFile(4, "replies"))
	packages := newPackages(os.Args[3])
	builder, err := newBuilder(os.Args[1], os.Args[2], link, packages, interrupts)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	session := newSession(packages)
	go complete(newLink(os.NewFile(5, "questions"), os.NewFile(6, "completions")), session)

	link.send("ready", "check")
	for {
		frame := link.receive()
		if frame == nil {
			// The runner is gone, or its session ends.
			_ = os.RemoveAll(builder.folder)
			return
		}
		switch frame.kind {
		case "settle":
			time.Sleep(signalDelay)
			builder.forgetInterrupts()
			link.send("settled")
		case "query":
			code := builder.query(session, frame.parts[0])
			link.send("done", strconv.Itoa(code))
		}
	}
}
