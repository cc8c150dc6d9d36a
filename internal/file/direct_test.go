package file

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"standin/internal/value"
)

// A word is a text that begins with a w.
type word string

func (w *word) UnmarshalText(text []byte) error {
	if len(text) == 0 || text[0] != 'w' {
		return fmt.Errorf("%q does not begin with a w", text)
	}
	*w = word(text)
	return nil
}

// A record has fields of all kinds that are decoded without nodes.
type record struct {
	S string         `json:"s" fixture:"required"`
	P *string        `json:"p"`
	B bool           `json:"b"`
	I int8           `json:"i"`
	U uint16         `json:"u"`
	F float64        `json:"f"`
	T time.Time      `json:"t"`
	O *value.Object  `json:"o"`
	A any            `json:"a"`
	L []word         `json:"l"`
	M map[string]int `json:"m"`
	R *record        `json:"r"`
}

// texts removes the values of package value from a record, and returns them as JSON: their indexes may
// differ.
func (r *record) texts() (all []string) {
	for ; r != nil; r = r.R {
		all = append(all, string(value.Append(nil, r.A)))
		if r.O != nil {
			all = append(all, string(value.Append(nil, r.O)))
		}
		r.A, r.O = nil, nil
	}
	return all
}

// rightRecords are lists of records that are decoded without nodes.
var rightRecords = []string{
	`[]`,
	`[{"s":"x"}, {"s":"ä\u00fc\ud83d\ude00","p":null,"r":{"s":""}}]`,
	`[{"s":"","p":"q","b":true,"i":-128,"u":65535,"f":-1.5e3,"t":"2026-01-31T12:00:00.5Z","l":["w","wx"],"m":{"a":1,"b":-0}}]`,
	`[{"s":"x","o":{"a":[1,2.50,{"b":null}],"c":{}},"a":[true,"x",1e400],"l":[],"m":{}}]`,
	`[{"s":"x","a":null,"l":null,"f":12,"b":false}, {"s":"y","a":{"k":"v"}}]`,
}

// otherRecords are lists that are not: most are wrong, and some need nodes.
var otherRecords = []string{
	`[{}]`, `[null]`, `[[]]`, `["x"]`, `[{"s":1}]`, `[{"s":null}]`, `[{"s":"x","s":"y"}]`, `[{"s":"x","z":1}]`, `[{"S":"x"}]`, `[{"\u0073":"x"}]`,
	`[{"s":"x","i":128}]`, `[{"s":"x","i":1.0}]`, `[{"s":"x","u":-1}]`, `[{"s":"x","f":1e999}]`, `[{"s":"x","f":"1"}]`, `[{"s":"x","b":"true"}]`, `[{"s":"x","b":null}]`,
	`[{"s":"x","t":"today"}]`, `[{"s":"x","t":"0000-01-01T00:00:00Z"}]`, `[{"s":"x","t":5}]`, `[{"s":"x","o":[]}]`, `[{"s":"x","o":null}]`, `[{"s":"x","o":{"a":1,"a":2}}]`,
	`[{"s":"x","l":["x"]}]`, `[{"s":"x","l":{}}]`, `[{"s":"x","m":{"a":"b"}}]`, `[{"s":"x","m":null}]`, `[{"s":"x","m":{"a":1,"a":1}}]`, `[{"s":"x","r":{}}]`, `[{"s":"x","l":[5]}]`,
}

// Ensure the lists above are decoded without nodes, or are not.
func TestDirect(t *testing.T) {
	t.Parallel()
	for want, all := range map[bool][]string{true: rightRecords, false: otherRecords} {
		for _, text := range all {
			if _, err := decodeDirect([]byte(text), reflect.TypeFor[record]()); (err == nil) != want {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
	for of, want := range map[reflect.Type]bool{
		reflect.TypeFor[record](): true, reflect.TypeFor[*record](): true, reflect.TypeFor[[]map[string]word](): true,
		reflect.TypeFor[Node](): false, reflect.TypeFor[[]*Node](): false,
		reflect.TypeFor[struct {
			M map[string]scalar `json:"m"`
		}](): false,
	} {
		if isDirect(of) != want {
			t.Errorf("%s is decoded without nodes: %t", of, !want)
		}
	}
}

// A scalar decodes itself from a node.
type scalar string

func (s *scalar) UnmarshalNode(n Node) error {
	*s = scalar(n.Key())
	return nil
}

// Ensure what is decoded without nodes is as nodes decode it.
func FuzzDirect(f *testing.F) {
	for _, text := range append(rightRecords, otherRecords...) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		root := readJSON([]byte(text), nil)
		if root == nil || !(Node{yaml: root}).IsList() {
			return
		}
		got, err := decodeDirect([]byte(text), reflect.TypeFor[record]())
		if err != nil {
			return // nodes decode it, or have a message
		}
		var want []*record
		if err := (Node{in: &source{name: "f"}, yaml: root}).Decode(&want); err != nil {
			t.Fatalf("with nodes: %v", err)
		}
		if len(got) != len(want) {
			t.Fatalf("%d elements, want %d", len(got), len(want))
		}
		for i := range want {
			g, w := got[i].made.(*record), want[i]
			if !slices.Equal(g.texts(), w.texts()) || !reflect.DeepEqual(g, w) {
				t.Errorf("element %d: %+v, want %+v", i, g, w)
			}
		}
	})
}

// Ensure a long list in JSON is decoded as a short one, also within elements of any size, and a mistake in
// it is one for the caller.
func TestLongDirect(t *testing.T) {
	t.Parallel()
	inner := strings.TrimSuffix(strings.Repeat(`{"s":"y"},`, hugeChunk/8), ",")
	text := `{"all": [{"s":"x","l":["w1","w2"]}, {"s":"z","many":[` + inner + `]}` + strings.Repeat(`, {"s":"x"}`, 5000) + `]}`
	type holder struct {
		record
		S    string   `json:"s"`
		L    []word   `json:"l"`
		Many []record `json:"many"`
	}
	decode := func(text string) (all []holder, err error) {
		n, err := ParseLong("f", []byte(text))
		if err != nil || !n.Partial() {
			t.Fatal(n.Partial(), err)
		}
		for e, err := range n.At("all").EachOf(reflect.TypeFor[holder]()) {
			var one holder
			if err == nil {
				err = e.Decode(&one)
			}
			if err != nil {
				return all, err
			}
			all = append(all, one)
		}
		return all, nil
	}
	got, err := decode(text)
	if err != nil || len(got) != 5002 || len(got[0].L) != 2 || len(got[1].Many) != hugeChunk/8 || got[1].Many[7].S != "y" || got[5001].S != "x" {
		t.Errorf("%d elements, %v", len(got), err)
	}
	if _, err := decode(strings.Replace(text, `{"s":"y"}]`, `{"s":5}]`, 1)); err == nil {
		t.Error("a mistake in a huge element is none")
	}
	if _, err := decode(strings.Replace(text, `{"s":"x"}]`, `{"x":"x"}]`, 1)); err == nil {
		t.Error("a mistake in the last element is none")
	}
}
