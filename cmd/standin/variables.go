package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"standin/internal/file"
	"standin/internal/late"
)

// prefix is the beginning of the names of Standin's environment variables.
const prefix = "STANDIN_"

// strangers matches variables with the prefix that others set. Kubernetes and Docker set some for a
// service named standin or standin-something. Programs that start standin in tests set some for
// themselves.
var strangers = late.Regexp(`_SERVICE_HOST$|_SERVICE_PORT(_\w+)?$|_PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?$|^STANDIN_(NAME|ENV_\w+|BIN|BINARY|TEST_\w+)$`)

// unknownVariable returns an error for the first environment variable that has the prefix and
// belongs to no flag. Otherwise the variable would be ignored.
func unknownVariable(model *kong.Application) error {
	known := []string{"STANDIN_URL", "STANDIN_RUN"} // set for the commands of standin run and standin explore
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
		if strings.HasPrefix(name, prefix) && !slices.Contains(known, name) && !strangers().MatchString(name) {
			return fmt.Errorf("unknown environment variable %s%s; expected %s and the name of a flag, as --help lists them", name, file.Hint(name, known), prefix)
		}
	}
	return nil
}
