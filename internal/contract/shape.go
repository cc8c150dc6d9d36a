package contract

import (
	"strings"

	"standin/internal/value"
)

// A Shape is the members that a contract lists of a JSON value, at every depth. A nil Shape lists
// nothing, so that it accepts every member.
type Shape struct {
	names   []string // in the order of the document
	members map[string]*Shape
	rest    *Shape // of members that are not listed, if the contract allows them
	items   *Shape // of the elements of an array
	open    bool   // the contract allows members that it does not list
}

// Names returns the listed members of an object, in the order of the document.
func (s *Shape) Names() []string {
	if s == nil {
		return nil
	}
	return s.names
}

// Member returns the shape of a member. It reports whether the contract lists or allows the member.
// An object without a list of members allows all members.
func (s *Shape) Member(name string) (member *Shape, known bool) {
	if s == nil {
		return nil, true
	}
	if m, ok := s.members[name]; ok {
		return m, true
	}
	return s.rest, s.open || len(s.names) == 0
}

// Items returns the shape of the elements of an array.
func (s *Shape) Items() *Shape {
	if s == nil {
		return nil
	}
	return s.items
}

// shape returns the shape that a schema describes. A schema that refers to itself has a shape that
// contains itself.
func (r *reader) shape(schema any) *Shape {
	s := &Shape{}
	r.addShape(s, schema, map[string]bool{})
	return s
}

// addShape adds what a schema lists to a shape. Seen has the references that were added already.
func (r *reader) addShape(s *Shape, schema any, seen map[string]bool) {
	o, ok := schema.(*value.Object)
	if !ok {
		return
	}
	if ref := o.Text("$ref"); ref != "" {
		if seen[ref] {
			return
		}
		seen[ref] = true
		target, _ := r.resolve(o, "")
		r.addShape(s, target, seen)
	}
	if all := o.Object("properties"); all != nil {
		for _, m := range all.Members() {
			s.add(m.Name, r.nested(m.Value))
		}
	}
	if rest, ok := o.Get("additionalProperties"); ok && rest != false {
		s.open, s.rest = true, r.nested(rest)
	}
	s.open = s.open || o.Has("patternProperties")
	if items, ok := o.Get("items"); ok && s.items == nil {
		s.items = r.nested(items)
	}
	for _, word := range []string{"allOf", "anyOf", "oneOf"} {
		for _, one := range o.List(word) {
			r.addShape(s, one, seen)
		}
	}
	for _, word := range []string{"then", "else"} {
		if one, ok := o.Get(word); ok {
			r.addShape(s, one, seen)
		}
	}
}

// nested returns the shape of a schema within another. References to components share a shape.
func (r *reader) nested(schema any) *Shape {
	o, ok := schema.(*value.Object)
	if !ok {
		return nil
	}
	ref := o.Text("$ref")
	if ref == "" {
		return r.shape(o)
	}
	if r.shapes == nil {
		r.shapes = map[string]*Shape{}
	}
	if s, ok := r.shapes[ref]; ok {
		return s
	}
	s := &Shape{}
	r.shapes[ref] = s
	r.addShape(s, o, map[string]bool{})
	return s
}

// add lists a member. A member that another branch of the schema lists too accepts everything.
func (s *Shape) add(name string, m *Shape) {
	if s.members == nil {
		s.members = map[string]*Shape{}
	}
	if old, twice := s.members[name]; !twice {
		s.names = append(s.names, name)
	} else if old != m {
		m = nil
	}
	s.members[name] = m
}

// body reads the media types of a request's body.
func (r *reader) body(op *Operation, body *value.Object) {
	op.Body = true
	body, _ = r.resolve(body, "")
	r.media(body, "", func(mediaType string, m *value.Object, _ string) {
		r.examples(m, op.input.examples)
		schema, ok := m.Get("schema")
		switch {
		case !ok:
		case strings.Contains(mediaType, "json"):
			op.input.json = r.nested(schema)
		case mediaType == formType:
			op.input.form = r.nested(schema)
		}
	})
}

const formType = "application/x-www-form-urlencoded"

// logins returns the parameters by which callers of the service say who they are.
func (r *reader) logins() []Parameter {
	schemes := r.doc.Object("components").Object("securitySchemes")
	if schemes == nil {
		return nil
	}
	var all []Parameter
	for _, m := range schemes.Members() {
		scheme, _ := r.resolve(m.Value, "")
		switch scheme.Text("type") {
		case "apiKey":
			all = append(all, Parameter{Name: scheme.Text("name"), In: scheme.Text("in")})
		case "http", "oauth2", "openIdConnect":
			all = append(all, Parameter{Name: "Authorization", In: "header"})
		}
	}
	return all
}
