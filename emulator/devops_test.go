package emulator_test

import (
	"net/http"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/value"
)

// Ensure devops-service answers in the observed profile what v2.0 was seen to
// answer, byte by byte.
func TestDevopsObservedStory(t *testing.T) {
	t.Parallel()
	const id = "89ecfe3f-9f25-4982-a0cf-b9b3814c02d6"
	json := map[string]string{"Accept": "application/json", "Content-Type": "application/json"}
	bare := map[string]string{"Accept": "application/json", "Content-Type": ""}
	steps := []step{
		{method: "GET", path: "/v3/images", header: map[string]string{"Accept": "*/*"}, status: 406, want: has("Accept header should contains")},
		{method: "GET", path: "/v3/images?", status: 200, want: has(`[{"provider":"openstack","name":"centos-6.4-x86_64","remote_user":"root","bootstrap_template":null,"id":"36dc7618-4178-4e29-be43-286fbfe90f50"},`, `"bootstrap_template":"chef_freebsd","id":"08093b30-`)},
		{method: "GET", path: "/v3/images", caller: "nobody", status: 401, want: has(`{"message":"Access denied for 'nobody'"}`)},
		{method: "POST", path: "/v3/image", body: `{}`, status: 400, want: has(`{"message":"Parameter(s) 'id', 'provider', 'remote_user' can not be undefined"}`)},
		{method: "POST", path: "/v3/image", body: `{"id":[],"provider":{},"remote_user":1,"name":[],"bootstrap_template":false}`, status: 400, want: has(`'id', 'provider', 'remote_user', 'name', 'bootstrap_template' have invalid type(s)`)},
		{method: "POST", path: "/v3/image", body: `{"id":"x","provider":"foo","remote_user":"root"}`, status: 400, want: has(`{"message":"Invalid provider 'foo'"}`)},
		{method: "POST", path: "/v3/image", body: `{"id":"x","provider":"static","remote_user":"root"}`, status: 400, want: has(`Invalid image id 'x' for provider 'static', please check image filters`)},
		{method: "POST", path: "/v3/image", body: `{"id":"` + id + `","provider":"ec2","remote_user":"root"}`, status: 400, want: has(`for provider 'ec2', please check`)},
		{method: "POST", path: "/v3/image", body: `{"id":"` + id + `","provider":"openstack","remote_user":"root","bootstrap_template":"unknown"}`, status: 400, want: has(`Invalid bootstrap template 'unknown' for image '` + id + `'`)},
		{method: "POST", path: "/v3/image", body: `{"id":" ` + id + ` ","provider":" openstack ","remote_user":" root ","name":" ubuntu ","bootstrap_template":"chef_freebsd","zzz":1}`, status: 201, want: has(`{"message":"Created"}`)},
		{method: "POST", path: "/v3/image", body: `{"id":"` + id + `","provider":"openstack","remote_user":"root"}`, status: 400, want: has("Duplicate key error: image with id '" + id + "'")},
		{method: "GET", path: "/v3/image/" + id, status: 200, want: has("{\n  \"provider\": \"openstack\",\n  \"name\": \"ubuntu\",\n  \"remote_user\": \"root\",\n  \"bootstrap_template\": \"chef_freebsd\",\n  \"id\": \"" + id + "\"\n}")},
		{method: "PUT", path: "/v3/image/" + id, body: `{"remote_user":"adm","name":"n2"}`, status: 400, want: has(`Parameter(s) 'provider' can not be undefined`)},
		{method: "PUT", path: "/v3/image/" + id, body: `{"id":[],"provider":"openstack","remote_user":"adm"}`, status: 200, want: has(`{"message":"Image '` + id + `' has been updated"}`)},
		{method: "GET", path: "/v3/image/" + id, status: 200, want: has(`"name": "",`, `"remote_user": "adm"`, `"bootstrap_template": null`)},
		{method: "PUT", path: "/v3/image/foo", body: `{`, status: 404, want: has("Image 'foo' does not exist")},
		{method: "PUT", path: "/v3/image/foo", body: `{`, header: bare, status: 415},
		{method: "DELETE", path: "/v3/filter/openstack/image", body: `["` + id + `"]`, status: 200, want: has(`"message":"Deleted"`), not: has(id)},
		{method: "GET", path: "/v3/image/" + id, status: 200}, // filters do not touch images
		{method: "PUT", path: "/v3/image/" + id, body: `{"provider":"openstack","remote_user":"adm"}`, status: 400, want: has("please check image filters")},
		{method: "DELETE", path: "/v3/image/" + id, header: bare, status: 415, want: has("Content-Type should be")},
		{method: "DELETE", path: "/v3/image/" + id, body: "{}", status: 200, want: has(`{"message":"Image '` + id + `' has been removed"}`)},
		{method: "DELETE", path: "/v3/image/" + id, body: "{}", status: 404, want: has(`{"message":"Image '` + id + `' not found"}`)},
		{method: "DELETE", path: "/v3/image/36dc7618-4178-4e29-be43-286fbfe90f50", status: 400, want: has(`{"message":"Deleting is forbidden: Image is used in shop.production"}`)},
		{method: "GET", path: "/v3/images?provider=foo", status: 404, want: has("Not found"), not: has("{")},
		{method: "GET", path: "/v3/images?provider=", status: 404, want: has("Not found")},
		{method: "GET", path: "/v3/images/provider/foo", caller: "nobody", status: 401},
	}
	for i := range steps {
		if steps[i].header == nil {
			steps[i].header = json
		}
	}
	tell(t, "devops", "default", steps, emulator.WithProfile("observed"))
}

