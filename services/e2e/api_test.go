package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

// api is the HTTP API, as its clients use it.
type api struct {
	events, subscriptions string // base URLs of ingest and control
	key                   string
	http                  *http.Client
}

func newAPI(t *testing.T, key string) *api {
	t.Helper()
	return &api{key: key, http: newHTTP(t)}
}

// reply is an answer, read to its end.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (a *api) call(t *testing.T, method, url, contentType string, body []byte) (reply, error) {
	t.Helper()
	req, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	req.Header.Set("Authorization", "Bearer "+a.key)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := a.http.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Header, text}, err
}

// must is call where nothing but the status is expected.
func (a *api) must(t *testing.T, status int, method, url string, body []byte) []byte {
	t.Helper()
	contentType := ""
	if body != nil {
		contentType = "application/json"
	}
	r, err := a.call(t, method, url, contentType, body)
	if err != nil {
		t.Fatal(err)
	}
	if r.status != status {
		t.Fatalf("%s %s: %d, want %d: %s", method, url, r.status, status, r.body)
	}
	return r.body
}

// event is what POST /v1/events takes.
type event struct {
	ID     string          `json:"id,omitempty"`
	Tenant string          `json:"tenant,omitempty"`
	Type   string          `json:"type"`
	Data   json.RawMessage `json:"data"`
}

// publish sends events and returns their ids.
func (a *api) publish(t *testing.T, events ...event) []string {
	t.Helper()
	body, err := json.Marshal(events)
	if err != nil {
		t.Fatal(err)
	}
	return accepted(t, a.must(t, http.StatusAccepted, http.MethodPost, a.events+"/v1/events", body))
}

// accepted are the ids in a 202.
func accepted(t *testing.T, answer []byte) []string {
	t.Helper()
	var list struct {
		Data []struct {
			ID        string `json:"id"`
			Duplicate bool   `json:"duplicate"`
		} `json:"data"`
	}
	decode(t, answer, &list)
	ids := make([]string, len(list.Data))
	for i, e := range list.Data {
		ids[i] = e.ID
	}
	return ids
}

func decode(t *testing.T, text []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatalf("decode %s: %v", text, err)
	}
}
