package barbican

import (
	"net/http"
	"slices"
	"strings"

	"standin/internal/late"
	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
)

// metadataOperations are the operations on the metadata that users attach to a secret.
var metadataOperations = []service.Operation{
	{ID: "barbican.secret-metadata.list", Do: listMetadata, Policy: policy("Secret metadata retrieval", reading, newRead)},
	{ID: "barbican.secret-metadata.replace", Do: replaceMetadata, Policy: policy("Secret metadata creation", changing, newChange), Reads: onlyJSON},
	{ID: "barbican.secret-metadata.create", Do: createMetadatum, Policy: policy("Secret metadatum creation", changing, newChange), Reads: onlyJSON},
	{ID: "barbican.secret-metadata.show", Do: showMetadatum, Policy: metadatumRetrieval},
	{ID: "barbican.secret-metadata.update", Do: updateMetadatum, Policy: metadatumUpdate, Reads: onlyJSON},
	{ID: "barbican.secret-metadata.delete", Do: deleteMetadatum, Policy: metadatumRemoval},
}

// These are also the rules of paths below the operations.
var (
	metadatumRetrieval = policy("Secret metadatum retrieval", reading, newRead)
	metadatumUpdate    = policy("Secret metadatum update", changing, newChange)
	metadatumRemoval   = policy("Secret metadatum removal", changing, newChange)
)

// safeKey matches the keys that the server takes for URL-safe. It allows a line break at the end.
var safeKey = late.Regexp(`^[A-Za-z0-9_-]*\n?$`)

func noMetadata() error {
	return service.Errorf(service.NotFound, "", "Secret metadata not found.")
}

func unsafeKey() error {
	return service.Errorf(service.Invalid, "", "Invalid Key. Key must be URL safe.")
}

// listMetadata handles GET {secret_ref}/metadata.
func listMetadata(c *service.Call) (service.Reply, error) {
	w := value.NewWriter(c.Scratch)
	w.BeginObject()
	w.Name("metadata").BeginObject()
	for _, m := range secretOf(c).Metadata {
		w.Name(m.key).Text(m.value)
	}
	w.EndObject()
	w.EndObject()
	return service.JSON(http.StatusOK, w.Bytes()), nil
}

// replaceMetadata handles PUT {secret_ref}/metadata. It replaces all pairs
// (barbican/secret-metadata.yaml: "get others").
func replaceMetadata(c *service.Call) (service.Reply, error) {
	all, err := readMetadata(c)
	if err != nil {
		return service.Reply{}, err
	}
	keepMetadata(c, all)
	return service.JSON(http.StatusCreated, value.AppendTextObject(nil, "metadata_ref", metadataRef(c))), nil
}

func metadataRef(c *service.Call) string { return ref(c, "secrets/"+c.Vars["secret_ref"]+"/metadata") }

// keepMetadata stores the pairs. It does not change the secret's updated
// (barbican/secret-metadata.yaml: "the secret says nothing of it").
func keepMetadata(c *service.Call, all []metadatum) {
	secrets.Update(c.Tx(), secretOf(c), func(s *secret) { s.Metadata = all })
}

var metadataSchema = &openstack.Schema{
	Title:   "SecretMetadata",
	Types:   []string{"object"},
	Members: []openstack.Property{{Name: "metadata", Needed: true, Schema: openstack.Schema{Types: []string{"object"}}}},
}

// readMetadata reads {"metadata": {key: value}}. Keys are stored in lower case. A key that was in
// upper case or has no letters moves to the end. If its lower-case form is a key already, it
// replaces that key's value.
func readMetadata(c *service.Call) ([]metadatum, error) {
	o, err := readObject(c, metadataSchema)
	if err != nil {
		return nil, err
	}
	var keys []string
	kept := value.NewObject()
	for _, m := range o.Object("metadata").Members() {
		keys = append(keys, m.Name)
		kept.Set(m.Name, m.Value)
	}
	for _, key := range keys {
		text, _ := kept.Get(key)
		if !safeKey().MatchString(key) {
			return nil, unsafeKey()
		}
		if _, ok := text.(string); !ok {
			return nil, service.Errorf(service.Invalid, "", "Invalid Metadata. Keys and Values must be Strings.")
		}
		if low := strings.ToLower(key); low != key || key == strings.ToUpper(key) {
			kept = kept.Without(key)
			kept.Set(low, text)
		}
	}
	var all []metadatum
	for _, m := range kept.Members() {
		all = append(all, metadatum{m.Name, m.Value.(string)})
	}
	return all, nil
}

