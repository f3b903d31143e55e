package replay

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/books"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/eventlog"
	"github.com/posthaste/posthaste/services/internal/kv"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// Deps are what a Runner works with.
type Deps struct {
	Bus    *bus.Bus
	Events *eventlog.Log
	Store  *Store
	// Subscription reads a subscription; subscription.ErrNotFound where it was
	// removed.
	Subscription func(ctx context.Context, tenant, id string) (*subscription.Subscription, error)
	// Match says whether the subscription wants the event, by type and filters.
	Match func(*subscription.Subscription, *posthastev1.Event) bool
	// Outcomes says what became of deliveries: "delivered", "failed",
	// "cancelled" or "waiting", by delivery id. Those without a record are
	// missing.
	Outcomes func(ctx context.Context, tenant string, deliveryIDs []string) (map[string]string, error)
	// Books counts the deliveries; nil for nowhere.
	Books *books.Account
	Log   *slog.Logger
	Meter metric.Meter
}

// publisher returns when JetStream has acked all messages.
type publisher interface {
	PublishAcked(ctx context.Context, msgs []bus.Msg, acks []bus.Ack) error
}

// publishBytes bounds the deliveries that are on their way to JetStream.
const publishBytes = 16 << 20

// Runner executes replays. Any number of them, in any number of processes,
// share the work.
type Runner struct {
	cfg       Config
	deps      Deps
	name      string // of the worker, in records
	publisher publisher
	metrics   *metrics
	board     *board
	mirror    *kv.Mirror
	slots     *semaphore.Weighted // batches that are being made
	now       func() time.Time

	jobs sync.WaitGroup
	mu   sync.Mutex
	// inHand are the replays that this runner works on, and how to stop that,
	// by key. serve adds, and each job removes itself.
	inHand map[string]context.CancelCauseFunc
}

// NewRunner makes a runner.
func NewRunner(cfg Config, deps Deps) (*Runner, error) {
	m, err := newMetrics(deps.Meter)
	if err != nil {
		return nil, err
	}
	b := newBoard()
	host, _ := os.Hostname() // only tells people where to look
	return &Runner{
		cfg: cfg, deps: deps, name: host + "/" + rand.Text(),
		publisher: deps.Bus.NewPublisher(cfg.Batch, publishBytes),
		metrics:   m, board: b, mirror: kv.NewMirror(deps.Store.bucket, b, deps.Log),
		slots: semaphore.NewWeighted(int64(cfg.Concurrency)), now: time.Now,
		inHand: make(map[string]context.CancelCauseFunc),
	}, nil
}

// Run executes replays until ctx ends, and gives back those that it has not
// finished: others take them over at once.
func (r *Runner) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return r.mirror.Run(ctx) })
	group.Go(func() error { return r.serve(ctx) })
	return group.Wait()
}

// serve begins what is new, takes over what others left, and stops what was
// cancelled.
func (r *Runner) serve(ctx context.Context) error {
	defer r.jobs.Wait()
	leases := time.NewTicker(r.cfg.Lease / 3)
	defer leases.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-r.board.changed:
		case <-leases.C: // one may have ended
		}
		known := r.board.list()
		r.stopAllBut(known)
		for _, rec := range known {
			if r.free(rec) {
				r.begin(ctx, rec)
			}
		}
	}
}

// stopAllBut stops the work on replays that do not run any more.
func (r *Runner) stopAllBut(known map[string]*posthastev1.Replay) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, stop := range r.inHand {
		if _, ok := known[key]; !ok {
			stop(errEnded)
		}
	}
}

// begin works on the replay beside all others.
func (r *Runner) begin(ctx context.Context, rec *posthastev1.Replay) {
	k := key(rec.GetTenant(), rec.GetId())
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.inHand[k]; ok {
		return
	}
	ctx, stop := context.WithCancelCause(ctx)
	r.inHand[k] = stop
	r.jobs.Go(func() {
		r.work(ctx, stop, rec.GetTenant(), rec.GetId())
		stop(nil)
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.inHand, k)
	})
}