// Ensure filters keep their order, take an image once, and leave the cloud and the
// images alone.
func TestDevopsFiltersStory(t *testing.T) {
	t.Parallel()
	tell(t, "devops", "empty", []step{
		{method: "GET", path: "/v3/providers", status: 200, want: has(`["ec2","openstack","static"]`)},
		{method: "GET", path: "/v3/filter/ec2/images", status: 200, want: has(`[]`)},
		{method: "GET", path: "/v3/images/provider/ec2", status: 200, want: has(`[]`)},
		{method: "POST", path: "/v3/image", body: `{"id":"b","provider":"ec2","remote_user":"r"}`, status: 400, want: has("please check image filters")},
		{method: "DELETE", path: "/v3/filter/ec2/image", body: `["x"]`, status: 200, want: has(`{"images":[],"message":"Deleted"}`)},
		{method: "PUT", path: "/v3/filter/ec2/image", body: `["b","a"]`, status: 200, want: has(`{"images":["b","a"],"message":"Updated"}`)},
		{method: "PUT", path: "/v3/filter/ec2/image", body: `["a","c"]`, status: 200, want: has(`{"images":["b","a","c"],"message":"Updated"}`)},
		{method: "GET", path: "/v3/images/provider/ec2", status: 200, want: has(`[{"id":"b","name":"b","status":"ACTIVE"},`)},
		{method: "POST", path: "/v3/image", body: `{"id":"b","provider":"ec2","remote_user":"r"}`, status: 200},
		{method: "DELETE", path: "/v3/filter/ec2/image", body: `["b","a"]`, status: 200, want: has(`{"images":["c"],"message":"Deleted"}`)},
		{method: "GET", path: "/v3/images?provider=ec2", status: 200, want: has(`"id":"b"`)},
		{method: "PUT", path: "/v3/filter/static/image", body: `["b"]`, status: 200},
		{method: "GET", path: "/v3/images/provider/static", status: 200, want: has(`[]`)},
		{method: "GET", path: "/v3/filter/foo/images", status: 404, want: has("Invalid provider 'foo', available providers: 'ec2', 'openstack', 'static'")},
		{method: "GET", path: "/v3/templates", status: 200, want: has(`[]`)},
		{method: "PUT", path: "/_standin/state/devops", body: `{"devops":{"filters":[{"provider":"ec3","images":["a"]}]}}`, status: 400, want: has(`there is no provider \"ec3\", did you mean \"ec2\"?`)},
	}, emulator.WithQuirks("devops.filters-are-enforced"))
}

