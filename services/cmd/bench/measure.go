package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/posthaste/posthaste/pkg/webhook"
)

// result is what one measurement found.
type result struct {
	deliveries int
	took       time.Duration
	p50, p99   time.Duration
	usage      usage
}

func (r result) perSecond() float64 { return float64(r.deliveries) / r.took.Seconds() }

// measureBare makes signed POSTs to the receiver with nothing around them.
func measureBare(ctx context.Context, o options, r *receiver) (result, error) {
	signer, err := webhook.NewSigner(webhook.NewSecret())
	if err != nil {
		return result{}, err
	}
	const workers = 64
	transport := &http.Transport{MaxIdleConnsPerHost: workers, DisableCompression: true}
	defer transport.CloseIdleConnections()
	body := bytes.Repeat([]byte("x"), o.payload+100)
	r.reset(0)
	begin, cpu := time.Now(), selfCPU()
	deadline := begin.Add(time.Duration(o.seconds / 2 * float64(time.Second)))
	group, ctx := errgroup.WithContext(ctx)
	for range workers {
		group.Go(func() error {
			for i := 0; time.Now().Before(deadline); i++ {
				if err := bareRequest(ctx, transport, signer, r.url(0), body, i); err != nil {
					return fmt.Errorf("bare loop: %w", err)
				}
			}
			return nil
		})
	}
	err = group.Wait()
	return result{deliveries: int(r.count.Load()), took: time.Since(begin), usage: usage{cpu: selfCPU() - cpu}}, err
}

func bareRequest(ctx context.Context, transport *http.Transport, signer *webhook.Signer, url string, body []byte, i int) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	id, now := fmt.Sprintf("msg_%d", i), time.Now()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(webhook.HeaderID, id)
	req.Header.Set(webhook.HeaderTimestamp, fmt.Sprint(now.Unix()))
	req.Header.Set(webhook.HeaderSignature, signer.Sign(id, now, body))
	res, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10))
	return err
}

// measureThroughput floods a fresh stack and waits for the last delivery.
func measureThroughput(ctx context.Context, o options, binary string, r *receiver, fanout, batch int) (result, error) {
	s, err := startStack(ctx, o, binary)
	if err != nil {
		return result{}, err
	}
	defer s.close()
	p := newProducer(s.addr, o)
	if err := p.subscribe(ctx, r, fanout); err != nil {
		return result{}, err
	}
	// Two short floods warm up and say how many events fill the time.
	events := max(batch, 1000/fanout)
	for range 2 {
		warm, err := flood(ctx, o, s, p, r, fanout, batch, events)
		if err != nil {
			return result{}, err
		}
		events = max(batch, int(warm.perSecond())/fanout)
	}
	events = max(batch, int(float64(events)*o.seconds))
	time.Sleep(settle)
	return flood(ctx, o, s, p, r, fanout, batch, events)
}

func flood(ctx context.Context, o options, s *stack, p *producer, r *receiver, fanout, batch, events int) (result, error) {
	r.reset(events * fanout)
	group, ctx := errgroup.WithContext(ctx)
	if o.profile != "" && events*fanout > 5000 {
		group.Go(func() error { return s.profile(ctx, o.profile, max(1, int(o.seconds)-1)) })
	}
	before, begin := s.usage(), time.Now()
	group.Go(func() error { return p.flood(ctx, events, batch, o.clients) })
	if err := group.Wait(); err != nil {
		return result{}, err
	}
	if err := r.await(context.WithoutCancel(ctx), events*fanout); err != nil {
		return result{}, err
	}
	res := result{deliveries: events * fanout, took: time.Unix(0, r.last.Load()).Sub(begin), usage: s.usage().since(before)}
	res.p50, res.p99 = r.quantiles()
	return res, nil
}

// measureLatency sends events one by one at a steady rate.
func measureLatency(ctx context.Context, o options, binary string, r *receiver) (result, error) {
	s, err := startStack(ctx, o, binary)
	if err != nil {
		return result{}, err
	}
	defer s.close()
	p := newProducer(s.addr, o)
	if err := p.subscribe(ctx, r, 1); err != nil {
		return result{}, err
	}
	if _, err := flood(ctx, o, s, p, r, 1, 1, 200); err != nil {
		return result{}, err
	}
	time.Sleep(settle)
	events := int(float64(o.rate) * o.seconds)
	r.reset(events)
	before, begin := s.usage(), time.Now()
	if err := p.pace(ctx, events, o.rate); err != nil {
		return result{}, err
	}
	if err := r.await(ctx, events); err != nil {
		return result{}, err
	}
	res := result{deliveries: events, took: time.Since(begin), usage: s.usage().since(before)}
	res.p50, res.p99 = r.quantiles()
	return res, nil
}
