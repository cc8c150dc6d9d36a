package journal

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"standin/emulator/fault"
	"standin/internal/contract"
	"standin/internal/file"
	"standin/internal/value"
)

// A Pattern describes requests. A request matches if it matches all members that are given.
type Pattern struct {
	Operation string                    `json:"operation,omitempty"` // the operations, as operationId or glob, as in the where of a rule
	Method    string                    `json:"method,omitempty"`    // GET, POST…
	Path      string                    `json:"path,omitempty"`      // a glob that matches the path with or without its prefixes
	Query     map[string]*string        `json:"query,omitempty"`     // query parameters, by name, as in the where of a rule; null means absent
	Header    map[string]*string        `json:"header,omitempty"`    // request headers, by name, as in the where of a rule; null means absent
	Caller    fault.Caller              `json:"caller,omitzero"`     // who sends the request
	Body      map[string]fault.BodyTest `json:"body,omitempty"`      // tests of a JSON body of up to 16 KiB, by JSON pointer, as in the where of a rule
	Status    string                    `json:"status,omitempty"`    // the status of the reply, such as 503 or 5xx; "none" if no reply was sent
	Fault     string                    `json:"fault,omitempty"`     // the name of a rule that fired; "*" for any rule
	Ended     Ended                     `json:"ended,omitempty"`     // how the exchange ended, such as aborted if the client left before the end of the reply
}

// IsZero reports whether no member is given.
func (p *Pattern) IsZero() bool {
	return p.Operation == "" && p.Method == "" && p.Path == "" && p.Status == "" && p.Fault == "" && p.Ended == "" &&
		len(p.Query) == 0 && len(p.Header) == 0 && len(p.Body) == 0 && p.Caller == fault.Caller{}
}

// String describes the pattern. It does not show the values of headers and tokens, which may be
// secrets.
func (p *Pattern) String() string {
	var words []string
	for _, w := range []struct{ name, text string }{
		{"", p.Operation}, {"method ", p.Method}, {"path ", p.Path}, {"caller ", p.Caller.User}, {"project ", p.Caller.Project},
		{"status ", p.Status}, {"fault ", p.Fault}, {"ended ", string(p.Ended)},
	} {
		if w.text != "" {
			words = append(words, w.name+w.text)
		}
	}
	if p.Caller.Token != "" {
		words = append(words, "a token")
	}
	for _, name := range slices.Sorted(maps.Keys(p.Query)) {
		if v := p.Query[name]; v != nil {
			words = append(words, "query "+name+"="+*v)
		} else {
			words = append(words, "no query "+name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Header)) {
		if p.Header[name] != nil {
			words = append(words, "header "+name)
		} else {
			words = append(words, "no header "+name)
		}
	}
	for _, pointer := range slices.Sorted(maps.Keys(p.Body)) {
		words = append(words, "body "+testString(pointer, p.Body[pointer]))
	}
	if len(words) == 0 {
		return "any request"
	}
	return strings.Join(words, ", ")
}

// testString describes a test of a value.
func testString(pointer string, t fault.BodyTest) string {
	words := []string{pointer}
	if t.Exists != nil && !*t.Exists {
		return "without " + pointer
	}
	if t.Equals != nil {
		text, err := json.Marshal(t.Equals)
		if err != nil { // a Go value that no request can have
			text = fmt.Appendf(nil, "%v", t.Equals)
		}
		words = append(words, "= "+string(text))
	}
	if t.Matches != nil {
		words = append(words, fmt.Sprintf("matches %q", *t.Matches))
	}
	return strings.Join(words, " ")
}

// UnmarshalNode reads a pattern. A status may be written as a number.
func (p *Pattern) UnmarshalNode(n file.Node) error {
	var plain struct {
		Operation contract.Patterns         `json:"operation"`
		Method    string                    `json:"method"`
		Path      string                    `json:"path"`
		Query     map[string]*string        `json:"query"`
		Header    map[string]*string        `json:"header"`
		Caller    fault.Caller              `json:"caller"`
		Body      map[string]fault.BodyTest `json:"body"`
		Status    statusWords               `json:"status"`
		Fault     string                    `json:"fault"`
		Ended     endedWord                 `json:"ended"`
	}
	if err := n.Decode(&plain); err != nil {
		return err
	}
	*p = Pattern{
		string(plain.Operation), plain.Method, plain.Path, plain.Query, plain.Header, plain.Caller, plain.Body,
		string(plain.Status), plain.Fault, Ended(plain.Ended),
	}
	return nil
}

// statusWords is a status in files: 503, 5xx or none.
type statusWords string

func (s *statusWords) UnmarshalText(text []byte) error {
	t := strings.ToLower(string(text))
	ok := t == none || len(t) == 3 && t[0] >= '1' && t[0] <= '9' && (t[1:] == "xx" || isDigit(t[1]) && isDigit(t[2]))
	if !ok {
		return fmt.Errorf("expected a status such as 503, 5xx or none, got %q", text)
	}
	*s = statusWords(t)
	return nil
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }

// endedWord is the end of an exchange in files.
type endedWord Ended

var ends = []string{string(Open), string(Answered), string(Aborted), string(Cut)}

func (e *endedWord) UnmarshalText(text []byte) error {
	if !slices.Contains(ends, string(text)) {
		return fmt.Errorf("expected open, answered, aborted or cut, got %q%s", text, file.Hint(string(text), ends))
	}
	*e = endedWord(text)
	return nil
}

// JSONSchema returns a JSON Schema of a pattern.
func (*Pattern) JSONSchema() *value.Object {
	type plain Pattern
	o := file.SchemaFor[plain]()
	properties := o.Object("properties")
	properties.Set("operation", (*contract.Patterns)(nil).JSONSchema())
	properties.Set("status", value.NewObject(value.Member{Name: "type", Value: []any{"string", "integer"}}))
	properties.Set("ended", value.NewObject(value.Member{Name: "enum", Value: value.List(ends)}))
	return o
}
