package identity_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"standin/internal/identity"
	"standin/internal/world"
)

var now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// cast returns a world with a user who has a role, tokens and an account.
func cast() *world.World {
	tx := world.New(1).Begin()
	off := false
	identity.Projects.Put(tx, &identity.Project{ID: "p", Name: "p"})
	identity.Roles.Put(tx, &identity.Role{ID: "r1", Name: "reader"})
	identity.Roles.Put(tx, &identity.Role{ID: "r2", Name: "member", Implies: []string{"reader"}})
	identity.Users.Put(tx, &identity.User{ID: "u", Name: "demo", Roles: map[string][]string{"p": {"member"}}})
	identity.Users.Put(tx, &identity.User{ID: "gone", Name: "gone", Enabled: &off})
	for _, t := range []identity.Token{
		{ID: "fixed", UserID: "u", ProjectID: "p"},
		{ID: "old", UserID: "u", Expires: now},
		{ID: "revoked", UserID: "u", Revoked: true},
		{ID: "disabled", UserID: "gone"},
		{ID: "orphan", UserID: "u", Credential: "none"},
		{ID: "keystone", UserID: "u", Issued: now, Expires: now.Add(time.Hour)},
		{ID: "privx", UserID: "u", Issued: now, Expires: now.Add(time.Hour), Refresh: "again"},
	} {
		identity.Tokens.Put(tx, &t)
	}
	identity.Accounts.Put(tx, &identity.Account{Name: "demo", Password: "secret", Policies: []string{"read_images"}})
	return tx.Commit()
}

// Ensure that a token gives its user at services that trust its login, and no user at others.
func TestByToken(t *testing.T) {
	t.Parallel()
	w := cast()
	for id, want := range map[string][2]bool{ // at services that trust Keystone and PrivX
		"fixed": {true, true}, "keystone": {true, false}, "privx": {false, true},
		"old": {}, "revoked": {}, "disabled": {}, "orphan": {}, "unknown": {}, "": {},
	} {
		for i, login := range []identity.Login{identity.ByKeystone, identity.ByPrivX} {
			if got := identity.ByToken(w, now, login, id) != nil; got != want[i] {
				t.Errorf("%q at %s: got %v, want %v", id, login, got, want[i])
			}
		}
	}
	c := identity.ByToken(w, now, identity.ByKeystone, "fixed")
	if !c.HasRole("reader") || !c.InProject("p") || c.InProject("q") || c.Name != "demo" {
		t.Errorf("got %+v", c)
	}
}

// Ensure that an account authenticates only with its password.
func TestByBasic(t *testing.T) {
	t.Parallel()
	w := cast()
	for credentials, want := range map[string]bool{"demo:secret": true, "demo:wrong": false, "nobody:secret": false, "demo": false} {
		c := identity.ByBasic(w, base64.StdEncoding.EncodeToString([]byte(credentials)))
		if (c != nil) != want || want && !c.May("read_images") {
			t.Errorf("%q: got %+v", credentials, c)
		}
	}
	if c := identity.ByBasic(w, "%"); c != nil {
		t.Errorf("got %+v", c)
	}
}

// Ensure that a token leads to the sandbox that issued it.
func TestMarks(t *testing.T) {
	t.Parallel()
	slot, mark := "3f", identity.NewMark("box")
	random := identity.Mint(make([]byte, 132), slot, mark)
	for _, token := range []string{
		identity.FernetHead + base64.URLEncoding.EncodeToString(random),
		"head.claims." + base64.RawURLEncoding.EncodeToString(random[:64]),
	} {
		if got := identity.MarkOf(token); got != mark || !identity.IsMark(got) || !strings.Contains(token, "slot"+slot+mark) {
			t.Errorf("%s: got %q, want %q", token, got, mark)
		}
	}
	if got := identity.MarkOf("demo-token"); got != "" {
		t.Errorf("got %q", got)
	}
	if got := identity.NewMark("box2"); got == mark || !identity.IsMark(got) {
		t.Errorf("the mark of another sandbox: %q", got)
	}
	for _, text := range []string{"", "ab", mark[1:], mark[:9], "_" + mark[1:], mark + "A"} {
		if identity.IsMark(text) {
			t.Errorf("%q passes for a mark", text)
		}
	}
	plain := make([]byte, 132)
	if got := identity.Mint(slices.Clone(plain), "", ""); !slices.Equal(got, plain) {
		t.Errorf("an empty slot and an empty mark changed bytes: %x", got)
	}
}

