package file

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"reflect"
	"runtime"
	"slices"

	"go.yaml.in/yaml/v4"
)

// A list is a list whose elements are parsed when they are read.
type list struct {
	source *source

	lines [][]byte // of a list in YAML
	line  int      // of the first one, counting from 0
	dash  int      // the column of its dashes

	cuts []cut // of a list in JSON
	many int   // how many elements these have
}

// A cut is some elements of a list in JSON, without the brackets, and their place, counting from 1.
type cut struct {
	text         []byte
	line, column int
}

// errSplit means that a file cannot be parsed part by part.
var errSplit = errors.New("the file cannot be parsed part by part")

// ParseLong is like Parse, but it does not hold the nodes of long lists: Each parses their elements. If
// something fails, and the node is Partial, the caller must parse the file with Parse. The file may be
// right, and if it is not, only Parse has the right message.
func ParseLong(name string, data []byte) (Node, error) { return parseLong(name, data, longList) }

func parseLong(name string, data []byte, long int) (Node, error) {
	s := &source{name: name, long: long}
	if root := readJSON(data, s); root != nil {
		return Node{in: s, yaml: root}, nil
	}
	if mustBeJSON(name, data) {
		return Node{}, jsonError(name, data)
	}
	s.lists = nil // those of JSON
	lines := linesOf(data)
	s.total, s.open = len(lines), !bytes.HasSuffix(data, []byte("\n"))
	if root, err := s.yaml(lines, 0); err == nil && root.Kind == yaml.MappingNode && len(s.lists) > 0 {
		return Node{in: s, yaml: root}, nil
	}
	return Parse(name, data)
}

// Partial reports whether a node is of a file of which ParseLong holds only a part.
func (n Node) Partial() bool { return n.in != nil && len(n.in.lists) > 0 }

// yaml parses lines, of which the first has a number in the file, counting from 0.
func (s *source) yaml(lines [][]byte, first int) (*yaml.Node, error) {
	var parts []part
	if s.long > 0 {
		parts = split(lines, s.long)
	}
	text := without(lines, parts)
	if s.open && first+len(lines) == s.total {
		text = bytes.TrimSuffix(text, []byte("\n"))
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, next yaml.Node
	if err := dec.Decode(&doc); err != nil || len(doc.Content) != 1 {
		return nil, errSplit
	}
	if err := dec.Decode(&next); !errors.Is(err, io.EOF) {
		return nil, errSplit
	}
	p := &placer{source: s, lines: lines, first: first, parts: map[int]part{}}
	for _, one := range parts {
		p.parts[one.line] = one
	}
	if !p.place(&doc) || len(p.parts) > 0 {
		return nil, errSplit
	}
	return doc.Content[0], nil
}

// A placer sets the lines of nodes, and puts back the lists that were split off.
type placer struct {
	source *source
	lines  [][]byte
	first  int
	parts  map[int]part // that are not placed yet, by the line of their keys
}

// place goes through a node. It reports whether the node can be judged by itself: an alias may refer to
// something outside of it.
func (p *placer) place(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return false
	}
	n.Line += p.first
	for i, c := range n.Content {
		if !p.place(c) {
			return false
		}
		if n.Kind != yaml.MappingNode || i%2 == 0 || c.Kind != yaml.ScalarNode || c.ShortTag() != "!!null" {
			continue
		}
		line := n.Content[i-1].Line - p.first - 1 // of the key
		if one, split := p.parts[line]; split {
			n.Content[i] = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Line: p.first + one.from + 1, Column: one.column + 1}
			p.source.hold(n.Content[i], &list{source: p.source, line: p.first + one.from, lines: p.lines[one.from:one.to], dash: one.column})
			delete(p.parts, line)
		}
	}
	return true
}

// A source is the file of a node.
type source struct {
	name  string
	long  int  // how many lines a long list has; 0: no list is held back
	total int  // the number of lines
	open  bool // the last line does not end with a line feed
	level int  // in how many lists that are held back it is
	lists map[*yaml.Node]*list
}

// maxLevel is how many lists within each other are held back. The text of an inner one is read once for
// each of those around it.
const maxLevel = 4

// within returns the source of a part of a list.
func (s *source) within() *source {
	in := &source{name: s.name, long: s.long, total: s.total, open: s.open, level: s.level + 1}
	if in.level >= maxLevel {
		in.long = 0
	}
	return in
}

func (s *source) hold(place *yaml.Node, l *list) {
	if s.lists == nil {
		s.lists = map[*yaml.Node]*list{}
	}
	s.lists[place] = l
}

// Each iterates over the elements of a list. It holds a few of them at a time if the list is long. It
// ends after an error.
func (n Node) Each() iter.Seq2[Node, error] {
	return func(yield func(Node, error) bool) {
		if n.yaml.Kind != yaml.SequenceNode {
			yield(Node{}, n.Errorf("expected a list, got %s", n.what()))
			return
		}
		if l := n.in.lists[n.yaml]; l != nil {
			l.each(nil, yield)
			return
		}
		for _, c := range n.yaml.Content {
			if !yield(Node{in: n.in, yaml: c}, nil) {
				return
			}
		}
	}
}

// length returns how many elements a list has.
func (n Node) length() int {
	l := n.in.lists[n.yaml]
	if l == nil {
		return len(n.yaml.Content)
	}
	count := l.many
	for _, line := range l.lines {
		if !blank(line) && indent(line) == l.dash {
			count++
		}
	}
	return count
}

