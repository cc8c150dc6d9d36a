package devops_test

import (
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
	"standin/internal/value"
)

// Ensure devops-service strips, stores, refuses and deletes as documented.
func TestImages(t *testing.T) {
	t.Parallel()
	servicetest.Tell(t, "devops", "empty", []step{
		{Method: "GET", Path: "/v3/images?", Status: 200, Want: has("[]")},
		{Method: "POST", Path: "/v3/image", Body: `{"id":" a b ","provider":" ec2 ","remote_user":" root ","name":null,"bootstrap_template":null,"zzz":1}`, Status: 200, Want: has(`{"id":"a b","message":"Created"}`)},
		{Method: "GET", Path: "//v3//image/a%20b", Status: 200, Want: has(`{"id":"a b","provider":"ec2","remote_user":"root","name":""}`)},
		{Method: "PUT", Path: "/v3/image/a%20b", Body: `{"name":"n","id":[]}`, Header: map[string]string{"Content-Type": ""}, Status: 200, Want: has(`{"image":{"id":"a b","provider":"ec2","remote_user":"root","name":"n"},"message":"Updated"}`)},
		{Method: "PUT", Path: "/v3/image/a%20b", Body: `{}`, Status: 200, Want: has(`"name":"n"`)},
		{Method: "PUT", Path: "/v3/image/a%20b", Body: `{"remote_user":null}`, Status: 400, Want: has("Parameter(s) 'remote_user' can not be undefined")},
		{Method: "PUT", Path: "/v3/image/a%20b", Body: `{"remote_user":" "}`, Status: 400, Want: has("Parameter(s) 'remote_user' can not be empty")},
		{Method: "PUT", Path: "/v3/image/a%20b", Status: 400, Want: has("Invalid JSON")},
		{Method: "POST", Path: "/v3/image", Body: `{"id":"a b","provider":"p","remote_user":[]}`, Status: 400, Want: has("have invalid type(s)")},
		{Method: "POST", Path: "/v3/image", Body: `{"id":"a b","provider":"p","remote_user":"r"}`, Status: 400, Want: has("Duplicate key error: image with id 'a b'")},
		{Method: "POST", Path: "/v3/image", Body: `{"id":"second","provider":"p","remote_user":"r"}`, Status: 200},
		{Method: "GET", Path: "/v3/images?provider=p&x=y", Status: 200, Want: has(`[{"id":"second"`), Not: has("a b")},
		{Method: "GET", Path: "/v3/image/a%2Fb", Status: 404, Want: has("<h1>Not Found</h1>")},
		{Method: "DELETE", Path: "/v3/image/a%20b", Body: "{}", Status: 200, Want: has(`{"id":"a b","message":"Deleted"}`)},
		{Method: "DELETE", Path: "/v3/image/a%20b", Status: 404, Want: has("Image 'a b' not found")},
		{Method: "GET", Path: "/v3/image/a%20b", Status: 404, Want: has("Image 'a b' does not exist")},
		{Method: "GET", Path: "/v3/images", Header: map[string]string{"Accept": "text/html, application/json;q=0.5"}, Status: 200},
		{Method: "GET", Path: "/v3/images", Header: map[string]string{"Accept": "application/json;q=0"}, Status: 406},
	})
}

// Ensure an id that no path can reach is refused, unless the quirk is on.
func TestUnreachableID(t *testing.T) {
	t.Parallel()
	const image = `{"id":"a/b","provider":"ec2","remote_user":"root"}`
	servicetest.Tell(t, "devops", "empty", []step{
		{Method: "POST", Path: "/v3/image", Body: image, Status: 400, Want: has(`{"message":"Parameter(s) 'id' can not contain '/'"}`)},
		{Method: "POST", Path: "/v3/image", Body: `{"id":"a/b"}`, Status: 400, Want: has("'provider', 'remote_user' can not be undefined")}, // reported first
		{Method: "GET", Path: "/v3/images", Status: 200, Want: has("[]")},
		{Method: "POST", Path: "/v3/image", Body: `{"id":"a b?c#d%2F","provider":"ec2","remote_user":"root"}`, Status: 200},
		{Method: "GET", Path: "/v3/image/a%20b%3Fc%23d%252F", Status: 200, Want: has(`"id":"a b?c#d%2F"`)},
		{Method: "PUT", Path: "/_standin/state/devops", Body: `{"devops":{"providers":[{"name":"a/b"}]}}`, Status: 400, Want: has(`cannot be reached`)},
		{Method: "PUT", Path: "/_standin/state/devops", Body: `{"devops":{"filters":[{"provider":"ec2","images":["a","b","a"]}]}}`, Status: 400, Want: has(`the image \"a\" is in the list twice`)},
	})
	p := servicetest.NewPlayer(t, emulator.WithQuirks("devops.id-with-a-slash-is-stored"))
	dev := servicetest.Caller{Player: p, Header: map[string]string{"Authorization": "Basic ZGVtbzpkZW1v", "Content-Type": "application/json"}}
	dev.Expect(200, "POST", "/v3/image", image)
	dev.Expect(404, "GET", "/v3/image/a%2Fb", "")
	state := dev.Expect(200, "GET", "/_standin/state/devops", "")
	dev.Expect(204, "PUT", "/_standin/state/devops", string(value.Append(nil, state))) // a dump can be loaded
}

// Ensure an update changes the members of the document's body and no others.
func TestUpdateKeepsProvider(t *testing.T) {
	t.Parallel()
	servicetest.Tell(t, "devops", "documented", []step{
		{Method: "PUT", Path: "/v3/image/image%20id", Body: `{"provider":"nowhere","name":"n"}`, Status: 200, Want: has(`{"image":{"id":"image id","provider":"provider id","remote_user":"remote user","name":"n"},"message":"Updated"}`)},
		{Method: "PUT", Path: "/v3/image/image%20id", Body: `{"provider":5,"id":[]}`, Status: 200, Want: has(`"provider":"provider id"`)},
		{Method: "GET", Path: "/v3/images?provider=nowhere", Status: 404},
		{Method: "GET", Path: "/v3/images", Status: 200, Want: has(`"provider":"provider id"`)},
	})
	servicetest.Tell(t, "devops", "documented", []step{
		{Method: "PUT", Path: "/v3/image/image%20id", Body: `{"provider":"elsewhere","remote_user":"r"}`, Status: 200, Want: has(`"provider":"elsewhere"`)},
	}, emulator.WithQuirks("devops.update-replaces-everything"))
}
