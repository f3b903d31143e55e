package eventlog

import (
	"fmt"
	"testing"
)

// BenchmarkPage reads from a stream of 200,000 events of 1 KiB. Half of them
// are the tenant big's, the others those of a thousand tenants.
func BenchmarkPage(b *testing.B) {
	h := newHouse(b)
	const events = 200_000
	h.fill(b, events, 900, func(i int) (string, string) {
		if i%2 == 0 {
			return "big", fmt.Sprintf("task.e%d", i%6)
		}
		return fmt.Sprintf("small%d", i%1000), "task.done"
	})
	for name, r := range map[string]Range{
		"start":     {Tenant: "big"},
		"middle":    {Tenant: "big", After: events / 2},
		"types":     {Tenant: "big", After: events / 2, Types: []string{"task.e0", "task.e2"}},
		"few":       {Tenant: "small1", After: events - 2500},
		"nothing":   {Tenant: "big", After: events},
		"stranger":  {Tenant: "stranger", After: events / 2},
		"no events": {Tenant: "big", After: events / 2, Types: []string{"thread.message"}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, _, _, err := h.log.Page(b.Context(), r, 100); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
