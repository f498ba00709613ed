package main

import (
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"
)

// completeness tells whether code is complete: what is wrong with it may be that its last item ends too early.
func completeness(code string) string {
	items := newCell("typed", strings.TrimPrefix(code, "\ufeff")).items
	for i, item := range items {
		isOpen := strings.HasSuffix(item.problem, ": comment not terminated") ||
			strings.HasSuffix(item.problem, ": raw string literal not terminated")
		switch {
		case isOpen || item.problem != "" && i == len(items)-1 && item.endsEarly():
			return "incomplete"
		case item.problem != "":
			return "invalid"
		}
	}
	return "complete"
}

// endsEarly tells whether the parser finds nothing wrong with the item before its end.
func (i *item) endsEarly() bool {
	for _, before := range []string{"package p;", "package p;func _(){"} {
		text := before + i.cell.code[i.start:i.end]
		_, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution)
		if problems, areMany := err.(scanner.ErrorList); areMany && problems[0].Pos.Offset >= len(text) {
			return true
		}
	}
	return false
}
