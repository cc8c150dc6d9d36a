package ruleset

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"standin/emulator/fault"
	"standin/internal/file"
	"standin/internal/value"
)

// inlineName is the name of a rule in a request header.
const inlineName = "request"

// inlineKeys are the names in a request header: the phase, and the members of a rule's what whose
// value is one word.
var inlineKeys = []string{
	"status", "example", "retry_after", "body", "delay", "bandwidth", "connection", "malformed_body", "expire_token", "page_cap",
	"phase", "stealth",
}

// Inline reads the value of the request header. It is the name of a documented failure, or a list
// NAME=VALUE; NAME=VALUE…, such as "status=503; delay=200ms", or the name and then a list.
func (k *Catalogue) Inline(text string) (fault.Rule, error) {
	rule, what := value.NewObject(value.Member{Name: "name", Value: inlineName}), value.NewObject()
	for part := range strings.SplitSeq(text, ";") {
		name, v, given := strings.Cut(part, "=")
		name, v = strings.TrimSpace(name), strings.TrimSpace(v)
		if !given && strings.Contains(name, "/") {
			rule.Set("name", name)
			rule.Set("use", name)
			continue
		}
		switch name {
		case "":
		case "phase":
			rule.Set(name, v)
		case "stealth":
			rule.Set(name, v == "true")
		case "status", "bandwidth", "page_cap":
			n, err := strconv.Atoi(v)
			if errors.Is(err, strconv.ErrRange) {
				return fault.Rule{}, fmt.Errorf("header %s: %s: the number %s is too large", fault.Header, name, v)
			} else if err != nil {
				return fault.Rule{}, fmt.Errorf("header %s: %s: expected a whole number, got %q", fault.Header, name, v)
			}
			what.Set(name, n)
		case "expire_token":
			what.Set(name, v == "true")
		case "example", "retry_after", "body", "delay", "connection", "malformed_body":
			what.Set(name, v)
		default:
			return fault.Rule{}, fmt.Errorf("header %s: unknown name %q%s; expected %s", fault.Header, name, file.Hint(name, inlineKeys), strings.Join(inlineKeys, ", "))
		}
	}
	if what.Len() > 0 {
		rule.Set("what", what)
	}
	rules, err := k.Parse(fault.Header, value.Append(nil, rule))
	if err != nil {
		return fault.Rule{}, fmt.Errorf("header %s: %s", fault.Header, first(err))
	}
	return rules[0], nil
}

// first returns the text of the first of joined errors, without its place.
func first(err error) string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		err = joined.Unwrap()[0]
	}
	if e, ok := errors.AsType[*file.Error](err); ok {
		return e.Message
	}
	return err.Error()
}
