package recorder

import (
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"standin/internal/late"
)

// These are names of secrets, in the form that plainName returns. They apply to headers,
// parameters, fields of forms and members of JSON.
var (
	// secretParts are secret anywhere in a name.
	secretParts = []string{
		"passw", "passcode", "passphrase", "passkey", "secret", "token", "apikey", "accesskey", "authkey", "accountkey",
		"privatekey", "sharedkey", "encryptionkey", "signingkey", "credential", "authorization", "authentication", "cookie",
		"codeverifier", "assertion", "signature", "samlresponse", "connectionstring",
	}
	// secretEnds are secret at the end of a name.
	secretEnds = []string{"adminpass", "userpass", "dbpass", "bindpw", "sessionid", "sessionkey", "usercode", "devicecode", "mfacode", "verificationcode", "recoverycodes"}
	// secretNames are secret as a whole name.
	secretNames = []string{"code", "payload", "pin", "otp", "totp", "auth", "pass", "pwd", "pw", "psk", "jwt", "bearer", "hmac", "sig", "session"}
	// harmlessEnds mark a name that is only about a secret: secret_ref, token_type.
	harmlessEnds = []string{
		"ref", "refs", "type", "types", "name", "url", "uri", "href", "endpoint", "length", "count", "size", "ttl", "at", "algorithm",
		"algorithms", "path", "policy", "expires", "expiry", "lifetime",
	}
	// harmless are names that only look like the name of a secret.
	harmless = []string{"secretary", "tokenizer", "passwordless", "hassecret", "haspassword", "hastoken"}
)

// secretName reports whether a name is the name of a secret.
func secretName(name string) bool {
	n := plainName(name)
	hasEnd := func(end string) bool { return strings.HasSuffix(n, end) }
	switch {
	case slices.ContainsFunc(harmlessEnds, hasEnd) || slices.Contains(harmless, n):
		return false
	case n == "secretid" || slices.Contains(secretNames, n) || slices.ContainsFunc(secretEnds, hasEnd):
		return true
	case hasEnd("id") || hasEnd("ids"):
		return strings.Contains(n, "token") // the id of a token is the token
	default:
		return slices.ContainsFunc(secretParts, func(part string) bool { return strings.Contains(n, part) })
	}
}

var unicodeEscape = late.Regexp(`\\u([0-9a-fA-F]{4})`)

// plainName returns a name in the form in which names are compared: without escapes, case and
// punctuation.
func plainName(name string) string {
	for range 2 { // some clients escape twice
		name = unescaped(name)
	}
	name = unicodeEscape().ReplaceAllStringFunc(name, func(escape string) string {
		code, _ := strconv.ParseUint(escape[2:], 16, 16)
		return string(rune(code))
	})
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(name))
}

var (
	// userInfo matches the password in a URL.
	userInfo = late.Regexp(`(://[^/\s:@"']*:)[^/\s@"']+@`)
	// element matches an XML element. Its name may be the name of a secret.
	element = late.Regexp(`(<([\w:.-]+)(?:\s[^<>]*)?>)([^<]*)(</)`)
	// key matches a private key in PEM.
	key = late.Regexp(`(?s)(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END|$)`)
	// option matches an option of a command line and its value.
	option = late.Regexp(`(--?([A-Za-z][\w-]*)\s+)([^\s"',-][^\s"',]*)`)
)

// text removes the secrets from any text.
func (x *redaction) text(text string) string {
	if strings.Contains(text, "://") {
		text = userInfo().ReplaceAllString(text, "${1}"+redacted+"@")
	}
	if strings.Contains(text, "-----BEGIN") {
		text = key().ReplaceAllString(text, "${1}"+redacted+"${2}")
	}
	if strings.Contains(text, "</") {
		text = x.replace(text, element(), 2, 3)
	}
	if strings.Contains(text, "-") && strings.ContainsAny(text, " \t") {
		text = x.replace(text, option(), 2, 3)
	}
	if strings.ContainsAny(text, "=:") {
		text = x.pairs(text)
	}
	return text
}

