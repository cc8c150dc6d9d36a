package compare_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"standin/internal/servicetest"
	"standin/internal/value"
	"standin/internal/world"
)

// members returns all members that traits name, except those of parts.
func members(t *world.Traits) []string {
	all := slices.Concat(t.Key, t.Drawn, t.Times, t.Sets)
	for _, r := range t.Refs {
		all = append(all, r.Member)
	}
	for _, p := range t.Parts {
		all = append(all, p.Member)
	}
	if t.Gone != "" {
		all = append(all, t.Gone)
	}
	return all
}

// has reports whether a value has a path. * is any element or member.
func has(v any, path string) bool {
	name, rest, more := strings.Cut(path, "/")
	inner := func(v any) bool { return !more || has(v, rest) }
	switch v := v.(type) {
	case []any:
		return name == "*" && slices.ContainsFunc(v, inner)
	case *value.Object:
		return slices.ContainsFunc(v.Members(), func(m value.Member) bool {
			return (name == "*" || name == m.Name) && inner(m.Value)
		})
	default:
		return false
	}
}

// Ensure every collection says what names its records, and what it says of members is true of some
// record.
func TestTraits(t *testing.T) {
	t.Parallel()
	runs := []*run{newRun(t, "default", 1), newRun(t, "documented", 1)}
	runs[0].play(1, 80)
	r := runs[0]
	r.send("POST", "/v2/b5f1a3e09c4d4c7f8d2e6a1b3c5d7e9f/clients", `{"client_id":"v2","hostname":"h"}`, "")
	r.send("PUT", "/v1/containers/4b8e1d0a-6c2f-4a7b-8e9d-0f1a2b3c4d5e/acl", `{"read":{"users":["x"]}}`, "")
	register := "/v1/containers/4b8e1d0a-6c2f-4a7b-8e9d-0f1a2b3c4d5e/consumers"
	r.send("DELETE", register, `{"name":"web-01","URL":"https://web-01.example.com"}`, "")
	r.send("DELETE", "/v1/secrets/8f3b2e4d-5c6a-4d7e-8f90-1b2c3d4e5f60/consumers", `{"service":"nova","resource_type":"server","resource_id":"5f0c2d6e-7a8b-4c9d-a0e1-f2a3b4c5d6e7"}`, "")
	r.send("PUT", roleStore+"/b0a1c2d3-e4f5-4061-8273-94a5b6c7d8e9", `{"name":"api-clients-admin","permissions":["api-clients-manage"]}`, "")
	l := r.loader()
	for _, name := range l.CollectionNames() {
		c := l.Collection(name)
		if len(c.Traits.Key) == 0 && !c.Traits.Unseen {
			t.Errorf("%s has no key and counts", name)
		}
		var records []any
		for _, r := range runs {
			for rec := range c.Dump(r.e.Sandboxes.Default().World()) {
				raw, err := json.Marshal(rec)
				if err != nil {
					t.Fatal(err)
				}
				records = append(records, servicetest.Parse(t, raw))
			}
		}
		check(t, name, &c.Traits, records)
	}
}

func check(t *testing.T, name string, traits *world.Traits, records []any) {
	t.Helper()
	for _, m := range members(traits) {
		if !slices.ContainsFunc(records, func(v any) bool { return has(v, m) }) {
			t.Errorf("%s: no record has %s", name, m)
		}
	}
	for i := range traits.Parts {
		p := &traits.Parts[i]
		var parts []any
		for _, r := range records {
			list, _ := value.At(r, "/"+p.Member)
			items, _ := list.([]any)
			parts = append(parts, items...)
		}
		check(t, name+" "+p.Name, &p.Traits, parts)
	}
}

// Ensure references name collections that exist and come before.
func TestRefsComeAfterTheirTargets(t *testing.T) {
	t.Parallel()
	l := newRun(t, "default", 1).loader()
	names := l.CollectionNames()
	for i, name := range names {
		for _, ref := range l.Collection(name).Traits.Refs {
			for _, to := range ref.To {
				if k := slices.Index(names, to); k < 0 || k >= i {
					t.Errorf("%s: %s refers to %s, which does not come before", name, ref.Member, to)
				}
			}
		}
	}
}
