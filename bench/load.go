package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// connections is the number of keep-alive connections of a load.
const connections = 16

// A request returns the bytes of a request. It gets another number each time.
type request func(n int) []byte

func always(text string) request {
	b := []byte(text)
	return func(int) []byte { return b }
}

// number is the number of the next request of any load, so that created records have different names.
var number atomic.Int64

// A turn is what a number of requests to one server took.
type turn struct {
	took      time.Duration
	processor time.Duration   // of the server
	each      []time.Duration // sorted
}

// load sends requests to a child over keep-alive connections.
func (c *child) load(ctx context.Context, connections, requests int, r request) (turn, error) {
	before, err := c.processor()
	if err != nil {
		return turn{}, err
	}
	var all sync.WaitGroup
	errs, each := make([]error, connections), make([][]time.Duration, connections)
	var left atomic.Int64
	left.Store(int64(requests))
	began := time.Now()
	for i := range connections {
		all.Go(func() { each[i], errs[i] = c.drive(ctx, &left, r) })
	}
	all.Wait()
	t := turn{took: time.Since(began), each: slices.Concat(each...)}
	slices.Sort(t.each)
	after, err := c.processor()
	t.processor = after - before
	return t, errors.Join(append(errs, err)...)
}

// drive sends requests over one connection while some are left.
func (c *child) drive(ctx context.Context, left *atomic.Int64, r request) (each []time.Duration, err error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	for left.Add(-1) >= 0 {
		began := time.Now()
		if _, err := conn.Write(r(int(number.Add(1)))); err != nil {
			return nil, err
		}
		if err := skip(in); err != nil {
			return nil, err
		}
		each = append(each, time.Since(began))
	}
	return each, nil
}

// skip reads one answer, which must be a success.
func skip(r *bufio.Reader) error {
	length, err := head(r, func([]byte) {})
	if err != nil {
		return err
	}
	_, err = r.Discard(length)
	return err
}

// head reads the head of an answer, and returns the length of the body.
func head(r *bufio.Reader, with func(line []byte)) (length int, err error) {
	for first := true; ; first = false {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if first && !bytes.HasPrefix(line, []byte("HTTP/1.1 2")) {
			return 0, fmt.Errorf("answered %.40q", line)
		}
		if v, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(v))); err != nil {
				return 0, err
			}
		}
		with(line)
		if len(line) == len("\r\n") {
			return length, nil
		}
	}
}

// ask sends one request and returns the answer.
func (c *child) ask(text string) (answer []byte, body []byte, err error) {
	conn, err := net.Dial("tcp", c.addr)
	if err != nil {
		return nil, nil, err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		return nil, nil, err
	}
	in := bufio.NewReader(conn)
	length, err := head(in, func(line []byte) { answer = append(answer, line...) })
	if err != nil {
		return nil, nil, err
	}
	body = make([]byte, length)
	_, err = io.ReadFull(in, body)
	return append(answer, body...), body, err
}