// metadatumSchema is the schema of a single pair.
var metadatumSchema = &openstack.Schema{
	Title:   "SecretMetadatum",
	Types:   []string{"object"},
	Members: []openstack.Property{{Name: "key", Needed: true, Schema: shortText}, {Name: "value", Needed: true, Schema: shortText}},
	Closed:  true,
}

// readMetadatum reads {"key", "value"}. It returns the key in lower case
// (barbican/secret-metadata.yaml: "add in upper case").
func readMetadatum(c *service.Call) (metadatum, error) {
	o, err := readObject(c, metadatumSchema)
	if err != nil {
		return metadatum{}, err
	}
	key, text := o.Text("key"), o.Text("value")
	if !safeKey().MatchString(key) {
		return metadatum{}, unsafeKey()
	}
	return metadatum{strings.ToLower(key), text}, nil
}

// find returns the index of the pair with the key, or -1.
func (s *secret) find(key string) int {
	return slices.IndexFunc(s.Metadata, func(m metadatum) bool { return m.key == key })
}

func (m metadatum) reply(status int) service.Reply {
	return service.JSON(status, value.AppendTextObject(nil, "key", m.key, "value", m.value))
}

// createMetadatum handles POST {secret_ref}/metadata.
func createMetadatum(c *service.Call) (service.Reply, error) {
	m, err := readMetadatum(c)
	if err != nil {
		return service.Reply{}, err
	}
	s := secretOf(c)
	if s.find(m.key) >= 0 {
		return service.Reply{}, service.Errorf(service.Conflict, "", "Conflict. Key in request is already in the secret metadata")
	}
	keepMetadata(c, append(slices.Clone(s.Metadata), m))
	r := m.reply(http.StatusCreated)
	r.Set("Location", metadataRef(c)+"/"+m.key)
	return r, nil
}

// showMetadatum handles GET {secret_ref}/metadata/{key}. The key in the path is case-sensitive
// (barbican/secret-metadata.yaml: "one in upper case").
func showMetadatum(c *service.Call) (service.Reply, error) {
	s := secretOf(c)
	i := s.find(c.Vars["key"])
	if i < 0 {
		return service.Reply{}, noMetadata()
	}
	return s.Metadata[i].reply(http.StatusOK), nil
}

// updateMetadatum handles PUT {secret_ref}/metadata/{key}. The pair moves to the end
// (barbican/secret-metadata.yaml: "after the changes").
func updateMetadatum(c *service.Call) (service.Reply, error) {
	m, err := readMetadatum(c)
	if err != nil {
		return service.Reply{}, err
	}
	s := secretOf(c)
	i := s.find(c.Vars["key"])
	switch {
	case i < 0:
		return service.Reply{}, noMetadata()
	case m.key != c.Vars["key"]: // the server's message ends in "the "
		return service.Reply{}, service.Errorf(service.Conflict, "", "Key in request data does not match key in the ")
	}
	keepMetadata(c, append(slices.Delete(slices.Clone(s.Metadata), i, i+1), m))
	return m.reply(http.StatusOK), nil
}

// deleteMetadatum handles DELETE {secret_ref}/metadata/{key}. It succeeds if there is no such
// pair (barbican/secret-metadata.yaml: "remove again").
func deleteMetadatum(c *service.Call) (service.Reply, error) {
	s := secretOf(c)
	if i := s.find(c.Vars["key"]); i >= 0 {
		keepMetadata(c, slices.Delete(slices.Clone(s.Metadata), i, i+1))
	}
	return service.Reply{Status: http.StatusNoContent}, nil
}
