package barbican

import (
	"slices"
	"strings"
	"unicode/utf8"

	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
)

// onlyJSON is the check of the media type application/json. webob ignores parameters of the type,
// but not its case (barbican/consumers-validation.yaml: "register of a type").
func onlyJSON(c *service.Call) error {
	if c.MediaType() == "application/json" {
		return nil
	}
	return wrongType("['application/json']")
}

// onlyPayload is the check that the media type is one of payloads
// (barbican/secrets.yaml: "put of a type that is none").
func onlyPayload(c *service.Call) error {
	if t := c.MediaType(); t == octets || t == plainText {
		return nil
	}
	return wrongType("['application/octet-stream', 'text/plain']")
}

// wrongType returns the error for a body of another media type. The message lists the types as
// Python prints a list.
func wrongType(types string) error {
	return service.Errorf(service.UnsupportedType, "", "Unexpected content type. Expected content types are: "+types).RefusedBy("content type")
}

// readBody parses a JSON body and strips the blanks around its strings
// (barbican/consumers.yaml: "register padded").
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

// invalid returns the error for a body that does not match its schema. An empty property means
// the object as a whole.
func invalid(schema, message, property string) error {
	by := "schema: " + property
	if property == "" {
		property, by = "None", "schema"
	}
	return service.Errorf(service.Invalid, "", "Provided object does not match schema '%s': %s. Invalid property: '%s'", schema, message, property).RefusedBy(by)
}

// validator reports the fault that best_match picks, and names the top member that contains it
// (barbican/two-faults.yaml: "consumer").
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

// readObject parses a body and checks it against the schema of an object.
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

// The schemas of members that several bodies have.
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

// readConsumer reads {"name", "URL"}. The server requires URL
// (barbican/consumers-quirks.yaml: "register by the documents' url"). With lower, it also accepts
// the member url of the documents.
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

// integer returns the value of a number that the schema has found to be an integer, for example
// 1.0. It is limited to the range of int.
func integer(v any) int {
	n, _ := v.(value.Number)
	whole, ok := openstack.ParseWhole(n)
	if !ok {
		return 0
	}
	return openstack.Clamp(whole)
}

// A containerBody is the body of a POST of a container.
type containerBody struct {
	name    *string
	kind    string
	secrets []secretRef
	given   []string // the references as they were sent
	names   []string // names of the secrets: empty if missing, and different from null
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

// add adds a secret of the container.
func (b *containerBody) add(o *value.Object) {
	name, key := o.TextOrNil("name"), o.Text("name")
	if name == nil && o.Has("name") {
		key = "\x00" // null
	}
	given := o.Text("secret_ref")
	b.names, b.given = append(b.names, key), append(b.given, given)
	b.secrets = append(b.secrets, secretRef{Name: name, SecretRef: lastSegment(given)})
}

// check does the checks of secret_refs beyond the schema. Names and secrets must be unique, and
// the type of the container may require names
// (barbican/containers.yaml: "create that is refused").
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
	// barbican/refs.yaml: "refs of one host by another"
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

// typeRules has the names of secrets that each type of container requires and allows.
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
