package freezer

import (
	"iter"

	"standin/internal/file"
	"standin/internal/identity"
	"standin/internal/service"
	"standin/internal/value"
	"standin/internal/world"
)

// clientFile is a client in the form of the API's responses.
type clientFile struct {
	ProjectID *string       `json:"project_id,omitempty"` // only in v2; responses from SQL have it as null in v1
	UserID    string        `json:"user_id" fixture:"required"`
	Client    *value.Object `json:"client" fixture:"required"`
}

func fixtureSection() world.Section {
	return world.Section{Name: "freezer", Kinds: []world.Clearer{clients, spents}, Collections: []world.Collection{
		world.NewCollection("clients", storeClient, dumpClients, fakeClient).With(world.Traits{
			Key: []string{"project_id", "user_id", "client/client_id"}, Drawn: []string{"client/uuid"},
			Refs: []world.Ref{identity.OfUser, identity.OfProject},
		}, clients),
		world.NewCollection("spent_uuids", storeSpent, dumpSpents, nil).With(world.Traits{Unseen: true}),
	}}
}

// typicalSize is more bytes than the text of most clients has.
const typicalSize = 512

func storeClient(tx *world.Tx, r *clientFile, at file.Node) (string, error) {
	body := r.Client
	if v, ok := body.Get("description"); ok && v == nil { // responses from SQL have null
		body = body.Without("description")
	}
	id, err := validate(body)
	if err != nil {
		return "", at.At("client").Errorf("the API would refuse this client: %s", service.AsError(err).Message)
	}
	project := ""
	if r.ProjectID != nil {
		project = *r.ProjectID
	}
	if err := checkProject(project); err != nil {
		return "", at.At("project_id").Errorf("the API would refuse this project: %s", service.AsError(err).Message)
	}
	cl := newClient(make([]byte, 0, typicalSize), project, r.UserID, id, r.Client)
	clients.Put(tx, cl)
	return cl.key(), nil
}

func dumpClients(v world.View) iter.Seq[clientFile] {
	return func(yield func(clientFile) bool) {
		for cl := range ofUser.Everything(v) {
			if !yield(fileOf(cl)) {
				return
			}
		}
	}
}

// fileOf returns the form of a client in a fixture.
func fileOf(cl *client) clientFile {
	r := clientFile{UserID: cl.userID(), Client: cl.body()}
	if project := cl.projectID(); project != "" {
		r.ProjectID = &project
	}
	return r
}

func storeSpent(tx *world.Tx, s *spent, _ file.Node) (string, error) {
	spents.Put(tx, s)
	return s.UUID, nil
}

// dumpSpents returns the used uuids without those of living clients, which are added again when
// they are needed.
func dumpSpents(v world.View) iter.Seq[spent] {
	living := map[string]bool{counted.UUID: true}
	if allSpents.Len(v, "") > 0 {
		for cl := range ofUser.Everything(v) {
			living[cl.body().Text("uuid")] = true
		}
	}
	return func(yield func(spent) bool) {
		for s := range allSpents.All(v, "", 0) {
			if !living[s.UUID] && !yield(*s) {
				return
			}
		}
	}
}

func fakeClient(v world.View, f *world.Faker) clientFile {
	user, project := identity.Member(v)
	owner, prefix := "nobody", ""
	if user != nil {
		owner = user.ID
	}
	if project != nil {
		prefix = project.ID + "_"
	}
	host := f.Host() + "-" + f.Hex()[:8] + ".example.com"
	return clientFile{UserID: owner, Client: value.NewObject(
		value.Member{Name: "client_id", Value: prefix + host},
		value.Member{Name: "hostname", Value: host},
		value.Member{Name: "description", Value: f.Sentence()},
		value.Member{Name: "uuid", Value: f.Hex()},
	)}
}
