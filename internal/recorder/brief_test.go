package recorder

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"testing"
	"time"

	"standin/emulator/journal"
	"standin/internal/world"
)

// Ensure a brief entry is the whole one without headers and bodies, whatever is redacted in it.
func TestBrief(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	some := func(texts ...string) string { return texts[random.IntN(len(texts))] }
	j := &Journal{}
	for range 300 {
		header := http.Header{"X-Auth-Token": {some("gAAAAAsecret", "abcdefghijklmnopqrstuvwxyz0123")}}
		o := &Opening{
			Method: "POST", Path: some("/v1/clients", "/v3/auth/tokens/gAAAAAsecret", "/v1/abcdefghijklmnopqrstuvwxyz0123"),
			Query: some("", "a=b", "password=hunter2"), Began: time.Now(), Host: "localhost",
		}
		body := some("", `{"password":"hunter2"}`, `{"a":1}`)
		ticket := j.Open(o, header, []byte(body))
		c := &Closing{Status: 200, Note: some("", "hunter2 was sent"), Violation: some("", `"hunter2" is not an id`)}
		if some("", "x") == "" {
			c.Near = []string{some("/v1/clients", "/v1/hunter2")}
			c.Changes = []world.Change{{Kind: "a.b", Key: some("x", "hunter2"), What: world.Created}}
		}
		j.Close(ticket, journal.Answered, c, http.Header{"A": {"b"}}, []byte(some("", "{}")))
	}
	for n := range uint64(300) {
		r, _ := j.get(n + 1)
		want, got := r.entry(n+1, ""), r.brief(n+1, "")
		want.Request.Headers, want.Request.Body = map[string][]string{}, journal.Body{Size: want.Request.Size}
		want.Reply.Headers, want.Reply.Body = map[string][]string{}, journal.Body{Size: want.Reply.Size}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v\nexpected %+v", got, want)
		}
	}
}

// Ensure Before leaves the newest entries that match.
func TestBefore(t *testing.T) {
	t.Parallel()
	j := &Journal{Limits: journal.Limits{Entries: 100}}
	for i := range 250 {
		ticket := j.Open(&Opening{Operation: []string{"a.list", "b.list"}[i%2], Method: "GET"}, nil, nil)
		j.Close(ticket, journal.Answered, &Closing{Status: 200}, nil, nil)
	}
	for _, tt := range []struct {
		f    journal.Filter
		n    int
		want string
	}{
		{journal.Filter{}, 3, "[248 249 250]"},
		{journal.Filter{Operation: "a.*"}, 2, "[247 249]"},
		{journal.Filter{Operation: "a.*", Since: 247}, 2, "[249]"},
		{journal.Filter{Operation: "c.*"}, 2, "[]"},
	} {
		tt.f.Since = j.Before(tt.f, tt.n)
		got := []uint64{}
		for _, e := range j.Find(tt.f).Entries {
			got = append(got, e.Sequence)
		}
		if fmt.Sprint(got) != tt.want {
			t.Errorf("%+v, %d: %v, expected %s", tt.f, tt.n, got, tt.want)
		}
	}
	if all := j.Find(journal.Filter{Since: j.Before(journal.Filter{}, 1000)}).Entries; len(all) != 100 {
		t.Errorf("%d entries, expected all 100", len(all))
	}
}
