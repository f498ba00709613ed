package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// builder builds and runs the programs of a session.
type builder struct {
	folder     string
	link       *link
	packages   *packages
	interrupts chan os.Signal
	tools      string
	// Where the source of the package is that each program is built with.
	source string
	// What has gone wrong before the first query.
	prepared chan error
	// What the program before has left: the variables of its environment.
	environment []string
}

// newBuilder makes a folder for a session's files in another one. The source of the package that each program is built
// with is compiled while the user still thinks.
func newBuilder(parent, source string, link *link, packages *packages, interrupts chan os.Signal) (*builder, error) {
	folder, err := os.MkdirTemp(parent, "session-")
	if err != nil {
		return nil, err
	}
	b := &builder{
		folder: folder, link: link, packages: packages, interrupts: interrupts, source: source, environment: os.Environ(),
		prepared: make(chan error, 1),
	}
	go func() { b.prepared <- b.prepare() }()
	return b, nil
}

func (b *builder) prepare() error {
	tools, err := exec.Command(b.packages.tool, "env", "GOTOOLDIR").Output()
	if err != nil {
		return err
	}
	b.tools = strings.TrimSpace(string(tools))
	// What the package imports, and what most queries do.
	needed := append([]string{
		"context", "encoding", "encoding/binary", "io", "io/fs", "reflect", "runtime", "runtime/debug", "syscall",
		"unsafe",
	}, wellKnown[:early]...)
	if err := b.packages.preload(needed); err != nil {
		return err
	}
	sources, err := filepath.Glob(filepath.Join(b.source, "*.go"))
	if err != nil {
		return err
	}
	archive := b.file("kernelrunner.a")
	if err := b.writeConfiguration(); err != nil {
		return err
	}
	output, err := b.compile("kernelrunner", archive, sources...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	b.packages.add("kernelrunner", archive)
	return nil
}

func (b *builder) compile(name, archive string, sources ...string) *exec.Cmd {
	arguments := []string{
		"-p", name, "-complete", "-pack", "-o", archive,
		"-importcfg", b.file("importcfg"), "-trimpath", b.folder + "=>",
	}
	return exec.Command(filepath.Join(b.tools, "compile"), append(arguments, sources...)...)
}

func (b *builder) writeConfiguration() error {
	return os.WriteFile(b.file("importcfg"), []byte(b.packages.configuration()), 0o600)
}

func (b *builder) forgetInterrupts() {
	for len(b.interrupts) > 0 {
		<-b.interrupts
	}
}

// query runs one query and returns its exit code.
func (b *builder) query(session *session, code string) int {
	if b.prepared != nil {
		if err := <-b.prepared; err != nil {
			fmt.Fprintln(os.Stderr, err)
			go func() { b.prepared <- b.prepare() }()
			return 1
		}
		b.prepared = nil
	}
	b.packages.refresh()
	program := session.with(code)
	if len(b.interrupts) > 0 {
		return interrupted
	}
	b.say(program.notes...)
	for i, problem := range program.problems {
		if i == 10 {
			fmt.Fprintln(os.Stderr, "too many errors")
			break
		}
		fmt.Fprintln(os.Stderr, problem)
	}
	if len(program.problems) > 0 {
		return 1
	}
	if program.text == "" {
		session.become(program.session)
		return 0
	}
	if exitCode := b.build(program.text); exitCode != 0 {
		return exitCode
	}
	exitCode, left := b.run()
	if left == nil {
		b.say("the session is as it was before this query")
		return exitCode
	}
	if err := os.Rename(b.file("values.new"), b.file("values")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	b.takeOver(left, program.session)
	session.become(program.session)
	return exitCode
}

// say prints notes, in order with what programs print before and after.
func (b *builder) say(notes ...string) {
	for _, note := range notes {
		b.link.sync()
		fmt.Fprintln(os.Stderr, note)
		b.link.sync()
	}
}

func (b *builder) file(name string) string {
	return filepath.Join(b.folder, name)
}

// build compiles and links the program.
func (b *builder) build(text string) int {
	err := os.WriteFile(b.file("main.go"), []byte(text), 0o600)
	if err == nil {
		err = b.writeConfiguration()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	// Without symbols it links faster, and a panic still tells its lines.
	link := exec.Command(filepath.Join(b.tools, "link"), "-o", b.file("main"), "-importcfg", b.file("importcfg"),
		"-s", "-w", "-buildmode=exe", b.file("main.a"))
	for _, command := range []*exec.Cmd{b.compile("main", b.file("main.a"), b.file("main.go")), link} {
		var output bytes.Buffer
		command.Dir, command.Stdout, command.Stderr = b.folder, &output, &output
		exitCode, isInterrupted := b.wait(command, nil)
		if isInterrupted {
			return interrupted
		}
		if exitCode != 0 {
			_, _ = output.WriteTo(os.Stderr)
			return 1
		}
	}
	return 0
}

// run runs the program that was built, and returns what it has left for the next one.
func (b *builder) run() (exitCode int, left *frame) {
	ours, theirs, err := os.Pipe()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1, nil
	}
	defer ours.Close()
	command := exec.Command(b.file("main"))
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.ExtraFiles = []*os.File{theirs}
	command.Env = append(append([]string(nil), b.environment...), "KERNEL_RUNNER_GO_VALUES="+b.file("values"))
	exitCode, _ = b.wait(command, func() {
		theirs.Close()
		left = newLink(ours, nil).receive()
	})
	return exitCode, left
}

// takeOver keeps what a program has left besides its variables: the folder, the environment, the functions that
// variables hold, the variables that have values, and then in threes those that do not keep theirs, with their types
// and the reasons.
func (b *builder) takeOver(left *frame, session *session) {
	// A folder that is gone is no place to go to.
	_ = os.Chdir(left.parts[0])
	b.environment = split(left.parts[1])
	held := map[string]bool{}
	for _, name := range split(left.parts[2]) {
		held[name] = true
	}
	session.keepLiterals(held)
	for _, name := range split(left.parts[3]) {
		delete(session.lost, name)
	}
	for rest := left.parts[4:]; len(rest) >= 3; rest = rest[3:] {
		name, kind, reason := rest[0], rest[1], rest[2]
		if session.lost[name] != reason {
			b.say(fmt.Sprintf("variable %s (%s) does not keep its value for the next query: %s", name, kind, reason))
		}
		session.lost[name] = reason
	}
}

func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\x00")
}

// wait runs a command to its end, with work beside it, and passes on the interrupts that it may have missed.
func (b *builder) wait(command *exec.Cmd, beside func()) (code int, isInterrupted bool) {
	if err := command.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 127, false
	}
	ended := make(chan error, 1)
	go func() {
		if beside != nil {
			beside()
		}
		ended <- command.Wait()
	}()
	for {
		select {
		case <-b.interrupts:
			// It has got the signal with the rest of its group, unless it is younger than that.
			isInterrupted = true
			_ = command.Process.Signal(syscall.SIGINT)
		case err := <-ended:
			isInterrupted = isInterrupted || len(b.interrupts) > 0
			return exitCode(err, isInterrupted), isInterrupted
		}
	}
}

