package recorder

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"standin/emulator/journal"
	"standin/internal/late"
	"standin/internal/value"
)

// redacted replaces a secret.
const redacted = "(redacted)"

// Secret reports whether the value of a header is a secret.
func Secret(header string) bool { return secretName(header) }

// A redaction removes the secrets of one exchange. It finds secrets in headers and bodies, and
// removes them from other texts that may repeat them too.
type redaction struct {
	tokens []string // found in headers and paths
	values []string // found in the request's body, form or query
}

const (
	// longToken is the minimum length, in bytes, of a token that is searched for in other texts. A
	// shorter token may be an ordinary word, so it is hidden only within quotes.
	longToken = 8
	// maxSecrets is the maximum number of tokens, and of values, that are searched for.
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

// header returns the value of a header as the journal shows it. Any header may hold a URL with
// secrets.
func (x *redaction) header(name, v string) string {
	if !secretName(name) {
		return x.text(v)
	}
	x.token(v[strings.LastIndexByte(v, ' ')+1:])
	return redacted
}

// hide removes the tokens from a text.
func (x *redaction) hide(text string) string { return without(text, x.tokens) }

// hideAll removes the tokens and the values from a text that a server wrote about the request.
func (x *redaction) hideAll(text string) string {
	return without(text, append(slices.Clip(x.tokens), x.values...))
}

// without removes all secrets from a text in one pass. It does not search the replacements again.
func without(text string, secrets []string) string {
	if len(secrets) > 1 { // longest first, since a secret may contain another
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

// Redacted returns a text without what looks like a secret, such as the password in a URL.
func Redacted(text string) string { return new(redaction).text(text) }

// ShownPath returns the path of a request without the tokens in its headers, and without what
// RedactPath removes.
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

// RedactPath removes from a path what looks like a secret: the segment after "tokens", and tokens
// of Keystone and PrivX anywhere.
func RedactPath(path string) string { return new(redaction).path(path) }

func (x *redaction) path(path string) string {
	if !suspicious(path) {
		return x.hide(path)
	}
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if s != "" && i > 0 && plainName(segments[i-1]) == "tokens" || strings.HasPrefix(s, "gAAAAA") || webToken().MatchString(s) {
			x.token(s)
			segments[i] = redacted
		}
	}
	return x.hide(x.text(strings.Join(segments, "/")))
}

// suspicious reports whether a path may hold something that path removes. Few paths do.
func suspicious(path string) bool {
	return strings.ContainsAny(path, "=:%< \t") || strings.Contains(path, "/gAAAAA") || strings.Contains(path, "/ey") ||
		strings.Contains(path, "okens/") || strings.Contains(path, "OKENS/")
}

var webToken = late.Regexp(`^ey[\w-]{8,}\.[\w-]+\.[\w-]*$`)

// query removes the secrets from a query string.
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

// body removes the secrets from a body. It reads JSON by its members and a form by its fields. In
// any other body, and in one that is cut, it removes what looks like a secret. It hides the whole
// of a multipart body.
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
	if plain := strings.ReplaceAll(text, "\x00", ""); plain != text { // UTF-16 that is declared as UTF-8
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

// json redacts a value, in place where it can. It reports whether the value changed.
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

// structured holds names of members. An object under the name of a secret may have one of them. It
// is then a login, a token or an item of a list, and its own members are redacted one by one.
var structured = []string{"identity", "methods", "user", "id", "expires_at", "payload", "secret_ref", "status"}

// counts holds names whose value may be a number of secrets, and so is not a secret itself.
var counts = []string{"secrets", "tokens", "credentials", "code", "codes"}

// hidden returns the value of a secret member as the journal shows it. It reports whether the value
// changed.
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

// login redacts an object under the name of a secret. The id of a token is the token itself. The
// value, blob or data of a credential is the secret.
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

// collect remembers the texts and numbers within a secret.
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

// hiddenBody returns a body that shows its size only.
func hiddenBody(size int) journal.Body {
	if size == 0 {
		return journal.Body{}
	}
	return journal.Body{Text: redacted, Size: size}
}

// isText reports whether a body can be searched for secrets.
func isText(text string) bool { return utf8.ValidString(text) || !strings.HasPrefix(text, "\x1f\x8b") }

// isJSON reports whether the Content-Type is application/json.
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
