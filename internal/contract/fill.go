package contract

import (
	"strings"

	"standin/internal/value"
)

// A naming says that some words of an example are replaced by values of the request. template has
// placeholders in braces.
type naming struct{ words, template string }

// names reads x-names of the examples of a body. It maps words of the example to templates.
func (r *reader) names(media *value.Object, into *texts) {
	all := media.Object("examples")
	if all == nil {
		return
	}
	for _, m := range all.Members() {
		o, _ := r.resolve(m.Value, "")
		names := o.Object("x-names")
		if names == nil {
			continue
		}
		if into.names == nil {
			into.names = map[string][]naming{}
		}
		for _, n := range names.Members() {
			template, _ := n.Value.(string)
			into.names[m.Name] = append(into.names[m.Name], naming{n.Name, template})
		}
	}
}

// Fill returns the named example with values of a request. It replaces the path parameters in
// path, and the placeholders of x-names for which ask returns a value. Words stay as they are if
// ask returns no value.
func (r *Response) Fill(name string, path map[string]string, ask func(placeholder string) (string, bool)) ([]byte, bool) {
	t := r.read()
	v, ok := t.examples.Get(name)
	var pairs []string
	for _, n := range t.names[name] {
		if text, ok := n.fill(ask); ok {
			pairs = append(pairs, n.words, text)
		}
	}
	for parameter, text := range path {
		pairs = append(pairs, "{"+parameter+"}", text)
	}
	return value.Append(nil, replace(v, strings.NewReplacer(pairs...))), ok
}

// fill replaces the placeholders of the template. It reports whether ask had a value for each.
func (n naming) fill(ask func(string) (string, bool)) (string, bool) {
	var b strings.Builder
	for rest := n.template; ; {
		before, after, more := strings.Cut(rest, "{")
		b.WriteString(before)
		if !more {
			return b.String(), true
		}
		placeholder, after, _ := strings.Cut(after, "}")
		text, ok := ask(placeholder)
		if !ok {
			return "", false
		}
		b.WriteString(text)
		rest = after
	}
}

// replace returns a copy of v with words of its strings replaced.
func replace(v any, words *strings.Replacer) any {
	switch x := v.(type) {
	case string:
		return words.Replace(x)
	case []any:
		list := make([]any, len(x))
		for i, e := range x {
			list[i] = replace(e, words)
		}
		return list
	case *value.Object:
		o := value.NewObject()
		for _, m := range x.Members() {
			o.Set(m.Name, replace(m.Value, words))
		}
		return o
	default:
		return v
	}
}

// hole stands in a template for words of the request. No example contains it.
const hole = "\x00"

// Template is the text of a named example, as Fill makes it for any request: the parts between
// the words that stand for something of the request. A text without such words is one part. The
// parameters are those of the path.
func (r *Response) Template(name string, parameters []Parameter) ([]string, bool) {
	t := r.read()
	v, ok := t.examples.Get(name)
	if !ok {
		return nil, false
	}
	var pairs []string
	for _, n := range t.names[name] {
		blank, _ := n.fill(func(string) (string, bool) { return hole, true })
		pairs = append(pairs, n.words, blank)
	}
	for _, p := range parameters {
		if p.In == "path" {
			pairs = append(pairs, "{"+p.Name+"}", hole)
		}
	}
	v = replace(v, strings.NewReplacer(pairs...))
	if text, isText := v.(string); isText {
		return strings.Split(text, hole), true
	}
	return strings.Split(string(value.Append(nil, v)), `\u0000`), true
}
