package e2e

import (
	"encoding/json"
	"net/http"
	"testing"
)

// oddities are data that a re-serialiser would change.
var oddities = map[string]string{
	"spacing":    "{ \"b\" :1 ,\t\"a\":[ 1,2 ,\n 3 ] }",
	"numbers":    `{"big":123456789012345678901234567890,"float":1.10,"exp":1E+2,"minus":-0.0}`,
	"escapes":    `"\u00e9\u0041\/\ud83d\ude00 é 😀 <script>&"`,
	"order":      `{"z":1,"a":2,"z2":{"y":1,"b":2}}`,
	"duplicates": `{"a":1,"a":2}`,
	"null":       `null`,
	"empty":      `{}`,
}

// Data arrives byte for byte as it was sent.
func testByteForByte(c scenario) {
	t, s, tenant := c.T, c.stack, c.tenant
	to := receive(t, nil)
	s.subscribe(t, to, wish{tenant: tenant, types: []string{"odd"}})
	s.checkOddities(t, to, tenant)
}

func (a *api) checkOddities(t *testing.T, to *endpoint, tenant string) {
	t.Helper()
	var ids []string
	for id, data := range oddities {
		// By hand: a JSON encoder would compact data.
		body := `{"id":"` + id + `","tenant":"` + tenant + `","type":"odd","data": ` + data + ` }`
		ids = append(ids, accepted(t, a.must(t, http.StatusAccepted, http.MethodPost, a.events+"/v1/events", []byte(body)))...)
	}
	to.awaitAll(t, ids)
	for _, p := range to.all() {
		if want, ok := oddities[p.event.ID]; ok && string(p.event.Data) != want {
			t.Errorf("%s arrived as %s, was sent as %s", p.event.ID, p.event.Data, want)
		}
	}
}

// Sending an event again with its id delivers nothing again.
func testOnce(c scenario) {
	t, s, tenant := c.T, c.stack, c.tenant
	to := receive(t, nil)
	s.subscribe(t, to, wish{tenant: tenant, types: []string{"once", "marker"}})
	body := []byte(`{"id":"again","tenant":"` + tenant + `","type":"once","data":1}`)
	for i := range 3 {
		answer := s.must(t, http.StatusAccepted, http.MethodPost, s.events+"/v1/events", body)
		var got struct{ Data []struct{ Duplicate bool } }
		decode(t, answer, &got)
		if got.Data[0].Duplicate != (i > 0) {
			t.Errorf("time %d: %s", i+1, answer)
		}
	}
	s.deliver(t, to, tenant, "marker")
	if counts := to.byEvent(); counts["again"] != 1 {
		t.Errorf("the event arrived %d times", counts["again"])
	}
}

// An event of one tenant never reaches another's subscription.
func testTenants(c scenario) {
	t, s, tenant := c.T, c.stack, c.tenant
	ours, theirs := receive(t, nil), receive(t, nil)
	s.subscribe(t, ours, wish{tenant: tenant + "-a", types: []string{"*"}})
	s.subscribe(t, theirs, wish{tenant: tenant + "-b", types: []string{"*"}})
	secret := make([]event, 20)
	for i := range secret {
		secret[i] = event{Tenant: tenant + "-a", Type: "secret", Data: json.RawMessage(`{}`)}
	}
	ours.awaitAll(t, s.publish(t, secret...))
	s.deliver(t, theirs, tenant+"-b", "marker")
	if n := theirs.count(); n != 1 {
		t.Errorf("%d POSTs at the other tenant's endpoint, want its own", n)
	}
}

// Types and task ids choose what a subscription gets.
func testFilters(c scenario) {
	t, s, tenant := c.T, c.stack, c.tenant
	exact, prefix := receive(t, nil), receive(t, nil)
	s.subscribe(t, exact, wish{tenant: tenant, types: []string{"task.done", "marker"}})
	s.subscribe(t, prefix, wish{tenant: tenant, types: []string{"task.*", "marker"}})
	for _, eventType := range []string{"task.done", "task.begun", "tasks.done", "job.done"} {
		s.publish(t, event{Tenant: tenant, Type: eventType, Data: json.RawMessage(`{}`)})
	}
	for to, want := range map[*endpoint]int{exact: 1, prefix: 2} {
		s.deliver(t, to, tenant, "marker")
		eventually(t, "the wanted events", func() bool { return len(typed(to, "task.done"))+len(typed(to, "task.begun")) == want }, nil)
		if wrong := len(typed(to, "tasks.done")) + len(typed(to, "job.done")); wrong > 0 {
			t.Errorf("%d events of unwanted types", wrong)
		}
	}
}

func typed(to *endpoint, eventType string) (all []arrival) {
	for _, a := range to.all() {
		if a.event.Type == eventType {
			all = append(all, a)
		}
	}
	return all
}
