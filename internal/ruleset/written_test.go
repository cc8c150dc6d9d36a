package ruleset_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"standin/emulator/fault"
)

// Ensure windows are written in the form in which they are read.
func TestWindowsAreWritten(t *testing.T) {
	t.Parallel()
	k, _ := catalogue(t)
	for _, text := range []string{
		`{"from":"2026-01-01T00:00:00Z"}`, `{"to":"2026-01-01T00:00:00Z"}`, `{}`,
		`{"from":"0s"}`, `{"from":"0s","to":"30s"}`, `{"from":"10s","to":"30s","since":"first"}`, `{"from":"0s","since":"first"}`,
	} {
		rules, err := k.Parse("rule", []byte(`{"what":{"status":503},"when":{"during":`+text+`}}`))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := json.Marshal(rules[0].When.During); err != nil || string(got) != text {
			t.Errorf("%s became %s, %v", text, got, err)
		}
	}
	for _, w := range []fault.Window{{From: time.Now(), End: 1}, {Start: -1}, {Start: 2, End: 1}, {Since: "ever", End: 1}} {
		if _, err := k.Check([]fault.Rule{{When: fault.When{During: &w}, What: fault.What{Status: 503}}}); err == nil {
			t.Errorf("%+v passes", w)
		}
	}
}

// Ensure the operations of a rule are written in the form in which they are read: one as a string,
// several as a list. Ensure other texts are written unchanged.
func TestOperationsAreWritten(t *testing.T) {
	t.Parallel()
	k, _ := catalogue(t)
	for _, tt := range []struct{ text, want string }{
		{`{"where":{"operation":["freezer.*"]}}`, `{"operation":"freezer.*"}`},
		{`{"where":{"operation":"freezer.*,!freezer.clients.list","path":"/a?b=<&>"}}`, `{"operation":["freezer.*","!freezer.clients.list"],"path":"/a?b=<&>"}`},
		{`{"when":{"after":{"operation":["freezer.*","!*.list"],"count":2}}}`, `{}`},
	} {
		rules, err := k.Parse("rule", []byte(tt.text[:len(tt.text)-1]+`,"what":{"status":503}}`))
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(rules[0].Where); err != nil || strings.TrimSpace(b.String()) != tt.want {
			t.Errorf("%s became %s, %v", tt.text, b.String(), err)
		}
		if a := rules[0].When.After; a != nil {
			if text, err := json.Marshal(a); err != nil || string(text) != `{"operation":["freezer.*","!*.list"],"count":2}` {
				t.Errorf("%s became %s, %v", tt.text, text, err)
			}
		}
	}
}

// Ensure each kind of connection fault accepts its options and no others.
func TestBreaks(t *testing.T) {
	t.Parallel()
	k, _ := catalogue(t)
	values := map[string]string{"at": "headers", "bytes": "3", "mode": "silent", "by": "4", "for": "2s", "silent": "true"}
	for _, b := range fault.Breaks() {
		for _, option := range []string{"at", "bytes", "mode", "by", "for", "silent"} {
			v, rest := values[option], ""
			o := b.Option(option)
			if o != nil && o.Words != nil {
				v = o.Words[len(o.Words)-1]
			}
			if b.Kind == fault.Reset && option == "bytes" {
				rest = ", at: body"
			}
			_, err := k.Parse("rule", fmt.Appendf(nil, "what: {connection: {kind: %s, %s: %s%s}}", b.Kind, option, v, rest))
			if (err == nil) != (o != nil) {
				t.Errorf("%s, %s: %v", b.Kind, option, err)
			}
		}
	}
	for _, tt := range []struct{ text, want string }{
		{"{kind: reset, at: heads}", `at "heads", did you mean "headers"?; expected start, headers, body`},
		{"{kind: reset, bytes: 3}", `"bytes" of a reset needs at: body`},
		{"{kind: reset, at: body, bytes: -1}", "expected 0 to 1048576 bytes"},
		{"{kind: reset, at: body, silent: true}", `"silent" applies only to breaks before the answer`},
		{"{kind: empty, for: 1s}", `"for" applies to hang and slow_close only`},
		{"{kind: hang, bytes: 1}", `"bytes" applies to reset, garbage and truncate only`},
		{"{kind: content_length, by: -1}", "by must not be negative"},
	} {
		if _, err := k.Parse("rule", []byte("what: {connection: "+tt.text+"}")); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.text, err, tt.want)
		}
	}
}
