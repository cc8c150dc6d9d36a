package compare_test

import (
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"standin/internal/compare"
	"standin/internal/core"
	"standin/internal/sandbox"
	"standin/internal/value"
	"standin/internal/world"
)

// A run sends the requests of a client to an emulator of its own.
type run struct {
	t *testing.T
	e *core.Emulator

	clients, images                                 []string // keys
	secrets, containers, roles, apiClients, credits []string // drawn ids
	consumers                                       []string // container and body
	names                                           int
}

// newRun starts an emulator with a seed, at that day of 2030.
func newRun(t *testing.T, fixture string, seed int64) *run {
	t.Helper()
	clock := sandbox.FrozenAt(time.Date(2030, 1, 1+int(seed), 0, 0, 0, 0, time.UTC))
	e, err := core.New(core.Options{Plan: sandbox.Plan{Fixtures: []string{fixture}, Seed: &seed, Clock: &clock}})
	if err != nil {
		t.Fatal(err)
	}
	return &run{t: t, e: e}
}

func (r *run) loader() *world.Loader { return r.e.Catalog.Loader }

// picture returns the picture of the present world.
func (r *run) picture() *compare.Picture {
	return compare.Of(r.loader(), r.e.Sandboxes.Default().World())
}

// send sends a request as demo. It returns the text at a JSON pointer of the response. An empty
// pointer returns an empty text, and a reference its last segment.
func (r *run) send(method, path, body, pointer string) string {
	r.t.Helper()
	req := httptest.NewRequest(method, path, strings.NewReader(body))
	req.Host = "localhost"
	req.Header.Set("Content-Type", "application/json")
	switch {
	case strings.HasPrefix(path, "/v3/image"):
		req.SetBasicAuth("demo", "demo")
	case strings.HasPrefix(path, "/local-user-store") || strings.HasPrefix(path, "/role-store"):
		req.Header.Set("Authorization", "Bearer demo-token")
	default:
		req.Header.Set("X-Auth-Token", "demo-token")
	}
	w := httptest.NewRecorder()
	r.e.Path.ServeHTTP(w, req)
	if w.Code >= 400 {
		r.t.Fatalf("%s %s %s: %d %s", method, path, body, w.Code, w.Body)
	}
	if pointer == "" {
		return ""
	}
	v, err := value.Parse(w.Body.Bytes())
	if err != nil {
		r.t.Fatal(err)
	}
	found, _ := value.At(v, pointer)
	s, _ := found.(string)
	if strings.HasPrefix(s, "http") {
		s = s[strings.LastIndexByte(s, '/')+1:]
	}
	return s
}

const (
	apiClients  = "/local-user-store/api/v1/api-clients"
	roleStore   = "/role-store/api/v1/roles"
	credentials = "/v3/users/0cd44caf6db5486b94a04b33256a5ff4/application_credentials"
)

func (r *run) newSecret(name, payload string) string {
	r.t.Helper()
	id := r.send("POST", "/v1/secrets", fmt.Sprintf(`{"name":%q,"payload":%q,"payload_content_type":"text/plain"}`, name, payload), "/secret_ref")
	r.secrets = append(r.secrets, id)
	return id
}

func (r *run) newContainer(name string, secrets ...string) {
	r.t.Helper()
	var refs []string
	for i, id := range secrets {
		refs = append(refs, fmt.Sprintf(`{"name":"s%d","secret_ref":"http://localhost/v1/secrets/%s"}`, i, id))
	}
	id := r.send("POST", "/v1/containers", fmt.Sprintf(`{"type":"generic","name":%q,"secret_refs":[%s]}`, name, strings.Join(refs, ",")), "/container_ref")
	r.containers = append(r.containers, id)
}

func (r *run) newAPIClient(name string, roles ...string) string {
	r.t.Helper()
	var refs []string
	for _, id := range roles {
		refs = append(refs, fmt.Sprintf(`{"id":%q}`, id))
	}
	id := r.send("POST", apiClients, fmt.Sprintf(`{"name":%q,"roles":[%s]}`, name, strings.Join(refs, ",")), "/id")
	r.apiClients = append(r.apiClients, id)
	return id
}

func (r *run) newClient(name string) {
	r.t.Helper()
	r.send("POST", "/v1/clients", fmt.Sprintf(`{"client_id":%q,"hostname":"h","description":"d"}`, name), "")
	r.clients = append(r.clients, name)
}

func (r *run) newImage(name string) {
	r.t.Helper()
	r.send("POST", "/v3/image", fmt.Sprintf(`{"id":%q,"provider":"openstack","remote_user":"root","name":"n"}`, name), "")
	r.images = append(r.images, name)
}

