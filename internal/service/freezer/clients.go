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

// clientOperations are the operations on clients, in v1 and v2 of the API.
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

// A client is a machine that is backed up. In v1 it belongs to a user. In v2 it belongs to a user
// and a project. It is one text and the places in it, which takes less memory than several texts.
type client struct {
	text                      string // the key, and then the item
	userEnd, ownerEnd, keyEnd int    // in text
}

func (cl *client) key() string    { return cl.text[:cl.keyEnd] }
func (cl *client) owner() string  { return cl.text[:cl.ownerEnd] }
func (cl *client) userID() string { return cl.text[:cl.userEnd] }
func (cl *client) id() string     { return cl.text[cl.ownerEnd+len(beforeID) : cl.keyEnd] }

// projectID returns the project of a client of v2, and "" in v1.
func (cl *client) projectID() string {
	return strings.TrimPrefix(cl.text[cl.userEnd:cl.ownerEnd], beforeProject)
}

// item returns the JSON of the response: {"client": BODY, "user_id": USER}; in v2 {"project_id": PROJECT,
// "user_id": USER, "client": BODY}.
func (cl *client) item() string { return cl.text[cl.keyEnd:] }

// body returns the body that was sent, with a uuid. It is parsed from item: storing both would
// double the memory of a client.
func (cl *client) body() *value.Object {
	v, _ := value.Parse([]byte(cl.item()))
	item, _ := v.(*value.Object)
	return item.Object("client")
}

var (
	clients = world.NewKind("freezer.clients", (*client).key).Form(func(cl *client) any { return fileOf(cl) })
	ofUser  = clients.Index((*client).owner, nil)
)

// The key of a client is its user, its project if it has one, and its client_id.
const (
	beforeProject = "\x00"
	beforeID      = "\x00\x00"
)

// owner returns the partition of a user's clients: those of v1, or those of a v2 project.
func owner(project, user string) string {
	if project == "" {
		return user
	}
	return user + beforeProject + project
}

// callers returns the partition of the clients that the call can see. Clients belong to a user
// (freezer/clients.yaml: "another user of the project sees none").
func callers(c *service.Call) string { return owner(c.Vars["project_id"], c.Caller.ID) }

// typicalKey is a size in bytes that most keys do not exceed.
const typicalKey = 128

func clientKey(owner, id string) string {
	return string(appendClientKey(make([]byte, 0, typicalKey), owner, id))
}

func appendClientKey(b []byte, owner, id string) []byte {
	return append(append(append(b, owner...), beforeID...), id...)
}

// newClient returns the record of a valid body. It uses the buffer while it builds the record.
func newClient(buffer []byte, project, user, id string, body *value.Object) *client {
	of := owner(project, user)
	buffer = appendClientKey(buffer, of, id)
	cl := &client{userEnd: len(user), ownerEnd: len(of), keyEnd: len(buffer)}
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
	cl.text = string(w.Bytes())
	return cl
}

// The defaults of offset and limit.
var (
	defaultOffset = big.NewInt(0)
	defaultLimit  = big.NewInt(10)
)

// listClients handles GET /v1/clients and GET /v2/{project_id}/clients. The document calls the
// offset a marker; the real server takes an index. Here an integer is an index, and any other
// value is the client_id of the last item seen.
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

// A page is the part of a list that a request asks for.
type page struct {
	limit, offset int
	behind        bool // the offset is the position after a marker
	tooLarge      bool // a number does not fit into 64 bits, and a quirk allows that
}

// clients returns the caller's clients of the page. A negative limit means no limit, as in SQLite
// (freezer/clients-paging.yaml: "a limit").
func (p page) clients(c *service.Call) []*client {
	of, limit := callers(c), c.Capped(p.limit)
	c.Left(ofUser.Len(c.View, of) - p.offset)
	if limit < 0 {
		limit = math.MaxInt
	}
	return ofUser.Page(c.View, of, p.offset, limit, false)
}

// databaseOverflow returns the error for a number that does not fit into 64 bits
// (freezer/clients-quirks.yaml: "a limit beyond 64 bits").
func databaseOverflow() error {
	return storageError("Python int too large to convert to SQLite INTEGER")
}

// readNumbers reads offset and limit. It also returns the marker, if the offset is not a number.
// The server reads offset first (freezer/clients-paging.yaml: "both bad").
func readNumbers(c *service.Call) (p page, marker string, err error) {
	offset, marker, err := number(c, "offset", defaultOffset)
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

// readPage reads offset and limit. If the offset is a marker, it looks up the position of that
// client.
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

// number reads limit or offset. If it is missing or 0, it returns the default
// (freezer/clients-paging.yaml: "a limit"). An offset that is not a number is returned as marker.
func number(c *service.Call, name string, defaultValue *big.Int) (n *big.Int, marker string, err error) {
	s, given, blank := parameter(c, name)
	if !given {
		return defaultValue, "", nil
	}
	n, ok := openstack.Int(s)
	switch {
	// limit=, and the like: freezer/clients-commas.yaml: "a limit"
	case blank && c.Quirk(commasAloneAre500):
		return nil, "", &service.Error{Kind: service.Internal}
	case blank:
		return nil, "", notAnInteger(name)
	// The quirk refuses a marker: freezer/clients-paging.yaml: "an offset".
	case !ok && name == "offset" && !c.Quirk(offsetIsAnIndex):
		return defaultValue, s, nil
	case !ok, !n.IsInt64() && !c.Quirk(limitBeyondIs500):
		return nil, "", notAnInteger(name)
	case n.Sign() == 0:
		return defaultValue, "", nil
	}
	return n, "", nil
}

// parameter returns the last value of a query parameter as falcon reads it. falcon splits a value
// at its commas before it decodes the value, and drops empty values and elements
// (freezer/clients-commas.yaml: "a query"). blank reports that the parameter has only empty
// elements.
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

// createClient handles POST /v1/clients and POST /v2/{project_id}/clients. It accepts the flat
// body of the real server, and the nested body of the document's sample
// (freezer/clients-quirks.yaml: "the document's sample"). It stores the body as it was sent.
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

// showClient handles GET /v1/clients/{client_id} and the same path in v2.
func showClient(c *service.Call) (service.Reply, error) {
	cl := clients.Get(c.View, clientKey(callers(c), c.Vars["client_id"]))
	// A 404 without a body: freezer/clients.yaml: "show none".
	if cl == nil {
		return service.Reply{}, &service.Error{Kind: service.NotFound, Detail: emptyBody}
	}
	return service.JSON(http.StatusOK, append(c.Scratch, cl.shown(c)...)), nil
}

// deleteClient handles DELETE /v1/clients/{client_id} and the same path in v2. In v2 it succeeds
// even if the client does not exist (freezer/v2.yaml: "delete none").
func deleteClient(c *service.Call) (service.Reply, error) {
	id := c.Vars["client_id"]
	key := clientKey(callers(c), id)
	switch cl := clients.Get(c.View, key); {
	case cl != nil:
		clients.Delete(c.Tx(), key)
		spend(c, cl)
	// freezer/clients.yaml: "delete again"
	case c.Vars["project_id"] == "":
		return service.Reply{}, service.Errorf(service.NotFound, "Not Found", "No Client found with ID:%s", id)
	}
	return service.Reply{Status: http.StatusNoContent}, nil
}
