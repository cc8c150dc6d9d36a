package sandbox

import (
	"fmt"
	"hash/crc32"
	"regexp"
	"strings"
	"unicode/utf8"
)

// unfit are the characters that a sandbox's name cannot hold.
var unfit = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// longestName is what is kept of a text in a sandbox's name.
const longestName = 80

// nameFor makes the name of a sandbox of any text, such as the name of a test. A text of
// which something is lost beyond punctuation is told from others by a hash.
func nameFor(text string) string {
	name := strings.Trim(unfit.ReplaceAllString(text, "-"), "-._")
	lost := len(name) > longestName || name == "" || strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
	if len(name) > longestName {
		name = name[:longestName]
	}
	if name == "" {
		name = "sandbox"
	}
	if lost {
		name = fmt.Sprintf("%s-%x", name, crc32.ChecksumIEEE([]byte(text)))
	}
	return name
}
