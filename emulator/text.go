package emulator

import (
	"encoding/json"
)

// textOf is the text of a file that is given as such, or as a value.
func textOf(v any) ([]byte, error) {
	switch v := v.(type) {
	case []byte:
		return v, nil
	case string:
		return []byte(v), nil
	default:
		return json.Marshal(v)
	}
}
