package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"standin/internal/file"
	"standin/internal/value"
)

// Globs is a list of patterns, which are separated by commas in a text. A pattern that begins
// with "!" excludes what it matches. Globs matches a text if one pattern matches it, or all
// patterns exclude, and none of them excludes the text. The zero Globs matches everything.
type Globs struct{ include, exclude []Glob }

// maxGlobs is the max number of patterns in Globs.
const maxGlobs = 100

// SplitGlobs returns the patterns of a text, with their exclamation marks. It returns nil for an
// empty text.
func SplitGlobs(patterns string) []string {
	if patterns == "" {
		return nil
	}
	all := strings.Split(patterns, ",")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

// CheckGlobs returns an error if a pattern is empty or refused by CheckGlob, or if there are more
// than 100.
func CheckGlobs(patterns string) error {
	all := SplitGlobs(patterns)
	if len(all) > maxGlobs {
		return fmt.Errorf("%d patterns; max %d", len(all), maxGlobs)
	}
	var errs []error
	for _, p := range all {
		if p = strings.TrimPrefix(p, "!"); p == "" {
			errs = append(errs, errors.New("a pattern is empty"))
		}
		errs = append(errs, CheckGlob(p))
	}
	return errors.Join(errs...)
}

// NewGlobs compiles a list of patterns. If CheckGlobs refuses it, the Globs matches only the same
// text.
func NewGlobs(patterns string) Globs {
	if CheckGlobs(patterns) != nil {
		return Globs{include: []Glob{{pattern: patterns, parts: []string{patterns}}}}
	}
	var g Globs
	for _, p := range SplitGlobs(patterns) {
		if rest, not := strings.CutPrefix(p, "!"); not {
			g.exclude = append(g.exclude, NewGlob(rest))
		} else {
			g.include = append(g.include, NewGlob(p))
		}
	}
	return g
}

// Match reports whether the patterns match text.
func (g Globs) Match(text string) bool {
	matches := func(p Glob) bool { return p.Match(text) }
	return (len(g.include) == 0 || slices.ContainsFunc(g.include, matches)) && !slices.ContainsFunc(g.exclude, matches)
}

// Patterns is the text of Globs. In files it is a string or a list of strings.
type Patterns string

// UnmarshalNode reads a string or a list of strings.
func (p *Patterns) UnmarshalNode(n file.Node) error {
	if !n.IsList() {
		return n.Decode((*string)(p))
	}
	var list []string
	if err := n.Decode(&list); err != nil {
		return err
	}
	if len(list) == 0 {
		return n.Errorf("the list is empty")
	}
	*p = Patterns(strings.Join(list, ", "))
	return nil
}

// MarshalJSON writes one pattern as a string, and several patterns as a list.
func (p Patterns) MarshalJSON() ([]byte, error) {
	all := SplitGlobs(string(p))
	if len(all) > 1 {
		return json.Marshal(all)
	}
	return json.Marshal(string(p))
}

// JSONSchema returns the JSON Schema of Patterns in files.
func (*Patterns) JSONSchema() *value.Object {
	word := value.NewObject(value.Member{Name: "type", Value: "string"})
	return value.NewObject(value.Member{Name: "anyOf", Value: []any{word, value.NewObject(
		value.Member{Name: "type", Value: "array"}, value.Member{Name: "items", Value: word}, value.Member{Name: "minItems", Value: 1},
	)}})
}

// DecodeOperation decodes a mapping that has a member "operation" of type Patterns. It stores
// that member in operation, and decodes the others into rest.
func DecodeOperation(n file.Node, operation *string, rest any) error {
	if !n.IsMapping() {
		return n.Decode(rest)
	}
	isOperation := func(key string) bool { return key == "operation" }
	var doc struct {
		Operation Patterns `json:"operation"`
	}
	err := n.Without(isOperation).Decode(rest)
	err = errors.Join(err, n.Without(func(key string) bool { return !isOperation(key) }).Decode(&doc))
	*operation = string(doc.Operation)
	return err
}
