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
	"sync/atomic"
	"time"
)

// learn is the path at which the bare server takes the answer that it gives from then on.
const learn = "/learn"

// A canned is the answer to every request.
type canned struct {
	status int
	header http.Header
	body   []byte
}

// serveBare runs the bare server. It reads the body of a request, and writes the learned answer.
func serveBare() {
	var now atomic.Pointer[canned]
	now.Store(&canned{status: http.StatusOK})
	serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == learn {
			resp, err := http.ReadResponse(bufio.NewReader(r.Body), nil)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			defer resp.Body.Close()
			b, _ := io.ReadAll(resp.Body)
			resp.Header["Content-Length"] = []string{fmt.Sprint(len(b))}
			now.Store(&canned{resp.StatusCode, resp.Header, b})
			return
		}
		if r.Body != http.NoBody {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		c := now.Load()
		maps.Copy(w.Header(), c.header)
		w.WriteHeader(c.status)
		_, _ = w.Write(c.body)
	}))
}

// serve serves on a free port, and says so as the emulator does.
func serve(h http.Handler) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("bench ready http://%s\n", l.Addr())
	srv := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	log.Fatal(srv.Serve(l))
}

// imitate makes the bare server answer as another server answers a request.
func (c *child) imitate(other *child, r request) error {
	answer, _, err := other.ask(string(r(-1)))
	if err != nil {
		return err
	}
	resp, err := http.Post("http://"+c.addr+learn, "text/plain", bytes.NewReader(answer))
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
