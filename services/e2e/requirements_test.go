package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// The tests of the requirements are named after their lines: N1 to N6 are
// Neiracore's, C1 to C16 AI City's, A1 to A4 AgentRail's. They share one
// `posthaste dev`, in which each has a tenant of its own. Tenant default speaks
// AgentRail's dialect there, for its clients name neither tenant nor dialect.

// agent is a tenant of the shared dev, by an operator's key.
type agent struct {
	*api
	tenant string
}

// ask is a request for the tenant. in is its body, nil for none; where out is
// not nil the answer is decoded into it.
func (a *agent) ask(t *testing.T, status int, method, path string, in, out any) []byte {
	t.Helper()
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			t.Fatal(err)
		}
	}
	answer := a.must(t, status, method, a.subscriptions+path+sep+"tenant="+a.tenant, body)
	if out != nil {
		decode(t, answer, out)
	}
	return answer
}

// refused is the message of a 400.
func (a *agent) refused(t *testing.T, method, path string, in any) string {
	t.Helper()
	var out struct {
		Error struct {
			Code, Message string
			Details       struct {
				Fields []struct{ Field, Message string }
			}
		}
	}
	a.ask(t, http.StatusBadRequest, method, path, in, &out)
	if out.Error.Code != "validation_error" || len(out.Error.Details.Fields) != 1 {
		t.Fatalf("refused as %+v", out.Error)
	}
	return out.Error.Details.Fields[0].Message
}

// emit publishes an event of the tenant, and returns its id. Data goes out as it
// is written.
func (a *agent) emit(t *testing.T, eventType, data string) string {
	t.Helper()
	return a.emitText(t, `"type":"`+eventType+`","data":`+data)
}

// at is emit for an event that happened then.
func (a *agent) at(t *testing.T, eventType, timestamp, data string) string {
	t.Helper()
	return a.emitText(t, `"type":"`+eventType+`","timestamp":"`+timestamp+`","data":`+data)
}

// emitText is by hand, for a JSON encoder would compact data.
func (a *agent) emitText(t *testing.T, members string) string {
	t.Helper()
	text := `{"tenant":"` + a.tenant + `",` + members + `}`
	return accepted(t, a.must(t, http.StatusAccepted, http.MethodPost, a.events+"/v1/events", []byte(text)))[0]
}
