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

// glance is how often the files are looked at. They are looked at rather than
// waited for: folders that a container mounts tell nothing.
const glance = 300 * time.Millisecond

// A settler says when files have changed and are no longer being written: when they
// look the same twice, and otherwise than when they were last read.
type settler struct{ read, last string }

// settled reports whether files that look like this are to be read.
func (s *settler) settled(now string) bool {
	same := now == s.last
	s.last = now
	return same && now != s.read
}

// watch starts the emulator again when one of its files changes, until the context
// ends.
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
		if err := all.Reload(); err != nil { // tried again until it succeeds: the mistake may be in a file that is new
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

// look is how the files look: it changes when one of them does.
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
