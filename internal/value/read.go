package value

// The methods below read a member whose type the caller expects. They return the zero value for a
// member that is absent or of another type. Use Get or Has to distinguish these. A nil object has
// no members.

// Has reports whether the object has the member, of any type.
func (o *Object) Has(name string) bool {
	_, ok := o.Get(name)
	return ok
}

// Text returns a member that is a string, or an empty string.
func (o *Object) Text(name string) string {
	v, _ := o.Get(name)
	s, _ := v.(string)
	return s
}

// TextOrNil returns a member that is a string, or nil.
func (o *Object) TextOrNil(name string) *string {
	v, _ := o.Get(name)
	if s, ok := v.(string); ok {
		return &s
	}
	return nil
}

// Bool returns a member that is true or false, or else false.
func (o *Object) Bool(name string) bool {
	v, _ := o.Get(name)
	b, _ := v.(bool)
	return b
}

// Object returns a member that is an object, or nil.
func (o *Object) Object(name string) *Object {
	v, _ := o.Get(name)
	x, _ := v.(*Object)
	return x
}

// List returns a member that is a list, or nil. An empty list is not nil.
func (o *Object) List(name string) []any {
	v, _ := o.Get(name)
	l, _ := v.([]any)
	return l
}
