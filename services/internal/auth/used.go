package auth

import (
	"context"
	"log/slog"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/kv"
)

const (
	lookEvery = 15 * time.Second
	// noteEvery is how often a key's use is written, by all processes together:
	// each sees what the others have written.
	noteEvery = time.Minute
	// notePatience bounds one write.
	notePatience = 5 * time.Second
)

// uses are when keys were last used, as all processes know it.
type uses struct {
	mirror *kv.Mirror
	bucket *kv.Bucket[*posthastev1.ApiKeyUse]
	table  *kv.Table[*posthastev1.ApiKeyUse, *timestamppb.Timestamp]
}

func openUses(ctx context.Context, b *bus.Bus, log *slog.Logger) (u uses, err error) {
	if u.bucket, err = kv.Open[*posthastev1.ApiKeyUse](ctx, b, bus.BucketKeyUses, "use of an API key"); err != nil {
		return u, err
	}
	u.table = kv.NewTable(func(pb *posthastev1.ApiKeyUse) (*timestamppb.Timestamp, error) { return pb.GetLastUsedAt(), nil })
	u.mirror = kv.NewMirror(u.bucket, u.table, log)
	return u, nil
}

// LastUsed is when the key was; nil for never. It is behind by a minute or so.
func (l *Live) LastUsed(id string) *timestamppb.Timestamp {
	at, _ := l.uses.table.Get(id)
	return at
}

// noteUses writes when keys were last used. It is beside the way of requests,
// which only leave the time in memory.
func (l *Live) noteUses(ctx context.Context) {
	ticker := time.NewTicker(l.look)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		for _, k := range l.memory.where(l.unnoted) {
			if err := l.note(ctx, k); err != nil {
				l.log.DebugContext(ctx, "the use of API keys is not noted; trying again later", "error", err)
				break // the next one would wait as long
			}
		}
	}
}

// unnoted says whether it was used since the time that is written, and long after
// it.
func (l *Live) unnoted(k *Key) bool {
	second := k.use.last.Load()
	return second > 0 && second >= l.LastUsed(k.GetId()).GetSeconds()+int64(noteEvery/time.Second)
}

// note never goes back behind what another has written meanwhile.
func (l *Live) note(ctx context.Context, k *Key) error {
	ctx, cancel := context.WithTimeout(ctx, notePatience)
	defer cancel()
	now := &posthastev1.ApiKeyUse{LastUsedAt: timestamppb.New(time.Unix(k.use.last.Load(), 0))}
	_, _, err := l.uses.bucket.Replace(ctx, k.GetId(), now, func(old *posthastev1.ApiKeyUse) {
		if old.GetLastUsedAt().GetSeconds() > now.GetLastUsedAt().GetSeconds() {
			now.LastUsedAt = old.GetLastUsedAt()
		}
	}, func() error { return nil })
	return err
}
