package main

import (
	"os"
	"os/signal"
	"syscall"
)

// surviveClosedOutput lets standin continue after the reader of its output is gone. Without it,
// SIGPIPE would end the process at the next write. The signal is caught and not ignored, so that
// commands which standin starts still get it.
func surviveClosedOutput() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
}
