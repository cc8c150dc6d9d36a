package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

type healthcheckCmd struct {
	Listen []string `default:"127.0.0.1:9311" placeholder:"ADDR" help:"Address of the emulator (default ${default}), as in standin serve. Only the first address is checked."`
}

// Help returns examples.
func (*healthcheckCmd) Help() string {
	return `Example:
  standin healthcheck --listen 127.0.0.1:9311`
}

const patience = 3 * time.Second

// Run requests /_standin/health.
func (c *healthcheckCmd) Run(ctx context.Context) error {
	host, port, err := net.SplitHostPort(hostPort(firstOf(c.Listen)))
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = defaultHost
	}
	scheme := "http://"
	if secure(firstOf(c.Listen)) {
		scheme = secureScheme
	}
	at := scheme + net.JoinHostPort(host, port)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at+"/_standin/health", nil)
	if err != nil {
		return err
	}
	resp, err := clientFor(at).Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("health: %s", resp.Status)
	}
	return nil
}
