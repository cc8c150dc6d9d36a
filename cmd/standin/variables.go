package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"standin/internal/file"
)

// prefix is what the names of our environment variables begin with.
const prefix = "STANDIN_"

// strangers are variables with our prefix that are not ours: those that Kubernetes and
// Docker set for a service of the name standin, or standin-something, and those that
// programs set for themselves which start standin in tests.
var strangers = regexp.MustCompile(`_SERVICE_HOST$|_SERVICE_PORT(_\w+)?$|_PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?$|^STANDIN_(NAME|ENV_\w+|BIN|TEST_\w+)$`)

// unknownVariable is the error of the first environment variable with our prefix that
// is not that of a flag. It would be ignored.
func unknownVariable(model *kong.Application) error {
	known := []string{"STANDIN_URL"} // set for the commands of standin run
	_ = kong.Visit(model, func(node kong.Visitable, next kong.Next) error {
		if f, ok := node.(*kong.Flag); ok {
			known = append(known, f.Envs...)
		}
		return next(nil)
	})
	variables := os.Environ()
	slices.Sort(variables)
	for _, v := range variables {
		name, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, prefix) && !slices.Contains(known, name) && !strangers.MatchString(name) {
			return fmt.Errorf("unknown environment variable %s%s; expected %s and the name of a flag, as --help lists them", name, file.Hint(name, known), prefix)
		}
	}
	return nil
}
