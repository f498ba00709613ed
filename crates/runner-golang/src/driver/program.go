package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"regexp"
	"sort"
	"strings"
)

// How often a query is looked at again, without what was wrong in it or no longer fitted.
const mostAttempts = 20

// A type of another package that has no name here.
var unexported = regexp.MustCompile(`\b\w+\.[a-z_]`)

// Values whose types are not exported, by the package that makes them.
var makers = map[string]string{"math/rand": "rand.New(rand.NewSource(1))"}

// program is what one query becomes.
type program struct {
	// The session as it is after the query.
	session      *session
	cell         *cell
	number       string
	initializers []string
	statements   []string
	text         string
	// The variables to which the cell gives another type. They do not take up what was before.
	renewed map[string]bool
	// Where in the text the session's declarations are.
	places   []place
	problems []problem
	// What the user should know although it is no problem.
	notes []string
}

// place is where in a program a name of the session is declared.
type place struct {
	start, end int
	name       string
}

// with returns the program that a query is. It has no text where there is nothing to be run.
func (s *session) with(query string) *program {
	number, code, _ := strings.Cut(query, "\n")
	return s.program(newCell("<query "+number+">", strings.ReplaceAll(code, "\r\n", "\n")), number)
}

func (s *session) program(cell *cell, number string) *program {
	base := s.clone()
	var notes []string
	for attempt := 0; ; attempt++ {
		p := &program{session: base.clone(), cell: cell, number: number, renewed: map[string]bool{}}
		p.notes = append(p.notes, notes...)
		cell.keepInsertions()
		p.declare()
		if len(p.problems) > 0 {
			return p
		}
		p.resolve()
		if len(p.problems) > 0 {
			return p
		}
		p.write()
		checked := check(p.session.packages, p.text)
		p.problems = checked.problems
		if len(p.problems) == 0 {
			p.warn(checked)
			if len(p.statements)+len(p.initializers) == 0 {
				p.text = ""
			}
			return p
		}
		if attempt == mostAttempts {
			p.problems = written(p.problems)
			return p
		}
		if checked.excuse(cell) {
			continue
		}
		outgrown := p.outgrown(base)
		if len(outgrown) == 0 {
			p.problems = written(p.problems)
			return p
		}
		for name, reason := range outgrown {
			base.forget(name)
			notes = append(notes, fmt.Sprintf("%s is dropped: it does not fit any more (%s)", name, reason))
		}
		sort.Strings(notes)
	}
}

// declare makes the cell's declarations the session's.
func (p *program) declare() {
	for _, item := range p.cell.items {
		switch declared := item.declaration.(type) {
		case *ast.FuncDecl:
			name := functionName(declared)
			switch {
			case name == "init":
				// It runs once, and so it is not kept.
				p.initializers = append(p.initializers, item.text())
			case name == "main":
				p.statements = append(p.statements, "func()"+item.source(declared.Body)+"()")
			default:
				added := &declaration{text: item.text(), names: []string{name}}
				if name != "_" && declared.Recv == nil && declared.Type.TypeParams == nil {
					added.kind = function
				}
				p.session.declare(added)
			}
		case *ast.GenDecl:
			p.problems = append(p.problems, p.session.declareAll(item, declared)...)
		default:
			if item.statement == nil {
				p.problems = append(p.problems, problem{text: item.problem})
			}
			p.statements = append(p.statements, item.text())
		}
	}
}

// resolve finds the types of the variables that the cell declares, which become the session's; the functions that its
// variables may hold; and the value to be shown.
func (p *program) resolve() {
	p.write()
	found := check(p.session.packages, p.text)
	defined := found.defined(p.cell)
	p.keepFunctions(found, defined)
	p.statements = nil
	for at, item := range p.cell.items {
		if function, isFunction := item.declaration.(*ast.FuncDecl); isFunction && functionName(function) == "main" {
			p.statements = append(p.statements, "func()"+item.source(function.Body)+"()")
		}
		if item.statement == nil {
			continue
		}
		areAllKept, local := p.keepVariables(item, found, defined)
		text := item.text()
		if len(item.variables()) > 0 && areAllKept {
			text = item.assignment()
		} else if at == len(p.cell.items)-1 && found.isShown(p.cell, item) {
			text = p.cell.at(item.start) + shower(item) + "(" + text + ")"
		}
		p.statements = append(append(p.statements, text), local...)
	}
}

// shower is the function that shows an expression. Of a call that has gone well nobody wants to see that its error is
// nil.
func shower(item *item) string {
	if _, isCall := item.statement.(*ast.ExprStmt).X.(*ast.CallExpr); isCall {
		return "kernelRunner.ShowResult"
	}
	return "kernelRunner.Show"
}

