package catalogue

import (
	"testing"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/dialect"
)

type dialectsOf map[string]string

func (d dialectsOf) Get(name string) (*posthastev1.Tenant, bool) {
	named, ok := d[name]
	return &posthastev1.Tenant{Dialect: named}, ok
}

// C8, and the other pages' types.
func TestOfDialects(t *testing.T) {
	t.Parallel()
	builtin, err := OfDialects(dialect.Builtin(), dialectsOf{"city": "aicity", "neira": "neiracore", "none": ""})
	if err != nil {
		t.Fatal(err)
	}
	for tenant, want := range map[string]string{"city": "task.refunded", "neira": "marketplace.order", "none": "subscription.disabled", "unheard-of": "ping"} {
		found := false
		for _, e := range builtin(tenant) {
			found = found || e.GetName() == want && e.Origin == OfDialect
		}
		if !found {
			t.Errorf("%s does not have %s", tenant, want)
		}
	}
	for _, e := range builtin("city") {
		if e.GetName() == "bid_accepted" && (!e.GetDeprecated() || e.GetSunset().AsTime().Format("2006-01-02") != "2026-06-30") {
			t.Errorf("%v", e)
		}
	}
}
