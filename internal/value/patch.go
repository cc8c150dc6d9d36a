package value

import (
	"strconv"
	"strings"
)

// MarshalJSON returns the number with its digits.
func (n Number) MarshalJSON() ([]byte, error) { return []byte(n), nil }

var (
	escaper   = strings.NewReplacer("~", "~0", "/", "~1")
	unescaper = strings.NewReplacer("~1", "/", "~0", "~")
)

// Escape returns the name of a member as a step of a JSON pointer.
func Escape(name string) string { return escaper.Replace(name) }

// Unescape returns the name of the member that a step of a JSON pointer leads to.
func Unescape(step string) string { return unescaper.Replace(step) }

// At returns the value at a JSON pointer (RFC 6901). The empty pointer returns v.
func At(v any, pointer string) (any, bool) {
	if pointer == "" {
		return v, true
	}
	if pointer[0] != '/' {
		return nil, false
	}
	for step := range strings.SplitSeq(pointer[1:], "/") {
		switch x := v.(type) {
		case *Object:
			member, ok := x.Get(Unescape(step))
			if !ok {
				return nil, false
			}
			v = member
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(x) || strconv.Itoa(i) != step {
				return nil, false
			}
			v = x[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// Merge returns v with a JSON merge patch (RFC 7396) applied. It modifies neither argument.
func Merge(v, patch any) any {
	p, ok := patch.(*Object)
	if !ok {
		return patch
	}
	merged := NewObject()
	if o, ok := v.(*Object); ok {
		merged = NewObject(o.members...)
	}
	for _, m := range p.members {
		if m.Value == nil {
			merged = merged.Without(m.Name)
			continue
		}
		old, _ := merged.Get(m.Name)
		merged.Set(m.Name, Merge(old, m.Value))
	}
	return merged
}
