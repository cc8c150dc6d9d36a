package explain

import (
	"bytes"

	"standin/internal/contract"
)

// A scanner looks at the names of the members of a JSON text, without reading the text into values.
type scanner struct {
	text  []byte
	depth int
}

// maxScanned is the max depth of a text that a scanner follows.
const maxScanned = 100

// lists reports whether a shape lists all members of a JSON text. It may return false for a text
// that is unusual: then the text has to be read. It does not detect a text that is not JSON.
func lists(shape *contract.Shape, text []byte) bool {
	s := scanner{text: text}
	return s.value(shape) && s.next() == 0
}

// next returns the next byte that is no blank, or 0 at the end. It does not go past it.
func (s *scanner) next() byte {
	for len(s.text) > 0 {
		switch c := s.text[0]; c {
		case ' ', '\t', '\r', '\n':
			s.text = s.text[1:]
		default:
			return c
		}
	}
	return 0
}

// take goes past a byte, if it is the next one.
func (s *scanner) take(c byte) bool {
	if s.next() != c {
		return false
	}
	s.text = s.text[1:]
	return true
}

// value goes past a value.
func (s *scanner) value(shape *contract.Shape) bool {
	if s.depth++; s.depth > maxScanned {
		return false
	}
	defer func() { s.depth-- }()
	switch s.next() {
	case '{':
		return s.object(shape)
	case '[':
		return s.array(shape.Items())
	case '"':
		return s.words()
	default:
		i := bytes.IndexAny(s.text, ",]} \t\r\n")
		if i < 0 {
			i = len(s.text)
		}
		s.text = s.text[i:]
		return i > 0
	}
}

func (s *scanner) object(shape *contract.Shape) bool {
	s.take('{')
	for first := true; !s.take('}'); first = false {
		if !first && !s.take(',') || s.next() != '"' {
			return false
		}
		end := bytes.IndexByte(s.text[1:], '"')
		if end < 0 || bytes.IndexByte(s.text[1:1+end], '\\') >= 0 {
			return false
		}
		member, known := shape.Member(string(s.text[1 : 1+end]))
		if s.text = s.text[end+2:]; !known || !s.take(':') || !s.value(member) {
			return false
		}
	}
	return true
}

func (s *scanner) array(items *contract.Shape) bool {
	s.take('[')
	for first := true; !s.take(']'); first = false {
		if !first && !s.take(',') || !s.value(items) {
			return false
		}
	}
	return true
}

// words goes past a string.
func (s *scanner) words() bool {
	for i := 1; ; {
		n := bytes.IndexByte(s.text[i:], '"')
		if n < 0 {
			return false
		}
		i += n + 1
		slashes := 0
		for s.text[i-2-slashes] == '\\' { // ends at the first quote
			slashes++
		}
		if slashes%2 == 0 {
			s.text = s.text[i:]
			return true
		}
	}
}
