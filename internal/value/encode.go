package value

import "github.com/go-json-experiment/json/jsontext"

// Append appends a value to b as Writer.Value writes it.
func Append(b []byte, v any) []byte {
	w := NewWriter(b)
	w.Value(v)
	return w.b
}

// AppendTextObject appends an object to b as Writer.TextObject writes it.
func AppendTextObject(b []byte, pairs ...string) []byte {
	w := NewWriter(b)
	w.TextObject(pairs...)
	return w.b
}

// MarshalJSON returns the object as Append writes it.
func (o *Object) MarshalJSON() ([]byte, error) { return Append(nil, o), nil }

// AppendString appends s to b as a JSON string. Invalid UTF-8 is replaced by U+FFFD.
func AppendString(b []byte, s string) []byte {
	if plain(s) {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"')
	}
	b, _ = jsontext.AppendQuote(b, s) // the only error is invalid UTF-8, which is replaced
	return b
}

// plain reports whether s needs no escapes. That holds for most strings, and copying them is
// several times faster.
func plain(s string) bool {
	if len(s) >= 8 {
		for ; len(s) > 8; s = s[min(8, len(s)-8):] {
			if special(eight(s)) {
				return false
			}
		}
		return !special(eight(s))
	}
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			return false
		}
	}
	return true
}

// eight returns the first eight bytes of s as one number. The compiler turns it into one load.
func eight(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// special reports whether one of the eight bytes of x is below 0x20, a quote, a backslash, or
// above 0x7e. x-ones sets the high bit of each byte of x that is 0. Of the other bytes it sets it
// only after such a byte.
func special(x uint64) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	low := x - ones*' '
	quote, backslash, del := x^ones*'"', x^ones*'\\', x^ones*0x7f
	return (x|low&^x|(quote-ones)&^quote|(backslash-ones)&^backslash|(del-ones)&^del)&high != 0
}
