// Module gives the module another path, since go get needs a path with a dot: it changes every go.mod, and
// every import in Go files and in documents. It runs in the root of the module.
//
//	go run ./tools/module example.com/you/standin
package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./tools/module example.com/you/standin")
		os.Exit(2)
	}
	if err := rename(os.DirFS("."), os.Args[1], os.WriteFile); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var (
	aPath      = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*(\.[a-z0-9-]+)+(/[A-Za-z0-9._~-]+)+$`)
	moduleLine = regexp.MustCompile(`(?m)^module (\S+)$`)
)

// rename changes the files of a module. It changes none if one of them cannot be read.
func rename(root fs.FS, to string, write func(name string, data []byte, perm fs.FileMode) error) error {
	if !aPath.MatchString(to) {
		return fmt.Errorf("%q is no path of a module; expected one such as example.com/you/standin", to)
	}
	mod, err := fs.ReadFile(root, "go.mod")
	if err != nil {
		return errors.New("there is no go.mod here; run it in the root of the module")
	}
	line := moduleLine.FindSubmatch(mod)
	if line == nil {
		return errors.New("go.mod has no line that begins with module")
	}
	from := string(line[1])
	changed := map[string][]byte{}
	err = fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && path != ".") {
			return fs.SkipDir
		}
		var change func([]byte, string, string) ([]byte, error)
		switch {
		case d.Name() == "go.mod":
			change = inModule
		case filepath.Ext(path) == ".go":
			change = inSource
		case filepath.Ext(path) == ".md":
			change = inDocument
		default:
			return nil
		}
		text, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		out, err := change(text, from, to)
		if err == nil && !bytes.Equal(out, text) {
			changed[path] = out
		}
		return err
	})
	for path, text := range changed {
		if err == nil {
			err = write(path, text, 0o644) //nolint:mnd // as git checks files out
		}
	}
	return err
}

// inModule changes the line module of a go.mod. A module in a folder of another has its path in front.
func inModule(text []byte, from, to string) ([]byte, error) {
	return moduleLine.ReplaceAllFunc(text, func(line []byte) []byte {
		path := strings.TrimPrefix(string(line), "module ")
		return []byte("module " + moved(path, from, to))
	}), nil
}

// inSource changes the imports of a Go file.
func inSource(text []byte, from, to string) ([]byte, error) {
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, "", text, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var out []byte
	end := 0
	for _, imp := range f.Imports {
		path, err := strconv.Unquote(imp.Path.Value)
		if err != nil {
			return nil, err
		}
		at := files.Position(imp.Path.Pos()).Offset
		out = append(append(out, text[end:at]...), strconv.Quote(moved(path, from, to))...)
		end = at + len(imp.Path.Value)
	}
	if out = append(out, text[end:]...); bytes.Equal(out, text) {
		return text, nil
	}
	return format.Source(out)
}

// inDocument changes the imports in the examples of a document.
func inDocument(text []byte, from, to string) ([]byte, error) {
	return bytes.ReplaceAll(text, []byte("\t\""+from+"/"), []byte("\t\""+to+"/")), nil
}

// moved returns the new path of a package or of a module.
func moved(path, from, to string) string {
	if rest, ok := strings.CutPrefix(path, from); ok && (rest == "" || rest[0] == '/') {
		return to + rest
	}
	return path
}
