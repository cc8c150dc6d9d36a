package freezer

import (
	"strings"

	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
	"standin/internal/world"
)

// columns are the members of a client that the SQL database stores, in the order of its
// responses.
var columns = []string{"uuid", "hostname", "client_id", "description"}

// shown returns the JSON of a client for a response. It is the body as it was sent. With the
// quirk it is the row of the SQL database (freezer/clients.yaml: "show with more").
func (cl *client) shown(c *service.Call) string {
	if c.Quirk(itemsAreRows) {
		return cl.row()
	}
	return cl.item()
}

func (cl *client) row() string {
	body := cl.body()
	var w value.Writer
	w.BeginObject()
	w.Name("project_id").Value(cl.project())
	w.Name("user_id").Text(cl.userID())
	w.Name("client").BeginObject()
	for _, name := range columns {
		v, _ := body.Get(name)
		if name == "hostname" && v == nil {
			v = nestedHostname(body) // stored while the quirk was off
		}
		w.Name(name).Value(v)
	}
	w.EndObject()
	w.EndObject()
	return string(w.Bytes())
}

// project returns the project as the database stores it: null for a client of v1.
func (cl *client) project() any {
	if project := cl.projectID(); project != "" {
		return project
	}
	return nil
}

// storable returns the error of the database if it cannot store the client. The hostname is
// required (freezer/clients-quirks.yaml: "without a hostname"). The uuid must be unused by all
// users, also by deleted clients (freezer/clients-quirks.yaml: "a uuid that was in use").
func storable(c *service.Call, cl *client, body *value.Object) error {
	if !body.Has("hostname") {
		nested := nestedHostname(body) != nil
		switch {
		// The document's sample has the hostname in a nested object:
		// freezer/clients-quirks.yaml: "the document's sample".
		case c.Quirk(hostnameMissingIs500), nested && c.Quirk(itemsAreRows):
			return integrityError(c, cl, body, "NOT NULL constraint failed: clients.hostname")
		case !nested:
			return validator.Check(hostnameSchema, body)
		}
	}
	if c.Quirks[uuidIsUniqueForever] && taken(c, body.Text("uuid")) && c.Quirk(uuidIsUniqueForever) {
		return integrityError(c, cl, body, "UNIQUE constraint failed: clients.id")
	}
	return nil
}

// storageError returns the server's error for a failure of the database.
func storageError(text string) error {
	return service.Errorf(service.Internal, "Internal Storage Error", "%s", "Mysql operation failed "+text)
}

const created = "2006-01-02 15:04:05.000000"

// integrityError returns a storageError with the text of SQLAlchemy and SQLite.
func integrityError(c *service.Call, cl *client, body *value.Object, what string) error {
	hostname, _ := body.Get("hostname")
	description, _ := body.Get("description")
	uuid := body.Text("uuid")
	parameters := []any{c.Now.Format(created), nil, nil, value.Number("0"), uuid, cl.project(), cl.userID(), cl.id(), hostname, description, uuid}
	reprs := make([]string, len(parameters))
	for i, p := range parameters {
		reprs[i] = openstack.Repr(p)
	}
	return storageError("(sqlite3.IntegrityError) " + what +
		"\n[SQL: INSERT INTO clients (created_at, updated_at, deleted_at, deleted, id, project_id, user_id, client_id, hostname, description, uuid)" +
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)]" +
		"\n[parameters: (" + strings.Join(reprs, ", ") + ")]" +
		"\n(Background on this error at: https://sqlalche.me/e/14/gkpj)")
}

// A spent uuid has been used and cannot be given to a new client. The records exist only while
// the quirk is on. A deleted client's uuid is added when it is deleted. The uuids of living
// clients are added by the first creation after the world was loaded.
type spent struct {
	UUID string `json:"uuid" fixture:"required"`
}

var (
	spents    = world.NewKind("", func(s *spent) string { return s.UUID })
	allSpents = spents.Index(nil, nil)
)

// counted is a record which says that the uuids of the living clients have been added.
var counted = &spent{UUID: "\x00counted"}

// taken reports whether the uuid has been used.
func taken(c *service.Call, uuid string) bool {
	if spents.Get(c.View, counted.UUID) == nil {
		for cl := range ofUser.Everything(c.View) {
			spents.Put(c.Tx(), &spent{UUID: cl.body().Text("uuid")})
		}
		spents.Put(c.Tx(), counted)
	}
	return spents.Get(c.View, uuid) != nil
}

// spend records that the uuid of a client has been used.
func spend(c *service.Call, cl *client) {
	if c.Quirks[uuidIsUniqueForever] {
		spents.Put(c.Tx(), &spent{UUID: cl.body().Text("uuid")})
	} else if spents.Get(c.View, counted.UUID) != nil {
		spents.Delete(c.Tx(), counted.UUID) // from now on clients change without being recorded
	}
}