// keepVariables makes the variables that an item declares the session's. Those whose type cannot be written are not
// kept; they are used at once, so that nobody complains.
func (p *program) keepVariables(
	item *item, found *checked, defined map[int]types.Object,
) (areAllKept bool, local []string) {
	areAllKept = true
	for _, name := range item.variables() {
		if name.Name == "_" {
			continue
		}
		variable := defined[int(name.Pos())+item.shift]
		old, isThere := p.session.variable(name.Name)
		if !hasType(variable) {
			areAllKept = areAllKept && isThere
			continue
		}
		kind := types.TypeString(types.Default(variable.Type()), p.session.qualifier)
		if unexported.MatchString(kind) {
			areAllKept = false
			local = append(local, "_ = "+name.Name)
			const note = "variable %s (%s) is not kept: its type has no name outside of its package"
			p.notes = append(p.notes, fmt.Sprintf(note, name.Name, kind))
			continue
		}
		if position, isUsed := found.used(p.cell, name.Name); isThere && old.kind != kind && isUsed {
			const text = "the type of %s is %s here and becomes %s: give one of them another name"
			found := problem{position: position, text: fmt.Sprintf(text, name.Name, old.kind, kind)}
			p.problems = append(p.problems, found)
		}
		p.session.declareVariable(name.Name, kind)
		p.renewed[name.Name] = old.kind != kind
	}
	return areAllKept, local
}

func hasType(variable types.Object) bool {
	return variable != nil && variable.Type() != types.Typ[types.Invalid]
}

// keepFunctions makes the functions that the cell uses as values known in later programs. A literal that needs no
// variable of its surroundings becomes a function of the session.
func (p *program) keepFunctions(found *checked, defined map[int]types.Object) {
	called := map[ast.Expr]bool{}
	ast.Inspect(found.main(), func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.CallExpr:
			called[node.Fun] = true
		case *ast.FuncLit:
			if called[node] || found.capturesIn(node, p.cell, defined) {
				return true
			}
			p.hoist(found, node)
			return false
		case *ast.SelectorExpr:
			object, isFunction := found.info.Uses[node.Sel].(*types.Func)
			if owner, isName := node.X.(*ast.Ident); isFunction && isName && !called[node] {
				signature := object.Type().(*types.Signature)
				_, isPackage := found.info.Uses[owner].(*types.PkgName)
				if isPackage && signature.TypeParams().Len() == 0 {
					p.session.keepFunction(owner.Name + "." + node.Sel.Name)
				}
			}
		}
		return true
	})
}

// capturesIn tells whether a literal needs variables that exist only where it is written. Those that the cell declares
// outside of blocks are the session's.
func (c *checked) capturesIn(function *ast.FuncLit, cell *cell, defined map[int]types.Object) (captures bool) {
	top := map[types.Object]bool{}
	for _, item := range cell.items {
		for _, name := range item.variables() {
			if variable := defined[int(name.Pos())+item.shift]; hasType(variable) {
				top[variable] = true
			}
		}
	}
	ast.Inspect(function, func(node ast.Node) bool {
		name, isName := node.(*ast.Ident)
		if !isName {
			return true
		}
		object := c.info.Uses[name]
		if object == nil || object.Pkg() != c.pkg || object.Parent() == c.pkg.Scope() || top[object] {
			return true
		}
		if field, isVariable := object.(*types.Var); isVariable && field.IsField() || object.Parent() == nil {
			return true
		}
		isInside := object.Pos() >= function.Pos() && object.Pos() < function.End()
		captures = captures || !isInside
		return true
	})
	return captures
}

// hoist makes a literal a function of the session.
func (p *program) hoist(found *checked, node *ast.FuncLit) {
	start, end := found.offset(p.cell, node), p.cell.offset(found.files.Position(node.End()))
	if start < 0 || end < 0 {
		return
	}
	body := p.cell.offset(found.files.Position(node.Type.Params.Pos()))
	name := fmt.Sprintf("kernelRunnerQuery%sLiteral%d", p.number, start)
	text := p.cell.at(start) + "func " + name + p.cell.text(body, end)
	p.session.declare(&declaration{text: text, names: []string{name}, kind: literal})
	p.cell.patch(patch{start, end, name})
}

// outgrown are the declarations of earlier queries that this one has made wrong, and why; nothing where it is wrong
// itself.
func (p *program) outgrown(earlier *session) map[string]problem {
	outgrown := map[string]problem{}
	for _, problem := range p.problems {
		if p.cell.offset(problem.position) >= 0 {
			return nil
		}
		for _, place := range p.places {
			if place.start <= problem.offset && problem.offset < place.end && earlier.declares(place.name) {
				outgrown[place.name] = problem
			}
		}
	}
	return outgrown
}

