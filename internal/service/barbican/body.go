package barbican

import (
	"slices"
	"strings"
	"unicode/utf8"

	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
)

// onlyJSON demands the media type of JSON. webob compares media types without regard to
// parameters, but with regard to case.
func onlyJSON(c *service.Call) error {
	if c.MediaType() == "application/json" {
		return nil
	}
	return wrongType("['application/json']")
}

// onlyPayload demands a media type of payloads.
func onlyPayload(c *service.Call) error {
	if t := c.MediaType(); t == octets || t == plainText {
		return nil
	}
	return wrongType("['application/octet-stream', 'text/plain']")
}

// wrongType is the error of a body that is of none of the types. They are listed as Python
// prints a list.
func wrongType(types string) error {
	return service.Errorf(service.UnsupportedType, "", "Unexpected content type. Expected content types are: "+types).RefusedBy("content type")
}

// readBody reads a JSON body and strips the blanks around its strings.
func readBody(c *service.Call) (any, error) {
	if !utf8.Valid(c.Body) {
		return nil, service.Errorf(service.Invalid, "", "").RefusedBy("encoding")
	}
	v, err := c.JSON()
	if err != nil {
		return nil, service.Errorf(service.Invalid, "", "Malformed JSON").RefusedBy("json")
	}
	return strip(v), nil
}

func strip(v any) any {
	switch x := v.(type) {
	case string:
		return openstack.Strip(x)
	case []any:
		for i := range x {
			x[i] = strip(x[i])
		}
	case *value.Object:
		for _, m := range x.Members() {
			x.Set(m.Name, strip(m.Value))
		}
	}
	return v
}

// invalid is the error of a body that does not match its schema. The property
// is empty where the object as a whole is meant.
func invalid(schema, message, property string) error {
	by := "schema: " + property
	if property == "" {
		property, by = "None", "schema"
	}
	return service.Errorf(service.Invalid, "", "Provided object does not match schema '%s': %s. Invalid property: '%s'", schema, message, property).RefusedBy(by)
}

// validator is how the server reports what its schemas find. It names the member at the top in
// which the fault is.
var validator = openstack.Validator{
	Prefer: openstack.BestMatch,
	Frame: func(s *openstack.Schema, f *openstack.Fault) error {
		property := ""
		if len(f.Path) > 0 {
			property = f.Path[0]
		}
		return invalid(s.Title, f.Message, property)
	},
}

// readObject reads a body that must match the schema, which is one of an object.
func readObject(c *service.Call, s *openstack.Schema) (*value.Object, error) {
	v, err := readBody(c)
	if err != nil {
		return nil, err
	}
	if err := validator.Check(s, v); err != nil {
		return nil, err
	}
	o, _ := v.(*value.Object)
	return o, nil
}

// The shapes that several bodies have members of.
var (
	aText      = openstack.Schema{Types: []string{"string"}}
	shortText  = openstack.Schema{Types: []string{"string"}, MaxLength: 255}
	shortOrNot = openstack.Schema{Types: []string{"string", "null"}, MaxLength: 255}
	filledText = openstack.Schema{Types: []string{"string"}, MinLength: 1}
	anInteger  = openstack.Schema{Types: []string{"integer"}}
)

var consumerSchema = &openstack.Schema{
	Title: "Consumer",
	Types: []string{"object"},
	Members: []openstack.Property{
		{Name: "URL", Schema: openstack.Schema{Types: []string{"string"}, MaxLength: 255, MinLength: 1}},
		{Name: "name", Schema: openstack.Schema{Types: []string{"string"}, MaxLength: 36, MinLength: 1}},
	},
	Required: []string{"name", "URL"},
}

// readConsumer reads {"name", "URL"}. The server requires URL. If
// lower is set, the url of the documents' POST is accepted in its place.
func readConsumer(c *service.Call, lower bool) (name, url string, err error) {
	v, err := readBody(c)
	if err != nil {
		return "", "", err
	}
	o, isObject := v.(*value.Object)
	if isObject && lower {
		if u, ok := o.Get("url"); ok && !o.Has("URL") {
			o.Set("URL", u)
		}
	}
	if err := validator.Check(consumerSchema, v); err != nil {
		return "", "", err
	}
	return o.Text("name"), o.Text("URL"), nil
}

