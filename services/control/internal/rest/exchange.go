package rest

import (
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/posthaste/posthaste/services/internal/problem"
)

const (
	// MediaJSON is what bodies are.
	MediaJSON  = "application/json"
	mediaPatch = "application/merge-patch+json" // RFC 7396
)

// humaContext is huma.Context by a name that leaves its method Context visible
// where it is embedded.
type humaContext huma.Context

// exchange is one request and its answer, as huma sees them. It belongs to one
// request and is not shared.
type exchange struct {
	humaContext
	status int // that of our error; 0 for what huma says
}

// Header hides what huma would choose another format by: both sides speak
// JSON only.
func (e *exchange) Header(name string) string {
	if name == "Accept" || name == "Content-Type" {
		return MediaJSON
	}
	return e.humaContext.Header(name)
}

// SetStatus sends the headers.
func (e *exchange) SetStatus(code int) {
	if e.status != 0 {
		code = e.status
	}
	e.humaContext.SetStatus(code)
}

// exchange is the API's middleware: it refuses bodies of another type before
// huma reads them.
func (a *API) exchange(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	if body := ctx.Operation().RequestBody; body != nil && (body.Required || r.ContentLength != 0) {
		if err := checkMedia(r.Header); err != nil {
			problem.Write(w, r, a.Log, err)
			return
		}
	}
	next(&exchange{humaContext: ctx})
}

func checkMedia(h http.Header) error {
	media, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || !slices.Contains([]string{MediaJSON, mediaPatch}, media) {
		return mediaProblem("Send the body with Content-Type: application/json.")
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return mediaProblem(fmt.Sprintf("JSON is UTF-8, not %.40q.", charset))
	}
	if encoding := h.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return mediaProblem(fmt.Sprintf("Send the body without Content-Encoding %.40q.", encoding))
	}
	return nil
}

func mediaProblem(message string) error {
	return &problem.Error{Status: http.StatusUnsupportedMediaType, Code: problem.CodeMediaType, Message: message}
}
