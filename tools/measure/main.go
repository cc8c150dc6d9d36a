// Command measure reports how the code is divided. For each package it reports files and lines,
// dependencies between its files, the methods of its largest type, exported names, the branches of
// its most complex function, and functions and files over the limits.
//
//	go run ./tools/measure [DIR]
//
// An arrow is a dependency: it leads from a file to a file that declares a name it uses. An arrow
// is upward if it must be removed so that the files can be put in layers. The command removes as
// few as a greedy order finds.
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
)

// These are the limits of functions and files, in lines.
const (
	maxFunction = 60
	maxFile     = 400
	maxBranches = 15
)

func main() {
	dir := "."
	if len(os.Args) > 1 {
		dir = os.Args[1]
	}
	if err := measure(context.Background(), dir, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// A listed is a package as go list prints it.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	Standard                bool
	Module                  *struct{ Main bool }
}

// A measured is the result for one package.
type measured struct {
	path               string
	files, lines       int
	arrows, upward     int
	largest            string // type, and the number of its methods
	methods            int
	exported           int
	branched           string // function, and its number of branches
	branches           int
	longFuncs, longAll []string // over the limits
}

func measure(ctx context.Context, dir string, out io.Writer) error {
	packages, exports, err := list(ctx, dir)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "package\tfiles\tlines\tarrows\tupward\tlargest type\texported\tmost branches")
	var total measured
	var long []string
	for _, p := range packages {
		m, err := one(p, exports)
		if err != nil {
			return fmt.Errorf("%s: %w", p.ImportPath, err)
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s %d\t%d\t%s %d\n", m.path, m.files, m.lines, m.arrows, m.upward, m.largest, m.methods, m.exported, m.branched, m.branches)
		total.files, total.lines, total.arrows, total.upward = total.files+m.files, total.lines+m.lines, total.arrows+m.arrows, total.upward+m.upward
		if public := strings.Contains(m.path+"/", "/emulator/"); public {
			total.exported += m.exported
		}
		total.methods, total.branches = max(total.methods, m.methods), max(total.branches, m.branches)
		long = append(long, append(m.longFuncs, m.longAll...)...)
	}
	fmt.Fprintf(w, "all\t%d\t%d\t%d\t%d\t%d\t%d public\t%d\n", total.files, total.lines, total.arrows, total.upward, total.methods, total.exported, total.branches)
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nover the limits (functions of %d lines, of %d branches, files of %d lines): %d\n", maxFunction, maxBranches, maxFile, len(long))
	for _, l := range long {
		fmt.Fprintln(out, l)
	}
	return nil
}

// list returns the packages of the module, and the files with the export data of all packages.
func list(ctx context.Context, dir string) (own []listed, exports map[string]string, err error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,Standard,Module", "./...")
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, nil, err
	}
	exports = map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		var p listed
		switch err := d.Decode(&p); {
		case errors.Is(err, io.EOF):
			slices.SortFunc(own, func(a, b listed) int { return cmp.Compare(a.ImportPath, b.ImportPath) })
			return own, exports, nil
		case err != nil:
			return nil, nil, err
		}
		exports[p.ImportPath] = p.Export
		if p.Module != nil && p.Module.Main && len(p.GoFiles) > 0 {
			own = append(own, p)
		}
	}
}

// one measures a package.
func one(p listed, exports map[string]string) (measured, error) {
	m := measured{path: p.ImportPath, files: len(p.GoFiles)}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return m, err
		}
		files = append(files, f)
		n := fset.File(f.Pos()).LineCount()
		m.lines += n
		if n > maxFile {
			m.longAll = append(m.longAll, fmt.Sprintf("%s/%s: %d lines", p.ImportPath, name, n))
		}
	}
	open := func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) }
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}}
	conf := types.Config{Importer: importer.ForCompiler(fset, "gc", open)}
	pkg, err := conf.Check(p.ImportPath, fset, files, info)
	if err != nil {
		return m, err
	}
	m.names(pkg)
	m.functions(fset, files)
	arrows := arrowsOf(fset, pkg, info)
	for _, to := range arrows {
		m.arrows += len(to)
	}
	m.upward = upward(arrows)
	return m, nil
}

// names counts exported names, including methods, and finds the largest type.
func (m *measured) names(pkg *types.Package) {
	m.largest = "-"
	for _, name := range pkg.Scope().Names() {
		o := pkg.Scope().Lookup(name)
		if o.Exported() {
			m.exported++
		}
		named, ok := o.Type().(*types.Named)
		if _, is := o.(*types.TypeName); !is || !ok {
			continue
		}
		if n := named.NumMethods(); n > m.methods {
			m.largest, m.methods = name, n
		}
		for method := range named.Methods() {
			if o.Exported() && method.Exported() {
				m.exported++
			}
		}
	}
}

// functions finds the function with the most branches, and those over the limits.
func (m *measured) functions(fset *token.FileSet, files []*ast.File) {
	m.branched = "-"
	for _, f := range files {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			n := branches(fn.Body)
			if n > m.branches {
				m.branched, m.branches = fn.Name.Name, n
			}
			at := fset.Position(fn.Pos())
			lines := fset.Position(fn.End()).Line - at.Line + 1
			if lines > maxFunction || n > maxBranches {
				m.longFuncs = append(m.longFuncs, fmt.Sprintf("%s/%s:%d: %s has %d lines and %d branches", m.path, filepath.Base(at.Filename), at.Line, fn.Name.Name, lines, n))
			}
		}
	}
}

// branches returns the cyclomatic complexity of a function, which is one more than its branches.
func branches(body ast.Node) int {
	n := 1
	ast.Inspect(body, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt:
			n++
		case *ast.CaseClause:
			if node.List != nil {
				n++
			}
		case *ast.CommClause:
			if node.Comm != nil {
				n++
			}
		case *ast.BinaryExpr:
			if node.Op == token.LAND || node.Op == token.LOR {
				n++
			}
		}
		return true
	})
	return n
}

// arrowsOf returns, for each file, the other files of the package whose names it uses.
func arrowsOf(fset *token.FileSet, pkg *types.Package, info *types.Info) map[string]map[string]bool {
	arrows := map[string]map[string]bool{}
	for id, o := range info.Uses {
		if o.Pkg() != pkg || !o.Pos().IsValid() {
			continue
		}
		if v, ok := o.(*types.Var); ok && !v.IsField() && o.Parent() != pkg.Scope() { // of a function
			continue
		}
		from, to := fset.Position(id.Pos()).Filename, fset.Position(o.Pos()).Filename
		if arrows[from] == nil {
			arrows[from] = map[string]bool{}
		}
		if from != to {
			arrows[from][to] = true
		}
	}
	return arrows
}

// upward puts the files into an order and returns the number of upward arrows. It repeatedly takes
// a file that uses none of the remaining files. If there is none, it takes the file with the most
// arrows to it, minus those from it.
func upward(arrows map[string]map[string]bool) (n int) {
	left := map[string]bool{}
	for from, to := range arrows {
		left[from] = true
		for f := range to {
			left[f] = true
		}
	}
	for len(left) > 0 {
		best, out, score := "", 0, 0
		for _, f := range slices.Sorted(maps.Keys(left)) {
			from, to := 0, 0
			for other := range left {
				if arrows[f][other] {
					from++
				}
				if arrows[other][f] {
					to++
				}
			}
			if s := to - from; from == 0 || best == "" || out > 0 && s > score {
				best, out, score = f, from, s
			}
			if out == 0 {
				break
			}
		}
		n += out // they lead to files that come later in the order
		delete(left, best)
	}
	return n
}
