package docs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// A block is a block of code in a page.
type block struct {
	line     int // of its fence, counting from 1
	language string
	words    map[string]string // of the fence, after the language: NAME=VALUE, or NAME alone
	text     string
}

const fence = "```"

// blocks are the blocks of a page, in order.
func blocks(page string) []block {
	var all []block
	var b *block
	for i, line := range strings.Split(page, "\n") {
		info, isFence := strings.CutPrefix(line, fence)
		switch {
		case b == nil && isFence:
			fields := strings.Fields(info)
			b = &block{line: i + 1, words: map[string]string{}}
			for j, f := range fields {
				if j == 0 {
					b.language = f
					continue
				}
				name, value, _ := strings.Cut(f, "=")
				b.words[name] = value
			}
		case b != nil && line == fence:
			all, b = append(all, *b), nil
		case b != nil:
			b.text += line + "\n"
		}
	}
	return all
}

var known = []string{"server", "check", "needs", "file"}

func (b *block) has(word string) bool {
	_, ok := b.words[word]
	return ok
}

// valid reports words that mean nothing.
func (b *block) valid() error {
	for w := range b.words {
		if !slices.Contains(known, w) {
			return fmt.Errorf("unknown word %q after the language; known are %s", w, strings.Join(known, ", "))
		}
	}
	return nil
}

// A step is a command of a console block and what it prints.
type step struct{ command, output string }

// steps are the commands of a console block.
func (b *block) steps() []step {
	var all []step
	continues := false
	for line := range strings.Lines(b.text) {
		command, begins := strings.CutPrefix(line, "$ ")
		switch {
		case begins:
			all = append(all, step{command: command})
		case len(all) == 0: // a block without a command
			continue
		case continues:
			all[len(all)-1].command += line
		default:
			all[len(all)-1].output += line
		}
		continues = (begins || continues) && strings.HasSuffix(line, "\\\n")
	}
	return all
}

// parse checks a block that is data or code.
func (b *block) parse() error {
	switch b.language {
	case "yaml":
		dec := yaml.NewDecoder(strings.NewReader(b.text))
		for {
			var v any
			if err := dec.Decode(&v); errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
		}
	case "json":
		if !json.Valid([]byte(b.text)) {
			return errors.New("it is not JSON")
		}
	case "go":
		var errs []error
		for _, form := range []string{"%s", "package p\n%s", "package p\nfunc _() {\n%s\n}"} {
			_, err := parser.ParseFile(token.NewFileSet(), "", fmt.Sprintf(form, b.text), parser.SkipObjectResolution)
			if err == nil {
				return nil
			}
			errs = append(errs, err)
		}
		return errs[len(errs)-1]
	}
	return nil
}

// placeholders are what two runs print differently.
var placeholders = []struct {
	form *regexp.Regexp
	name string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?`), "<time>"},
	{regexp.MustCompile(`(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT`), "<date>"},
	{regexp.MustCompile(`\b\d\d:\d\d:\d\d(\.\d+)?\b`), "<time>"},
	{regexp.MustCompile(`\b\d+(\.\d+)?(ns|µs|ms)\b|\b\d+\.\d+s\b`), "<duration>"},
	{regexp.MustCompile(`("[a-z_]*(ms|seconds|nanoseconds)":) ?[\d.]+`), "$1<duration>"},
	{regexp.MustCompile(`\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`), "<uuid>"},
	{regexp.MustCompile(`\b[0-9a-f]{32}\b`), "<hex>"},
	{regexp.MustCompile(`\b(localhost|127\.0\.0\.1):\d+`), "$1:<port>"},
	{regexp.MustCompile(`[ \t\r]+\n`), "\n"},
	{regexp.MustCompile(`[ \t]+`), " "},
}

func normal(text string) string {
	text = strings.TrimRight(text, "\n") + "\n"
	for _, p := range placeholders {
		text = p.form.ReplaceAllString(text, p.name)
	}
	return text
}

const leftOut = "…"

// printed compares what a command printed with what the page has.
func printed(got, want string) error {
	got, want = normal(got), normal(want)
	var form bytes.Buffer
	for line := range strings.Lines(want) {
		if strings.TrimSpace(line) == leftOut {
			form.WriteString(`(?:.*\n)*?`)
			continue
		}
		form.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), leftOut, ".*?"))
	}
	re, err := regexp.Compile("^" + form.String() + "$")
	if err != nil {
		return err
	}
	if !re.MatchString(got) {
		return fmt.Errorf("it prints\n%sthe page has\n%s", got, want)
	}
	return nil
}
