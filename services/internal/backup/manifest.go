package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// manifestFile is written last: a directory without it is no backup.
	manifestFile = "backup.json"
	// form is that of the files. A newer one is refused.
	form = 1
	// suffix of a stream's file, which holds what JetStream calls a snapshot.
	suffix = ".snapshot"
)

// Manifest says what a backup holds.
type Manifest struct {
	Form    int       `json:"form"`
	Version string    `json:"version"` // of the posthaste that made it
	TakenAt time.Time `json:"takenAt"` // when it began
	Streams []Stream  `json:"streams"`
}

// Stream is one stream of a backup, or that of a bucket (KV_<bucket>).
type Stream struct {
	Name   string          `json:"name"`
	Config json.RawMessage `json:"config"`
	State  json.RawMessage `json:"state"`
	Bytes  int64           `json:"bytes"` // of the file
	SHA256 string          `json:"sha256"`
}

// Messages is how many it held.
func (s *Stream) Messages() uint64 {
	var state jetstream.StreamState
	if json.Unmarshal(s.State, &state) != nil {
		return 0
	}
	return state.Msgs
}

func (m *Manifest) write(dir string) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, manifestFile), append(data, '\n'), fileMode)
	}
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	return nil
}

// Read reads the manifest of the backup in dir.
func Read(dir string) (*Manifest, error) {
	data, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("from: %s holds no %s: it is no backup, or one that was not finished", dir, manifestFile)
	}
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	m := new(Manifest)
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("read manifest %s: %w", filepath.Join(dir, manifestFile), err)
	}
	if m.Form != form {
		return nil, fmt.Errorf("from: the backup has form %d, and this posthaste reads form %d; take the version that made it, %s", m.Form, form, m.Version)
	}
	return m, nil
}
