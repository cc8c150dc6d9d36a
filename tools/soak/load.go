package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

type counters struct {
	sent, failed atomic.Int64
	good         []atomic.Int64 // answers with a status below 400, or requests that were sent, by kind of worker
}

// kinds are what workers do repeatedly.
var kinds = []func(w *worker, ctx context.Context){
	(*worker).freezer, (*worker).barbican, (*worker).devops, (*worker).privx, (*worker).keystone,
	(*worker).sandboxes, (*worker).rules, (*worker).breaks, (*worker).polls, (*worker).follows,
	(*worker).state, (*worker).journal, (*worker).leavesInBody, (*worker).doesNotRead, (*worker).pipelines,
}

// A worker sends requests of one kind, alternately with and without TLS.
type worker struct {
	load   *load
	client *http.Client
	kind   int
	number int
	round  int
}

func newWorker(l *load, kind, number int) *worker {
	return &worker{load: l, client: l.server.Client(), kind: kind, number: number}
}

// url returns the URL of a path, in the default sandbox or in one of a few sandboxes that are
// created on first use.
func (w *worker) url(path string) string {
	w.round++
	at := w.load.server.URL
	if w.round%2 == 0 {
		at = w.load.server.TLSURL
	}
	if w.round%3 == 0 {
		at += fmt.Sprintf("/~soak-%d", w.round%7)
	}
	return at + path
}

// do sends a request and reads the answer. It ignores errors, since other workers arm faults.
func (w *worker) do(ctx context.Context, method, url, body string, header ...string) (text string) {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	r.Header.Set("X-Auth-Token", "demo-token")
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w.load.sent.Add(1)
	resp, err := w.client.Do(r)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	if resp.StatusCode < http.StatusBadRequest {
		w.load.good[w.kind].Add(1)
	}
	if resp.StatusCode == http.StatusInternalServerError && resp.Header.Get("X-Standin-Fault") == "" {
		w.load.failed.Add(1)
	}
	return string(b)
}

func (w *worker) freezer(ctx context.Context) {
	id := fmt.Sprintf("soak-%d-%d", w.number, w.round)
	url := w.url("/v1/clients")
	w.do(ctx, "POST", url, `{"client_id":"`+id+`","hostname":"h"}`)
	w.do(ctx, "GET", url+"?limit=5", "")
	w.do(ctx, "GET", url+"/"+id, "")
	w.do(ctx, "DELETE", url+"/"+id, "")
}

func (w *worker) barbican(ctx context.Context) {
	url := w.url("/v1/secrets")
	text := w.do(ctx, "POST", url, `{"name":"soak"}`)
	_, id, ok := strings.Cut(strings.Trim(text, `"}`), "/v1/secrets/")
	if !ok {
		return
	}
	w.do(ctx, "PUT", url+"/"+id, strings.Repeat("x", 1000), "Content-Type", "text/plain")
	w.do(ctx, "GET", url+"/"+id+"/payload", "", "Accept", "text/plain")
	w.do(ctx, "POST", url+"/"+id+"/consumers", `{"service":"a","resource_type":"b","resource_id":"c"}`)
	w.do(ctx, "GET", url+"?limit=3&name=soak", "")
	w.do(ctx, "DELETE", url+"/"+id, "")
}

func (w *worker) devops(ctx context.Context) {
	id := fmt.Sprintf("soak-%d-%d", w.number, w.round)
	const basic = "Basic ZGVtbzpkZW1v"
	w.do(ctx, "POST", w.url("/v3/image"), `{"id":"`+id+`","provider":"ec2","remote_user":"root"}`, "Authorization", basic)
	w.do(ctx, "GET", w.url("/v3/images"), "", "Authorization", basic)
	w.do(ctx, "DELETE", w.url("/v3/image/"+id), "", "Authorization", basic)
}

func (w *worker) privx(ctx context.Context) {
	const bearer = "Bearer demo-token" //nolint:gosec // a token that every fixture has
	w.do(ctx, "POST", w.url("/local-user-store/api/v1/api-clients/search"), `{"keywords":"a"}`, "Authorization", bearer)
	w.do(ctx, "GET", w.url("/local-user-store/api/v1/api-clients?limit=2"), "", "Authorization", bearer)
	w.do(ctx, "POST", w.url("/auth/api/v1/oauth/token"), "grant_type=password&username=a&password=b", "Content-Type", "application/x-www-form-urlencoded")
}

func (w *worker) keystone(ctx context.Context) {
	const login = `{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"demo","domain":{"id":"default"},"password":"demo"}}}}}`
	w.do(ctx, "POST", w.url("/v3/auth/tokens"), login)
	w.do(ctx, "GET", w.url("/v3/auth/catalog"), "")
	w.do(ctx, "GET", w.url("/"), "")
}

