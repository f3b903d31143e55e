package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// rail is a client of AgentRail's service that was written from its contract
// alone. It knows a base URL and a key, and nothing of Posthaste.
type rail struct {
	base, key string
	http      *http.Client
}

// railOf is a client of the shared dev, as its tenant default.
func railOf(a *agent) *rail {
	a.tenant = "default"
	return &rail{base: a.subscriptions + "/v1", key: a.key, http: a.http}
}

// railAnswer is an answer with a JSON body.
type railAnswer struct {
	status int
	header http.Header
	text   string
}

func (r *rail) do(t *testing.T, method, path, idempotencyKey string, in any) railAnswer {
	t.Helper()
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, r.base+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if r.key != "" {
		req.Header.Set("Authorization", "Bearer "+r.key)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if idempotencyKey != "" {
		req.Header.Set("Idempotency-Key", idempotencyKey)
	}
	res, err := r.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return railAnswer{res.StatusCode, res.Header, string(text)}
}

// railSubscription is a subscription as the contract has it.
type railSubscription struct {
	ID         string   `json:"id"`
	URL        string   `json:"url"`
	EventTypes []string `json:"eventTypes"`
	Filters    struct {
		TaskIDs []string `json:"taskIds"`
	} `json:"filters"`
	Status           string `json:"status"`
	SigningAlgorithm string `json:"signingAlgorithm"`
	RetryPolicy      struct {
		MaxAttempts           int     `json:"maxAttempts"`
		InitialBackoffSeconds float64 `json:"initialBackoffSeconds"`
		MaxBackoffSeconds     float64 `json:"maxBackoffSeconds"`
	} `json:"retryPolicy"`
	CreatedAt        time.Time `json:"createdAt"`
	AvailableActions []string  `json:"availableActions"`
}

// one reads an answer that holds a subscription.
func (a railAnswer) one(t *testing.T, status int) railSubscription {
	t.Helper()
	var out struct {
		Data             railSubscription `json:"data"`
		AvailableActions *[]string        `json:"availableActions"`
	}
	a.read(t, status, &out)
	if out.AvailableActions == nil || out.Data.AvailableActions == nil {
		t.Errorf("availableActions are missing: %s", a.text)
	}
	return out.Data
}

func (a railAnswer) read(t *testing.T, status int, out any) {
	t.Helper()
	if a.status != status || !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		t.Fatalf("%d %s, want %d: %s", a.status, a.header.Get("Content-Type"), status, a.text)
	}
	if err := json.Unmarshal([]byte(a.text), out); err != nil {
		t.Fatalf("decode %s: %v", a.text, err)
	}
}

// failed holds an answer to the shape of errors, and returns the message.
func (a railAnswer) failed(t *testing.T, status int, code string) string {
	t.Helper()
	var out struct {
		Error struct {
			Code    string         `json:"code"`
			Message string         `json:"message"`
			Details map[string]any `json:"details"`
		} `json:"error"`
	}
	a.read(t, status, &out)
	if out.Error.Code != code || out.Error.Message == "" || out.Error.Details == nil {
		t.Errorf("%s, want code %s, a message and details", a.text, code)
	}
	return out.Error.Message
}

// create subscribes, and returns the subscription.
func (r *rail) create(t *testing.T, req map[string]any) railSubscription {
	t.Helper()
	return r.do(t, http.MethodPost, "/event-subscriptions", "create-"+strings.ToLower(t.Name())+time.Now().Format(".000000000"), req).one(t, http.StatusCreated)
}

// status reads a subscription's status.
func (r *rail) status(t *testing.T, id string) string {
	t.Helper()
	return r.do(t, http.MethodGet, "/event-subscriptions/"+id, "", nil).one(t, http.StatusOK).Status
}

// railStream is a stream of events that is read line by line.
type railStream struct {
	lines *bufio.Scanner
}

// stream opens a stream. It ends with the test.
func (r *rail) stream(t *testing.T, query, lastEventID string) *railStream {
	t.Helper()
	res := r.open(t, query, lastEventID)
	t.Cleanup(func() { res.Body.Close() })
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		t.Fatalf("the stream opens with %d %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	s := &railStream{lines: bufio.NewScanner(res.Body)}
	if f := s.next(t); f != (frame{retry: "5000"}) {
		t.Errorf("the stream begins with %+v", f)
	}
	return s
}

func (r *rail) open(t *testing.T, query, lastEventID string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.base+"/task-events/stream?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.key)
	req.Header.Set("Accept", "text/event-stream")
	if lastEventID != "" {
		req.Header.Set("Last-Event-ID", lastEventID)
	}
	res, err := r.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// frame is one frame: an event, a comment, or the retry at the beginning.
type frame struct{ id, event, data, retry, comment string }

// next reads up to the empty line that ends a frame.
func (s *railStream) next(t *testing.T) frame {
	t.Helper()
	f := frame{}
	for s.lines.Scan() {
		line := s.lines.Text()
		name, value, _ := strings.Cut(line, ": ")
		switch {
		case line == "":
			return f
		case strings.HasPrefix(line, ": "):
			f.comment = strings.TrimPrefix(line, ": ")
		case name == "id":
			f.id = value
		case name == "event":
			f.event = value
		case name == "data":
			f.data += value
		case name == "retry":
			f.retry = value
		default:
			t.Errorf("the stream has the line %q", line)
		}
	}
	t.Fatalf("the stream has ended: %v", s.lines.Err())
	return f
}

// nextEvent passes over keepalives.
func (s *railStream) nextEvent(t *testing.T) frame {
	t.Helper()
	for {
		if f := s.next(t); f.comment == "" {
			return f
		}
	}
}
