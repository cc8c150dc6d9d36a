package privx

import (
	"cmp"
	"encoding/base64"
	"math"
	"net/http"
	"strings"
	"time"

	"standin/internal/identity"
	"standin/internal/late"
	"standin/internal/service"
	"standin/internal/value"
	"standin/internal/world"
)

// clientOperations are the operations on API clients.
var clientOperations = []service.Operation{
	{ID: "privx.api-clients.list", Do: listClients, Policy: manageClients},
	{ID: "privx.api-clients.create", Do: createClient, Policy: manageClients},
	{ID: "privx.api-clients.search", Do: searchClients, Policy: manageClients},
	{ID: "privx.api-clients.show", Do: showClient, Policy: manageClients},
	{ID: "privx.api-clients.update", Do: updateClient, Policy: manageClients},
	{ID: "privx.api-clients.delete", Do: deleteClient, Policy: manageClients},
}

// A client is a program that calls PrivX. Every response that contains it also contains its
// secrets, as in the samples of the document.
type client struct {
	ID          string
	Secret      string
	Name        string
	Created     string // RFC 3339, seconds, Z
	Updated     string // empty: never updated
	UpdatedBy   string // empty: never updated
	Author      string
	Roles       []string // ids of roles
	OAuthID     string
	OAuthSecret string
}

var (
	clients = world.NewKind("privx.api_clients", func(cl *client) string { return cl.ID }).
		Form(func(cl *client) any { return fileOf(cl) })
	inserted = clients.Index(nil, nil)
	// clientsByName has a partition for each name.
	clientsByName = clients.Index(func(cl *client) string { return cl.Name }, nil)

	// orders has the members by which a list can be sorted. They are compared by code point.
	orders = map[string]*world.Index[client]{
		"id":                  sorted(func(cl *client) string { return cl.ID }),
		"secret":              sorted(func(cl *client) string { return cl.Secret }),
		"name":                sorted(func(cl *client) string { return cl.Name }),
		"created":             sorted(func(cl *client) string { return cl.Created }),
		"updated":             sorted(func(cl *client) string { return cmp.Or(cl.Updated, cl.Created) }),
		"updated_by":          sorted(func(cl *client) string { return cmp.Or(cl.UpdatedBy, cl.Author) }),
		"author":              sorted(func(cl *client) string { return cl.Author }),
		"oauth_client_id":     sorted(func(cl *client) string { return cl.OAuthID }),
		"oauth_client_secret": sorted(func(cl *client) string { return cl.OAuthSecret }),
	}
)

func sorted(by func(*client) string) *world.Index[client] {
	return clients.Index(nil, func(a, b *client) int { return strings.Compare(by(a), by(b)) })
}

var clientList = &listing[client]{
	what: "API clients", plain: inserted, orders: orders,
	name:  func(cl *client) string { return cl.Name },
	write: func(w value.Writer, c *service.Call, cl *client) value.Writer { cl.write(&w, c); return w },
}

// listClients handles GET …/api-clients.
func listClients(c *service.Call) (service.Reply, error) { return clientList.list(c) }

// searchClients handles POST …/api-clients/search.
func searchClients(c *service.Call) (service.Reply, error) { return clientList.search(c) }

// createClient handles POST …/api-clients.
func createClient(c *service.Call) (service.Reply, error) {
	body, err := readObject(c)
	if err != nil {
		return service.Reply{}, err
	}
	name, roles, err := readClient(c, body, nil)
	if err != nil {
		return service.Reply{}, err
	}
	now, author := c.Now.Format(time.RFC3339), dashed(c.Caller.ID)
	cl := &client{
		ID:     clients.NewID(c.Tx(), "privx.api_clients", world.UUID),
		Secret: base64.StdEncoding.EncodeToString(c.Tx().Draw("privx.api_clients.secrets", 32)),
		Name:   name, Roles: roles, Created: now, Author: author,
	}
	cl.OAuthID, cl.OAuthSecret = oauthClient(c.View)
	clients.Put(c.Tx(), cl)
	r := service.JSON(http.StatusCreated, value.AppendTextObject(nil, "id", cl.ID))
	r.Set("Location", c.Base()+c.Path+"/"+cl.ID)
	return r, nil
}

