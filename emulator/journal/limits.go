package journal

// Limits bound journals. What exceeds them is forgotten, the oldest entries first.
type Limits struct {
	Entries  int // of one journal; 0: DefaultEntries
	Bytes    int // of the requests and answers of one journal; 0: DefaultBytes
	AllBytes int // of the requests and answers of all journals; 0: DefaultAllBytes
}

// The defaults of Limits.
const (
	DefaultEntries  = 4096
	DefaultBytes    = 16 << 20
	DefaultAllBytes = 256 << 20
	// KeptBody is how much of a body is kept; of a longer one, size and hash are.
	KeptBody = 16 << 10
)