// Ensure that issuing a token removes issued tokens that are gone, and no others.
func TestIssue(t *testing.T) {
	t.Parallel()
	w := cast()
	later := now.Add(50 * time.Hour)
	tx := w.Begin()
	identity.Issue(tx, later, &identity.Token{ID: "new", UserID: "u", Issued: later, Expires: later.Add(time.Hour)})
	w = tx.Commit()
	for id, want := range map[string]bool{"new": true, "fixed": true, "old": true, "keystone": false, "privx": false} {
		if got := identity.Tokens.Get(w, id) != nil; got != want {
			t.Errorf("%s: there %v, want %v", id, got, want)
		}
	}
}

// Ensure the caller of a token follows each change of the records, also within the transaction that
// makes it, and the time.
func TestCallersFollowChanges(t *testing.T) {
	t.Parallel()
	off := false
	before := cast()
	caller := func(v world.View) *identity.Caller { return identity.ByToken(v, now, identity.ByKeystone, "keystone") }
	for name, change := range map[string]struct {
		do   func(tx *world.Tx)
		seen func(c *identity.Caller) bool
	}{
		"token revoked": {
			func(tx *world.Tx) {
				identity.Tokens.Update(tx, identity.Tokens.Get(tx, "keystone"), func(t *identity.Token) { t.Revoked = true })
			},
			func(c *identity.Caller) bool { return c == nil },
		},
		"token deleted": {
			func(tx *world.Tx) { identity.Tokens.Delete(tx, "keystone") },
			func(c *identity.Caller) bool { return c == nil },
		},
		"user disabled": {
			func(tx *world.Tx) {
				identity.Users.Update(tx, identity.Users.Get(tx, "u"), func(u *identity.User) { u.Enabled = &off })
			},
			func(c *identity.Caller) bool { return c == nil },
		},
		"user renamed": {
			func(tx *world.Tx) {
				identity.Users.Update(tx, identity.Users.Get(tx, "u"), func(u *identity.User) { u.Name = "new" })
			},
			func(c *identity.Caller) bool { return c != nil && c.Name == "new" },
		},
		"project given": {
			func(tx *world.Tx) {
				identity.Tokens.Update(tx, identity.Tokens.Get(tx, "keystone"), func(t *identity.Token) { t.ProjectID = "p" })
			},
			func(c *identity.Caller) bool { return c != nil && c.Project != nil && c.HasRole("reader") },
		},
		"role deleted and another record": {
			func(tx *world.Tx) {
				identity.Accounts.Put(tx, &identity.Account{Name: "other"})
				identity.Roles.Delete(tx, "r2")
			},
			func(c *identity.Caller) bool { return c != nil && c.Name == "demo" },
		},
	} {
		for range 2 {
			if c := caller(before); c == nil || c.Name != "demo" || c.Project != nil {
				t.Fatalf("%s: %+v before", name, c)
			}
		}
		tx := before.Begin()
		if c := caller(tx); c == nil {
			t.Errorf("%s: nobody at the beginning of the transaction", name)
		}
		change.do(tx)
		if c := caller(tx); !change.seen(c) {
			t.Errorf("%s: %+v in the transaction", name, c)
		}
		after := tx.Commit()
		for range 2 {
			if c := caller(after); !change.seen(c) {
				t.Errorf("%s: %+v after it", name, c)
			}
		}
	}
	if c := identity.ByToken(before, now.Add(time.Hour), identity.ByKeystone, "keystone"); c != nil {
		t.Errorf("%+v when it has expired", c)
	}
	if c := identity.ByToken(before, now, identity.ByPrivX, "keystone"); c != nil {
		t.Errorf("%+v at another login", c)
	}
}
