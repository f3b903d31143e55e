package history

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

func TestKeepsWhatItIsTold(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg Config) {
		t.Helper()
		s := open(t, cfg)
		apply(t, s, post("d", 1, 500, next(after(9)), func(a *posthastev1.Attempt) {
			a.Error = "half\x00way"
			a.StartedAt = timestamppb.New(after(1).Add(999)) // finer than is kept
		}))
		wantAttempt := Attempt{
			Number: 1, StartedAt: after(1), Latency: 25 * time.Millisecond, NextAt: after(9), ResponseStatus: 500,
			Reason: "server_error", Error: "half\uFFFDway", URL: "https://example.com/hook",
			RequestHeader: []byte("Content-Type: application/json\r\n"), Answer: []byte{0, 0xff, 'x'},
		}
		wantDelivery := Delivery{
			ID: "d", Tenant: "t", SubscriptionID: "evsub_1", EventID: "evt_d", EventType: "task.done", Sequence: 7, CreatedAt: epoch,
			Status: StatusWaiting, Reason: "server_error", NextAttemptAt: after(9), Rounds: 1, Attempts: 1,
			FirstAttemptAt: after(1), LastAttemptAt: after(1),
			URL: "https://example.com/hook", ResponseStatus: 500, Latency: 25 * time.Millisecond, Error: "half\uFFFDway",
		}
		d, attempts := get(t, s, "d")
		if diff := cmp.Diff([]Attempt{wantAttempt}, attempts); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(wantDelivery, d); diff != "" {
			t.Error(diff)
		}
	})
}

