package barbican

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
)

// metadataOperations are about the pairs that users attach to a secret.
var metadataOperations = []service.Operation{
	{ID: "barbican.secret-metadata.list", Do: listMetadata, Policy: policy("Secret metadata retrieval", reading, newRead)},
	{ID: "barbican.secret-metadata.replace", Do: replaceMetadata, Policy: policy("Secret metadata creation", changing, newChange), Reads: onlyJSON},
	{ID: "barbican.secret-metadata.create", Do: createMetadatum, Policy: policy("Secret metadatum creation", changing, newChange), Reads: onlyJSON},
	{ID: "barbican.secret-metadata.show", Do: showMetadatum, Policy: metadatumRetrieval},
	{ID: "barbican.secret-metadata.update", Do: updateMetadatum, Policy: metadatumUpdate, Reads: onlyJSON},
	{ID: "barbican.secret-metadata.delete", Do: deleteMetadatum, Policy: metadatumRemoval},
}

// The rules that paths below the operations ask too.
var (
	metadatumRetrieval = policy("Secret metadatum retrieval", reading, newRead)
	metadatumUpdate    = policy("Secret metadatum update", changing, newChange)
	metadatumRemoval   = policy("Secret metadatum removal", changing, newChange)
)

// safeKey is what the server takes for a key that is safe in a URL; it lets a
// line break at the end pass.
var safeKey = regexp.MustCompile(`^[A-Za-z0-9_-]*\n?$`)

func noMetadata() error {
	return service.Errorf(service.NotFound, "", "Secret metadata not found.")
}

func unsafeKey() error {
	return service.Errorf(service.Invalid, "", "Invalid Key. Key must be URL safe.")
}

// listMetadata answers GET {secret_ref}/metadata.
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

// replaceMetadata answers PUT {secret_ref}/metadata, which puts the pairs of the
// body in place of those that are there.
func replaceMetadata(c *service.Call) (service.Reply, error) {
	all, err := readMetadata(c)
	if err != nil {
		return service.Reply{}, err
	}
	keepMetadata(c, all)
	return service.JSON(http.StatusCreated, value.AppendTextObject(nil, "metadata_ref", metadataRef(c))), nil
}

func metadataRef(c *service.Call) string { return ref(c, "secrets/"+c.Vars["secret_ref"]+"/metadata") }

// keepMetadata stores the pairs. The secret's updated stays.
func keepMetadata(c *service.Call, all []metadatum) {
	secrets.Update(c.Tx(), secretOf(c), func(s *secret) { s.Metadata = all })
}

var metadataSchema = &openstack.Schema{
	Title:   "SecretMetadata",
	Types:   []string{"object"},
	Members: []openstack.Property{{Name: "metadata", Needed: true, Schema: openstack.Schema{Types: []string{"object"}}}},
}

// readMetadata reads {"metadata": {key: value}}. Keys are stored in lower case: one
// that was not, or has no letters, goes to the end, or takes the place of the one
// that it meets.
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
		if !safeKey.MatchString(key) {
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

// metadatumSchema is that of a single pair.
var metadatumSchema = &openstack.Schema{
	Title:   "SecretMetadatum",
	Types:   []string{"object"},
	Members: []openstack.Property{{Name: "key", Needed: true, Schema: shortText}, {Name: "value", Needed: true, Schema: shortText}},
	Closed:  true,
}

// readMetadatum reads {"key", "value"}; the key comes back in lower case.
func readMetadatum(c *service.Call) (metadatum, error) {
	o, err := readObject(c, metadatumSchema)
	if err != nil {
		return metadatum{}, err
	}
	key, text := o.Text("key"), o.Text("value")
	if !safeKey.MatchString(key) {
		return metadatum{}, unsafeKey()
	}
	return metadatum{strings.ToLower(key), text}, nil
}

// find returns the index of the pair with the key, or -1 if there is none.
func (s *secret) find(key string) int {
	return slices.IndexFunc(s.Metadata, func(m metadatum) bool { return m.key == key })
}

func (m metadatum) reply(status int) service.Reply {
	return service.JSON(status, value.AppendTextObject(nil, "key", m.key, "value", m.value))
}

// createMetadatum answers POST {secret_ref}/metadata.
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

// showMetadatum answers GET {secret_ref}/metadata/{key}.
func showMetadatum(c *service.Call) (service.Reply, error) {
	s := secretOf(c)
	i := s.find(c.Vars["key"])
	if i < 0 {
		return service.Reply{}, noMetadata()
	}
	return s.Metadata[i].reply(http.StatusOK), nil
}

// updateMetadatum answers PUT {secret_ref}/metadata/{key}. The pair goes to the end.
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
	case m.key != c.Vars["key"]: // the server's sentence ends there
		return service.Reply{}, service.Errorf(service.Conflict, "", "Key in request data does not match key in the ")
	}
	keepMetadata(c, append(slices.Delete(slices.Clone(s.Metadata), i, i+1), m))
	return m.reply(http.StatusOK), nil
}

// deleteMetadatum answers DELETE {secret_ref}/metadata/{key}, also where there is
// no such pair.
func deleteMetadatum(c *service.Call) (service.Reply, error) {
	s := secretOf(c)
	if i := s.find(c.Vars["key"]); i >= 0 {
		keepMetadata(c, slices.Delete(slices.Clone(s.Metadata), i, i+1))
	}
	return service.Reply{Status: http.StatusNoContent}, nil
}
