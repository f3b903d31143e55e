package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// diary remembers what happened, in order.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) add(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

func (d *diary) want(t *testing.T, lines ...string) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Equal(d.lines, lines) {
		t.Errorf("happened %q, want %q", d.lines, lines)
	}
}

// until is a task that writes into the diary when it is told to stop.
func (d *diary) until(name string, started chan<- struct{}) func(context.Context) error {
	return func(ctx context.Context) error {
		started <- struct{}{}
		<-ctx.Done()
		d.add(name)
		return nil
	}
}

func newProcess(d *diary) *Process {
	p := New(slog.New(slog.DiscardHandler))
	p.OnClose(func() error { d.add("close first"); return nil })
	p.OnClose(func() error { d.add("close last"); return errors.New("ignored") })
	return p
}

func TestRunStopsInOrder(t *testing.T) {
	t.Parallel()
	var d diary
	p := newProcess(&d)
	started := make(chan struct{}, 2)
	p.Support(d.until("support", started))
	p.Serve(func(ctx context.Context) error {
		started <- struct{}{}
		<-ctx.Done()
		d.add("service drained")
		return nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	<-started
	<-started
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	p.Close() // does nothing more
	d.want(t, "service drained", "support", "close last", "close first")
}

func TestSupportOutlivesEveryService(t *testing.T) {
	t.Parallel()
	var d diary
	p := newProcess(&d)
	stopping, drained := make(chan struct{}), make(chan struct{})
	supported := make(chan (<-chan struct{}), 1) // when the support is told to stop
	p.Support(func(ctx context.Context) error {
		supported <- ctx.Done()
		<-ctx.Done()
		return nil
	})
	p.Serve(func(ctx context.Context) error {
		stopped := <-supported
		<-ctx.Done()
		close(stopping)
		<-drained
		select {
		case <-stopped:
			return errors.New("the support is gone already")
		default:
			return nil
		}
	})
	p.Serve(func(ctx context.Context) error { <-ctx.Done(); return nil }) // drains at once
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	cancel()
	<-stopping
	close(drained)
	if err := <-ended; err != nil {
		t.Errorf("support stopped before a service had drained: %v", err)
	}
}

func TestOneFailureStopsAll(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, add := range map[string]func(*Process, func(context.Context) error){
		"service": (*Process).Serve,
		"support": (*Process).Support,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d diary
			p := newProcess(&d)
			started := make(chan struct{}, 2)
			p.Serve(d.until("service", started))
			p.Support(d.until("support", started))
			add(p, func(context.Context) error {
				<-started
				<-started
				return fmt.Errorf("task: %w", broken)
			})
			if err := p.Run(t.Context()); !errors.Is(err, broken) {
				t.Errorf("error %v", err)
			}
			d.want(t, "service", "support", "close last", "close first")
		})
	}
}

func TestCloseWithoutRun(t *testing.T) {
	t.Parallel()
	var d diary
	p := newProcess(&d)
	var all sync.WaitGroup
	for range 4 {
		all.Go(p.Close)
	}
	all.Wait()
	d.want(t, "close last", "close first")
}

func TestAdmin(t *testing.T) {
	t.Parallel()
	var d diary
	p := newProcess(&d)
	p.Check("nats", func(context.Context) error { return errors.New("away") })
	addr, err := p.Admin("127.0.0.1:0", http.NotFoundHandler(), false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var status int
	// While services drain, the admin server still answers.
	p.Serve(func(ctx context.Context) error {
		<-ctx.Done()
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		resp, err := (&http.Client{Transport: transport}).Get("http://" + addr + "/readyz")
		if err != nil {
			return err
		}
		status = resp.StatusCode
		return resp.Body.Close()
	})
	cancel()
	if err := p.Run(ctx); err != nil || status != http.StatusServiceUnavailable {
		t.Errorf("status %d, %v", status, err)
	}
	if _, err := net.Dial("tcp", addr); err == nil {
		t.Error("the admin server still listens")
	}
}

func TestAdminAddressInUse(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := New(slog.New(slog.DiscardHandler)).Admin(l.Addr().String(), http.NotFoundHandler(), false); err == nil {
		t.Error("no error")
	}
}
