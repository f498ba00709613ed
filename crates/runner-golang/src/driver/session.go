package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// session is what the queries so far have declared. Of two declarations of one name, the later counts.
type session struct {
	packages *packages
	// Held while a completion looks at what follows, and while a query changes it.
	turn         *sync.Mutex
	imports      []imported
	declarations []*declaration
	variables    []variable
	// The functions of packages that have been values, for variables that may hold them: `strings.ToUpper`.
	functions []string
	// The variables whose values were not kept, and why.
	lost map[string]string
}

// imported is a package under the name by which code calls it; `_` and `.` call nothing.
type imported struct{ name, path, text string }

// declaration is a function, a method, a type, or a group of constants, with the names that it declares.
type declaration struct {
	text  string
	names []string
	// Where in the text the names of a group are.
	places []int
	kind   kind
}

// kind is what a declaration means to the variables, which may hold its values.
type kind int

const (
	other kind = iota
	concreteType
	function
	// A function that the user has written as a literal. It goes when no variable holds it any more.
	literal
)

// variable is a variable of the session, which is one of the package in each program.
type variable struct{ name, kind string }

func newSession(packages *packages) *session {
	return &session{packages: packages, turn: &sync.Mutex{}, lost: map[string]string{}}
}

// clone is a session that begins as this one is.
func (s *session) clone() *session {
	cloned := *s
	cloned.imports = append([]imported(nil), s.imports...)
	cloned.declarations = append([]*declaration(nil), s.declarations...)
	cloned.variables = append([]variable(nil), s.variables...)
	cloned.functions = append([]string(nil), s.functions...)
	cloned.lost = map[string]string{}
	for name, reason := range s.lost {
		cloned.lost[name] = reason
	}
	return &cloned
}

// become takes over what a query that went well has declared.
func (s *session) become(next *session) {
	s.turn.Lock()
	defer s.turn.Unlock()
	*s = *next
}

// declareAll declares what a declaration in parentheses, or without them, has.
func (s *session) declareAll(item *item, declared *ast.GenDecl) (problems []problem) {
	switch declared.Tok {
	case token.IMPORT:
		for _, spec := range declared.Specs {
			if err := s.declareImport(item, spec.(*ast.ImportSpec)); err != nil {
				problems = append(problems, problem{text: item.cell.position(item.start) + ": " + err.Error()})
			}
		}
	case token.TYPE:
		for _, spec := range declared.Specs {
			spec := spec.(*ast.TypeSpec)
			added := &declaration{text: "type " + item.source(spec), names: []string{spec.Name.Name}}
			_, isInterface := spec.Type.(*ast.InterfaceType)
			if !isInterface && spec.TypeParams == nil && spec.Name.Name != "_" {
				added.kind = concreteType
			}
			s.declare(added)
		}
	case token.CONST:
		directive := item.cell.at(item.start)
		group := &declaration{text: item.text()}
		for _, spec := range declared.Specs {
			for _, name := range spec.(*ast.ValueSpec).Names {
				group.names = append(group.names, name.Name)
				group.places = append(group.places, len(directive)+int(name.Pos())+item.shift-item.start)
			}
		}
		s.declare(group)
	}
	return problems
}

func (s *session) declareImport(item *item, spec *ast.ImportSpec) error {
	importPath, _ := strconv.Unquote(spec.Path.Value)
	if err := s.packages.load(importPath); err != nil {
		return err
	}
	name := s.packages.name(importPath)
	if spec.Name != nil {
		name = spec.Name.Name
	}
	if name != "_" && name != "." {
		s.forget(name)
	}
	s.imports = append(s.imports, imported{name, importPath, "import " + item.source(spec)})
	return nil
}

