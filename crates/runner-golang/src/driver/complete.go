package main

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"regexp"
	"sort"
	"strings"
)

const mostSuggestions = 1000

// What stands at the cursor while the code around it is looked at.
const cursor = "kernelRunnerCursor"

var (
	wordBefore = regexp.MustCompile(`[\pL\pN_.]*$`)
	wordAfter  = regexp.MustCompile(`^[\pL\pN_]*`)
)

// complete answers, beside the code that runs, what completes code and whether it is complete.
func complete(link *link, session *session) {
	for frame := link.receive(); frame != nil; frame = link.receive() {
		if frame.kind == "check" {
			link.send("checked", completeness(frame.parts[0]))
			continue
		}
		session.turn.Lock()
		snapshot := session.clone()
		session.turn.Unlock()
		link.send("completion", snapshot.complete(frame.parts[0], frame.parts[1])...)
	}
}

// complete are the names that may stand at the cursor, between the text before it and the text after it.
func (s *session) complete(before, after string) (suggestions []string) {
	// What is broken at the cursor may be too broken to be understood.
	defer func() {
		if recover() != nil {
			suggestions = nil
		}
	}()
	word := wordBefore.FindString(before)
	before = strings.TrimSuffix(before, word) + cursor
	after = strings.TrimPrefix(after, wordAfter.FindString(after))
	checked, position := s.around(before, after)
	owner, prefix := "", word
	names := map[string]bool{}
	if dot := strings.LastIndexByte(word, '.'); dot >= 0 {
		owner, prefix = word[:dot+1], word[dot+1:]
		s.addMembers(names, strings.TrimSuffix(owner, "."), checked, position)
	} else {
		s.addNames(names, checked, position)
	}
	for name := range names {
		if strings.HasPrefix(name, prefix) && !strings.HasPrefix(strings.ToLower(name), "kernelrunner") && name != "_" {
			suggestions = append(suggestions, owner+name)
		}
	}
	sort.Strings(suggestions)
	if len(suggestions) > mostSuggestions {
		suggestions = suggestions[:mostSuggestions]
	}
	return suggestions
}

// around checks the program that the code would be, and finds the cursor in it. Where the code is not complete, what is
// open at the cursor ends there.
func (s *session) around(before, after string) (*checked, token.Pos) {
	cell := newCell("cell", before+after)
	for _, item := range cell.items {
		if item.problem != "" {
			cell = newCell("cell", before+closing(before))
			break
		}
	}
	p := &program{session: s, cell: cell, number: "0", renewed: map[string]bool{}}
	p.declare()
	p.resolve()
	p.write()
	c := check(s.packages, p.text)
	position := c.main().End()
	ast.Inspect(c.file, func(node ast.Node) bool {
		if name, isName := node.(*ast.Ident); isName && name.Name == cursor {
			position = name.Pos()
		}
		return true
	})
	return c, position
}

// closing are the brackets that close what is open at the end of code.
func closing(code string) string {
	var scan scanner.Scanner
	scan.Init(token.NewFileSet().AddFile("", -1, len(code)), []byte(code), func(token.Position, string) {}, 0)
	brackets := ""
	for {
		_, kind, _ := scan.Scan()
		switch kind {
		case token.EOF:
			return brackets
		case token.LPAREN:
			brackets = ")" + brackets
		case token.LBRACK:
			brackets = "]" + brackets
		case token.LBRACE:
			brackets = "\n}" + brackets
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if at := strings.Index(brackets, kind.String()); at >= 0 {
				brackets = brackets[at+1:]
			}
		}
	}
}

// addNames adds what can be named at a position.
func (s *session) addNames(names map[string]bool, c *checked, position token.Pos) {
	for kind := token.BREAK; kind <= token.VAR; kind++ {
		names[kind.String()] = true
	}
	for _, name := range append(s.names(), wellKnownNames()...) {
		names[name] = true
	}
	scope := c.pkg.Scope()
	for _, file := range c.info.Scopes {
		if inner := file.Innermost(position); inner != nil {
			scope = inner
			break
		}
	}
	for ; scope != nil; scope = scope.Parent() {
		for _, name := range scope.Names() {
			names[name] = true
		}
	}
	names["display"] = true
}

// addMembers adds what a package, a value or a type has after its dot.
func (s *session) addMembers(names map[string]bool, owner string, c *checked, position token.Pos) {
	if path := s.packagePath(owner); path != "" && c.pkg.Scope().Lookup(owner) == nil {
		if imported, err := s.packages.Import(path); err == nil {
			for _, name := range imported.Scope().Names() {
				if token.IsExported(name) {
					names[name] = true
				}
			}
		}
		return
	}
	expression, err := parser.ParseExpr(owner)
	if err != nil {
		return
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	if types.CheckExpr(c.files, c.pkg, position, expression, info) != nil {
		return
	}
	kind := info.Types[expression].Type
	add := func(object types.Object) {
		if object.Exported() || object.Pkg() == c.pkg {
			names[object.Name()] = true
		}
	}
	methods := types.NewMethodSet(kind)
	if !types.IsInterface(kind) {
		if _, isPointer := kind.Underlying().(*types.Pointer); !isPointer {
			methods = types.NewMethodSet(types.NewPointer(kind))
		}
	}
	for i := 0; i < methods.Len(); i++ {
		add(methods.At(i).Obj())
	}
	addFields(kind, add, map[types.Type]bool{})
}

// addFields adds the fields of a struct, and those of what is embedded in it.
func addFields(kind types.Type, add func(types.Object), seen map[types.Type]bool) {
	if pointer, isPointer := kind.Underlying().(*types.Pointer); isPointer {
		kind = pointer.Elem()
	}
	structure, isStruct := kind.Underlying().(*types.Struct)
	if !isStruct || seen[kind] {
		return
	}
	seen[kind] = true
	for i := 0; i < structure.NumFields(); i++ {
		field := structure.Field(i)
		add(field)
		if field.Embedded() {
			addFields(field.Type(), add, seen)
		}
	}
}

// packagePath is what a package is called by: in the session, or else because it is well known.
func (s *session) packagePath(name string) string {
	for _, imported := range s.imports {
		if imported.name == name {
			return imported.path
		}
	}
	return wellKnownPath(name)
}