// oauthClient returns the id and secret of the OAuth client for logins of API clients. Both are
// empty if there is none.
func oauthClient(v world.View) (id, secret string) {
	if o := identity.First(identity.AllOAuthClients, v, ""); o != nil {
		return o.ID, o.Secret
	}
	return "", ""
}

// showClient handles GET …/api-clients/{api_client_id}.
func showClient(c *service.Call) (service.Reply, error) {
	cl, err := existing(c)
	if err != nil {
		return service.Reply{}, err
	}
	w := value.NewWriter(c.Scratch)
	cl.write(&w, c)
	return service.JSON(http.StatusOK, w.Bytes()), nil
}

func existing(c *service.Call) (*client, error) {
	id := c.Vars["api_client_id"]
	if cl := clients.Get(c.View, id); cl != nil {
		return cl, nil
	}
	// The quirk privx.id-that-is-no-uuid-is-400.
	if !isUUID(id) && c.Quirk(badIDIs400) {
		return nil, invalid("VALUE_INCORRECT_FORMAT", "api_client_id", "Expected a UUID.")
	}
	return nil, service.Errorf(service.NotFound, "OBJECT_NOT_FOUND", "There is no API client with this id.")
}

// updateClient handles PUT …/api-clients/{api_client_id}. It replaces name and roles, and ignores
// members that only the server sets.
func updateClient(c *service.Call) (service.Reply, error) {
	old, err := existing(c)
	if err != nil {
		return service.Reply{}, err
	}
	body, err := readObject(c)
	if err != nil {
		return service.Reply{}, err
	}
	name, roles, err := readClient(c, body, old)
	if err != nil {
		return service.Reply{}, err
	}
	clients.Update(c.Tx(), old, func(cl *client) {
		cl.Name, cl.Roles = name, roles
		cl.Updated, cl.UpdatedBy = c.Now.Format(time.RFC3339), dashed(c.Caller.ID)
	})
	return empty(), nil
}

// deleteClient handles DELETE …/api-clients/{api_client_id}. It also deletes the client's tokens.
func deleteClient(c *service.Call) (service.Reply, error) {
	cl, err := existing(c)
	if err != nil {
		return service.Reply{}, err
	}
	for _, t := range identity.TokensByUser.Page(c.View, cl.ID, 0, math.MaxInt, false) {
		identity.Tokens.Delete(c.Tx(), t.ID)
	}
	clients.Delete(c.Tx(), cl.ID)
	return empty(), nil
}

var uuidForm = late.Regexp(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func isUUID(s string) bool { return uuidForm().MatchString(s) }

func (cl *client) write(w *value.Writer, c *service.Call) {
	w.BeginObject()
	w.Name("id").Text(cl.ID)
	w.Name("secret").Text(cl.Secret)
	w.Name("name").Text(cl.Name)
	w.Name("created").Text(cl.Created)
	// The quirk privx.fresh-clients-have-no-updated leaves out both members.
	if cl.Updated != "" || !c.Quirk(freshLacksUpdated) {
		w.Name("updated").Text(cmp.Or(cl.Updated, cl.Created))
		w.Name("updated_by").Text(cmp.Or(cl.UpdatedBy, cl.Author))
	}
	w.Name("author").Text(cl.Author)
	w.Name("roles").BeginList()
	for _, id := range cl.Roles {
		r := roles.Get(c.View, id)
		w.BeginObject()
		w.Name("id").Text(id)
		w.Name("name").Text(r.Name)
		if r.Deleted {
			w.Name("deleted").Bool(true)
		}
		w.EndObject()
	}
	w.EndList()
	w.Name("oauth_client_id").Text(cl.OAuthID)
	w.Name("oauth_client_secret").Text(cl.OAuthSecret)
	w.EndObject()
}
