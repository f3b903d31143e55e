package notify

import (
	"errors"
	"regexp"
	"strings"
)

// causes are what network errors are known by. Services flatten them into text.
var causes = []struct{ mark, cause string }{
	{"connection refused", "connection refused"},
	{"no such host", "host not found"},
	{"x509:", "its certificate is not valid"},
	{"tls:", "TLS failed"},
	{"deadline exceeded", "no answer in time"},
	{"timeout", "no answer in time"},
	{"connection reset", "connection closed"},
	{"broken pipe", "connection closed"},
	{"EOF", "connection closed"},
	{"no route to host", "no route to host"},
	{"network is unreachable", "network is unreachable"},
}

// statusForm finds the status that HTTP and SMTP servers refuse with.
var statusForm = regexp.MustCompile(`(?:^|[\s:"])([45]\d\d)(?:[\s"]|$)`)

// cause tells why a service failed without what its error quotes: URLs with
// their tokens, and answers of servers that may repeat them.
func cause(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, c := range causes {
		if strings.Contains(text, c.mark) {
			return errors.New(c.cause)
		}
	}
	if status := statusForm.FindStringSubmatch(text); status != nil {
		return errors.New("answered " + status[1])
	}
	return errors.New("refused")
}
