package explore

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"standin/internal/report"
	"standin/internal/world"
)

// A Store is the folder of a report. It keeps each result as soon as it is there, so that an
// exploration that was cut can go on.
type Store struct {
	Earlier map[string]*Result // the results that the folder had, by Result.Name

	dir  string
	head []byte   // the first line of the file of runs
	file *os.File // nil until Begin
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
	Timeout  string   `json:"timeout"`
	World    string   `json:"world"` // a hash of the records at the start
}

// OpenStore makes the folder of a report. It refuses a folder with files of others. With resume, the
// folder must have results of the same exploration, which are read.
func OpenStore(dir string, resume bool, s *Session, command []string, limit time.Duration) (st *Store, err error) {
	o, sum := &s.options, sha256.New()
	if err := s.loader.DumpTo(sum, &world.Fixture{World: s.start.World}); err != nil {
		return nil, err
	}
	st = &Store{dir: dir, Earlier: map[string]*Result{}}
	st.head, err = json.Marshal(heading{
		shown(command), s.Seed(), o.Plan.Fixtures, o.Plan.Profile, o.Plan.Quirks, o.Only, o.Failures, o.All, o.Depth, limit.String(), hex.EncodeToString(sum.Sum(nil)),
	})
	switch {
	case err != nil:
		return nil, err
	case resume:
		return st, st.read(st.head)
	default:
		return st, st.make()
	}
}

// Begin removes what an earlier exploration wrote to the folder, and begins the file of runs. It is
// called when the client has shown that it works.
func (st *Store) Begin() error {
	err := st.clear()
	if err != nil {
		return err
	}
	if st.file, err = os.OpenFile(filepath.Join(st.dir, runsFile), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, fileMode); err != nil {
		return err
	}
	_, err = st.file.Write(append(st.head, '\n'))
	for _, name := range slices.Sorted(maps.Keys(st.Earlier)) {
		err = errors.Join(err, st.Keep(st.Earlier[name]))
	}
	return err
}

// fileMode is for the user only: the output of a client may hold secrets.
const fileMode = 0o600

// make makes the folder. It returns an error if the folder cannot be written, or has files but no
// report.
func (st *Store) make() error {
	const mode = 0o755
	if err := os.MkdirAll(st.dir, mode); err != nil {
		return err
	}
	files, err := os.ReadDir(st.dir)
	if err != nil {
		return err
	}
	known := slices.ContainsFunc(files, func(f fs.DirEntry) bool { return f.Name() == runsFile })
	if len(files) > 0 && !known {
		return &UseError{fmt.Sprintf("--report %s: the folder has other files; expected an empty folder, a new one, or that of an earlier report", st.dir)}
	}
	if !known { // so that an exploration that is cut in the runs without failures can go on
		return os.WriteFile(filepath.Join(st.dir, runsFile), append(slices.Clone(st.head), '\n'), fileMode)
	}
	probe, err := os.CreateTemp(st.dir, ".probe")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// clear removes what an earlier exploration wrote to the folder.
func (st *Store) clear() error {
	old, err := filepath.Glob(filepath.Join(st.dir, "finding-[0-9]*.yaml"))
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

// Keep adds a result to the file of runs. It may be called by several goroutines at once.
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
		if e == nil {
			e = os.WriteFile(filepath.Join(st.dir, name), data, fileMode)
		}
		err = errors.Join(err, e)
	}
	data, e := report.Bytes(report.JSON, &report.Report{Value: x})
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

// again makes a result of an earlier exploration one of this session. It reports false if the case
// must run again, because the requests of the earlier run are needed.
func (s *Session) again(c *Case, r *Result) bool {
	if s.options.Depth > 1 && r.Changed || r.Request != c.point.Request {
		return false
	}
	r.Case, r.Number = c, c.Number
	return true
}
