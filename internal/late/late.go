// Package late makes values when they are first used, so that a process does not pay for them when it
// starts.
package late

import (
	"regexp"
	"sync"
)

// Regexp returns a function that returns a compiled regular expression. The first call compiles it, and
// panics if the expression is wrong. Any number of goroutines may call it at once.
func Regexp(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
