package contract

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"standin/internal/value"
)

// An outline is what an emulator needs of a contract before the first request: everything but
// schemas, texts, examples and samples. It has lines of values between tabs, which take a twentieth of
// the time of the document to read. The first value of a line says what the line describes; parameters,
// responses and examples belong to the line above them. The lines of responses are read when they are
// first needed.
const (
	lineContract  = "contract"  // service, title, prefix
	lineLogin     = "login"     // name, in
	lineRoot      = "root"      // path
	lineOperation = "operation" // id, method, path, flags, summary
	lineElsewhere = "elsewhere" //
	lineQuirk     = "quirk"     // name, flags, operations, document, server, evidence
	lineParameter = "parameter" // name, in, default
	lineResponse  = "response"  // status, flags, reason, evidence, schema, media types, headers
	lineExample   = "example"   // name
)

// Flags are letters, of which a line has those that apply.
const (
	flagStateless  = "s"
	flagPublic     = "p"
	flagBody       = "b"
	flagSecretText = "t"
	flagSecret     = "a"
	flagFaultOnly  = "f"
	flagOptional   = "o"
	flagSetting    = "x"
)

// flag returns the letter if it applies.
func flag(letter string, applies bool) string {
	if applies {
		return letter
	}
	return ""
}

// Outline returns the outline of the contract. It does not have the samples.
func (c *Contract) Outline() ([]byte, error) {
	all := [][]string{{lineContract, c.Service, c.Title, c.Prefix}}
	for _, p := range c.Logins {
		all = append(all, []string{lineLogin, p.Name, p.In})
	}
	for _, root := range c.Roots {
		all = append(all, []string{lineRoot, root})
	}
	for _, op := range c.Operations {
		flags := flag(flagStateless, op.Stateless) + flag(flagPublic, op.Public) + flag(flagBody, op.Body) +
			flag(flagSecretText, op.Secret == SecretText) + flag(flagSecret, op.Secret == Secret)
		all = append(all, []string{lineOperation, op.ID, op.Method, op.Path, flags, op.Summary})
		for _, p := range op.parameter {
			all = append(all, []string{lineParameter, p.Name, p.In, strconv.Itoa(p.Default)})
		}
		all = append(all, op.lines()...)
	}
	all = append(append(all, []string{lineElsewhere}), c.Elsewhere.lines()...)
	for _, q := range c.Quirks {
		all = append(all, []string{lineQuirk, q.Name, flag(flagSetting, q.Setting), together(q.Operations), q.Document, q.Server, q.Evidence})
		all = append(all, q.Answers.lines()...)
	}
	var b []byte
	for _, line := range all {
		text := strings.Join(line, "\t")
		if strings.Count(text, "\t") != len(line)-1 || strings.Contains(text, "\n") {
			return nil, fmt.Errorf("%q: an outline has no place for tabs, line breaks, and words with blanks", line)
		}
		b = append(append(b, text...), '\n')
	}
	return b, nil
}

// together returns words in one text; a tab among them, which Outline refuses, if one has a blank.
func together(words []string) string {
	if slices.ContainsFunc(words, func(w string) bool { return w == "" || strings.Contains(w, " ") }) {
		return "\t"
	}
	return strings.Join(words, " ")
}

// lines returns the lines of the responses.
func (op *Operation) lines() (all [][]string) {
	for _, r := range op.Responses() {
		all = append(all, []string{
			lineResponse, strconv.Itoa(r.Status), flag(flagFaultOnly, r.FaultOnly) + flag(flagOptional, r.Optional), r.Reason, string(r.Evidence),
			r.schema, together(r.MediaTypes), together(r.Headers),
		})
		for _, name := range r.Examples() {
			all = append(all, []string{lineExample, name})
		}
	}
	return all
}

// OutlineOf returns the outline of a service from the outlines of several, one after the other. It is
// empty if there is none.
func OutlineOf(service, all string) string {
	for all != "" {
		one := all
		if next := strings.Index(all, "\n"+lineContract+"\t"); next >= 0 {
			one = all[:next+1]
		}
		if strings.HasPrefix(one, lineContract+"\t"+service+"\t") {
			return one
		}
		all = all[len(one):]
	}
	return ""
}

// FromOutline returns the contract of an outline. It calls for the schemas when a response is first
// checked. It calls for the document, as JSON that Parse has accepted, when a text or an example is
// first needed. The contract has no samples.
func FromOutline(outline string, schemas, document func() []byte) (*Contract, error) {
	o := &outlined{Contract: &Contract{json: document, checked: schemas, Elsewhere: &Operation{}}}
	o.whole = sync.OnceValue(func() *Contract {
		whole, err := load(document())
		if err != nil {
			panic(fmt.Sprintf("the JSON of the contract of %s: %v", o.Service, err)) // Parse has accepted it
		}
		return whole
	})
	o.schemas = newSchemas(o.Contract)
	for at := 0; at < len(outline); {
		line := firstLine(outline[at:])
		if err := o.read(line, outline[at:]); err != nil {
			return nil, fmt.Errorf("the outline of %s: %w", o.Service, err)
		}
		at += len(line)
	}
	return o.Contract, nil
}

// firstLine returns the first line of a text, with its line break.
func firstLine(text string) string {
	if i := strings.IndexByte(text, '\n'); i >= 0 {
		return text[:i+1]
	}
	return text
}

// Outlined reports whether the contract came from an outline, and so from a document that Parse has
// accepted.
func (c *Contract) Outlined() bool { return c.whole != nil }

// An outlined is a contract that is read from its outline.
type outlined struct {
	*Contract
	operation *Operation // whose responses follow
	responses int        // so far
	values    []string   // of the line
}

