package recorder

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"standin/emulator/journal"
	"standin/internal/value"
)

// redacted takes the place of a secret.
const redacted = "(redacted)"

// Secret reports whether a header holds what must not be shown.
func Secret(header string) bool { return secretName(header) }

// A redaction takes the secrets out of one exchange. What it finds in headers and bodies
// it also takes out of texts that may repeat it.
type redaction struct {
	tokens []string // that headers and paths showed
	values []string // that the request's body, form or query held
}

const (
	// longToken is the length, in bytes, from which a token is looked for in other texts,
	// between signs. A shorter one may be an ordinary word: it is hidden only in quotes.
	longToken = 8
	// maxSecrets bounds what is looked for.
	maxSecrets = 100
)

func (x *redaction) token(v string)  { x.tokens = remember(x.tokens, v) }
func (x *redaction) secret(v string) { x.values = remember(x.values, v) }

func remember(all []string, v string) []string {
	if v == "" || strings.Contains(redacted, v) || len(all) >= maxSecrets || slices.Contains(all, v) {
		return all
	}
	return append(all, v)
}

// header is what is shown of the value of a header. Any may hold an address with secrets.
func (x *redaction) header(name, v string) string {
	if !secretName(name) {
		return x.text(v)
	}
	x.token(v[strings.LastIndexByte(v, ' ')+1:])
	return redacted
}

// hide takes the tokens out of a text.
func (x *redaction) hide(text string) string { return without(text, x.tokens) }

// hideAll takes the tokens and the values out of a text that a server wrote about the
// request.
func (x *redaction) hideAll(text string) string {
	return without(text, append(slices.Clip(x.tokens), x.values...))
}

// without takes secrets out of a text, all of them at once: what takes their place is not
// looked at again.
func without(text string, secrets []string) string {
	if len(secrets) > 1 { // the longest first: it may hold another
		secrets = slices.Clone(secrets)
		slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	}
	var pairs []string
	for _, s := range secrets {
		if !strings.Contains(text, s) && !strings.ContainsAny(s, "\\\"") {
			continue
		}
		for _, form := range []string{s, strings.ReplaceAll(s, `\`, `\\`), strings.ReplaceAll(s, `"`, `\"`)} {
			for _, q := range []string{"'", `"`, `\"`} {
				pairs = append(pairs, q+form+q, q+redacted+q)
			}
			if len(form) >= longToken {
				pairs = append(pairs, form, redacted)
			}
		}
	}
	if len(pairs) == 0 {
		return text
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// ShownPath is the path of a request without the tokens that its headers show, and
// without what RedactPath takes out.
func ShownPath(path string, header http.Header) string {
	for _, name := range []string{"X-Auth-Token", "X-Subject-Token", "Authorization"} {
		for _, v := range header[name] {
			if v = v[strings.LastIndexByte(v, ' ')+1:]; strings.Contains(path, v) {
				x := &redaction{tokens: []string{v}}
				path = x.hide(path)
			}
		}
	}
	return RedactPath(path)
}

// RedactPath takes out of a path what looks like a secret: what follows "tokens", and
// tokens of Keystone and PrivX wherever they are.
func RedactPath(path string) string { return new(redaction).path(path) }

func (x *redaction) path(path string) string {
	if !suspicious(path) {
		return x.hide(path)
	}
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if s != "" && i > 0 && plainName(segments[i-1]) == "tokens" || strings.HasPrefix(s, "gAAAAA") || webToken.MatchString(s) {
			x.token(s)
			segments[i] = redacted
		}
	}
	return x.hide(x.text(strings.Join(segments, "/")))
}

// suspicious reports whether a path may hold what path takes out. Most do not.
func suspicious(path string) bool {
	return strings.ContainsAny(path, "=:%< \t") || strings.Contains(path, "/gAAAAA") || strings.Contains(path, "/ey") ||
		strings.Contains(path, "okens/") || strings.Contains(path, "OKENS/")
}

var webToken = regexp.MustCompile(`^ey[\w-]{8,}\.[\w-]+\.[\w-]*$`)

// query takes the secrets out of a query string.
func (x *redaction) query(query string) string {
	parts := strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == ';' })
	for i, p := range parts {
		name, v, _ := strings.Cut(p, "=")
		shown := x.text(p)
		if secretName(name) && v != "" {
			x.secret(unescaped(v))
			shown = name + "=" + redacted
		} else if plain := unescaped(v); plain != v && x.text(plain) != plain {
			shown = name + "=" + redacted
		}
		parts[i] = shown
	}
	return x.hide(strings.Join(parts, "&"))
}

