package barbican

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"standin/internal/file"
	"standin/internal/identity"
	"standin/internal/value"
	"standin/internal/world"
)

// A stamp is a time in the form of Barbican: UTC without a zone. It has microseconds unless they
// are 0. It is the number of microseconds since year 1, so that the zero stamp is the zero time.
type stamp int64

// yearOne is the Unix time of the zero time, in microseconds.
var yearOne = time.Time{}.UnixMicro()

func newStamp(t time.Time) stamp { return stamp(t.UnixMicro() - yearOne) }

// time returns the time, in UTC.
func (s stamp) time() time.Time { return time.UnixMicro(int64(s) + yearOne).UTC() }

const (
	wholeSeconds = "2006-01-02T15:04:05"
	microseconds = "2006-01-02T15:04:05.000000"
)

// layout returns the layout of the stamp in responses.
func (s stamp) layout() string {
	if s%stamp(time.Second/time.Microsecond) == 0 {
		return wholeSeconds
	}
	return microseconds
}

func (s stamp) write(w *value.Writer) { w.Time(s.time(), s.layout()) }

// MarshalText returns the stamp as it is in responses.
func (s stamp) MarshalText() ([]byte, error) { return s.time().AppendFormat(nil, s.layout()), nil }

// UnmarshalText parses a stamp, with or without a zone.
func (s *stamp) UnmarshalText(text []byte) error {
	t, err := time.Parse(wholeSeconds, strings.TrimSuffix(string(text), "Z"))
	if err != nil {
		return fmt.Errorf("expected a time such as 2015-10-15T17:56:18.626724, got %q", text)
	}
	*s = newStamp(t)
	return nil
}

// IsZero reports whether the stamp is not set.
func (s stamp) IsZero() bool { return s == 0 }

// containerFile is a container in the form of the API's responses, with its owner.
type containerFile struct {
	ID        string         `json:"container_ref" fixture:"required"`
	ProjectID string         `json:"project_id" fixture:"required"`
	CreatorID string         `json:"creator_id"`
	Name      *string        `json:"name"`
	Type      string         `json:"type" fixture:"required"`
	Status    string         `json:"status"`
	Created   stamp          `json:"created"`
	Updated   stamp          `json:"updated"`
	Secrets   []secretRef    `json:"secret_refs"`
	Consumers []consumerFile `json:"consumers,omitzero"`
}

// consumerFile is a consumer in the form of a list or of its container.
type consumerFile struct {
	Name      string `json:"name" fixture:"required"`
	URL       string `json:"URL" fixture:"required"`
	Status    string `json:"status,omitempty"`
	ProjectID string `json:"project_id,omitempty"` // default: the container's
	Created   stamp  `json:"created,omitzero"`     // default: the container's
	Updated   stamp  `json:"updated,omitzero"`
	Deleted   bool   `json:"deleted,omitempty"`
}

func fixtureSection() world.Section {
	return world.Section{Name: "barbican", Kinds: []world.Clearer{secrets, secretConsumers, containers, consumers, acls, quotaKind}, Collections: []world.Collection{
		world.NewCollection("secrets", storeSecret, dumpSecrets, fakeSecret).With(secretTraits, secrets, secretConsumers),
		world.NewCollection("containers", storeContainer, dumpContainers, fakeContainer).With(containerTraits, containers, consumers),
		world.PlainCollection("acls", acls, allACLs, checkACL, nil).With(world.Traits{
			Key: []string{"ref"}, Times: times, Sets: []string{"users"},
			Refs: []world.Ref{{Member: "ref", To: []string{"barbican.secrets", "barbican.containers"}}},
		}),
		world.PlainCollection("quotas", quotaKind, allQuotas, nil, nil).With(world.Traits{
			Key: []string{"project_id"}, Refs: []world.Ref{identity.OfProject},
		}),
	}}
}

// times are the members with the times of all records.
var times = []string{"created", "updated"}

// containerTraits and secretTraits say how records are compared. A container names its secrets, so
// that their order says nothing.
var (
	containerTraits = world.Traits{
		Key: []string{"project_id", "name"}, Drawn: []string{"container_ref"}, Times: times, Sets: []string{"secret_refs"},
		Refs: []world.Ref{identity.OfProject, {Member: "secret_refs/*/secret_ref", To: []string{"barbican.secrets"}}},
		Parts: []world.Part{{Member: "consumers", Name: "consumers", Traits: world.Traits{
			Key: []string{"name", "URL"}, Times: times, Gone: "deleted",
		}}},
	}
	secretTraits = world.Traits{
		Key: []string{"project_id", "name"}, Drawn: []string{"secret_ref"}, Times: times,
		Refs: []world.Ref{identity.OfProject},
		Parts: []world.Part{{Member: "consumers", Name: "secret_consumers", Traits: world.Traits{
			Key: []string{"service", "resource_type", "resource_id"}, Times: times, Gone: "deleted",
		}}},
	}
)

