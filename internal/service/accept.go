package service

import (
	"mime"
	"strconv"
	"strings"
)

// Quality returns the quality of a media type in an Accept header, from 0 (not accepted) to 1.
// The most specific range decides. An empty header accepts every type. Invalid ranges are
// ignored.
func Quality(accept, mediaType string) float64 {
	if accept == "*/*" || accept == mediaType || strings.TrimSpace(accept) == "" {
		return 1
	}
	major, _, _ := strings.Cut(mediaType, "/")
	best, specific := 0.0, 0
	for part := range strings.SplitSeq(accept, ",") {
		r, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil {
			continue
		}
		s := 0
		switch r {
		case mediaType:
			s = 3
		case major + "/*":
			s = 2
		case "*/*", "*":
			s = 1
		}
		if s > specific {
			best, specific = quality(params["q"]), s
		}
	}
	return best
}

func quality(q string) float64 {
	if q == "" {
		return 1
	}
	f, err := strconv.ParseFloat(q, 64)
	if err != nil || f < 0 || f > 1 {
		return 1
	}
	return f
}

// Readable reports whether an Accept header has at least one media range.
func Readable(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		if r, _, err := mime.ParseMediaType(strings.TrimSpace(part)); err == nil && strings.Contains(r, "/") {
			return true
		}
	}
	return false
}
