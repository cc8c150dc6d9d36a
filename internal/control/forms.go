package control

import (
	"net/http"

	"standin/emulator/journal"
	"standin/internal/catalog"
	"standin/internal/export"
	"standin/internal/recorder"
	"standin/internal/service"
)

// formOf returns the form that the caller asks for.
func formOf(c *service.Call) (*form, error) {
	name := c.Query().Get("format")
	if name == "" {
		name = "json"
		if prefersText(c) {
			name = "text"
		}
	}
	if f := forms[name]; f != nil {
		return f, nil
	}
	return nil, service.Errorf(service.Invalid, "", "format: expected json, text, har or curl, got %q", name)
}

// A form is a format of a list of entries.
type form struct {
	mediaType string
	open      func(c journal.Counts) string
	between   string
	entry     func(e *journal.Entry) []byte
	end       func(c journal.Counts) []byte
}

const plainText = "text/plain; charset=utf-8"

func nothing(journal.Counts) []byte { return nil }

// forms are the formats of lists, by the value of the parameter format.
var forms = map[string]*form{
	"json": {
		mediaType: "application/json", between: ",",
		open:  func(journal.Counts) string { return `{"requests":[` },
		entry: func(e *journal.Entry) []byte { return must(encode(e)) },
		end:   func(c journal.Counts) []byte { return append([]byte("],"), must(encode(c))[1:]...) },
	},
	"text": {
		mediaType: plainText,
		open:      journal.Counts.Dropped,
		entry:     func(e *journal.Entry) []byte { l := e.Line(); return append(l.Append(nil), '\n') },
		end:       nothing,
	},
	"har": {
		mediaType: export.HARType, between: ",",
		open:  func(journal.Counts) string { return export.HARStart(catalog.Version()) },
		entry: func(e *journal.Entry) []byte { return must(export.HAREntry(e)) },
		end:   func(journal.Counts) []byte { return []byte(export.HAREnd) },
	},
	"curl": {
		mediaType: plainText,
		open:      func(journal.Counts) string { return "" },
		entry:     func(e *journal.Entry) []byte { return []byte(export.Curl(e)) },
		end:       nothing,
	},
}

// asCanonical is the form that two runs can compare.
var asCanonical = &form{
	mediaType: "text/plain",
	open:      func(journal.Counts) string { return "" },
	entry:     func(e *journal.Entry) []byte { return journal.Canonical([]journal.Entry{*e}) },
	end:       nothing,
}

// whole returns one entry in a form.
func (f *form) whole(e *journal.Entry) []byte {
	text := append([]byte(f.open(journal.Counts{})), f.entry(e)...)
	return append(text, f.end(journal.Counts{})...)
}

// must returns b. It panics on an error, which cannot happen for these types.
func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// heldWhole is the size, in bytes, up to which a list is sent with a Content-Length.
const heldWhole = 256 << 10

// list answers the entries of a reader. It sends a long list while it reads, and never holds the
// whole list.
func list(r *recorder.Reader, f *form) service.Reply {
	next := func(b []byte, between string) ([]byte, bool) {
		e, ok := r.Next()
		if !ok {
			return append(b, f.end(r.Counts())...), false
		}
		return append(append(b, between...), f.entry(&e)...), true
	}
	body, more := next([]byte(f.open(r.Counts())), "")
	for more && len(body) < heldWhole {
		body, more = next(body, f.between)
	}
	if !more {
		return service.Reply{Status: http.StatusOK, ContentType: f.mediaType, Body: body}
	}
	return service.Reply{Status: http.StatusOK, ContentType: f.mediaType, Stream: func(write func([]byte) error) error {
		err := write(body)
		for err == nil && more {
			for body = body[:0]; more && len(body) < heldWhole; {
				body, more = next(body, f.between)
			}
			err = write(body)
		}
		return err
	}}
}

// asText reports whether the caller asks for text in place of JSON, by the parameter format or by
// the header Accept.
func asText(c *service.Call) (bool, error) {
	switch format := c.Query().Get("format"); format {
	case "text", "json":
		return format == "text", nil
	case "":
		return prefersText(c), nil
	default:
		return false, service.Errorf(service.Invalid, "", "format: expected json or text, got %q", format)
	}
}

// prefersText reports whether the header Accept asks for text in place of JSON.
func prefersText(c *service.Call) bool {
	accept := c.Accept()
	return service.Quality(accept, "text/plain") > service.Quality(accept, "application/json")
}

// inForm returns a value as JSON, or as text if the caller asks for it.
func inForm(c *service.Call, v any, text func() string) (service.Reply, error) {
	is, err := asText(c)
	switch {
	case err != nil:
		return service.Reply{}, err
	case !is:
		return reply(http.StatusOK, v)
	}
	return service.Reply{Status: http.StatusOK, ContentType: plainText, Body: []byte(text())}, nil
}
