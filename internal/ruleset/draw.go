package ruleset

import (
	"encoding/binary"
	"math"
	"strconv"

	"standin/internal/world"
)

// draws returns the random numbers of one rule for one request. They are a pure function of the
// seed, the sandbox, the rule's name, and how many requests have matched its where. Other rules and
// other requests do not change them.
type draws struct {
	seed    int64
	sandbox string
	rule    string
	match   uint64
}

func (u draws) bytes(purpose string, n int) []byte {
	return world.Draw(u.seed, "fault/"+u.sandbox+"/"+u.rule+"/"+purpose, u.match, n)
}

// float returns a number from 0 to 1, not including 1.
func (u draws) float(purpose string, i int) float64 {
	if i > 0 {
		purpose += "/" + strconv.Itoa(i)
	}
	const bits = 53
	return float64(binary.BigEndian.Uint64(u.bytes(purpose, 8))>>(64-bits)) / (1 << bits)
}

// normal returns a number of the standard normal distribution, by the method of Box and Muller.
func (u draws) normal(purpose string, i int) float64 {
	one, two := u.float(purpose+"/a", i), u.float(purpose+"/b", i)
	return math.Sqrt(-2*math.Log(1-one)) * math.Cos(2*math.Pi*two)
}
