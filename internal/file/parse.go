package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v4"
)

// An Error is a mistake in a file, with its place.
type Error struct {
	File         string
	Line, Column int // counted from 1; 0 for the whole file
	Message      string
}

// Error returns FILE:LINE:COLUMN: MESSAGE.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// Parse parses one YAML or JSON document.
func Parse(name string, data []byte) (Node, error) {
	in := &source{name: name}
	if root := readJSON(data, nil); root != nil {
		return Node{in: in, yaml: root}, nil
	}
	if mustBeJSON(name, data) {
		return Node{}, jsonError(name, data)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, next yaml.Node
	if err := dec.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return Node{}, syntaxError(name, data, err)
	}
	if err := dec.Decode(&next); err == nil {
		return Node{}, Node{in: in, yaml: &next}.Errorf("a second document; expected one document in a file")
	} else if !errors.Is(err, io.EOF) {
		return Node{}, syntaxError(name, data, err)
	}
	if doc.Kind == 0 { // an empty file
		return Node{in: in, yaml: &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: 1, Column: 1}}, nil
	}
	root := doc.Content[0]
	if err := (&expander{file: in, sizes: map[*yaml.Node]int{}}).expand(root); err != nil {
		return Node{}, err
	}
	return Node{in: in, yaml: root}, nil
}

// An expander replaces aliases by the values of their anchors.
type expander struct {
	file    *source
	sizes   map[*yaml.Node]int // the expanded size in bytes; 0 while being expanded
	aliases bool
}

// maxExpanded is the max size in bytes of a file with its aliases expanded. Each value counts as
// its text plus nodeSize.
const (
	maxExpanded = 64 << 20
	nodeSize    = 64
)

func (e *expander) expand(n *yaml.Node) error {
	e.sizes[n] = 0
	size := nodeSize + len(n.Value)
	for i, c := range n.Content {
		if c.Kind == yaml.AliasNode {
			at := Node{in: e.file, yaml: c}
			if size, seen := e.sizes[c.Alias]; seen && size == 0 {
				return at.Errorf("alias refers to itself")
			}
			c, e.aliases = c.Alias, true
			n.Content[i] = c
		}
		if _, seen := e.sizes[c]; !seen {
			if err := e.expand(c); err != nil {
				return err
			}
		}
		size += e.sizes[c]
		if e.aliases && size > maxExpanded {
			return Node{in: e.file, yaml: n}.Errorf("the file is larger than %d MiB with its aliases expanded", maxExpanded>>20)
		}
	}
	e.sizes[n] = size
	return nil
}

func syntaxError(name string, data []byte, err error) error {
	if looksLikeJSON(data) {
		return jsonError(name, data)
	}
	if at, ok := errors.AsType[*yaml.LoadError](err); ok {
		line, column := max(at.Mark.Line, 1), max(at.Mark.Column, 1)
		return &Error{File: name, Line: line, Column: column, Message: explain(data, line, column, at.Message)}
	}
	return &Error{File: name, Message: strings.TrimPrefix(err.Error(), "yaml: ")}
}
