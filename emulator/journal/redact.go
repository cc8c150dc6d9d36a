package journal

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"standin/emulator/value"
)

// redacted takes the place of a secret.
const redacted = "(redacted)"

// The names of what holds secrets, as plainName writes them: of headers, parameters,
// fields of forms and members of JSON.
var (
	// secretParts are secret wherever a name has them.
	secretParts = []string{
		"passw", "passcode", "passphrase", "passwd", "secret", "token", "apikey", "accesskey", "privatekey",
		"credential", "authorization", "authentication", "cookie", "codeverifier",
	}
	// secretEnds are secret at the end of a name, secretNames as a whole.
	secretEnds  = []string{"pass", "pwd"}
	secretNames = []string{"code", "payload", "pin", "otp", "auth"}
	// harmlessEnds say that a name is only about a secret: secret_ref, token_type.
	harmlessEnds = []string{"ref", "refs", "type", "types", "name", "url", "uri", "href", "endpoint", "length"}
)

// secretName reports whether what has the name is a secret.
func secretName(name string) bool {
	n := plainName(name)
	hasEnd := func(end string) bool { return strings.HasSuffix(n, end) }
	switch {
	case slices.ContainsFunc(harmlessEnds, hasEnd):
		return false
	case hasEnd("id") || hasEnd("ids"):
		return strings.Contains(n, "token") // the id of a token is the token
	default:
		return slices.Contains(secretNames, n) || slices.ContainsFunc(secretEnds, hasEnd) ||
			slices.ContainsFunc(secretParts, func(part string) bool { return strings.Contains(n, part) })
	}
}

var unicodeEscape = regexp.MustCompile(`\\u([0-9a-fA-F]{4})`)

// plainName brings a name into the form in which names compare: without escapes, case
// and signs.
func plainName(name string) string {
	name = unicodeEscape.ReplaceAllStringFunc(name, func(escape string) string {
		code, _ := strconv.ParseUint(escape[2:], 16, 16)
		return string(rune(code))
	})
	for range 2 { // some encode twice
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
	}
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(name))
}

// Secret reports whether a header holds what must not be shown.
func Secret(header string) bool { return secretName(header) }

// A redaction takes the secrets out of one exchange. What it finds in headers and bodies
// it also takes out of texts that may repeat it.
type redaction struct {
	tokens []string // that headers showed
	values []string // that the request's body, form or query held
}

// shortest is the length, in bytes, from which a secret is looked for in other texts. A
// shorter one is only where it stands in quotes.
const shortest = 4

func (x *redaction) header(name, v string) string {
	if !secretName(name) {
		return v
	}
	x.tokens = append(x.tokens, v[strings.LastIndexByte(v, ' ')+1:])
	return redacted
}

// hide takes the tokens out of a text.
func (x *redaction) hide(text string) string { return without(text, x.tokens) }

// hideAll takes the tokens and the values out of a text that a server wrote about the
// request.
func (x *redaction) hideAll(text string) string { return without(x.hide(text), x.values) }

func without(text string, secrets []string) string {
	for _, s := range secrets {
		if s == "" || s == redacted {
			continue
		}
		for _, form := range []string{s, strings.ReplaceAll(s, `\`, `\\`)} {
			if len(s) >= shortest {
				text = strings.ReplaceAll(text, form, redacted)
			}
			for _, q := range []string{"'", `"`, `\"`} {
				text = strings.ReplaceAll(text, q+form+q, q+redacted+q)
			}
		}
	}
	return text
}

// ShownPath is the path of a request without the tokens that its headers show, and
// without what RedactPath takes out.
func ShownPath(path string, header http.Header) string {
	var x redaction
	for _, name := range []string{"X-Auth-Token", "X-Subject-Token", "Authorization"} {
		for _, v := range header[name] {
			x.header(name, v)
		}
	}
	return x.path(path)
}

// RedactPath takes out of a path what looks like a secret: what follows "tokens", and
// tokens of Keystone and PrivX wherever they are.
func RedactPath(path string) string { return new(redaction).path(path) }

func (x *redaction) path(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if s != "" && i > 0 && plainName(segments[i-1]) == "tokens" || strings.HasPrefix(s, "gAAAAA") || webToken.MatchString(s) {
			x.tokens = append(x.tokens, s)
			segments[i] = redacted
		}
	}
	return x.hide(redactText(strings.Join(segments, "/"), x))
}

var webToken = regexp.MustCompile(`^ey[\w-]{8,}\.[\w-]+\.[\w-]*$`)

// query takes the secrets out of a query string.
func (x *redaction) query(query string) string {
	if query == "" {
		return ""
	}
	return x.hide(redactText(query, x))
}

