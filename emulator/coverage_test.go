package emulator_test

import (
	"net/http"
	"path/filepath"
	"testing"

	"standin/emulator"
	"standin/internal/coverage"
)

// Ensure WriteCoverage has the requests of emulators that are closed, and replaces a file.
func TestWriteCoverage(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "coverage.json")
	provoked := func() (n uint64) {
		t.Helper()
		if err := emulator.WriteCoverage(name); err != nil {
			t.Fatal(err)
		}
		r, err := coverage.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range r.Cells {
			if c.Operation == "freezer.jobs.list" && c.Answer == "200" {
				n = c.Provoked
			}
		}
		return n
	}
	before := provoked()
	for range 2 {
		e, err := emulator.New()
		if err != nil {
			t.Fatal(err)
		}
		recorded(e, http.MethodGet, "/v1/jobs", "")
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if after := provoked(); after < before+2 {
		t.Errorf("%d answers before two requests, %d after", before, after)
	}
	if err := emulator.WriteCoverage(filepath.Join(name, "none", "coverage.json")); err == nil {
		t.Error("a file in a folder that is not there was written")
	}
}