// exitCode is a program's own, or the negative number of the signal that has ended it.
func exitCode(err error, isInterrupted bool) int {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return 0
	}
	status, isStatus := exit.Sys().(syscall.WaitStatus)
	if !isStatus || !status.Signaled() {
		return exit.ExitCode()
	}
	if status.Signal() == syscall.SIGINT && isInterrupted {
		fmt.Fprintln(os.Stderr, "signal: interrupt")
		return interrupted
	}
	fmt.Fprintln(os.Stderr, "killed by", signalName(status.Signal()))
	return -int(status.Signal())
}

func signalName(signal syscall.Signal) string {
	names := map[syscall.Signal]string{
		syscall.SIGABRT: "SIGABRT", syscall.SIGALRM: "SIGALRM", syscall.SIGBUS: "SIGBUS", syscall.SIGFPE: "SIGFPE",
		syscall.SIGHUP: "SIGHUP", syscall.SIGILL: "SIGILL", syscall.SIGINT: "SIGINT", syscall.SIGKILL: "SIGKILL",
		syscall.SIGPIPE: "SIGPIPE", syscall.SIGQUIT: "SIGQUIT", syscall.SIGSEGV: "SIGSEGV", syscall.SIGTERM: "SIGTERM",
	}
	if name := names[signal]; name != "" {
		return name
	}
	return "signal " + strconv.Itoa(int(signal))
}
