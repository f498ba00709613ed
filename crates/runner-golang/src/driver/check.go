package main

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"regexp"
)

var (
	// Functions whose result nobody wants to see.
	silent = regexp.MustCompile(`^(Print|Fprint|Write|Scan|Fscan|Sscan|copy$)`)
	unused = regexp.MustCompile(`declared (and|but) not used`)
)

// checked is a program as the type checker sees it.
type checked struct {
	files    *token.FileSet
	pkg      *types.Package
	info     types.Info
	file     *ast.File
	problems []problem
}

// The name of what the user has not written.
const generated = "kernel-runner.go"

// problem is what is wrong with a program, and where: as the user sees it, and in the program's text.
type problem struct {
	position token.Position
	text     string
	offset   int
}

func (p problem) String() string {
	if p.position.Filename == "" || p.position.Filename == generated {
		return p.text
	}
	return p.position.String() + ": " + p.text
}

func check(packages *packages, text string) *checked {
	c := &checked{files: token.NewFileSet()}
	c.info = types.Info{
		Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Types: map[ast.Expr]types.TypeAndValue{}, Scopes: map[ast.Node]*types.Scope{},
	}
	var err error
	c.file, err = parser.ParseFile(c.files, "", text, parser.SkipObjectResolution)
	if list, isList := err.(scanner.ErrorList); isList {
		for _, each := range list {
			c.problems = append(c.problems, problem{position: each.Pos, text: each.Msg})
		}
	}
	isParsed := err == nil
	config := types.Config{Importer: packages, Error: func(err error) {
		var found types.Error
		if isParsed && errors.As(err, &found) {
			offset := c.files.PositionFor(found.Pos, false).Offset
			c.problems = append(c.problems, problem{c.files.Position(found.Pos), found.Msg, offset})
		}
	}}
	// The errors have been collected on the way.
	c.pkg, _ = config.Check("main", c.files, []*ast.File{c.file}, &c.info)
	return c
}

// main is the body of the function that runs the cell's statements.
func (c *checked) main() *ast.BlockStmt {
	for _, declaration := range c.file.Decls {
		if function, isFunction := declaration.(*ast.FuncDecl); isFunction && functionName(function) == "main" {
			return function.Body
		}
	}
	return &ast.BlockStmt{}
}

// offset is where in the cell a node begins; -1 where it is not the cell's.
func (c *checked) offset(cell *cell, node ast.Node) int {
	return cell.offset(c.files.Position(node.Pos()))
}

// defined are the variables that the cell declares, by their offsets.
func (c *checked) defined(cell *cell) map[int]types.Object {
	objects := map[int]types.Object{}
	for name, object := range c.info.Defs {
		if offset := c.offset(cell, name); object != nil && offset >= 0 {
			objects[offset] = object
		}
	}
	return objects
}

// used is where the cell uses that variable of the session.
func (c *checked) used(cell *cell, name string) (position token.Position, isUsed bool) {
	for use, object := range c.info.Uses {
		if use.Name == name && object == c.pkg.Scope().Lookup(name) && c.offset(cell, use) >= 0 {
			return c.files.Position(use.Pos()), true
		}
	}
	return token.Position{}, false
}

// isShown tells whether the item is an expression whose value the user wants to see.
func (c *checked) isShown(cell *cell, item *item) bool {
	statement, isExpression := item.statement.(*ast.ExprStmt)
	if !isExpression {
		return false
	}
	if call, isCall := statement.X.(*ast.CallExpr); isCall {
		function := call.Fun
		if selector, isSelector := function.(*ast.SelectorExpr); isSelector {
			function = selector.Sel
		}
		if name, isName := function.(*ast.Ident); isName && silent.MatchString(name.Name) {
			return false
		}
	}
	isShown := true
	ast.Inspect(c.main(), func(node ast.Node) bool {
		if found, isStatement := node.(*ast.ExprStmt); isStatement && c.offset(cell, found) == item.start {
			value := c.info.Types[found.X]
			isShown = !value.IsVoid() && !value.IsType()
		}
		return true
	})
	return isShown
}

// excuse makes the cell use the variables that it does not use, and says whether there were any.
func (c *checked) excuse(cell *cell) bool {
	places := map[int]bool{}
	for _, problem := range c.problems {
		if offset := cell.offset(problem.position); offset >= 0 && unused.MatchString(problem.text) {
			places[offset] = true
		}
	}
	isExcused := false
	for name := range c.info.Defs {
		offset := c.offset(cell, name)
		if !places[offset] {
			continue
		}
		if position := c.afterDeclaration(name); position.IsValid() {
			if at := cell.offset(c.files.Position(position)); at >= 0 {
				cell.patch(patch{at, at, ";_ = " + name.Name + ";"})
				isExcused = true
			}
		}
	}
	return isExcused
}

// afterDeclaration is where a variable may be used first: behind the statement that declares it, or in the block that
// this statement opens.
func (c *checked) afterDeclaration(name *ast.Ident) (position token.Pos) {
	var path []ast.Node
	ast.Inspect(c.file, func(node ast.Node) bool {
		if node == nil {
			path = path[:len(path)-1]
			return false
		}
		path = append(path, node)
		if node != ast.Node(name) {
			return true
		}
		for i := len(path) - 1; i > 0 && !position.IsValid(); i-- {
			statement, isStatement := path[i].(ast.Stmt)
			if !isStatement {
				continue
			}
			switch parent := path[i-1].(type) {
			case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause:
				if clause, isClause := parent.(*ast.CommClause); isClause && clause.Comm == statement {
					position = clause.Colon + 1
				} else if loop, isLoop := statement.(*ast.RangeStmt); isLoop {
					position = loop.Body.Lbrace + 1
				} else {
					position = statement.End()
				}
			case *ast.ForStmt:
				position = parent.Body.Lbrace + 1
			case *ast.IfStmt:
				position = parent.Body.Lbrace + 1
			case *ast.SwitchStmt, *ast.TypeSwitchStmt:
				position = firstClause(parent)
			}
		}
		return true
	})
	return position
}

// firstClause is the beginning of what the first case of a switch does.
func firstClause(node ast.Node) token.Pos {
	position := token.NoPos
	ast.Inspect(node, func(inner ast.Node) bool {
		if clause, isClause := inner.(*ast.CaseClause); isClause && !position.IsValid() {
			position = clause.Colon + 1
		}
		return !position.IsValid()
	})
	return position
}
