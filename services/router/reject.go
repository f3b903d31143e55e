package router

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/pkg/eventid"
	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/event"
)

// reject sets an event aside that cannot be read, as it came, with the reason.
// It must not stop those behind it.
func (s *Service) reject(ctx context.Context, msg jetstream.Msg, sequence uint64, reason error) error {
	tenant, _, _ := bus.SplitEventSubject(msg.Subject())
	if eventid.CheckTenant(tenant) != nil {
		tenant = unknownTenant
	}
	out := bus.Msg{
		Subject: bus.RejectedSubject(tenant),
		ID:      "rejected:" + strconv.FormatUint(sequence, 10) + ":" + msg.Subject(),
		Data:    msg.Data(),
		Header:  rejectHeader(msg, reason),
	}
	err := s.publisher.Publish(ctx, []bus.Msg{out})
	if errors.Is(err, bus.ErrTooLarge) {
		// It fitted without our headers; what is left of it still tells.
		out.Data = out.Data[:len(out.Data)/2]
		out.Header[bus.HeaderRejectTruncated] = []string{"true"}
		err = s.publisher.Publish(ctx, []bus.Msg{out})
	}
	if err != nil {
		return fmt.Errorf("set aside unreadable event: %w", err)
	}
	s.metrics.rejected(ctx, event.RejectReason(reason))
	s.log.Warn("event rejected", "subject", msg.Subject(), "sequence", sequence, "reason", reason)
	return nil
}

const unknownTenant = "_"

// rejectHeader keeps the producer's own headers, but not JetStream's
// instructions among them.
func rejectHeader(msg jetstream.Msg, reason error) nats.Header {
	h := make(nats.Header, len(msg.Headers())+3)
	for key, values := range msg.Headers() {
		if len(key) < 5 || key[:5] != "Nats-" {
			h[key] = values
		}
	}
	h[bus.HeaderRejectReason] = []string{reason.Error()}
	h[bus.HeaderRejectSubject] = []string{msg.Subject()}
	return h
}
