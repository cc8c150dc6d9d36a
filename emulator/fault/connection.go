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
	About   string              // what the client sees
	Options []string            // the members of Connection that the break takes, as files write them
	Words   map[string][]string // the values of at and of mode; the first is the default
	Answers bool                // the break shows a part of an answer, wherever it comes
}

// breaks is all that is known of the breaks, less the functions that carry them out.
var breaks = []BreakInfo{
	{
		Reset, "a TCP RST before the headers, after the headers, or after some bytes of the body", []string{"at", "bytes", "silent"},
		map[string][]string{"at": {"start", "headers", "body"}}, false,
	},
	{Empty, "a cut without a byte", []string{"silent"}, nil, false},
	{Garbage, "bytes that are not HTTP, then a cut", []string{"bytes"}, nil, false},
	{MalformedChunk, "a chunked answer whose second chunk has no length, then a cut", nil, nil, true},
	{
		Truncate, "a part of the body, then a cut; with the mode silent the length is that of the part", []string{"bytes", "mode"},
		map[string][]string{"mode": {"framed", "silent"}}, true,
	},
	{
		ContentLength, "a Content-Length that is not the body's, or none", []string{"mode", "by"},
		map[string][]string{"mode": {"longer", "shorter", "missing"}}, true,
	},
	{Hang, "no answer at all, then a cut", []string{"for", "silent"}, nil, false},
	{SlowClose, "the answer, and the end of the stream late", []string{"for"}, nil, true},
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
	type plain Connection
	kinds := make([]any, len(breaks))
	for i, b := range breaks {
		kinds[i] = string(b.Kind)
	}
	return value.NewObject(value.Member{Name: "anyOf", Value: []any{
		value.NewObject(value.Member{Name: "enum", Value: kinds}), file.SchemaFor[plain](),
	}})
}
