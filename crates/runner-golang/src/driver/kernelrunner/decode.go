package kernelrunner

import (
	"encoding"
	"encoding/binary"
	"fmt"
	"os"
	"reflect"
)

// decoder reads what the encoder has written.
type decoder struct {
	data    []byte
	next    uint64
	objects map[uint64]reflect.Value
}

// restore sets the variables to the values in data. One whose type has changed meanwhile is zero.
func restore(data []byte) {
	d := &decoder{data: data, objects: map[uint64]reflect.Value{}}
	variables := map[string]reflect.Value{}
	for _, variable := range session.variables {
		if !variable.IsNew {
			variables[variable.Name] = reflect.ValueOf(variable.Pointer)
		}
	}
	names := make([]string, d.number())
	for i := range names {
		names[i] = d.text()
		if variable, isThere := variables[names[i]]; isThere {
			d.objects[uint64(i)] = variable
		}
	}
	for len(d.data) > 0 {
		name := names[d.number()]
		first, written, body := d.number(), d.text(), d.take(int(d.number()))
		variable, isThere := variables[name]
		if !isThere {
			continue
		}
		value := &decoder{body, first, d.objects}
		if written != signature(variable.Type().Elem()) || !value.try(variable.Elem()) {
			variable.Elem().Set(reflect.Zero(variable.Type().Elem()))
			const format = "variable %s (%s) has lost its value: its type, or what it refers to, has changed\n"
			fmt.Fprintf(os.Stderr, format, name, variable.Type().Elem())
		}
	}
}

func (d *decoder) try(value reflect.Value) (isRead bool) {
	defer func() {
		if problem := recover(); problem != nil {
			isRead = false
		}
	}()
	d.value(value)
	return true
}

func (d *decoder) number() uint64 {
	number, size := binary.Uvarint(d.data)
	d.data = d.data[size:]
	return number
}

func (d *decoder) text() string {
	return string(d.take(int(d.number())))
}

func (d *decoder) take(size int) []byte {
	data := d.data[:size]
	d.data = d.data[size:]
	return data
}

// reference sets v to something known, or to something new, whose contents are read then.
func (d *decoder) reference(v reflect.Value, create func() reflect.Value, contents func(reflect.Value)) {
	switch number := d.number(); number {
	case isNil:
		v.Set(reflect.Zero(v.Type()))
	case isNew:
		object := create()
		d.objects[d.next] = object
		d.next++
		v.Set(object)
		contents(object)
	case isLandmark:
		v.Set(session.landmarks[d.text()])
	default:
		v.Set(d.objects[number-isKnown])
	}
}

func (d *decoder) value(v reflect.Value) {
	t := v.Type()
	if isBinary(t) {
		if err := v.Addr().Interface().(encoding.BinaryUnmarshaler).UnmarshalBinary([]byte(d.text())); err != nil {
			panic(err)
		}
		return
	}
	if isPlain(t) {
		copy(memory(v), d.take(int(t.Size())))
		return
	}
	switch t.Kind() {
	case reflect.String:
		v.SetString(d.text())
	case reflect.Array:
		for i := 0; i < v.Len(); i++ {
			d.value(v.Index(i))
		}
	case reflect.Struct:
		for i := 0; i < v.NumField(); i++ {
			d.value(field(v, i))
		}
	case reflect.Slice:
		create := func() reflect.Value {
			length := int(d.number())
			return reflect.MakeSlice(t, length, length)
		}
		d.reference(v, create, func(slice reflect.Value) {
			if isPlain(t.Elem()) {
				bytes := elements(slice)
				copy(bytes, d.take(len(bytes)))
				return
			}
			for i := 0; i < slice.Len(); i++ {
				d.value(slice.Index(i))
			}
		})
	case reflect.Map:
		d.reference(v, func() reflect.Value { return reflect.MakeMap(t) }, func(entries reflect.Value) {
			for count := d.number(); count > 0; count-- {
				key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
				d.value(key)
				d.value(value)
				entries.SetMapIndex(key, value)
			}
		})
	case reflect.Pointer:
		create := func() reflect.Value { return reflect.New(t.Elem()).Convert(t) }
		d.reference(v, create, func(pointer reflect.Value) { d.value(pointer.Elem()) })
	case reflect.Chan:
		create := func() reflect.Value { return reflect.MakeChan(t, int(d.number())) }
		d.reference(v, create, d.channel)
	case reflect.Interface:
		if d.number() == 0 {
			v.Set(reflect.Zero(t))
			return
		}
		value := reflect.New(d.dynamicType()).Elem()
		d.value(value)
		v.Set(value)
	case reflect.Func:
		if name := d.text(); name != "" {
			v.Set(session.landmarks[name].Convert(t))
		}
	}
}

func (d *decoder) channel(channel reflect.Value) {
	for d.number() == 1 {
		value := reflect.New(channel.Type().Elem()).Elem()
		d.value(value)
		channel.Send(value)
	}
	if d.number() == 1 {
		channel.Close()
	}
}

func (d *decoder) dynamicType() reflect.Type {
	switch reflect.Kind(d.number()) {
	case reflect.Invalid:
		t := session.types[d.text()]
		if signature(t) != d.text() {
			panic(unkept("its type has changed"))
		}
		return t
	case reflect.Pointer:
		return reflect.PointerTo(d.dynamicType())
	case reflect.Slice:
		return reflect.SliceOf(d.dynamicType())
	case reflect.Chan:
		return reflect.ChanOf(reflect.BothDir, d.dynamicType())
	case reflect.Array:
		length := int(d.number())
		return reflect.ArrayOf(length, d.dynamicType())
	case reflect.Map:
		key := d.dynamicType()
		return reflect.MapOf(key, d.dynamicType())
	default:
		return anyType
	}
}
