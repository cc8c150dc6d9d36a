package journal

// Limits bound journals. A journal that exceeds a limit evicts its oldest entries.
type Limits struct {
	Entries  int // maximum of one journal; 0 means DefaultEntries
	Bytes    int // of the requests and replies of one journal; 0 means DefaultBytes
	AllBytes int // of the requests and replies of all journals; 0 means DefaultAllBytes
}

// The defaults of Limits.
const (
	DefaultEntries  = 4096
	DefaultBytes    = 16 << 20
	DefaultAllBytes = 256 << 20
	// KeptBody is how many bytes of a body are kept. Of a longer body, its size and hash are kept
	// too.
	KeptBody = 16 << 10
)
