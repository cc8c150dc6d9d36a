package retry

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"standin/emulator/journal"
	"standin/internal/chain"
	"standin/internal/recorder"
	"standin/internal/world"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// A req is a request of a test: when it begins, in milliseconds, and what comes of it 1 ms later. On
// virtual time it comes in the same instant.
type req struct {
	at      int
	what    string // METHOD operation
	status  int
	told    int // seconds of Retry-After; 0: none
	cut     bool
	aborted bool
	unseen  bool
	lib     bool
	virtual bool
	who     string
	token   uint64
	issued  uint64
	body    uint64
	key     uint64
	made    string // the kind of a record that it created
}

// steps numbers requests and makes steps of them.
func steps(all []req) []recorder.Step {
	var list []recorder.Step
	for i, r := range all {
		method, operation, _ := strings.Cut(r.what, " ")
		s := recorder.Step{
			Sequence: uint64(i + 1), Service: "s", Operation: operation, Method: method, Path: "/" + operation, Caller: r.who,
			Token: r.token, Issued: r.issued, Body: r.body, Key: r.key, Status: r.status, End: journal.Answered,
			Began: start.Add(time.Duration(r.at) * time.Millisecond), Told: time.Duration(r.told) * time.Second, HasTold: r.told > 0,
			Library: r.lib, Unseen: r.unseen, Same: 1 + r.body*3 + r.key*7,
		}
		if s.Ended = s.Began; !r.virtual {
			s.Ended = s.Began.Add(time.Millisecond)
		}
		if r.cut {
			s.End, s.Status = journal.Cut, 0
		}
		if r.aborted {
			s.End, s.Status = journal.Aborted, 0
		}
		if r.made != "" {
			s.Changes = []world.Change{{Kind: r.made, Key: fmt.Sprint(i), What: world.Created}}
		}
		list = append(list, s)
	}
	return list
}

// every makes a request again and again, at times.
func every(r req, at ...int) []req {
	var all []req
	for _, t := range at {
		r.at = t
		all = append(all, r)
	}
	return all
}

// virtual puts requests in one instant, as on virtual time, which does not pass while a client works.
func virtual(all []req) []req {
	all = slices.Clone(all)
	for i := range all {
		all[i].at, all[i].virtual = 0, true
	}
	return all
}

// recordOf returns the record of the default sandbox.
func recordOf(steps []recorder.Step, evicted uint64) *chain.Record {
	return &chain.Record{Sandbox: "default", Chains: chain.Build(steps), Evicted: evicted}
}

func judged(g journal.Grading, all []req) *journal.Retries {
	return Grade(&g, recordOf(steps(all), 0))
}

// verdicts lists the rules with one of the verdicts.
func verdicts(r *journal.Retries, want ...journal.RetryVerdict) string {
	var all []string
	for _, x := range r.Rules {
		if slices.Contains(want, x.Verdict) {
			all = append(all, string(x.ID))
		}
	}
	return strings.Join(all, " ")
}

