package value_test

import (
	"encoding/json"
	"testing"
	"time"

	"standin/internal/value"
)

// everything writes one value of each type.
func everything(b []byte) []byte {
	w := value.NewWriter(b)
	w.BeginObject()
	w.Name("a\"b").Text("<é\n>")
	w.Name("list").BeginList()
	w.Int(-1)
	w.Bool(true)
	w.Null()
	w.BeginObject()
	w.EndObject()
	w.BeginList()
	w.EndList()
	w.Raw(`{"raw":1}`)
	w.Value(value.Number("1.0"))
	w.EndList()
	w.Name("at").Time(time.Unix(0, 0).UTC(), "2006-01-02")
	w.Name("none").TextOrNull(nil)
	w.Name("texts").Texts([]string{"x", "y"})
	w.Name("object").TextObject("k", "v", "l", "w")
	w.Name("value").Value([]any{json.RawMessage(`[]`), 1, int64(2), value.NewObject(value.Member{Name: "m", Value: nil}), "s"})
	w.EndObject()
	return w.Bytes()
}

// Ensure that the writer puts commas between values and names, and nowhere else.
func TestWriter(t *testing.T) {
	t.Parallel()
	const want = `{"a\"b":"<é\n>","list":[-1,true,null,{},[],{"raw":1},1.0],"at":"1970-01-01","none":null,` +
		`"texts":["x","y"],"object":{"k":"v","l":"w"},"value":[[],1,2,{"m":null},"s"]}`
	if got := string(everything(nil)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := string(value.AppendTextObject([]byte("x"), "a", "b")); got != `x{"a":"b"}` {
		t.Errorf("got %s", got)
	}
}

// Compare the writer with a function that appends the same object as literals.
func BenchmarkWriter(b *testing.B) {
	buffer := make([]byte, 0, 1024)
	b.Run("writer", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			w := value.NewWriter(buffer)
			w.BeginObject()
			w.Name("status").Text("ACTIVE")
			w.Name("secret_type").Text("opaque")
			w.Name("algorithm").Null()
			w.Name("creator_id").Text("0cd44caf6db5486b94a04b33256a5ff4")
			w.EndObject()
			_ = w.Bytes()
		}
	})
	b.Run("literals", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			t := value.AppendString(append(buffer, `{"status":`...), "ACTIVE")
			t = value.AppendString(append(t, `,"secret_type":`...), "opaque")
			t = append(t, `,"algorithm":null`...)
			t = value.AppendString(append(t, `,"creator_id":`...), "0cd44caf6db5486b94a04b33256a5ff4")
			_ = append(t, '}')
		}
	})
}

// Ensure that each byte that needs an escape is found at each place of a string.
func TestAppendStringFindsWhatToEscape(t *testing.T) {
	t.Parallel()
	for c := range 0x80 {
		for at := range 20 {
			s := []byte("abcdefghijklmnopqrst")
			s[at] = byte(c)
			got := string(value.AppendString(nil, string(s)))
			want, err := value.Parse([]byte(got))
			if err != nil || want != string(s) {
				t.Errorf("%q is written as %s", s, got)
			}
		}
	}
	if got := string(value.AppendString(nil, "sevenbé and\xff")); got != `"sevenbé and`+"\ufffd"+`"` {
		t.Errorf("got %s", got)
	}
}
