package file

import (
	"bytes"
	"errors"
	"iter"
	"runtime"
	"slices"

	"go.yaml.in/yaml/v4"
)

// A list is a list whose elements are parsed when they are read.
type list struct {
	source *source
	line   int // of the beginning, counting from 0
	column int // of the beginning of a list in JSON, counting from 0

	lines [][]byte // of a list in YAML
	dash  int      // the column of its dashes
	json  []byte   // of a list in JSON
}

// errSplit means that a file cannot be parsed part by part.
var errSplit = errors.New("the file is not to be split")

// IsSplit reports whether an error says that a node of ParseLong could not be parsed part by part, so
// that the file must be parsed by Parse.
func IsSplit(err error) bool { return errors.Is(err, errSplit) }

// ParseLong is like Parse. It does not hold the nodes of long lists: Each parses their elements. Each may
// then return an error of IsSplit.
func ParseLong(name string, data []byte) (Node, error) { return parseLong(name, data, longList) }

func parseLong(name string, data []byte, long int) (Node, error) {
	s := &source{name: name, long: long}
	if isJSON(data) {
		r := newJSONReader(data)
		r.source = s
		root, err := r.read()
		if err != nil {
			return Node{}, syntaxError(name, data, err)
		}
		return Node{s, root}, nil
	}
	lines := linesOf(data)
	s.total, s.open = len(lines), !bytes.HasSuffix(data, []byte("\n"))
	if root, err := s.yaml(lines, 0); err == nil && root != nil && root.Kind == yaml.MappingNode {
		return Node{s, root}, nil
	}
	return Parse(name, data)
}

// yaml parses lines, of which the first has a number in the file, counting from 0. It returns nil for an
// empty text, and if there is nothing to split.
func (s *source) yaml(lines [][]byte, first int) (*yaml.Node, error) {
	parts := split(lines, s.long)
	if len(parts) == 0 && first == 0 {
		return nil, nil
	}
	text := without(lines, parts)
	if s.open && first+len(lines) == s.total {
		text = bytes.TrimSuffix(text, []byte("\n"))
	}
	root, err := s.tree(text, first)
	if err != nil || root == nil {
		return nil, err
	}
	for _, p := range parts {
		if !s.attach(root, first, &p, lines) {
			return nil, errSplit
		}
	}
	return root, nil
}

// tree parses a text. The lines of its nodes are those in the file.
func (s *source) tree(text []byte, first int) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, next yaml.Node
	if err := dec.Decode(&doc); err != nil || len(doc.Content) != 1 {
		return nil, errSplit
	}
	if err := dec.Decode(&next); err == nil {
		return nil, errSplit
	}
	move(&doc, first)
	return doc.Content[0], nil
}

// move adds to the lines of nodes.
func move(n *yaml.Node, lines int) {
	n.Line += lines
	for _, c := range n.Content {
		move(c, lines)
	}
}

// attach makes the null value of a key the list that is its value. It reports whether it found the key.
func (s *source) attach(n *yaml.Node, first int, p *part, lines [][]byte) bool {
	for i, c := range n.Content {
		isKey := n.Kind == yaml.MappingNode && i%2 == 0
		if isKey && c.Line == first+p.line+1 && n.Content[i+1].Kind == yaml.ScalarNode && n.Content[i+1].ShortTag() == "!!null" {
			place := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Line: first + p.from + 1, Column: p.column + 1}
			n.Content[i+1] = place
			s.hold(place, &list{source: s, line: first + p.from, lines: lines[p.from:p.to], dash: p.column})
			return true
		}
		if len(c.Content) > 0 && s.attach(c, first, p, lines) {
			return true
		}
	}
	return false
}

// A source is the file of a node.
type source struct {
	name  string
	long  int  // how many lines a long list has; 0: no list is held back
	total int  // the number of lines
	open  bool // the last line does not end with a line feed
	lists map[*yaml.Node]*list
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
			l.each(yield)
			return
		}
		for _, c := range n.yaml.Content {
			if !yield(Node{n.in, c}, nil) {
				return
			}
		}
	}
}

