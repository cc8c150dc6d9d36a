package main

import (
	"context"
	"fmt"
	"os"
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
	before := look(e.Files())
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		now := look(e.Files())
		if now == before {
			continue
		}
		before = now
		if err := e.Reload(); err != nil {
			log.Error().Err(err).Msg("a file changed and has mistakes; nothing was changed")
			continue
		}
		log.Info().Strs("files", e.Files()).Msg("started anew")
		before = look(e.Files())
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
