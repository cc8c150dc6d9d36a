package keystone

import (
	"strings"

	"standin/internal/service"
	"standin/internal/service/openstack"
)

// The JSON schemas of requests. Keystone reports the first fault in their order.

var (
	anObject = []string{"object"}
	aString  = openstack.Schema{Types: []string{"string"}}
	nameOrID = openstack.Schema{Types: anObject, Members: []openstack.Property{{Name: "id", Schema: aString}, {Name: "name", Schema: aString}}}
)

// loginSchema is the schema of the member auth.
var loginSchema = &openstack.Schema{
	Types:    anObject,
	Members:  []openstack.Property{{Name: "identity", Schema: identitySchema}, {Name: "scope", Schema: scopeSchema}},
	Required: []string{"identity"},
}

var identitySchema = openstack.Schema{
	Types: anObject,
	Members: []openstack.Property{
		{Name: "methods", Schema: openstack.Schema{Types: []string{"array"}, Items: &aString}},
		{Name: "password", Schema: openstack.Schema{Types: anObject, Members: []openstack.Property{
			{Name: "user", Schema: openstack.Schema{Types: anObject, Members: []openstack.Property{
				{Name: "id", Schema: aString}, {Name: "name", Schema: aString}, {Name: "password", Schema: aString},
				{Name: "domain", Schema: nameOrID},
			}}},
		}}},
		{Name: "token", Schema: openstack.Schema{Types: anObject, Members: []openstack.Property{{Name: "id", Schema: aString}}, Required: []string{"id"}}},
	},
	Required: []string{"methods"},
}

var scopeSchema = openstack.Schema{
	Types: []string{"object", "string"},
	Members: []openstack.Property{
		{Name: "project", Schema: openstack.Schema{Types: anObject, Members: []openstack.Property{
			{Name: "name", Schema: aString}, {Name: "id", Schema: aString}, {Name: "domain", Schema: nameOrID},
		}}},
		{Name: "domain", Schema: nameOrID},
		{Name: "OS-TRUST:trust", Schema: openstack.Schema{Types: anObject, Members: []openstack.Property{{Name: "id", Schema: aString}}}},
		{Name: "system", Schema: openstack.Schema{Types: anObject, Members: []openstack.Property{{Name: "all", Schema: openstack.Schema{Types: []string{"boolean"}}}}}},
	},
}

var (
	idSchema   = openstack.Schema{Types: []string{"string"}, MinLength: 1, MaxLength: 64, Pattern: openstack.NewPattern(`^[a-zA-Z0-9-]+$`)}
	nameSchema = openstack.Schema{Types: []string{"string"}, MinLength: 1, MaxLength: 255, Pattern: openstack.NewPattern(`[\S]+`)}
)

// credentialSchema is the schema of a new application credential.
var credentialSchema = &openstack.Schema{
	Types: anObject,
	Members: []openstack.Property{
		{Name: "name", Schema: nameSchema},
		{Name: "description", Schema: openstack.Schema{Types: []string{"string", "null"}}},
		{Name: "secret", Schema: openstack.Schema{Types: []string{"null", "string"}}},
		{Name: "expires_at", Schema: openstack.Schema{Types: []string{"null", "string"}}},
		{Name: "roles", Schema: openstack.Schema{Types: []string{"array"}, Items: &openstack.Schema{
			Types:   anObject,
			Members: []openstack.Property{{Name: "id", Schema: idSchema}, {Name: "name", Schema: nameSchema}},
			Single:  true, Closed: true,
		}}},
		{Name: "unrestricted", Schema: openstack.Schema{Types: []string{"boolean"}}},
		{Name: "access_rules", Schema: openstack.Schema{Types: []string{"array"}, Items: accessRuleSchema}},
	},
	Required: []string{"name"},
}

var accessRuleSchema = &openstack.Schema{
	Types: anObject,
	Members: []openstack.Property{
		{Name: "path", Schema: openstack.Schema{Types: []string{"string"}, MaxLength: 225, Pattern: openstack.NewPattern(`^\/.*`)}},
		{Name: "method", Schema: openstack.Schema{Types: []string{"string"}, Pattern: openstack.NewPattern(`^(POST|GET|HEAD|PATCH|PUT|DELETE)$`)}},
		{Name: "service", Schema: idSchema},
		{Name: "id", Schema: idSchema},
	},
	Closed: true,
}

// wholeRuleSchema is the schema of a new access rule.
var wholeRuleSchema = func() *openstack.Schema {
	s := *accessRuleSchema
	s.Required = []string{"service", "path", "method"}
	return &s
}()

// validator reports the first fault of a schema with its whole path, as Keystone does.
var validator = openstack.Validator{Frame: func(_ *openstack.Schema, f *openstack.Fault) error {
	return invalidField(strings.Join(f.Path, "/"), f.Message)
}}

// invalidField returns the 400 for a member. An empty field means the whole value.
func invalidField(field, message string) error {
	if field == "" {
		return service.Errorf(service.Invalid, "", "%s", message).RefusedBy("schema")
	}
	return service.Errorf(service.Invalid, "", "Invalid input for field '%s': %s", field, message).RefusedBy("schema: " + field)
}
