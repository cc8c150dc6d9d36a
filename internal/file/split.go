package file

import (
	"bytes"
	"strings"
)

// A file of many records is mostly long lists. A splitter finds them by their indentation, so that
// their elements can be parsed a few at a time: the tree of a whole file takes forty times its size.
//
// It looks for block sequences that are the value of a plain key. It stops at what cannot be judged line
// by line, for example at an anchor, or at a text in quotes over several lines. The file is then parsed as
// a whole. A split in a wrong place leaves a text that YAML refuses. Then the file is parsed as a whole
// too.

// longList is how many lines a list has at least that is split off.
const longList = 1000

// A part is a list in a text.
type part struct {
	line   int // of the key, counting from 0
	column int // of the dashes, counting from 0
	from   int // the line of the first element
	to     int // the line after the last one
}

// A splitter finds the long lists in a text.
type splitter struct {
	lines  [][]byte
	parts  []part
	long   int
	refuse bool // something cannot be judged
}

// split returns the long lists in a text that are not in another. It returns nil if there are none, or if
// it cannot judge.
func split(lines [][]byte, long int) []part {
	s := &splitter{lines: lines, long: long}
	for at := 0; at < len(lines) && !s.refuse; {
		at = s.line(at)
	}
	if s.refuse {
		return nil
	}
	return s.parts
}

// linesOf returns the lines of a text without their ends. It returns nil if a line may end with
// something else than a line feed.
func linesOf(data []byte) [][]byte {
	for _, strange := range []string{"\uFEFF", "\u0085", "\u2028", "\u2029"} {
		if bytes.Contains(data, []byte(strange)) {
			return nil
		}
	}
	lines := make([][]byte, 0, bytes.Count(data, []byte("\n"))+1)
	for line := range bytes.Lines(data) {
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if bytes.IndexByte(line, '\r') >= 0 {
			return nil
		}
		lines = append(lines, line)
	}
	return lines
}

// blank reports whether a line has nothing but blanks or a comment.
func blank(line []byte) bool {
	line = bytes.TrimLeft(line, " ")
	return len(line) == 0 || line[0] == '#'
}

func indent(line []byte) int { return len(line) - len(bytes.TrimLeft(line, " ")) }

// line reads the line at an index, and returns the index of the one to read next.
func (s *splitter) line(at int) int {
	line := s.lines[at]
	if blank(line) {
		return at + 1
	}
	column := indent(line)
	parent := column - 1 // the column of what a text in the line belongs to
	text := line[column:]
	if text[0] == '\t' || column == 0 && (bytes.HasPrefix(text, []byte("---")) && at > 0 || bytes.HasPrefix(text, []byte("...")) || text[0] == '%') {
		s.refuse = true
		return at
	}
	for dash(text) { // an element, perhaps with a key or another element in the same line
		rest := bytes.TrimLeft(text[1:], " ")
		if len(rest) == 0 || rest[0] == '#' {
			return at + 1
		}
		parent, column, text = column, column+len(text)-len(rest), rest
	}
	value, isKey := key(text)
	if !isKey {
		return s.scalar(at, parent, text)
	}
	if value = bytes.TrimLeft(value, " "); len(value) > 0 && value[0] != '#' {
		return s.scalar(at, column, value)
	}
	return s.list(at, column)
}

// dash reports whether a text begins with the dash of an element.
func dash(text []byte) bool {
	return len(text) > 0 && text[0] == '-' && (len(text) == 1 || text[1] == ' ')
}

// key returns what follows a plain key and its colon.
func key(text []byte) (value []byte, ok bool) {
	i := bytes.IndexByte(text, ':')
	if i < 1 || i+1 < len(text) && text[i+1] != ' ' {
		return nil, false
	}
	strange := func(r rune) bool {
		plain := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_.-", r)
		return !plain
	}
	if bytes.IndexFunc(text[:i], strange) >= 0 {
		return nil, false
	}
	return text[i+1:], true
}

// scalar reads a value that begins in a line. Column is that of its key or of its dash. It returns the
// index of the line after it.
func (s *splitter) scalar(at, column int, text []byte) int {
	switch text[0] {
	case '|', '>': // the lines of the text are further to the right
		for at++; at < len(s.lines) && (len(bytes.TrimLeft(s.lines[at], " ")) == 0 || indent(s.lines[at]) > column); at++ {
		}
		return at
	case '&', '*', '!', '?', '\t', '%', '@', '`':
		s.refuse = true
	case '"', '\'', '[', '{':
		s.refuse = !closed(text)
	default:
		s.refuse = bytes.Contains(text, []byte("\t"))
	}
	return at + 1
}

// closed reports whether texts in quotes and brackets end in the line, and whether there are no anchors,
// aliases and tags between.
func closed(text []byte) bool {
	depth, quote := 0, byte(0)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote == '"' && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth--
		case strings.IndexByte("&*!\t#", c) >= 0:
			return false
		}
	}
	return depth == 0 && quote == 0
}

// list reads the list after a key without a value. A long one becomes a part.
func (s *splitter) list(at, column int) int {
	first := at + 1
	for first < len(s.lines) && blank(s.lines[first]) {
		first++
	}
	if first == len(s.lines) || indent(s.lines[first]) < column || !dash(s.lines[first][indent(s.lines[first]):]) {
		return at + 1
	}
	p := part{line: at, column: indent(s.lines[first]), from: first, to: first}
	before := len(s.parts)
	for next := first; next < len(s.lines) && !s.refuse; {
		if line := s.lines[next]; !blank(line) {
			if in := indent(line); in < p.column || in == p.column && !dash(line[in:]) {
				break
			}
		}
		next = s.line(next)
		p.to = next
	}
	if p.to-p.from >= s.long {
		s.parts = append(s.parts[:before], p) // what it contains is found when its elements are parsed
	}
	return p.to
}

// without returns the text with an empty line in place of each line of the parts.
func without(lines [][]byte, parts []part) []byte {
	size := 0
	for _, line := range lines {
		size += len(line) + 1
	}
	for _, p := range parts {
		for _, line := range lines[p.from:p.to] {
			size -= len(line)
		}
	}
	text := make([]byte, 0, size)
	for i, line := range lines {
		if len(parts) > 0 && i == parts[0].to {
			parts = parts[1:]
		}
		if len(parts) == 0 || i < parts[0].from {
			text = append(text, line...)
		}
		text = append(text, '\n')
	}
	return text
}
