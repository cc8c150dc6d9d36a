package freezer

import (
	"iter"

	"standin/emulator/file"
	"standin/emulator/service"
	"standin/emulator/value"
	"standin/emulator/world"
)

// clientFile is a client as the API answers it.
type clientFile struct {
	ProjectID *string       `json:"project_id,omitempty"` // SQL answers have it, as null
	UserID    string        `json:"user_id" fixture:"required"`
	Client    *value.Object `json:"client" fixture:"required"`
}

func fixtureSection() world.Section {
	return world.Section{Name: "freezer", Kinds: []world.Clearer{clients}, Collections: []world.Collection{
		world.NewCollection("clients", storeClient, dumpClients, fakeClient),
	}}
}

func storeClient(tx *world.Tx, r *clientFile, at file.Node) (string, error) {
	body := r.Client
	if v, ok := body.Get("description"); ok && v == nil { // SQL answers have it so
		body = body.Without("description")
	}
	id, err := validate(body)
	if err != nil {
		return "", at.At("client").Errorf("the API would refuse this client: %s", service.AsError(err).Message)
	}
	clients.Put(tx, newClient(nil, r.UserID, id, r.Client))
	return clientKey(r.UserID, id), nil
}

func dumpClients(v world.View) iter.Seq[clientFile] {
	return func(yield func(clientFile) bool) {
		for cl := range ofUser.Everything(v) {
			if !yield(clientFile{UserID: cl.UserID, Client: cl.body()}) {
				return
			}
		}
	}
}

func fakeClient(v world.View, f *world.Faker) clientFile {
	user, project := service.Member(v)
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
