package openstack_test

import (
	"strings"
	"testing"

	"standin/internal/service/openstack"
	"standin/internal/value"
)

func TestRepr(t *testing.T) {
	t.Parallel()
	tests := []struct{ json, want string }{
		{`null`, `None`},
		{`[true,false]`, `[True, False]`},
		{`{"a":{"b":[]},"c":"d"}`, `{'a': {'b': []}, 'c': 'd'}`},
		{`1`, `1`},
		{`-0`, `0`},
		{`-0.0`, `-0.0`},
		{`1.0`, `1.0`},
		{`1e2`, `100.0`},
		{`1e16`, `1e+16`},
		{`1e15`, `1000000000000000.0`},
		{`0.0001`, `0.0001`},
		{`0.00001`, `1e-05`},
		{`1e400`, `inf`},
		{`-1e400`, `-inf`},
		{`12345678901234567890123`, `12345678901234567890123`},
		{`"it's"`, `"it's"`},
		{`"it's \"so\""`, `'it\'s "so"'`},
		{`"a\\b\n\r\t"`, `'a\\b\n\r\t'`},
		{`"\u0000\u007f\u00a0\u2028\ue000"`, `'\x00\x7f\xa0\u2028\ue000'`},
		{`"é😀"`, `'é😀'`},
		{`"\udb80\udc00"`, `'\U000f0000'`},
	}
	for _, tt := range tests {
		v, err := value.Parse([]byte(tt.json))
		if err != nil {
			t.Fatal(err)
		}
		if got := openstack.Repr(v); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.json, got, tt.want)
		}
	}
}

func TestInt(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"5": "5", " 2": "2", "\t+7\n": "7", "-3": "-3", "1_0": "10", "007": "7", "٣": "3", "१२": "12", "𝟡": "9",
		"99999999999999999999": "99999999999999999999", strings.Repeat("0", 4299) + "5": "5",
	} {
		if got, ok := openstack.Int(s); !ok || got.String() != want {
			t.Errorf("%q: got %v %v, want %s", s, got, ok, want)
		}
	}
	for _, s := range []string{"", " ", "1.5", "1__0", "_1", "1_", "+", "+-1", "0x1", "1 2", "²", "one", "1\x00", strings.Repeat("0", 4300) + "5"} {
		if got, ok := openstack.Int(s); ok {
			t.Errorf("%q: got %v", s, got)
		}
	}
}
