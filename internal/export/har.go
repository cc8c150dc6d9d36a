package export

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"standin/emulator/journal"
)

// HARType is the media type of a HAR.
const HARType = "application/json"

// HARStart returns the beginning of a HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec). Its
// entries follow, separated by commas, then HAREnd.
func HARStart(version string) string {
	return `{"log":{"version":"1.2","creator":{"name":"standin","version":` + strconv.Quote(version) + `},"entries":[`
}

// HAREnd is the end of a HAR.
const HAREnd = "]}}"

// unknown is the number that HAR has for a size that is not known.
const unknown = -1

type harEntry struct {
	Started    time.Time   `json:"startedDateTime"`
	Time       float64     `json:"time"`
	Request    harRequest  `json:"request"`
	Response   harResponse `json:"response"`
	Cache      struct{}    `json:"cache"`
	Timings    harTimings  `json:"timings"`
	Connection string      `json:"connection,omitempty"`
	Own        harOwn      `json:"_standin"`
}

type harRequest struct {
	Method      string   `json:"method"`
	URL         string   `json:"url"`
	Version     string   `json:"httpVersion"`
	Cookies     []pair   `json:"cookies"`
	Headers     []pair   `json:"headers"`
	Query       []pair   `json:"queryString"`
	Post        *harPost `json:"postData,omitempty"`
	HeadersSize int      `json:"headersSize"`
	BodySize    int      `json:"bodySize"`
}

type harPost struct {
	Type     string `json:"mimeType"`
	Text     string `json:"text"`
	Encoding string `json:"_encoding,omitempty"`
}

type harResponse struct {
	Status      int        `json:"status"`
	Text        string     `json:"statusText"`
	Version     string     `json:"httpVersion"`
	Cookies     []pair     `json:"cookies"`
	Headers     []pair     `json:"headers"`
	Content     harContent `json:"content"`
	Redirect    string     `json:"redirectURL"`
	HeadersSize int        `json:"headersSize"`
	BodySize    int        `json:"bodySize"`
}

type harContent struct {
	Size     int    `json:"size"`
	Type     string `json:"mimeType"`
	Text     string `json:"text,omitempty"`
	Encoding string `json:"encoding,omitempty"`
}

type harTimings struct {
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
}

// harOwn has what an entry of the journal says beyond HAR.
type harOwn struct {
	Sequence  uint64          `json:"sequence"`
	Sandbox   string          `json:"sandbox"`
	Operation string          `json:"operation,omitempty"`
	Attempt   int             `json:"attempt"`
	Ended     journal.Ended   `json:"ended"`
	Faults    []journal.Fault `json:"faults,omitempty"`
	RefusedBy string          `json:"refused_by,omitempty"`
	TraceID   string          `json:"trace_id,omitempty"`
	SpanID    string          `json:"span_id,omitempty"`
	Violation string          `json:"violation,omitempty"`
}

// HAREntry returns an entry as an entry of a HAR. An exchange without a reply has the status 0, as
// in the HARs of browsers.
func HAREntry(e *journal.Entry) ([]byte, error) {
	tls, version := false, "HTTP/1.1"
	h := harEntry{Started: e.Began, Time: milliseconds(e.Took), Own: harOwn{
		e.Sequence, e.Sandbox, e.Operation, e.Attempt, e.Ended, e.Faults, e.RefusedBy, e.TraceID, e.SpanID, e.Violation,
	}}
	h.Timings.Wait = h.Time
	if k := e.Connection; k != nil {
		tls, version = k.TLS, k.Protocol
		if k.ID > 0 {
			h.Connection = strconv.FormatUint(k.ID, 10)
		}
	}
	h.Request = harRequest{
		Method: e.Request.Method, URL: target(&e.Request, tls), Version: version, Cookies: []pair{}, Headers: pairs(e.Request.Headers),
		Query: queryPairs(e.Request.Query), Post: harPostOf(&e.Request), HeadersSize: unknown, BodySize: e.Request.Size,
	}
	h.Response = harResponse{Version: version, Cookies: []pair{}, Headers: []pair{}, Content: harContent{Type: "x-unknown"}, HeadersSize: unknown, BodySize: unknown}
	if r := e.Reply; r != nil {
		h.Response.Status, h.Response.Text = r.Status, http.StatusText(r.Status)
		h.Response.Headers, h.Response.Redirect, h.Response.BodySize = pairs(r.Headers), header(r.Headers, "Location"), r.Size
		h.Response.Content = harContent{Size: r.Size, Type: header(r.Headers, "Content-Type"), Text: r.Text}
		if r.Base64 != "" {
			h.Response.Content.Text, h.Response.Content.Encoding = r.Base64, "base64"
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(&h)
	return bytes.TrimSpace(b.Bytes()), err
}

func harPostOf(r *journal.Request) *harPost {
	switch {
	case r.Base64 != "":
		return &harPost{header(r.Headers, "Content-Type"), r.Base64, "base64"}
	case r.Text != "":
		return &harPost{header(r.Headers, "Content-Type"), r.Text, ""}
	default:
		return nil
	}
}

// queryPairs returns the parameters of a query in their order. What cannot be decoded stays as it is.
func queryPairs(query string) []pair {
	all := []pair{}
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		name, v, _ := strings.Cut(part, "=")
		all = append(all, pair{unescaped(name), unescaped(v)})
	}
	return all
}

func unescaped(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
