package freezer

import (
	"math"
	"math/big"
	"net/http"
	"strings"

	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
	"standin/internal/world"
)

// clientOperations are about clients, in v1 and in v2 of the API.
var clientOperations = []service.Operation{
	{ID: "freezer.clients.list", Do: listClients, Policy: reading},
	{ID: "freezer.clients.create", Do: createClient, Policy: writing},
	{ID: "freezer.clients.show", Do: showClient, Policy: reading},
	{ID: "freezer.clients.delete", Do: deleteClient, Policy: writing},
	{ID: "freezer.v2-clients.list", Do: listClients, Policy: reading},
	{ID: "freezer.v2-clients.create", Do: createClient, Policy: writing},
	{ID: "freezer.v2-clients.show", Do: showClient, Policy: reading},
	{ID: "freezer.v2-clients.delete", Do: deleteClient, Policy: writing},
}

// A client is a machine that is backed up. It belongs to a user and, in v2 of
// the API, to a project, too; those of v1 have none.
type client struct {
	ProjectID string
	UserID    string
	ClientID  string
	item      string // as it is answered: {"client": BODY, "user_id": USER}, in v2 {"project_id": PROJECT, "user_id": USER
}

// body is what was sent, and a uuid. It is read back from the item: stored with
// it, it would take most of the memory of a client.
func (c *client) body() *value.Object {
	v, _ := value.Parse([]byte(c.item))
	item, _ := v.(*value.Object)
	return item.Object("client")
}

var (
	clients = world.NewKind("freezer.clients", func(c *client) string { return clientKey(c.owner(), c.ClientID) })
	ofUser  = clients.Index(func(c *client) string { return c.owner() }, nil)
)

// owner is the partition of the clients of a user: those of v1, or those of a
// project of v2.
func owner(project, user string) string {
	if project == "" {
		return user
	}
	return user + "\x00" + project
}

func (c *client) owner() string { return owner(c.ProjectID, c.UserID) }

// callers is the partition of the clients that the call is about.
func callers(c *service.Call) string { return owner(c.Vars["project_id"], c.Caller.ID) }

func clientKey(owner, id string) string { return owner + "\x00\x00" + id }

// newClient makes the record of a body that was found valid; the buffer is used
// in between.
func newClient(buffer []byte, project, user, id string, body *value.Object) *client {
	cl := &client{ProjectID: project, UserID: user, ClientID: id}
	w := value.NewWriter(buffer)
	w.BeginObject()
	if project == "" {
		w.Name("client").Value(body)
		w.Name("user_id").Text(user)
	} else {
		w.Name("project_id").Text(project)
		w.Name("user_id").Text(user)
		w.Name("client").Value(body)
	}
	w.EndObject()
	cl.item = string(w.Bytes())
	return cl
}

const defaultLimit = 10

// listClients answers GET /v1/clients and GET /v2/{project_id}/clients. The
// document calls the offset a marker, the server takes an index: an integer is an
// index, anything else the client_id of the last item seen.
func listClients(c *service.Call) (service.Reply, error) {
	p, err := readPage(c)
	if err != nil {
		return service.Reply{}, err
	}
	s, err := parseSearch(c)
	if err != nil {
		return service.Reply{}, err
	}
	var found []*client
	switch {
	case s != nil:
		found = s.page(c, p)
	case p.tooLarge:
		return service.Reply{}, databaseOverflow()
	default:
		found = p.clients(c)
	}
	w := value.NewWriter(c.Scratch)
	w.BeginObject()
	w.Name("clients").BeginList()
	for _, cl := range found {
		w.Raw(cl.shown(c))
	}
	w.EndList()
	w.EndObject()
	return service.JSON(http.StatusOK, w.Bytes()), nil
}

// A page is which part of a list is asked for.
type page struct {
	limit, offset int
	behind        bool // the offset is the place after a marker
	tooLarge      bool // one of the numbers does not fit into 64 bits, and a quirk lets it pass
}

// clients lists the caller's clients of the page. A negative limit is none, as on SQLite.
func (p page) clients(c *service.Call) []*client {
	of, limit := callers(c), c.Capped(p.limit)
	c.Left(ofUser.Len(c.View, of) - p.offset)
	if limit < 0 {
		limit = math.MaxInt
	}
	return ofUser.Page(c.View, of, p.offset, limit, false)
}

// databaseOverflow is the error of a number that does not fit into 64 bits.
func databaseOverflow() error {
	return storageError("Python int too large to convert to SQLite INTEGER")
}

