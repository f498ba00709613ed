package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"sort"
	"strings"
	"sync"
)

// The packages that are imported where code uses them without saying so; of two with one name, the first.
var wellKnown = []string{
	"fmt", "os", "strings", "math", "sort", "errors", "time", "strconv", "bufio", "bytes", "cmp", "container/heap",
	"container/list", "context", "crypto/md5", "crypto/sha1", "crypto/sha256", "encoding/base64", "encoding/binary",
	"encoding/csv", "encoding/hex", "encoding/json", "encoding/xml", "io", "io/fs", "iter", "log", "maps", "math/big",
	"math/bits", "math/cmplx", "math/rand", "net/http", "net/url", "os/exec", "os/signal", "path", "path/filepath",
	"reflect", "regexp", "runtime", "slices", "sync", "sync/atomic", "syscall", "text/tabwriter", "text/template",
	"unicode", "unicode/utf8", "unsafe",
}

// How many of them are read when the session starts.
const early = 9

// packages knows the packages that code may import, by what the compiler has written about them.
type packages struct {
	tool     string
	turn     sync.Mutex
	exports  map[string]string
	names    map[string]string
	importer types.Importer
	// Those that do not belong to Go itself, and so may change.
	others map[string]bool
}

func newPackages(tool string) *packages {
	p := &packages{
		tool: tool, exports: map[string]string{},
		names: map[string]string{"unsafe": "unsafe"}, others: map[string]bool{},
	}
	p.renew()
	return p
}

func (p *packages) renew() {
	p.importer = importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(p.exports[path])
	})
}

// load makes a package known, compiling it where that was not done before. The error is in the words of `go`.
func (p *packages) load(path string) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	return p.loadLocked(path)
}

func (p *packages) loadLocked(path string) error {
	if p.names[path] != "" {
		return nil
	}
	return p.list([]string{path})
}

// refresh looks again at the packages that may have changed.
func (p *packages) refresh() {
	p.turn.Lock()
	defer p.turn.Unlock()
	var others []string
	for path := range p.others {
		others = append(others, path)
		delete(p.names, path)
	}
	if len(others) > 0 {
		p.renew()
		// What is missing now is missed when it is imported.
		_ = p.list(others)
	}
}

// preload makes packages of Go itself known, whatever the folder's module is like.
func (p *packages) preload(paths []string) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	return p.list(paths, "GO111MODULE=off")
}

func (p *packages) list(paths []string, settings ...string) error {
	var listed, problems bytes.Buffer
	const format = "{{.ImportPath}}\t{{.Name}}\t{{.Export}}\t{{.Standard}}"
	arguments := []string{"list", "-deps", "-export", "-buildvcs=false", "-f", format, "--"}
	command := exec.Command(p.tool, append(arguments, paths...)...)
	command.Env = append(append(os.Environ(), "CGO_ENABLED=0"), settings...)
	if os.Getenv("GOPROXY") == "" {
		// A query does not wait for the network.
		command.Env = append(command.Env, "GOPROXY=off")
	}
	command.Stdout, command.Stderr = &listed, &problems
	if err := command.Run(); err != nil {
		if text := strings.TrimSpace(problems.String()); text != "" {
			return errors.New(text)
		}
		return err
	}
	for _, line := range strings.Split(listed.String(), "\n") {
		if fields := strings.Split(line, "\t"); len(fields) == 4 {
			p.names[fields[0]], p.exports[fields[0]] = fields[1], fields[2]
			if fields[3] != "true" {
				p.others[fields[0]] = true
			}
		}
	}
	return nil
}

// add makes a package known that was compiled by itself.
func (p *packages) add(path, archive string) {
	p.turn.Lock()
	defer p.turn.Unlock()
	p.names[path], p.exports[path] = path, archive
}

// Import is what the type checker asks.
func (p *packages) Import(path string) (*types.Package, error) {
	p.turn.Lock()
	defer p.turn.Unlock()
	if err := p.loadLocked(path); err != nil {
		return nil, err
	}
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	return p.importer.Import(path)
}

// configuration tells the compiler and the linker where the packages are.
func (p *packages) configuration() string {
	p.turn.Lock()
	defer p.turn.Unlock()
	var text strings.Builder
	for path, export := range p.exports {
		if export != "" {
			fmt.Fprintf(&text, "packagefile %s=%s\n", path, export)
		}
	}
	return text.String()
}

// errorTypes are values of the types of errors that a package has.
func (p *packages) errorTypes(imported imported) []string {
	owner, err := p.Import(imported.path)
	if err != nil || imported.name == "_" || imported.name == "." || imported.path == "unsafe" {
		return nil
	}
	failure := types.Universe.Lookup("error").Type().Underlying().(*types.Interface)
	var values []string
	for _, name := range owner.Scope().Names() {
		declared, isType := owner.Scope().Lookup(name).(*types.TypeName)
		if !isType || !declared.Exported() || types.IsInterface(declared.Type()) {
			continue
		}
		if named, isNamed := declared.Type().(*types.Named); !isNamed || named.TypeParams().Len() > 0 {
			continue
		}
		if types.Implements(types.NewPointer(declared.Type()), failure) {
			values = append(values, "(*"+imported.name+"."+name+")(nil)")
		}
	}
	return values
}

// use is a declaration that uses a package of which only the dot is its name, so that nobody complains.
func (p *packages) use(imported imported) string {
	owner, err := p.Import(imported.path)
	if err != nil || imported.name != "." {
		return ""
	}
	for _, name := range owner.Scope().Names() {
		switch declared := owner.Scope().Lookup(name).(type) {
		case *types.Const, *types.Var:
			if declared.Exported() {
				return "var _ = " + name + "\n"
			}
		case *types.Func:
			if declared.Exported() && declared.Type().(*types.Signature).TypeParams().Len() == 0 {
				return "var _ = " + name + "\n"
			}
		}
	}
	return ""
}

// name is what a package calls itself.
func (p *packages) name(importPath string) string {
	p.turn.Lock()
	defer p.turn.Unlock()
	if name := p.names[importPath]; name != "" {
		return name
	}
	return path.Base(importPath)
}

// wellKnownPath is the path of the well-known package of that name.
func wellKnownPath(name string) string {
	for _, known := range wellKnown {
		if path.Base(known) == name {
			return known
		}
	}
	return ""
}

// wellKnownNames are the names of the well-known packages, in order.
func wellKnownNames() []string {
	var names []string
	for _, known := range wellKnown {
		names = append(names, path.Base(known))
	}
	sort.Strings(names)
	return names
}
