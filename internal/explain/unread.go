package explain

import (
	"bytes"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"standin/internal/contract"
	"standin/internal/file"
	"standin/internal/value"
)

// The places of a request that are searched.
const (
	inBody   = "body"
	inQuery  = "query"
	inHeader = "header"
)

// An Unread is a part of a request that nothing read, because the contract of the operation does
// not list it.
type Unread struct {
	Place   string `json:"place"`             // body, query or header
	Name    string `json:"name"`              // in a body, the JSON pointer of the member, or the field of a form; empty if nothing reads a body at all; else the name of the parameter or the header
	Nearest string `json:"nearest,omitempty"` // the closest name in the contract of the operation, in the same place
}

// A Message is what is searched for names: the parts of a request. Values are not looked at.
type Message struct {
	Query  string
	Header map[string][]string // in the canonical form of net/http
	Body   []byte
}

// maxFound is the max number of unread parts of one request.
const maxFound = 50

// A search is for the parts of one message that nothing read.
type search struct {
	op    *contract.Operation
	each  bool // the name has the index of an element of a list; otherwise it has *
	found []part
	odd   string // why the body was not searched
}

// A part is an Unread that has not been compared with the known names yet.
type part struct {
	place, name string
	word        string   // the last step of the name
	known       []string // in the same object
	op          *contract.Operation
}

// find returns what nothing reads of a message. Odd is why its body was not searched.
func find(op *contract.Operation, m *Message, each bool) (found []part, odd string) {
	s := search{op: op, each: each}
	for name := range m.Header {
		if !isOrdinary(name) && !has(op, inHeader, name) {
			s.add(part{place: inHeader, name: shown(name), word: name})
		}
	}
	if len(s.found) > 1 {
		slices.SortFunc(s.found, func(a, b part) int { return strings.Compare(a.name, b.name) })
	}
	if m.Query != "" {
		s.query(m.Query, inQuery, func(name string) bool { return has(op, inQuery, name) })
	}
	if len(m.Body) > 0 {
		s.body(m)
	}
	return s.found, s.odd
}

// has reports whether a contract lists a parameter, or callers log in with it.
func has(op *contract.Operation, in, name string) bool {
	same := func(p contract.Parameter) bool {
		return p.In == in && (p.Name == name || in == inHeader && strings.EqualFold(p.Name, name))
	}
	return slices.ContainsFunc(op.Parameters(), same) || slices.ContainsFunc(op.Logins, same)
}

// add adds a part, once.
func (s *search) add(p part) {
	if len(s.found) == maxFound || slices.ContainsFunc(s.found, func(o part) bool { return o.place == p.place && o.name == p.name }) {
		return
	}
	p.op = s.op
	s.found = append(s.found, p)
}

// query searches a query string, or a form.
func (s *search) query(text, place string, known func(string) bool) {
	for piece := range strings.SplitSeq(text, "&") {
		name, _, _ := strings.Cut(piece, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		if name == "" || known(name) || known(stem(name)) {
			continue
		}
		p := part{place: place, name: shown(name), word: name}
		if place == inBody {
			p.known = s.op.Form().Names()
		}
		s.add(p)
	}
}

// stem returns the name of a parameter without what some servers take for an operator on it:
// name__contains, provider[], provider[key].
func stem(name string) string {
	name, _, _ = strings.Cut(name, "__")
	name, _, _ = strings.Cut(name, "[")
	return name
}

// body searches the body.
func (s *search) body(m *Message) {
	if !s.op.Body {
		if text := bytes.TrimSpace(m.Body); len(text) > 0 && !slices.Contains([]string{"{}", "[]", "null", `""`}, string(text)) {
			s.add(part{place: inBody})
		}
		return
	}
	if isForm(m.Header["Content-Type"]) && s.op.Form() != nil {
		s.query(string(m.Body), inBody, func(name string) bool { _, ok := s.op.Form().Member(name); return ok })
		return
	}
	if s.op.JSON() == nil || !s.each && lists(s.op.JSON(), m.Body) {
		return
	}
	v, err := value.Parse(m.Body)
	if err != nil {
		s.odd = "it is not JSON"
		return
	}
	s.value(v, s.op.JSON(), "")
}

func isForm(contentType []string) bool {
	return len(contentType) > 0 && strings.HasPrefix(contentType[0], "application/x-www-form-urlencoded")
}

// value searches a value at a place.
func (s *search) value(v any, shape *contract.Shape, at string) {
	if shape == nil {
		return
	}
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			step := "*"
			if s.each {
				step = strconv.Itoa(i)
			}
			s.value(e, shape.Items(), at+"/"+step)
		}
	case *value.Object:
		for _, m := range v.Members() {
			inner, known := shape.Member(m.Name)
			if !known {
				s.add(part{place: inBody, name: at + "/" + shown(value.Escape(m.Name)), word: m.Name, known: shape.Names()})
			} else if inner != nil {
				s.value(m.Value, inner, at+"/"+shown(value.Escape(m.Name)))
			}
		}
	}
}

// longestName is the max length of a shown name, in bytes. Secrets in the place of a name
// are longer, or have other characters.
const longestName = 64

// shown returns a name, or what is shown in place of one that is long or no word.
func shown(name string) string {
	odd := func(r rune) bool {
		return r < ' ' || r == 0x7f || r == 0xfffd || strings.ContainsRune("=&{}\"'<> ", r)
	}
	switch {
	case len(name) > longestName:
		return "(a name of " + strconv.Itoa(len(name)) + " bytes)"
	case name == "" || strings.ContainsFunc(name, odd):
		return "(a name that is no word)"
	default:
		return name
	}
}

// unread compares a part with the known names.
func (p *part) unread() Unread {
	names := p.known
	if p.place != inBody {
		for _, all := range [][]contract.Parameter{p.op.Parameters(), p.op.Logins} {
			for _, known := range all {
				if known.In == p.place {
					names = append(slices.Clip(names), known.Name)
				}
			}
		}
	}
	if p.place == inHeader {
		names = slices.Concat(names, spelled)
	}
	return Unread{Place: p.place, Name: p.name, Nearest: nearest(p.word, names)}
}

// nearest returns the closest name, or an empty string if none is close. Case does not count.
func nearest(word string, names []string) string {
	lower := make([]string, len(names))
	for i, n := range names {
		lower[i] = strings.ToLower(n)
	}
	near := file.Nearest(strings.ToLower(word), lower, 1)
	if word == "" || len(near) == 0 {
		return ""
	}
	return names[slices.Index(lower, near[0])]
}
