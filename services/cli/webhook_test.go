package cli

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const testSecret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

// TestWebhookTest is N6, in each dialect: the event is signed so that the
// dialect's own receivers take it.
func TestWebhookTest(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"standard", "neiracore", "aicity", "agentrail", "github", "stripe"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := receive(t, name, testSecret, answerWith(http.StatusAccepted, "thank\x1b[2Jyou"))
			got := runEnv(t, nil, "", "webhook", "test", "--url", r.URL+"/hook", "--dialect", name, "--secret", testSecret)
			if got.code != 0 || got.err != "" || !strings.HasSuffix(got.out, "\nanswer\n  status 202 after 0.0 ms\n\n  thank·[2Jyou\n") {
				t.Errorf("%+v", got)
			}
			if all := r.all(t); len(all) != 1 || all[0].Event.Type != "ping" && name != "github" {
				t.Errorf("%d came, %+v", len(all), all)
			}
		})
	}
}

// TestWebhookTestShows is the whole output, but for the ids and what they sign.
func TestWebhookTestShows(t *testing.T) {
	t.Parallel()
	r := receive(t, "neiracore", "s", answerWith(http.StatusUnauthorized, "who?"))
	got := runEnv(t, nil, "", "webhook", "test", "--url", r.URL, "--dialect=neiracore", "--secret=s", "--type=task.claimed")
	lines := strings.Split(got.out, "\n")
	for i, line := range lines {
		for _, varies := range []string{"  User-Agent: ", "  webhook-id: ", "  webhook-signature: v1,", "  x-neiracore-signature: ", `  {"id":"evt_`} {
			if strings.HasPrefix(line, varies) {
				lines[i] = varies + "…"
			}
		}
	}
	want := `sent
  Content-Type: application/json
  User-Agent: …
  webhook-id: …
  webhook-signature: v1,…
  webhook-timestamp: 1768473000
  x-neiracore-signature: …

  {"id":"evt_…

answer
  status 401 after 0.0 ms

  who?
`
	if diff := cmp.Diff(want, strings.Join(lines, "\n")); diff != "" {
		t.Error(diff)
	}
	if got.code != 1 || got.err != "posthaste: the endpoint answered 401, expected 2xx\n" {
		t.Errorf("%d %s", got.code, got.err)
	}
	// The data is the example that the dialect has for the type.
	if d := r.all(t)[0]; d.Event.Type != "task.claimed" || string(d.Event.Data) != `{"taskId":"task_abc123","claimerAid":"a1b2c3d4..."}` {
		t.Errorf("%+v", d.Event)
	}
}

func TestWebhookTestOfAnEvent(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		`--type a.b --data {"n":1.0}`: `a.b {"n":1.0}`, "--type a.b --data-file -": `a.b {"from": "stdin"}`, "--type a.b": "a.b {}", "--data 7": "ping 7",
	} {
		r := receive(t, "standard", testSecret, answerWith(http.StatusNoContent, ""))
		all := append(strings.Fields("webhook test --endpoint "+r.URL+" --secret "+testSecret), strings.Fields(args)...)
		if got := runEnv(t, nil, "{\"from\": \"stdin\"}\n", all...); got.code != 0 {
			t.Errorf("%s: %+v", args, got)
		}
		if e := r.all(t)[0].Event; e.Type+" "+string(e.Data) != want {
			t.Errorf("%s: %s %s, want %s", args, e.Type, e.Data, want)
		}
	}
}

func TestWebhookTestAsJSON(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 2000)
	r := receive(t, "aicity", "s", answerWith(http.StatusOK, long))
	got := runEnv(t, nil, "", "webhook", "test", "--json", "--url="+r.URL, "--dialect=aicity", "--secret=s")
	var p posted
	if err := json.Unmarshal([]byte(got.out), &p); err != nil || got.code != 0 {
		t.Fatal(got, err)
	}
	if !p.Success || *p.Status != 200 || p.Body != long[:2*maxBody]+"…" || p.Headers["X-City-Event"] != "ping" || !strings.HasPrefix(p.Headers["X-City-Signature"], "sha256=") {
		t.Errorf("%+v", p)
	}
	if p.Headers["X-City-Delivery"] != r.all(t)[0].ID || !strings.HasPrefix(p.Sent, `{"event":"ping","data":{"message":"Webhook test from AI City"}`) {
		t.Errorf("%+v", p)
	}
}

// TestSecretIsMade: without one, the one that signs is shown.
func TestSecretIsMade(t *testing.T) {
	t.Parallel()
	got := runEnv(t, nil, "", "webhook", "test", "--url=http://127.0.0.1:1/")
	secret, rest, _ := strings.Cut(strings.TrimPrefix(got.err, "no secret is given, so this one signs: "), "\n")
	if got.code != 1 || !strings.HasPrefix(secret, "whsec_") || !strings.HasPrefix(rest, "posthaste: the endpoint did not answer: dial tcp 127.0.0.1:1: ") {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(got.out, "\nanswer\n  status - after 0.0 ms\n") {
		t.Errorf("%s", got.out)
	}
}

// TestSecretIsHidden: one that is given is not shown, nor quoted when it cannot
// be used.
func TestSecretIsHidden(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"not-a-standard-secret", testSecret} {
		got := runEnv(t, []string{"POSTHASTE_SECRET=" + secret}, "", "webhook", "test", "--url=http://127.0.0.1:1/")
		if got.code != 1 || strings.Contains(got.out+got.err, secret) {
			t.Errorf("%+v", got)
		}
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	r := receive(t, "standard", testSecret, func(w http.ResponseWriter, req *http.Request) {
		http.Redirect(w, req, "/elsewhere", http.StatusTemporaryRedirect)
	})
	got := runEnv(t, nil, "", "webhook", "test", "--url="+r.URL, "--secret="+testSecret)
	if all := r.all(t); len(all) != 1 || got.code != 1 || !strings.HasSuffix(got.err, "the endpoint answered 307, expected 2xx\n") {
		t.Errorf("%d came: %+v", len(all), got)
	}
}

func TestSlowEndpoint(t *testing.T) {
	t.Parallel()
	r := receive(t, "standard", testSecret, func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() })
	got := runEnv(t, nil, "", "webhook", "test", "--url="+r.URL, "--secret="+testSecret, "--timeout=20ms")
	if got.code != 1 || !strings.Contains(got.err, "posthaste: the endpoint did not answer: ") || !strings.Contains(got.err, "exceeded") {
		t.Errorf("%+v", got)
	}
}
