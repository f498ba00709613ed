package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// A frame is a header line `KIND LENGTH ...`, and then the parts as they are.
type frame struct {
	kind  string
	parts []string
}

type link struct {
	reader   *bufio.Reader
	writer   *os.File
	sequence int
}

func newLink(reader, writer *os.File) *link {
	return &link{reader: bufio.NewReader(reader), writer: writer}
}

func (l *link) send(kind string, parts ...string) {
	header := kind
	for _, part := range parts {
		header += fmt.Sprintf(" %d", len(part))
	}
	// Without a runner there is nobody to tell that it cannot be told.
	_, _ = l.writer.WriteString(header + "\n" + strings.Join(parts, ""))
}

// receive returns the next frame, or nil when the other side is gone.
func (l *link) receive() *frame {
	header, err := l.reader.ReadString('\n')
	if err != nil {
		return nil
	}
	words := strings.Fields(header)
	received := &frame{kind: words[0]}
	for _, word := range words[1:] {
		length, err := strconv.Atoi(word)
		if err != nil {
			return nil
		}
		part := make([]byte, length)
		if _, err := io.ReadFull(l.reader, part); err != nil {
			return nil
		}
		received.parts = append(received.parts, string(part))
	}
	return received
}

// sync returns when everything that has been written so far is delivered, so that what follows comes after it.
func (l *link) sync() {
	l.sequence++
	number := strconv.Itoa(l.sequence)
	l.send("sync", number)
	for {
		answer := l.receive()
		if answer == nil {
			os.Exit(0)
		}
		if answer.kind == "answer" && answer.parts[0] == number {
			return
		}
	}
}
