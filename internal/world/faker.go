package world

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/brianvoe/gofakeit/v6"
)

// A Faker generates plausible values. The same seed and stream give the same values. It is not
// safe for concurrent use.
type Faker struct{ f *gofakeit.Faker }

// NewFaker returns a Faker for one stream of values.
func NewFaker(seed int64, stream string) *Faker {
	s := int64(binary.BigEndian.Uint64(Draw(seed, "faker/"+stream, 0, 8)))
	if s == 0 {
		s = 1 // gofakeit replaces seed 0 by a random one
	}
	return &Faker{f: gofakeit.New(s)}
}

// UUID returns a version 4 UUID with dashes.
func (f *Faker) UUID() string { return f.f.UUID() }

// Hex returns a version 4 UUID without dashes.
func (f *Faker) Hex() string { return strings.ReplaceAll(f.f.UUID(), "-", "") }

// Host returns a short host name, for example "web-47".
func (f *Faker) Host() string { return fmt.Sprintf("%s-%02d", f.Label(), f.f.IntRange(1, 99)) }

// Label returns one word of lower-case ASCII letters.
func (f *Faker) Label() string {
	return strings.Map(func(r rune) rune {
		if r < 'a' || r > 'z' {
			return -1
		}
		return r
	}, strings.ToLower(f.f.Noun()))
}

// Domain returns a domain name below example.com.
func (f *Faker) Domain() string { return f.Label() + ".example.com" }

// Sentence returns a short description.
func (f *Faker) Sentence() string { return strings.TrimSuffix(f.f.Sentence(4), ".") }

// URL returns a web address below example.com.
func (f *Faker) URL() string { return "https://" + f.Host() + ".example.com/" + f.Label() }

// Name returns a name of two words, for example "brave-lion".
func (f *Faker) Name() string { return f.f.RandomString(adjectives) + "-" + f.Label() }

var adjectives = []string{"blue", "brave", "calm", "eager", "early", "green", "late", "mild", "quick", "quiet", "red", "swift", "warm", "wise"}

// OneOf returns one of the values.
func (f *Faker) OneOf(values ...string) string { return f.f.RandomString(values) }

// Int returns a number from low to high, including both.
func (f *Faker) Int(low, high int) int { return f.f.IntRange(low, high) }

// Bytes returns n bytes.
func (f *Faker) Bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(f.f.IntRange(0, 255))
	}
	return b
}

// Time returns a time in 2025, with a precision of microseconds.
func (f *Faker) Time() time.Time {
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	return start.Add(time.Duration(f.f.IntRange(0, 365*24*3600-1))*time.Second + time.Duration(f.f.IntRange(0, 999_999))*time.Microsecond)
}
