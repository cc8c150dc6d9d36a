package fault

import (
	"encoding/json"
	"slices"

	"standin/internal/file"
	"standin/internal/value"
)

// A Break is a way for a connection to break. Breaks lists them.
type Break string

// The breaks. "Cut" means that the client sees the end of the stream (FIN); only Reset
// sends a TCP RST.
const (
	Reset          Break = "reset"
	Empty          Break = "empty"
	Garbage        Break = "garbage"
	MalformedChunk Break = "malformed_chunk"
	Truncate       Break = "truncate"
	ContentLength  Break = "content_length"
	Hang           Break = "hang"
	SlowClose      Break = "slow_close"
)

// A BreakInfo describes a Break.
type BreakInfo struct {
	Kind    Break
	About   string // what the client sees
	Answers bool   // the break shows a part of an answer, wherever it comes
	Options []BreakOption
}

// A BreakOption is a member of Connection that a break takes, as files write it.
type BreakOption struct {
	Name    string
	Default string
	Words   []string // the values that it can have; none: it is a number, a duration or a flag
}

// breaks is all that is known of the breaks. Checks, hints, the JSON Schema and the table in
// README.md come from it.
var breaks = []BreakInfo{
	{Reset, "a TCP RST before the headers, after them, or after some bytes of the body", false, []BreakOption{
		{"at", "start", []string{"start", "headers", "body"}}, {"bytes", "half of the body", nil}, {"silent", "false", nil},
	}},
	{Empty, "a cut without a byte", false, []BreakOption{{"silent", "false", nil}}},
	{Garbage, "bytes that are not HTTP, then a cut", false, []BreakOption{{"bytes", "64", nil}}},
	{MalformedChunk, "a chunked answer whose second chunk has no length, then a cut", true, nil},
	{Truncate, "a part of the body, then a cut; with mode silent the length is that of the part", true, []BreakOption{
		{"bytes", "half of the body", nil}, {"mode", "framed", []string{"framed", "silent"}},
	}},
	{ContentLength, "a Content-Length that is not the body's, or none", true, []BreakOption{
		{"mode", "longer", []string{"longer", "shorter", "missing"}}, {"by", "10", nil},
	}},
	{Hang, "no answer for a time, then a cut", false, []BreakOption{{"for", "5m", nil}, {"silent", "false", nil}}},
	{SlowClose, "the answer, and the end of the stream late", true, []BreakOption{{"for", "1s", nil}}},
}

// Option returns the option of the name; nil if the break does not take it.
func (b *BreakInfo) Option(name string) *BreakOption {
	i := slices.IndexFunc(b.Options, func(o BreakOption) bool { return o.Name == name })
	if i < 0 {
		return nil
	}
	return &b.Options[i]
}

// Breaks lists the breaks, in the order of the constants.
func Breaks() []BreakInfo { return slices.Clone(breaks) }

// A Connection says how the connection breaks. In a file, a break without more
// is written as its kind alone.
type Connection struct {
	Kind Break `json:"kind" fixture:"required"`
	// At is where a Reset comes: "start" (default: before the headers), "headers" (after
	// them) or "body" (after Bytes of it).
	At string `json:"at,omitempty"`
	// Bytes is how much of the body a Reset at "body" or a Truncate lets through (default
	// half of it), or the length of Garbage (default 64).
	Bytes *int `json:"bytes,omitempty"`
	// Mode is, for Truncate, "framed" (default: Content-Length is that of the
	// whole body) or "silent" (it is that of what comes); for ContentLength "longer"
	// (default), "shorter" or "missing".
	Mode string `json:"mode,omitempty"`
	// By is how many bytes a Content-Length is wrong by; 0 is 10.
	By int `json:"by,omitempty"`
	// For is how long a Hang lasts at most (default 5m), or how long a SlowClose waits
	// (default 1s).
	For Duration `json:"for,omitempty"`
	// Silent sends nothing before a Reset at the start, an Empty or the end of a
	// Hang, even where the rule ends: HTTP libraries may then repeat the request unseen.
	Silent bool `json:"silent,omitempty"`
}

// Cut is a break of a kind without more.
func Cut(kind Break) *Connection { return &Connection{Kind: kind} }

// NeedsAnswer reports whether the break shows a part of an answer.
func (c *Connection) NeedsAnswer() bool {
	i := slices.IndexFunc(breaks, func(b BreakInfo) bool { return b.Kind == c.Kind })
	return i < 0 || breaks[i].Answers || c.At == "headers" || c.At == "body"
}

// UnmarshalNode reads the kind, or a mapping with it.
func (c *Connection) UnmarshalNode(n file.Node) error {
	if !n.IsMapping() {
		return n.Decode((*string)(&c.Kind))
	}
	type plain Connection
	return n.Decode((*plain)(c))
}

// MarshalJSON writes the break as UnmarshalNode reads it.
func (c *Connection) MarshalJSON() ([]byte, error) {
	if *c == (Connection{Kind: c.Kind}) {
		return json.Marshal(string(c.Kind))
	}
	type plain Connection
	return json.Marshal((*plain)(c))
}

// JSONSchema describes the spellings of a break.
func (*Connection) JSONSchema() *value.Object {
	kinds := make([]any, len(breaks))
	forms := make([]any, 1, 1+len(breaks))
	for i := range breaks {
		kinds[i] = string(breaks[i].Kind)
		forms = append(forms, breaks[i].schema())
	}
	forms[0] = value.NewObject(value.Member{Name: "enum", Value: kinds})
	return value.NewObject(value.Member{Name: "anyOf", Value: forms})
}

// schema describes a Connection of one kind.
func (b *BreakInfo) schema() *value.Object {
	type plain Connection
	v, _ := file.SchemaFor[plain]().Get("properties")
	known := v.(*value.Object)
	properties := value.NewObject(value.Member{Name: "kind", Value: value.NewObject(
		value.Member{Name: "const", Value: string(b.Kind)}, value.Member{Name: "description", Value: b.About},
	)})
	for _, o := range b.Options {
		v, _ := known.Get(o.Name)
		if o.Words != nil {
			v = value.NewObject(value.Member{Name: "enum", Value: value.List(o.Words)})
		}
		properties.Set(o.Name, v)
	}
	return value.NewObject(
		value.Member{Name: "type", Value: "object"},
		value.Member{Name: "properties", Value: properties},
		value.Member{Name: "required", Value: []any{"kind"}},
		value.Member{Name: "additionalProperties", Value: false},
	)
}