func functionName(function *ast.FuncDecl) string {
	if function.Recv == nil || len(function.Recv.List) == 0 {
		return function.Name.Name
	}
	receiver := function.Recv.List[0].Type
	for {
		switch inner := receiver.(type) {
		case *ast.StarExpr:
			receiver = inner.X
		case *ast.ParenExpr:
			receiver = inner.X
		case *ast.IndexExpr:
			receiver = inner.X
		case *ast.IndexListExpr:
			receiver = inner.X
		case *ast.Ident:
			return inner.Name + "." + function.Name.Name
		default:
			return function.Name.Name
		}
	}
}

func (s *session) declare(declared *declaration) {
	for _, name := range declared.names {
		s.forget(name)
	}
	s.declarations = append(s.declarations, declared)
}

func (s *session) declareVariable(name, kind string) {
	for _, known := range s.variables {
		if known == (variable{name, kind}) {
			return
		}
	}
	s.forget(name)
	s.variables = append(s.variables, variable{name, kind})
}

// forget drops what had the name before. In a group of constants, whose values may follow from their places, a blank
// takes its place.
func (s *session) forget(name string) {
	if name == "_" {
		return
	}
	var declarations []*declaration
	for _, old := range s.declarations {
		if old = old.without(name); old != nil {
			declarations = append(declarations, old)
		}
	}
	var variables []variable
	for _, old := range s.variables {
		if old.name != name {
			variables = append(variables, old)
		}
	}
	var imports []imported
	for _, old := range s.imports {
		if old.name != name {
			imports = append(imports, old)
		}
	}
	var functions []string
	for _, old := range s.functions {
		if !strings.HasPrefix(old, name+".") {
			functions = append(functions, old)
		}
	}
	s.declarations, s.variables, s.imports, s.functions = declarations, variables, imports, functions
	delete(s.lost, name)
}

// without is the declaration without one of its names; nil where none is left.
func (d *declaration) without(name string) *declaration {
	for i, declared := range d.names {
		if declared != name {
			continue
		}
		if len(d.names) == 1 {
			return nil
		}
		names := append([]string(nil), d.names...)
		names[i] = "_"
		place := d.places[i]
		text := d.text[:place] + "_" + strings.Repeat(" ", len(name)-1) + d.text[place+len(name):]
		return &declaration{text: text, names: names, places: d.places}
	}
	return d
}

func (s *session) variable(name string) (found variable, isThere bool) {
	for _, known := range s.variables {
		if known.name == name {
			return known, true
		}
	}
	return variable{}, false
}

// qualifier names packages in types as the session's imports do, and imports those that are missing.
func (s *session) qualifier(other *types.Package) string {
	if other.Path() == "main" {
		return ""
	}
	for _, known := range s.imports {
		if known.path == other.Path() && known.name != "_" && known.name != "." {
			return known.name
		}
	}
	text := "import " + strconv.Quote(other.Path())
	s.imports = append(s.imports, imported{other.Name(), other.Path(), text})
	return other.Name()
}

// declares tells whether the session has a declaration or a variable of that name.
func (s *session) declares(name string) bool {
	for _, declared := range s.declarations {
		for _, known := range declared.names {
			if known == name {
				return true
			}
		}
	}
	_, isThere := s.variable(name)
	return isThere
}

// keepFunction makes a package's function known to later programs.
func (s *session) keepFunction(name string) {
	for _, known := range s.functions {
		if known == name {
			return
		}
	}
	s.functions = append(s.functions, name)
}

// keepLiterals drops the functions from literals that no variable holds any more.
func (s *session) keepLiterals(held map[string]bool) {
	var kept []*declaration
	for _, declared := range s.declarations {
		if declared.kind != literal || held[declared.names[0]] {
			kept = append(kept, declared)
		}
	}
	s.declarations = kept
}

// names are what the user's code has declared in the session, in order.
func (s *session) names() []string {
	var names []string
	for _, declared := range s.declarations {
		for _, name := range declared.names {
			if declared.kind != literal && !strings.Contains(name, ".") {
				names = append(names, name)
			}
		}
	}
	for _, variable := range s.variables {
		names = append(names, variable.name)
	}
	for _, imported := range s.imports {
		names = append(names, imported.name)
	}
	sort.Strings(names)
	return names
}
