package emulator_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"standin/emulator"
)

// show does a request as the member demo and prints the answer.
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

// Start listens, and answers reason phrases as the documents have them.
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

// RunT is for tests: the server stops when the test ends, logs to it, and fails
// it if an answer breaks the contract.
func ExampleRunT() {
	test := func(t *testing.T) {
		s := emulator.RunT(t, emulator.WithFixture("documented"))
		// point the client under test at s.URL
		resp, err := s.Client().Get(s.URL + "/v1/clients")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("without a token: %s", resp.Status)
		}
	}
	_ = test
}
