package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"standin/internal/value"

	"github.com/go-json-experiment/json/jsontext"
	"go.yaml.in/yaml/v4"
)

// YAML is almost a superset of JSON. It does not accept surrogate pairs and tabs, which are in
// responses that people paste. So JSON is parsed as JSON, into the same nodes.

// readJSON reads a file that is one JSON object or list; nil if it is anything else. It holds back long
// lists if it has a source for them.
func readJSON(data []byte, s *source) *yaml.Node {
	start := bytes.TrimLeft(data, " \t\r\n")
	if len(start) == 0 || start[0] != '{' && start[0] != '[' {
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
	to += len(r.data[to:]) - len(bytes.TrimLeft(r.data[to:], " \t\r\n,:"))
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

// jsonError returns an error that says why and where data is not JSON.
func jsonError(name string, data []byte) error {
	_, err := value.Parse(data)
	r := newJSONReader(data)
	if at, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		r.moveTo(int(at.ByteOffset))
		return &Error{File: name, Line: r.line, Column: r.column, Message: "not JSON: " + at.Err.Error()}
	}
	return &Error{File: name, Message: fmt.Sprintf("expected an object: %v", err)}
}
