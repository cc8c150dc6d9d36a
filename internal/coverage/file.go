package coverage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// maxFile is the maximum size of a coverage file in bytes. The file of all operations has about
// 200,000.
const maxFile = 16 << 20

// JSON returns the report as a coverage file.
func (r *Report) JSON() []byte {
	b, _ := json.MarshalIndent(r, "", " ") // numbers and strings can always be encoded
	return append(b, '\n')
}

// WriteFile writes a coverage file. It first writes a file of another name in the same folder and
// then renames it, so that no reader finds a part.
func (r *Report) WriteFile(name string) error {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(r.JSON())
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// ReadFile reads a coverage file. Its error has the name of the file and the reason.
func ReadFile(name string) (*Report, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	r, err := Read(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

// Read reads the content of a coverage file.
func Read(data []byte) (*Report, error) {
	switch {
	case len(data) > maxFile:
		return nil, fmt.Errorf("longer than %d bytes; a coverage file is not", maxFile)
	case len(bytes.TrimSpace(data)) == 0:
		return nil, errors.New("the file is empty; was it written to its end?")
	}
	var head struct {
		Report  any `json:"report"`
		Version any `json:"version"`
	}
	err := json.Unmarshal(data, &head)
	if _, broken := errors.AsType[*json.SyntaxError](err); broken {
		if data[0] == '{' && !complete(data) {
			return nil, fmt.Errorf("the file ends after %d bytes, within its JSON; it was written by half", len(data))
		}
		return nil, fmt.Errorf("not a coverage file: %w", err)
	}
	if err != nil || head.Report != form {
		return nil, fmt.Errorf(`not a coverage file: expected a JSON object with "report": %q`, form)
	}
	if head.Version != float64(version) {
		return nil, fmt.Errorf("version %v of coverage files; this standin reads version %d", head.Version, version)
	}
	r := &Report{}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(r); err != nil {
		return nil, fmt.Errorf("a coverage file with a mistake: %w", err)
	}
	return r, r.check()
}

// complete reports whether the JSON of a file has its end.
func complete(data []byte) bool {
	var all json.RawMessage
	err := json.NewDecoder(bytes.NewReader(data)).Decode(&all)
	return !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF)
}

// check returns an error if the parts of a report do not fit each other.
func (r *Report) check() error {
	used, seen := map[string]bool{}, map[place]bool{}
	for _, o := range r.Operations {
		if used[o.Operation] {
			return fmt.Errorf("the operation %q is there twice", o.Operation)
		}
		used[o.Operation] = true
	}
	for i := range r.Cells {
		c := &r.Cells[i]
		p := place{c.Operation, c.Answer, c.Documented}
		switch {
		case seen[p]:
			return fmt.Errorf("the answer %s of %s is there twice", c.Answer, c.Operation)
		case !used[c.Operation]:
			return fmt.Errorf("the answer %s is of %q, which is none of the operations that were used", c.Answer, c.Operation)
		case c.Status() <= 0 || c.Status() > maxStatus:
			return fmt.Errorf("the answer %q of %s: expected STATUS or STATUS/EXAMPLE", c.Answer, c.Operation)
		}
		seen[p] = true
	}
	for _, u := range r.Unused {
		if used[u.Operation] {
			return fmt.Errorf("the operation %q is used and unused", u.Operation)
		}
	}
	if s := r.summary(); s != r.Summary {
		return fmt.Errorf("the summary does not fit the cells; the file was changed")
	}
	return nil
}

// Sum adds reports up. An operation is unused if no report has it as used.
func Sum(all ...*Report) *Report {
	b := newBuilder()
	var quirks []string
	for _, r := range all {
		for _, u := range r.Unused {
			b.unused[u.Operation] = u.Answers
		}
		for _, o := range r.Operations {
			b.used[o.Operation] += o.Requests
		}
		for _, c := range r.Cells {
			sum := b.cell(place{c.Operation, c.Answer, c.Documented})
			sum.Provoked, sum.Injected = sum.Provoked+c.Provoked, sum.Injected+c.Injected
		}
		for _, w := range r.Wire {
			b.wire[WireCell{Operation: w.Operation, Failure: w.Failure}] += w.Count
		}
		b.unmatched += r.Unmatched
		quirks = append(quirks, r.Quirks...)
	}
	sum := b.report()
	slices.Sort(quirks)
	sum.Quirks = append(sum.Quirks, slices.Compact(quirks)...)
	if len(all) == 1 {
		sum.Sandbox = all[0].Sandbox
	}
	return sum
}
