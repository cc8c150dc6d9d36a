package parity

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"standin/internal/value"
)

// An Answer is a response with placeholders for values that change each time.
type Answer struct {
	Name    string            `json:"name"`
	Request string            `json:"request"`
	Sent    string            `json:"sent,omitempty"`
	Status  int               `json:"status"`
	Reason  string            `json:"reason"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    json.RawMessage   `json:"body,omitempty"` // a JSON body
	Text    string            `json:"text,omitempty"` // a body that is not JSON
}

func (p *Player) answer(x Exchange, r response) Answer {
	a := Answer{Name: x.Name, Request: x.String(), Status: r.status, Reason: r.reason, Headers: map[string]string{}}
	a.Sent, _ = x.sent()
	if len(a.Sent) > 1000 {
		a.Sent = a.Sent[:100] + "..."
	}
	for name, values := range r.header {
		if _, ignored := ignoredHeaders[name]; ignored {
			continue
		}
		if placeholder, ok := wholeHeaders[name]; ok {
			a.Headers[name] = placeholder
			continue
		}
		text := strings.Join(values, ", ")
		if _, list := listHeaders[name]; list {
			words := strings.Split(text, ", ")
			slices.Sort(words)
			text = strings.Join(words, ", ")
		}
		a.Headers[name] = p.normal(text)
	}
	text := p.normal(string(r.body))
	if body, err := value.Parse([]byte(text)); err == nil {
		arrange(body, unordered[x.Server])
		a.Body = value.Append(nil, body)
	} else {
		a.Text = text
	}
	return a
}

// normal replaces changing values in a text by placeholders.
func (p *Player) normal(text string) string {
	for _, name := range slices.SortedFunc(maps.Keys(p.servers), longer(p.servers)) {
		text = strings.ReplaceAll(text, p.servers[name], "<"+name+">")
	}
	ids := map[string]string{}
	for name, v := range p.vars {
		if id := path.Base(v); name != "base" && len(id) >= 20 {
			ids[id] = cmp.Or(min(ids[id], name), name)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		text = strings.ReplaceAll(text, id, "<"+ids[id]+">")
	}
	for _, pattern := range patterns {
		text = pattern.is.ReplaceAllStringFunc(text, func(found string) string {
			switch {
			case strings.Contains(p.story.text, found):
				return found
			case pattern.name == "time":
				return p.time(found)
			}
			return pattern.is.ReplaceAllString(found, pattern.placeholder)
		})
	}
	return text
}

func longer(all Servers) func(a, b string) int {
	return func(a, b string) int {
		return cmp.Or(len(all[b])-len(all[a]), strings.Compare(a, b))
	}
}

// quoteless removes characters from the name of an exchange that a JSON string would escape.
var quoteless = strings.NewReplacer(`"`, "", `\`, "")

// time returns the placeholder of a time: its form, and the exchange during which it was.
func (p *Player) time(text string) string {
	form, zone := "time", ""
	bare := strings.TrimSuffix(text, "Z")
	if bare != text {
		zone = "Z"
	}
	_, fraction, _ := strings.Cut(bare, ".")
	form += "." + string(rune('0'+len(fraction)))
	form += zone
	t, err := time.Parse("2006-01-02T15:04:05", bare)
	if err != nil || strings.Trim(fraction, "0") == "" {
		return "<" + form + ">"
	}
	for _, w := range p.windows {
		if !t.Before(w.begin.UTC()) && !t.After(w.end.UTC()) {
			return "<" + form + " in " + quoteless.Replace(w.name) + ">"
		}
	}
	return "<" + form + ">"
}

// arrange sorts lists that have no order. With all it sorts every list, and else those of sets.
func arrange(v any, all bool) {
	switch v := v.(type) {
	case *value.Object:
		for _, m := range v.Members() {
			_, set := sets[m.Name]
			arrange(m.Value, all || set)
		}
	case []any:
		for _, e := range v {
			arrange(e, all)
		}
		if all {
			slices.SortStableFunc(v, func(a, b any) int {
				return bytes.Compare(value.Append(nil, a), value.Append(nil, b))
			})
		}
	}
}
