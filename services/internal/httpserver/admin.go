package httpserver

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/pprof"
	"time"
)

// Check is one condition of being ready; nil means met.
type Check struct {
	Name  string
	Ready func(context.Context) error
}

// checkTimeout bounds all checks of one request together.
const checkTimeout = 2 * time.Second

// Admin answers /healthz (the process is alive), /readyz (it can do its work
// now: every check of checks() is met), /metrics and, where profile is set,
// /debug/pprof.
func Admin(metrics http.Handler, profile bool, checks func() []Check) http.Handler {
	mux := http.NewServeMux()
	if profile {
		mux.HandleFunc("/debug/pprof/", pprof.Index)
		mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeStatus(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), checkTimeout)
		defer cancel()
		status, answer := http.StatusOK, map[string]string{"status": "ready"}
		for _, c := range checks() {
			answer[c.Name] = "ok"
			if err := c.Ready(ctx); err != nil {
				status = http.StatusServiceUnavailable
				answer["status"] = "not ready"
				answer[c.Name] = err.Error()
			}
		}
		writeStatus(w, status, answer)
	})
	mux.Handle("GET /metrics", metrics)
	return mux
}

func writeStatus(w http.ResponseWriter, status int, answer map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // the client may be gone
}