// length returns how many elements a list has, or 0 if it was not counted.
func (n Node) length() int {
	l := n.in.lists[n.yaml]
	if l == nil {
		return len(n.yaml.Content)
	}
	count := 0
	for _, line := range l.lines {
		if !blank(line) && indent(line) == l.dash {
			count++
		}
	}
	return count
}

// elements are some elements of a list, as they were parsed.
type elements struct {
	source *source
	list   *yaml.Node
	err    error
}

// each iterates over the elements. While those of one chunk are used, the next chunks are parsed.
func (l *list) each(yield func(Node, error) bool) {
	ahead, done := make(chan chan elements, runtime.GOMAXPROCS(0)), make(chan struct{})
	defer close(done)
	go func() {
		defer close(ahead)
		chunks := l.chunks
		if l.json != nil {
			chunks = l.chunksJSON
		}
		for parse := range chunks {
			c := make(chan elements, 1)
			select {
			case ahead <- c:
			case <-done:
				return
			}
			go func() {
				s := &source{name: l.source.name, long: l.source.long, total: l.source.total, open: l.source.open}
				list, err := parse(s)
				if err == nil && (list == nil || list.Kind != yaml.SequenceNode) {
					err = errSplit
				}
				c <- elements{s, list, err}
			}()
		}
	}()
	for c := range ahead {
		some := <-c
		if some.err != nil {
			yield(Node{}, some.err)
			return
		}
		for _, e := range some.list.Content {
			if !yield(Node{some.source, e}, nil) {
				return
			}
		}
	}
}

// A parser parses a list with some of the elements of another.
type parser func(*source) (*yaml.Node, error)

// The size of a chunk, if the elements are not larger.
const (
	chunkLines = 500
	chunkBytes = 16 << 10
)

// chunks iterates over the chunks of a list in YAML.
func (l *list) chunks(yield func(parser) bool) {
	chunk := func(from, to int) parser {
		return func(s *source) (*yaml.Node, error) { return s.yaml(l.lines[from:to], l.line+from) }
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
	r := newJSONReader(l.json)
	r.line, r.column = l.line+1, l.column+1
	_, _ = r.dec.ReadToken() // the whole file is valid JSON
	for r.dec.PeekKind() != ']' {
		r.locate()
		from, line, column := r.at, r.line, r.column
		for r.dec.PeekKind() != ']' && int(r.dec.InputOffset())-from < min(chunkBytes, longJSON*l.source.long) {
			if _, err := r.dec.ReadValue(); err != nil {
				yield(func(*source) (*yaml.Node, error) { return nil, err })
				return
			}
		}
		text := slices.Concat([]byte("["), l.json[from:r.dec.InputOffset()], []byte("]"))
		if !yield(func(s *source) (*yaml.Node, error) {
			in := newJSONReader(text)
			in.line, in.column = line, column-1 // of the bracket
			n := &yaml.Node{Kind: yaml.SequenceNode, Line: line, Column: column - 1}
			in.source = s
			return n, in.elements(n)
		}) {
			return
		}
	}
}

// longJSON is how many bytes a line of a long list counts for in JSON.
const longJSON = 64

// list reads a list. The elements of a long one are read later.
func (r *jsonReader) list(n *yaml.Node) error {
	from := r.at
	if _, err := r.dec.ReadValue(); err != nil {
		return err
	}
	text := r.data[from:r.dec.InputOffset()]
	if s := r.source; s != nil && len(text) >= longJSON*s.long {
		s.hold(n, &list{source: s, line: r.line - 1, column: r.column - 1, json: text})
		return nil
	}
	in := newJSONReader(text)
	in.source, in.line, in.column = r.source, r.line, r.column
	return in.elements(n)
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
	return nil
}
