package control_test

import (
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
	"standin/internal/value"
)

// Ensure the index is a list of versions, with the same entries that the services return at their
// own addresses. Ensure it is not the document of one version.
func TestIndexLeadsOn(t *testing.T) {
	t.Parallel()
	a := servicetest.Caller{Player: servicetest.NewPlayer(t, emulator.WithFixture("empty")), Header: map[string]string{"Accept": "application/json"}}
	for path, id := range map[string]string{"/identity/": "v3.14", "/key-manager/": "v1"} {
		index := a.Expect(200, "GET", "/", "")
		if _, ok := value.At(index, "/version"); ok {
			t.Error("a member version: clients take the index for a version's document")
		}
		listed, _ := value.At(index, "/versions/values")
		all, _ := listed.([]any)
		found := false
		for _, v := range all {
			if servicetest.At(t, v, "/id") != id {
				continue
			}
			found = true
			there := a.Expect(300, "GET", path, "")
			for _, pointer := range []string{"/id", "/status", "/links/0"} {
				if got, want := servicetest.At(t, v, pointer), servicetest.At(t, there, "/versions/values/0"+pointer); got != want {
					t.Errorf("%s%s: %s, and %s in the index", path, pointer, want, got)
				}
			}
		}
		if !found {
			t.Errorf("no %s in %s", id, value.Append(nil, listed))
		}
	}
	sandbox := servicetest.At(t, a.Expect(200, "GET", "/~other/", ""), "/versions/values/0/links/0/href")
	if sandbox != "http://localhost:9311/~other/identity/v3/" {
		t.Errorf("in a sandbox: %s", sandbox)
	}
	resp, _ := a.With("Accept", "text/html").Send("GET", "/", "")
	if got := resp.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Errorf("people get %s", got)
	}
}
