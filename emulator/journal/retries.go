package journal

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"standin/internal/contract"
	"standin/internal/file"
	"standin/internal/value"
)

// A RetryRule is the id of a rule by which retries are judged.
type RetryRule string

// These are the rules. A rule fails if a client does what the name of the rule says.
const (
	RepeatsClientError  RetryRule = "repeats-client-error"    // it sends a refused request again, unchanged
	KeepsDeadToken      RetryRule = "keeps-dead-token"        // it sends the token of a 401 again
	LogsInAgainAndAgain RetryRule = "logs-in-again-and-again" // it logs in more than once for one 401
	GivesUpEarly        RetryRule = "gives-up-early"          // it never repeats an idempotent request after 503, 429 or a lost connection; a warning unless required
	IgnoresRetryAfter   RetryRule = "ignores-retry-after"     // it comes back before the time that Retry-After said
	NoPause             RetryRule = "no-pause"                // it repeats a request within 10 ms
	NoBackoff           RetryRule = "no-backoff"              // its pauses do not grow
	NoJitter            RetryRule = "no-jitter"               // its pauses are the same in every chain
	NoCap               RetryRule = "no-cap"                  // it makes more attempts than Max
	RepeatsUnsafely     RetryRule = "repeats-unsafely"        // it repeats a POST whose outcome it does not know, and there are two records
	BodyChanges         RetryRule = "body-changes"            // a later attempt has another body or Idempotency-Key
	WrongUnit           RetryRule = "wrong-unit"              // it takes seconds for milliseconds, or milliseconds for seconds
	Stampedes           RetryRule = "stampedes"               // several callers come back at the same moment
	Amplifies           RetryRule = "amplifies"               // it sends more than ten times the requests of a run without failures
	RepeatsUnseen       RetryRule = "repeats-unseen"          // its HTTP library repeats a POST by itself
)

// RetryRules returns the rules, in the order of reports.
func RetryRules() []RetryRule {
	return []RetryRule{
		RepeatsClientError, KeepsDeadToken, LogsInAgainAndAgain, GivesUpEarly, IgnoresRetryAfter, NoPause, NoBackoff, NoJitter, NoCap,
		RepeatsUnsafely, BodyChanges, WrongUnit, Stampedes, Amplifies, RepeatsUnseen,
	}
}

// UnmarshalText reads the id of a rule.
func (r *RetryRule) UnmarshalText(text []byte) error {
	known, err := file.Word("rule", string(text), RetryRules())
	if err == nil {
		*r = known
	}
	return err
}

// These are the defaults of a Grading.
const (
	DefaultMaxAttempts = 10 // attempts of one request
	DefaultTolerance   = 10 // percent of a Retry-After by which a client may come early; at least 50 ms are tolerated
)

// A Grading says which retries are judged, and how strictly. The zero Grading judges all retries by
// the defaults.
type Grading struct {
	// Operation selects operations, as operationId or glob. The default is all operations.
	Operation string `json:"operation,omitempty"`
	// Except lists rules that are not judged.
	Except []RetryRule `json:"except,omitempty"`
	// Require lists rules that must pass. They fail if they warn, or if the situation did not come.
	Require []RetryRule `json:"require,omitempty"`
	// Max is the maximum number of attempts of a request. The default is 10.
	Max int `json:"max,omitempty"`
	// Tolerance is how much earlier than Retry-After a client may come, from 1 %; 0 is 10 %. At
	// least 50 ms are tolerated.
	Tolerance Percent `json:"tolerance,omitempty"`
}

// Good is the word in files for a grading by the defaults.
const Good = "good"

// UnmarshalNode reads the word good, or the members of a grading.
func (g *Grading) UnmarshalNode(n file.Node) error {
	type plain Grading
	if n.IsMapping() {
		*g = Grading{}
		if err := contract.DecodeOperation(n, &g.Operation, (*plain)(g)); err != nil {
			return err
		}
		if _, given := n.Get("max"); given && g.Max < 1 {
			return n.At("max").Errorf("max is at least 1: the first attempt counts")
		}
		return nil
	}
	var word string
	if err := n.Decode(&word); err != nil || word != Good {
		return n.Errorf("expected good, or a mapping with operation, except, require, max, tolerance")
	}
	*g = Grading{}
	return nil
}

// JSONSchema returns a JSON Schema of a grading.
func (*Grading) JSONSchema() *value.Object {
	type plain Grading
	members := file.SchemaFor[plain]()
	members.Object("properties").Set("operation", (*contract.Patterns)(nil).JSONSchema())
	return value.NewObject(value.Member{Name: "anyOf", Value: []any{value.NewObject(value.Member{Name: "enum", Value: []any{Good}}), members}})
}

// JSONSchema returns a JSON Schema of a rule's id.
func (*RetryRule) JSONSchema() *value.Object {
	var all []any
	for _, r := range RetryRules() {
		all = append(all, string(r))
	}
	return value.NewObject(value.Member{Name: "enum", Value: all})
}

// String describes the grading.
func (g *Grading) String() string {
	text := "good retries"
	if g.Operation != "" {
		text += " of " + g.Operation
	}
	if len(g.Except) > 0 {
		text += ", except " + joined(g.Except)
	}
	return text
}

// joined returns the ids of rules with commas between them.
func joined(rules []RetryRule) string {
	var words []string
	for _, r := range rules {
		words = append(words, string(r))
	}
	return strings.Join(words, ", ")
}

// A Percent is a number from 1 to 100; 0 is the default.
type Percent int

