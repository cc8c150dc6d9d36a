package control_test

import (
	"net/http"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
)

// Ensure a long dump, which is sent while it is written, is a complete fixture. Ensure it can be
// loaded, and that a dump of the result is the same.
func TestLongDumps(t *testing.T) {
	t.Parallel()
	p := servicetest.NewPlayer(t, emulator.WithFixture("documented"))
	load := func(fixture string) {
		t.Helper()
		if code, text := p.Call(http.MethodPut, "/_standin/state", "", fixture); code != http.StatusNoContent {
			t.Fatalf("%d %s", code, text)
		}
	}
	load(`{"extends":"default","freezer":{"generate":{"clients":{"count":3000}}},"privx":{"generate":{"api_clients":{"count":10}}}}`)
	for _, path := range []string{"/_standin/state", "/_standin/state/freezer", "/_standin/state/privx"} {
		req, err := http.NewRequest(http.MethodGet, "http://localhost:9311"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, first := p.Do(req)
		if long := resp.ContentLength < 0; long == strings.HasSuffix(path, "privx") {
			t.Errorf("%s: sent while it was written: %t", path, long)
		}
		if code, text := p.Call(http.MethodPut, path, "", string(first)); code != http.StatusNoContent {
			t.Fatalf("%s: %d %s", path, code, text)
		}
		if _, second := p.Call(http.MethodGet, path, "", ""); second != string(first) {
			t.Errorf("%s: %d bytes, then %d", path, len(first), len(second))
		}
	}
}
