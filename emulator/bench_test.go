package emulator_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"standin/emulator"
)

// A sink is an http.ResponseWriter that discards everything.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }

// handle measures a handler alone, without the network. The bare server of bench/ shows what
// net/http costs.
func handle(b *testing.B, h http.Handler, want int, request func(i int) *http.Request) {
	b.Helper()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		w := sink{header: make(http.Header, 8)}
		h.ServeHTTP(&w, request(i))
		if w.status != want {
			b.Fatalf("status %d", w.status)
		}
	}
}

func request(b *testing.B, method, path, body string) *http.Request {
	b.Helper()
	r, err := http.NewRequest(method, "http://localhost:9311"+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("X-Auth-Token", "demo-token")
	r.Header.Set("Content-Type", "application/json")
	if body == "" {
		r.Body = http.NoBody
	}
	return r
}

// stocked returns an emulator with the given number of Freezer clients.
func stocked(b *testing.B, clients int) *emulator.Emulator {
	b.Helper()
	file := filepath.Join(b.TempDir(), "stock.yaml")
	text := fmt.Sprintf("freezer: {generate: {clients: {count: %d}}}", clients)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	e, err := emulator.New(emulator.WithFixture(file))
	if err != nil {
		b.Fatal(err)
	}
	return e
}

func BenchmarkRequest(b *testing.B) {
	e := stocked(b, 100_000)
	get := func(path string) func(int) *http.Request {
		r := request(b, http.MethodGet, path, "")
		return func(int) *http.Request { return r }
	}
	b.Run("bare", func(b *testing.B) {
		body := []byte(strings.Repeat("x", 2000))
		handle(b, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
			w.WriteHeader(http.StatusOK)
			_, _ = w.Write(body)
		}), http.StatusOK, get("/v1/clients"))
	})
	b.Run("list", func(b *testing.B) { handle(b, e, http.StatusOK, get("/v1/clients")) })
	b.Run("list at the end", func(b *testing.B) { handle(b, e, http.StatusOK, get("/v1/clients?offset=99990")) })
	b.Run("images", func(b *testing.B) {
		r := request(b, http.MethodGet, "/v3/images", "")
		r.SetBasicAuth("demo", "demo")
		handle(b, e, http.StatusOK, func(int) *http.Request { return r })
	})
	b.Run("create", func(b *testing.B) {
		handle(b, e, http.StatusCreated, func(i int) *http.Request {
			return request(b, http.MethodPost, "/v1/clients", `{"client_id":"node-`+strconv.Itoa(i)+`","hostname":"h.example.com"}`)
		})
		e.Reset()
	})
}

func BenchmarkNew(b *testing.B) {
	for _, fixture := range []string{"empty", "default", "documented"} {
		b.Run(fixture, func(b *testing.B) {
			for b.Loop() {
				if _, err := emulator.New(emulator.WithFixture(fixture)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A fork costs the same, whatever the world holds.
func BenchmarkFork(b *testing.B) {
	for _, clients := range []int{1, 100_000} {
		b.Run(strconv.Itoa(clients), func(b *testing.B) {
			e := stocked(b, clients)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.NewSandbox("fork"); err != nil {
					b.Fatal(err)
				}
				e.DeleteSandbox("fork")
			}
		})
	}
}

// Reset must not depend on the size of the state.
func BenchmarkReset(b *testing.B) {
	for _, clients := range []int{0, 1_000_000} {
		e := stocked(b, clients)
		b.Run(strconv.Itoa(clients), func(b *testing.B) {
			for b.Loop() {
				e.Reset()
			}
		})
	}
}
