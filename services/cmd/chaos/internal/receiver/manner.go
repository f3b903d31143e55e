package receiver

import (
	"net/http"
	"time"
)

// Steady takes everything at once.
func Steady(time.Duration, Event) (time.Duration, int) { return 0, http.StatusOK }

// Slow takes everything after 20 to 150 ms.
func Slow(_ time.Duration, e Event) (time.Duration, int) {
	return time.Duration(20+e.Data.N*37%130) * time.Millisecond, http.StatusOK
}

// Flappy fails for a fifth of every two seconds.
func Flappy(since time.Duration, _ Event) (time.Duration, int) {
	if since%(2*time.Second) < 400*time.Millisecond {
		return 0, http.StatusInternalServerError
	}
	return 0, http.StatusOK
}

// Picky never takes an event that is poison.
func Picky(_ time.Duration, e Event) (time.Duration, int) {
	if e.Data.Poison {
		return 0, http.StatusInternalServerError
	}
	return 0, http.StatusOK
}
