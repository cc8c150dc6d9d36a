package fault

import (
	"encoding/json"
	"slices"

	"standin/internal/file"
	"standin/internal/value"
)

// A Break is a way in which a connection breaks. Breaks lists them.
type Break string

// These are the breaks. "Closed" in their descriptions means that the client sees the end of the
// stream (FIN). Only Reset sends a TCP RST.
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
	Answers bool   // the break sends a part of an answer, whatever its options are
	Options []BreakOption
}

// A BreakOption is a member of Connection that applies to a break.
type BreakOption struct {
	Name    string
	Default string
	Words   []string // the possible values; empty if the option is a number, a duration or a flag
}

// breaks describes the breaks. Checks, hints, the JSON Schema and the table in the documentation
// come from it.
var breaks = []BreakInfo{
	{Reset, "a TCP RST before the headers, after them, or after some bytes of the body", false, []BreakOption{
		{"at", "start", []string{"start", "headers", "body"}}, {"bytes", "half of the body", nil}, {"silent", "false", nil},
	}},
	{Empty, "the connection is closed before any byte", false, []BreakOption{{"silent", "false", nil}}},
	{Garbage, "bytes that are not HTTP, then the connection is closed", false, []BreakOption{{"bytes", "64", nil}}},
	{MalformedChunk, "a chunked answer whose second chunk has no length, then the connection is closed", true, nil},
	{Truncate, "a part of the body, then the connection is closed", true, []BreakOption{
		{"bytes", "half of the body", nil}, {"mode", "framed", []string{"framed", "silent"}},
	}},
	{ContentLength, "a wrong Content-Length, or none", true, []BreakOption{
		{"mode", "longer", []string{"longer", "shorter", "missing"}}, {"by", "10", nil},
	}},
	{Hang, "no answer for a time, then the connection is closed", false, []BreakOption{{"for", "5m", nil}, {"silent", "false", nil}}},
	{SlowClose, "the whole answer; the connection is closed late", true, []BreakOption{{"for", "1s", nil}}},
}

// Option returns the option with the given name. It returns nil if the option does not apply to the
// break.
func (b *BreakInfo) Option(name string) *BreakOption {
	i := slices.IndexFunc(b.Options, func(o BreakOption) bool { return o.Name == name })
	if i < 0 {
		return nil
	}
	return &b.Options[i]
}

// Breaks returns the breaks, in the order of the constants.
func Breaks() []BreakInfo { return slices.Clone(breaks) }

// A Connection says how the connection breaks. A file may give the kind alone, without a mapping.
type Connection struct {
	Kind Break `json:"kind" fixture:"required"`
	// At is where a Reset happens: "start" (default, before the headers), "headers" (after them) or
	// "body" (after Bytes of the body).
	At string `json:"at,omitempty"`
	// Bytes is how many bytes of the body a Reset at "body" or a Truncate sends. The default is
	// half of the body. For Garbage it is the number of bytes sent, 64 by default.
	Bytes *int `json:"bytes,omitempty"`
	// Mode depends on the kind. For Truncate it is "framed" (default: Content-Length is that of the
	// whole body) or "silent" (Content-Length is that of the part). For ContentLength it is
	// "longer" (default), "shorter" or "missing".
	Mode string `json:"mode,omitempty"`
	// By is how many bytes a Content-Length is wrong by. The default is 10.
	By int `json:"by,omitempty"`
	// For is how long a Hang lasts (default 5m), or how long a SlowClose waits (default 1s).
	For Duration `json:"for,omitempty"`
	// Silent sends no byte before a Reset at "start", an Empty or the end of a Hang. Without it, a
	// rule with a limited count first sends an interim 100 Continue. HTTP libraries may repeat a
	// request that got no byte, and the client does not notice.
	Silent bool `json:"silent,omitempty"`
}

// Cut returns a break of a kind, with default options.
func Cut(kind Break) *Connection { return &Connection{Kind: kind} }

// NeedsAnswer reports whether the break sends a part of an answer.
func (c *Connection) NeedsAnswer() bool {
	i := slices.IndexFunc(breaks, func(b BreakInfo) bool { return b.Kind == c.Kind })
	return i < 0 || breaks[i].Answers || c.At == "headers" || c.At == "body"
}

// UnmarshalNode reads a kind, or a mapping with a kind.
func (c *Connection) UnmarshalNode(n file.Node) error {
	if !n.IsMapping() {
		return n.Decode((*string)(&c.Kind))
	}
	type plain Connection
	return n.Decode((*plain)(c))
}

// MarshalJSON writes the break in the form that UnmarshalNode reads.
func (c *Connection) MarshalJSON() ([]byte, error) {
	if *c == (Connection{Kind: c.Kind}) {
		return json.Marshal(string(c.Kind))
	}
	type plain Connection
	return json.Marshal((*plain)(c))
}

// JSONSchema returns a JSON Schema of a break.
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

// schema returns a JSON Schema of a Connection of one kind.
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
