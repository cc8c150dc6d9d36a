package explore

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"standin/emulator/journal"
	"standin/internal/ruleset"
)

// explored returns a session that has explored a number of requests, without running a client. Every
// third run with a failure is bad.
func explored(requests, steps int, hostile string) (*Session, *Report) {
	const operation = "a.things.create"
	s := &Session{results: map[key]*Result{}, known: map[string][]ruleset.Failure{}, base: &baseline{requests: requests}}
	for _, status := range []int{503, 401, 404} {
		s.known[operation] = append(s.known[operation], ruleset.Failure{Name: fmt.Sprintf("%s/%d", operation, status), Operation: operation, Status: status, Reason: "So"})
	}
	for i := range requests {
		s.base.points = append(s.base.points, &point{Point: Point{Operation: operation, Nth: i + 1, Request: "POST /v1/things" + hostile}, answers: true, byToken: true, first: i == 0})
	}
	outcomes := journal.AllOutcomes()
	for _, p := range s.base.points {
		for _, c := range s.candidates(p) {
			if c.forever && c.failure.name != Reset {
				continue
			}
			c.Number = len(s.results) + 1
			r := &Result{Case: c, Run: Run{Number: c.Number, Operation: p.Operation, Nth: p.Nth, Request: p.Request, Failure: c.failure.name, Times: Once, Requests: steps}, End: "exit code 1" + hostile}
			if c.forever {
				r.Times = Forever
			}
			if r.Verdict = journal.Tolerated; c.Number%3 == 0 {
				r.Verdict = outcomes[c.Number%len(outcomes)]
			}
			if !r.Verdict.Good() {
				r.Differences, r.Output, r.Why = []string{"a.things: x is missing" + hostile}, "line 1\nline 2"+hostile, []string{"no-cap: 14 attempts" + hostile}
			}
			for i := range steps {
				at := journal.Milliseconds(time.Duration(i) * 123456 * time.Microsecond)
				r.Steps = append(r.Steps, Step{At: at, Took: journal.Milliseconds(1234 * time.Microsecond), Request: p.Request, Status: 201, Ended: journal.Answered, Attempt: 1 + i, Fault: i == 1, Changes: []journal.Change{{Record: "a.things " + strconv.Itoa(i) + hostile, What: "created"}}})
			}
			s.results[c.key()] = r
		}
	}
	return s, reported(s, hostile)
}

// reported returns the report of the results of a session.
func reported(s *Session, hostile string) *Report {
	x := &Report{
		Command: []string{"./client", "sync" + hostile}, Complete: true, Verdicts: map[journal.Outcome]int{}, Findings: findings(s.inOrder(), nil), Left: s.plan.left,
		Baseline: Baseline{Requests: s.base.requests, Notes: []string{"note" + hostile}, Masked: []string{"member" + hostile}}, Gone: []Accepted{{"abc", "2026-11-26", "gone" + hostile}},
	}
	for _, r := range s.inOrder() {
		x.Verdicts[r.Verdict]++
		x.Runs = append(x.Runs, r.Run)
	}
	return x
}

func rendered(t *testing.T, s *Session, x *Report) string {
	t.Helper()
	text, err := s.Page(x)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var dataPart = regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`)

// decoded returns the data of a page.
func decoded(t *testing.T, text string) *pageData {
	t.Helper()
	found := dataPart.FindStringSubmatch(text)
	if found == nil {
		t.Fatal("the page has no data")
	}
	d := &pageData{}
	if err := json.Unmarshal([]byte(found[1]), d); err != nil {
		t.Fatal(err)
	}
	return d
}

// Ensure texts that clients and servers choose stay texts.
func TestPageHostile(t *testing.T) {
	t.Parallel()
	for name, hostile := range map[string]string{
		"script":   `</script><script>alert(1)</script>`,
		"comment":  `<!--<script>`,
		"tag":      `<img src=x onerror=alert(1)>`,
		"quotes":   `" onclick="x" '{{.}}' &quot;`,
		"controls": "\x00\x1b[31m\u202eabc\u2028\xff",
		"long":     strings.Repeat("é", 20_000),
		"address":  `https://elsewhere.test/ url(x) src=y`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, x := explored(2, 3, hostile)
			x.Findings[0].Accepted = "2026-11-26"
			text := rendered(t, s, x)
			d := decoded(t, text)
			if n := strings.Count(text, "<script"); n != 2 {
				t.Errorf("%d scripts, expected 2", n)
			}
			rest := dataPart.ReplaceAllString(text, "")
			for _, bad := range []string{"<img", "<!--", "\x00", "\x1b", "\u202e"} {
				if strings.Contains(text, bad) {
					t.Errorf("the page has %q", bad)
				}
			}
			if strings.Contains(rest, `" onclick`) {
				t.Error("a text has become an attribute")
			}
			if why := d.Text[d.Runs[2].Why[0]]; why != journal.Printable("no-cap: 14 attempts"+hostile) {
				t.Errorf("a text has become %.200q", why)
			}
			if name == "long" && len(rest) > 200_000 {
				t.Errorf("a long text makes %d bytes", len(rest))
			}
		})
	}
}

