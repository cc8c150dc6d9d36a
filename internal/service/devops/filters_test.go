package devops_test

import (
	"testing"

	"standin/emulator"
	"standin/internal/servicetest"
)

// Ensure filters keep their order, list an image once, and do not change images.
func TestFilters(t *testing.T) {
	t.Parallel()
	servicetest.Tell(t, "devops", "empty", []step{
		{Method: "GET", Path: "/v3/providers", Status: 200, Want: has(`["ec2","openstack","static"]`)},
		{Method: "GET", Path: "/v3/filter/ec2/images", Status: 200, Want: has(`[]`)},
		{Method: "GET", Path: "/v3/images/provider/ec2", Status: 200, Want: has(`[]`)},
		{Method: "POST", Path: "/v3/image", Body: `{"id":"b","provider":"ec2","remote_user":"r"}`, Status: 400, Want: has("please check image filters")},
		{Method: "DELETE", Path: "/v3/filter/ec2/image", Body: `["x"]`, Status: 200, Want: has(`{"images":[],"message":"Deleted"}`)},
		{Method: "PUT", Path: "/v3/filter/ec2/image", Body: `["b","a"]`, Status: 200, Want: has(`{"images":["b","a"],"message":"Updated"}`)},
		{Method: "PUT", Path: "/v3/filter/ec2/image", Body: `["a","c"]`, Status: 200, Want: has(`{"images":["b","a","c"],"message":"Updated"}`)},
		{Method: "GET", Path: "/v3/images/provider/ec2", Status: 200, Want: has(`[{"id":"b","name":"b","status":"ACTIVE"},`)},
		{Method: "POST", Path: "/v3/image", Body: `{"id":"b","provider":"ec2","remote_user":"r"}`, Status: 200},
		{Method: "DELETE", Path: "/v3/filter/ec2/image", Body: `["b","a"]`, Status: 200, Want: has(`{"images":["c"],"message":"Deleted"}`)},
		{Method: "GET", Path: "/v3/images?provider=ec2", Status: 200, Want: has(`"id":"b"`)},
		{Method: "PUT", Path: "/v3/filter/static/image", Body: `["b"]`, Status: 200},
		{Method: "GET", Path: "/v3/images/provider/static", Status: 200, Want: has(`[]`)},
		{Method: "GET", Path: "/v3/filter/foo/images", Status: 404, Want: has("Invalid provider 'foo', available providers: 'ec2', 'openstack', 'static'")},
		{Method: "GET", Path: "/v3/templates", Status: 200, Want: has(`[]`)},
		{Method: "PUT", Path: "/_standin/state/devops", Body: `{"devops":{"filters":[{"provider":"ec3","images":["a"]}]}}`, Status: 400, Want: has(`there is no provider \"ec3\", did you mean \"ec2\"?`)},
	}, emulator.WithQuirks("devops.filters-are-enforced"))
}

// Ensure a provider that is sent as a list or a mapping is unknown.
func TestProviderInBrackets(t *testing.T) {
	t.Parallel()
	servicetest.Tell(t, "devops", "default", []step{
		{Method: "GET", Path: "/v3/images?provider[]=ec2", Status: 404, Want: has(`{"message":"Invalid provider '[\"ec2\"]', available providers: 'ec2', 'openstack', 'static'"}`)},
		{Method: "GET", Path: "/v3/images?provider%5B%5D=ec2&provider[]=x", Status: 404, Want: has(`'[\"ec2\", \"x\"]'`)},
		{Method: "GET", Path: "/v3/images?provider[a]=ec2", Status: 404, Want: has(`'{\"a\"=>\"ec2\"}'`)},
		{Method: "GET", Path: "/v3/images?provider=ec2&provider[]=ec2", Status: 404},
		{Method: "GET", Path: "/v3/images?providers[]=ec2", Status: 200},
		{Method: "GET", Path: "/v3/images?provider[]=ec2", Caller: "nobody", Status: 403},
	})
	servicetest.Tell(t, "devops", "default", []step{
		{Method: "GET", Path: "/v3/images?provider[]=ec2", Header: map[string]string{"Accept": "application/json"}, Status: 404, Want: has("Not found"), Not: has("{")},
	}, emulator.WithProfile("observed"))
}
