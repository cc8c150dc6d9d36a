package value_test

import (
	"strings"
	"testing"

	"standin/internal/value"
)

func TestParseKeepsOrderSpellingAndDigits(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"member order", `{"b":1,"a":[true,null,"x"]}`, `{"b":1,"a":[true,null,"x"]}`},
		{"digits", `[1.0,1e2,-0,123456789012345678901234567890]`, `[1.0,1e2,-0,123456789012345678901234567890]`},
		{"case of names", `{"URL":1,"url":2}`, `{"URL":1,"url":2}`},
		{"a name twice", `{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`},
		{"escapes", `"\u00e9\ud83d\ude00\/\n<>&"`, `"é😀/\n<>&"`},
		{"white space", " \n{ \"a\" : [ ] }\t", `{"a":[]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v, err := value.Parse([]byte(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if got := string(value.Append(nil, v)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"nothing":            "",
		"blanks":             " \n",
		"trailing text":      `{} x`,
		"two values":         `{}{}`,
		"byte order mark":    "\ufeff{}",
		"invalid UTF-8":      "\"\xff\"",
		"unpaired surrogate": `"\ud83d"`,
		"NaN":                `NaN`,
		"Infinity":           `[Infinity]`,
		"cut":                `{"a":`,
		"single quotes":      `{'a':1}`,
		"control character":  "\"\n\"",
		"too deep":           strings.Repeat("[", 1001) + strings.Repeat("]", 1001),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if v, err := value.Parse([]byte(in)); err == nil {
				t.Errorf("accepted as %v", v)
			}
		})
	}
}

func TestDepthIsBoundedAtMaxDepth(t *testing.T) {
	t.Parallel()
	in := strings.Repeat("[", value.MaxDepth) + strings.Repeat("]", value.MaxDepth)
	if _, err := value.Parse([]byte(in)); err != nil {
		t.Errorf("depth %d refused: %v", value.MaxDepth, err)
	}
}

func TestObjectFindsMembersAtAnySize(t *testing.T) {
	t.Parallel()
	o := value.NewObject()
	for i := range 100 {
		o.Set(strings.Repeat("k", i+1), value.Number("1"))
	}
	o.Set("k", "changed")
	if v, ok := o.Get("k"); !ok || v != "changed" || o.Len() != 100 || o.Members()[0].Name != "k" {
		t.Errorf("k = %v %v, %d members", v, ok, o.Len())
	}
	if _, ok := o.Get("K"); ok {
		t.Error("names must match exactly")
	}
	if without := o.Without("k"); without.Len() != 99 || o.Len() != 100 {
		t.Errorf("without k %d members, before %d", without.Len(), o.Len())
	}
}

func TestEqualIsTyped(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b string
		want bool
	}{
		{`1`, `1.0`, true},
		{`10`, `1e1`, true},
		{`1`, `"1"`, false},
		{`1`, `true`, false},
		{`123456789012345678901`, `123456789012345678902`, false},
		{`1e999999999`, `1e999999998`, false},
		{`{"a":1,"b":[2]}`, `{"b":[2],"a":1}`, true},
		{`{"a":1}`, `{"a":1,"b":null}`, false},
		{`[1,2]`, `[2,1]`, false},
		{`null`, `false`, false},
		{`-0`, `0`, true},
		{`0.0`, `0`, true},
	}
	for _, tt := range tests {
		a, errA := value.Parse([]byte(tt.a))
		b, errB := value.Parse([]byte(tt.b))
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if got := value.Equal(a, b); got != tt.want {
			t.Errorf("%s == %s: got %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
}