// elements are some elements of a list, as they were parsed, or decoded.
type elements struct {
	nodes []Node
	err   error
}

// each iterates over the elements. While those of one chunk are used, the next chunks are parsed, or
// decoded into values of a type that isDirect.
func (l *list) each(t reflect.Type, yield func(Node, error) bool) {
	ahead, done := make(chan chan elements, runtime.GOMAXPROCS(0)), make(chan struct{})
	defer close(done)
	go func() {
		defer close(ahead)
		chunks := l.chunks
		if l.cuts != nil {
			chunks = l.chunksJSON
		}
		for parse := range chunks {
			c := make(chan elements, 1)
			select {
			case ahead <- c:
			case <-done:
				return
			}
			go func() { c <- l.parse(parse, t) }()
		}
	}()
	for c := range ahead {
		some := <-c
		if some.err != nil {
			yield(Node{}, some.err)
			return
		}
		for _, e := range some.nodes {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// parse parses a chunk, or decodes it. A parser that panics cannot parse it.
func (l *list) parse(chunk parser, t reflect.Type) (some elements) {
	if t != nil && len(chunk.text) <= hugeChunk {
		some.nodes, some.err = decodeDirect(chunk.text, t)
		return some
	}
	defer func() {
		if recover() != nil {
			some.err = errSplit
		}
	}()
	in := l.source.within()
	list, err := chunk.parse(in)
	switch {
	case err != nil:
		some.err = err
	case list.Kind != yaml.SequenceNode:
		some.err = errSplit
	default:
		for _, e := range list.Content {
			some.nodes = append(some.nodes, Node{in: in, yaml: e})
		}
	}
	return some
}

// A parser parses a list with some of the elements of another.
type parser struct {
	parse func(*source) (*yaml.Node, error)
	text  []byte // of the list, if it is JSON
}

// The size of a chunk, if the elements are not larger. A huge one is parsed, so that the lists in it are
// decoded part by part.
const (
	chunkLines = 500
	chunkBytes = 16 << 10
	hugeChunk  = 256 << 10
)

// chunks iterates over the chunks of a list in YAML.
func (l *list) chunks(yield func(parser) bool) {
	chunk := func(from, to int) parser {
		return parser{parse: func(s *source) (*yaml.Node, error) { return s.yaml(l.lines[from:to], l.line+from) }}
	}
	from := 0
	for i := 1; i < len(l.lines); i++ {
		if i-from >= min(chunkLines, l.source.long) && indent(l.lines[i]) == l.dash && dash(l.lines[i][l.dash:]) {
			if !yield(chunk(from, i)) {
				return
			}
			from = i
		}
	}
	yield(chunk(from, len(l.lines)))
}

// chunksJSON iterates over the chunks of a list in JSON.
func (l *list) chunksJSON(yield func(parser) bool) {
	for _, c := range l.cuts {
		text := slices.Concat([]byte("["), c.text, []byte("]"))
		if !yield(parser{text: text, parse: func(s *source) (*yaml.Node, error) {
			n := &yaml.Node{Kind: yaml.SequenceNode, Line: c.line, Column: c.column - 1} // the bracket
			return n, newJSONReader(text).in(s, n.Line, n.Column).elements(n)
		}}) {
			return
		}
	}
}

// longJSON is how many bytes a line of a long list counts for in JSON.
const longJSON = 64

// list reads a list. The elements of a long one are read later. A short one has only short ones in it.
func (r *jsonReader) list(n *yaml.Node) error {
	s := r.source
	if s == nil || s.long == 0 {
		return r.elements(n)
	}
	from, line, column := r.at, r.line, r.column
	cuts, many, err := r.cut(min(chunkBytes, longJSON*s.long))
	if err != nil {
		return err
	}
	text := r.data[from:r.dec.InputOffset()]
	if len(text) >= longJSON*s.long {
		s.hold(n, &list{source: s, cuts: cuts, many: many})
		return nil
	}
	return newJSONReader(text).in(nil, line, column).elements(n)
}

// cut reads a list, and cuts it at elements, into parts of a size or a little more. It counts the
// elements.
func (r *jsonReader) cut(size int) (cuts []cut, many int, err error) {
	if _, err := r.dec.ReadToken(); err != nil {
		return nil, 0, err
	}
	for r.dec.PeekKind() != ']' {
		r.locate()
		c := cut{line: r.line, column: r.column}
		for r.dec.PeekKind() != ']' && int(r.dec.InputOffset())-r.at < size {
			if _, err := r.dec.ReadValue(); err != nil {
				return nil, 0, err
			}
			many++
		}
		c.text = r.data[r.at:r.dec.InputOffset()]
		cuts = append(cuts, c)
	}
	_, err = r.dec.ReadToken()
	return cuts, many, err
}

// elements reads a list whose elements are held as nodes.
func (r *jsonReader) elements(n *yaml.Node) error {
	if _, err := r.dec.ReadToken(); err != nil {
		return err
	}
	for r.dec.PeekKind() != ']' {
		c, err := r.read()
		if err != nil {
			return err
		}
		n.Content = append(n.Content, c)
	}
	_, err := r.dec.ReadToken()
	return err
}
