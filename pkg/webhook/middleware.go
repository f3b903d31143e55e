package webhook

import (
	"bytes"
	"errors"
	"io"
	"net/http"
)

// Middleware lets only verified deliveries through to next. It reads the body,
// up to the limit of WithMaxBody, and hands the very bytes on as the request's
// Body, with ContentLength set to match.
//
// It answers the others itself, in a few words of plain text: 413 for a body
// over the limit, 400 for one that cannot be read and for a missing or
// malformed header, 401 for a timestamp beyond the tolerance and for a wrong
// signature.
func (v *Verifier) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, v.maxBody))
		if err == nil {
			err = v.Verify(r.Header, body)
		}
		if err != nil {
			status, text := answer(err)
			http.Error(w, text, status)
			return
		}
		next.ServeHTTP(w, withBody(r, body))
	})
}

// answer says nothing of a read error, which is the network's own affair. The
// sentinels' texts are fit for strangers.
func answer(err error) (int, string) {
	tooLarge := (*http.MaxBytesError)(nil)
	switch {
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge, "webhook: body too large"
	case errors.Is(err, ErrMissingHeader), errors.Is(err, ErrBadID), errors.Is(err, ErrBadTimestamp):
		return http.StatusBadRequest, err.Error()
	case errors.Is(err, ErrTooOld), errors.Is(err, ErrTooNew), errors.Is(err, ErrNoMatch):
		return http.StatusUnauthorized, err.Error()
	}
	return http.StatusBadRequest, "webhook: body could not be read"
}

// withBody copies the request, as a handler must not change the one it got.
func withBody(r *http.Request, body []byte) *http.Request {
	copied := r.WithContext(r.Context())
	copied.Body = io.NopCloser(bytes.NewReader(body))
	copied.ContentLength = int64(len(body))
	return copied
}