// lengths are how many values the lines have.
var lengths = map[string]int{
	lineContract: 4, lineLogin: 3, lineRoot: 2, lineOperation: 6, lineElsewhere: 1, lineQuirk: 7, lineParameter: 4, lineResponse: 8, lineExample: 2,
}

// split appends the values of a line to a slice. It returns an error if their number is wrong.
func split(values []string, line string) ([]string, error) {
	for v := range strings.SplitSeq(strings.TrimSuffix(line, "\n"), "\t") {
		values = append(values, v)
	}
	if len(values) != lengths[values[0]] {
		return nil, fmt.Errorf("%q with %d values", values[0], len(values))
	}
	return values, nil
}

// read reads a line, with which the rest of the outline begins. Of a response it only keeps where it is.
func (o *outlined) read(line, rest string) (err error) {
	switch {
	case strings.HasPrefix(line, lineResponse+"\t"):
		if op := o.operation; op.later.text == "" {
			op.later = later{rest, o.responses, o.Contract}
		}
		o.responses++
		return nil
	case strings.HasPrefix(line, lineExample+"\t"):
		return nil
	}
	if o.values, err = split(o.values[:0], line); err != nil {
		return err
	}
	has := strings.Contains // of flags
	switch kind, v := o.values[0], o.values[1:]; kind {
	case lineContract:
		o.Service, o.Title, o.Prefix = v[0], v[1], v[2]
		o.Elsewhere.Service = o.Service
	case lineLogin:
		o.Logins = append(o.Logins, Parameter{Name: v[0], In: v[1]})
	case lineRoot:
		o.Roots = append(o.Roots, v[0])
	case lineOperation:
		secret := Public
		switch {
		case has(v[3], flagSecret):
			secret = Secret
		case has(v[3], flagSecretText):
			secret = SecretText
		}
		o.operation = &Operation{
			ID: v[0], Service: o.Service, Method: v[1], Path: v[2], Summary: v[4], Stateless: has(v[3], flagStateless), Public: has(v[3], flagPublic),
			Body: has(v[3], flagBody), Secret: secret, Logins: o.Logins, owner: o.Contract,
		}
		o.add(o.operation)
	case lineElsewhere:
		o.operation = o.Elsewhere
	case lineQuirk:
		q := &Quirk{Name: v[0], Setting: has(v[1], flagSetting), Operations: words(v[2]), Document: v[3], Server: v[4], Evidence: v[5]}
		q.Answers = &Operation{Service: o.Service}
		o.operation = q.Answers
		o.Quirks = append(o.Quirks, q)
	case lineParameter:
		n, err := strconv.Atoi(v[2])
		o.operation.parameter = append(o.operation.parameter, Parameter{v[0], v[1], n})
		return err
	}
	return nil
}

// A later is where the outline of a contract has the responses of an operation. The zero later has none.
type later struct {
	text   string // begins with them
	number int    // of the first
	owner  *Contract
}

// read reads the responses.
func (l later) read() (all []*Response, err error) {
	for v := []string{}; l.text != ""; {
		line := firstLine(l.text)
		l.text = l.text[len(line):]
		if v, err = split(v[:0], line); err != nil {
			return nil, err
		}
		switch v[0] {
		case lineResponse:
			status, err := strconv.Atoi(v[1])
			if err != nil {
				return nil, err
			}
			all = append(all, &Response{
				Status: status, Number: l.number + len(all), FaultOnly: strings.Contains(v[2], flagFaultOnly), Optional: strings.Contains(v[2], flagOptional),
				Reason: v[3], Evidence: Evidence(v[4]), schema: v[5], MediaTypes: words(v[6]), Headers: words(v[7]), owner: l.owner,
			})
		case lineExample:
			r := all[len(all)-1]
			r.named = append(r.named, v[1])
		default:
			return all, nil
		}
	}
	return all, nil
}

// words returns the words of a text; nil if there are none.
func words(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, " ")
}

// Schemas returns the part of the document that the schemas of responses are in, with what they
// refer to. Each schema is where the document has it.
func (c *Contract) Schemas() ([]byte, error) {
	doc, err := value.Parse(c.JSON())
	if err != nil {
		return nil, err
	}
	used := map[string]any{} // by JSON pointer
	var use func(pointer string)
	var follow func(v any)
	use = func(pointer string) {
		if _, known := used[pointer]; known {
			return
		}
		if v, ok := value.At(doc, "/"+pointer); ok {
			used[pointer] = v
			follow(v)
		}
	}
	follow = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, one := range v {
				follow(one)
			}
		case *value.Object:
			if ref, local := strings.CutPrefix(v.Text("$ref"), "#/"); local {
				use(ref)
			}
			for _, m := range v.Members() {
				follow(m.Value)
			}
		}
	}
	for _, op := range c.every() {
		for _, r := range op.Responses() {
			if r.schema != "" {
				use(r.schema)
			}
		}
	}
	part, last := value.NewObject(), ""
	for _, pointer := range slices.SortedFunc(maps.Keys(used), byPath) {
		if last == "" || !strings.HasPrefix(pointer, last+"/") { // what is in another is there already
			put(part, pointer, used[pointer])
			last = pointer
		}
	}
	return value.Append(nil, part), nil
}

// byPath puts a JSON pointer before those below it, and these before all others.
func byPath(a, b string) int { return slices.Compare(strings.Split(a, "/"), strings.Split(b, "/")) }

// put sets the value at a JSON pointer, with objects on the way to it.
func put(o *value.Object, pointer string, v any) {
	steps := strings.Split(pointer, "/")
	for _, step := range steps[:len(steps)-1] {
		name := value.Unescape(step)
		if !o.Has(name) {
			o.Set(name, value.NewObject())
		}
		o = o.Object(name)
	}
	o.Set(value.Unescape(steps[len(steps)-1]), v)
}
