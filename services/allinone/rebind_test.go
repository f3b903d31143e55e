package allinone

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/posthaste/posthaste/pkg/client"
	"github.com/posthaste/posthaste/services/internal/ssrf"
	"github.com/posthaste/posthaste/services/internal/testbed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rebinder is a name server that changes its mind.
type rebinder struct {
	mu    sync.Mutex
	addr  netip.Addr
	asked int
}

func (r *rebinder) set(addr string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.addr = netip.MustParseAddr(addr)
}

func (r *rebinder) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	return []netip.Addr{r.addr}, nil
}

// inside is a service on loopback that nobody may reach; it counts who does.
func inside(t *testing.T) (port string, reached *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	reached = new(atomic.Int32)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			reached.Add(1)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port, reached
}

// up starts everything with a guard that opens nothing but http.
func up(t *testing.T, names ssrf.Resolver) *client.Client {
	t.Helper()
	_, c := running(t, func(*Config) {}, WithGuard(ssrf.New(ssrf.Config{AllowInsecure: true}, names)))
	return c
}

// A host that is public when it is registered and loopback at the test and at
// the delivery is refused at both, and the history says so.
func TestRebinding(t *testing.T) {
	t.Parallel()
	port, reached := inside(t)
	names := &rebinder{}
	names.set("93.184.215.14")
	c := up(t, names)
	ctx := t.Context()
	url := "http://rebind.example:" + port + "/"
	sub, err := c.EventSubscriptions.Create(ctx, client.CreateEventSubscription{URL: url, EventTypes: []string{"*"}})
	if err != nil {
		t.Fatal(err)
	}
	names.set("127.0.0.1")
	if _, err := c.EventSubscriptions.Create(ctx, client.CreateEventSubscription{URL: url, EventTypes: []string{"*"}}); err == nil {
		t.Error("a second one is made")
	}
	result, err := c.EventSubscriptions.Test(ctx, sub.ID)
	if err != nil || result.Success || result.Reason != "blocked_address" {
		t.Errorf("the test: %+v, %v", result, err)
	}
	if _, _, err := c.Events.Send(ctx, client.NewEvent{Type: "a.b", Data: map[string]any{}}); err != nil {
		t.Fatal(err)
	}
	var last client.Delivery
	testbed.Eventually(t, "a record in the history", func() bool {
		page, err := c.Deliveries.List(ctx, client.ListDeliveries{Subscription: sub.ID})
		if err != nil || len(page.Data) != 1 {
			return false
		}
		last = page.Data[0]
		return last.Attempts > 0
	})
	if last.Reason != "blocked_address" || last.URL != url || last.Error != ssrf.ErrPrivate.Error() || last.Status == "delivered" {
		t.Errorf("recorded as %+v", last)
	}
	if n := reached.Load(); n > 0 {
		t.Errorf("the service inside was reached %d times", n)
	}
}
