package barbican

import "testing"

// Ensure that a path is split as the server splits it.
func TestPlaceOf(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]place{
		"/":                                {},
		"/v1":                              {},
		"/v2/secrets/a":                    {},
		"/v1/secrets":                      {kind: "secrets"},
		"/v1/secrets/":                     {kind: "secrets", named: true},
		"/v1/secrets/a":                    {kind: "secrets", named: true, id: "a"},
		"/v1/secrets/a/":                   {kind: "secrets", named: true, id: "a", below: true},
		"/v1/secrets/a/payload":            {kind: "secrets", named: true, id: "a", below: true, rest: "payload"},
		"/v1/containers/a/consumers/b/c/d": {kind: "containers", named: true, id: "a", below: true, rest: "consumers/b/c/d"},
	} {
		if got := placeOf(path); got != want {
			t.Errorf("%s: got %+v, want %+v", path, got, want)
		}
	}
}
