package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"standin/emulator"
)

// glance is how often the files are looked at. They are looked at rather than
// waited for: folders that a container mounts tell nothing.
const glance = 300 * time.Millisecond

// watch starts the emulator anew when one of its files changes, until the context
// ends.
func watch(ctx context.Context, e *emulator.Emulator, log zerolog.Logger) {
	t := time.NewTicker(glance)
	defer t.Stop()
	before, told := look(e.Files()), ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		files := e.Files()
		now := look(files)
		if now == before && told == "" {
			continue
		}
		before = now
		if err := e.Reload(); err != nil { // tried again until it succeeds: the mistake may be in a file that is new
			if told != err.Error() {
				log.Error().Err(err).Msg("a file changed and has mistakes; nothing was changed")
			}
			told = err.Error()
			continue
		}
		told = ""
		log.Info().Strs("files", e.Files()).Msg("started anew")
		if !slices.Equal(files, e.Files()) {
			before = look(e.Files())
		}
	}
}

// look tells the files from how they were before.
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
