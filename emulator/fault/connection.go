package fault

import (
	"encoding/json"
	"slices"
	"strings"

	"standin/internal/file"
	"standin/internal/value"
)

// A Break is a way for a connection to break.
type Break string

// The breaks. "Cut" means that the client sees the end of the stream (FIN);
// only Reset sends a TCP RST.
const (
	Reset          Break = "reset"           // RST: before the headers, after them, or in the body
	Empty          Break = "empty"           // cut without a byte
	Garbage        Break = "garbage"         // bytes that are no HTTP, then cut
	MalformedChunk Break = "malformed_chunk" // a chunked answer whose second chunk has no length, then cut
	Truncate       Break = "truncate"        // part of the body
	ContentLength  Break = "content_length"  // a Content-Length that is not the body's, or none
	Hang           Break = "hang"            // no answer at all
	SlowClose      Break = "slow_close"      // the answer, and the end of the stream late
)

var breaks = []string{
	string(Reset), string(Empty), string(Garbage), string(MalformedChunk),
	string(Truncate), string(ContentLength), string(Hang), string(SlowClose),
}

// A Connection says how the connection breaks. In a file, a break without more
// is written as its kind alone.
type Connection struct {
	Kind Break `json:"kind" fixture:"required"`
	// At is where a Reset comes: "start" (before the headers, the usual),
	// "headers" (after them) or "body" (after Bytes of it).
	At string `json:"at,omitempty"`
	// Bytes is how much of the body a Reset at "body" or a Truncate lets through
	// (a half unless given), and how long Garbage is (64 unless given).
	Bytes *int `json:"bytes,omitempty"`
	// Mode is, for Truncate, "framed" (default: Content-Length is that of the
	// whole body) or "silent" (it is that of what comes); for ContentLength "longer"
	// (default), "shorter" or "missing".
	Mode string `json:"mode,omitempty"`
	// By is how many bytes a Content-Length lies by; 10 unless given.
	By int `json:"by,omitempty"`
	// For is how long a Hang lasts at most (5m unless given) and how long a
	// SlowClose waits (1s unless given).
	For Duration `json:"for,omitempty"`
	// Silent sends nothing before a Reset at the start, an Empty or the end of a
	// Hang, even where the rule ends: HTTP libraries may then repeat the request unseen.
	Silent bool `json:"silent,omitempty"`
}

// Cut is a break of a kind without more.
func Cut(kind Break) *Connection { return &Connection{Kind: kind} }

// NeedsAnswer reports whether the break shows part of an answer.
func (c *Connection) NeedsAnswer() bool {
	switch c.Kind {
	case Empty, Garbage, Hang:
		return false
	case Reset:
		return c.At == "headers" || c.At == "body"
	default:
		return true
	}
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
		kinds[i] = b
	}
	return value.NewObject(value.Member{Name: "anyOf", Value: []any{
		value.NewObject(value.Member{Name: "enum", Value: kinds}), file.SchemaFor[plain](),
	}})
}

// modes are those that a kind of break knows; the first is the usual one.
var modes = map[Break][]string{
	Truncate:      {"framed", "silent"},
	ContentLength: {"longer", "shorter", "missing"},
}

var resetPlaces = []string{"start", "headers", "body"}

// check returns the first mistake in the break, at the place of the node.
func (c *Connection) check(at file.Node) error {
	kind := at.At("kind")
	switch {
	case !slices.Contains(breaks, string(c.Kind)):
		return kind.Errorf("no connection fault %q%s; expected %s", c.Kind, file.Hint(string(c.Kind), breaks), strings.Join(breaks, ", "))
	case c.At != "" && (c.Kind != Reset || !slices.Contains(resetPlaces, c.At)):
		return at.At("at").Errorf(`"at" applies to reset only: start, headers or body`)
	case c.Mode != "" && modes[c.Kind] == nil:
		return at.At("mode").Errorf(`"mode" is only of truncate and content_length`)
	case c.Mode != "" && !slices.Contains(modes[c.Kind], c.Mode):
		return at.At("mode").Errorf("%s has no mode %q; expected %s", c.Kind, c.Mode, strings.Join(modes[c.Kind], ", "))
	case c.Bytes != nil && (*c.Bytes < 0 || *c.Bytes > mostGarbage):
		return at.At("bytes").Errorf("expected 0 to %d bytes", mostGarbage)
	case c.Bytes != nil && c.Kind != Garbage && c.Kind != Truncate && (c.Kind != Reset || c.At != "body"):
		return at.At("bytes").Errorf(`"bytes" is of garbage, truncate, and reset with at: body`)
	case c.By < 0 || c.By != 0 && c.Kind != ContentLength:
		return at.At("by").Errorf(`"by" is a number of bytes, and only of content_length`)
	case c.For != 0 && c.Kind != Hang && c.Kind != SlowClose:
		return at.At("for").Errorf(`"for" is only of hang and slow_close`)
	case c.Silent && c.NeedsAnswer():
		return at.At("silent").Errorf(`"silent" is for breaks before the answer`)
	}
	return nil
}

// mostGarbage bounds the bytes that a break may name.
const mostGarbage = 1 << 20
