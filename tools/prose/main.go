// Command prose measures how a document reads: its size, the number of words in its sentences, and
// the width of its lines. It does not count code, tables and headings as sentences.
//
//	go run ./tools/prose [-check] [FILE…]
//
// Without files it measures README.md, CONTRIBUTING.md, CHANGELOG.md and docs. With -check it
// prints each sentence or line over a limit, and exits with code 1 if there is one.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

// These are the limits of every document.
const (
	maxWords  = 30  // words in a sentence
	maxMedian = 14  // median words in a sentence
	maxWidth  = 160 // characters in a line
)

// A size is the maximum size of a document.
type size struct{ lines, bytes int }

// sizes are the limits of single documents.
var sizes = map[string]size{
	"README.md":       {150, 9 << 10},
	"README.zh-CN.md": {150, 18 << 10}, // a Chinese character takes three bytes
	"CONTRIBUTING.md": {150, 6 << 10},
}

// fewSentences is the number of sentences below which the median is not checked.
const fewSentences = 5

func main() {
	log.SetFlags(0)
	check := flag.Bool("check", false, "exit with 1 if a document is over a limit")
	flag.Parse()
	files := flag.Args()
	if len(files) == 0 {
		for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
			found, err := filepath.Glob(pattern)
			if err != nil {
				log.Fatal(err)
			}
			files = append(files, found...)
		}
	}
	var wrong []string
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "document\tlines\tbytes\tsentences\tmedian\tlongest\tparagraph\twidest\t")
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			log.Fatal(err)
		}
		d := measure(string(text))
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", path, d.lines, d.bytes, len(d.sentences), d.median(), d.longest(), d.paragraph, d.widest)
		for _, problem := range d.problems(filepath.Base(path)) {
			wrong = append(wrong, path+": "+problem)
		}
	}
	if err := w.Flush(); err != nil {
		log.Fatal(err)
	}
	if *check && len(wrong) > 0 {
		log.Fatal(strings.Join(wrong, "\n"))
	}
}

// A document holds what was measured in a file.
type document struct {
	lines, bytes, widest int
	paragraph            int // words in the longest paragraph
	sentences            []string
	wide                 []string // lines that are wider than maxWidth
}

var (
	aMark  = regexp.MustCompile(`<!--.*?-->`)
	aCode  = regexp.MustCompile("`[^`]+`")
	aLink  = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)
	anItem = regexp.MustCompile(`^\s*([-*]|\d+\.)\s+`)

	anEnd     = regexp.MustCompile(`[.!?…][)"*]*\s+`)
	chinese   = regexp.MustCompile(`\p{Han}`)
	notAnEnd  = strings.NewReplacer("e.g. ", "eg ", "i.e. ", "ie ", "etc. ", "etc ")
	wordForms = regexp.MustCompile(`[\pL\pN]`)
)

func measure(text string) document {
	d := document{bytes: len(text)}
	var paragraph []string
	end := func() {
		d.add(strings.Join(paragraph, " "))
		paragraph = nil
	}
	inCode := false
	s := bufio.NewScanner(strings.NewReader(text))
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		line := s.Text()
		d.lines++
		if n := utf8.RuneCountInString(line); n > maxWidth {
			d.wide = append(d.wide, fmt.Sprintf("line %d has %d characters: %.60s", d.lines, n, line))
			d.widest = max(d.widest, n)
		} else {
			d.widest = max(d.widest, n)
		}
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			end()
			inCode = !inCode
			continue
		}
		if inCode {
			continue
		}
		line = aMark.ReplaceAllString(line, "")
		switch {
		case strings.TrimSpace(line) == "", strings.HasPrefix(line, "#"), strings.HasPrefix(strings.TrimSpace(line), "|"):
			end()
		case anItem.MatchString(line):
			end()
			paragraph = []string{anItem.ReplaceAllString(line, "")}
		default:
			paragraph = append(paragraph, strings.TrimSpace(line))
		}
	}
	end()
	return d
}

// add adds the sentences of a paragraph. A code span counts as one word.
func (d *document) add(text string) {
	text = notAnEnd.Replace(aLink.ReplaceAllString(aCode.ReplaceAllString(text, "code"), "$1"))
	if text == "" || chinese.MatchString(text) {
		return
	}
	d.paragraph = max(d.paragraph, words(text))
	for _, sentence := range anEnd.Split(text, -1) {
		if words(sentence) > 0 {
			d.sentences = append(d.sentences, sentence)
		}
	}
}

func words(text string) int {
	n := 0
	for f := range strings.FieldsSeq(text) {
		if wordForms.MatchString(f) {
			n++
		}
	}
	return n
}

func (d *document) counts() []int {
	all := make([]int, 0, len(d.sentences))
	for _, s := range d.sentences {
		all = append(all, words(s))
	}
	slices.Sort(all)
	return all
}

// median returns the median number of words in a sentence; 0 if there are no sentences.
func (d *document) median() int {
	if all := d.counts(); len(all) > 0 {
		return all[len(all)/2]
	}
	return 0
}

// longest returns the number of words in the longest sentence.
func (d *document) longest() int {
	if all := d.counts(); len(all) > 0 {
		return all[len(all)-1]
	}
	return 0
}

// problems returns what exceeds a limit in the document.
func (d *document) problems(name string) []string {
	all := slices.Clone(d.wide)
	if m := d.median(); m > maxMedian && len(d.sentences) > fewSentences {
		all = append(all, fmt.Sprintf("half of the sentences have %d words or more; at most %d", m, maxMedian))
	}
	for _, s := range d.sentences {
		if n := words(s); n > maxWords {
			all = append(all, fmt.Sprintf("a sentence of %d words; at most %d: %s", n, maxWords, s))
		}
	}
	if limit, ok := sizes[name]; ok && (d.lines > limit.lines || d.bytes > limit.bytes) {
		all = append(all, fmt.Sprintf("%d lines and %d bytes; at most %d and %d", d.lines, d.bytes, limit.lines, limit.bytes))
	}
	return all
}
