package value_test

import (
	"testing"

	"standin/internal/value"
)

// Ensure that a member is read as its type. If it is absent or of another type, it is read as the
// zero value.
func TestObjectReadsMembers(t *testing.T) {
	t.Parallel()
	v, err := value.Parse([]byte(`{"text":"x","yes":true,"object":{"a":null},"list":[],"null":null}`))
	if err != nil {
		t.Fatal(err)
	}
	o, _ := v.(*value.Object)
	if got := o.Text("text"); got != "x" {
		t.Errorf("text: %q", got)
	}
	if got := o.TextOrNil("text"); got == nil || *got != "x" {
		t.Errorf("text: %v", got)
	}
	if !o.Bool("yes") || !o.Object("object").Has("a") || o.Object("object").Has("b") {
		t.Error("yes or object")
	}
	if l := o.List("list"); l == nil || len(l) != 0 {
		t.Errorf("list: %v", l)
	}
	var none *value.Object
	for _, o := range []*value.Object{o, none} {
		for _, name := range []string{"null", "absent", ""} {
			if o.Text(name) != "" || o.TextOrNil(name) != nil || o.Bool(name) || o.Object(name) != nil || o.List(name) != nil {
				t.Errorf("%q of %v is not zero", name, o)
			}
		}
	}
	if o.Text("yes") != "" || o.Bool("text") || o.Object("list") != nil || o.List("object") != nil || o.TextOrNil("null") != nil {
		t.Error("a member of another type is not zero")
	}
	if !o.Has("null") || none.Has("null") {
		t.Error("has")
	}
}
