package export

import (
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
func Curl(e *journal.Entry) string {
	r := &e.Request
	tls := e.Connection != nil && e.Connection.TLS
	parts := []string{"curl", "-g", "--path-as-is"}
	held := r.Text != "" || r.Base64 != ""
	switch {
	case r.Method == http.MethodHead:
		parts = append(parts, "--head")
	case r.Method != http.MethodGet && (r.Method != http.MethodPost || !held), r.Method == http.MethodGet && held:
		parts = append(parts, "-X "+quote(r.Method))
	}
	parts = append(parts, quote(target(r, tls)))
	for _, h := range pairs(r.Headers) {
		if flag := headerFlag(h); flag != "" {
			parts = append(parts, flag)
		}
	}
	before, comment := "", ""
	switch {
	case r.Base64 != "":
		before = "printf %s " + quote(r.Base64) + " | base64 -d | "
		parts = append(parts, "--data-binary @-")
	case r.Text != "":
		parts = append(parts, "--data-binary "+quote(r.Text))
	}
	if r.SHA256 != "" {
		comment = fmt.Sprintf("# The journal holds only the beginning of the body, which has %d bytes.\n", r.Size)
	}
	return comment + before + strings.Join(parts, " ") + "\n"
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
