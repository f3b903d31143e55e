package router

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

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
	err := s.setAside(ctx, bus.Msg{
		Subject: bus.RejectedSubject(tenant),
		ID:      "rejected:" + strconv.FormatUint(sequence, 10) + ":" + msg.Subject(),
		Data:    msg.Data(),
		Header:  rejectHeader(msg, reason),
	})
	if err != nil {
		return fmt.Errorf("set aside unreadable event: %w", err)
	}
	s.books.Rejected()
	s.metrics.rejected(ctx, event.RejectReason(reason))
	s.tracer.Rejected(ctx, event.RejectReason(reason))
	s.log.WarnContext(ctx, "event rejected", "subject", msg.Subject(), "sequence", sequence, "reason", reason)
	return nil
}

// setAside publishes the event. It fitted without our headers; where it does
// not with them, what is left of it still tells.
func (s *Service) setAside(ctx context.Context, out bus.Msg) error {
	err := s.publisher.Publish(ctx, []bus.Msg{out})
	if !errors.Is(err, bus.ErrTooLarge) {
		return err
	}
	ours := out.Header
	out.Header = nats.Header{bus.HeaderRejectTruncated: {"true"}}
	for _, name := range []string{bus.HeaderRejectReason, bus.HeaderRejectSubject} {
		out.Header[name] = ours[name]
	}
	out.Data = out.Data[:len(out.Data)/2]
	return s.publisher.Publish(ctx, []bus.Msg{out})
}

const (
	unknownTenant = "_"
	maxReason     = 1024 // bytes; a reason may quote what the producer sent
)

// rejectHeader keeps the producer's own headers, but not JetStream's
// instructions among them.
func rejectHeader(msg jetstream.Msg, reason error) nats.Header {
	h := make(nats.Header, len(msg.Headers())+3)
	for key, values := range msg.Headers() {
		if len(key) < 5 || !strings.EqualFold(key[:5], "Nats-") {
			h[key] = values
		}
	}
	text := reason.Error()
	h[bus.HeaderRejectReason] = []string{oneLine(text[:min(len(text), maxReason)])}
	h[bus.HeaderRejectSubject] = []string{msg.Subject()}
	return h
}

// oneLine keeps a quotation from ending the header that it stands in.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}
