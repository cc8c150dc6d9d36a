package privx

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"standin/internal/file"
	"standin/internal/identity"
	"standin/internal/world"
)

// permissions returns the permissions of an API client's roles, except deleted ones.
func permissions(v world.View, cl *client) []string {
	var all []string
	for _, id := range cl.Roles {
		if r := roles.Get(v, id); r != nil && !r.Deleted {
			all = append(all, r.Permissions...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// clientFile is an API client in the form of the API's responses. Without updated and updated_by
// it was never updated. If a role is not listed in the file, its name and deleted create it.
type clientFile struct {
	ID          string     `json:"id" fixture:"required"`
	Secret      string     `json:"secret" fixture:"required"`
	Name        string     `json:"name" fixture:"required"`
	Created     string     `json:"created"`
	Updated     string     `json:"updated,omitempty"`
	UpdatedBy   string     `json:"updated_by,omitempty"`
	Author      string     `json:"author"`
	Roles       []roleFile `json:"roles"`
	OAuthID     string     `json:"oauth_client_id"`
	OAuthSecret string     `json:"oauth_client_secret"`
}

type roleFile struct {
	ID      string `json:"id" fixture:"required"`
	Name    string `json:"name,omitempty"`
	Deleted bool   `json:"deleted,omitempty"`
}

func fixtureSection() world.Section {
	return world.Section{Name: "privx", Kinds: []world.Clearer{roles, clients}, Collections: []world.Collection{
		world.PlainCollection("roles", roles, allRoles, checkRole, nil).With(world.Traits{
			Key: []string{"name"}, Drawn: []string{"id"}, Times: []string{"created", "updated"},
			Sets: []string{"permissions"}, Gone: "deleted",
		}),
		world.NewCollection("api_clients", storeClient, dumpClients, fakeClient).With(world.Traits{
			Key: []string{"name"}, Drawn: []string{"id", "secret"}, Times: []string{"created", "updated"},
			Sets: []string{"roles"}, Refs: []world.Ref{{Member: "roles/*/id", To: []string{"privx.roles"}}},
		}, clients),
	}}
}

// long is the default time of creation.
const long = "2026-01-01T00:00:00Z"

func storeClient(tx *world.Tx, r *clientFile, at file.Node) (string, error) {
	cl := &client{
		ID: r.ID, Secret: r.Secret, Name: r.Name, Created: r.Created, Updated: r.Updated,
		UpdatedBy: r.UpdatedBy, Author: r.Author, OAuthID: r.OAuthID, OAuthSecret: r.OAuthSecret,
	}
	switch {
	case cl.ID == "" || cl.ID == "search" || strings.Contains(cl.ID, "/"):
		return "", at.At("id").Errorf("%q cannot be reached as an id", cl.ID)
	case blank(cl.Name):
		return "", at.At("name").Errorf("name is empty or blank; the API would refuse it")
	}
	for _, name := range []string{"created", "updated"} {
		s := map[string]string{"created": r.Created, "updated": r.Updated}[name]
		if _, err := time.Parse(time.RFC3339, s); s != "" && err != nil {
			return "", at.At(name).Errorf("expected a time such as 2017-01-01T15:05:05Z, got %q", s)
		}
	}
	cl.Created = cmp.Or(cl.Created, long)
	if cl.Updated != "" || cl.UpdatedBy != "" {
		cl.Updated = cmp.Or(cl.Updated, cl.Created)
		cl.UpdatedBy = cmp.Or(cl.UpdatedBy, cl.Author)
	}
	if cl.OAuthID == "" && cl.OAuthSecret == "" {
		cl.OAuthID, cl.OAuthSecret = oauthClient(tx)
	}
	for i, ref := range r.Roles {
		if slices.Contains(cl.Roles, ref.ID) {
			return "", at.At("roles", i, "id").Errorf("the role %q is in the list twice", ref.ID)
		}
		if err := storeHandle(tx, ref, at.At("roles", i)); err != nil {
			return "", err
		}
		cl.Roles = append(cl.Roles, ref.ID)
	}
	clients.Put(tx, cl)
	return cl.ID, nil
}

// storeHandle creates the role of a handle, if there is none of that id and the handle has more
// than the id.
func storeHandle(tx *world.Tx, ref roleFile, at file.Node) error {
	if roles.Get(tx, ref.ID) != nil {
		return nil
	}
	if ref.Name == "" && !ref.Deleted {
		return at.At("id").Errorf("there is no role %q; list it under privx.roles, or give its name here", ref.ID)
	}
	r := &role{ID: ref.ID, Name: ref.Name, Deleted: ref.Deleted}
	if err := checkRole(tx, r, at); err != nil {
		return err
	}
	roles.Put(tx, r)
	return nil
}

func dumpClients(v world.View) iter.Seq[clientFile] {
	return func(yield func(clientFile) bool) {
		for cl := range inserted.All(v, "", 0) {
			if !yield(fileOf(cl)) {
				return
			}
		}
	}
}

// fileOf returns the form of a client in a fixture.
func fileOf(cl *client) clientFile {
	r := clientFile{
		ID: cl.ID, Secret: cl.Secret, Name: cl.Name, Created: cl.Created, Updated: cl.Updated,
		UpdatedBy: cl.UpdatedBy, Author: cl.Author, Roles: []roleFile{}, OAuthID: cl.OAuthID, OAuthSecret: cl.OAuthSecret,
	}
	for _, id := range cl.Roles {
		r.Roles = append(r.Roles, roleFile{ID: id})
	}
	return r
}

func fakeClient(v world.View, f *world.Faker) clientFile {
	author := f.UUID()
	if u, _ := identity.Member(v); u != nil {
		author = dashed(u.ID)
	}
	created := f.Time().Format(time.RFC3339)
	r := clientFile{
		ID: f.UUID(), Secret: base64.StdEncoding.EncodeToString(f.Bytes(32)), Name: fmt.Sprintf("%s-%d", f.Name(), f.Int(1, 999)),
		Created: created, Author: author, Roles: []roleFile{},
	}
	if known := allRoles.Page(v, "", 0, allRoles.Len(v, ""), false); len(known) > 0 {
		r.Roles = append(r.Roles, roleFile{ID: known[f.Int(0, len(known)-1)].ID})
	}
	r.OAuthID, r.OAuthSecret = oauthClient(v)
	return r
}
