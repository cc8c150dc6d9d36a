package emulator_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"time"

	"standin/emulator"
	"standin/emulator/fault"
	"standin/emulator/journal"
	"standin/internal/catalog"
)

// show sends a request as the member demo and prints the answer.
func show(client *http.Client, method, url, body string) {
	req, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("X-Auth-Token", "demo-token")
	resp, err := client.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.Status, string(answer))
}

// An Emulator is an http.Handler.
func ExampleNew() {
	e, err := emulator.New(emulator.WithFixture("documented"), emulator.WithSeed(7))
	if err != nil {
		log.Fatal(err)
	}
	srv := httptest.NewServer(e)
	defer srv.Close()
	show(srv.Client(), http.MethodDelete, srv.URL+"/v1/clients/n2", "")
	// Output: 404 Not Found {"title":"Not Found","description":"No Client found with ID:n2"}
}

// Start listens, and sends the reason phrases of the documents.
func ExampleEmulator_Start() {
	e, err := emulator.New()
	if err != nil {
		log.Fatal(err)
	}
	s, err := e.Start(context.Background(), "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	client := s.Client()
	defer client.CloseIdleConnections()
	show(client, http.MethodPost, s.URL+"/v1/clients", "{")
	// Output: 753 Syntax Error {"title":"Malformed JSON"}
}

// Client needs no network.
func ExampleEmulator_Client() {
	e, err := emulator.New()
	if err != nil {
		log.Fatal(err)
	}
	defer e.Close()
	client := e.Client()
	show(client, http.MethodPost, "http://standin/v1/clients", `{"client_id":"node7","hostname":"node7.example.com","uuid":"1"}`)
	show(client, http.MethodGet, "http://standin/v1/clients/node7", "")
	e.Reset()
	show(client, http.MethodGet, "http://standin/v1/clients", "")
	// Output:
	// 201 Created {"client_id":"node7"}
	// 200 OK {"client":{"client_id":"node7","hostname":"node7.example.com","uuid":"1"},"user_id":"0cd44caf6db5486b94a04b33256a5ff4"}
	// 200 OK {"clients":[]}
}

// RunT is for tests. The server stops when the test ends, logs to it, and fails it if an answer
// violates its contract.
func ExampleRunT() {
	t := &stage{} // in a test: its t
	defer t.end()
	s := emulator.RunT(t, emulator.WithFixture("documented"))
	client := s.Client() // for the client under test, with s.URL
	defer client.CloseIdleConnections()
	show(client, http.MethodDelete, s.URL+"/v1/clients/n2", "")
	s.Expect(t, "freezer.clients.delete", journal.Exactly(1))
	// Output: 404 Not Found {"title":"Not Found","description":"No Client found with ID:n2"}
}

// A stage replaces the *testing.T of a test in an example.
type stage struct{ cleanups []func() }

func (s *stage) Helper()                           {}
func (s *stage) Name() string                      { return "example" }
func (s *stage) Cleanup(f func())                  { s.cleanups = append(s.cleanups, f) }
func (s *stage) Fatalf(format string, args ...any) { log.Fatalf(format, args...) }
func (s *stage) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }
func (s *stage) Logf(string, ...any)               {}

func (s *stage) end() {
	for _, f := range s.cleanups {
		f()
	}
}

// NewT is for tests on virtual time. Inside a bubble, a client that waits a minute before it
// retries does so at once.
func ExampleNewT() {
	test := func(t emulator.TB) { // synctest.Test(t, func(t *testing.T) {
		e := emulator.NewT(t, emulator.WithScenario("fails-twice-then-works"))
		client := e.Client() // for the client under test, with e.URL
		for range 3 {
			show(client, http.MethodPost, e.URL+"/v1/clients", `{"client_id":"node7","hostname":"h"}`)
			time.Sleep(time.Millisecond) // a minute in a bubble takes no time
		}
		e.Expect(t, "freezer.clients.create", journal.Exactly(3))
	} // })
	t := &stage{} // in a test: its t
	defer t.end()
	test(t)
	// Output:
	// 503 Service Unavailable {"title":"503 Service Unavailable","description":"The Keystone service is temporarily unavailable."}
	// 503 Service Unavailable {"title":"503 Service Unavailable","description":"The Keystone service is temporarily unavailable."}
	// 201 Created {"client_id":"node7"}
}