// checkACL checks that the container or secret of an ACL exists.
func checkACL(v world.View, a *acl, at file.Node) error {
	kind, id, _ := strings.Cut(a.Ref, "/")
	switch {
	case kind == "containers" && containers.Get(v, id) != nil, kind == "secrets" && secrets.Get(v, id) != nil:
		return nil
	default:
		return at.At("ref").Errorf("there is no %q; expected containers/ID or secrets/ID of a record", a.Ref)
	}
}

// long is the default time of creation.
var long = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// defaultTimes sets missing times of a record.
func defaultTimes(created, updated *stamp) {
	if created.IsZero() {
		*created = newStamp(long)
	}
	if updated.IsZero() {
		*updated = *created
	}
}

func storeContainer(tx *world.Tx, r *containerFile, at file.Node) (string, error) {
	ct := &container{
		ID: lastSegment(r.ID), ProjectID: r.ProjectID, CreatorID: r.CreatorID, Name: r.Name, Type: r.Type,
		Status: cmp.Or(r.Status, active), Created: r.Created, Updated: r.Updated,
	}
	switch {
	case !uuid4().MatchString(ct.ID):
		return "", at.At("container_ref").Errorf("%q does not end in a version 4 UUID, in lower case, with dashes", r.ID)
	case !slices.Contains(containerTypes, ct.Type):
		return "", at.At("type").Errorf("unknown type %q%s", ct.Type, file.Hint(ct.Type, containerTypes))
	}
	defaultTimes(&ct.Created, &ct.Updated)
	for i, s := range r.Secrets {
		s.SecretRef = lastSegment(s.SecretRef)
		switch known := secrets.Get(tx, s.SecretRef); {
		case known == nil:
			return "", at.At("secret_refs", i, "secret_ref").Errorf("there is no secret %q; list it under barbican.secrets", s.SecretRef)
		case known.ProjectID != ct.ProjectID:
			return "", at.At("secret_refs", i, "secret_ref").Errorf("the secret %q is of another project", s.SecretRef)
		}
		ct.Secrets = append(ct.Secrets, s)
	}
	removeConsumers(tx, ct.ID)
	containers.Put(tx, ct)
	for i, k := range r.Consumers {
		made := newConsumer(ct.ID, k.Name, k.URL, cmp.Or(k.ProjectID, ct.ProjectID))
		if consumers.Get(tx, made.key) != nil {
			return "", at.At("consumers", i).Errorf("this consumer is in the list twice")
		}
		fault := cmp.Or(consumerSchema.TextFault("name", k.Name), consumerSchema.TextFault("URL", k.URL))
		switch {
		case fault != "":
			return "", at.At("consumers", i).Errorf("the API would refuse this consumer: %s", fault)
		case k.Status != "" && k.Status != active:
			return "", at.At("consumers", i, "status").Errorf("expected %s, got %q", active, k.Status)
		}
		if k.Created.IsZero() {
			k.Created = ct.Updated
		}
		if k.Updated.IsZero() {
			k.Updated = k.Created
		}
		made.Created, made.Updated, made.Deleted = k.Created, k.Updated, k.Deleted
		consumers.Put(tx, made)
	}
	return ct.ID, nil
}

func dumpContainers(v world.View) iter.Seq[containerFile] {
	return func(yield func(containerFile) bool) {
		for ct := range ofProject.Everything(v) {
			r := containerFileOf(ct)
			r.Consumers = []consumerFile{}
			for k := range ofContainer.All(v, ct.ID, 0) {
				r.Consumers = append(r.Consumers, consumerFileOf(k))
			}
			if !yield(r) {
				return
			}
		}
	}
}

// containerFileOf returns the form of a container in a fixture, without its consumers.
func containerFileOf(ct *container) containerFile {
	return containerFile{
		ID: ct.ID, ProjectID: ct.ProjectID, CreatorID: ct.CreatorID, Name: ct.Name, Type: ct.Type,
		Status: ct.Status, Created: ct.Created, Updated: ct.Updated, Secrets: append([]secretRef{}, ct.Secrets...),
	}
}

// consumerFileOf returns the form of a consumer in a fixture.
func consumerFileOf(k *consumer) consumerFile {
	return consumerFile{
		Name: k.name(), URL: k.url(), Status: active, ProjectID: k.ProjectID,
		Created: k.Created, Updated: k.Updated, Deleted: k.Deleted,
	}
}

// owner returns the owner of generated records.
func owner(v world.View) (project, user string) {
	u, p := identity.Member(v)
	if u != nil {
		user = u.ID
	}
	if p != nil {
		project = p.ID
	}
	return project, user
}

func fakeContainer(v world.View, f *world.Faker) containerFile {
	project, user := owner(v)
	name, at := f.Name(), newStamp(f.Time())
	r := containerFile{
		ID: f.UUID(), ProjectID: project, CreatorID: user, Name: &name, Type: "generic",
		Status: active, Created: at, Updated: at, Secrets: []secretRef{}, Consumers: []consumerFile{},
	}
	for range f.Int(0, 3) {
		r.Consumers = append(r.Consumers, consumerFile{
			Name: f.Host() + "-" + f.Hex()[:6], URL: f.URL(), Status: active, Created: at, Updated: at,
		})
	}
	return r
}
