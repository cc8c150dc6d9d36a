package world_test

import (
	"testing"

	"standin/internal/world"
)

type pet struct{ id, name string }

var pets = world.NewKind("pets", func(p *pet) string { return p.id })

// Ensure that an update does not change the record that others may be reading.
func TestUpdateStoresACopy(t *testing.T) {
	t.Parallel()
	tx := world.New(1).Begin()
	pets.Put(tx, &pet{"1", "rex"})
	before := tx.Commit()
	tx = before.Begin()
	pets.Update(tx, pets.Get(tx, "1"), func(p *pet) { p.name = "max" })
	if old, now := pets.Get(before, "1").name, pets.Get(tx, "1").name; old != "rex" || now != "max" {
		t.Errorf("before %s, now %s", old, now)
	}
}

// Ensure that a stored record stays as it was when the caller changes the one that it gave.
func TestPutStoresACopy(t *testing.T) {
	t.Parallel()
	tx, rex := world.New(1).Begin(), &pet{"1", "rex"}
	pets.Put(tx, rex)
	rex.id, rex.name = "2", "max"
	if got := pets.Get(tx, "1"); got == nil || got.name != "rex" || tx.Changes()[0].Key != "1" {
		t.Errorf("stored %v, changes %v", got, tx.Changes())
	}
}

// Ensure that a new id is not the key of a record of the kind.
func TestKindNewID(t *testing.T) {
	t.Parallel()
	free := pets.NewID(world.New(1).Begin(), "pets", world.Hex)
	tx := world.New(1).Begin()
	pets.Put(tx, &pet{id: free})
	if id := pets.NewID(tx, "pets", world.Hex); id == free || len(id) != 32 {
		t.Errorf("%s, and %s is taken", id, free)
	}
}
