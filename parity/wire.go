package parity

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// patience is the max time of one exchange.
const patience = 60 * time.Second

// A response is a response as it was received.
type response struct {
	status int
	reason string
	header http.Header
	body   []byte
}

// send writes a request byte by byte on its own connection, so that nothing is added, changed or
// refused.
func send(ctx context.Context, base string, x Exchange, token string) (response, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	at, err := url.Parse(base)
	if err != nil {
		return response{}, err
	}
	c, err := new(net.Dialer).DialContext(ctx, "tcp", at.Host)
	if err != nil {
		return response{}, err
	}
	defer c.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := c.SetDeadline(deadline); err != nil {
			return response{}, err
		}
	}
	if _, err := c.Write(request(at.Host, x, token)); err != nil {
		return response{}, err
	}
	return receive(bufio.NewReader(c), x.method())
}

func request(host string, x Exchange, token string) []byte {
	headers := map[string]string{"Host": host, "Connection": "close"}
	if token != "" {
		headers["X-Auth-Token"] = token
	}
	if x.JSON != "" {
		headers["Content-Type"] = "application/json"
	}
	maps.Copy(headers, x.Headers)
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", x.method(), x.Path)
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		fmt.Fprintf(&b, "%s: %s\r\n", name, headers[name])
	}
	body, has := x.sent()
	switch {
	case has && x.Chunked:
		fmt.Fprintf(&b, "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	case has || slices.Contains([]string{"POST", "PUT", "PATCH"}, x.method()):
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	default:
		b.WriteString("\r\n")
	}
	return b.Bytes()
}

func receive(r *bufio.Reader, method string) (response, error) {
	answer, err := http.ReadResponse(r, &http.Request{Method: method})
	if errors.Is(err, io.ErrUnexpectedEOF) { // the program failed, and its server closed the connection
		return response{reason: "no answer"}, nil
	}
	if err != nil {
		return response{}, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	_, reason, _ := strings.Cut(answer.Status, " ")
	return response{answer.StatusCode, reason, answer.Header, body}, err
}
