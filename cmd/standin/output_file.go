package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// An outputFile is a file that is first written under another name in the same folder, and renamed when
// it is complete. A reader finds the old file or the new one, never a part. A pipe or a device is
// written directly.
type outputFile struct {
	path string
	file *os.File
	temp bool
}

// openOutput returns an output file, or an error if it cannot be written. It is called before the command
// runs. It returns nil if the path is empty.
func openOutput(path string) (*outputFile, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // there is nothing to write
	}
	mode := fs.FileMode(0o600)
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		return &outputFile{path: path, file: f}, err
	case err == nil:
		mode = info.Mode().Perm()
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return nil, err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if e, ok := errors.AsType[*fs.PathError](err); ok { // the name of the temporary file says nothing
		return nil, fmt.Errorf("cannot write %s: %w", path, e.Err)
	} else if err != nil {
		return nil, err
	}
	return &outputFile{path: path, file: f, temp: true}, f.Chmod(mode)
}

// write writes the data and renames it to its path.
func (r *outputFile) write(data []byte) error {
	if r == nil {
		return nil
	}
	_, err := r.file.Write(data)
	if r.temp {
		err = errors.Join(err, r.file.Sync())
	}
	err = errors.Join(err, r.file.Close())
	if err == nil && r.temp {
		err = os.Rename(r.file.Name(), r.path)
		r.temp = err != nil
	}
	return err
}

// discard removes an unfinished file and keeps the old file. After write it does nothing.
func (r *outputFile) discard() {
	if r != nil && r.temp {
		_ = r.file.Close()
		_ = os.Remove(r.file.Name())
	}
}
