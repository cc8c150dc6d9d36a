package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// A canned is the answer that the bare server sends to every request.
type canned struct {
	status int
	header http.Header
	body   []byte
}

const learn = "/learn"

// serveTwin is a bare server. It reads the body of a request and writes the canned answer with its
// headers.
func serveTwin() {
	var now atomic.Pointer[canned]
	now.Store(&canned{status: http.StatusOK})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("twin ready http://%s\n", l.Addr())
	srv := &http.Server{
		ReadHeaderTimeout: time.Minute,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == learn {
				resp, err := http.ReadResponse(bufio.NewReader(r.Body), nil)
				if err != nil {
					http.Error(w, err.Error(), http.StatusBadRequest)
					return
				}
				defer resp.Body.Close()
				body, _ := io.ReadAll(resp.Body)
				now.Store(&canned{resp.StatusCode, resp.Header, body})
				return
			}
			if r.Body != http.NoBody {
				_, _ = io.Copy(io.Discard, r.Body)
			}
			c := now.Load()
			h := w.Header()
			maps.Copy(h, c.header)
			h["Content-Length"] = []string{strconv.Itoa(len(c.body))}
			w.WriteHeader(c.status)
			_, _ = w.Write(c.body)
		}),
	}
	log.Fatal(srv.Serve(l))
}

// imitate sets the canned answer to the answer that another server sends to a request.
func (c *child) imitate(addr, request string) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		return err
	}
	head, body, err := answer(bufio.NewReader(conn))
	if err != nil {
		return err
	}
	resp, err := http.Post("http://"+c.addr+learn, "text/plain", strings.NewReader(string(bytes.Join([][]byte{head, body}, nil))))
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