// written are the problems in what users have written, if there are any.
func written(problems []problem) []problem {
	var found []problem
	for _, problem := range problems {
		if problem.position.Filename != generated {
			found = append(found, problem)
		}
	}
	if len(found) == 0 {
		return problems
	}
	return found
}

// warn tells of variables that are used and have lost their values.
func (p *program) warn(checked *checked) {
	for name, reason := range p.session.lost {
		if _, isUsed := checked.used(p.cell, name); isUsed && !p.assigns(name) {
			p.notes = append(p.notes, fmt.Sprintf("variable %s has not kept its value: %s", name, reason))
		}
	}
	sort.Strings(p.notes)
}

// assigns tells whether the cell gives a variable a new value.
func (p *program) assigns(name string) bool {
	for _, item := range p.cell.items {
		var assigned []ast.Expr
		for _, declared := range item.variables() {
			assigned = append(assigned, declared)
		}
		if assignment, isAssignment := item.statement.(*ast.AssignStmt); isAssignment {
			assigned = append(assigned, assignment.Lhs...)
		}
		for _, expression := range assigned {
			if variable, isName := expression.(*ast.Ident); isName && variable.Name == name {
				return true
			}
		}
	}
	return false
}

// write writes the program's text.
func (p *program) write() {
	var body strings.Builder
	var types, functions, variables []string
	hasDisplay := false
	p.places = nil
	declare := func(names []string, text string) {
		start := body.Len()
		body.WriteString(text + "\n")
		for _, name := range names {
			p.places = append(p.places, place{start, body.Len(), name})
			hasDisplay = hasDisplay || name == "display"
		}
	}
	for _, declared := range p.session.declarations {
		declare(declared.names, declared.text)
		switch declared.kind {
		case concreteType:
			types = append(types, "(*"+declared.names[0]+")(nil)")
		case function, literal:
			functions = append(functions, fmt.Sprintf("%q: %s", declared.names[0], declared.names[0]))
		}
	}
	for _, initializer := range p.initializers {
		body.WriteString(initializer + "\n")
	}
	body.WriteString("/*line " + generated + ":1:1*/\n")
	for _, variable := range p.session.variables {
		declare([]string{variable.name}, "var "+variable.name+" "+variable.kind)
		name := variable.name
		variables = append(variables, fmt.Sprintf("{%q, &%s, %t}", name, name, p.renewed[name]))
	}
	for _, name := range p.session.functions {
		functions = append(functions, fmt.Sprintf("%q: %s", name, name))
	}
	for _, imported := range p.session.imports {
		body.WriteString(p.session.packages.use(imported))
		types = append(types, p.session.packages.errorTypes(imported)...)
		if maker := makers[imported.path]; maker != "" && imported.name == path.Base(imported.path) {
			types = append(types, maker)
		}
	}
	if !hasDisplay {
		body.WriteString("func display(mime string, data any) { kernelRunner.Display(mime, data) }\n")
	}
	body.WriteString("func main() {\nkernelRunner.Start([]any{" + strings.Join(types, ", ") + "}, map[string]any{" +
		strings.Join(functions, ", ") + "}, []kernelRunner.Variable{" + strings.Join(variables, ", ") +
		"})\ndefer kernelRunner.End()\n")
	for _, statement := range p.statements {
		body.WriteString(statement + "\n")
	}
	body.WriteString(p.cell.at(len(p.cell.code)) + "}")
	head := "package main\n" + p.imports(body.String())
	for i := range p.places {
		p.places[i].start += len(head)
		p.places[i].end += len(head)
	}
	p.text = head + body.String()
}

// imports are the imports that the text uses, well-known ones also where nobody has asked for them.
func (p *program) imports(body string) string {
	// What cannot be parsed is still parsed as far as that goes.
	file, _ := parser.ParseFile(token.NewFileSet(), "", "package main\n"+body, 0)
	used := map[string]bool{}
	ast.Inspect(file, func(node ast.Node) bool {
		if selector, isSelector := node.(*ast.SelectorExpr); isSelector {
			if name, isName := selector.X.(*ast.Ident); isName && name.Obj == nil {
				used[name.Name] = true
			}
		}
		return true
	})
	text := "import kernelRunner \"kernelrunner\"\n"
	delete(used, "kernelRunner")
	for _, imported := range p.session.imports {
		if used[imported.name] || imported.name == "_" || imported.name == "." {
			text += imported.text + "\n"
			delete(used, imported.name)
		}
	}
	var missing []string
	for name := range used {
		if importPath := wellKnownPath(name); importPath != "" {
			missing = append(missing, fmt.Sprintf("import %q\n", importPath))
		}
	}
	sort.Strings(missing)
	return text + strings.Join(missing, "")
}
