package eventlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/pkg/eventid"
	"github.com/posthaste/posthaste/services/internal/bus"
)

// SequenceAt is the place of the first event that was stored at t or later;
// where there is none yet, the place that comes next.
func (l *Log) SequenceAt(ctx context.Context, t time.Time) (uint64, error) {
	stream, err := l.stream(ctx) // before the question: what is stored meanwhile is no earlier than t
	if err != nil {
		return 0, err
	}
	_, last := bounds(stream)
	return l.sequenceAt(ctx, t, last)
}

// lastYear is as far as the server reckons: it takes nanoseconds since 1970,
// and a later time would be an early one to it.
const lastYear = 2261

// sequenceAt asks by time, which the client has no call for.
func (l *Log) sequenceAt(ctx context.Context, t time.Time, last uint64) (uint64, error) {
	if t.UTC().Year() > lastYear {
		return last + 1, nil
	}
	question, err := json.Marshal(map[string]any{"start_time": t.UTC(), "next_by_subj": eventid.SubjectRoot + ".>", "no_hdr": true})
	if err != nil {
		return 0, fmt.Errorf("find the first event since %s: %w", t, err)
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	reply, err := l.bus.NC.RequestWithContext(ctx, jetstream.DefaultAPIPrefix+"STREAM.MSG.GET."+bus.StreamEvents, question)
	if err != nil {
		return 0, fmt.Errorf("find the first event since %s: %w", t, err)
	}
	var answer struct {
		Error   *jetstream.APIError `json:"error"`
		Message struct {
			Sequence uint64 `json:"seq"`
		} `json:"message"`
	}
	if err := json.Unmarshal(reply.Data, &answer); err != nil {
		return 0, fmt.Errorf("find the first event since %s: %w", t, err)
	}
	switch {
	case answer.Error != nil && answer.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound:
		return last + 1, nil
	case answer.Error != nil:
		return 0, fmt.Errorf("find the first event since %s: %w", t, answer.Error)
	case answer.Message.Sequence == 0:
		return 0, errors.New("find an event by time: unreadable answer of JetStream")
	}
	return answer.Message.Sequence, nil
}