// Ensure the page loads nothing, and runs only its own script.
func TestPageLoadsNothing(t *testing.T) {
	t.Parallel()
	s, x := explored(3, 3, "")
	text := rendered(t, s, x)
	policy := html.UnescapeString(regexp.MustCompile(`Security-Policy" content="([^"]*)"`).FindStringSubmatch(text)[1])
	for part, source := range map[string]string{"style": "style-src", "script": "script-src"} {
		inline := regexp.MustCompile(`(?s)<`+part+`>(.*?)</`+part+`>`).FindAllStringSubmatch(text, -1)
		if len(inline) != 1 {
			t.Fatalf("%d inline %ss, expected 1", len(inline), part)
		}
		sum := sha256.Sum256([]byte(inline[0][1]))
		want := source + " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		if !strings.Contains(policy, want) {
			t.Errorf("the policy is %s, expected %s", policy, want)
		}
	}
	if !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %s", policy)
	}
	rest := dataPart.ReplaceAllString(text, "")
	for _, bad := range []string{"http:", "https:", "src=", "url(", "@import", " style=", "innerHTML", "<link", " onclick="} {
		if strings.Contains(rest, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	const most = 20 << 10
	if len(pageText) > most {
		t.Errorf("page.html has %d bytes, expected at most %d", len(pageText), most)
	}
}

// Ensure each run and each finding is reached by a link, and is in the data.
func TestPageHasAll(t *testing.T) {
	t.Parallel()
	s, _ := explored(3, 3, "")
	first := s.results[key{operation: "a.things.create", nth: 1, failure: LostReply}]
	two := *first
	two.Number, two.After = len(s.results)+1, &Earlier{"a.things.list", 2, "a.things.list/401"}
	two.Case = &Case{Number: two.Number, point: first.Case.point, failure: first.Case.failure, first: &Case{point: &point{Point: Point{Operation: "a.things.list", Nth: 2}}, failure: failure{name: "a.things.list/401", about: "the answer is 401"}}}
	s.results[two.Case.key()] = &two
	x := reported(s, "")
	text := rendered(t, s, x)
	d := decoded(t, text)
	if len(d.Runs) != len(s.results) || len(d.Findings) != len(x.Findings) {
		t.Errorf("%d runs and %d findings, expected %d and %d", len(d.Runs), len(d.Findings), len(s.results), len(x.Findings))
	}
	for _, r := range d.Runs {
		if !strings.Contains(text, fmt.Sprintf(`href="#run-%d"`, r.Number)) || strings.Count(text, fmt.Sprintf(`id="cell-%d"`, r.Number)) != 1 {
			t.Errorf("run %d has no link, or not one cell", r.Number)
		}
	}
	for i, f := range x.Findings {
		if !strings.Contains(text, f.File+" · fingerprint "+f.Fingerprint) || d.Findings[i].Again != "standin run "+f.File+" -- ./client sync" {
			t.Errorf("%s is not in the list, or cannot be seen again: %q", f.File, d.Findings[i].Again)
		}
	}
	if want := "401 at a.things.list 2, then lost-reply at POST /v1/things"; !strings.Contains(text, want) {
		t.Errorf("the page has not %q", want)
	}
	var heads []string
	for _, m := range regexp.MustCompile(`<th scope="col" title="[^"]*">([^<]*)`).FindAllStringSubmatch(text, -1) {
		heads = append(heads, m[1])
	}
	if got, want := strings.Join(heads, ", "), "lost-reply, half-answer, dead-token, reset, reset ∞, unanswered, hang, 401, 404, 503"; got != want {
		t.Errorf("the columns are %s, expected %s", got, want)
	}
	if again := rendered(t, s, x); again != text {
		t.Error("the same report gives another page")
	}
}

// Ensure cells without a run say why.
func TestPageLeftOut(t *testing.T) {
	t.Parallel()
	s, _ := explored(4, 2, "")
	leave := func(why string, nth int, failure string, forever bool) {
		k := key{operation: "a.things.create", nth: nth, failure: failure, forever: forever}
		c := s.results[k].Case
		delete(s.results, k)
		s.leave(why, c)
	}
	for _, r := range s.inOrder() {
		if r.Nth == 3 {
			leave(sameSite, 3, r.Failure, r.Times == Forever)
		}
	}
	leave(noImpact, 1, Reset, true)
	leave(sameReaction, 2, Hang, false)
	leave(budget, 4, DeadToken, false)
	leave(budget, 4, Reset, true)
	x := reported(s, "")
	text := rendered(t, s, x)
	for _, want := range []string{
		`<span>call-site: 10 failures left out</span>`,
		`<span title="reset ∞: Left out: the client did not send such a request again`,
		`<span title="hang: Left out: at another request to the operation`,
		`<span title="dead-token: Left out: the runs or the time were used up.">budget</span>`,
		`<span title="reset ∞: Left out: the runs or the time were used up.">budget</span>`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page has not %s", want)
		}
	}
	delete(s.plan.reasons, key{operation: "a.things.create", nth: 4, failure: DeadToken})
	x.Complete = false
	if text := rendered(t, s, x); !strings.Contains(text, `interrupted before.">not run</span>`) {
		t.Error("the page of an exploration that was interrupted does not say so")
	}
}