// name returns a name: a new one, or one of three.
func (r *run) name(rng *rand.Rand, again bool) string {
	r.names++
	if again && rng.IntN(2) == 0 {
		return []string{"red", "green", "blue"}[rng.IntN(3)]
	}
	return fmt.Sprintf("n%d", r.names)
}

// some returns a few of the ids.
func some(rng *rand.Rand, ids []string) (few []string) {
	for _, id := range ids {
		if rng.IntN(3) == 0 && len(few) < 3 {
			few = append(few, id)
		}
	}
	return few
}

// take removes an id; empty if there is none.
func take(rng *rand.Rand, ids *[]string) string {
	if len(*ids) == 0 {
		return ""
	}
	i := rng.IntN(len(*ids))
	id := (*ids)[i]
	*ids = slices.Delete(*ids, i, i+1)
	return id
}

// create sends a random request that creates a record.
func (r *run) create(rng *rand.Rand) {
	switch rng.IntN(9) {
	case 0:
		r.newClient(r.name(rng, false))
	case 1:
		r.newImage(r.name(rng, false))
	case 2:
		payload := "a payload"
		if rng.IntN(2) == 0 { // an id and a secret that the service has drawn
			id := r.newAPIClient(r.name(rng, false))
			r.apiClients = r.apiClients[:len(r.apiClients)-1] // it stays
			payload = "key: " + id + "," + r.send("GET", apiClients+"/"+id, "", "/secret")
		}
		r.newSecret(r.name(rng, true), payload)
	case 3, 4:
		r.newContainer(r.name(rng, true), some(rng, r.secrets)...)
	case 5:
		r.roles = append(r.roles, r.send("POST", roleStore, fmt.Sprintf(`{"name":%q,"permissions":["logs-view"]}`, r.name(rng, false)), "/id"))
	case 6:
		r.newAPIClient(r.name(rng, true), some(rng, r.roles)...)
	case 7:
		body := fmt.Sprintf(`{"application_credential":{"name":%q,"roles":[{"name":"member"}],"access_rules":[{"path":"/v1/%d","method":"GET","service":"backup"}]}}`, r.name(rng, false), rng.IntN(4))
		r.credits = append(r.credits, r.send("POST", credentials, body, "/application_credential/id"))
	default:
		if len(r.containers) > 0 {
			id := r.containers[rng.IntN(len(r.containers))]
			body := fmt.Sprintf(`{"name":%q,"URL":"https://example.com/v1/containers/%s"}`, r.name(rng, false), id)
			r.send("POST", "/v1/containers/"+id+"/consumers", body, "")
			r.consumers = append(r.consumers, id+" "+body)
		}
	}
}

// remove sends a random request that deletes or changes a record.
func (r *run) remove(rng *rand.Rand) {
	lists := []struct {
		path string
		ids  *[]string
	}{
		{"/v1/clients/", &r.clients}, {"/v3/image/", &r.images}, {"/v1/secrets/", &r.secrets}, {"/v1/containers/", &r.containers},
		{roleStore + "/", &r.roles}, {apiClients + "/", &r.apiClients}, {credentials + "/", &r.credits},
	}
	switch i := rng.IntN(len(lists) + 3); {
	case i < len(lists):
		if id := take(rng, lists[i].ids); id != "" {
			r.send("DELETE", lists[i].path+id, "", "")
			r.consumers = slices.DeleteFunc(r.consumers, func(k string) bool { return strings.HasPrefix(k, id) })
		}
	case i == len(lists):
		if k := take(rng, &r.consumers); k != "" {
			id, body, _ := strings.Cut(k, " ")
			r.send("DELETE", "/v1/containers/"+id+"/consumers", body, "")
		}
	case len(r.apiClients) > 0 && rng.IntN(2) == 0:
		id := r.apiClients[rng.IntN(len(r.apiClients))]
		r.send("PUT", apiClients+"/"+id, fmt.Sprintf(`{"name":%q,"roles":[]}`, r.name(rng, true)), "")
	case len(r.images) > 0:
		r.send("PUT", "/v3/image/"+r.images[0], fmt.Sprintf(`{"remote_user":"root","name":%q}`, r.name(rng, true)), "")
	}
}

// play sends random requests.
func (r *run) play(seed uint64, requests int) {
	rng := rand.New(rand.NewPCG(seed, 1))
	for range requests {
		if rng.IntN(3) > 0 {
			r.create(rng)
		} else {
			r.remove(rng)
		}
	}
}

// texts returns differences as sentences.
func texts(all []compare.Difference) (list []string) {
	for i := range all {
		list = append(list, all[i].String())
	}
	return list
}

// expect fails the test if the differences are others.
func expect(t *testing.T, got []compare.Difference, want ...string) {
	t.Helper()
	if list := texts(got); !slices.Equal(list, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(list, "\n\t"), strings.Join(want, "\n\t"))
	}
}
