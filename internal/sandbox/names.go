package sandbox

import (
	"fmt"
	"hash/crc32"
	"strings"
	"unicode/utf8"

	"standin/internal/late"
)

// unfit matches the characters that a sandbox's name cannot contain.
var unfit = late.Regexp(`[^A-Za-z0-9._-]+`)

// longestName is the maximum length, in bytes, of a name made from a text.
const longestName = 80

// inSlot returns a name that ends in a dot and the slot, or the name itself without a slot.
func inSlot(name, slot string) string {
	if slot == "" {
		return name
	}
	return name + "." + slot
}

// nameFor returns the name of a sandbox, made from any text, such as the name of a test. If more
// than punctuation is lost, it adds a hash of the text, so that different texts have different
// names.
func nameFor(text string) string {
	name := strings.Trim(unfit().ReplaceAllString(text, "-"), "-._")
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