// Ensure a report with many runs makes a page that opens quickly.
func TestPageLarge(t *testing.T) {
	t.Parallel()
	began := time.Now()
	s, x := explored(125, 50, "") // with eight failures and one without end
	text := rendered(t, s, x)
	if n := len(s.results); n < 1000 {
		t.Fatalf("%d runs, expected at least 1000", n)
	}
	const most = 4 << 20
	if len(text) > most {
		t.Errorf("the page has %d bytes, expected at most %d", len(text), most)
	}
	t.Logf("%d runs: %d bytes in %s", len(s.results), len(text), time.Since(began))
}

// Ensure a page has a limited number of requests, and shows of each run those around the failure.
func TestPageWindow(t *testing.T) {
	t.Parallel()
	many := make([]*Result, 2000)
	for i := range many {
		many[i] = &Result{Steps: make([]Step, maxSteps)}
	}
	if n := kept(many); n*len(many) > maxPageSteps || n < 50 {
		t.Errorf("%d requests of each run", n)
	}
	all := make([]Step, 100)
	for _, c := range []struct{ failed, from, to int }{{3, 0, 10}, {9, 0, 10}, {50, 45, 55}, {99, 90, 100}} {
		clear(all)
		all[c.failed].Fault = true
		if from, to := window(all, 10); from != c.from || to != c.to {
			t.Errorf("failure at %d: %d to %d, expected %d to %d", c.failed, from, to, c.from, c.to)
		}
	}
}

// Ensure a command is shown as a shell reads it.
func TestShellLine(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"pytest -x tests/a.py": {"pytest", "-x", "tests/a.py"},
		`sh -c 'a && b' ''`:    {"sh", "-c", "a && b", ""},
		`'it'\''s'`:            {"it's"},
		"'a$b' '*'":            {"a$b", "*"},
	} {
		if got := shellLine(args); got != want {
			t.Errorf("%q: %s, expected %s", args, got, want)
		}
	}
}

// Ensure texts can be read on their backgrounds, in the light and in the dark.
func TestPageContrast(t *testing.T) {
	t.Parallel()
	pairs := regexp.MustCompile(`background: (#\w{6}); color: (#\w{6});`).FindAllStringSubmatch(pageText, -1)
	for _, root := range regexp.MustCompile(`:root \{.*\}`).FindAllString(pageText, -1) {
		of := map[string]string{}
		for _, m := range regexp.MustCompile(`--(\w+): (#\w{6})`).FindAllStringSubmatch(root, -1) {
			of[m[1]] = m[2]
		}
		for _, text := range []string{"text", "grey", "link", "bad"} {
			pairs = append(pairs, []string{text, of["page"], of[text]}, []string{text, of["box"], of[text]})
		}
	}
	if len(pairs) != 2*(len(words)+8) {
		t.Fatalf("%d pairs of colours", len(pairs))
	}
	for _, p := range pairs {
		a, b := luminance(t, p[1]), luminance(t, p[2])
		if ratio := (max(a, b) + .05) / (min(a, b) + .05); ratio < 4.5 {
			t.Errorf("%s: %s on %s has a contrast of %.2f, expected at least 4.5", p[0], p[2], p[1], ratio)
		}
	}
}

// luminance returns the relative luminance of a colour.
func luminance(t *testing.T, colour string) (sum float64) {
	t.Helper()
	n, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	for i, weight := range []float64{.0722, .7152, .2126} {
		c := float64(n>>(8*i)&0xff) / 255
		if c <= .04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

// Ensure output keeps its lines and its tabs, and nothing else that cannot be printed.
func TestPrintableLines(t *testing.T) {
	t.Parallel()
	if got, want := printableLines("a\tb\r\n\x1b[0mc\n\nd"), "a\tb\n\\x1b[0mc\n\nd"; got != want {
		t.Errorf("%q, expected %q", got, want)
	}
	if !bytes.Equal([]byte(printableLines("")), nil) {
		t.Error("no output has become some")
	}
}
