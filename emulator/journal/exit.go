package journal

import (
	"fmt"
	"strconv"

	"standin/internal/file"
	"standin/internal/value"
)

// An Exit is the expected end of a command: a number, Nonzero or AnyExit.
type Exit string

// These exits are not numbers.
const (
	Nonzero Exit = "nonzero" // any number except 0; a command that a signal ended has no number
	AnyExit Exit = "any"     // the command may end in any way
)

// UnmarshalText reads a number, nonzero or any.
func (x *Exit) UnmarshalText(text []byte) error {
	if *x = Exit(text); *x == Nonzero || *x == AnyExit {
		return nil
	}
	if n, err := strconv.ParseUint(string(text), 10, 32); err == nil {
		*x = Exit(strconv.FormatUint(n, 10))
		return nil
	}
	return fmt.Errorf("expected an exit code such as 1, nonzero or any, got %q%s", text, file.Hint(string(text), []string{string(Nonzero), string(AnyExit)}))
}

// JSONSchema returns a JSON Schema of an exit.
func (*Exit) JSONSchema() *value.Object {
	return value.NewObject(value.Member{Name: "anyOf", Value: []any{
		value.NewObject(value.Member{Name: "type", Value: "integer"}, value.Member{Name: "minimum", Value: 0}),
		value.NewObject(value.Member{Name: "enum", Value: []any{string(Nonzero), string(AnyExit)}}),
	}})
}

// Judge judges the exit code of a command. The code is -1 if a signal ended the command. Found
// describes how the command ended.
func (x Exit) Judge(code int, found string) Judgement {
	switch x {
	case AnyExit:
		return Judgement{Expectation: "the command ends", Met: true, Found: found}
	case Nonzero:
		return Judgement{Expectation: "the command fails", Met: code > 0, Found: found}
	case "", "0":
		return Judgement{Expectation: "the command succeeds", Met: code == 0, Found: found}
	default:
		return Judgement{Expectation: "the command ends with exit code " + string(x), Met: strconv.Itoa(code) == string(x), Found: found}
	}
}
