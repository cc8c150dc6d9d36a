package recorder

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The names of what holds secrets, as plainName writes them: of headers, parameters,
// fields of forms and members of JSON.
var (
	// secretParts are secret wherever a name has them.
	secretParts = []string{
		"passw", "passcode", "passphrase", "passkey", "secret", "token", "apikey", "accesskey", "authkey", "accountkey",
		"privatekey", "sharedkey", "encryptionkey", "signingkey", "credential", "authorization", "authentication", "cookie",
		"codeverifier", "assertion", "signature", "samlresponse", "connectionstring",
	}
	// secretEnds are secret at the end of a name.
	secretEnds = []string{"adminpass", "userpass", "dbpass", "bindpw", "sessionid", "sessionkey", "usercode", "devicecode", "mfacode", "verificationcode", "recoverycodes"}
	// secretNames are secret as a whole.
	secretNames = []string{"code", "payload", "pin", "otp", "totp", "auth", "pass", "pwd", "pw", "psk", "jwt", "bearer", "hmac", "sig", "session"}
	// harmlessEnds say that a name is only about a secret: secret_ref, token_type.
	harmlessEnds = []string{
		"ref", "refs", "type", "types", "name", "url", "uri", "href", "endpoint", "length", "count", "size", "ttl", "at", "algorithm",
		"algorithms", "path", "policy", "expires", "expiry", "lifetime",
	}
	// harmless are names that only look like a secret's.
	harmless = []string{"secretary", "tokenizer", "passwordless", "hassecret", "haspassword", "hastoken"}
)

// secretName reports whether what has the name is a secret.
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

var unicodeEscape = regexp.MustCompile(`\\u([0-9a-fA-F]{4})`)

// plainName brings a name into the form in which names compare: without escapes, case
// and signs.
func plainName(name string) string {
	for range 2 { // some encode twice
		name = unescaped(name)
	}
	name = unicodeEscape.ReplaceAllStringFunc(name, func(escape string) string {
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

// pair is a name and what may begin a value in any text: JSON that is nearly JSON, YAML, a
// query, a line of a header.
var pair = regexp.MustCompile(`(["']?)([\w.%\\\[\]+-]+)(\\?["']?\s*[:=]\s*)`)

var (
	// userInfo is the password in a URL.
	userInfo = regexp.MustCompile(`(://[^/\s:@"']*:)[^/\s@"']+@`)
	// element is an element of XML whose name may be a secret's.
	element = regexp.MustCompile(`(<([\w:.-]+)(?:\s[^<>]*)?>)([^<]*)(</)`)
	// key is a private key in PEM.
	key = regexp.MustCompile(`(?s)(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END|$)`)
	// option is an option of a command line whose value follows.
	option = regexp.MustCompile(`(--?([A-Za-z][\w-]*)\s+)([^\s"',-][^\s"',]*)`)
)

// text takes the secrets out of any text.
func (x *redaction) text(text string) string {
	if strings.Contains(text, "://") {
		text = userInfo.ReplaceAllString(text, "${1}"+redacted+"@")
	}
	if strings.Contains(text, "-----BEGIN") {
		text = key.ReplaceAllString(text, "${1}"+redacted+"${2}")
	}
	if strings.Contains(text, "</") {
		text = x.replace(text, element, 2, 3)
	}
	if strings.Contains(text, "-") && strings.ContainsAny(text, " \t") {
		text = x.replace(text, option, 2, 3)
	}
	if strings.ContainsAny(text, "=:") {
		text = x.pairs(text)
	}
	return text
}

// replace hides the group of a match whose other group is a secret's name.
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

// pairs hides the values after names of secrets.
func (x *redaction) pairs(text string) string {
	var b strings.Builder
	end := 0
	for _, at := range pair.FindAllStringSubmatchIndex(text, -1) {
		from := at[1]
		if at[0] < end || !secretName(text[at[4]:at[5]]) {
			continue
		}
		to := valueEnd(text, from)
		v := text[from:to]
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
		b.WriteString(text[end:from] + shown)
		end = to
	}
	return b.String() + text[end:]
}

// valueEnd is where the value that begins in a text ends: one in quotes with them, a list,
// an object or a block of YAML with the text, any other at the next field.
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

// sticking is how much of a text sticks to the quote before it: 'a'b is one value in a form.
func sticking(rest string) int {
	if rest == "" || strings.ContainsAny(rest[:1], ",}] \t\r\n&;:") {
		return 0
	}
	if i := strings.IndexAny(rest, ",}]&;\n"); i >= 0 {
		return i
	}
	return len(rest)
}