// replace hides one group of each match, if another group is the name of a secret.
func (x *redaction) replace(text string, re *regexp.Regexp, name, hidden int) string {
	var b strings.Builder
	end := 0
	for _, at := range re.FindAllStringSubmatchIndex(text, -1) {
		from, to := at[2*hidden], at[2*hidden+1]
		if from == to || !secretName(text[at[2*name]:at[2*name+1]]) {
			continue
		}
		x.secret(text[from:to])
		b.WriteString(text[end:from] + redacted)
		end = to
	}
	return b.String() + text[end:]
}

// pairs hides the values that follow names of secrets.
func (x *redaction) pairs(text string) string {
	var b strings.Builder
	end := 0
	for p := range pairsIn(text) {
		if p.start < end || !secretName(p.name) {
			continue
		}
		to := valueEnd(text, p.value)
		v := text[p.value:to]
		if v == "" || v == "null" || strings.HasPrefix(v, redacted) {
			continue
		}
		shown := redacted
		if q := v[:1]; q == `"` || q == "'" {
			shown = q + redacted + q
		}
		plain := strings.Trim(v, `"' `)
		x.secret(plain)
		x.secret(unescaped(plain))
		b.WriteString(text[end:p.value] + shown)
		end = to
	}
	return b.String() + text[end:]
}

// A pairIn is a name in a text with what can introduce a value: JSON, broken JSON, YAML, a query, a
// header line.
type pairIn struct {
	start int // of the name, or of the quote before it
	name  string
	value int // where the value begins
}

// pairsIn iterates over the pairs in a text: a name, perhaps a quote, then a colon or an equals sign.
// Texts are searched for every exchange that is shown, so no regular expression does it.
func pairsIn(text string) iter.Seq[pairIn] {
	return func(yield func(pairIn) bool) {
		for at := 0; ; {
			sign := strings.IndexAny(text[at:], ":=")
			if sign < 0 {
				return
			}
			sign += at
			before := strings.TrimRight(text[at:sign], spaces)
			if n := len(before); n > 0 && isQuote(before[n-1]) {
				before = before[:n-1]
			}
			start := len(strings.TrimRightFunc(before, inName))
			p := pairIn{at + start, before[start:], len(text) - len(strings.TrimLeft(text[sign+1:], spaces))}
			if start > 0 && isQuote(before[start-1]) {
				p.start--
			}
			if p.name != "" && !yield(p) {
				return
			}
			at = p.value
		}
	}
}

const spaces = " \t\n\f\r"

func isQuote(c byte) bool { return c == '"' || c == '\'' }

func inName(r rune) bool {
	letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	return letter || strings.ContainsRune(`_.%\[]+-`, r)
}

// valueEnd returns where the value that begins at from ends. A quoted value ends with its quote. A
// list, an object or a YAML block ends with the text. Any other value ends at the next field.
func valueEnd(text string, from int) int {
	rest := text[from:]
	if rest == "" {
		return from
	}
	switch rest[0] {
	case '"', '\'':
		for i := 1; i < len(rest); i++ {
			switch rest[i] {
			case '\\':
				i++
			case rest[0]:
				return from + i + 1 + sticking(rest[i+1:])
			}
		}
		return len(text)
	case '[', '{', '|', '>', '\\':
		return len(text)
	}
	if i := strings.IndexAny(rest, "&;\n"); i >= 0 {
		return from + i
	}
	return len(text)
}

// sticking returns how many bytes of a text belong to the quoted value before it: 'a'b is one value
// in a form.
func sticking(rest string) int {
	if rest == "" || strings.ContainsAny(rest[:1], ",}] \t\r\n&;:") {
		return 0
	}
	if i := strings.IndexAny(rest, ",}]&;\n"); i >= 0 {
		return i
	}
	return len(rest)
}
