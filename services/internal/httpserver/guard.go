package httpserver

import (
	"fmt"
	"log/slog"
	"net/http"

	"github.com/posthaste/posthaste/services/internal/problem"
)

// codeURITooLong is that of a 414.
const codeURITooLong = "uri_too_long"

// security are headers for answers that are data: no browser is to guess another
// type, run or frame them, keep them, or tell others from where it came. A handler
// that serves pages sets its own. The values are shared and never changed.
var security = http.Header{
	"X-Content-Type-Options":  {"nosniff"},
	"Cache-Control":           {"no-store"},
	"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'"},
	"Referrer-Policy":         {"no-referrer"},
}

// guard is in front of every handler.
func guard(cfg Config, next http.Handler, log *slog.Logger) http.Handler {
	most := int(cfg.MaxURLBytes)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for name, values := range security {
			h[name] = values
		}
		if len(r.RequestURI) > most {
			problem.Write(w, r, log, &problem.Error{
				Status: http.StatusRequestURITooLong, Code: codeURITooLong,
				Message: fmt.Sprintf("Path and query are larger than %d bytes (POSTHASTE_HTTP_MAX_URL_BYTES).", most),
				Details: map[string]any{"limit": most, "setting": "POSTHASTE_HTTP_MAX_URL_BYTES"},
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}
