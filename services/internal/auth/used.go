package auth

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
)

const (
	lookEvery = 15 * time.Second
	// noteEvery is how often a key's use is written, by all processes together:
	// each sees what the others have written.
	noteEvery = time.Minute
	// notePatience bounds one write.
	notePatience = 5 * time.Second
)

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
		for _, k := range l.memory.where((*Key).usedUnnoted) {
			if err := l.note(ctx, k); err != nil {
				l.log.DebugContext(ctx, "the use of API keys is not noted; trying again later", "error", err)
				break // the next one would wait as long
			}
		}
	}
}

// usedUnnoted says whether it was used since the time that is written, and long
// after it.
func (k *Key) usedUnnoted() bool { return passes(k.use.last.Load(), k.ApiKey) }

func passes(second int64, noted *posthastev1.ApiKey) bool {
	return second > 0 && second >= noted.GetLastUsedAt().GetSeconds()+int64(noteEvery/time.Second)
}

// note never brings back a key that was revoked meanwhile.
func (l *Live) note(ctx context.Context, k *Key) error {
	ctx, cancel := context.WithTimeout(ctx, notePatience)
	defer cancel()
	second := k.use.last.Load()
	_, _, err := l.bucket.Update(ctx, k.GetId(), func(pb *posthastev1.ApiKey) (bool, error) {
		if !passes(second, pb) {
			return false, nil
		}
		pb.LastUsedAt = timestamppb.New(time.Unix(second, 0))
		return true, nil
	})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
