// Package bare is the bare loop: the same signed POSTs with no pipeline around
// them. What Posthaste does is measured beside it, for a machine's speed changes
// with what its neighbours do.
package bare

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/posthaste/posthaste/pkg/webhook"
	posthastev1 "github.com/posthaste/posthaste/proto/posthaste/v1"
	"github.com/posthaste/posthaste/services/internal/dialect"
)

// Loop is the command by which the bench starts itself as the sender:
// bare-loop <url> <seconds> <payload>.
const Loop = "bare-loop"

// workers is how many POSTs the loop makes at once: as many as a dispatcher
// makes to one endpoint.
const workers = 64

// Run is the sender. It returns when the time is over.
func Run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("usage: %s <url> <seconds> <payload>", Loop)
	}
	seconds, err := strconv.ParseFloat(args[1], 64)
	if err != nil {
		return err
	}
	payload, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	b := &sender{
		url:       args[0],
		dialect:   dialect.Builtin().Default(),
		transport: &http.Transport{MaxIdleConnsPerHost: workers, DisableCompression: true},
		event: &posthastev1.Event{
			Id: "evt_01K00000000000000000000000", Type: "bench.event", Time: timestamppb.Now(),
			Data: []byte(`"` + strings.Repeat("x", payload-2) + `"`),
		},
	}
	if b.signer, err = b.dialect.NewSigner(webhook.NewSecret().Reveal()); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	group, ctx := errgroup.WithContext(ctx)
	deadline := time.Now().Add(time.Duration(seconds * float64(time.Second)))
	for worker := range workers {
		group.Go(func() error { return b.loop(ctx, worker, deadline) })
	}
	return group.Wait()
}

type sender struct {
	url       string
	transport *http.Transport
	dialect   *dialect.Dialect
	signer    *dialect.Signer
	event     *posthastev1.Event
}

func (b *sender) loop(ctx context.Context, worker int, deadline time.Time) error {
	for i := 0; time.Now().Before(deadline) && ctx.Err() == nil; i++ {
		if err := b.post(ctx, fmt.Sprintf("dlv_%d_%d", worker, i)); err != nil {
			return err
		}
	}
	return nil
}

// post is what a dispatcher does for one delivery, less everything that makes
// it sure.
func (b *sender) post(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	in := dialect.Delivery{Event: b.event, ID: id, Attempt: 1}
	body := b.dialect.AppendBody(nil, &in)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = b.dialect.Header(&in, time.Now(), body, b.signer)
	res, err := b.transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	return err
}
