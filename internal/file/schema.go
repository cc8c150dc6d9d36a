package file

import (
	"encoding"
	"reflect"

	"standin/internal/value"
)

// A Describer is an Unmarshaler that returns the JSON Schema of what it accepts.
type Describer interface {
	JSONSchema() *value.Object
}

// Schema returns the JSON Schema of what Decode accepts for a type.
func Schema(t reflect.Type) *value.Object {
	switch {
	case t == timeType:
		return value.NewObject(is("type", "string"), is("format", "date-time"))
	case t == objectType:
		return value.NewObject(is("type", "object"))
	case t == nodeType:
		return value.NewObject()
	case reflect.PointerTo(t).Implements(reflect.TypeFor[Describer]()):
		return reflect.New(t).Interface().(Describer).JSONSchema()
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return value.NewObject(is("type", "string"))
	}
	switch t.Kind() {
	case reflect.Pointer:
		return value.NewObject(is("anyOf", []any{Schema(t.Elem()), value.NewObject(is("type", "null"))}))
	case reflect.Struct:
		return structSchema(t)
	case reflect.Slice:
		return value.NewObject(is("type", []any{"array", "null"}), is("items", Schema(t.Elem())))
	case reflect.Map:
		return value.NewObject(is("type", "object"), is("additionalProperties", Schema(t.Elem())))
	case reflect.String:
		return value.NewObject(is("type", "string"))
	case reflect.Bool:
		return value.NewObject(is("type", "boolean"))
	case reflect.Interface:
		return value.NewObject()
	case reflect.Float64:
		return value.NewObject(is("type", "number"))
	default:
		return value.NewObject(is("type", "integer"))
	}
}

func structSchema(t reflect.Type) *value.Object {
	properties, required := value.NewObject(), []any{}
	for _, f := range fieldsOf(t) {
		properties.Set(f.name, Schema(t.Field(f.index).Type))
		if f.required {
			required = append(required, f.name)
		}
	}
	o := value.NewObject(is("type", "object"), is("properties", properties), is("additionalProperties", false))
	if len(required) > 0 {
		o.Set("required", required)
	}
	return o
}

func is(name string, v any) value.Member { return value.Member{Name: name, Value: v} }

// SchemaFor is like Schema, with the type as a type parameter.
func SchemaFor[T any]() *value.Object { return Schema(reflect.TypeFor[T]()) }
