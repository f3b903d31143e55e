package idempotency

import "net/http"

// keptHeaders are what an answer says about itself. All else is of the moment.
func keptHeaders() []string {
	return []string{"Content-Type", "Location", "Link", "ETag", "Deprecation", "Sunset"}
}

// recorder holds an answer back. Once it is larger than most it is sent on as
// it comes, and its body is not recorded any more. It belongs to one request.
type recorder struct {
	w    http.ResponseWriter
	most int // bytes

	status int // 0 until it is set
	body   []byte
	sent   bool // what was held back; the rest goes on as it comes
}

// Header is that of the answer.
func (r *recorder) Header() http.Header { return r.w.Header() }

// WriteHeader sets the status; the first counts.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

// Write adds to the body.
func (r *recorder) Write(p []byte) (int, error) {
	if len(r.body)+len(p) > r.most {
		r.flush()
	}
	if r.sent {
		return r.w.Write(p)
	}
	r.body = append(r.body, p...)
	return len(p), nil
}

func (r *recorder) code() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}

// flush sends what was held back, once.
func (r *recorder) flush() {
	if r.sent {
		return
	}
	r.sent = true
	r.w.WriteHeader(r.code())
	_, _ = r.w.Write(r.body) //nolint:gosec // what the handler wrote, with its Content-Type
}

// answer is what was recorded, where nothing was sent.
func (r *recorder) answer() Answer {
	a := Answer{Status: r.code(), Header: make(http.Header), Body: r.body}
	for _, name := range keptHeaders() {
		if values := r.Header().Values(name); len(values) > 0 {
			a.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	return a
}
