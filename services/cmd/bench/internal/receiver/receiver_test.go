package receiver

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/cmd/bench/internal/load"
)

var client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

func start(t *testing.T, b Behaviour) *Endpoint {
	t.Helper()
	e, err := New(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Refuse)
	return e
}

func post(ctx context.Context, e *Endpoint, body string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL(1), strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	res, err := client.Do(req)
	if err == nil {
		res.Body.Close()
	}
	return res, err
}

func TestEndpoint(t *testing.T) {
	t.Parallel()
	e := start(t, Healthy)
	source := load.NewSource("t", "x", 100)
	made := time.Now().Add(-time.Second)
	data, _ := source.Data(made)
	if res, err := post(t.Context(), e, string(data)); err != nil || res.StatusCode != http.StatusNoContent {
		t.Fatalf("%v, %v", res, err)
	}
	all := e.Arrivals()
	if len(all) != 1 || all[0].Number != 0 || all[0].Age < time.Second || e.Good() != 1 || e.Highest() != 1 {
		t.Errorf("%+v, %d good, %d at once", all, e.Good(), e.Highest())
	}
	e.Behave(Behaviour{Status: http.StatusServiceUnavailable, RetryAt: time.Now().Add(time.Hour)})
	res, err := post(t.Context(), e, string(data))
	if err != nil || res.StatusCode != http.StatusServiceUnavailable || len(res.Header.Get("Retry-After")) != 4 {
		t.Errorf("%v, %v", res, err)
	}
	if e.Good() != 1 || e.Posts() != 2 || len(e.Arrivals()) != 1 {
		t.Errorf("a failure counts as %d good of %d", e.Good(), e.Posts())
	}
	e.Reset(0)
	if e.Good() != 0 || e.Posts() != 0 || len(e.Arrivals()) != 0 || e.Highest() != 0 {
		t.Error("Reset leaves something")
	}
}

func TestRefuseAndListen(t *testing.T) {
	t.Parallel()
	e := start(t, Healthy)
	url := e.URL(0)
	e.Refuse()
	if _, err := post(t.Context(), e, ""); err == nil {
		t.Error("a closed port answers")
	}
	if err := e.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := post(t.Context(), e, ""); err != nil || e.URL(0) != url {
		t.Errorf("back at %s, was at %s: %v", e.URL(0), url, err)
	}
}

func TestHang(t *testing.T) {
	t.Parallel()
	e := start(t, Behaviour{Hang: true})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := post(ctx, e, "x")
		done <- err
	}()
	if err := Await(t.Context(), 1, 10*time.Second, e.Posts); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		t.Fatalf("answered: %v", err)
	default:
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// With two places the third request waits, and all are under way.
func TestPlaces(t *testing.T) {
	t.Parallel()
	e := start(t, Behaviour{Status: http.StatusOK, Places: 2, After: 100 * time.Millisecond})
	begin := time.Now()
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if _, err := post(t.Context(), e, "x"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if took := time.Since(begin); took < 200*time.Millisecond {
		t.Errorf("three requests in two places took %s, want two rounds of 100 ms", took)
	}
}

func TestArrivals(t *testing.T) {
	t.Parallel()
	at := time.Unix(1000, 0)
	var all Arrivals
	for i, number := range []int64{0, 1, 1, 2} {
		all = append(all, Arrival{Number: number, At: at.Add(time.Duration(i) * 60 * time.Millisecond), Age: time.Duration(4-i) * time.Millisecond})
	}
	if first := all.First(); len(first) != 3 || first[2].Number != 2 {
		t.Errorf("first: %v", first)
	}
	if got := all.Last(); !got.Equal(at.Add(180 * time.Millisecond)) {
		t.Errorf("last at %s", got)
	}
	if got := all.Ages(); got[0] != time.Millisecond || got[3] != 4*time.Millisecond {
		t.Errorf("ages %v", got)
	}
	if got := all.Busiest(100 * time.Millisecond).Value; got != 20 {
		t.Errorf("busiest %g/s, want 2 within 100 ms", got)
	}
	if got, want := all.Slowest(2), "at 0s (4ms), at 100ms (2ms)"; got != want {
		t.Errorf("slowest %s, want %s", got, want)
	}
	if got := (Arrivals{}).Busiest(time.Second).Value; got != 0 {
		t.Errorf("busiest of none: %g/s", got)
	}
}

func TestAwait(t *testing.T) {
	t.Parallel()
	n := 0
	if err := Await(t.Context(), 3, time.Minute, func() int { n++; return n }); err != nil {
		t.Error(err)
	}
	err := Await(t.Context(), 3, 10*time.Millisecond, func() int { return 2 })
	if !errors.Is(err, ErrMissing) || !strings.Contains(err.Error(), "2 of 3") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Await(ctx, 3, time.Minute, func() int { return 0 }); !errors.Is(err, context.Canceled) || !errors.Is(err, ErrMissing) {
		t.Errorf("%v", err)
	}
}