// body takes the secrets out of a body: of JSON by its members, of anything else, and of
// a body that is not whole, by what looks like them. Of several parts none is shown.
func (x *redaction) body(text, mediaType string) string {
	if text == "" {
		return ""
	}
	if strings.HasPrefix(strings.ToLower(strings.TrimSpace(mediaType)), "multipart/") {
		return redacted
	}
	if plain := strings.ReplaceAll(text, "\x00", ""); plain != text { // UTF-16 that is said to be UTF-8
		if safe := x.body(plain, mediaType); safe != plain {
			return safe
		}
		return text
	}
	v, err := value.Parse([]byte(strings.TrimPrefix(text, "\ufeff")))
	if err != nil {
		return redactText(text, x)
	}
	if !x.json(v) {
		return text
	}
	return string(value.Append(nil, v))
}

// pair is a name and a value in any text: JSON that is nearly JSON, a form, a query.
var pair = regexp.MustCompile(`(["']?)([\w.%\\\[\]+-]+)(["']?\s*[:=]\s*)("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[^\s"'{\[&;,}\]][^&;,}\]\n"']*)`)

var tokenID = regexp.MustCompile(`(?i)(["']?token["']?\s*[:=]\s*\{\s*["']?id["']?\s*[:=]\s*)(?:"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,}]+)`)

func redactText(text string, x *redaction) string {
	text = tokenID.ReplaceAllString(text, `${1}"`+redacted+`"`)
	var b strings.Builder
	end := 0
	for _, at := range pair.FindAllStringSubmatchIndex(text, -1) {
		name, from, to := text[at[4]:at[5]], at[8], at[9]
		v := text[from:to]
		if v == "null" || !secretName(name) || strings.Contains(v, redacted) {
			continue
		}
		shown := redacted
		if q := v[:1]; q == `"` || q == "'" {
			shown = q + redacted + q
		}
		if plain, err := url.QueryUnescape(v); err == nil {
			x.values = append(x.values, plain)
		}
		x.values = append(x.values, strings.Trim(v, `"'`))
		b.WriteString(text[end:from] + shown)
		end = to
	}
	return b.String() + text[end:]
}

// json redacts in place and reports whether there was anything to.
func (x *redaction) json(v any) bool {
	found := false
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			found = x.json(e) || found
		}
	case *value.Object:
		for _, m := range v.Members() {
			if !secretName(m.Name) {
				found = x.json(m.Value) || found
				continue
			}
			shown, is := x.secret(plainName(m.Name), m.Value)
			if is {
				v.Set(m.Name, shown)
			}
			found = is || found
		}
	}
	return found
}

// structured are members by which an object under a secret's name is known to be more
// than a secret: a login, a token, a list's item.
var structured = []string{"identity", "methods", "user", "id", "name", "expires_at", "payload", "secret_ref", "status"}

// secret is what is shown of the value of a secret member. It reports whether that is
// something else than the value.
func (x *redaction) secret(name string, v any) (shown any, is bool) {
	switch v := v.(type) {
	case nil, bool:
		return v, false
	case string:
		x.values = append(x.values, v)
		return redacted, true
	case value.Number:
		if name == "code" || strings.HasSuffix(name, "s") { // of an error, or a count
			return v, false
		}
		x.values = append(x.values, string(v))
		return redacted, true
	case []any:
		for i := range v {
			var changed bool
			v[i], changed = x.secret(name, v[i])
			is = is || changed
		}
		return v, is
	case *value.Object:
		if name == "payload" || !slices.ContainsFunc(v.Members(), func(m value.Member) bool { return slices.Contains(structured, m.Name) }) {
			x.collect(v)
			return redacted, true
		}
		is = x.json(v)
		if id, ok := v.Get("id"); ok && id != nil && strings.Contains(name, "token") {
			v.Set("id", redacted)
			is = true
		}
		return v, is
	default:
		return v, false
	}
}

// collect notes the texts and numbers within a secret.
func (x *redaction) collect(v any) {
	switch v := v.(type) {
	case string:
		x.values = append(x.values, v)
	case value.Number:
		x.values = append(x.values, string(v))
	case []any:
		for _, e := range v {
			x.collect(e)
		}
	case *value.Object:
		for _, m := range v.Members() {
			x.collect(m.Value)
		}
	}
}

// hide takes all of a body away but its size.
func (b *Body) hide() {
	if b.Size > 0 {
		*b = Body{Text: redacted, Size: b.Size}
	}
}

// isJSON reports whether the values of a Content-Type say so.
func isJSON(contentType []string) bool {
	mediaType, _, _ := strings.Cut(firstOf(contentType), ";")
	return strings.TrimSpace(mediaType) == "application/json"
}

func firstOf(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
