package exchange

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"standin/emulator/fault"
	"standin/internal/ruleset"
	"standin/internal/service"
)

// change applies a rule's changes of body and headers to a reply. It returns the name of each
// change that was made.
func change(reply *service.Reply, w *fault.What, now time.Time) (did []string) {
	if body, changed := ruleset.NewBody(w, reply.Body); changed {
		reply.Body = body
		if _, isText := w.Body.(string); !isText {
			reply.ContentType = "application/json"
		}
		did = append(did, "body")
	}
	if w.RetryAfter != "" {
		reply.Set("Retry-After", ruleset.RetryAfter(w.RetryAfter, now))
		did = append(did, "retry_after "+reply.Header.Get("Retry-After"))
	}
	if changeHeaders(reply, &w.Headers) {
		did = append(did, "headers")
	}
	if w.MalformedBody != "" {
		malform(reply, w.MalformedBody)
		did = append(did, "malformed_body "+string(w.MalformedBody))
	}
	return did
}

func changeHeaders(reply *service.Reply, h *fault.Headers) bool {
	reply.Header = slices.Clone(reply.Header) // the slice may be shared with an error
	for _, name := range h.Remove {
		name = http.CanonicalHeaderKey(name)
		if name == "Content-Type" {
			reply.ContentType = ""
		}
		reply.Header = slices.DeleteFunc(reply.Header, func(f service.Field) bool { return f.Name == name })
	}
	for _, name := range slices.Sorted(maps.Keys(h.Set)) {
		if key := http.CanonicalHeaderKey(name); key == "Content-Type" {
			reply.ContentType = h.Set[name]
		} else {
			reply.Set(key, h.Set[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(h.Add)) {
		reply.Header = append(reply.Header, service.Field{Name: http.CanonicalHeaderKey(name), Value: h.Add[name]})
	}
	return len(h.Remove)+len(h.Set)+len(h.Add) > 0
}

// removes reports whether h removes the named header.
func removes(h *fault.Headers, name string) bool {
	return slices.ContainsFunc(h.Remove, func(n string) bool { return http.CanonicalHeaderKey(n) == name })
}

// malform breaks the body, or makes the headers describe another body.
func malform(reply *service.Reply, how fault.Malformation) {
	switch how {
	case fault.NotJSON:
		body := reply.Body
		if len(body) == 0 {
			body = []byte("{}")
		}
		reply.Body = append(slices.Clone(body[:len(body)-1]), ',')
	case fault.ByteOrderMark:
		reply.Body = append([]byte("\ufeff"), reply.Body...)
	case fault.WrongCharset:
		var b []byte
		for _, u := range utf16.Encode([]rune(string(reply.Body))) {
			b = append(b, byte(u), byte(u>>8))
		}
		mediaType, _, _ := strings.Cut(reply.ContentType, ";")
		reply.Body, reply.ContentType = b, mediaType+"; charset=utf-8"
	case fault.WrongContentType:
		reply.ContentType = "text/html; charset=utf-8"
	}
}
