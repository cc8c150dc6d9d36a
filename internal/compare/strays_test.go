package compare_test

import (
	"iter"
	"testing"

	"standin/internal/compare"
	"standin/internal/file"
	"standin/internal/world"
)

// counting returns a copy of a loader that counts how often a collection is read.
func counting(l *world.Loader, name string, read *int) *world.Loader {
	c := *l
	c.Sections = nil
	for _, s := range l.Sections {
		collections := s.Collections
		s.Collections = nil
		for _, k := range collections {
			if dump := k.Dump; s.Name+"."+k.Name == name {
				k.Dump = func(v world.View) iter.Seq[any] { *read++; return dump(v) }
			}
			s.Collections = append(s.Collections, k)
		}
		c.Sections = append(c.Sections, s)
	}
	return &c
}

// fixtureRecord stores a record of a collection.
func fixtureRecord(tx *world.Tx, l *world.Loader, collection, record string) error {
	n, err := file.Parse("test", []byte(record))
	if err != nil {
		return err
	}
	_, err = l.Collection(collection).Load(tx, n)
	return err
}

// A story is a run of which every world is kept.
type story struct {
	r       *run
	history []*compare.Picture
}

func (s *story) add(steps ...func(r *run)) *story {
	s.history = append(s.history, s.r.picture())
	for _, step := range steps {
		step(s.r)
		s.history = append(s.history, s.r.picture())
	}
	return s
}

// These are the steps of the run without failures.
var (
	makeSecret    = func(r *run) { r.newSecret("key", "p") }
	makeContainer = func(r *run) { r.newContainer("backup", r.secrets[0]) }
	register      = func(r *run) {
		r.send("POST", "/v1/containers/"+r.containers[0]+"/consumers", consumer, "")
	}
	unregister = func(r *run) {
		r.send("DELETE", "/v1/containers/"+r.containers[0]+"/consumers", consumer, "")
	}
	renameRobot = func(r *run) {
		r.send("PUT", apiClients+"/a3b4c5d6-e7f8-4901-b2c3-d4e5f6a7b8c9", `{"name":"robot","roles":[]}`, "")
	}
	makeImage = func(r *run) { r.newImage("node7") }
)

const consumer = `{"name":"beta","URL":"https://b"}`

// clear removes all records of a kind of Barbican.
func clear(r *run, kind int) {
	l := r.loader()
	err := r.e.Sandboxes.Default().Transact(func(tx *world.Tx) error {
		for i := range l.Sections {
			if l.Sections[i].Name == "barbican" {
				l.Sections[i].Kinds[kind].Clear(tx)
			}
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// Ensure what no picture of the history has is a stray, and nothing else is.
func TestStrays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		steps []func(r *run)
		want  []string
	}{
		"nothing":        {},
		"a prefix":       {steps: []func(r *run){makeSecret, makeContainer}},
		"all":            {steps: []func(r *run){makeSecret, makeContainer, register, renameRobot, makeImage}},
		"parallel order": {steps: []func(r *run){makeImage, renameRobot, makeSecret}},
		"a rollback": {steps: []func(r *run){makeSecret, makeContainer, register, unregister, func(r *run) {
			r.send("DELETE", "/v1/secrets/"+r.secrets[0], "", "")
			r.send("DELETE", "/v1/containers/"+r.containers[0], "", "")
		}}},
		"a deleted consumer": {steps: []func(r *run){makeSecret, makeContainer, register, unregister}},
		"a deleted role": {steps: []func(r *run){func(r *run) {
			r.send("DELETE", roleStore+"/"+r.send("POST", roleStore, `{"name":"new"}`, "/id"), "", "")
		}}},
		"twice": {
			steps: []func(r *run){makeSecret, makeSecret, makeContainer},
			want:  []string{"barbican.secrets: key is there twice"},
		},
		"another form": {
			steps: []func(r *run){makeImage, func(r *run) { r.send("PUT", "/v3/image/node7", `{"remote_user":"you"}`, "") }},
			want:  []string{`devops.images: node7: remote_user was "root" and is "you"`},
		},
		"too much": {
			steps: []func(r *run){func(r *run) { r.newClient("node8") }},
			want:  []string{"freezer.clients: node8 should not be there"},
		},
		"a part too much": {
			steps: []func(r *run){makeSecret, makeContainer, func(r *run) {
				r.send("POST", "/v1/containers/"+r.containers[0]+"/consumers", `{"name":"g","URL":"u"}`, "")
			}},
			want: []string{"barbican.consumers: g u of backup should not be there"},
		},
		"lost": {
			steps: []func(r *run){func(r *run) { r.send("DELETE", apiClients+"/a3b4c5d6-e7f8-4901-b2c3-d4e5f6a7b8c9", "", "") }},
			want:  []string{"privx.api_clients: terraform is missing"},
		},
		"a lost part": {
			steps: []func(r *run){func(r *run) {
				r.send("DELETE", "/v1/containers/4b8e1d0a-6c2f-4a7b-8e9d-0f1a2b3c4d5e/consumers", `{"name":"web-01","URL":"https://web-01.example.com"}`, "")
			}},
			want: []string{"barbican.consumers: web-01 https://web-01.example.com of web tls is missing"},
		},
		"a container without its secret": {
			steps: []func(r *run){makeSecret, makeContainer, func(r *run) { clear(r, 0); clear(r, 1) }},
			want: []string{
				"barbican.secrets: tls private key is missing", "barbican.secrets: tls certificate is missing",
				"barbican.secrets: database password is missing", "barbican.secrets: disk key is missing",
				"barbican.containers: web tls: secret_refs/*/secret_ref refers to a record that is missing",
				"barbican.containers: backup: secret_refs/*/secret_ref refers to a record that is missing",
			},
		},
	} {
		for _, seed := range []int64{1, 2} { // with the ids of the history, and with others
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				good := &story{r: newRun(t, "default", 1)}
				history := good.add(makeSecret, makeContainer, register, renameRobot, makeImage).history
				r := newRun(t, "default", seed)
				for _, step := range c.steps {
					step(r)
				}
				expect(t, r.picture().Strays(history, nil), c.want...)
			})
		}
	}
}

// Ensure an orphan that the run without failures leaves too is none.
func TestOrphanOfTheHistory(t *testing.T) {
	t.Parallel()
	good := &story{r: newRun(t, "default", 1)}
	orphan := func(r *run) { clear(r, 0); clear(r, 1) }
	history := good.add(makeSecret, makeContainer, orphan).history
	r := newRun(t, "default", 2)
	makeSecret(r)
	makeContainer(r)
	orphan(r)
	expect(t, r.picture().Strays(history, nil))
	expect(t, r.picture().Strays(nil, nil))
}
