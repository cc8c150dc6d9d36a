package suite

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"standin/emulator"
)

// The number of tests in a suite, and of requests in a test.
const (
	tests    = 1000
	requests = 10
)

// Ensure a thousand parallel tests have an emulator each.
func TestStandin(t *testing.T) {
	t.Parallel()
	suite(t, func(t *testing.T) string { return emulator.RunT(t).URL })
}

// Ensure a thousand parallel tests have a server each that does nothing.
func TestPlain(t *testing.T) {
	t.Parallel()
	suite(t, func(t *testing.T) string {
		s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		t.Cleanup(s.Close)
		return s.URL
	})
}

func suite(t *testing.T, start func(t *testing.T) string) {
	for range tests {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			client := &http.Client{Transport: &http.Transport{}}
			t.Cleanup(client.CloseIdleConnections)
			url := start(t)
			for range requests {
				list(t, client, url)
			}
		})
	}
}

func list(t *testing.T, client *http.Client, url string) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/v1/clients", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Auth-Token", "demo-token")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		t.Error(resp.Status, err)
	}
}

// A new emulator in a process that has made one before.
func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := emulator.New(emulator.WithFixture("default")); err != nil {
			b.Fatal(err)
		}
	}
}
