package docs

import (
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	aLink    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	aHeading = regexp.MustCompile(`(?m)^#+ +(.*?) *$`)
	aBlock   = regexp.MustCompile("(?ms)^```.*?^```$")
)

// Ensure every link of a page leads to a file, and to a heading where it names one.
func TestLinks(t *testing.T) {
	t.Parallel()
	for _, page := range pages(t) {
		text, err := os.ReadFile(filepath.Join(repo, page))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range aLink.FindAllStringSubmatch(aBlock.ReplaceAllString(string(text), ""), -1) {
			u, err := url.Parse(m[1])
			if err != nil || u.Scheme != "" {
				continue
			}
			target := page
			if u.Path != "" {
				target = path.Join(path.Dir(page), u.Path)
			}
			there, err := os.Stat(filepath.Join(repo, target))
			switch {
			case err != nil:
				t.Errorf("%s: the link %s leads nowhere", page, m[1])
			case u.Fragment != "" && !there.IsDir() && !headings(t, target)[u.Fragment]:
				t.Errorf("%s: %s has no heading %s", page, target, u.Fragment)
			}
		}
	}
}

// Ensure every page is in the index.
func TestIndex(t *testing.T) {
	t.Parallel()
	index, err := os.ReadFile("index.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages(t) {
		rel, in := strings.CutPrefix(page, "docs/")
		if in && rel != "index.md" && !strings.Contains(string(index), "]("+rel+")") {
			t.Errorf("docs/index.md does not have %s", rel)
		}
	}
}

// headings are the names by which links lead to the headings of a page.
func headings(t *testing.T, page string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repo, page))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, m := range aHeading.FindAllStringSubmatch(aBlock.ReplaceAllString(string(text), ""), -1) {
		all[slug(m[1])] = true
	}
	return all
}

// slug is the name of a heading, as GitHub makes it.
func slug(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}
