package kernelrunner

import (
	"encoding"
	"encoding/binary"
	"reflect"
	"sort"
	"unsafe"
)

// object is something that may be referred to more than once.
type object struct {
	address unsafe.Pointer
	length  int
	t       reflect.Type
}

// unkept is the panic about a value that has no meaning in another process.
type unkept string

// encoder writes values; what is referred to twice is written once.
type encoder struct {
	data    []byte
	numbers map[object]uint64
	order   []object
	// The functions that the values lead to.
	functions map[string]bool
}

// save encodes the variables. It names the functions that they hold, the variables that are kept and are not zero, and
// those that cannot be kept, each with its type and the reason.
//
// The names of the variables come first in the data. Then follows, for each variable that is kept: its number, the
// number of its first object, the signature of its type, the length of its value, and the value.
func save() (data []byte, held, kept, lost []string) {
	e := &encoder{numbers: map[object]uint64{}, functions: map[string]bool{}}
	e.number(uint64(len(session.variables)))
	for _, variable := range session.variables {
		e.text(variable.Name)
		pointer := reflect.ValueOf(variable.Pointer)
		e.remember(object{pointer.UnsafePointer(), 0, pointer.Type()})
	}
	for i, variable := range session.variables {
		value := reflect.ValueOf(variable.Pointer).Elem()
		whole, known := e.data, len(e.order)
		e.data = nil
		if reason := e.try(value); reason != "" {
			lost = append(lost, variable.Name, value.Type().String(), reason)
			for _, object := range e.order[known:] {
				delete(e.numbers, object)
			}
			e.data, e.order = whole, e.order[:known]
			continue
		}
		if !value.IsZero() {
			kept = append(kept, variable.Name)
		}
		body := e.data
		e.data = whole
		e.number(uint64(i))
		e.number(uint64(known))
		e.text(signature(value.Type()))
		e.number(uint64(len(body)))
		e.data = append(e.data, body...)
	}
	for name := range e.functions {
		held = append(held, name)
	}
	sort.Strings(held)
	return e.data, held, kept, lost
}

func (e *encoder) try(value reflect.Value) (reason string) {
	defer func() {
		switch problem := recover().(type) {
		case nil:
		case unkept:
			reason = string(problem)
		default:
			reason = "it cannot be read"
		}
	}()
	e.value(value)
	return ""
}

func (e *encoder) number(number uint64) {
	e.data = binary.AppendUvarint(e.data, number)
}

func (e *encoder) text(text string) {
	e.number(uint64(len(text)))
	e.data = append(e.data, text...)
}

func (e *encoder) remember(object object) {
	e.numbers[object] = uint64(len(e.order))
	e.order = append(e.order, object)
}

// What a value refers to: nothing, something new, a landmark; all higher numbers are what is known already.
const (
	isNil = iota
	isNew
	isLandmark
	isKnown
)

func (e *encoder) reference(v reflect.Value, length int, contents func()) {
	referred := object{v.UnsafePointer(), length, v.Type()}
	if referred.address == nil {
		e.number(isNil)
		return
	}
	if name, isThere := session.names[referred.address]; isThere && v.Kind() == reflect.Pointer {
		e.number(isLandmark)
		e.text(name)
		return
	}
	if number, isThere := e.numbers[referred]; isThere {
		e.number(isKnown + number)
		return
	}
	e.number(isNew)
	e.remember(referred)
	contents()
}

func (e *encoder) value(v reflect.Value) {
	t := v.Type()
	if reason := foreign(t); reason != "" {
		panic(unkept(reason))
	}
	if isBinary(t) {
		data, err := v.Addr().Interface().(encoding.BinaryMarshaler).MarshalBinary()
		if err != nil {
			panic(unkept(err.Error()))
		}
		e.text(string(data))
		return
	}
	if isPlain(t) {
		e.data = append(e.data, memory(v)...)
		return
	}
	switch t.Kind() {
	case reflect.String:
		e.text(v.String())
	case reflect.Array:
		for i := 0; i < v.Len(); i++ {
			e.value(v.Index(i))
		}
	case reflect.Struct:
		for i := 0; i < v.NumField(); i++ {
			e.value(field(v, i))
		}
	case reflect.Slice:
		e.reference(v, v.Len(), func() {
			e.number(uint64(v.Len()))
			if isPlain(t.Elem()) {
				e.data = append(e.data, elements(v)...)
				return
			}
			for i := 0; i < v.Len(); i++ {
				e.value(v.Index(i))
			}
		})
	case reflect.Map:
		e.reference(v, 0, func() {
			e.number(uint64(v.Len()))
			for entries := v.MapRange(); entries.Next(); {
				e.value(addressed(entries.Key()))
				e.value(addressed(entries.Value()))
			}
		})
	case reflect.Pointer:
		e.reference(v, 0, func() { e.value(v.Elem()) })
	case reflect.Chan:
		e.reference(v, 0, func() { e.channel(v) })
	case reflect.Interface:
		if v.IsNil() {
			e.number(0)
			return
		}
		e.number(1)
		e.dynamicType(v.Elem().Type())
		e.value(addressed(v.Elem()))
	case reflect.Func:
		e.function(v)
	default:
		if !v.IsZero() {
			panic(unkept("an unsafe pointer leads into the memory of its own process"))
		}
	}
}

// channel writes a channel with what is in it. Nobody receives from it any more: the program is about to end.
func (e *encoder) channel(v reflect.Value) {
	if v.Type().ChanDir() != reflect.BothDir {
		panic(unkept("a channel of one direction shows only one of its ends"))
	}
	e.number(uint64(v.Cap()))
	for {
		value, isOpen := v.TryRecv()
		if !value.IsValid() || !isOpen {
			// Of a closed channel it is a zero value, of an empty one it is none.
			e.number(0)
			e.bool(value.IsValid())
			return
		}
		e.number(1)
		e.value(addressed(value))
	}
}

func (e *encoder) bool(is bool) {
	if is {
		e.number(1)
	} else {
		e.number(0)
	}
}

// function writes the name of a function; one that was made while the program ran has none.
func (e *encoder) function(v reflect.Value) {
	if v.IsNil() {
		e.text("")
		return
	}
	name, isThere := session.names[target(v)]
	if !isThere {
		panic(unkept("a function that carries variables or a receiver with it lives in one query only"))
	}
	e.functions[name] = true
	e.text(name)
}

// dynamicType writes a type in such a way that another program finds it, or makes it.
func (e *encoder) dynamicType(t reflect.Type) {
	if t.Name() != "" {
		if session.types[typeName(t)] != t {
			panic(unkept("it holds a " + t.String() + ", which another program does not know"))
		}
		e.number(0)
		e.text(typeName(t))
		e.text(signature(t))
		return
	}
	e.number(uint64(t.Kind()))
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Chan:
	case reflect.Array:
		e.number(uint64(t.Len()))
	case reflect.Map:
		e.dynamicType(t.Key())
	default:
		if t != anyType {
			panic(unkept("it holds a " + t.String() + ", a type without a name"))
		}
		return
	}
	e.dynamicType(t.Elem())
}
