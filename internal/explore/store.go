package explore

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A Store is the folder of a report. It keeps each result as soon as it is there, so that an
// exploration that was cut can go on.
type Store struct {
	dir     string
	file    *os.File
	Earlier map[string]*Result // the results that the folder had, by Result.Name
}

// runsFile has a line for what is explored, and a line for each run with its requests.
const runsFile = "runs.jsonl"

// A heading is the first line of the file of runs. Results of another heading cannot be used.
type heading struct {
	Command  []string `json:"command"`
	Seed     int64    `json:"seed"`
	Fixture  []string `json:"fixture"`
	Profile  string   `json:"profile"`
	Quirks   []string `json:"quirks"`
	Only     string   `json:"only"`
	Failures string   `json:"failures"`
	All      bool     `json:"all"`
	Depth    int      `json:"depth"`
}

// OpenStore makes the folder of a report. With resume, the folder must have results of the same
// exploration, which are read. Without, files of an earlier report are removed.
func OpenStore(dir string, resume bool, s *Session, command []string) (*Store, error) {
	o := &s.options
	head, err := json.Marshal(heading{command, s.Seed(), o.Plan.Fixtures, o.Plan.Profile, o.Plan.Quirks, o.Only, o.Failures, o.All, o.Depth})
	if err != nil {
		return nil, err
	}
	st := &Store{dir: dir, Earlier: map[string]*Result{}}
	if resume {
		if err := st.read(head); err != nil {
			return nil, err
		}
	} else if err := st.clear(); err != nil {
		return nil, err
	}
	flags := os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	const mode = 0o644
	if st.file, err = os.OpenFile(filepath.Join(dir, runsFile), flags, mode); err != nil {
		return nil, err
	}
	_, err = st.file.Write(append(head, '\n'))
	for _, name := range sortedNames(st.Earlier) {
		err = errors.Join(err, st.Keep(st.Earlier[name]))
	}
	return st, err
}

// clear makes the folder, and removes what an earlier exploration wrote there.
func (st *Store) clear() error {
	const mode = 0o755
	if err := os.MkdirAll(st.dir, mode); err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(st.dir, "finding-*.yaml"))
	for _, name := range append(old, filepath.Join(st.dir, reportFile), filepath.Join(st.dir, pageFile)) {
		if e := os.Remove(name); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// maxLine is the maximum length of a line in the file of runs, in bytes.
const maxLine = 16 << 20

// read reads the results of the folder. A last line that was cut is left out.
func (st *Store) read(head []byte) error {
	name := filepath.Join(st.dir, runsFile)
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return &UseError{fmt.Sprintf("--resume %s: there is no exploration to go on with; expected the folder of a --report", st.dir)}
	} else if err != nil {
		return err
	}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, maxLine)
	if !lines.Scan() || !bytes.Equal(lines.Bytes(), head) {
		return &UseError{fmt.Sprintf("--resume %s: it has another exploration: %s; expected %s", st.dir, lines.Bytes(), head)}
	}
	for n := 2; lines.Scan(); n++ {
		r := &Result{}
		if err := json.Unmarshal(lines.Bytes(), r); err != nil {
			if !bytes.HasSuffix(data, []byte("\n")) {
				break // the line that was being written
			}
			return fmt.Errorf("%s, line %d: %w", name, n, err)
		}
		st.Earlier[r.Name] = r
	}
	return lines.Err()
}

// Keep adds a result to the file of runs.
func (st *Store) Keep(r *Result) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = st.file.Write(append(line, '\n'))
	return err
}

// The files of a report.
const (
	reportFile = "report.json"
	pageFile   = "index.html"
	acceptFile = "accept.yaml"
)

// Close writes the report, the page and the findings.
func (st *Store) Close(s *Session, x *Report, now time.Time) error {
	err := st.file.Close()
	write := func(name string, data []byte, e error) {
		const mode = 0o644
		if e == nil {
			e = os.WriteFile(filepath.Join(st.dir, name), data, mode)
		}
		err = errors.Join(err, e)
	}
	data, e := x.JSON()
	write(reportFile, data, e)
	data, e = s.Page(x)
	write(pageFile, data, e)
	write(acceptFile, x.AcceptFile(now), nil)
	for i := range x.Findings {
		data, e = s.Scenario(&x.Findings[i], st.dir)
		write(x.Findings[i].File, data, e)
	}
	return err
}

// JSON returns the report as JSON.
func (x *Report) JSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(x)
	return b.Bytes(), err
}

func sortedNames(all map[string]*Result) []string {
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// again makes a result of an earlier exploration one of this session. It reports false if the case
// must run again, because the requests of the earlier run are needed.
func (s *Session) again(c *Case, r *Result) bool {
	if s.options.Depth > 1 && r.Changed {
		return false
	}
	r.Case, r.Number = c, c.Number
	return true
}
