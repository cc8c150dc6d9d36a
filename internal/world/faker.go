package world

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/brianvoe/gofakeit/v6"
)

// A Faker makes up plausible values, the same ones every time for the same seed
// and stream. It is used by one goroutine.
type Faker struct{ f *gofakeit.Faker }

// NewFaker makes a faker for one stream of values.
func NewFaker(seed int64, stream string) *Faker {
	s := int64(binary.BigEndian.Uint64(Draw(seed, "faker/"+stream, 0, 8)))
	if s == 0 {
		s = 1 // gofakeit takes 0 for "any"
	}
	return &Faker{f: gofakeit.New(s)}
}

// UUID is a version 4 UUID with dashes.
func (f *Faker) UUID() string { return f.f.UUID() }

// Hex is a version 4 UUID without dashes.
func (f *Faker) Hex() string { return strings.ReplaceAll(f.f.UUID(), "-", "") }

// Host is a short host name, such as "web-47".
func (f *Faker) Host() string { return fmt.Sprintf("%s-%02d", f.Label(), f.f.IntRange(1, 99)) }

// Label is one lower-case word of ASCII letters.
func (f *Faker) Label() string {
	return strings.Map(func(r rune) rune {
		if r < 'a' || r > 'z' {
			return -1
		}
		return r
	}, strings.ToLower(f.f.Noun()))
}

// Domain is a domain name under example.com.
func (f *Faker) Domain() string { return f.Label() + ".example.com" }

// Sentence is a short description.
func (f *Faker) Sentence() string { return strings.TrimSuffix(f.f.Sentence(4), ".") }

// URL is a web address under example.com.
func (f *Faker) URL() string { return "https://" + f.Host() + ".example.com/" + f.Label() }

// Name is a name for a thing, such as "brave-lion".
func (f *Faker) Name() string { return f.f.RandomString(adjectives) + "-" + f.Label() }

var adjectives = []string{"blue", "brave", "calm", "eager", "early", "green", "late", "mild", "quick", "quiet", "red", "swift", "warm", "wise"}

// OneOf is one of the values.
func (f *Faker) OneOf(values ...string) string { return f.f.RandomString(values) }

// Int is a number from low to high, both included.
func (f *Faker) Int(low, high int) int { return f.f.IntRange(low, high) }

// Bytes is n bytes.
func (f *Faker) Bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(f.f.IntRange(0, 255))
	}
	return b
}

// Time is a moment in 2025, to the microsecond.
func (f *Faker) Time() time.Time {
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	return start.Add(time.Duration(f.f.IntRange(0, 365*24*3600-1))*time.Second + time.Duration(f.f.IntRange(0, 999_999))*time.Microsecond)
}
