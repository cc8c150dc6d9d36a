// Command standin runs the emulated services, runs clients against them, and checks files.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"strconv"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"standin/internal/catalog"
	"standin/internal/world"
)

// cli is the command line, with one field per command. Every flag can also be set by an environment
// variable: STANDIN_ and its name.
type cli struct {
	Serve       serveCmd       `cmd:"" group:"run" default:"withargs" help:"Run the emulator. This is the default command."`
	Run         runCmd         `cmd:"" group:"run" help:"Run a client under a scenario. The exit code is the verdict."`
	Explore     exploreCmd     `cmd:"" group:"run" help:"Run a client with every failure at every request it makes. Findings are what it does wrong."`
	Requests    requestsCmd    `cmd:"" group:"look" help:"Print the requests that a running emulator received."`
	Explain     explainCmd     `cmd:"" group:"look" help:"Explain why a request was answered as it was."`
	Sandboxes   sandboxesCmd   `cmd:"" group:"look" help:"List the sandboxes of running emulators."`
	Report      reportCmd      `cmd:"" group:"look" help:"Report on what clients did."`
	Healthcheck healthcheckCmd `cmd:"" group:"look" help:"Check whether an emulator is ready. The exit code is 0 or 1."`
	Check       checkCmd       `cmd:"" group:"files" help:"Check fixtures, scenarios and contracts by line and column."`
	Generate    generateCmd    `cmd:"" group:"files" help:"Print a fixture of generated records."`
	Schema      schemaCmd      `cmd:"" group:"files" help:"Print the JSON Schema of scenarios or fixtures, for editors."`
	Scenarios   scenariosCmd   `cmd:"" group:"reference" help:"List the built-in scenarios, or print one."`
	Faults      faultsCmd      `cmd:"" group:"reference" help:"List the documented failures, or show one."`
	Operations  operationsCmd  `cmd:"" group:"reference" help:"List the operations and their statuses."`
	Quirks      quirksCmd      `cmd:"" group:"reference" help:"List where real servers differ from their documents."`
	Help        helpCmd        `cmd:"" group:"help" help:"Show help for all commands or for one."`
	ShowVersion versionCmd     `cmd:"" group:"help" name:"version" help:"Print the version."`

	Version kong.VersionFlag `env:"-" help:"Print the version."`
}

// groups are the groups of commands in the help.
var groups = []kong.Group{
	{Key: "run", Title: "Run:"},
	{Key: "look", Title: "Look at a running emulator:"},
	{Key: "files", Title: "Write and check files:"},
	{Key: "reference", Title: "Reference:"},
	{Key: "help", Title: "Help:"},
}

// streams are the outputs of a command.
type streams struct {
	out, err io.Writer
}

// An exit is the exit code of a command whose error was reported already.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// errSilent ends a command with exit code 1 and without another message.
const errSilent = exit(1)

func main() { os.Exit(program(os.Args[1:])) }

// program runs a command line in this process's environment and returns the exit code.
func program(args []string) int {
	for _, v := range os.Environ() { // compose files pass an empty variable when it is not set
		if name, ok := strings.CutSuffix(v, "="); ok && strings.HasPrefix(name, prefix) {
			_ = os.Unsetenv(name)
		}
	}
	heap = limitMemory()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, args, streams{os.Stdout, os.Stderr})
}

// run runs a command line and returns the exit code. It is 0, 1 for a failure, or 2 for a usage
// error. The commands run and explore return 3 for failures that are not those of their client.
func run(ctx context.Context, args []string, s streams) int {
	code := -1
	args, command := divide(args)
	parse := func(grammar any) (*kong.Context, error) {
		parser, err := newParser(s, grammar, kong.Exit(func(c int) { code = c }),
			kong.BindTo(ctx, (*context.Context)(nil)),
			kong.Bind(s, command, asker(func(args []string) int { return run(ctx, args, s) })))
		if err != nil {
			return nil, err
		}
		k, err := parser.Parse(args)
		if err == nil && code < 0 {
			err = unknownVariable(parser.Model)
		}
		return k, err
	}
	k, err := parse(oneCommand(args))
	if err != nil && code < 0 { // the whole grammar has the right message
		k, err = parse(&cli{})
	}
	if code >= 0 { // --help or --version
		return code
	}
	if err != nil {
		fmt.Fprintln(s.err, "standin:", err)
		return 2
	}
	err = k.Run()
	if code, ok := errors.AsType[exit](err); ok {
		return int(code)
	}
	if err != nil {
		fmt.Fprintln(s.err, "standin:", err)
		return 1
	}
	return 0
}

// oneCommand returns the part of cli that has the command of some arguments: kong takes longer to read
// all commands than an emulator takes to start. It returns all of cli for help, and if no command
// has the name.
func oneCommand(args []string) any {
	all := reflect.TypeFor[cli]()
	only := func(f reflect.StructField) any {
		return reflect.New(reflect.StructOf([]reflect.StructField{f})).Interface()
	}
	if version, ok := all.FieldByName("Version"); ok && len(args) == 1 && args[0] == "--version" {
		return only(version)
	}
	name := "serve"
	for i, a := range args {
		switch {
		case a == "-h" || a == "--help" || a == "--version":
			return &cli{}
		case i == 0 && !strings.HasPrefix(a, "-"):
			name = a
		}
	}
	for f := range all.Fields() {
		if _, is := f.Tag.Lookup("cmd"); is && cmp.Or(f.Tag.Get("name"), strings.ToLower(f.Name)) == name {
			return only(f)
		}
	}
	return &cli{}
}

// newParser makes the parser of command lines. It prints help to the streams.
func newParser(s streams, grammar any, more ...kong.Option) (*kong.Kong, error) {
	return kong.New(grammar, append([]kong.Option{
		kong.Name("standin"),
		kong.Description("A stateful emulator of the HTTP APIs of OpenStack Freezer, OpenStack Barbican, devops-service and SSH PrivX, for testing their clients."),
		kong.ExplicitGroups(groups),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.DefaultEnvars("STANDIN"),
		kong.Vars{"version": catalog.Version(), "sections": strings.Join(generated(), ","), "seed": strconv.Itoa(world.DefaultSeed)},
		kong.Writers(s.out, s.err),
	}, more...)...)
}
