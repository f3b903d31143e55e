package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/services/internal/bus"
	"github.com/posthaste/posthaste/services/internal/delay"
	"github.com/posthaste/posthaste/services/internal/version"
)

const (
	// What is copied is what endpoints and tenants said: nobody else's business.
	dirMode, fileMode = 0o700, 0o600

	// chunkSize is below any max_payload that works.
	chunkSize = 128 << 10
	// pendingBytes is above the window that the server sends ahead.
	pendingBytes = 64 << 20
	// chunkWait is how long the next part may take.
	chunkWait = 30 * time.Second
)

// Take copies all streams and buckets into the directory, which must be empty or
// not there. It returns what it copied.
func Take(ctx context.Context, b *bus.Bus, dir string, log *slog.Logger) (_ *Manifest, err error) {
	if err := prepare(dir); err != nil {
		return nil, err
	}
	m := &Manifest{Form: form, Version: version.Version, TakenAt: time.Now().UTC()}
	t := &taking{bus: b, dir: dir, log: log, manifest: m}
	defer func() { err = errors.Join(err, t.resume(ctx)) }() // where a copy fails while it is paused
	for _, name := range order(b) {
		if err := t.next(ctx, name); err != nil {
			return nil, err
		}
	}
	if len(m.Streams) == 0 {
		return nil, errors.New("there is nothing to back up: NATS has none of the streams")
	}
	if err := m.write(dir); err != nil {
		return nil, err
	}
	return m, nil
}

// order has what is upstream first, and the subscriptions after the events that
// are theirs.
func order(b *bus.Bus) []string {
	first := []string{bus.StreamRejected, bus.StreamEvents, bus.StreamDeliveries, bus.StreamDelays, bus.StreamAttempts}
	all := first
	for _, name := range b.Kept() {
		if !slices.Contains(first, name) {
			all = append(all, name)
		}
	}
	return all
}

func prepare(dir string) error {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return fmt.Errorf("to: %w", err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("to: %w", err)
	}
	if len(files) > 0 {
		return fmt.Errorf("to: %s is not empty; name a directory that is, or that is not there yet", dir)
	}
	return nil
}

// taking is a backup under way.
type taking struct {
	bus      *bus.Bus
	dir      string
	log      *slog.Logger
	manifest *Manifest
	paused   bool
}

// next copies one, and pauses the delay line for the two that it connects.
func (t *taking) next(ctx context.Context, name string) error {
	if name == bus.StreamDeliveries {
		if err := t.pause(ctx); err != nil {
			return err
		}
	}
	if err := t.stream(ctx, name); err != nil {
		return err
	}
	if name == bus.StreamDelays {
		return t.resume(ctx)
	}
	return nil
}

func (t *taking) stream(ctx context.Context, name string) error {
	s, err := t.copy(ctx, name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		t.log.Warn("stream not backed up: it is not there", "stream", name)
		return nil
	}
	if err != nil {
		return fmt.Errorf("back up %s: %w", name, err)
	}
	t.manifest.Streams = append(t.manifest.Streams, *s)
	t.log.Info("stream backed up", "stream", name, "messages", s.Messages(), "bytes", s.Bytes)
	return nil
}

// snapshotAnswer is the server's, before it sends the copy.
type snapshotAnswer struct {
	Error  *jetstream.APIError `json:"error"`
	Config json.RawMessage     `json:"config"`
	State  json.RawMessage     `json:"state"`
}

func (t *taking) copy(ctx context.Context, name string) (_ *Stream, err error) {
	file, err := os.OpenFile(filepath.Join(t.dir, name+suffix), os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closeErr := file.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	inbox := t.bus.NC.NewInbox()
	parts, err := t.bus.NC.SubscribeSync(inbox)
	if err != nil {
		return nil, err
	}
	defer func() { _ = parts.Unsubscribe() }() // a closed connection has none
	if err := parts.SetPendingLimits(-1, pendingBytes); err != nil {
		return nil, err
	}
	var answer snapshotAnswer
	request := map[string]any{"deliver_subject": inbox, "chunk_size": chunkSize, "jsck": true}
	if err := ask(ctx, t.bus.NC, "$JS.API.STREAM.SNAPSHOT."+name, request, &answer); err != nil {
		return nil, err
	}
	if answer.Error != nil {
		return nil, answer.Error
	}
	sum := sha256.New()
	size, err := receive(ctx, parts, io.MultiWriter(file, sum))
	if err != nil {
		return nil, err
	}
	return &Stream{Name: name, Config: answer.Config, State: answer.State, Bytes: size, SHA256: hex.EncodeToString(sum.Sum(nil))}, file.Sync()
}

// receive writes the parts until the one that is empty, whose status says whether
// that is all.
func receive(ctx context.Context, parts *nats.Subscription, to io.Writer) (size int64, err error) {
	for {
		next, cancel := context.WithTimeout(ctx, chunkWait)
		msg, err := parts.NextMsgWithContext(next)
		cancel()
		if err != nil {
			return size, fmt.Errorf("wait for the next part: %w", err)
		}
		if len(msg.Data) == 0 {
			if status := msg.Header.Get("Status"); status != "" && status != "204" {
				return size, fmt.Errorf("the server gave up: %s %s", status, msg.Header.Get("Description"))
			}
			return size, nil
		}
		if _, err := to.Write(msg.Data); err != nil {
			return size, err
		}
		size += int64(len(msg.Data))
		if msg.Reply != "" {
			if err := msg.Respond(nil); err != nil {
				return size, fmt.Errorf("ask for more: %w", err)
			}
		}
	}
}

// ask sends a request to JetStream's API.
func ask(ctx context.Context, nc *nats.Conn, subject string, request, answer any) error {
	data, err := json.Marshal(request)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, chunkWait)
	defer cancel()
	msg, err := nc.RequestWithContext(ctx, subject, data)
	if err != nil {
		return fmt.Errorf("ask NATS: %w", err)
	}
	return json.Unmarshal(msg.Data, answer)
}

const (
	// mostPause ends a pause that nobody ended, as when this process is killed.
	mostPause = 10 * time.Minute
	// inHand is how long movers keep what they hold: 2 s, and a moment to publish.
	inHand = 3 * time.Second
)

// pause stops the delay line until resume. Where it has no consumers it does not
// run.
func (t *taking) pause(ctx context.Context) error {
	for _, tier := range delay.Tiers {
		_, err := t.bus.JS.PauseConsumer(ctx, bus.StreamDelays, tier.Name, time.Now().Add(mostPause))
		if errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("pause the delay line: %w", err)
		}
		t.paused = true
	}
	if !t.paused {
		return nil
	}
	select {
	case <-time.After(inHand):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// resume ends the pause, also where ctx has ended.
func (t *taking) resume(ctx context.Context) error {
	if !t.paused {
		return nil
	}
	t.paused = false
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), chunkWait)
	defer cancel()
	return resume(ctx, t.bus)
}

func resume(ctx context.Context, b *bus.Bus) error {
	for _, tier := range delay.Tiers {
		_, err := b.JS.ResumeConsumer(ctx, bus.StreamDelays, tier.Name)
		if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return fmt.Errorf("end the pause of the delay line, which ends by itself after %s: %w", mostPause, err)
		}
	}
	return nil
}
