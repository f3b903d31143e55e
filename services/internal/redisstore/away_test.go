package redisstore

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/posthaste/posthaste/services/internal/testbed"
)

// countTrips counts pipelines on their way to Redis.
type countTrips struct{ pipelines atomic.Int64 }

func (c *countTrips) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (c *countTrips) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (c *countTrips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.pipelines.Add(1)
		return next(ctx, cmds)
	}
}

// blackHole accepts connections and never answers, until it is opened: from
// then on what comes is passed on.
type blackHole struct {
	listener net.Listener
	mu       sync.Mutex
	conns    []net.Conn
	to       string
	busy     sync.WaitGroup
}

func newBlackHole(t *testing.T) *blackHole {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &blackHole{listener: l}
	h.busy.Go(h.accept)
	t.Cleanup(func() {
		_ = l.Close()
		h.drop("")
		h.busy.Wait()
	})
	return h
}

func (h *blackHole) accept() {
	for {
		conn, err := h.listener.Accept()
		if err != nil {
			return
		}
		h.mu.Lock()
		h.conns = append(h.conns, conn)
		to := h.to
		h.mu.Unlock()
		if to != "" {
			h.pass(conn, to)
		}
	}
}

func (h *blackHole) pass(conn net.Conn, to string) {
	server, err := net.Dial("tcp", to)
	if err != nil {
		_ = conn.Close()
		return
	}
	for _, pair := range [][2]net.Conn{{conn, server}, {server, conn}} {
		h.busy.Go(func() {
			buf := make([]byte, 4096)
			for {
				n, err := pair[0].Read(buf)
				if _, werr := pair[1].Write(buf[:n]); err != nil || werr != nil {
					_ = pair[0].Close()
					_ = pair[1].Close()
					return
				}
			}
		})
	}
}

// drop closes what is open and passes on, where to is given, what comes next.
func (h *blackHole) drop(to string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.conns {
		_ = c.Close()
	}
	h.conns, h.to = nil, to
}

const short = 100 * time.Millisecond

func impatient(c *Config) { c.RedisTimeout = short }

// within fails the test where f takes much longer than a Redis may.
func within(t *testing.T, what string, most time.Duration, f func()) {
	t.Helper()
	begin := time.Now()
	f()
	if took := time.Since(begin); took > most {
		t.Errorf("%s took %s, want at most %s", what, took, most)
	}
}

// generous allows for a busy machine.
const generous = 10 * short

func openCircuit(t *testing.T, s *Store) {
	t.Helper()
	for range tolerated {
		within(t, "a look-up of an absent Redis", generous, func() {
			if got := s.Delivered(t.Context(), []string{"a", "b"}); !slices.Equal(got, []bool{false, false}) {
				t.Errorf("an absent Redis answers %v", got)
			}
		})
	}
	if !s.Away() {
		t.Fatal("the circuit is still closed")
	}
}

// answersAtOnce makes more calls than could each wait for a time-out.
func answersAtOnce(t *testing.T, s *Store) {
	t.Helper()
	within(t, "1000 deliveries without Redis", generous, func() {
		for range 1000 {
			s.Delivered(t.Context(), []string{"a"})
			s.Succeeded(t.Context(), "a", "sub")
			if _, ok := s.Failed(t.Context(), "a", "sub"); ok {
				t.Error("counts without Redis")
			}
			if _, err := s.Failures(t.Context(), []string{"sub"}); !errors.Is(err, ErrAway) {
				t.Errorf("failures: %v, want ErrAway", err)
			}
		}
	})
	if err := s.ResetFailures(t.Context(), "sub"); !errors.Is(err, ErrAway) {
		t.Errorf("reset: %v, want ErrAway", err)
	}
}

func recovers(t *testing.T, s *Store) {
	t.Helper()
	key := id("dlv")
	testbed.Eventually(t, "Redis is asked again", func() bool {
		s.Succeeded(t.Context(), key, "sub")
		return s.Delivered(t.Context(), []string{key})[0]
	})
}

func TestRefusedConnection(t *testing.T) {
	t.Parallel()
	addr := freeAddr(t)
	s := open(t, "redis://"+addr, impatient)
	openCircuit(t, s)
	answersAtOnce(t, s)
	startRedis(t, addr)
	recovers(t, s)
}

func TestBlackHole(t *testing.T) {
	t.Parallel()
	hole := newBlackHole(t)
	s := open(t, "redis://"+hole.listener.Addr().String(), impatient)
	openCircuit(t, s)
	answersAtOnce(t, s)
	url := testbed.RedisURL(t)
	hole.drop(strings.TrimSuffix(strings.TrimPrefix(url, "redis://"), "/0"))
	recovers(t, s)
}

// A probe of a Redis that still hangs must not hold up anybody.
func TestProbeHoldsUpNobody(t *testing.T) {
	t.Parallel()
	hole := newBlackHole(t)
	s := open(t, "redis://"+hole.listener.Addr().String(), func(c *Config) { c.RedisTimeout = 2 * time.Second })
	for range tolerated {
		s.circuit.failed(time.Now().Add(-time.Hour)) // so that a probe is due
	}
	within(t, "calls beside a probe", time.Second, func() {
		for range 100 {
			s.Delivered(t.Context(), []string{"a"})
			s.Succeeded(t.Context(), "a", "sub")
		}
	})
	if !s.Away() {
		t.Error("Redis counts as back")
	}
}

// However many come while Redis hangs, and however many batches are in line,
// none waits longer than its time.
func TestManySuccessesInAHang(t *testing.T) {
	t.Parallel()
	hole := newBlackHole(t)
	s := open(t, "redis://"+hole.listener.Addr().String(), func(c *Config) { c.RedisTimeout = 500 * time.Millisecond })
	within(t, "2000 successes in a hang", 3*time.Second, func() {
		var group sync.WaitGroup
		for range 2000 {
			group.Go(func() { s.Succeeded(t.Context(), "a", "sub") })
		}
		group.Wait()
	})
}

// A caller that hangs up says nothing of Redis, as at every stop.
func TestCancelledCallersLeaveTheCircuitClosed(t *testing.T) {
	t.Parallel()
	s := open(t, testbed.RedisURL(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 10 * tolerated {
		s.Delivered(ctx, []string{"a"})
		s.Failed(ctx, "a", "sub")
	}
	if s.Away() {
		t.Fatal("the circuit is open")
	}
	recovers(t, s)
}

func TestRunWritesWhatIsLeft(t *testing.T) {
	t.Parallel()
	s := open(t, testbed.RedisURL(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	key := id("dlv")
	op := &success{dedupKey: key, subscriptionID: "sub", done: make(chan struct{})}
	s.batch <- op
	if err := s.Run(ctx); err != nil { // ctx has ended: it only clears up
		t.Fatal(err)
	}
	<-op.done
	if !s.Delivered(t.Context(), []string{key})[0] {
		t.Error("what was given before the end is forgotten")
	}
}

func TestRestartOfRedis(t *testing.T) {
	t.Parallel()
	addr := freeAddr(t)
	stop := startRedis(t, addr)
	s := open(t, "redis://"+addr)
	recovers(t, s)
	stop()
	testbed.Eventually(t, "the circuit opens", func() bool {
		s.Delivered(t.Context(), []string{"a"})
		return s.Away()
	})
	startRedis(t, addr)
	recovers(t, s)
}
