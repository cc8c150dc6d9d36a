package world

// Traits say how the records of a collection are compared with those of another world. A member is
// a path in the JSON form of a record, for example client/hostname. In a path, * is any element of
// a list or any member of an object.
type Traits struct {
	// Key has the members that name a record for people. They pair the records of two worlds.
	Key []string
	// Drawn has the members that the service draws: ids and secrets. The first is the id.
	Drawn []string
	// Times has the members with times that the service sets.
	Times []string
	// Sets has the lists whose order says nothing.
	Sets []string
	// Refs has the members that refer to other records by their drawn ids.
	Refs []Ref
	// Parts has the lists whose elements are records of their own for people.
	Parts []Part
	// Gone is the member that is true in a record which no list of the API shows any more.
	Gone string
	// Unseen says that the collection does not count.
	Unseen bool
}

// A Ref is a member that refers to records.
type Ref struct {
	Member string
	To     []string // names of collections, for example barbican.secrets
}

// A Part is a list of records within a record.
type Part struct {
	Member string // the list
	Name   string // the name of the kind in the section, for example consumers
	Traits Traits
}

// With returns a copy of the collection with traits. The kinds are all whose records Dump reads;
// none means those that are known already.
func (c Collection) With(t Traits, kinds ...Clearer) Collection {
	c.Traits = t
	if len(kinds) > 0 {
		c.kinds = kinds
	}
	return c
}

// Shared reports whether two views share the records of the collection, so that it is the same in
// both. It costs nothing. A false result does not mean that records differ.
func (c *Collection) Shared(a, b View) bool {
	for _, k := range c.kinds {
		if !k.Shared(a, b) {
			return false
		}
	}
	return len(c.kinds) > 0
}

// Shared reports whether two views share the table of the kind.
func (k *Kind[T]) Shared(a, b View) bool { return k.read(a) == k.read(b) }
