package freezer

import (
	"math"
	"math/big"
	"net/http"
	"strings"

	"standin/emulator/service"
	"standin/emulator/value"
	"standin/emulator/world"
)

// A client is a machine that is backed up. It belongs to a user.
type client struct {
	UserID   string
	ClientID string
	item     string // as it is answered: {"client": BODY, "user_id": USER}
}

// body is what was sent, and a uuid. It is read back from the item: kept beside
// it, it would be most of the memory that a client takes.
func (c *client) body() *value.Object {
	v, _ := value.Parse([]byte(c.item))
	item, _ := v.(*value.Object)
	b, _ := item.Get("client")
	body, _ := b.(*value.Object)
	return body
}

var (
	clients = world.NewKind(func(c *client) string { return clientKey(c.UserID, c.ClientID) })
	ofUser  = clients.Index(func(c *client) string { return c.UserID }, nil)
)

func clientKey(user, id string) string { return user + "\x00" + id }

// newClient makes the record of a body that was found valid; the buffer is used
// in between.
func newClient(buffer []byte, user, id string, body *value.Object) *client {
	b := append(buffer, `{"client":`...)
	b = value.Append(b, body)
	b = append(b, `,"user_id":`...)
	b = append(value.AppendString(b, user), '}')
	return &client{UserID: user, ClientID: id, item: string(b)}
}

const defaultLimit = 10

// listClients answers GET /v1/clients. The document calls the offset a marker,
// the server takes an index: an integer is an index, anything else the
// client_id of the last item seen.
func listClients(c *service.Call) (service.Reply, error) {
	limit, _, err := number(c, "limit", defaultLimit)
	if err != nil {
		return service.Reply{}, err
	}
	offset, marker, err := number(c, "offset", 0)
	if err != nil {
		return service.Reply{}, err
	}
	if marker != "" {
		at, ok := ofUser.Position(c.View, clientKey(c.Caller.ID, marker))
		if !ok {
			return service.Reply{}, notAnInteger("offset")
		}
		offset = at + 1
	}
	s, err := parseSearch(c)
	if err != nil {
		return service.Reply{}, err
	}
	var page []*client
	switch {
	case s == nil && limit < 0: // as on sqlite: no limit
		page = ofUser.Page(c.View, c.Caller.ID, offset, math.MaxInt, false)
	case s == nil:
		page = ofUser.Page(c.View, c.Caller.ID, offset, limit, false)
	case marker != "":
		page = s.find(c.View, c.Caller.ID, offset, 0, limit)
	default:
		page = s.find(c.View, c.Caller.ID, 0, offset, limit)
	}
	b := append(c.Scratch, `{"clients":[`...)
	for i, cl := range page {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, cl.item...)
	}
	return service.JSON(http.StatusOK, append(b, "]}"...)), nil
}

// number reads limit or offset as falcon does: the last value counts, also of a
// list with commas; empty and 0 mean the default. An offset that is no number
// is a marker.
func number(c *service.Call, name string, usual int) (n int, marker string, err error) {
	s, _ := c.Last(name)
	s = s[strings.LastIndexByte(s, ',')+1:]
	if s == "" {
		return usual, "", nil
	}
	big, ok := service.Int(s)
	switch {
	case !ok && name == "offset":
		return 0, s, nil
	case !ok || !fits(big):
		return 0, "", notAnInteger(name)
	case big.Sign() == 0:
		return usual, "", nil
	}
	return int(big.Int64()), "", nil
}

func fits(n *big.Int) bool { return n.IsInt64() }

func notAnInteger(name string) error {
	return service.Errorf(service.Invalid, "Invalid parameter", `The "%s" parameter is invalid. The value must be an integer.`, name)
}

// createClient answers POST /v1/clients. It takes the flat body of the server
// and the nested one of the document's sample, and stores either as it is.
func createClient(c *service.Call) (service.Reply, error) {
	body, err := parseClient(c)
	if err != nil {
		return service.Reply{}, err
	}
	if _, ok := body.Get("uuid"); !ok {
		body.Set("uuid", world.Hex(c.Tx().Draw("freezer.clients", 16)))
	}
	id, err := validate(body)
	if err != nil {
		return service.Reply{}, err
	}
	if clients.Get(c.View, clientKey(c.Caller.ID, id)) != nil {
		return service.Reply{}, service.Errorf(service.Conflict, "Document already existing", "Client already registered with ID %s", id)
	}
	if !hasHostname(body) {
		return service.Reply{}, badRequest("'hostname' is a required property")
	}
	clients.Put(c.Tx(), newClient(c.Scratch, c.Caller.ID, id, body))
	b := append(value.AppendString(append(c.Scratch, `{"client_id":`...), id), '}')
	return service.JSON(http.StatusCreated, b), nil
}

// showClient answers GET /v1/clients/{client_id}.
func showClient(c *service.Call) (service.Reply, error) {
	cl := clients.Get(c.View, clientKey(c.Caller.ID, c.Vars["client_id"]))
	if cl == nil {
		return service.Reply{}, &service.Error{Kind: service.NotFound, Detail: emptyBody}
	}
	return service.JSON(http.StatusOK, append(c.Scratch, cl.item...)), nil
}

// deleteClient answers DELETE /v1/clients/{client_id}.
func deleteClient(c *service.Call) (service.Reply, error) {
	id := c.Vars["client_id"]
	if !clients.Delete(c.Tx(), clientKey(c.Caller.ID, id)) {
		return service.Reply{}, service.Errorf(service.NotFound, "Not Found", "No Client found with ID:%s", id)
	}
	return service.Reply{Status: http.StatusNoContent}, nil
}
