package openstack

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode"

	"standin/internal/value"
)

// Repr returns a JSON value as Python's repr prints the result of json.loads.
func Repr(v any) string {
	switch x := v.(type) {
	case nil:
		return "None"
	case bool:
		if x {
			return "True"
		}
		return "False"
	case value.Number:
		return reprNumber(string(x))
	case string:
		return reprString(x)
	case []any:
		parts := make([]string, len(x))
		for i, e := range x {
			parts[i] = Repr(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case *value.Object:
		parts := make([]string, 0, x.Len())
		for _, m := range x.Members() {
			parts = append(parts, reprString(m.Name)+": "+Repr(m.Value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	default:
		return fmt.Sprint(x)
	}
}

func reprNumber(n string) string {
	if !strings.ContainsAny(n, ".eE") {
		if n == "-0" {
			return "0"
		}
		return n
	}
	f, _ := strconv.ParseFloat(n, 64) // out of range it is ±Inf, as in Python
	s := strconv.FormatFloat(f, 'e', -1, 64)
	_, exp, _ := strings.Cut(s, "e")
	if e, err := strconv.Atoi(exp); err != nil { // Inf
		return strings.ToLower(strings.TrimPrefix(s, "+"))
	} else if e < -4 || e >= 16 {
		return s
	}
	s = strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func reprString(s string) string {
	quote := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	var b strings.Builder
	b.WriteRune(quote)
	for _, r := range s {
		switch {
		case r == quote || r == '\\':
			b.WriteRune('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteRune(quote)
	return b.String()
}

// Strip removes white space at both ends, as Python's str.strip does.
func Strip(s string) string {
	return strings.TrimFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f
	})
}

// mostDigits is how many digits Python reads.
const mostDigits = 4300

// Int parses a number as Python's int does. It accepts blanks around the number, a sign, digits
// of any script, and single underscores between digits. It reports whether s is a number.
func Int(s string) (*big.Int, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) < mostDigits {
		return big.NewInt(n), true
	}
	s = Strip(s)
	sign := ""
	if s != "" && (s[0] == '+' || s[0] == '-') {
		sign, s = s[:1], s[1:]
	}
	if len(s) > mostDigits {
		return nil, false
	}
	digits := make([]byte, 0, len(s))
	gap := true // an underscore is not allowed next
	for _, r := range s {
		d, ok := digit(r)
		switch {
		case ok:
			digits, gap = append(digits, d), false
		case r == '_' && !gap:
			gap = true
		default:
			return nil, false
		}
	}
	if gap {
		return nil, false
	}
	return new(big.Int).SetString(sign+string(digits), 10)
}

// digit returns the ASCII form of a decimal digit. In Unicode each script has its ten digits in a
// row, from 0 on.
func digit(r rune) (byte, bool) {
	if r >= '0' && r <= '9' {
		return byte(r), true
	}
	if r < 0x80 || !unicode.Is(unicode.Nd, r) {
		return 0, false
	}
	for _, t := range unicode.Nd.R16 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return '0' + byte((r-rune(t.Lo))%10), true
		}
	}
	for _, t := range unicode.Nd.R32 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return '0' + byte((r-rune(t.Lo))%10), true
		}
	}
	return 0, false
}
