package compare

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"standin/internal/recorder"
	"standin/internal/value"
)

// A What says how two pictures differ in a record.
type What string

// The values of What.
const (
	Missing What = "missing" // the record, or one of several with the same key, is not there
	Added   What = "added"
	Doubled What = "doubled" // there are more records with the same key
	Changed What = "changed" // a member has another value
	Orphan  What = "orphan"  // a member refers to a record that is not there
)

// A Difference is one record that two pictures do not have in the same way. Its texts contain no
// secrets.
type Difference struct {
	Kind   string // for example barbican.consumers
	Record string // the record for people, for example beta of backup
	Member string // the path of a member, if What is Changed or Orphan
	What   What
	// Was and Is are the values of a changed member. They are empty if the member is a secret. For
	// a missing or doubled record, they are the numbers of records with the same key.
	Was, Is string

	secret string // how a secret member differs
	masked bool   // a masked member is part of the key
}

// String returns the difference as a sentence.
func (d *Difference) String() string {
	record := d.Kind + ": " + d.Record
	aside := ""
	if d.masked {
		aside = ", apart from names that the client draws"
	}
	switch d.What {
	case Missing:
		if d.Is != "0" {
			return fmt.Sprintf("%s is there %s, not %s%s", record, times(d.Is), times(d.Was), aside)
		}
		return record + " is missing"
	case Added:
		return record + " should not be there"
	case Doubled:
		if d.Was != "1" {
			return fmt.Sprintf("%s is there %s, not %s%s", record, times(d.Is), times(d.Was), aside)
		}
		return fmt.Sprintf("%s is there %s%s", record, times(d.Is), aside)
	case Orphan:
		return fmt.Sprintf("%s: %s refers to a record that is missing", record, d.Member)
	}
	if d.secret != "" {
		return fmt.Sprintf("%s: %s %s", record, d.Member, d.secret)
	}
	return fmt.Sprintf("%s: %s was %s and is %s", record, d.Member, d.Was, d.Is)
}

// times returns a number of times in words.
func times(count string) string {
	switch count {
	case "1":
		return "once"
	case "2":
		return "twice"
	default:
		return count + " times"
	}
}

// Class returns the kind of the difference, without names of records and values.
func (d *Difference) Class() string {
	switch d.What {
	case Missing:
		return d.Kind + " is missing"
	case Added:
		return d.Kind + " should not be there"
	case Doubled:
		return d.Kind + " is there twice"
	case Orphan:
		return fmt.Sprintf("%s %s refers to a missing record", d.Kind, d.Member)
	default:
		return fmt.Sprintf("%s %s changed", d.Kind, d.Member)
	}
}

// longest is the most characters of a value in a text.
const longest = 60

// shown returns a text without secrets and control characters, cut to the longest.
func shown(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, recorder.Redacted(s))
	if utf8.RuneCountInString(s) <= longest {
		return s
	}
	return string([]rune(s)[:longest-1]) + "…"
}

// label returns the record for people: its key without references, and the record that it is a
// part of.
func (p *Picture) label(r *record) string {
	var words, refs []string
	for _, member := range r.kind.traits.Key {
		path := split(member)
		v := at(r.body, path)
		text, _ := v.(string)
		if ref := r.kind.ref(path); ref == nil {
			if v != nil && secret(path) {
				text = hidden
			}
			words = append(words, text)
		} else if to := p.target(ref.To, text); to != nil {
			refs = append(refs, p.label(to))
		} else {
			refs = append(refs, text)
		}
	}
	if len(words) == 0 {
		words = refs
	}
	text := shown(strings.TrimSpace(strings.Join(words, " ")))
	if text == "" {
		text = "a record without a name"
	}
	if r.in != nil {
		text += " of " + p.label(r.in)
	}
	return text
}

// hidden replaces a secret.
const hidden = "(hidden)"

// secret reports whether the member at a path is a secret.
func secret(path []string) bool { return slices.ContainsFunc(path, recorder.Secret) }

// text returns the value of a member for people.
func (p *Picture) text(k *kind, path []string, v any) string {
	if _, ok := v.(absent); ok {
		return "missing"
	}
	return shown(string(value.Append(nil, p.plain(k, path, v))))
}

// plain returns a value without secrets, with names of records in the place of references.
func (p *Picture) plain(k *kind, path []string, v any) any {
	switch v := v.(type) {
	case string:
		if ref := k.ref(path); ref != nil {
			if to := p.target(ref.To, v); to != nil {
				return p.label(to)
			}
		}
		return recorder.Redacted(v)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = p.plain(k, below(path, "*"), v[i])
		}
		return list
	case *value.Object:
		o := value.NewObject()
		for _, m := range v.Members() {
			if recorder.Secret(m.Name) {
				m.Value = hidden
			}
			o.Set(m.Name, p.plain(k, below(path, m.Name), m.Value))
		}
		return o
	default:
		return v
	}
}

// changed returns the difference of a changed member.
func (c *comparison) changed(pr *pair, ch change) Difference {
	k := pr.p.kind
	d := Difference{Kind: k.name, Record: c.p.label(pr.p), Member: strings.Join(ch.path, "/"), What: Changed}
	if !secret(ch.path) {
		d.Was, d.Is = c.p.text(k, ch.path, ch.was), c.q.text(k, ch.path, ch.is)
		return d
	}
	d.secret = "is another"
	if _, ok := ch.was.(absent); ok {
		d.secret = "was missing"
	} else if _, ok := ch.is.(absent); ok {
		d.secret = "is missing"
	}
	return d
}
