package control

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/posthaste/posthaste/services/control/internal/rest"
)

func quoted(n int, format string) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`"`+format+`"`, i)
	}
	return strings.Join(all, ",")
}

func with(member string) string {
	return `{"url":"https://example.com/hook","eventTypes":["task.*"],` + member + `}`
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	h := start(t)
	short := "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 23))
	long := "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 65))
	for name, c := range map[string]struct{ body, field, message string }{
		"no body":             {``, "", "JSON object is required"},
		"no JSON":             {`{"url":}`, "", "not valid JSON at byte"},
		"cut off":             {`{"url":"x"`, "", "not valid JSON"},
		"two values":          {valid + `{}`, "", "not valid JSON at byte"},
		"invalid UTF-8":       {"{\"description\":\"\xff\"}", "", "not valid JSON"},
		"array":               {`[]`, "", "must be a JSON object"},
		"null":                {`null`, "", "must be a JSON object"},
		"unknown":             {with(`"events":[]`), "events", "unknown field"},
		"other case":          {with(`"Description":"x"`), "Description", "unknown field"},
		"unknown inside":      {with(`"retryPolicy":{"max":1}`), "retryPolicy.max", "unknown field"},
		"twice":               {with(`"url":"https://example.com/b"`), "url", "appears twice"},
		"number for string":   {with(`"description":7`), "description", "must be a string"},
		"string for array":    {`{"url":"https://example.com/","eventTypes":"a"}`, "eventTypes", "must be an array"},
		"number in array":     {`{"url":"https://example.com/","eventTypes":["a",1]}`, "eventTypes[1]", "must be a string"},
		"array for object":    {with(`"filters":[]`), "filters", "must be an object"},
		"no url":              {`{"eventTypes":["a"]}`, "url", "is required"},
		"http":                {`{"url":"http://example.com/","eventTypes":["a"]}`, "url", "Webhook URL must use HTTPS"},
		"private":             {`{"url":"https://inside.example.com/","eventTypes":["a"]}`, "url", "Webhook URL must not resolve to a private or reserved IP address"},
		"loopback":            {`{"url":"https://[::1]/","eventTypes":["a"]}`, "url", "Webhook URL must not resolve to a private or reserved IP address"},
		"no such host":        {`{"url":"https://nowhere.example.com/","eventTypes":["a"]}`, "url", "Webhook URL hostname could not be resolved"},
		"user in url":         {`{"url":"https://u:p@example.com/","eventTypes":["a"]}`, "url", "holds a user name"},
		"no types":            {`{"url":"https://example.com/"}`, "eventTypes", "1 to 100"},
		"empty types":         {`{"url":"https://example.com/","eventTypes":[]}`, "eventTypes", "1 to 100"},
		"many types":          {`{"url":"https://example.com/","eventTypes":[` + quoted(101, "a%d") + `]}`, "eventTypes", "has 101"},
		"bad type":            {`{"url":"https://example.com/","eventTypes":["a","b..c"]}`, "eventTypes[1]", "empty token"},
		"star inside":         {`{"url":"https://example.com/","eventTypes":["a.*.c"]}`, "eventTypes[0]", "star stands alone"},
		"same type":           {`{"url":"https://example.com/","eventTypes":["a","b","a"]}`, "eventTypes[2]", "is the same as eventTypes[0]"},
		"many task ids":       {with(`"filters":{"taskIds":[` + quoted(101, "t%d") + `]}`), "filters.taskIds", "has 101"},
		"empty task id":       {with(`"filters":{"taskIds":[""]}`), "filters.taskIds[0]", "1 to 256 bytes"},
		"long task id":        {with(`"filters":{"taskIds":["` + strings.Repeat("x", 257) + `"]}`), "filters.taskIds[0]", "has 257"},
		"same task id":        {with(`"filters":{"taskIds":["a","a"]}`), "filters.taskIds[1]", "is the same"},
		"long description":    {with(`"description":"` + strings.Repeat("x", 1025) + `"`), "description", "at most 1024 bytes"},
		"dialect":             {with(`"dialect":"agentrails"`), "dialect", `"agentrails" is not known; known are agentrail, aicity, github, neiracore, standard, stripe`},
		"no delays":           {with(`"retryPolicy":{"delays":[]}`), "retryPolicy.delays", "1 to 20"},
		"many delays":         {with(`"retryPolicy":{"delays":[` + quoted(21, "1%ds") + `]}`), "retryPolicy.delays", "has 21"},
		"short delay":         {with(`"retryPolicy":{"delays":["10s","9ms"]}`), "retryPolicy.delays[1]", "from 10ms to 24h"},
		"long delay":          {with(`"retryPolicy":{"delays":["24h1ms"]}`), "retryPolicy.delays[0]", "from 10ms to 24h"},
		"no delay":            {with(`"retryPolicy":{"delays":["soon"]}`), "retryPolicy.delays[0]", "a duration such as 10s"},
		"plain secret":        {with(`"secret":"hunter2hunter2hunter2"`), "secret", "whsec_"},
		"empty secret":        {with(`"secret":""`), "secret", "must not be empty"},
		"short secret":        {with(`"secret":"` + short + `"`), "secret", "23 bytes"},
		"long secret":         {with(`"secret":"` + long + `"`), "secret", "65 bytes"},
		"bad tenant":          {with(`"tenant":"a b"`), "tenant", "bad name"},
		"hostile member name": {with(`"` + strings.Repeat("é", 300) + `":1`), strings.Repeat("é", 100), "unknown field"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h.do(t, http.MethodPost, collection, c.body).names(t, c.field, c.message)
		})
	}
}

