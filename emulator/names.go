package emulator

import (
	"errors"
	"fmt"
	"hash/crc32"
	"regexp"
	"strings"
	"unicode/utf8"

	"standin/internal/control"
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

// free tries a name, then the same with -2, -3…, until one is free.
func free(base string, try func(name string) error) error {
	err := errTaken
	if base != defaultSandbox {
		err = try(base)
	}
	for n := 2; errors.Is(err, errTaken); n++ {
		err = try(fmt.Sprintf("%s-%d", base, n))
	}
	return err
}

// named makes a sandbox by the name that a specification has, or by one that is made.
func (e *Emulator) named(spec control.Spec, make func(name string) (*Sandbox, error)) (s *Sandbox, err error) {
	try := func(name string) error {
		s, err = make(name)
		return err
	}
	switch {
	case spec.Name != "":
		err = try(spec.Name)
	case spec.For != "":
		err = free(nameFor(spec.For), try)
	default:
		for err = errTaken; errors.Is(err, errTaken); {
			err = try(fmt.Sprintf("sandbox-%d", e.others.made.Add(1)))
		}
	}
	return s, err
}