func (w *worker) sandboxes(ctx context.Context) {
	control := w.load.server.URL + "/_standin"
	name := fmt.Sprintf("box-%d-%d", w.number, w.round)
	w.round++
	w.do(ctx, "POST", control+"/sandboxes", `{"name":"`+name+`","fork":"default","scenario":"flaky"}`)
	inside := w.load.server.URL + "/~" + name
	w.do(ctx, "GET", inside+"/v1/clients", "")
	w.do(ctx, "POST", inside+"/_standin/snapshots", `{"name":"s"}`)
	w.do(ctx, "POST", inside+"/_standin/snapshots/s", "")
	w.do(ctx, "PUT", inside+"/_standin/clock", `{"advance":"1h"}`)
	w.do(ctx, "DELETE", control+"/sandboxes/"+name, "")
}

func (w *worker) rules(ctx context.Context) {
	name := fmt.Sprintf("rule-%d-%d", w.number, w.round)
	url := w.url("/_standin/faults")
	w.do(ctx, "POST", url, `{"name":"`+name+`","where":{"path":"/v1/{x}*","query":{"soak":"`+name+`"}},"what":{"delay":"2ms","status":503},"optional":true}`)
	w.do(ctx, "GET", strings.TrimSuffix(url, "/_standin/faults")+"/v1/clients?soak="+name, "")
	w.do(ctx, "DELETE", url+"/"+name, "")
}

// breaks makes single requests fail in every way. Some of the clients do not wait for the answer.
func (w *worker) breaks(ctx context.Context) {
	for _, what := range []string{
		"connection=reset", "connection=empty", "connection=garbage", "connection=truncate", "connection=malformed_chunk",
		"connection=hang", "delay=10s", "freezer.clients.list/503", "status=200; dribble={chunks: 5, over: 20ms}",
	} {
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		w.do(short, "GET", w.url("/v1/clients"), "", "X-Standin-Fault", what)
		cancel()
	}
}

func (w *worker) polls(ctx context.Context) {
	short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	defer cancel()
	w.do(short, "GET", w.url("/_standin/requests?wait=1m&at_least=1&path=/none/*/{id}"), "")
	w.do(ctx, "GET", w.url("/_standin/requests?wait=50ms&at_least=3&path=/v1/*&status=2xx"), "")
}

func (w *worker) follows(ctx context.Context) {
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	w.do(short, "GET", w.url("/_standin/events"), "")
	w.holds(ctx, "GET /_standin/events HTTP/1.1\r\nHost: localhost\r\n\r\n", 300*time.Millisecond)
}

func (w *worker) state(ctx context.Context) {
	url := w.url("/_standin/state/freezer")
	if text := w.do(ctx, "GET", url, ""); text != "" {
		w.do(ctx, "PUT", url, text)
	}
}

func (w *worker) journal(ctx context.Context) {
	w.do(ctx, "GET", w.url("/_standin/requests"), "")
	w.do(ctx, "POST", w.url("/_standin/verify"), `[{"operation":"freezer.*","requests":{"min":0}}]`)
	rest(ctx, 100*time.Millisecond)
}

// leavesInBody closes the connection in the middle of a request's body.
func (w *worker) leavesInBody(ctx context.Context) {
	w.holds(ctx, "POST /v1/clients HTTP/1.1\r\nHost: localhost\r\nX-Auth-Token: demo-token\r\nContent-Length: 1000\r\n\r\n{", 10*time.Millisecond)
	w.holds(ctx, "POST /v1/clients HTTP/1.1\r\nHost: localhost\r\nX-Auth-Token: demo-token\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nx", 10*time.Millisecond)
}

// doesNotRead requests long answers and does not read them.
func (w *worker) doesNotRead(ctx context.Context) {
	const journal = "GET /_standin/requests HTTP/1.1\r\nHost: localhost\r\n\r\n"
	w.holds(ctx, strings.Repeat(journal, 20), 500*time.Millisecond)
}

// pipelines sends many requests at once, reads some of the answers, and closes the connection.
func (w *worker) pipelines(ctx context.Context) {
	const list = "GET /v1/clients HTTP/1.1\r\nHost: localhost\r\nX-Auth-Token: demo-token\r\n\r\n"
	const hang = "GET /v1/clients HTTP/1.1\r\nHost: localhost\r\nX-Standin-Fault: connection=hang\r\n\r\n"
	w.holds(ctx, strings.Repeat(list, 50)+hang+list, 20*time.Millisecond)
}

// holds sends bytes over a new connection, and closes it after a time without reading.
func (w *worker) holds(ctx context.Context, text string, d time.Duration) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", w.load.server.Addr(""))
	if err != nil {
		return
	}
	defer c.Close()
	w.load.sent.Add(int64(strings.Count(text, "HTTP/1.1")))
	_ = c.SetDeadline(time.Now().Add(time.Second))
	if _, err := io.WriteString(c, text); err == nil {
		w.load.good[w.kind].Add(1)
	}
	rest(ctx, d)
}

func rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