func TestRefusalNamesAllFields(t *testing.T) {
	t.Parallel()
	h := start(t)
	e := h.do(t, http.MethodPost, collection, `{"url":"","eventTypes":["b ad"],"dialect":"x","secret":"y"}`).refused(t, http.StatusBadRequest, "validation_error")
	var got []string
	for _, f := range e.Error.Details.Fields {
		got = append(got, f.Field)
	}
	if diff := cmp.Diff([]string{"dialect", "url", "eventTypes[0]", "secret"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestQueryRefuses(t *testing.T) {
	t.Parallel()
	h := start(t)
	for query, field := range map[string]string{
		"limit=0": "limit", "limit=1001": "limit", "limit=x": "limit", "limit=-1": "limit",
		"cursor=x": "cursor", "cursor=evsub_*": "cursor", "tenat=acme": "tenat", "tenant=a.b": "tenant",
	} {
		h.do(t, http.MethodGet, collection+"?"+query, "").names(t, field, "")
	}
}

func TestMediaAndSize(t *testing.T) {
	t.Parallel()
	h := start(t, func(c *Config, _ *Deps) { c.API.MaxBodyBytes, c.Subscriptions.MaxDescription = 2048, 2048 })
	path := collection + "/" + h.created(t, valid).ID
	for _, contentType := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", ";"} {
		h.as(t, call{adminKey, contentType}, http.MethodPost, collection, valid).refused(t, http.StatusUnsupportedMediaType, "unsupported_media_type")
		h.as(t, call{adminKey, contentType}, http.MethodPatch, path, `{}`).refused(t, http.StatusUnsupportedMediaType, "unsupported_media_type")
	}
	h.as(t, call{adminKey, "Application/JSON; charset=UTF-8"}, http.MethodPost, collection, valid).one(t, http.StatusCreated)
	padding := strings.Repeat(" ", 2048-len(valid))
	h.do(t, http.MethodPost, collection, valid+padding).one(t, http.StatusCreated)
	a := h.do(t, http.MethodPost, collection, valid+padding+" ")
	a.refused(t, http.StatusRequestEntityTooLarge, "payload_too_large")
	if !strings.Contains(a.Text, `"limit":2048`) {
		t.Errorf("%s", a.Text)
	}
}

func TestPathsAndMethods(t *testing.T) {
	t.Parallel()
	h := start(t)
	path := collection + "/" + h.created(t, valid).ID
	for _, c := range []struct{ method, path, allow string }{
		{http.MethodPut, collection, "GET, HEAD, POST"},
		{http.MethodDelete, collection, "GET, HEAD, POST"},
		{http.MethodPost, path, "DELETE, GET, HEAD, PATCH"},
		{http.MethodGet, path + "/enable", "POST"},
		{http.MethodDelete, path + "/disable", "POST"},
		{http.MethodPost, rest.OpenAPIPath, "GET, HEAD"},
	} {
		a := h.do(t, c.method, c.path, "")
		a.refused(t, http.StatusMethodNotAllowed, "method_not_allowed")
		if got := a.Header.Get("Allow"); got != c.allow {
			t.Errorf("%s %s allows %q, want %q", c.method, c.path, got, c.allow)
		}
	}
	for _, unknown := range []string{"/", "/v1", "/v1/", "/v1/web", "/v1/openapi.yaml", collection + "/", path + "/", path + "/again", path + "/enable/x", "/docs", "/schemas/View.json"} {
		h.do(t, http.MethodGet, unknown, "").refused(t, http.StatusNotFound, "not_found")
	}
	for _, id := range []string{"x", "evsub_", "evsub_01ARZ3NDEKTSV4RRFFQ69G5FAV", "evsub_*", "evsub_%3E", "*", "%2A", "a.b", "evsub_" + strings.Repeat("a", 500), "evsub_%20", "%00"} {
		h.do(t, http.MethodGet, collection+"/"+id, "").refused(t, http.StatusNotFound, "not_found")
		h.do(t, http.MethodDelete, collection+"/"+id, "").refused(t, http.StatusNotFound, "not_found")
		h.do(t, http.MethodPatch, collection+"/"+id+"?tenant=default", `{}`).refused(t, http.StatusNotFound, "not_found")
	}
}

func TestTooMany(t *testing.T) {
	t.Parallel()
	h := start(t, func(c *Config, _ *Deps) { c.Subscriptions.MaxSubscriptions = 2 })
	id := h.created(t, valid).ID
	h.created(t, valid)
	h.do(t, http.MethodPost, collection+"/"+id+"/disable", "") // counts all the same
	a := h.do(t, http.MethodPost, collection, valid)
	a.refused(t, http.StatusConflict, "conflict")
	if !strings.Contains(a.Text, "POSTHASTE_MAX_SUBSCRIPTIONS") {
		t.Errorf("%s", a.Text)
	}
	h.created(t, with(`"tenant":"other"`))
	h.do(t, http.MethodDelete, collection+"/"+id, "").one(t, http.StatusAccepted)
	h.created(t, valid)
}