// readNumbers reads offset and limit, in the server's order, and the marker, if the
// offset is one.
func readNumbers(c *service.Call) (p page, marker string, err error) {
	offset, marker, err := number(c, "offset", 0)
	if err != nil {
		return p, "", err
	}
	limit, _, err := number(c, "limit", defaultLimit)
	if err != nil {
		return p, "", err
	}
	p.tooLarge = !offset.IsInt64() || !limit.IsInt64()
	p.offset, p.limit = openstack.Clamp(offset), openstack.Clamp(limit)
	return p, marker, nil
}

// readPage is readNumbers with the place of the client that a marker names.
func readPage(c *service.Call) (page, error) {
	p, marker, err := readNumbers(c)
	if err == nil && marker != "" {
		at, ok := ofUser.Position(c.View, clientKey(callers(c), marker))
		if !ok {
			return p, notAnInteger("offset")
		}
		p.offset, p.behind = at+1, true
	}
	return p, err
}

// number reads limit or offset: none and 0 mean the default. An offset that is no
// number is a marker.
func number(c *service.Call, name string, defaultValue int64) (n *big.Int, marker string, err error) {
	s, given, blank := parameter(c, name)
	if !given {
		return big.NewInt(defaultValue), "", nil
	}
	n, ok := openstack.Int(s)
	switch {
	case blank && c.Quirk(commasAloneAre500):
		return nil, "", &service.Error{Kind: service.Internal}
	case blank:
		return nil, "", notAnInteger(name)
	case !ok && name == "offset" && !c.Quirk(offsetIsAnIndex):
		return big.NewInt(defaultValue), s, nil
	case !ok, !n.IsInt64() && !c.Quirk(limitBeyondIs500):
		return nil, "", notAnInteger(name)
	case n.Sign() == 0:
		return big.NewInt(defaultValue), "", nil
	}
	return n, "", nil
}

// parameter is the last value of a parameter as falcon reads queries: it takes a list
// apart at its commas before it decodes, and drops empty values and elements. A
// parameter may be blank, with nothing in its list.
func parameter(c *service.Call, name string) (last string, given, blank bool) {
	blank = true
	for field := range strings.SplitSeq(c.RawQuery, "&") {
		key, v, _ := strings.Cut(field, "=")
		if v == "" || service.Unescape(key) != name {
			continue
		}
		given = true
		for element := range strings.SplitSeq(v, ",") {
			if element != "" {
				last, blank = service.Unescape(element), false
			}
		}
	}
	return last, given, given && blank
}

func notAnInteger(name string) error {
	return service.Errorf(service.Invalid, "Invalid parameter", `The "%s" parameter is invalid. The value must be an integer.`, name).RefusedBy("query: " + name)
}

// createClient answers POST /v1/clients and POST /v2/{project_id}/clients. It
// takes the flat body of the server and the nested one of the document's sample,
// and stores either as it is.
func createClient(c *service.Call) (service.Reply, error) {
	body, err := parseObject(c, missingBody)
	if err != nil {
		return service.Reply{}, err
	}
	if !body.Has("uuid") {
		body.Set("uuid", world.Hex(c.Tx().Draw("freezer.clients", 16)))
	}
	id, err := validate(body)
	if err != nil {
		return service.Reply{}, err
	}
	if err := checkProject(c.Vars["project_id"]); err != nil {
		return service.Reply{}, err
	}
	if clients.Get(c.View, clientKey(callers(c), id)) != nil {
		return service.Reply{}, service.Errorf(service.Conflict, "Document already existing", "Client already registered with ID %s", id)
	}
	cl := newClient(c.Scratch, c.Vars["project_id"], c.Caller.ID, id, body)
	if err := storable(c, cl, body); err != nil {
		return service.Reply{}, err
	}
	clients.Put(c.Tx(), cl)
	spend(c, cl)
	return service.JSON(http.StatusCreated, value.AppendTextObject(c.Scratch, "client_id", id)), nil
}

// showClient answers GET /v1/clients/{client_id} and its form in v2.
func showClient(c *service.Call) (service.Reply, error) {
	cl := clients.Get(c.View, clientKey(callers(c), c.Vars["client_id"]))
	if cl == nil {
		return service.Reply{}, &service.Error{Kind: service.NotFound, Detail: emptyBody}
	}
	return service.JSON(http.StatusOK, append(c.Scratch, cl.shown(c)...)), nil
}

// deleteClient answers DELETE /v1/clients/{client_id} and its form in v2, which
// does not mind if there is no such client.
func deleteClient(c *service.Call) (service.Reply, error) {
	id := c.Vars["client_id"]
	key := clientKey(callers(c), id)
	switch cl := clients.Get(c.View, key); {
	case cl != nil:
		clients.Delete(c.Tx(), key)
		spend(c, cl)
	case c.Vars["project_id"] == "":
		return service.Reply{}, service.Errorf(service.NotFound, "Not Found", "No Client found with ID:%s", id)
	}
	return service.Reply{Status: http.StatusNoContent}, nil
}
