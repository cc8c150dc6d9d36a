package keystone

import (
	"strings"

	"standin/internal/service"
)

// The JSON schemas of the requests. Keystone reports the first fault in their order.

var (
	anObject = []string{"object"}
	aString  = service.Schema{Types: []string{"string"}}
	nameOrID = service.Schema{Types: anObject, Members: []service.Property{{Name: "id", Schema: aString}, {Name: "name", Schema: aString}}}
)

// loginSchema is that of the member auth.
var loginSchema = &service.Schema{
	Types:   anObject,
	Members: []service.Property{{Name: "identity", Schema: identitySchema}, {Name: "scope", Schema: scopeSchema}},
	Needs:   []string{"identity"},
}

var identitySchema = service.Schema{
	Types: anObject,
	Members: []service.Property{
		{Name: "methods", Schema: service.Schema{Types: []string{"array"}, Items: &aString}},
		{Name: "password", Schema: service.Schema{Types: anObject, Members: []service.Property{
			{Name: "user", Schema: service.Schema{Types: anObject, Members: []service.Property{
				{Name: "id", Schema: aString}, {Name: "name", Schema: aString}, {Name: "password", Schema: aString},
				{Name: "domain", Schema: nameOrID},
			}}},
		}}},
		{Name: "token", Schema: service.Schema{Types: anObject, Members: []service.Property{{Name: "id", Schema: aString}}, Needs: []string{"id"}}},
	},
	Needs: []string{"methods"},
}

var scopeSchema = service.Schema{
	Types: []string{"object", "string"},
	Members: []service.Property{
		{Name: "project", Schema: service.Schema{Types: anObject, Members: []service.Property{
			{Name: "name", Schema: aString}, {Name: "id", Schema: aString}, {Name: "domain", Schema: nameOrID},
		}}},
		{Name: "domain", Schema: nameOrID},
		{Name: "OS-TRUST:trust", Schema: service.Schema{Types: anObject, Members: []service.Property{{Name: "id", Schema: aString}}}},
		{Name: "system", Schema: service.Schema{Types: anObject, Members: []service.Property{{Name: "all", Schema: service.Schema{Types: []string{"boolean"}}}}}},
	},
}

var (
	idSchema   = service.Schema{Types: []string{"string"}, Min: 1, Max: 64, Pattern: service.NewPattern(`^[a-zA-Z0-9-]+$`)}
	nameSchema = service.Schema{Types: []string{"string"}, Min: 1, Max: 255, Pattern: service.NewPattern(`[\S]+`)}
)

// credentialSchema is that of a new application credential.
var credentialSchema = &service.Schema{
	Types: anObject,
	Members: []service.Property{
		{Name: "name", Schema: nameSchema},
		{Name: "description", Schema: service.Schema{Types: []string{"string", "null"}}},
		{Name: "secret", Schema: service.Schema{Types: []string{"null", "string"}}},
		{Name: "expires_at", Schema: service.Schema{Types: []string{"null", "string"}}},
		{Name: "roles", Schema: service.Schema{Types: []string{"array"}, Items: &service.Schema{
			Types:   anObject,
			Members: []service.Property{{Name: "id", Schema: idSchema}, {Name: "name", Schema: nameSchema}},
			Single:  true, Closed: true,
		}}},
		{Name: "unrestricted", Schema: service.Schema{Types: []string{"boolean"}}},
		{Name: "access_rules", Schema: service.Schema{Types: []string{"array"}, Items: accessRuleSchema}},
	},
	Needs: []string{"name"},
}

var accessRuleSchema = &service.Schema{
	Types: anObject,
	Members: []service.Property{
		{Name: "path", Schema: service.Schema{Types: []string{"string"}, Max: 225, Pattern: service.NewPattern(`^\/.*`)}},
		{Name: "method", Schema: service.Schema{Types: []string{"string"}, Pattern: service.NewPattern(`^(POST|GET|HEAD|PATCH|PUT|DELETE)$`)}},
		{Name: "service", Schema: idSchema},
		{Name: "id", Schema: idSchema},
	},
	Closed: true,
}

// check is the 400 for what a schema finds wrong with a value.
func check(s *service.Schema, v any) error {
	f := s.FirstFault(v)
	if f == nil {
		return nil
	}
	return invalidField(strings.Join(f.Path, "/"), f.Message)
}

// invalidField is the 400 for a member; no field: for the whole of what the schema is of.
func invalidField(field, message string) error {
	if field != "" {
		message = "Invalid input for field '" + field + "': " + message
	}
	return service.Errorf(service.Invalid, "", "%s", message)
}
