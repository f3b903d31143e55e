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
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/posthaste/posthaste/services/internal/bus"
)

// ErrThere says that some of the streams exist.
var ErrThere = errors.New("are there already; restore into a NATS without them, with all services stopped")

// finishWait is how long the server may take to read what it was sent.
const finishWait = 10 * time.Minute

// Restore makes the streams and buckets of the backup in dir, with as many copies
// as replicas says. It changes nothing where a file is damaged or a stream exists.
func Restore(ctx context.Context, b *bus.Bus, dir string, replicas int, log *slog.Logger) (*Manifest, error) {
	m, err := Read(dir)
	if err != nil {
		return nil, err
	}
	if err := m.verify(dir); err != nil {
		return nil, err
	}
	if err := free(ctx, b, m); err != nil {
		return nil, err
	}
	for i := range m.Streams {
		s := &m.Streams[i]
		if err := restore(ctx, b, dir, s, replicas); err != nil {
			return nil, fmt.Errorf("restore %s: %w", s.Name, err)
		}
		log.Info("stream restored", "stream", s.Name, "messages", s.Messages())
	}
	if err := resume(ctx, b); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, err // they were paused when they were copied
	}
	return m, nil
}

// verify holds the files to the manifest.
func (m *Manifest) verify(dir string) error {
	for i := range m.Streams {
		s := &m.Streams[i]
		if s.Name != filepath.Base(s.Name) {
			return fmt.Errorf("from: %q is no name of a stream", s.Name)
		}
		if err := s.verify(filepath.Join(dir, s.Name+suffix)); err != nil {
			return fmt.Errorf("from: %w", err)
		}
	}
	return nil
}

func (s *Stream) verify(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	if err != nil {
		return err
	}
	if size != s.Bytes || hex.EncodeToString(sum.Sum(nil)) != s.SHA256 {
		return fmt.Errorf("%s is not what was backed up: it has %d bytes of %d, or others", name, size, s.Bytes)
	}
	return nil
}

// free holds where none of the streams exists.
func free(ctx context.Context, b *bus.Bus, m *Manifest) error {
	var there []string
	for _, s := range m.Streams {
		switch _, err := b.StreamInfo(ctx, s.Name); {
		case err == nil:
			there = append(there, s.Name)
		case !errors.Is(err, jetstream.ErrStreamNotFound):
			return err
		}
	}
	if there != nil {
		return fmt.Errorf("%s %w", strings.Join(there, ", "), ErrThere)
	}
	return nil
}

// restoreAnswer is the server's: where to send the copy.
type restoreAnswer struct {
	Error *jetstream.APIError `json:"error"`
	To    string              `json:"deliver_subject"`
}

func restore(ctx context.Context, b *bus.Bus, dir string, s *Stream, replicas int) error {
	config, err := withReplicas(s.Config, replicas)
	if err != nil {
		return err
	}
	var answer restoreAnswer
	request := map[string]any{"config": config, "state": s.State}
	if err := ask(ctx, b.NC, "$JS.API.STREAM.RESTORE."+s.Name, request, &answer); err != nil {
		return err
	}
	if answer.Error != nil {
		return answer.Error
	}
	file, err := os.Open(filepath.Join(dir, s.Name+suffix))
	if err != nil {
		return err
	}
	defer file.Close()
	chunk := make([]byte, chunkSize)
	for {
		n, err := io.ReadFull(file, chunk)
		if n > 0 {
			if err := send(ctx, b, answer.To, chunk[:n], chunkWait); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return send(ctx, b, answer.To, nil, finishWait)
		case err != nil:
			return err
		}
	}
}

// send sends a part, or with none the end, and waits until the server has taken
// it.
func send(ctx context.Context, b *bus.Bus, to string, part []byte, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	msg, err := b.NC.RequestWithContext(ctx, to, part)
	if err != nil {
		return fmt.Errorf("send a part: %w", err)
	}
	var answer struct {
		Error *jetstream.APIError `json:"error"`
	}
	if len(msg.Data) > 0 {
		if err := json.Unmarshal(msg.Data, &answer); err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
	}
	if answer.Error != nil {
		return answer.Error
	}
	return nil
}

// withReplicas leaves all else as it is, also what this version does not know.
func withReplicas(config json.RawMessage, replicas int) (map[string]json.RawMessage, error) {
	all := make(map[string]json.RawMessage)
	if err := json.Unmarshal(config, &all); err != nil {
		return nil, fmt.Errorf("read its configuration: %w", err)
	}
	all["num_replicas"] = json.RawMessage(strconv.Itoa(replicas))
	return all, nil
}
