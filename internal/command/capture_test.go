package command

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// Ensure what is kept is the beginning and the end, whatever the sizes of the pieces, in bounded
// memory.
func TestKeptSizes(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for _, total := range []int{0, 1, half - 1, half, half + 1, 2*half - 1, 2 * half, 2*half + 1, 5*half + 77, 50 * half} {
		for _, most := range []int{1000, half, 3 * half} {
			var k kept
			var all []byte
			for len(all) < total {
				piece := make([]byte, min(1+r.IntN(most), total-len(all)))
				for i := range piece {
					piece[i] = 'a' + byte(r.IntN(26))
				}
				all = append(all, piece...)
				if n, err := k.Write(piece); n != len(piece) || err != nil {
					t.Fatal(n, err)
				}
			}
			want := string(all)
			if total > 2*half {
				want = fmt.Sprintf("%s\n[%d bytes left out]\n%s", all[:half], total-2*half, all[total-half:])
			}
			if got := k.text(); got != want {
				t.Errorf("%d bytes in pieces of up to %d: %d bytes are kept, want %d", total, most, len(got), len(want))
			}
			if memory := cap(k.head) + cap(k.tail); memory > 2*half {
				t.Errorf("%d bytes of memory", memory)
			}
		}
	}
}

// Ensure the place where bytes are left out cuts no character and begins a line.
func TestKeptCharacters(t *testing.T) {
	t.Parallel()
	for _, piece := range []string{"é", "€", "😀", "x€", "€\n"} {
		var k kept
		text := strings.Repeat(piece, 5*half/len(piece))
		_, _ = k.Write([]byte(text))
		got := k.text()
		head, rest, _ := strings.Cut(got, "[")
		var left int
		if _, err := fmt.Sscanf(rest, "%d bytes left out]", &left); err != nil {
			t.Fatal(err)
		}
		_, tail, _ := strings.Cut(rest, "\n")
		kept := len(strings.TrimSuffix(head, "\n")) + len(tail)
		if strings.HasPrefix(text, head) {
			kept = len(head) + len(tail)
		}
		if !utf8.ValidString(got) || !strings.HasSuffix(head, "\n") || kept+left != len(text) {
			t.Errorf("%q: %d kept, %d left out of %d: %q", piece, kept, left, len(text), got[half-10:half+60])
		}
	}
	var k kept
	_, _ = k.Write(bytes.Repeat([]byte{0x80}, 3*half)) // no text at all
	if got := k.text(); len(got) < 2*half {
		t.Errorf("%d bytes", len(got))
	}
}

// Ensure writes to the two streams stay in order.
func TestInterleaved(t *testing.T) {
	t.Parallel()
	var c capture
	for i := range 3 {
		_, _ = fmt.Fprintln(&c.output, "out", i)
		_, _ = fmt.Fprintln(&c.output, "err", i)
	}
	if got := c.output.text(); got != "out 0\nerr 0\nout 1\nerr 1\nout 2\nerr 2\n" {
		t.Errorf("%q", got)
	}
}