// FailNext arms a failure that a contract documents, for one request to an operation. Expect counts
// the requests.
func ExampleServer_FailNext() {
	t := &stage{} // in a test: its t
	defer t.end()
	s := emulator.RunT(t)
	client := s.Client()
	defer client.CloseIdleConnections()
	for _, status := range []int{400, 401, 503, 753} {
		_ = s.FailNext("freezer.clients.create", status) // an error fails the test
		show(client, http.MethodPost, s.URL+"/v1/clients", `{"client_id":"node7","hostname":"h"}`)
	}
	s.Expect(t, "freezer.clients.create", journal.Exactly(4))
	// Output:
	// 400 Bad Request {"title":"Bad request format","description":"Missing request body"}
	// 401 Unauthorized {"error":{"code":401,"title":"Unauthorized","message":"The request you have made requires authentication."}}
	// 503 Service Unavailable {"title":"503 Service Unavailable","description":"The Keystone service is temporarily unavailable."}
	// 753 Syntax Error {"title":"Malformed JSON"}
}

// WithScenario starts with a scenario. The example creates three clients under each built-in
// scenario.
func ExampleWithScenario() {
	t := &stage{} // in a test: its t
	defer t.end()
	for _, name := range catalog.ScenarioNames() {
		s := emulator.RunT(t, emulator.WithScenario(name))
		client := s.Client()
		client.Timeout = 2 * time.Second
		fmt.Print(name, ":")
		for _, id := range []string{"a", "b", "c"} {
			req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.URL+"/v1/clients", strings.NewReader(`{"client_id":"`+id+`","hostname":"h"}`))
			if err != nil {
				log.Fatal(err)
			}
			req.Header.Set("X-Auth-Token", "demo-token")
			resp, err := client.Do(req)
			if err == nil {
				_, err = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
			switch {
			case name == "slow-network" || name == "flaky": // depends on random draws
			case err != nil:
				fmt.Print(" no answer")
			default:
				fmt.Print(" ", resp.StatusCode)
			}
		}
		fmt.Println()
		client.CloseIdleConnections()
	}
	// Output:
	// fails-twice-then-works: 503 503 201
	// flaky:
	// forbidden: 403 403 403
	// half-an-answer: no answer 201 201
	// hangs: no answer 201 201
	// lost-reply: no answer 201 201
	// maintenance-window: 503 503 503
	// quota-reached: 201 201 201
	// rate-limited: 201 201 201
	// short-pages: 201 201 201
	// slow-network:
	// syntax-error: 753 201 201
	// token-expires-mid-run: 201 201 401
	// unauthorized: 401 401 401
	// unavailable: 503 503 503
}

// A sandbox has its own world, faults and journal, so that many tests can share one server.
func ExampleServer_Sandbox() {
	t := &stage{} // in a test: its t
	defer t.end()
	s := emulator.RunT(t)
	box := s.Sandbox(t, emulator.WithFixture("documented"), emulator.WithFault(fault.Lost("freezer.clients.create")))
	client := box.Client()
	defer client.CloseIdleConnections()
	for range 2 {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, box.URL+"/v1/clients", strings.NewReader(`{"client_id":"node7","hostname":"h"}`))
		if err != nil {
			log.Fatal(err)
		}
		req.Header.Set("X-Auth-Token", "demo-token")
		resp, err := client.Do(req)
		if err != nil {
			fmt.Println("reset:", errors.Is(err, syscall.ECONNRESET))
			continue
		}
		_ = resp.Body.Close()
		fmt.Println(resp.Status) // it was created by the first attempt
	}
	verdict := box.Verify(journal.Expectation{
		Pattern: journal.Pattern{Operation: "freezer.clients.create"}, Requests: journal.Exactly(2), Attempts: journal.Exactly(2),
	})
	fmt.Println("passed:", verdict.Passed, "others saw", len(s.Requests()), "requests")
	// Output:
	// reset: true
	// 409 Conflict
	// passed: true others saw 0 requests
}

// A function in Go decides which requests fail.
func ExampleSandbox_Fault() {
	e, err := emulator.New()
	if err != nil {
		log.Fatal(err)
	}
	defer e.Close()
	rule := fault.Rule{Func: func(r *fault.Request) (*fault.Reply, error) {
		if r.Caller == "demo" && r.Method == http.MethodDelete {
			json := http.Header{"Content-Type": {"application/json"}}
			return &fault.Reply{Status: http.StatusLocked, Header: json, Body: []byte(`{"title":"Locked"}`)}, nil
		}
		return nil, nil
	}}
	if err := e.Fault(rule); err != nil {
		log.Fatal(err)
	}
	client := e.Client()
	defer client.CloseIdleConnections()
	show(client, http.MethodDelete, "http://standin/v1/clients/node7", "")
	show(client, http.MethodGet, "http://standin/v1/clients", "")
	// Output:
	// 423 Locked {"title":"Locked"}
	// 200 OK {"clients":[]}
}
