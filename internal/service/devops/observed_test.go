package devops_test

import (
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
)

// Ensure devops-service sends in the observed profile what v2.0 was seen to send, byte by byte.
func TestObserved(t *testing.T) {
	t.Parallel()
	const id = "89ecfe3f-9f25-4982-a0cf-b9b3814c02d6"
	json := map[string]string{"Accept": "application/json", "Content-Type": "application/json"}
	bare := map[string]string{"Accept": "application/json", "Content-Type": ""}
	steps := []step{
		{Method: "GET", Path: "/v3/images", Header: map[string]string{"Accept": "*/*"}, Status: 406, Want: has("Accept header should contains")},
		{Method: "GET", Path: "/v3/images?", Status: 200, Want: has(`[{"provider":"openstack","name":"centos-6.4-x86_64","remote_user":"root","bootstrap_template":null,"id":"36dc7618-4178-4e29-be43-286fbfe90f50"},`, `"bootstrap_template":"chef_freebsd","id":"08093b30-`)},
		{Method: "GET", Path: "/v3/images", Caller: "nobody", Status: 401, Want: has(`{"message":"Access denied for 'nobody'"}`)},
		{Method: "POST", Path: "/v3/image", Body: `{}`, Status: 400, Want: has(`{"message":"Parameter(s) 'id', 'provider', 'remote_user' can not be undefined"}`)},
		{Method: "POST", Path: "/v3/image", Body: `{"id":[],"provider":{},"remote_user":1,"name":[],"bootstrap_template":false}`, Status: 400, Want: has(`'id', 'provider', 'remote_user', 'name', 'bootstrap_template' have invalid type(s)`)},
		{Method: "POST", Path: "/v3/image", Body: `{"id":"x","provider":"foo","remote_user":"root"}`, Status: 400, Want: has(`{"message":"Invalid provider 'foo'"}`)},
		{Method: "POST", Path: "/v3/image", Body: `{"id":"x","provider":"static","remote_user":"root"}`, Status: 400, Want: has(`Invalid image id 'x' for provider 'static', please check image filters`)},
		{Method: "POST", Path: "/v3/image", Body: `{"id":"` + id + `","provider":"ec2","remote_user":"root"}`, Status: 400, Want: has(`for provider 'ec2', please check`)},
		{Method: "POST", Path: "/v3/image", Body: `{"id":"` + id + `","provider":"openstack","remote_user":"root","bootstrap_template":"unknown"}`, Status: 400, Want: has(`Invalid bootstrap template 'unknown' for image '` + id + `'`)},
		{Method: "POST", Path: "/v3/image", Body: `{"id":" ` + id + ` ","provider":" openstack ","remote_user":" root ","name":" ubuntu ","bootstrap_template":"chef_freebsd","zzz":1}`, Status: 201, Want: has(`{"message":"Created"}`)},
		{Method: "POST", Path: "/v3/image", Body: `{"id":"` + id + `","provider":"openstack","remote_user":"root"}`, Status: 400, Want: has("Duplicate key error: image with id '" + id + "'")},
		{Method: "GET", Path: "/v3/image/" + id, Status: 200, Want: has("{\n  \"provider\": \"openstack\",\n  \"name\": \"ubuntu\",\n  \"remote_user\": \"root\",\n  \"bootstrap_template\": \"chef_freebsd\",\n  \"id\": \"" + id + "\"\n}")},
		{Method: "PUT", Path: "/v3/image/" + id, Body: `{"remote_user":"adm","name":"n2"}`, Status: 400, Want: has(`Parameter(s) 'provider' can not be undefined`)},
		{Method: "PUT", Path: "/v3/image/" + id, Body: `{"id":[],"provider":"openstack","remote_user":"adm"}`, Status: 200, Want: has(`{"message":"Image '` + id + `' has been updated"}`)},
		{Method: "GET", Path: "/v3/image/" + id, Status: 200, Want: has(`"name": "",`, `"remote_user": "adm"`, `"bootstrap_template": null`)},
		{Method: "PUT", Path: "/v3/image/foo", Body: `{`, Status: 404, Want: has("Image 'foo' does not exist")},
		{Method: "PUT", Path: "/v3/image/foo", Body: `{`, Header: bare, Status: 415},
		{Method: "DELETE", Path: "/v3/filter/openstack/image", Body: `["` + id + `"]`, Status: 200, Want: has(`"message":"Deleted"`), Not: has(id)},
		{Method: "GET", Path: "/v3/image/" + id, Status: 200}, // filters do not change images
		{Method: "PUT", Path: "/v3/image/" + id, Body: `{"provider":"openstack","remote_user":"adm"}`, Status: 400, Want: has("please check image filters")},
		{Method: "DELETE", Path: "/v3/image/" + id, Header: bare, Status: 415, Want: has("Content-Type should be")},
		{Method: "DELETE", Path: "/v3/image/" + id, Body: "{}", Status: 200, Want: has(`{"message":"Image '` + id + `' has been removed"}`)},
		{Method: "DELETE", Path: "/v3/image/" + id, Body: "{}", Status: 404, Want: has(`{"message":"Image '` + id + `' not found"}`)},
		{Method: "DELETE", Path: "/v3/image/36dc7618-4178-4e29-be43-286fbfe90f50", Status: 400, Want: has(`{"message":"Deleting is forbidden: Image is used in shop.production"}`)},
		{Method: "GET", Path: "/v3/images?provider=foo", Status: 404, Want: has("Not found"), Not: has("{")},
		{Method: "GET", Path: "/v3/images?provider=", Status: 404, Want: has("Not found")},
		{Method: "GET", Path: "/v3/images/provider/foo", Caller: "nobody", Status: 401},
	}
	for i := range steps {
		if steps[i].Header == nil {
			steps[i].Header = json
		}
	}
	servicetest.Tell(t, "devops", "default", steps, emulator.WithProfile("observed"))
}