// Ensure each mistake fails the rule that is named for it, and no other, and that a right client
// fails none.
func TestRules(t *testing.T) {
	t.Parallel()
	list, create, login := "GET s.list", "POST s.create", "POST keystone.tokens.create"
	busy := req{what: list, status: 503}
	newToken := []req{{what: list, status: 401, token: 1}, {at: 10, what: login, status: 201, issued: 2, body: 9}, {at: 20, what: list, status: 200, token: 2, who: "demo"}}
	logins := []req{{what: list, status: 401, token: 1}, {at: 10, what: login, status: 201, issued: 2, body: 9}, {at: 20, what: list, status: 401, token: 2}, {at: 30, what: login, status: 201, issued: 3, body: 9}, {at: 40, what: list, status: 200, token: 3}}
	twoLogins := []req{{what: list, status: 401, token: 1, body: 1}, {at: 1, what: "GET s.other", status: 401, token: 1}, {at: 10, what: login, status: 201, issued: 2, body: 9}, {at: 11, what: login, status: 201, issued: 3, body: 9}, {at: 20, what: list, status: 200, token: 2, body: 1}, {at: 21, what: "GET s.other", status: 200, token: 3}}
	for name, c := range map[string]struct {
		grading journal.Grading
		all     []req
		failed  string
		tested  string // rules that passed; empty: not looked at
	}{
		"nothing":                                 {},
		"a success":                               {all: []req{{what: list, status: 200}}},
		"a client error, once":                    {all: []req{{what: create, status: 400, body: 1}}, tested: "repeats-client-error"},
		"a client error, again":                   {all: every(req{what: create, status: 400, body: 1}, 0, 100), failed: "repeats-client-error"},
		"a client error, mended":                  {all: []req{{what: create, status: 400, body: 1}, {at: 100, what: create, status: 201, body: 2}}},
		"753, again":                              {all: every(req{what: create, status: 753, body: 1}, 0, 100), failed: "repeats-client-error"},
		"404, polled":                             {all: every(req{what: list, status: 404}, 0, 100, 250, 600)},
		"409, again":                              {all: every(req{what: create, status: 409, body: 1}, 0, 100)},
		"403, much later":                         {all: every(req{what: list, status: 403}, 0, 100_000)},
		"the dead token":                          {all: every(req{what: list, status: 401, token: 1}, 0, 100), failed: "keeps-dead-token"},
		"a new token":                             {all: newToken, tested: "keeps-dead-token logs-in-again-and-again no-cap"},
		"logins":                                  {all: logins, failed: "logs-in-again-and-again"},
		"two clients log in":                      {all: twoLogins},
		"logins, on virtual time":                 {all: virtual(logins), failed: "logs-in-again-and-again"},
		"two clients log in, on virtual time":     {all: virtual(twoLogins)},
		"a login before, on virtual time":         {all: virtual(slices.Concat([]req{{what: login, status: 201, issued: 1, body: 9}}, newToken, newToken[1:2])), tested: "keeps-dead-token logs-in-again-and-again no-cap"},
		"logins, and another refusal before":      {all: slices.Concat([]req{{at: -900, what: "GET s.other", status: 401, token: 9}, {at: -800, what: "GET s.other", status: 200, token: 8}}, logins), failed: "logs-in-again-and-again"},
		"logins, and another refusal after":       {all: slices.Concat(logins, []req{{at: 50, what: "GET s.other", status: 401, token: 3}, {at: 60, what: "GET s.other", status: 200, token: 4}}), failed: "logs-in-again-and-again"},
		"a login that began before the refusal":   {all: []req{{what: list, status: 401, token: 1}, {what: login, status: 201, issued: 3, body: 9}, {at: 10, what: login, status: 201, issued: 2, body: 9}, {at: 20, what: list, status: 200, token: 2}}},
		"gives up, required":                      {grading: journal.Grading{Require: []journal.RetryRule{journal.GivesUpEarly}}, all: []req{busy}, failed: "gives-up-early"},
		"gives up":                                {all: []req{busy}},
		"a POST that is given up":                 {all: []req{{what: create, status: 503, body: 1}}},
		"required, and not tested":                {grading: journal.Grading{Require: []journal.RetryRule{journal.IgnoresRetryAfter}}, all: []req{busy}, failed: "ignores-retry-after"},
		"too early":                               {all: every(req{what: list, status: 503, told: 2}, 0, 1500), failed: "ignores-retry-after"},
		"a little early":                          {all: every(req{what: list, status: 503, told: 2}, 0, 1850)},
		"a little early, no tolerance":            {grading: journal.Grading{Tolerance: 1}, all: every(req{what: list, status: 503, told: 2}, 0, 1850), failed: "ignores-retry-after"},
		"as told":                                 {all: every(req{what: list, status: 503, told: 2}, 0, 2002, 4004), tested: "gives-up-early ignores-retry-after no-cap wrong-unit"},
		"milliseconds for seconds":                {all: every(req{what: list, status: 503, told: 30}, 0, 32, 64, 96), failed: "ignores-retry-after wrong-unit"},
		"milliseconds for seconds, once":          {all: every(req{what: list, status: 503, told: 30}, 0, 32), failed: "ignores-retry-after", tested: "gives-up-early no-cap"},
		"seconds for milliseconds":                {all: every(req{what: list, status: 503, told: 2}, 0, 2_000_001), failed: "wrong-unit"},
		"no pause, though told":                   {all: every(req{what: list, status: 503, told: 2}, 0, 1, 2, 3), failed: "ignores-retry-after"},
		"no pause":                                {all: every(busy, 0, 2), failed: "no-pause"},
		"no pause after a lost connection":        {all: every(req{what: list, cut: true}, 0, 2), failed: "no-pause"},
		"the library's repetition":                {all: []req{{what: list, cut: true, unseen: true}, {at: 2, what: list, status: 200, lib: true}}},
		"no pause after 401":                      {all: []req{{what: list, status: 401, token: 1}, {at: 2, what: list, status: 200, token: 2}}},
		"equal pauses":                            {all: every(busy, 0, 101, 202, 303), failed: "no-backoff"},
		"shrinking pauses":                        {all: every(busy, 0, 401, 701, 901, 1001), failed: "no-backoff"},
		"growing pauses":                          {all: every(busy, 0, 101, 302, 703), tested: "gives-up-early no-pause no-backoff no-cap"},
		"pauses with jitter":                      {all: every(busy, 0, 80, 230, 380, 800)},
		"the same pauses in three chains":         {all: slices.Concat(every(req{what: "GET s.a", status: 503}, 0, 101, 302), every(req{what: "GET s.b", status: 503}, 1000, 1101, 1302), every(req{what: "GET s.c", status: 503}, 2000, 2101, 2302)), failed: "no-jitter"},
		"a slow client without pauses":            {all: every(req{what: list, status: 503, told: 2}, 0, 4, 8, 12), failed: "ignores-retry-after"},
		"milliseconds for seconds, one late":      {all: every(req{what: list, status: 503, told: 60}, 0, 62, 124, 224, 286), failed: "ignores-retry-after wrong-unit"},
		"two logins that fail":                    {all: []req{{what: login, status: 401, body: 1}, {at: 1, what: login, status: 401, body: 2}}},
		"another body about anything":             {all: []req{{what: create, status: 401, body: 1, token: 1}, {at: 1, what: create, status: 401, body: 2, token: 2}}},
		"a login that is lost, and again":         {all: []req{{what: login, status: 503, body: 1}, {at: 2, what: login, status: 201, issued: 2, body: 1}}, failed: "no-pause"},
		"equal pauses, some late":                 {all: every(busy, 0, 101, 202, 343, 444, 594, 695), failed: "no-backoff"},
		"no pauses, some late":                    {grading: journal.Grading{Except: []journal.RetryRule{journal.NoPause}}, all: every(busy, 0, 2, 4, 24, 26, 28, 50, 52), failed: "no-backoff"},
		"growing pauses with a cap":               {all: every(busy, 0, 101, 302, 703, 1304, 1905, 2506, 3107)},
		"the same pauses in three of four chains": {all: slices.Concat(every(req{what: "GET s.a", status: 503}, 0, 101, 302), every(req{what: "GET s.b", status: 503}, 1000, 1141, 1402), every(req{what: "GET s.c", status: 503}, 2000, 2101, 2302), every(req{what: "GET s.d", status: 503}, 3000, 3101, 3302)), failed: "no-jitter"},
		"the same pauses in three of six chains": {all: slices.Concat(every(req{what: "GET s.a", status: 503}, 0, 101, 302), every(req{what: "GET s.b", status: 503}, 1000, 1101, 1302), every(req{what: "GET s.c", status: 503}, 2000, 2101, 2302),
			every(req{what: "GET s.d", status: 503}, 0, 151, 402), every(req{what: "GET s.e", status: 503}, 1000, 1071, 1302), every(req{what: "GET s.f", status: 503}, 2000, 2121, 2402))},
		"polls that fail now and then": {all: []req{{what: list, status: 404}, {at: 100, what: list, status: 503}, {at: 301, what: list, status: 404}, {at: 400, what: list, status: 503}, {at: 601, what: list, status: 404},
			{at: 800, what: list, status: 503}, {at: 1001, what: list, status: 404}}},
		"a client with a timeout":             {all: []req{{what: list, aborted: true}, {at: 2, what: list, status: 200}}},
		"other pauses in one of three chains": {all: slices.Concat(every(req{what: "GET s.a", status: 503}, 0, 101, 302), every(req{what: "GET s.b", status: 503}, 1000, 1101, 1302), every(req{what: "GET s.c", status: 503}, 2000, 2141, 2402)), tested: "gives-up-early no-pause no-jitter no-cap"},
		"eleven attempts":                     {all: every(busy, 0, 100, 250, 450, 800, 1400, 2400, 4000, 7000, 11000, 16000), failed: "no-cap"},
		"what the library repeats":            {all: slices.Concat(every(req{what: list, cut: true, unseen: true}, 0), every(req{what: list, cut: true, unseen: true, lib: true}, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24)), tested: "gives-up-early no-cap"},
		"three attempts, two allowed":         {grading: journal.Grading{Max: 2}, all: every(busy, 0, 100, 350), failed: "no-cap"},
		"two records": {all: []req{{what: create, cut: true, body: 1, made: "s.records"}, {at: 500, what: create, status: 201, body: 1, made: "s.records"}},
			failed: "repeats-unsafely"},
		"one record":              {all: []req{{what: create, cut: true, body: 1, made: "s.records"}, {at: 500, what: create, status: 409, body: 1}}, tested: "no-pause no-cap repeats-unsafely body-changes"},
		"two records on purpose":  {all: []req{{what: create, status: 201, body: 1, made: "s.records"}, {at: 500, what: create, status: 201, body: 1, made: "s.records"}}},
		"no body the second time": {all: []req{{what: create, status: 503, body: 1}, {at: 500, what: create, status: 201}}, failed: "body-changes"},
		"another key":             {all: []req{{what: create, status: 503, body: 1, key: 1}, {at: 500, what: create, status: 201, body: 1, key: 2}}, failed: "body-changes"},
		"a stampede": {all: []req{
			{what: list, status: 503, who: "a"}, {at: 50, what: list, status: 503, who: "b"}, {at: 100, what: list, status: 503, who: "c"},
			{at: 1000, what: list, status: 200, who: "a"}, {at: 1010, what: list, status: 200, who: "b"}, {at: 1020, what: list, status: 200, who: "c"},
		}, failed: "stampedes"},
		"no stampede": {all: []req{
			{what: list, status: 503, who: "a"}, {at: 50, what: list, status: 503, who: "b"}, {at: 100, what: list, status: 503, who: "c"},
			{at: 1000, what: list, status: 200, who: "a"}, {at: 1200, what: list, status: 200, who: "b"}, {at: 1400, what: list, status: 200, who: "c"},
		}, tested: "gives-up-early no-pause no-cap stampedes"},
		"a POST that the library repeats": {all: []req{{what: create, cut: true, unseen: true, body: 1}, {at: 2, what: create, status: 201, body: 1, lib: true}}, failed: "repeats-unseen"},
		"not judged":                      {grading: journal.Grading{Except: []journal.RetryRule{journal.NoPause}}, all: every(busy, 0, 2)},
		"another operation":               {grading: journal.Grading{Operation: "t.*"}, all: every(busy, 0, 2)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := judged(c.grading, c.all)
			if got := verdicts(r, journal.Failed); got != c.failed {
				t.Errorf("failed: %q, want %q\n%s", got, c.failed, r)
			}
			if got := verdicts(r, journal.Passed, journal.Warning); c.tested != "" && got != c.tested {
				t.Errorf("passed: %q, want %q", got, c.tested)
			}
		})
	}
}

