package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"sort"
	"strings"
)

// cell is the code of one query, whose items are declarations and statements in any order.
type cell struct {
	name  string
	code  string
	lines []int
	items []*item
	// What stands in the program in place of what the user has written, in order.
	patches []patch
}

// patch replaces a part of the code; an empty one is an insertion.
type patch struct {
	start, end int
	text       string
}

// item is one declaration or statement of a cell.
type item struct {
	cell       *cell
	start, end int
	first      token.Token
	// Whether it may have semicolons that do not end it.
	hasHeader bool
	// The one or the other, and what turns positions in it into offsets of the cell.
	declaration ast.Decl
	statement   ast.Stmt
	shift       int
	// Why it is neither.
	problem string
}

// newCell splits code into its items.
func newCell(name, code string) *cell {
	c := &cell{name: name, code: code, lines: []int{0}}
	for i := 0; i < len(code); i++ {
		if code[i] == '\n' {
			c.lines = append(c.lines, i+1)
		}
	}
	var scan scanner.Scanner
	file := token.NewFileSet().AddFile(name, -1, len(code))
	scan.Init(file, []byte(code), func(position token.Position, text string) {
		// All else that cannot be read is told when the item is parsed.
		if text == "comment not terminated" {
			c.items = append(c.items, &item{cell: c, problem: c.position(position.Offset) + ": " + text})
		}
	}, 0)
	var current *item
	depth := 0
	for {
		position, kind, literal := scan.Scan()
		start := file.Offset(position)
		switch kind {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			depth++
		case token.RPAREN, token.RBRACK, token.RBRACE:
			depth--
		}
		if kind == token.EOF || kind == token.SEMICOLON && depth <= 0 {
			if current != nil && current.first != token.PACKAGE {
				current.parse()
				if current.problem != "" && current.hasHeader && literal == ";" {
					// It stands between the parts of the header.
					continue
				}
				c.items = append(c.items, current)
			}
			current = nil
			if kind == token.EOF {
				return c
			}
			continue
		}
		if current == nil {
			current = &item{cell: c, start: start, first: kind}
		}
		switch kind {
		case token.FOR, token.IF, token.SWITCH:
			current.hasHeader = true
		}
		if literal == "" {
			literal = kind.String()
		}
		current.end = start + len(literal)
		if current.end > len(code) {
			current.end = len(code)
		}
	}
}

// parse finds out what the item is. Only what begins with `func` may be the one or the other.
func (i *item) parse() {
	i.problem = ""
	var problem string
	switch i.first {
	case token.IMPORT, token.CONST, token.TYPE, token.FUNC:
		var file *ast.File
		if file, problem = i.parseIn("package p;", ""); problem == "" && len(file.Decls) == 1 {
			i.declaration = file.Decls[0]
			return
		}
	}
	file, other := i.parseIn("package p;func _(){", "\n}")
	if other == "" && len(file.Decls) == 1 {
		if body := file.Decls[0].(*ast.FuncDecl).Body.List; len(body) == 1 {
			i.statement = body[0]
			return
		}
	}
	switch {
	case problem != "":
		i.problem = problem
	case other != "":
		i.problem = other
	default:
		i.problem = i.cell.position(i.start) + ": unexpected " + i.first.String()
	}
}

// parseIn parses the item between two other texts.
func (i *item) parseIn(before, after string) (file *ast.File, problem string) {
	before += i.cell.at(i.start)
	files := token.NewFileSet()
	text := before + i.cell.code[i.start:i.end] + i.cell.at(i.end) + after
	file, err := parser.ParseFile(files, "", text, parser.SkipObjectResolution)
	i.shift = i.start - len(before) - 1
	if problems, areMany := err.(scanner.ErrorList); areMany {
		return nil, problems[0].Error()
	}
	return file, ""
}

// text is a part of the code, patched, after a directive that tells the compiler where the user has written it.
func (c *cell) text(start, end int) string {
	var text strings.Builder
	text.WriteString(c.at(start))
	at := start
	for _, patch := range c.patches {
		if patch.start >= at && patch.end <= end {
			text.WriteString(c.code[at:patch.start] + patch.text + c.at(patch.end))
			at = patch.end
		}
	}
	return text.String() + c.code[at:end]
}

func (c *cell) patch(added patch) {
	at := sort.Search(len(c.patches), func(i int) bool { return c.patches[i].start > added.start })
	c.patches = append(c.patches[:at], append([]patch{added}, c.patches[at:]...)...)
}

// keepInsertions drops all other patches.
func (c *cell) keepInsertions() {
	var kept []patch
	for _, patch := range c.patches {
		if patch.start == patch.end {
			kept = append(kept, patch)
		}
	}
	c.patches = kept
}

// at is the directive for an offset.
func (c *cell) at(offset int) string {
	return "/*line " + c.position(offset) + "*/"
}

// position is an offset as the user counts, in lines and columns.
func (c *cell) position(offset int) string {
	line := sort.SearchInts(c.lines, offset+1)
	return fmt.Sprintf("%s:%d:%d", c.name, line, offset-c.lines[line-1]+1)
}

// offset is what a position stands for; -1 where that is not in this cell.
func (c *cell) offset(position token.Position) int {
	if position.Filename != c.name || position.Line < 1 || position.Line > len(c.lines) {
		return -1
	}
	return c.lines[position.Line-1] + position.Column - 1
}

// text is the whole item.
func (i *item) text() string {
	return i.cell.text(i.start, i.end)
}

// source is the text of a node.
func (i *item) source(node ast.Node) string {
	return i.cell.text(int(node.Pos())+i.shift, int(node.End())+i.shift)
}

// list is the text from the first of some nodes to the end of the last.
func list[Node ast.Node](i *item, nodes []Node) string {
	return i.cell.text(int(nodes[0].Pos())+i.shift, int(nodes[len(nodes)-1].End())+i.shift)
}

// variables are the variables that the item declares, in the way of `var` or of `:=`.
func (i *item) variables() []*ast.Ident {
	var names []*ast.Ident
	switch statement := i.statement.(type) {
	case *ast.DeclStmt:
		if declaration := statement.Decl.(*ast.GenDecl); declaration.Tok == token.VAR {
			for _, spec := range declaration.Specs {
				names = append(names, spec.(*ast.ValueSpec).Names...)
			}
		}
	case *ast.AssignStmt:
		if statement.Tok == token.DEFINE {
			for _, left := range statement.Lhs {
				if name, isName := left.(*ast.Ident); isName {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

// assignment is the item as an assignment to variables of the session, all of which it declares.
func (i *item) assignment() string {
	switch statement := i.statement.(type) {
	case *ast.DeclStmt:
		var text strings.Builder
		for _, spec := range statement.Decl.(*ast.GenDecl).Specs {
			spec := spec.(*ast.ValueSpec)
			if len(spec.Values) > 0 {
				fmt.Fprintf(&text, "%s = %s\n", list(i, spec.Names), list(i, spec.Values))
				continue
			}
			for _, name := range spec.Names {
				if name.Name != "_" {
					fmt.Fprintf(&text, "kernelRunner.Zero(&%s)\n", name.Name)
				}
			}
		}
		return text.String()
	case *ast.AssignStmt:
		return list(i, statement.Lhs) + " = " + list(i, statement.Rhs)
	}
	return i.text()
}
