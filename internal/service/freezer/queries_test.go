package freezer_test

import (
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
)

// Ensure each odd search causes the error that the real server has for it.
func TestOddSearches(t *testing.T) {
	t.Parallel()
	var steps, lenient []step
	for _, tt := range []struct {
		search          string
		observed, usual int
	}{
		{`[1]`, 500, 400},
		{`"x"`, 500, 400},
		{`42`, 500, 400},
		{`{"match":{"a":1}}`, 500, 400},
		{`{"match":"x"}`, 500, 400},
		{`{"match":5}`, 500, 400},
		{`{"match":[1]}`, 500, 400},
		{`{"match":[{"hostname":"h"}],"match_not":null}`, 500, 200},
		{`{"match":[{"hostname":"h"}],"match_not":0}`, 500, 200},
		{`{"match":[{"hostname":"h"}],"match_not":false}`, 500, 200},
		{`{"match":null,"match_not":[{"a":1}]}`, 500, 200},
		{`{"match":{},"match_not":[{"a":1}]}`, 200, 200},
		{`{"match":"","match_not":[{"a":1}]}`, 200, 200},
		{`{"match_not":{"a":1}}`, 500, 400},
		{`{"match":[{"_all":"[1]"}]}`, 500, 400},
		{`{"match":[{"_all":"[]"}]}`, 200, 200},
		{`{"match":[{"_all":5}]}`, 200, 200},
		{`{"match":[{"_all":"[]"}],"match_not":5}`, 200, 200},
	} {
		steps = append(steps, step{Method: "GET", Path: "/v1/clients", Body: tt.search, Status: tt.observed})
		lenient = append(lenient, step{Method: "GET", Path: "/v1/clients", Body: tt.search, Status: tt.usual})
	}
	servicetest.Tell(t, "freezer", "documented", steps, emulator.WithQuirks("freezer.truthy-non-object-is-500"))
	servicetest.Tell(t, "freezer", "documented", lenient)
	servicetest.Tell(t, "freezer", "documented", []step{ // a search that finds everything still counts as a search
		{Method: "GET", Path: "/v1/clients?limit=-1", Body: `{"match":[{"_all":"[]"}]}`, Status: 200, Want: has(`{"clients":[]}`)},
	})
}

// Ensure limit and offset are split at their commas before they are decoded, and that empty
// values are ignored.
func TestCommas(t *testing.T) {
	t.Parallel()
	for profile, blank := range map[string]int{"documented": 400, "observed": 500} {
		var steps []step
		for _, id := range []string{"n1", "n2", "n3"} {
			steps = append(steps, step{Method: "POST", Path: "/v1/clients", Body: `{"client_id":"` + id + `","hostname":"h"}`, Status: 201})
		}
		for query, want := range map[string]struct {
			status int
			not    string
		}{
			"limit=1%2C2": {400, "clients"}, "limit=%2C": {400, "clients"}, "limit=1,%2C": {400, "clients"}, "offset=1%2C2": {400, "clients"},
			"limit=1,": {200, "n2"}, "limit=2,,1": {200, "n2"}, "limit=,1": {200, "n2"}, "limit=1&limit=": {200, "n2"}, "limit=1&limit": {200, "n2"},
			"limit=1&limit=,": {200, "n2"}, "offset=1&offset=": {200, "n1"}, "offset=1,": {200, "n1"}, "%6Cimit=1,": {200, "n2"},
			"limit=": {200, "title"}, "limit=&offset=": {200, "title"},
			"limit=,": {blank, "clients"}, "limit=,,&limit=": {blank, "clients"}, "offset=,": {blank, "clients"},
		} {
			steps = append(steps, step{Method: "GET", Path: "/v1/clients?" + query, Status: want.status, Not: has(want.not)})
		}
		servicetest.Tell(t, "freezer", "empty", steps, emulator.WithProfile(emulator.Profile(profile)))
	}
}
