package service_test

import (
	"testing"

	"standin/internal/service"
)

func TestQuality(t *testing.T) {
	t.Parallel()
	tests := []struct {
		accept string
		want   float64
	}{
		{"", 1},
		{"*/*", 1},
		{"application/*;q=0.5", 0.5},
		{"application/json", 1},
		{"application/json; charset=utf-8", 1},
		{"application/json;q=0", 0},
		{"text/html", 0},
		{"text/html, application/json;q=0.2", 0.2},
		{"*/*, application/json;q=0", 0},
		{"application/json;q=0.3, */*;q=0.9", 0.3},
		{"garbage", 0},
		{"application/json;q=nonsense", 1},
	}
	for _, tt := range tests {
		if got := service.Quality(tt.accept, "application/json"); got != tt.want {
			t.Errorf("%q: got %v, want %v", tt.accept, got, tt.want)
		}
	}
}
