package barbican_test

import (
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
)

// Ensure an ACL with users that cannot be stored is refused, and nothing of it is stored.
func TestOddUsersOfACLs(t *testing.T) {
	t.Parallel()
	const acl = matrixContainer + "/acl"
	for profile, status := range map[string]int{"documented": 400, "observed": 500} {
		p := servicetest.NewPlayer(t, emulator.WithFixture(matrixFixture), emulator.WithProfile(emulator.Profile(profile)))
		for _, element := range []string{"null", "[]", "{}", `["b"]`, "9223372036854775808"} {
			for _, method := range []string{"PUT", "PATCH"} {
				code, body := p.Call(method, acl, "creator", `{"read":{"users":["a",`+element+`],"project-access":false}}`)
				if code != status {
					t.Errorf("%s: %s %s: %d %s", profile, method, element, code, body)
				}
			}
		}
		if _, body := p.Call("GET", acl, "creator", ""); body != `{"read":{"project-access":true}}` {
			t.Errorf("%s: stored %s", profile, body)
		}
		if code, body := p.Call("PUT", acl, "creator", `{"read":{"users":["a",5,true,2.5]}}`); code != 200 {
			t.Errorf("%s: %d %s", profile, code, body)
		}
		if _, body := p.Call("GET", acl, "creator", ""); !strings.Contains(body, `"users":["1","2.5","5","a"]`) {
			t.Errorf("%s: stored %s", profile, body)
		}
	}
	p := servicetest.NewPlayer(t, emulator.WithFixture(matrixFixture))
	for range 2 {
		if code, body := p.Call("PUT", acl, "creator", `{"read":{"users":["a",5,"5"]}}`); code != 200 {
			t.Errorf("%d %s", code, body)
		}
	}
	if _, body := p.Call("GET", acl, "creator", ""); !strings.Contains(body, `"users":["5","a"]`) {
		t.Errorf("one user twice: %s", body)
	}
}
