package kernelrunner

import (
	"encoding"
	"reflect"
	"strings"
	"unsafe"
)

var (
	anyType         = reflect.TypeOf((*any)(nil)).Elem()
	marshalerType   = reflect.TypeOf((*encoding.BinaryMarshaler)(nil)).Elem()
	unmarshalerType = reflect.TypeOf((*encoding.BinaryUnmarshaler)(nil)).Elem()
)

// foreign says why a type is not kept whose contents belong to their process, or to the runtime; nothing of all others.
func foreign(t reflect.Type) string {
	switch typeName(t) {
	case "internal/poll.FD":
		return "an open file or connection lives in one query only"
	case "time.Timer", "time.Ticker":
		return "a timer lives in one query only"
	case "reflect.rtype", "internal/abi.Type", "reflect.Value":
		return "what reflects another program's values means nothing in the next"
	}
	if t.PkgPath() == "runtime" && t.Kind() == reflect.Struct {
		return "it belongs to the runtime of its own process"
	}
	return ""
}

// isBinary tells types of the library that know best how they are written.
func isBinary(t reflect.Type) bool {
	if t.PkgPath() == "" || t.PkgPath() == "main" || t.Kind() == reflect.Interface {
		return false
	}
	pointer := reflect.PointerTo(t)
	return pointer.Implements(marshalerType) && pointer.Implements(unmarshalerType)
}

// isPlain tells types that are written as they lie in memory.
func isPlain(t reflect.Type) bool {
	return t.Kind() >= reflect.Bool && t.Kind() <= reflect.Complex128
}

// memory is where a value lies.
func memory(v reflect.Value) []byte {
	return unsafe.Slice((*byte)(v.Addr().UnsafePointer()), v.Type().Size())
}

// elements is where the elements of a slice lie.
func elements(v reflect.Value) []byte {
	return unsafe.Slice((*byte)(v.UnsafePointer()), v.Len()*int(v.Type().Elem().Size()))
}

// target is what a pointer points to, or a function. A function that was declared is at one place in the whole program.
func target(v reflect.Value) unsafe.Pointer {
	return *(*unsafe.Pointer)(v.Addr().UnsafePointer())
}

// field is a field that may be read and set, exported or not.
func field(v reflect.Value, i int) reflect.Value {
	inner := v.Field(i)
	return reflect.NewAt(inner.Type(), inner.Addr().UnsafePointer()).Elem()
}

// addressed is a copy that has an address.
func addressed(v reflect.Value) reflect.Value {
	copied := reflect.New(v.Type()).Elem()
	copied.Set(v)
	return copied
}

// signature tells whether two types are written alike.
func signature(t reflect.Type) string {
	var text strings.Builder
	seen := map[reflect.Type]bool{}
	var write func(t reflect.Type)
	write = func(t reflect.Type) {
		text.WriteString(t.String())
		if seen[t] {
			return
		}
		seen[t] = true
		switch t.Kind() {
		case reflect.Struct:
			for i := 0; i < t.NumField(); i++ {
				text.WriteString(" " + t.Field(i).Name + " ")
				write(t.Field(i).Type)
			}
		case reflect.Map:
			write(t.Key())
			write(t.Elem())
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Chan:
			write(t.Elem())
		default:
			text.WriteString("=" + t.Kind().String())
		}
		text.WriteString(";")
	}
	write(t)
	return text.String()
}
