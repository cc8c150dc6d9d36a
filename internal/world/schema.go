package world

import (
	"reflect"

	"standin/internal/file"
	"standin/internal/value"
)

// Schema returns the JSON Schema of fixture files, for editors.
func (l *Loader) Schema() *value.Object {
	o := file.Schema(reflect.TypeFor[fixtureHead]())
	o.Set("$schema", "https://json-schema.org/draft/2020-12/schema")
	o.Set("title", "Standin fixture")
	properties := o.Object("properties")
	for _, s := range l.Sections {
		section, made := value.NewObject(), value.NewObject()
		for _, c := range s.Collections {
			section.Set(c.Name, value.NewObject(
				value.Member{Name: "type", Value: []any{"array", "null"}},
				value.Member{Name: "items", Value: file.Schema(c.form)},
			))
			if c.Generate != nil {
				made.Set(c.Name, file.Schema(reflect.TypeFor[generateBlock]()))
			}
		}
		section.Set("generate", object(made))
		properties.Set(s.Name, object(section))
	}
	return o
}

func object(properties *value.Object) *value.Object {
	return value.NewObject(
		value.Member{Name: "type", Value: []any{"object", "null"}},
		value.Member{Name: "properties", Value: properties},
		value.Member{Name: "additionalProperties", Value: false},
	)
}