// What a delivery comes to, by its records in the order in which they are
// made. Any other order must come to the same, see TestOrderIsNothing.
func TestFold(t *testing.T) {
	t.Parallel()
	const cancelled, delivered = posthastev1.Outcome_OUTCOME_CANCELLED, posthastev1.Outcome_OUTCOME_DELIVERED
	for name, c := range map[string]struct {
		records []*posthastev1.Attempt
		want    Delivery // of what is compared below
	}{
		"waits": {
			[]*posthastev1.Attempt{post("d", 1, 500, next(after(9)))},
			Delivery{Status: StatusWaiting, Attempts: 1, Rounds: 1, ResponseStatus: 500, NextAttemptAt: after(9), LastAttemptAt: after(1)},
		},
		"delivered at the second": {
			[]*posthastev1.Attempt{post("d", 1, 500, next(after(2))), post("d", 2, 200)},
			Delivery{Status: StatusDelivered, Attempts: 2, Rounds: 1, ResponseStatus: 200, LastAttemptAt: after(2), FinishedAt: after(2).Add(25 * time.Millisecond)},
		},
		"failed": {
			[]*posthastev1.Attempt{post("d", 1, 500), post("d", 2, 503, failed)},
			Delivery{Status: StatusFailed, Attempts: 2, Rounds: 1, ResponseStatus: 503, LastAttemptAt: after(2), FinishedAt: after(2).Add(25 * time.Millisecond)},
		},
		"cancelled while it waits": {
			[]*posthastev1.Attempt{post("d", 1, 500, next(after(9))), ending("d", 2, cancelled)},
			Delivery{Status: StatusCancelled, Attempts: 1, Rounds: 1, ResponseStatus: 500, LastAttemptAt: after(1), FinishedAt: after(2)},
		},
		"cancelled untried": {
			[]*posthastev1.Attempt{ending("d", 1, cancelled)},
			Delivery{Status: StatusCancelled, Rounds: 1, FinishedAt: after(1)},
		},
		"a note beside its POST": {
			[]*posthastev1.Attempt{post("d", 1, 200), ending("d", 1, delivered, func(a *posthastev1.Attempt) { a.StartedAt = timestamppb.New(after(5)) })},
			Delivery{Status: StatusDelivered, Attempts: 1, Rounds: 1, ResponseStatus: 200, LastAttemptAt: after(1), FinishedAt: after(1).Add(25 * time.Millisecond)},
		},
		"made again after it failed": {
			[]*posthastev1.Attempt{post("d", 1, 500, failed), post("d", 1, 500, again("r", after(60)), next(after(70)))},
			Delivery{Status: StatusWaiting, Attempts: 2, Rounds: 2, ResponseStatus: 500, NextAttemptAt: after(70), LastAttemptAt: after(61)},
		},
		"an old round that ends after the new one": {
			[]*posthastev1.Attempt{post("d", 1, 200, again("z", after(60))), post("d", 1, 503, again("a", after(90)), failed), post("d", 99, 200)},
			Delivery{Status: StatusFailed, Attempts: 3, Rounds: 3, ResponseStatus: 503, LastAttemptAt: after(99), FinishedAt: after(91).Add(25 * time.Millisecond)},
		},
		"told of a wait after its end": {
			[]*posthastev1.Attempt{post("d", 1, 200), post("d", 2, 500, next(after(9)))},
			Delivery{Status: StatusDelivered, Attempts: 2, Rounds: 1, ResponseStatus: 500, LastAttemptAt: after(2), FinishedAt: after(1).Add(25 * time.Millisecond)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			records := make(map[key]*record)
			var s standing
			for _, a := range c.records {
				r := read(a)
				s.identify(a, r.madeAt)
				if known, ok := records[r.key()]; !ok || better(r, known) {
					records[r.key()] = r
				}
			}
			s.fold(records)
			got := Delivery{
				Status: s.Status, Attempts: s.Attempts, Rounds: s.Rounds, ResponseStatus: s.ResponseStatus,
				NextAttemptAt: s.NextAttemptAt, LastAttemptAt: s.LastAttemptAt, FinishedAt: s.FinishedAt,
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAttemptsAreInOrder(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg Config) {
		t.Helper()
		s := open(t, cfg)
		apply(t, s, post("d", 1, 200, again("b", after(500))), post("d", 2, 500, failed), post("d", 1, 500), post("d", 1, 200, again("c", after(400))))
		_, attempts := get(t, s, "d")
		var order strings.Builder
		for _, a := range attempts {
			order.WriteString(a.Round + string(rune('0'+a.Number)) + " ")
		}
		if got, want := order.String(), "1 2 c1 b1 "; got != want {
			t.Errorf("attempts are %s, want %s", got, want)
		}
	})
}

func TestRefusesWhatCannotBeKept(t *testing.T) {
	t.Parallel()
	for want, spoil := range map[string]func(*posthastev1.Attempt){
		"delivery_id is empty":     func(a *posthastev1.Attempt) { a.DeliveryId = "" },
		"tenant is empty":          func(a *posthastev1.Attempt) { a.Tenant = "" },
		"subscription_id is empty": func(a *posthastev1.Attempt) { a.SubscriptionId = "" },
		"event_id is empty":        func(a *posthastev1.Attempt) { a.EventId = "" },
		"event_type has 513 bytes": func(a *posthastev1.Attempt) { a.EventType = strings.Repeat("x", 513) },
		"round holds a zero byte":  func(a *posthastev1.Attempt) { a.Round = "a\x00" },
		"started_at":               func(a *posthastev1.Attempt) { a.StartedAt = nil },
		"next_at is no time":       func(a *posthastev1.Attempt) { a.NextAt = &timestamppb.Timestamp{Nanos: -1} },
		"created_at is no time":    func(a *posthastev1.Attempt) { a.CreatedAt = &timestamppb.Timestamp{Seconds: 1 << 60} },
	} {
		if err := Check(post("d", 1, 200, spoil)); !errors.Is(err, ErrRecord) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want ErrRecord that says %q", err, want)
		}
	}
	if err := Check(post("d", 1, 200)); err != nil {
		t.Error(err)
	}
}

// The largest record that passes can be kept, and none of a batch is where one
// does not pass.
func TestLimits(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg Config) {
		t.Helper()
		s := open(t, cfg)
		long := strings.Repeat("é", maxName/2)
		large := post(long, 1, 200, func(a *posthastev1.Attempt) {
			a.Tenant, a.SubscriptionId, a.EventId, a.EventType, a.Round = long, long, long, long, long
			a.Url, a.Error, a.Answer = strings.Repeat("ü", maxText), strings.Repeat("ß", maxText), make([]byte, 1<<20)
			a.Sequence, a.Number = 1<<64-1, 1<<32-1
		})
		apply(t, s, large)
		if got := list(t, s, Query{Tenant: long}); got.Total != 1 || got.Deliveries[0].Sequence != 1<<63-1 || len(got.Deliveries[0].Error) != maxText {
			t.Errorf("got %d, %+v", got.Total, got.Deliveries)
		}
		bad := post("bad", 1, 200, func(a *posthastev1.Attempt) { a.Tenant = "" })
		if err := s.Apply(t.Context(), []*posthastev1.Attempt{post("good", 1, 200), bad}); !errors.Is(err, ErrRecord) {
			t.Errorf("%v, want ErrRecord", err)
		}
		if got := list(t, s, Query{}); got.Total != 0 {
			t.Errorf("%d deliveries of a batch that was refused", got.Total)
		}
	})
}

// Processes that write of the same deliveries at the same time.
func TestWritersTogether(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, cfg Config) {
		t.Helper()
		var stores [3]*Store
		var group sync.WaitGroup
		for i := range stores { // also the schema is made once
			group.Go(func() {
				var err error
				if stores[i], err = Open(t.Context(), cfg, quiet); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if t.Failed() {
			return
		}
		for i, s := range stores {
			t.Cleanup(func() { _ = s.Close() })
			group.Go(func() {
				for n := range 10 {
					var records []*posthastev1.Attempt
					for _, id := range []string{"a", "b", "c"} {
						records = append(records, post(id, 1+3*n+i, 500), post(id, 1, 500))
					}
					if err := s.Apply(t.Context(), records); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		balance(t, stores[0])
		for _, d := range list(t, stores[0], Query{}).Deliveries {
			if d.Attempts != 30 {
				t.Errorf("delivery %s has %d attempts, want 30", d.ID, d.Attempts)
			}
		}
	})
}