// Ensure a call from a page of another host is refused after it was carried out.
func TestDevopsForeignReferer(t *testing.T) {
	t.Parallel()
	foreign := map[string]string{"Referer": "https://elsewhere.example/x"}
	tell(t, "devops", "documented", []step{
		{method: "GET", path: "/v3/images", header: map[string]string{"Referer": "http://localhost/x"}, status: 200},
		{method: "GET", path: "/v3/images", header: map[string]string{"Referer": "https://elsewhere.example/x", "Origin": "https://elsewhere.example"}, status: 200},
		{method: "GET", path: "/v3/images", header: map[string]string{"Referer": "https://elsewhere.example/x", "X-Requested-With": "XMLHttpRequest"}, status: 200},
		{method: "PATCH", path: "/v3/images", header: foreign, status: 404, want: has("<h1>")}, // no JSON
		{method: "DELETE", path: "/v3/image/image%20id", header: foreign, status: 403, want: has("Forbidden")},
		{method: "GET", path: "/v3/image/image%20id", status: 404},
	}, emulator.WithQuirks("devops.foreign-referer-is-403"))
}

// Ensure the requests of devops-client lead where its author means them to, in both
// profiles: the first without credentials, bare question marks, templates that
// are null, an update of what is not there followed by a creation, and a deletion with a
// body.
func TestDevopsClient(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{"documented", "observed"} {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			p := newPlayer(t, emulator.WithFixture("default"), emulator.WithProfile(emulator.Profile(profile)))
			send := func(method, path, body string) (int, string) {
				t.Helper()
				req, err := http.NewRequest(method, "http://localhost:9311/v3"+path, strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Accept", "application/json")
				req.Header.Set("Accept-Language", "en")
				if method != http.MethodGet {
					req.Header.Set("Content-Type", "application/json; charset=UTF-8")
				}
				if resp, _ := p.do(req); resp.StatusCode != http.StatusUnauthorized || resp.Header.Get("Www-Authenticate") != `Basic realm=""` {
					t.Fatalf("without credentials: %d %q", resp.StatusCode, resp.Header)
				}
				req.Body, _ = req.GetBody()
				req.Header.Set("Authorization", "Basic cm9vdDo=")
				resp, text := p.do(req)
				return resp.StatusCode, string(text)
			}
			const image = `{"provider":"ec2","name":"amzn","id":"ami-83e4bcea","remote_user":"ec2-user","bootstrap_template":null}`
			for i, s := range []struct {
				method, path, body string
				ok                 bool
				want               string
			}{
				{"GET", "/providers?", "", true, `["ec2","openstack","static"]`},
				{"GET", "/templates?", "", true, `["chef_freebsd"]`},
				{"GET", "/images/provider/ec2?", "", true, `"ami-83e4bcea"`},
				{"PUT", "/image/ami-83e4bcea", image, false, `{"message":"Image 'ami-83e4bcea' does not exist"}`},
				{"POST", "/image", image, true, `"message":"Created"`},
				{"PUT", "/image/ami-83e4bcea", image, true, "pdated"},
				{"GET", "/images?provider=ec2", "", true, `"name":"amzn"`},
				{"GET", "/image/ami-83e4bcea?", "", true, "ec2-user"},
				{"DELETE", "/image/ami-83e4bcea", "{}", true, "ami-83e4bcea"},
				{"DELETE", "/image/ami-83e4bcea", "{}", false, `{"message":"Image 'ami-83e4bcea' not found"}`},
			} {
				status, text := send(s.method, s.path, s.body)
				if status < 300 != s.ok || !strings.Contains(text, s.want) {
					t.Errorf("step %d, %s %s: %d %s", i, s.method, s.path, status, text)
				}
			}
		})
	}
}

// Ensure a provider that is asked for as a list or a mapping is none that there is.
func TestDevopsProviderInBrackets(t *testing.T) {
	t.Parallel()
	tell(t, "devops", "default", []step{
		{method: "GET", path: "/v3/images?provider[]=ec2", status: 404, want: has(`{"message":"Invalid provider '[\"ec2\"]', available providers: 'ec2', 'openstack', 'static'"}`)},
		{method: "GET", path: "/v3/images?provider%5B%5D=ec2&provider[]=x", status: 404, want: has(`'[\"ec2\", \"x\"]'`)},
		{method: "GET", path: "/v3/images?provider[a]=ec2", status: 404, want: has(`'{\"a\"=>\"ec2\"}'`)},
		{method: "GET", path: "/v3/images?provider=ec2&provider[]=ec2", status: 404},
		{method: "GET", path: "/v3/images?providers[]=ec2", status: 200},
		{method: "GET", path: "/v3/images?provider[]=ec2", caller: "nobody", status: 403},
	})
	tell(t, "devops", "default", []step{
		{method: "GET", path: "/v3/images?provider[]=ec2", header: map[string]string{"Accept": "application/json"}, status: 404, want: has("Not found"), not: has("{")},
	}, emulator.WithProfile("observed"))
}

