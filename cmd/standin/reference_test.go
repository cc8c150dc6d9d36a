package main

import (
	"bytes"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"standin/internal/servicetest"
)

var update = flag.Bool("update", false, "write the generated parts of documents")

// Ensure the pages of the command line and of the environment are what the command says.
func TestGeneratedReference(t *testing.T) {
	t.Parallel()
	parser, err := newParser(streams{}, &cli{})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"command-line": commands(t, parser.Model.Node), "environment": variables(parser.Model.Node)} {
		servicetest.KeepParts(t, "../../docs/reference/"+name+".md", map[string]string{name: text}, *update)
	}
}

// commands is the help of the command and of each subcommand.
func commands(t *testing.T, root *kong.Node) string {
	t.Helper()
	help := func(args ...string) string {
		var out bytes.Buffer
		if code := run(t.Context(), append(args, "--help"), streams{&out, &out}); code != 0 {
			t.Fatalf("%v --help: exit code %d", args, code)
		}
		return out.String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n## standin\n\n```text\n%s```\n", help())
	for _, c := range root.Leaves(true) {
		path := strings.TrimPrefix(c.Path(), "standin ") // of a command in a group: report coverage
		fmt.Fprintf(&b, "\n## standin %s\n\n```text\n%s```\n", path, help(strings.Fields(path)...))
	}
	return b.String()
}

// variables is a table of the variables of all flags.
func variables(root *kong.Node) string {
	flags := map[string][]string{} // the commands, by variable and flag
	var order []string
	_ = kong.Visit(root, func(v kong.Visitable, next kong.Next) error {
		if node, ok := v.(*kong.Node); ok {
			for _, f := range node.Flags {
				for _, env := range f.Envs {
					row := fmt.Sprintf("| `%s` | `--%s` |", env, f.Name)
					if !slices.Contains(order, row) {
						order = append(order, row)
					}
					flags[row] = append(flags[row], strings.TrimPrefix(node.Path(), "standin "))
				}
			}
		}
		return next(nil)
	})
	slices.Sort(order)
	var b strings.Builder
	b.WriteString("| variable | flag | of |\n|---|---|---|\n")
	for _, row := range order {
		fmt.Fprintf(&b, "%s %s |\n", row, strings.Join(flags[row], ", "))
	}
	return b.String()
}
