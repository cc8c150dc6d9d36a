package recorder

import (
	"regexp"
	"slices"
	"testing"
)

// pair is the grammar of pairsIn as a regular expression.
var pair = regexp.MustCompile(`(["']?)([\w.%\\\[\]+-]+)(\\?["']?\s*[:=]\s*)`)

// Ensure the pairs in a text are those of the grammar.
func FuzzPairs(f *testing.F) {
	for _, text := range []string{
		"", "a=b", `{"name": "x", 'y' : 1}`, `{\"pass\":\"x\"}`, "a::b==c", "a: : b", `a"b=c`, "é=ü", "x[0]=1&y.z%20=2", "=a", "a =\n b: c",
		`"=`, `a""=b`, `a\\":`, "http://host:80/?q=1", "\xff=\xff", "a\v=b",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var want []pairIn
		for _, at := range pair.FindAllStringSubmatchIndex(text, -1) {
			want = append(want, pairIn{at[0], text[at[4]:at[5]], at[1]})
		}
		if got := slices.Collect(pairsIn(text)); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	})
}