// Ensure an id that no path leads to is refused, and only the quirk stores it.
func TestDevopsUnreachableID(t *testing.T) {
	t.Parallel()
	const image = `{"id":"a/b","provider":"ec2","remote_user":"root"}`
	tell(t, "devops", "empty", []step{
		{method: "POST", path: "/v3/image", body: image, status: 400, want: has(`{"message":"Parameter(s) 'id' can not contain '/'"}`)},
		{method: "POST", path: "/v3/image", body: `{"id":"a/b"}`, status: 400, want: has("'provider', 'remote_user' can not be undefined")}, // told first
		{method: "GET", path: "/v3/images", status: 200, want: has("[]")},
		{method: "POST", path: "/v3/image", body: `{"id":"a b?c#d%2F","provider":"ec2","remote_user":"root"}`, status: 200},
		{method: "GET", path: "/v3/image/a%20b%3Fc%23d%252F", status: 200, want: has(`"id":"a b?c#d%2F"`)},
		{method: "PUT", path: "/_standin/state/devops", body: `{"devops":{"providers":[{"name":"a/b"}]}}`, status: 400, want: has(`cannot be reached`)},
		{method: "PUT", path: "/_standin/state/devops", body: `{"devops":{"filters":[{"provider":"ec2","images":["a","b","a"]}]}}`, status: 400, want: has(`the image \"a\" is in the list twice`)},
	})
	p := newPlayer(t, emulator.WithQuirks("devops.id-with-a-slash-is-stored"))
	dev := api{p, map[string]string{"Authorization": "Basic ZGVtbzpkZW1v", "Content-Type": "application/json"}}
	dev.expect(200, "POST", "/v3/image", image)
	dev.expect(404, "GET", "/v3/image/a%2Fb", "")
	state := dev.expect(200, "GET", "/_standin/state/devops", "")
	dev.expect(204, "PUT", "/_standin/state/devops", string(value.Append(nil, state))) // what was dumped can be loaded
}

// Ensure the refusal of a foreign page carries what every answer carries.
func TestDevopsRefererHeaders(t *testing.T) {
	t.Parallel()
	p := newPlayer(t, emulator.WithProfile("observed"))
	dev := api{p, map[string]string{"Authorization": "Basic ZGVtbzpkZW1v", "Accept": "application/json", "Referer": "https://elsewhere.example/x"}}
	for _, path := range []string{"/v3/images", "/v3/image/none", "/v3/nothing"} {
		resp, _ := dev.send("GET", path, "")
		if path != "/v3/nothing" && resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
		if got := resp.Header["X-Content-Type-Options"]; path != "/v3/nothing" && (len(got) != 1 || got[0] != "nosniff") {
			t.Errorf("%s: X-Content-Type-Options %q", path, got)
		}
	}
}

// Ensure an update changes what the document's body has, and no other member.
func TestDevopsUpdateKeepsProvider(t *testing.T) {
	t.Parallel()
	tell(t, "devops", "documented", []step{
		{method: "PUT", path: "/v3/image/image%20id", body: `{"provider":"nowhere","name":"n"}`, status: 200, want: has(`{"image":{"id":"image id","provider":"provider id","remote_user":"remote user","name":"n"},"message":"Updated"}`)},
		{method: "PUT", path: "/v3/image/image%20id", body: `{"provider":5,"id":[]}`, status: 200, want: has(`"provider":"provider id"`)},
		{method: "GET", path: "/v3/images?provider=nowhere", status: 404},
		{method: "GET", path: "/v3/images", status: 200, want: has(`"provider":"provider id"`)},
	})
	tell(t, "devops", "documented", []step{
		{method: "PUT", path: "/v3/image/image%20id", body: `{"provider":"elsewhere","remote_user":"r"}`, status: 200, want: has(`"provider":"elsewhere"`)},
	}, emulator.WithQuirks("devops.update-replaces-everything"))
}
