// Package kernelrunner is what each program of a session has besides the user's code: it takes the session's variables
// up where the program before it has left them, shows values, and leaves its own.
package kernelrunner

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// Variable is a variable of the session and a pointer to it. A new one does not take up the value of an older one.
type Variable struct {
	Name    string
	Pointer any
	IsNew   bool
}

// The stacks that the user's recursion, and values that refer to each other in a long chain, may use.
const (
	usersStack = 256 << 20
	ownStack   = 4 << 30
)

// session is what the program knows of its session.
var session struct {
	variables []Variable
	types     map[string]reflect.Type
	// What variables may refer to and each program has, by its name, and the names by where it is.
	landmarks map[string]reflect.Value
	names     map[unsafe.Pointer]string
	values    string
	link      *os.File
}

// The types that an interface may hold in most programs. Those that the user's code declares come on top.
var usualTypes = []any{
	errors.New(""), fmt.Errorf("%w", fs.ErrNotExist), &fs.PathError{}, &os.SyscallError{}, &strconv.NumError{},
	syscall.Errno(0), time.Time{}, time.Duration(0), time.Month(0), time.Weekday(0), false, "", 0, int8(0), int16(0),
	int32(0), int64(0), uint(0), uint8(0), uint16(0), uint32(0), uint64(0), uintptr(0), float32(0), float64(0),
	complex64(0), complex128(0), bytes.Buffer{}, strings.Builder{}, strings.Reader{}, context.Background(), os.Stdin,
}

// What values of most programs refer to. The functions of the session come on top.
var usualLandmarks = map[string]any{
	"os.Stdin": os.Stdin, "os.Stdout": os.Stdout, "os.Stderr": os.Stderr, "io.EOF": io.EOF, "fs.ErrExist": fs.ErrExist,
	"io.ErrUnexpectedEOF": io.ErrUnexpectedEOF, "fs.ErrNotExist": fs.ErrNotExist, "fs.ErrPermission": fs.ErrPermission,
	"fs.ErrClosed": fs.ErrClosed, "fs.ErrInvalid": fs.ErrInvalid, "strconv.ErrSyntax": strconv.ErrSyntax,
	"strconv.ErrRange": strconv.ErrRange, "context.Canceled": context.Canceled, "time.UTC": time.UTC,
	"time.Local":      time.Local,
	"bufio.ScanLines": bufio.ScanLines, "bufio.ScanWords": bufio.ScanWords, "bufio.ScanRunes": bufio.ScanRunes,
	"bufio.ScanBytes": bufio.ScanBytes,
}

// Start sets the variables to their values of the program before.
func Start(types []any, functions map[string]any, variables []Variable) {
	debug.SetMaxStack(ownStack)
	defer debug.SetMaxStack(usersStack)
	session.values = os.Getenv("KERNEL_RUNNER_GO_VALUES")
	os.Unsetenv("KERNEL_RUNNER_GO_VALUES")
	syscall.CloseOnExec(3)
	session.link = os.NewFile(3, "link")
	session.variables = variables
	session.types = map[string]reflect.Type{}
	for _, value := range append(usualTypes, types...) {
		learn(reflect.TypeOf(value), reflect.ValueOf(value))
	}
	for _, variable := range variables {
		learn(reflect.TypeOf(variable.Pointer), reflect.Value{})
	}
	session.landmarks, session.names = map[string]reflect.Value{}, map[unsafe.Pointer]string{}
	for _, landmarks := range []map[string]any{usualLandmarks, functions} {
		for name, landmark := range landmarks {
			value := addressed(reflect.ValueOf(landmark))
			session.landmarks[name] = value
			session.names[target(value)] = name
		}
	}
	if data, err := os.ReadFile(session.values); err == nil {
		restore(data)
	}
}

// learn takes down the named types that a value of the type may hold.
func learn(t reflect.Type, v reflect.Value) {
	if name := typeName(t); t.Name() != "" {
		if session.types[name] != nil {
			return
		}
		session.types[name] = t
	}
	switch t.Kind() {
	case reflect.Map:
		learn(t.Key(), reflect.Value{})
		learn(t.Elem(), reflect.Value{})
	case reflect.Pointer:
		if v.IsValid() && !v.IsNil() {
			v = v.Elem()
		} else {
			v = reflect.Value{}
		}
		learn(t.Elem(), v)
	case reflect.Slice, reflect.Array, reflect.Chan:
		learn(t.Elem(), reflect.Value{})
	case reflect.Struct:
		for i := 0; i < t.NumField(); i++ {
			inner := reflect.Value{}
			if v.IsValid() {
				inner = v.Field(i)
			}
			learn(t.Field(i).Type, inner)
		}
	case reflect.Interface:
		if v.IsValid() && !v.IsNil() {
			learn(v.Elem().Type(), v.Elem())
		}
	}
}

// typeName is a type's name, with the path of its package.
func typeName(t reflect.Type) string {
	if t.PkgPath() == "" {
		return t.String()
	}
	return t.PkgPath() + "." + t.Name()
}

// End leaves the variables' values to the next program, also when the user's code panics; after Goexit there is none.
func End() {
	debug.SetMaxStack(ownStack)
	goroutines := endingGoroutines()
	data, held, kept, lost := save()
	if err := os.WriteFile(session.values+".new", data, 0o600); err != nil {
		fmt.Fprintln(os.Stderr, "failed to keep the variables:", err)
		return
	}
	if goroutines > 0 {
		fmt.Fprintf(os.Stderr, "goroutines end with their query: %d\n", goroutines)
	}
	folder, _ := os.Getwd()
	parts := []string{folder}
	for _, list := range [][]string{os.Environ(), held, kept} {
		parts = append(parts, strings.Join(list, "\x00"))
	}
	parts = append(parts, lost...)
	header := "saved"
	for _, part := range parts {
		header += fmt.Sprintf(" %d", len(part))
	}
	session.link.WriteString(header + "\n" + strings.Join(parts, ""))
}

// endingGoroutines counts the goroutines that the user's code has started and that have not ended.
func endingGoroutines() int {
	if runtime.NumGoroutine() == 1 {
		return 0
	}
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	return bytes.Count(stacks, []byte("\ncreated by main."))
}

// ShowResult prints what a call has returned, unless that is only an error that is nil.
func ShowResult(values ...any) {
	if len(values) != 1 || values[0] != nil {
		Show(values...)
	}
}

// Show prints the value of a query's last expression.
func Show(values ...any) {
	for i, value := range values {
		if t := reflect.TypeOf(value); t != nil && t.Kind() == reflect.Func {
			value = t.String()
		}
		if i > 0 {
			fmt.Print(" ")
		}
		format := "%+v"
		if _, isOwn := value.(fmt.Formatter); isOwn {
			format = "%v"
		}
		fmt.Printf(format, value)
	}
	fmt.Println()
}

// Zero does what a declaration without a value does.
func Zero[T any](variable *T) {
	var zero T
	*variable = zero
}
