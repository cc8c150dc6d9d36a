package control_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"standin/emulator"
	"standin/internal/console"
	"standin/internal/servicetest"
)

// Ensure the console is small, loads nothing from elsewhere, and makes no HTML out of texts.
func TestConsoleFiles(t *testing.T) {
	t.Parallel()
	const most = 80 << 10
	dir, size := os.DirFS("../console"), 0
	names, err := fs.Glob(dir, "*.*")
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := regexp.MustCompile(`https?://[^\s'"` + "`" + `]+`)
	unsafe := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|\son[a-z]+="|<style|style="`)
	served := 0
	for _, name := range names {
		if strings.HasSuffix(name, ".go") {
			continue
		}
		content, mediaType, ok := console.File(name)
		if !ok || mediaType == "" {
			t.Errorf("%s is not served, or has no media type", name)
		}
		served++
		size += len(content)
		for _, url := range elsewhere.FindAllString(string(content), -1) {
			if url != "http://www.w3.org/2000/svg" {
				t.Errorf("%s names %s", name, url)
			}
		}
		if found := unsafe.FindString(string(content)); found != "" {
			t.Errorf("%s has %s", name, found)
		}
	}
	if served < 5 || size > most {
		t.Errorf("%d files with %d bytes; expected at most %d", served, size, most)
	}
}

// Ensure the files of the console have the strict policy, are served without the control token, and
// obey the rules about hosts. Ensure they lead to the same place with and without a final slash.
func TestConsoleServed(t *testing.T) {
	t.Parallel()
	e, err := emulator.New(emulator.WithControlToken("sesame"))
	if err != nil {
		t.Fatal(err)
	}
	for path, link := range map[string]string{"/_standin/ui": `src="ui/app.js"`, "/_standin/ui/": `src="./app.js"`, "/~other/_standin/ui/": `src="./app.js"`} {
		w := servicetest.Recorded(e, "GET", path, "")
		if w.Code != 200 || !strings.Contains(w.Body.String(), link) {
			t.Errorf("%s: %d, without %s", path, w.Code, link)
		}
		if policy := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none';") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: the policy is %q", path, policy)
		}
	}
	if w := servicetest.Recorded(e, "GET", "/_standin/ui/app.js", "", "Sec-Fetch-Site", "cross-site"); w.Code != 403 {
		t.Errorf("a page of another site gets %d", w.Code)
	}
	for dest, status := range map[string]int{"document": 200, "iframe": 403} {
		if w := servicetest.Recorded(e, "GET", "/_standin/ui", "", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", dest); w.Code != status {
			t.Errorf("a link on a page of another site, to be shown as %s: %d", dest, w.Code)
		}
	}
	if w := servicetest.Recorded(e, "GET", "/_standin/requests", ""); w.Code != 401 {
		t.Errorf("the API without a token: %d", w.Code)
	}
	if w := servicetest.Recorded(e, "GET", "/_standin/uitest", ""); w.Code != 401 {
		t.Errorf("a path that only begins like that of the console: %d", w.Code)
	}
}