// integer is the value of a number without a fraction, which a schema has demanded: 1.0
// is one. A number that does not fit is the nearest that does.
func integer(v any) int {
	n, _ := v.(value.Number)
	whole, ok := openstack.ParseWhole(n)
	if !ok {
		return 0
	}
	return openstack.Clamp(whole)
}

// A containerBody is what a POST of a container says.
type containerBody struct {
	name    *string
	kind    string
	secrets []secretRef
	given   []string // their references, as they were given
	names   []string // of the secrets: the empty one if there is none, another than null
}

var containerTypes = []string{"generic", "rsa", "certificate"}

var containerSchema = &openstack.Schema{
	Title: "Container",
	Types: []string{"object"},
	Members: []openstack.Property{
		{Name: "name", Schema: shortOrNot},
		{Name: "type", Schema: openstack.Schema{Types: []string{"string"}, Enum: containerTypes}},
		{Name: "secret_refs", Schema: openstack.Schema{Types: []string{"array"}, Items: &openstack.Schema{
			Types:    []string{"object"},
			Required: []string{"secret_ref"},
			Members:  []openstack.Property{{Name: "name", Schema: shortOrNot}, {Name: "secret_ref", Schema: filledText}},
		}}},
	},
	Required: []string{"type"},
}

// readContainer reads and checks the body of a new container.
func readContainer(c *service.Call) (*containerBody, error) {
	o, err := readObject(c, containerSchema)
	if err != nil {
		return nil, err
	}
	b := &containerBody{name: o.TextOrNil("name"), kind: o.Text("type")}
	for _, e := range o.List("secret_refs") {
		b.add(e.(*value.Object))
	}
	return b, b.check(c)
}

// add notes a secret of the container.
func (b *containerBody) add(o *value.Object) {
	name, key := o.TextOrNil("name"), o.Text("name")
	if name == nil && o.Has("name") {
		key = "\x00" // null
	}
	given := o.Text("secret_ref")
	b.names, b.given = append(b.names, key), append(b.given, given)
	b.secrets = append(b.secrets, secretRef{Name: name, SecretRef: lastSegment(given)})
}

// check is what the server demands of secret_refs as well as the schema: no name
// and no secret twice, and the names that belong to the type.
func (b *containerBody) check(c *service.Call) error {
	if len(b.secrets) == 0 {
		return nil
	}
	names, ids := map[string]bool{}, map[string]bool{}
	for i, s := range b.secrets {
		names[b.names[i]], ids[s.SecretRef] = true, true
	}
	switch {
	case len(names) != len(b.secrets):
		return invalid("Container", "Duplicate reference names are not allowed", "secret_refs")
	case len(ids) != len(b.secrets):
		return invalid("Container", "Duplicate secret ids are not allowed", "secret_refs")
	case c.Quirk(foreignReferencesAreRefused) && slices.ContainsFunc(b.given, func(r string) bool { return !strings.HasPrefix(r, c.Base()) }):
		return service.Errorf(service.Invalid, "", "Provided field value is not supported")
	}
	rules, ok := typeRules[b.kind]
	if !ok {
		return nil
	}
	for n := range names {
		if !slices.Contains(rules.required, n) && !slices.Contains(rules.optional, n) {
			return invalid("Container", rules.unknown, "secret_refs")
		}
	}
	for _, n := range rules.required {
		if !names[n] {
			return invalid("Container", rules.missing, "secret_refs")
		}
	}
	return nil
}

// typeRules are the names of secrets that a container of a type has.
var typeRules = map[string]struct {
	required, optional []string
	unknown, missing   string
}{
	"rsa": {
		required: []string{"public_key", "private_key"}, optional: []string{"private_key_passphrase"},
		unknown: "only 'private_key', 'public_key' and 'private_key_passphrase' reference names are allowed for RSA type",
		missing: "The minimum required reference names are 'public_key' and'private_key' for RSA type",
	},
	"certificate": {
		required: []string{"certificate"}, optional: []string{"private_key", "private_key_passphrase", "intermediates"},
		unknown: "only 'private_key', 'certificate' , 'private_key_passphrase',  or 'intermediates' reference names are allowed for Certificate type",
		missing: "The minimum required reference name is 'certificate' for Certificate type",
	},
}
