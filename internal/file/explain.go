package file

import (
	"bytes"
	"fmt"
	"strings"

	"standin/internal/late"
)

// Empty reports whether a file has only blanks and comments.
func Empty(data []byte) bool {
	for line := range bytes.Lines(bytes.TrimPrefix(data, []byte("\uFEFF"))) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' && !bytes.Equal(line, []byte("---")) {
			return false
		}
	}
	return true
}

var unknownAnchor = late.Regexp(`unknown anchor '(.*)' referenced`)

// explain replaces messages of the YAML library that are hard to understand: a text that needs
// quotes, or a tab. line and column are those of the message.
func explain(data []byte, line, column int, message string) string {
	if m := unknownAnchor().FindStringSubmatch(message); m != nil {
		return fmt.Sprintf(`no anchor %q; a text that begins with * needs quotes: "*%s"`, m[1], m[1])
	}
	here, before := at(data, line, column), at(data, line, column-1)
	switch {
	case here == '\t' || strings.Contains(message, "tab character"):
		return "a tab; YAML is indented with spaces"
	case strings.Contains(message, "cannot start any token") && here != 0:
		return fmt.Sprintf("a text that begins with %c needs quotes", here)
	case strings.Contains(message, "alphabetic or numeric character") && (before == '*' || before == '&'):
		return fmt.Sprintf("a text that begins with %c needs quotes", before)
	case strings.Contains(message, "mapping values are not allowed"):
		return message + "; a text with a colon and a blank in it needs quotes"
	}
	if line := lineOf(data, line); strings.Contains(message, "did not find expected") && braced().Match(line) {
		return message + "; a text with braces in it, such as a path, needs quotes"
	}
	return message
}

// braced matches a path with parameters that is not in quotes.
var braced = late.Regexp(`[:,]\s*[^"'\s]*/\{\w+\}`)

func lineOf(data []byte, line int) []byte {
	for n := 1; n < line; n++ {
		_, data, _ = bytes.Cut(data, []byte("\n"))
	}
	text, _, _ := bytes.Cut(data, []byte("\n"))
	return text
}

// at returns the character at a line and column, both counted from 1. It returns 0 if there is
// none.
func at(data []byte, line, column int) rune {
	for n := 1; n < line; n++ {
		_, rest, ok := bytes.Cut(data, []byte("\n"))
		if !ok {
			return 0
		}
		data = rest
	}
	text, _, _ := bytes.Cut(data, []byte("\n"))
	if runes := []rune(string(text)); column >= 1 && column <= len(runes) {
		return runes[column-1]
	}
	return 0
}
