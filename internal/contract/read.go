package contract

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"standin/internal/file"
	"standin/internal/value"
)

// A reader reads the parts of an OpenAPI document.
type reader struct {
	contract *Contract
	doc      *value.Object
	root     file.Node         // the places of values in the file
	bare     bool              // there is no file; samples are skipped
	shapes   map[string]*Shape // by reference
}

var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

func (r *reader) read() error {
	r.contract.Logins = r.logins()
	paths := r.doc.Object("paths")
	if paths == nil {
		return r.root.Errorf(`"paths" is missing`)
	}
	for _, path := range paths.Members() {
		item, ok := path.Value.(*value.Object)
		if !ok {
			return r.root.At("paths", path.Name).Errorf("expected a path item")
		}
		for _, m := range item.Members() {
			if !slices.Contains(methods, m.Name) {
				continue
			}
			if err := r.operation(path.Name, m.Name, item); err != nil {
				return err
			}
		}
	}
	r.contract.Elsewhere = &Operation{Service: r.contract.Service, input: &input{}}
	if elsewhere := r.doc.Object("x-elsewhere"); elsewhere != nil {
		op := r.contract.Elsewhere
		if err := r.responses(op, elsewhere, "x-elsewhere"); err != nil {
			return err
		}
		if err := r.samples(op, r.root.At("x-elsewhere")); err != nil {
			return err
		}
	}
	for _, v := range r.doc.List("x-roots") {
		root, _ := v.(string)
		r.contract.Roots = append(r.contract.Roots, root)
	}
	return r.quirks()
}

func (r *reader) operation(path, method string, item *value.Object) error {
	at := r.root.At("paths", path, method)
	o := item.Object(method)
	if o == nil {
		return at.Errorf("expected an operation")
	}
	op := &Operation{
		ID: o.Text("operationId"), Service: r.contract.Service,
		Method: strings.ToUpper(method), Path: path, Summary: o.Text("summary"),
		Stateless: o.Bool("x-stateless"), Logins: r.contract.Logins,
		Secret: map[string]Secrecy{"text": SecretText, "all": Secret}[o.Text("x-secret")],
		input:  &input{examples: value.NewObject()},
	}
	if !strings.HasPrefix(op.ID, op.Service+".") {
		return at.At("operationId").Errorf("operationId %q does not begin with %q", op.ID, op.Service+".")
	}
	if r.contract.Operation(op.ID) != nil {
		return at.At("operationId").Errorf("operationId %q is given twice", op.ID)
	}
	if v, ok := o.Get("security"); ok {
		none, _ := v.([]any)
		op.Public = len(none) == 0
	}
	for _, v := range slices.Concat(item.List("parameters"), o.List("parameters")) {
		if p, _ := r.resolve(v, ""); p != nil {
			op.parameter = append(op.parameter, Parameter{Name: p.Text("name"), In: p.Text("in"), Default: defaultOf(p)})
		}
	}
	if body := o.Object("requestBody"); body != nil {
		r.body(op, body)
	}
	if err := r.responses(op, o, pointer("paths", path, method)); err != nil {
		return err
	}
	r.contract.add(op)
	return r.samples(op, at)
}

// defaultOf returns the default of a numeric parameter.
func defaultOf(p *value.Object) int {
	schema := p.Object("schema")
	v, _ := schema.Get("default")
	n, _ := v.(value.Number)
	i, _ := strconv.Atoi(string(n)) // 0 without a default
	return i
}

// responses reads the members "responses" and "x-responses". The second holds statuses that
// OpenAPI does not allow in the first, for example 753.
func (r *reader) responses(op *Operation, o *value.Object, at string) error {
	for _, group := range []string{"responses", "x-responses"} {
		all := o.Object(group)
		if all == nil {
			continue
		}
		for _, m := range all.Members() {
			status, err := strconv.Atoi(m.Name)
			if err != nil || status < 100 || status > 999 {
				continue // "default" or a range, against which no response is checked
			}
			spec, where := r.resolve(m.Value, at+"/"+pointer(group, m.Name))
			if spec == nil {
				return r.root.Errorf("%s: response %s: expected an object or a local reference to one", op.ID, m.Name)
			}
			op.responses = append(op.responses, r.response(status, spec, where))
		}
	}
	slices.SortStableFunc(op.responses, func(a, b *Response) int { return cmp.Compare(a.Status, b.Status) })
	return nil
}

func (r *reader) response(status int, spec *value.Object, at string) *Response {
	resp := &Response{
		Status:    status,
		Reason:    cmp.Or(spec.Text("x-reason"), Reason(status)),
		Evidence:  Evidence(spec.Text("x-evidence")),
		FaultOnly: spec.Bool("x-fault-only"),
		Optional:  spec.Bool("x-body-optional"),
		texts:     &texts{description: spec.Text("description"), examples: value.NewObject()},
		owner:     r.contract,
	}
	r.media(spec, at, func(mediaType string, m *value.Object, where string) {
		resp.MediaTypes = append(resp.MediaTypes, mediaType)
		if _, ok := m.Get("schema"); ok && strings.Contains(mediaType, "json") {
			resp.schema = where + "/schema"
		}
		r.examples(m, resp.texts.examples)
		r.names(m, resp.texts)
	})
	for _, m := range resp.texts.examples.Members() {
		resp.named = append(resp.named, m.Name)
	}
	if headers := spec.Object("headers"); headers != nil {
		for _, h := range headers.Members() {
			if o, _ := r.resolve(h.Value, ""); o != nil && o.Bool("required") {
				resp.Headers = append(resp.Headers, h.Name)
			}
		}
	}
	return resp
}

func (r *reader) media(o *value.Object, at string, use func(mediaType string, m *value.Object, at string)) {
	if content := o.Object("content"); content != nil {
		for _, m := range content.Members() {
			if media, ok := m.Value.(*value.Object); ok {
				use(m.Name, media, at+"/"+pointer("content", m.Name))
			}
		}
	}
}

func (r *reader) examples(media, into *value.Object) {
	if v, ok := media.Get("example"); ok {
		into.Set("example", v)
	}
	if all := media.Object("examples"); all != nil {
		for _, m := range all.Members() {
			if o, _ := r.resolve(m.Value, ""); o != nil {
				v, _ := o.Get("value")
				into.Set(m.Name, v)
			}
		}
	}
}

func (r *reader) samples(op *Operation, at file.Node) error {
	if n, ok := at.Get("x-samples"); ok && !r.bare {
		return n.Decode(&op.Samples)
	}
	return nil
}

// resolve follows a local $ref. It returns the object and the JSON pointer to it.
func (r *reader) resolve(v any, at string) (*value.Object, string) {
	o, ok := v.(*value.Object)
	if !ok {
		return nil, at
	}
	ref := o.Text("$ref")
	if ref == "" {
		return o, at
	}
	target := r.doc
	for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		if target = target.Object(value.Unescape(step)); target == nil {
			return nil, at
		}
	}
	return target, strings.TrimPrefix(ref, "#/")
}

// pointer joins names to a JSON pointer, without the leading slash.
func pointer(names ...string) string {
	escaped := make([]string, len(names))
	for i, n := range names {
		escaped[i] = value.Escape(n)
	}
	return strings.Join(escaped, "/")
}
