package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"standin/internal/sandbox"
)

// glance is how often watch looks at the files. It does not wait for file events, since folders
// that a container mounts send none.
const glance = 300 * time.Millisecond

// A settler reports when files have changed and are no longer being written. That is when they look
// the same twice, and not as they were when last read.
type settler struct{ read, last string }

// settled reports whether files that look like now must be read.
func (s *settler) settled(now string) bool {
	same := now == s.last
	s.last = now
	return same && now != s.read
}

// watch restarts the emulator when one of its files changes, until the context ends.
func watch(ctx context.Context, all *sandbox.Registry, log zerolog.Logger) {
	t := time.NewTicker(glance)
	defer t.Stop()
	first, told := look(all.Origin().Files), ""
	s := settler{read: first, last: first}
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		files := all.Origin().Files
		now := look(files)
		if !s.settled(now) && (told == "" || now != s.read) {
			continue
		}
		s.read = now
		if err := all.Reload(); err != nil { // tried again until it succeeds, since the mistake may be in a new file
			if told != err.Error() {
				log.Error().Err(err).Msg("a file has changed and has mistakes; it was not loaded")
			}
			told = err.Error()
			continue
		}
		told = ""
		log.Info().Strs("files", all.Origin().Files).Msg("reloaded")
		if !slices.Equal(files, all.Origin().Files) {
			s.read = look(all.Origin().Files)
			s.last = s.read
		}
	}
}

// look returns a text that changes when one of the files changes.
func look(files []string) string {
	var b strings.Builder
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			fmt.Fprintln(&b, f, info.ModTime().UnixNano(), info.Size())
		} else {
			fmt.Fprintln(&b, f, "is gone")
		}
	}
	return b.String()
}
