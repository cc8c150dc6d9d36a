package export

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"standin/emulator/journal"
)

// omitted are headers that curl sends by itself.
var omitted = map[string]bool{"Host": true, "Content-Length": true, "Transfer-Encoding": true, "Connection": true, "Expect": true}

// Curl returns the command of curl that sends the request of an entry again, with a line end. It is
// for bash and zsh. Secrets are redacted and must be filled in. If the journal holds only the
// beginning of the body, a comment comes first.
//
// A client chooses nearly all parts of the command. The command reads no file, and speaks HTTP only.
func Curl(e *journal.Entry) string {
	r := &e.Request
	before, body, comment := "", "", ""
	switch {
	case r.Method != http.MethodHead:
		before, body = bodyFlag(&r.Body)
	case r.Size > 0:
		comment = "# curl sends no body with HEAD.\n"
	}
	parts := []string{"curl", "-g", "--path-as-is", "--proto =http,https"}
	if flag := methodFlag(r.Method, body != ""); flag != "" {
		parts = append(parts, flag)
	}
	parts = append(parts, "--url "+quote(target(r, e.Connection != nil && e.Connection.TLS)))
	for _, h := range pairs(r.Headers) {
		if flag := headerFlag(h); flag != "" {
			parts = append(parts, flag)
		}
	}
	for _, name := range []string{"Accept", "User-Agent", "Content-Type"} { // curl adds them, and has a form for leaving them out
		if r.Headers[name] == nil && (name != "Content-Type" || body != "") {
			parts = append(parts, "-H '"+name+":'")
		}
	}
	if body != "" {
		parts = append(parts, body)
	}
	if r.SHA256 != "" {
		comment = fmt.Sprintf("# The journal holds only the beginning of the body, which has %d bytes.\n", r.Size)
	}
	return comment + before + strings.Join(parts, " ") + "\n"
}

// methodFlag returns the flag for a method; empty if curl takes it without one.
func methodFlag(method string, body bool) string {
	switch {
	case method == http.MethodHead:
		return "--head"
	case method == http.MethodGet && !body, method == http.MethodPost && body:
		return ""
	default:
		return "-X " + quote(method)
	}
}

// bodyFlag returns the flag for a body, and the command whose output it reads; empty for no body. A
// shell cannot pass a NUL as an argument.
func bodyFlag(b *journal.Body) (before, flag string) {
	encoded := b.Base64
	if strings.ContainsRune(b.Text, 0) {
		encoded = base64.StdEncoding.EncodeToString([]byte(b.Text))
	}
	switch {
	case encoded != "":
		return "printf %s " + quote(encoded) + " | base64 -d | ", "--data-binary @-"
	case b.Text != "":
		return "", "--data-raw " + quote(b.Text)
	default:
		return "", ""
	}
}

// headerFlag returns the flag of curl that sends a header; empty if curl sends it by itself.
func headerFlag(h pair) string {
	switch {
	case omitted[h.Name], h.Name == "Accept" && h.Value == "*/*":
		return ""
	case h.Name == "Accept-Encoding":
		return "--compressed"
	case h.Value == "":
		return "-H " + quote(h.Name+";") // curl's form of a header without a value
	default:
		return "-H " + quote(h.Name+": "+h.Value)
	}
}

// quote quotes a text for bash and zsh. A text that cannot be printed is quoted as $'…', so that a
// terminal shows it.
func quote(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
		return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	for i := range len(text) {
		switch c := text[i]; {
		case c == '\'' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String() + "'"
}
