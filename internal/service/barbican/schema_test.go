package barbican

import (
	"errors"
	"strings"
	"testing"

	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
)

// Ensure that the error names the fault that best_match of jsonschema picks.
func TestBestMatch(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("n", 256)
	tests := []struct {
		schema string
		shape  *openstack.Schema
		body   string
		want   string
	}{
		{"Container", containerSchema, `{"type":"generic","secret_refs":[{"secret_ref":"","name":5}]}`, "5 is not of type 'string', 'null'. Invalid property: 'secret_refs'"},
		{"Container", containerSchema, `{"type":"generic","secret_refs":[{"secret_ref":5},{}]}`, "'secret_ref' is a required property. Invalid property: 'secret_refs'"},
		{"Container", containerSchema, `{"type":"generic","secret_refs":[{},5]}`, "5 is not of type 'object'. Invalid property: 'secret_refs'"},
		{"Container", containerSchema, `{"type":"none","secret_refs":[5]}`, "'none' is not one of ['generic', 'rsa', 'certificate']. Invalid property: 'type'"},
		{"Container", containerSchema, `{"name":5}`, "'type' is a required property. Invalid property: 'None'"},
		{"ContainerSecret", containerSecretSchema, `{"name":"` + long + `","secret_ref":5}`, "5 is not of type 'string'. Invalid property: 'secret_ref'"},
		{"ContainerSecret", containerSecretSchema, `{"name":5,"secret_ref":6}`, "5 is not of type 'string'. Invalid property: 'name'"},
		{"Consumer", consumerSchema, `{"name":"","URL":""}`, "'' is too short. Invalid property: 'URL'"},
		{"Secret", secretSchema, `{"name":"` + long + `","transport_key_id":5}`, "5 is not of type 'string'. Invalid property: 'transport_key_id'"},
		{"Secret", secretSchema, `{"bit_length":1e400}`, "inf is not of type 'integer'. Invalid property: 'bit_length'"},
		{"Secret", secretSchema, `{"bit_length":32768}`, "32768 is greater than the maximum of 32767. Invalid property: 'bit_length'"},
		{"ACL", aclSchema, `{"read":{"users":[5],"project-access":5}}`, "5 is not of type 'boolean'. Invalid property: 'read'"},
		{"ACL", aclSchema, `{"read":{"users":5,"b":1,"a":1}}`, "Additional properties are not allowed ('a', 'b' were unexpected). Invalid property: 'read'"},
		{"SecretMetadatum", metadatumSchema, `{"key":"` + long + `"}`, "'" + long + "' is too long. Invalid property: 'key'"},
		{"SecretMetadatum", metadatumSchema, `{"value":5}`, "5 is not of type 'string'. Invalid property: 'value'"},
		{"Project Quota", quotasSchema, `{"project_quotas":5,"more":1}`, "Additional properties are not allowed ('more' was unexpected). Invalid property: 'None'"},
		{"ACL", aclSchema, `{"read":{"users":["a",5,null]}}`, ""},
		{"Secret", secretSchema, `{"bit_length":256.0,"name":null}`, ""},
	}
	for _, tt := range tests {
		v, err := value.Parse([]byte(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		want := ""
		if tt.want != "" {
			want = "Provided object does not match schema '" + tt.schema + "': " + tt.want
		}
		got := ""
		if e, ok := errors.AsType[*service.Error](validator.Check(tt.shape, v)); ok {
			got = e.Message
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", tt.body, got, want)
		}
	}
}
