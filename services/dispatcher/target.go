package dispatcher

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/posthaste/posthaste/services/dispatcher/internal/gate"
	"github.com/posthaste/posthaste/services/dispatcher/internal/ratelimit"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/policy"
	"github.com/posthaste/posthaste/services/internal/subscription"
)

// target is a subscription made ready for POSTs.
type target struct {
	sub     *subscription.Subscription
	url     *destination
	dialect *dialect.Dialect
	signer  *dialect.Signer
	policy  policy.Policy
	// own is what the subscription adds to the dialect's header. Shared by all
	// of its POSTs, so nobody writes to it.
	own http.Header
	// hidden are the headers whose values are not recorded.
	hidden []string
	gate   *gate.Gate[job]
	// limiter is nil for a subscription without a rate of its own.
	limiter *ratelimit.Limiter
	// until is when the first of the signing secrets expires; zero for never.
	until time.Time
}

// stale says whether the target signs with a secret that has expired.
func (t *target) stale(now time.Time) bool { return !t.until.IsZero() && !now.Before(t.until) }

// targets holds those that have been delivered to.
type targets struct {
	mu   sync.RWMutex
	byID map[string]*target
}

// find returns the target of a subscription as it is now. Errors:
// subscription.ErrNotFound, errUnusable, sealed.ErrShut, or that of reading the
// bucket.
func (s *Service) find(ctx context.Context, tenant, id string) (*target, error) {
	sub, ok := s.Index.Get(id)
	if !ok || !sub.Active() {
		// The router may have seen before this index has that a subscription
		// was made or enabled. What is dropped for good is asked for first.
		var err error
		if sub, err = s.Store.Get(ctx, tenant, id); err != nil {
			if errors.Is(err, subscription.ErrNotFound) {
				s.targets.drop(id)
				s.poster.own.drop(id)
			}
			return nil, fmt.Errorf("find subscription %s: %w", id, err)
		}
	}
	if t := s.targets.current(sub, s.now()); t != nil {
		return t, nil
	}
	return s.prepare(sub)
}

// current is the target of the subscription as it is now; nil where there is
// none yet.
func (t *targets) current(sub *subscription.Subscription, now time.Time) *target {
	t.mu.RLock()
	found := t.byID[sub.GetId()]
	t.mu.RUnlock()
	if found == nil || found.sub.Revision != sub.Revision || found.stale(now) {
		return nil
	}
	return found
}

// errUnusable is a stored subscription that no POST can be made of.
var errUnusable = errors.New("unusable subscription")

// prepare makes the target anew. The gate outlives a change that leaves the host
// and port as they are.
func (s *Service) prepare(sub *subscription.Subscription) (*target, error) {
	to, err := s.Guard.CheckForm(sub.GetUrl())
	if err != nil {
		return nil, fmt.Errorf("%w %s: %w", errUnusable, sub.GetId(), err)
	}
	d, ok := s.Dialects.Get(sub.GetDialect())
	if !ok {
		return nil, fmt.Errorf("%w %s: its dialect %q is not known here; see dialects-file", errUnusable, sub.GetId(), sub.GetDialect())
	}
	opened, err := s.Store.Open(sub) // once for each revision, never for a delivery
	if err != nil {
		return nil, fmt.Errorf("prepare subscription: %w", err)
	}
	signer, until, err := newSigner(d, opened, s.now())
	if err != nil {
		return nil, fmt.Errorf("%w %s: %w", errUnusable, sub.GetId(), err)
	}
	where, err := s.destination(to, sub, opened)
	if err != nil {
		return nil, fmt.Errorf("%w %s: %w", errUnusable, sub.GetId(), err)
	}
	own := ownHeader(d, sub, opened)
	t := &target{
		sub: sub, url: where, dialect: d, signer: signer, until: until, policy: s.Policies.Of(d, sub.Subscription),
		own: own, hidden: hiddenNames(d, own),
	}

	s.targets.mu.Lock()
	defer s.targets.mu.Unlock()
	old := s.targets.byID[sub.GetId()]
	t.inherit(old, s.cfg.Gate)
	if old != nil && old.sub.Revision > sub.Revision {
		return t, nil // a newer one came in between; keep that
	}
	s.targets.byID[sub.GetId()] = t
	return t, nil
}

// inherit takes over what is known of the endpoint; old may be nil.
func (t *target) inherit(old *target, cfg gate.Config) {
	if old != nil && old.url.Host == t.url.Host && old.url.Scheme == t.url.Scheme {
		t.gate = old.gate
	} else {
		t.gate = gate.New[job](cfg)
	}
	rate := ratelimit.Of(t.sub.GetRateLimit())
	switch {
	case rate == ratelimit.None:
	case old != nil && old.limiter != nil && old.limiter.Rate() == rate:
		t.limiter = old.limiter
	default:
		t.limiter = ratelimit.New(rate)
	}
}

// tidyEvery is how often targets are looked through for those whose subscription
// is gone.
const tidyEvery = time.Minute

// tidy forgets the targets that are not there any more.
func (t *targets) tidy(there func(id string) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, target := range t.byID {
		if !there(id) && target.gate.Idle() {
			delete(t.byID, id)
		}
	}
}

func (t *targets) drop(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.byID, id)
}
