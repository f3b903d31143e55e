package events

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/posthaste/posthaste/services/control/internal/rest"
	"github.com/posthaste/posthaste/services/internal/dialect"
	"github.com/posthaste/posthaste/services/internal/eventlog"
	"github.com/posthaste/posthaste/services/internal/problem"
)

type streamInput struct {
	Tenant      string   `query:"tenant" doc:"Whose; an operator's key may name any."`
	Types       []string `query:"types" doc:"Exact types and prefixes (task.*), with commas between."`
	Cursor      string   `query:"cursor" doc:"The id of the last event that was read. Left out: only what comes from now on."`
	Heartbeat   int      `query:"heartbeatSeconds" minimum:"1" maximum:"300" doc:"How often a silent stream says that it is alive."`
	LastEventID string   `header:"Last-Event-ID" doc:"As cursor, which it wins over."`
}

func (r *Resource) stream(ctx context.Context, in *streamInput) (rest.Streamer, error) {
	return r.begin(ctx, in, func(entry eventlog.Entry) ([]byte, error) { return json.Marshal(newEvent(entry)) })
}

type taskStreamInput struct {
	Tenant      string   `query:"tenant" doc:"Whose; an operator's key may name any."`
	Types       []string `query:"eventTypes" doc:"Exact types and prefixes (task.*), with commas between."`
	Cursor      string   `query:"cursor" doc:"The id of the last event that was read. Left out: only what comes from now on."`
	Heartbeat   int      `query:"heartbeatSeconds" minimum:"1" maximum:"300" doc:"How often a silent stream says that it is alive."`
	LastEventID string   `header:"Last-Event-ID" doc:"As cursor, which it wins over."`
}

func (r *Resource) streamTasks(ctx context.Context, in *taskStreamInput) (rest.Streamer, error) {
	shape, ok := r.dialects.Get(taskDialect)
	if !ok {
		return nil, fmt.Errorf("the dialect %s is not there", taskDialect)
	}
	same := streamInput(*in)
	stream, err := r.begin(ctx, &same, func(entry eventlog.Entry) ([]byte, error) {
		return shape.AppendBody(nil, &dialect.Delivery{Event: entry.Event, Sequence: entry.Sequence, TraceParent: entry.TraceParent}), nil
	})
	return stream, problem.Renamed(err, map[string]string{"types": "eventTypes"})
}

// begin answers what is wrong with the request before the stream begins.
func (r *Resource) begin(ctx context.Context, in *streamInput, encode func(eventlog.Entry) ([]byte, error)) (rest.Streamer, error) {
	wanted, err := readRange(ctx, in.Tenant, in.Types, cmp.Or(in.LastEventID, in.Cursor), "cursor")
	if err != nil {
		return nil, err
	}
	if err := r.place(ctx, &wanted, in.LastEventID != "" || in.Cursor != ""); err != nil {
		return nil, err
	}
	done, err := r.open.enter(wanted.Tenant, r.cfg)
	if err != nil {
		return nil, err
	}
	heartbeat := r.cfg.StreamHeartbeat
	if in.Heartbeat > 0 {
		heartbeat = time.Duration(in.Heartbeat) * time.Second
	}
	return func(ctx context.Context, out *rest.EventWriter) {
		defer done()
		_ = out.Serve(ctx, heartbeat, func(ctx context.Context) error { // the client is gone, or we stop
			return r.log.Follow(ctx, wanted, func(entry eventlog.Entry) error { return write(out, entry, encode) })
		})
	}, nil
}

// place finds where the stream begins, and that the cursor has not expired.
func (r *Resource) place(ctx context.Context, wanted *eventlog.Range, cursor bool) error {
	ctx, cancel := context.WithTimeout(ctx, r.api.StoreTimeout)
	defer cancel()
	if !cursor {
		_, last, err := r.log.Bounds(ctx)
		wanted.After = last
		return err
	}
	_, _, _, err := r.log.Page(ctx, *wanted, 1)
	return expired(err)
}

func write(out *rest.EventWriter, entry eventlog.Entry, encode func(eventlog.Entry) ([]byte, error)) error {
	data, err := encode(entry)
	if err != nil {
		return fmt.Errorf("encode event %s: %w", entry.Event.GetId(), err)
	}
	return out.Event(strconv.FormatUint(entry.Sequence, 10), entry.Event.GetType(), data)
}
