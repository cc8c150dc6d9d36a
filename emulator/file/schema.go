package file

import (
	"encoding"
	"reflect"

	"standin/emulator/value"
)

// Schema describes, as JSON Schema, what Decode takes for a type.
func Schema(t reflect.Type) *value.Object {
	switch {
	case t == timeType:
		return schema("type", "string", "format", "date-time")
	case t == objectType:
		return schema("type", "object")
	case t == nodeType:
		return schema()
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return schema("type", "string")
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schema("anyOf", []any{Schema(t.Elem()), schema("type", "null")})
	case reflect.Struct:
		return structSchema(t)
	case reflect.Slice:
		return schema("type", []any{"array", "null"}, "items", Schema(t.Elem()))
	case reflect.Map:
		return schema("type", "object", "additionalProperties", Schema(t.Elem()))
	case reflect.String:
		return schema("type", "string")
	case reflect.Bool:
		return schema("type", "boolean")
	case reflect.Interface:
		return schema()
	default:
		return schema("type", "integer")
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
	o := schema("type", "object", "properties", properties, "additionalProperties", false)
	if len(required) > 0 {
		o.Set("required", required)
	}
	return o
}

// schema makes an object of names and values in turns.
func schema(pairs ...any) *value.Object {
	o := value.NewObject()
	for i := 0; i < len(pairs); i += 2 {
		o.Set(pairs[i].(string), pairs[i+1])
	}
	return o
}