func unescaped(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

// body takes the secrets out of a body: of JSON by its members, of a form by its fields,
// of anything else, and of a body that is not whole, by what looks like them. Of several
// parts, and of bytes that are no text, none is shown.
func (x *redaction) body(text, mediaType string) string {
	mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	switch {
	case text == "":
		return ""
	case strings.HasPrefix(mediaType, "multipart/"):
		return redacted
	case strings.HasPrefix(mediaType, "application/x-www-form-urlencoded"):
		return x.query(text)
	}
	if plain := strings.ReplaceAll(text, "\x00", ""); plain != text { // UTF-16 that is said to be UTF-8
		if safe := x.body(plain, mediaType); safe != plain {
			return safe
		}
		return text
	}
	v, err := value.Parse([]byte(strings.TrimPrefix(text, "\ufeff")))
	if err != nil {
		return x.text(text)
	}
	if shown, changed := x.json(v); changed {
		return string(value.Append(nil, shown))
	}
	return text
}

// json redacts a value, in place where it can, and reports whether there was anything to.
func (x *redaction) json(v any) (shown any, changed bool) {
	switch v := v.(type) {
	case string:
		shown := x.text(v)
		return shown, shown != v
	case []any:
		for i := range v {
			var is bool
			v[i], is = x.json(v[i])
			changed = changed || is
		}
	case *value.Object:
		named := namesSecret(v)
		for _, m := range v.Members() {
			shown, is := x.member(m.Name, m.Value, named)
			if is {
				v.Set(m.Name, shown)
			}
			changed = changed || is
		}
	}
	return v, changed
}

func (x *redaction) member(name string, v any, named bool) (shown any, changed bool) {
	switch {
	case secretName(name):
		return x.hidden(plainName(name), v)
	case named && plainName(name) == "value":
		return x.hidden("value", v)
	default:
		return x.json(v)
	}
}

// namesSecret reports whether an object is a pair such as {"name": "password", "value": …}.
func namesSecret(o *value.Object) bool {
	for _, m := range o.Members() {
		if s, ok := m.Value.(string); ok && slices.Contains([]string{"name", "key"}, plainName(m.Name)) && secretName(s) {
			return true
		}
	}
	return false
}

// structured are members by which an object under a secret's name is known to be a login,
// a token or a list's item, whose own members are looked at.
var structured = []string{"identity", "methods", "user", "id", "expires_at", "payload", "secret_ref", "status"}

// counts are names of what is counted, though one of it is a secret.
var counts = []string{"secrets", "tokens", "credentials", "code", "codes"}

// hidden is what is shown of the value of a secret member. It reports whether that is
// something else than the value.
func (x *redaction) hidden(name string, v any) (shown any, changed bool) {
	switch v := v.(type) {
	case nil, bool:
		return v, false
	case value.Number:
		if slices.Contains(counts, name) {
			return v, false
		}
	case []any:
		for i := range v {
			var is bool
			v[i], is = x.hidden(name, v[i])
			changed = changed || is
		}
		return v, changed
	case *value.Object:
		if name != "payload" && slices.ContainsFunc(v.Members(), func(m value.Member) bool { return slices.Contains(structured, m.Name) }) {
			return x.login(name, v)
		}
	}
	x.collect(v)
	return redacted, true
}

// login redacts an object under the name of a secret: the id of a token is the token, and
// the data of a credential is what it is for.
func (x *redaction) login(name string, o *value.Object) (shown any, changed bool) {
	_, changed = x.json(o)
	for _, m := range o.Members() {
		isSecret := m.Name == "id" && strings.Contains(name, "token") || slices.Contains([]string{"value", "blob", "data"}, m.Name)
		if isSecret && m.Value != nil {
			x.collect(m.Value)
			o.Set(m.Name, redacted)
			changed = true
		}
	}
	return o, changed
}

// collect notes the texts and numbers within a secret.
func (x *redaction) collect(v any) {
	switch v := v.(type) {
	case string:
		x.secret(v)
	case value.Number:
		x.secret(string(v))
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

// hiddenBody returns a body of which only the size is shown.
func hiddenBody(size int) journal.Body {
	if size == 0 {
		return journal.Body{}
	}
	return journal.Body{Text: redacted, Size: size}
}

// isText reports whether a body can be looked through for secrets.
func isText(text string) bool { return utf8.ValidString(text) || !strings.HasPrefix(text, "\x1f\x8b") }

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