// UnmarshalText reads a percentage, such as 20%.
func (p *Percent) UnmarshalText(text []byte) error {
	digits, _ := strings.CutSuffix(string(text), "%")
	n, err := strconv.ParseUint(digits, 10, 8)
	if err != nil || n < 1 || n > 100 {
		return fmt.Errorf("expected a percentage from 1%% to 100%%, got %q", text)
	}
	*p = Percent(n)
	return nil
}

// MarshalText writes the percentage in the form that UnmarshalText reads.
func (p Percent) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%d%%", int(p)), nil }

// JSONSchema returns a JSON Schema of a percentage.
func (*Percent) JSONSchema() *value.Object {
	return value.NewObject(value.Member{Name: "type", Value: []any{"string", "integer"}})
}

// A RetryVerdict is the result of one rule.
type RetryVerdict string

// These are the verdicts.
const (
	Passed    RetryVerdict = "passed"     // the situation occurred, and the client was right
	Failed    RetryVerdict = "failed"     // the client did what the name of the rule says
	Warning   RetryVerdict = "warning"    // the client did it, but may have a reason
	NotTested RetryVerdict = "not-tested" // the situation did not occur
)

// Retries is the report on how a client retried.
type Retries struct {
	Problem string        `json:"problem,omitempty"` // why nothing was judged, such as an operation that does not exist
	Rules   []RetryResult `json:"rules"`             // the rules that were judged, in the order of RetryRules
}

// A RetryResult is the verdict of one rule, with its evidence.
type RetryResult struct {
	ID      RetryRule    `json:"id"`               // the id of the rule
	Verdict RetryVerdict `json:"verdict"`          // passed, failed, warning or not-tested
	Norm    string       `json:"norm"`             // the source of the rule
	Why     string       `json:"why,omitempty"`    // why the rule was not tested
	Chains  []RetryChain `json:"chains,omitempty"` // where the rule failed, at most the first 20
	More    int          `json:"more,omitempty"`   // the number of places that are not listed
}

// A RetryChain is one logical request: its attempts, and what was wrong with them.
type RetryChain struct {
	Sandbox   string         `json:"sandbox"`             // the name of the sandbox
	Operation string         `json:"operation"`           // the operationId; if the request matches no operation, its method and path
	Entries   []uint64       `json:"entries"`             // the sequence numbers of the attempts in the journal
	Pauses    []Milliseconds `json:"pauses_ms,omitempty"` // from the end of each attempt to the beginning of the next
	Why       string         `json:"why"`                 // what was wrong
}

// Milliseconds is a duration that is a number of milliseconds in JSON.
type Milliseconds time.Duration

// String returns the milliseconds in words: 1500 ms, or 2.1 ms if there are few.
func (m Milliseconds) String() string {
	if d := time.Duration(m); d >= 10*time.Millisecond {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f ms", float64(m)/float64(time.Millisecond))
}

// MarshalJSON writes milliseconds, with at most three decimal digits.
func (m Milliseconds) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(time.Duration(m).Round(time.Microsecond))/float64(time.Millisecond), 'f', -1, 64), nil
}

// UnmarshalJSON reads milliseconds.
func (m *Milliseconds) UnmarshalJSON(text []byte) error {
	ms, err := strconv.ParseFloat(string(text), 64)
	*m = Milliseconds(ms * float64(time.Millisecond))
	return err
}

// JSONSchema returns a JSON Schema of milliseconds.
func (*Milliseconds) JSONSchema() *value.Object {
	return value.NewObject(value.Member{Name: "type", Value: "number"})
}

// Result returns the result of a rule. It returns nil if the report does not have the rule.
func (r *Retries) Result(id RetryRule) *RetryResult {
	for i := range r.Rules {
		if r.Rules[i].ID == id {
			return &r.Rules[i]
		}
	}
	return nil
}

// Failed returns the results of the rules that failed.
func (r *Retries) Failed() []*RetryResult { return r.having(Failed) }

func (r *Retries) having(v RetryVerdict) (all []*RetryResult) {
	for i := range r.Rules {
		if r.Rules[i].Verdict == v {
			all = append(all, &r.Rules[i])
		}
	}
	return all
}

// Good reports whether no rule failed.
func (r *Retries) Good() bool { return r.Problem == "" && len(r.Failed()) == 0 }

// String returns the report as text. It has a line for each rule that failed or warns, followed by
// its evidence, and a line that counts the other rules.
func (r *Retries) String() string {
	if r.Problem != "" {
		return r.Problem
	}
	var b strings.Builder
	for _, v := range []RetryVerdict{Failed, Warning} {
		for _, x := range r.having(v) {
			b.WriteString(x.String())
		}
	}
	b.WriteString(r.Summary())
	return b.String()
}

// Summary returns a text that counts the rules by their verdicts.
func (r *Retries) Summary() string {
	return fmt.Sprintf("%d rules failed, %d warn, %d passed, %d were not tested",
		len(r.having(Failed)), len(r.having(Warning)), len(r.having(Passed)), len(r.having(NotTested)))
}

// String returns the result as lines of text.
func (x *RetryResult) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-8s %s: %s\n", strings.ToUpper(string(x.Verdict)), x.ID, x.Norm)
	for _, line := range x.Lines() {
		fmt.Fprintf(&b, "         %s\n", line)
	}
	return b.String()
}

// Lines returns what the rule found, a line for each chain, or why it was not tested.
func (x *RetryResult) Lines() []string {
	var all []string
	if x.Why != "" {
		all = append(all, x.Why)
	}
	for _, c := range x.Chains {
		where := c.Operation
		if c.Sandbox != "" && c.Sandbox != "default" {
			where += " in sandbox " + c.Sandbox
		}
		all = append(all, where+": "+c.Why)
	}
	if x.More > 0 {
		all = append(all, fmt.Sprintf("and %d more", x.More))
	}
	return all
}
