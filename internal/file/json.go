package file

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"go.yaml.in/yaml/v4"
)

// YAML is almost a superset of JSON. It does not accept surrogate pairs and tabs, which are in
// responses that people paste. So JSON is parsed as JSON, into the same nodes.

// readJSON reads a file that is one JSON object or list; nil if it is anything else. It holds back long
// lists if it has a source for them.
func readJSON(data []byte, s *source) *yaml.Node {
	if !begins(data, "{[") {
		return nil
	}
	r := newJSONReader(data).in(s, 1, 1)
	root, err := r.read()
	if err != nil {
		return nil
	}
	if _, err := r.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil
	}
	return root
}

// begins reports whether a text begins with blanks and then one of some signs.
func begins(text []byte, signs string) bool {
	text = bytes.TrimLeft(text, blanks)
	return len(text) > 0 && strings.IndexByte(signs, text[0]) >= 0
}

// blanks are those of JSON.
const blanks = " \t\r\n"

// A jsonReader makes nodes from valid JSON.
type jsonReader struct {
	data   []byte
	dec    *jsontext.Decoder
	source *source // holds long lists; nil: none are held back
	// line and column are those of the byte at offset at, which only grows
	at, line, column int
}

func newJSONReader(data []byte) *jsonReader {
	dec := jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true))
	return &jsonReader{data: data, dec: dec, line: 1, column: 1}
}

// in returns the reader of a part of a file, with the place at which the part begins.
func (r *jsonReader) in(s *source, line, column int) *jsonReader {
	r.source, r.line, r.column = s, line, column
	return r
}

// locate moves to the start of the next token.
func (r *jsonReader) locate() {
	to := int(r.dec.InputOffset())
	to += len(r.data[to:]) - len(bytes.TrimLeft(r.data[to:], blanks+",:"))
	r.moveTo(to)
}

func (r *jsonReader) moveTo(to int) {
	to = min(to, len(r.data))
	if to <= r.at {
		return
	}
	passed := r.data[r.at:to]
	if lines := bytes.Count(passed, []byte("\n")); lines > 0 {
		r.line, r.column = r.line+lines, 1
		passed = passed[bytes.LastIndexByte(passed, '\n')+1:]
	}
	r.at, r.column = to, r.column+utf8.RuneCount(passed) // columns count characters, not bytes
}

func (r *jsonReader) read() (*yaml.Node, error) {
	r.locate()
	n := &yaml.Node{Line: r.line, Column: r.column}
	if r.dec.PeekKind() == '[' {
		n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
		return n, r.list(n)
	}
	tok, err := r.dec.ReadToken()
	if err != nil {
		return nil, err
	}
	switch tok.Kind() {
	case '{':
		n.Kind, n.Tag = yaml.MappingNode, "!!map"
		for r.dec.PeekKind() != '}' {
			c, err := r.read()
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, c)
		}
		_, err = r.dec.ReadToken()
		return n, err
	case '"':
		n.Style = yaml.DoubleQuotedStyle
		n.Tag = "!!str"
	case 'n':
		n.Tag = "!!null"
	case '0':
		n.Tag = "!!int"
		if strings.ContainsAny(tok.String(), ".eE") {
			n.Tag = "!!float"
		}
	default:
		n.Tag = "!!bool"
	}
	n.Kind, n.Value = yaml.ScalarNode, tok.String()
	return n, nil
}

// maxFlow is the size in bytes up to which a file that begins with a brace or a bracket may be YAML. To
// find that a larger one is not would take much time and memory.
const maxFlow = 1 << 20

// mustBeJSON reports whether a file that is not JSON is wrong, whatever else it may be.
func mustBeJSON(name string, data []byte) bool {
	return strings.HasSuffix(name, ".json") || len(data) > maxFlow && begins(data, "{[")
}

// looksLikeJSON reports whether a file that is wrong was meant to be JSON: it begins with a brace and a
// quote, or with two brackets or braces.
func looksLikeJSON(data []byte) bool {
	text := bytes.TrimLeft(data, blanks)
	return begins(text, "{") && begins(text[1:], `"`) || begins(text, "[") && begins(text[1:], `"{[`)
}

// jsonError returns an error that says why and where data is not JSON.
func jsonError(name string, data []byte) error {
	r := newJSONReader(data)
	message := "expected an object or a list"
	if _, err := r.dec.ReadValue(); err == nil {
		if end := int(r.dec.InputOffset()); len(bytes.TrimSpace(data[end:])) > 0 {
			r.locate()
			message = "not JSON: text after the end of the value"
		}
	} else if at, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		r.moveTo(int(at.ByteOffset))
		message = "not JSON: " + at.Err.Error()
	}
	return &Error{File: name, Line: r.line, Column: r.column, Message: message}
}
