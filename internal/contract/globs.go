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

// Globs are one pattern, or several with commas between them. A pattern that begins with
// "!" excludes what it matches. A text matches Globs if a pattern matches it, or if all of
// them exclude, and no pattern excludes it. The zero Globs match everything.
type Globs struct{ include, exclude []Glob }

// maxGlobs bounds the patterns of Globs.
const maxGlobs = 100

// SplitGlobs lists the patterns of a text, with their exclamation marks; none of an empty one.
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

// CheckGlobs returns an error for a text that is not a list of patterns: one of them is
// empty or refused by CheckGlob, or there are more than 100.
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

// NewGlobs compiles a list of patterns. A text that CheckGlobs refuses matches itself only.
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

// Match reports whether the text is one that the patterns stand for.
func (g Globs) Match(text string) bool {
	matches := func(p Glob) bool { return p.Match(text) }
	return (len(g.include) == 0 || slices.ContainsFunc(g.include, matches)) && !slices.ContainsFunc(g.exclude, matches)
}

// Patterns are the text of Globs. Files write them as a text, or as a list of texts.
type Patterns string

// UnmarshalNode reads a text, or a list of texts.
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

// MarshalJSON writes one pattern as a text, and several as a list.
func (p Patterns) MarshalJSON() ([]byte, error) {
	all := SplitGlobs(string(p))
	if len(all) > 1 {
		return json.Marshal(all)
	}
	return json.Marshal(string(p))
}

// JSONSchema describes the spellings of patterns.
func (*Patterns) JSONSchema() *value.Object {
	word := value.NewObject(value.Member{Name: "type", Value: "string"})
	return value.NewObject(value.Member{Name: "anyOf", Value: []any{word, value.NewObject(
		value.Member{Name: "type", Value: "array"}, value.Member{Name: "items", Value: word}, value.Member{Name: "minItems", Value: 1},
	)}})
}

// DecodeOperation decodes a mapping whose member "operation" are Patterns: that member into
// a text, and the mapping without it into a struct.
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
