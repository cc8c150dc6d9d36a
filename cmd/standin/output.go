package main

import (
	"os"
	"os/signal"
	"syscall"
)

// surviveClosedOutput lets standin go on when nobody reads its output any more: without
// it the first line that is written then ends the process by SIGPIPE. The signal is
// taken rather than ignored, so that commands that standin starts have it as usual.
func surviveClosedOutput() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
}
