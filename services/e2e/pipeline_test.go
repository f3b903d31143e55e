package e2e

import "testing"

// scenario is one test on a stack that others use too.
type scenario struct {
	*testing.T
	stack  *stack
	tenant string // its own
}

// scenarios need a running pipeline and change nothing about it, so they share
// one.
var scenarios = map[string]func(scenario){
	"retries":        testRetries,
	"rate":           testRate,
	"exhausted":      testExhausted,
	"disabled":       testDisabled,
	"gone":           testGone,
	"retry-after":    testRetryAfter,
	"redirect":       testRedirect,
	"timeout":        testTimeout,
	"producers":      testProducers,
	"rejected":       testRejected,
	"tenants":        testTenants,
	"https":          testHTTPS,
	"byte-for-byte":  testByteForByte,
	"once":           testOnce,
	"filters":        testFilters,
	"keys":           testKeys,
	"http-endpoints": testRegistration,
}

func TestPipeline(t *testing.T) {
	begin(t)
	authority := writeAuthority(t)
	s := startStack(t, plan{dispatcher: env{"SSL_CERT_FILE": authority, "POSTHASTE_REQUEST_TIMEOUT": "2s"}})
	for name, test := range scenarios {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(scenario{t, s, "t-" + name})
		})
	}
}