// Ensure a failing rule names the requests and the time between them.
func TestEvidence(t *testing.T) {
	t.Parallel()
	r := judged(journal.Grading{}, every(req{what: "GET s.list", status: 503}, 0, 5))
	got, err := json.Marshal(r.Result(journal.NoPause).Chains)
	if err != nil {
		t.Fatal(err)
	}
	const want = `[{"sandbox":"default","operation":"s.list","entries":[1,2],"pauses_ms":[4],"why":"1 was answered 503, and 2 came 4.0 ms later"}]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Ensure records of several kinds are listed in one order, however often the report is made.
func TestEvidenceIsRepeatable(t *testing.T) {
	t.Parallel()
	all := steps([]req{{what: "POST s.create", cut: true, body: 1}, {at: 500, what: "POST s.create", status: 201, body: 1}})
	for i := range all {
		for _, kind := range []string{"s.c", "s.a", "s.b"} {
			all[i].Changes = append(all[i].Changes, world.Change{Kind: kind, Key: kind, What: world.Created})
		}
	}
	for range 20 {
		var kinds []string
		for _, c := range Grade(&journal.Grading{}, recordOf(all, 0)).Result(journal.RepeatsUnsafely).Chains {
			kinds = append(kinds, c.Why[strings.LastIndex(c.Why, " ")+1:])
		}
		if !slices.Equal(kinds, []string{"s.a", "s.b", "s.c"}) {
			t.Fatalf("got %v", kinds)
		}
	}
}

// Ensure a rule passes only if the whole record was there.
func TestEvicted(t *testing.T) {
	t.Parallel()
	r := Grade(&journal.Grading{}, recordOf(steps(every(req{what: "GET s.list", status: 503}, 0, 100)), 1))
	if got := verdicts(r, journal.Passed); got != "" || !strings.Contains(r.Result(journal.NoPause).Why, "fell out") {
		t.Errorf("passed: %s; %+v", got, r.Result(journal.NoPause))
	}
	r = Grade(&journal.Grading{}, recordOf(steps(every(req{what: "GET s.list", status: 503}, 0, 2)), 1))
	if got := verdicts(r, journal.Failed); got != "no-pause" {
		t.Errorf("failed: %s", got)
	}
}

// Ensure every rule of the public list is judged, in its order.
func TestRulesAreKnown(t *testing.T) {
	t.Parallel()
	var all []journal.RetryRule
	for _, r := range rules {
		all = append(all, r.id)
	}
	if !slices.Equal(all, journal.RetryRules()) {
		t.Errorf("got %v", all)
	}
}

// random makes a journal of anything: interleaved callers, entries that are missing, open or given
// up, a clock that goes back.
func random(r *rand.Rand, failures bool) []recorder.Step {
	all := make([]recorder.Step, r.IntN(60))
	ends := []journal.Ended{journal.Answered, journal.Answered, journal.Cut, journal.Aborted, journal.Open}
	statuses := []int{200, 201, 204, 401, 403, 404, 409, 429, 500, 503, 753}
	if !failures {
		ends, statuses = ends[:1], statuses[:3]
	}
	at := start
	for i := range all {
		at = at.Add(time.Duration(r.IntN(3_000)-500) * time.Millisecond)
		s := recorder.Step{
			Sequence: uint64(i + 1 + r.IntN(3)), Service: "s", Operation: []string{"", "s.list", "s.create", "keystone.tokens.create"}[r.IntN(4)],
			Method: []string{"GET", "POST", "DELETE"}[r.IntN(3)], Path: "/" + fmt.Sprint(r.IntN(2)), Caller: []string{"", "a", "b", "c"}[r.IntN(4)],
			Token: r.Uint64N(3), Issued: r.Uint64N(3), Body: r.Uint64N(3), Subject: r.Uint64N(2), Key: r.Uint64N(2), Same: r.Uint64N(4),
			Began: at, Status: statuses[r.IntN(len(statuses))], End: ends[r.IntN(len(ends))],
			Told: time.Duration(r.IntN(5)-1) * time.Second, HasTold: r.IntN(3) == 0, Conn: r.Uint64N(3), Library: r.IntN(5) == 0, Unseen: r.IntN(5) == 0,
		}
		if s.End != journal.Open {
			s.Ended = at.Add(time.Duration(r.IntN(100)-10) * time.Millisecond)
		}
		all[i] = s
	}
	return all
}

// Ensure no journal breaks a rule's code, and that no rule fails on one without a failed exchange.
func FuzzRules(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		for _, failures := range []bool{true, false} {
			all := random(rand.New(rand.NewPCG(seed, 1)), failures)
			r := Grade(&journal.Grading{}, recordOf(all, seed%2))
			if got := verdicts(r, journal.Failed, journal.Warning); !failures && got != "" {
				t.Errorf("without a failure, %s failed:\n%s", got, r)
			}
			_ = r.String()
		}
	})
}
