package parity

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
)

// A Recording is what the real servers answered to a story.
type Recording struct {
	Story   string   `json:"story"`
	Answers []Answer `json:"answers"`
}

// Versions says which servers were recorded, and when.
type Versions struct {
	Recorded string            `json:"recorded"` // the day, as 2006-01-02
	Packages map[string]string `json:"packages"` // of Debian, by name
}

// text is the recording as its file holds it.
func (r Recording) text() ([]byte, error) {
	return indented(r)
}

func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}

// Write puts the recording into its file below the folder.
func (r Recording) Write(folder string) error {
	text, err := r.text()
	if err != nil {
		return err
	}
	name := filepath.Join(folder, filepath.FromSlash(r.Story)+".json")
	if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o600)
}

// Write puts the versions into their file below the folder.
func (v Versions) Write(folder string) error {
	text, err := indented(v)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "versions.json"), text, 0o600)
}

// Recorded reads the recording of a story below the folder.
func Recorded(folder, story string) (Recording, error) {
	text, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(story)+".json"))
	if err != nil {
		return Recording{}, err
	}
	var r Recording
	return r, json.Unmarshal(text, &r)
}
