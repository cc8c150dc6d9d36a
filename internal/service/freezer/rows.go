package freezer

import (
	"strings"

	"standin/internal/service"
	"standin/internal/service/openstack"
	"standin/internal/value"
	"standin/internal/world"
)

// columns are the members of a client that the SQL database keeps, in the order
// of its answers.
var columns = []string{"uuid", "hostname", "client_id", "description"}

// shown is the client as the call is answered it: as it was sent or, by a
// quirk, as the row that the SQL database keeps of it.
func (cl *client) shown(c *service.Call) string {
	if c.Quirk(itemsAreRows) {
		return cl.row()
	}
	return cl.item
}

func (cl *client) row() string {
	body := cl.body()
	var w value.Writer
	w.BeginObject()
	w.Name("project_id").Value(cl.project())
	w.Name("user_id").Text(cl.UserID)
	w.Name("client").BeginObject()
	for _, name := range columns {
		v, _ := body.Get(name)
		if name == "hostname" && v == nil {
			v = nestedHostname(body) // of a record that the quirk did not refuse
		}
		w.Name(name).Value(v)
	}
	w.EndObject()
	w.EndObject()
	return string(w.Bytes())
}

// project is the project as the database has it: null for a client of v1.
func (cl *client) project() any {
	if cl.ProjectID == "" {
		return nil
	}
	return cl.ProjectID
}

// storable is the error of the database, if it does not take the client: its
// hostname must be there and its uuid new, among those of all users and of
// clients that were deleted, too.
func storable(c *service.Call, cl *client, body *value.Object) error {
	if !body.Has("hostname") {
		nested := nestedHostname(body) != nil
		switch {
		case c.Quirk(hostnameMissingIs500), nested && c.Quirk(itemsAreRows):
			return integrityError(c, cl, body, "NOT NULL constraint failed: clients.hostname")
		case !nested:
			return validator.Check(hostnameSchema, body)
		}
	}
	if c.Quirk(uuidIsUniqueForever) && taken(c, body.Text("uuid")) {
		return integrityError(c, cl, body, "UNIQUE constraint failed: clients.id")
	}
	return nil
}

// storageError is the server's error when the database refuses.
func storageError(text string) error {
	return service.Errorf(service.Internal, "Internal Storage Error", "%s", "Mysql operation failed "+text)
}

const created = "2006-01-02 15:04:05.000000"

// integrityError is a storageError in the words of SQLAlchemy and SQLite.
func integrityError(c *service.Call, cl *client, body *value.Object, what string) error {
	hostname, _ := body.Get("hostname")
	description, _ := body.Get("description")
	uuid := body.Text("uuid")
	parameters := []any{c.Now.Format(created), nil, nil, value.Number("0"), uuid, cl.project(), cl.UserID, cl.ClientID, hostname, description, uuid}
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

// A spent uuid cannot be given to a new client. They are known only where the
// quirk is on: those of deleted clients from their deletion, those of living
// ones from the first creation after the world was loaded.
type spent struct {
	UUID string `json:"uuid" fixture:"required"`
}

var (
	spents    = world.NewKind("", func(s *spent) string { return s.UUID })
	allSpents = spents.Index(nil, nil)
)

// counted marks that the uuids of the living clients are among the spent ones.
var counted = &spent{UUID: "\x00counted"}

// taken reports whether the uuid is spent.
func taken(c *service.Call, uuid string) bool {
	if spents.Get(c.View, counted.UUID) == nil {
		for cl := range ofUser.Everything(c.View) {
			spents.Put(c.Tx(), &spent{UUID: cl.body().Text("uuid")})
		}
		spents.Put(c.Tx(), counted)
	}
	return spents.Get(c.View, uuid) != nil
}

// spend keeps the uuid of a client from being used again.
func spend(c *service.Call, cl *client) {
	if c.Quirk(uuidIsUniqueForever) {
		spents.Put(c.Tx(), &spent{UUID: cl.body().Text("uuid")})
	} else if spents.Get(c.View, counted.UUID) != nil {
		spents.Delete(c.Tx(), counted.UUID) // clients come and go uncounted now
	}
}
