// Command receiver is an endpoint to try Posthaste with: it verifies what is
// POSTed to it with package webhook, and prints each delivery.
//
//	receiver -secret whsec_… -addr 127.0.0.1:9000
//	receiver -secret any-text -dialect neiracore
//
// The secret may stand in the environment instead, as WEBHOOK_SECRET.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/posthaste/posthaste/pkg/webhook"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Getenv("WEBHOOK_SECRET"), os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "receiver:", err)
		os.Exit(1)
	}
}

// run is the program without its process: it serves until ctx ends, prints
// deliveries to out and all else to help.
func run(ctx context.Context, args []string, envSecret string, out, help io.Writer) error {
	flags := flag.NewFlagSet("receiver", flag.ContinueOnError)
	flags.SetOutput(help)
	addr := flags.String("addr", "127.0.0.1:9000", "`address` to listen on")
	given := flags.String("secret", "", "the subscription's `secret`, whsec_… or as its dialect has it; else from WEBHOOK_SECRET")
	dialect := flags.String("dialect", "standard", "the subscription's `dialect`: standard, neiracore, aicity, agentrail, github or stripe")
	status := flags.Int("status", http.StatusOK, "`status` to answer verified deliveries with; try 500 to see retries")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *status < 200 || *status > 599 {
		return fmt.Errorf("-status: must be 200 to 599, is %d", *status)
	}
	handler, err := newHandler(*dialect, cmp.Or(*given, envSecret), *status, out, help)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", *addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	fmt.Fprintf(out, "listening on http://%s/webhooks\n", listener.Addr())
	return serve(ctx, listener, handler)
}

func newHandler(dialect, secretText string, status int, out, help io.Writer) (http.Handler, error) {
	scheme, ok := webhook.SchemeNamed(dialect)
	if !ok {
		return nil, fmt.Errorf("-dialect: there is no %q", dialect)
	}
	if secretText == "" {
		return nil, errors.New("give the subscription's secret with -secret or WEBHOOK_SECRET")
	}
	read := webhook.LiteralSecret
	if scheme.Key == webhook.DecodedKey {
		read = webhook.ParseSecret // Finds a slip in copying it.
	}
	secret, err := read(secretText)
	if err != nil {
		return nil, err
	}
	verifier, err := webhook.NewVerifier([]webhook.Secret{secret}, webhook.WithScheme(scheme))
	if err != nil {
		return nil, err
	}
	return &receiver{verifier: verifier, status: status, out: out, help: help, seen: make(map[string]int)}, nil
}

// receiver answers deliveries. It remembers every id that it has seen; an
// endpoint that runs for long would forget them after a while.
type receiver struct {
	verifier  *webhook.Verifier
	status    int
	out, help io.Writer

	mu   sync.Mutex
	seen map[string]int // delivery id to its attempts so far
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, webhook.DefaultMaxBody))
	if err != nil {
		http.Error(w, "body could not be read", http.StatusBadRequest)
		return
	}
	delivery, err := r.verifier.Parse(req.Header, body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		fmt.Fprintf(r.help, "refused: %v\n", err)
		http.Error(w, "not a delivery", http.StatusUnauthorized)
		return
	}
	r.seen[delivery.ID]++
	fmt.Fprintf(r.out, "verified %s (seen %d): %s %s of %s\n  %s\n",
		delivery.ID, r.seen[delivery.ID], delivery.Event.Type, delivery.Event.ID,
		delivery.Event.Timestamp.Format(time.RFC3339), delivery.Event.Data)
	w.WriteHeader(r.status)
}

const (
	readTimeout = 10 * time.Second
	stopTimeout = 2 * time.Second
)

// serve returns when ctx has ended and requests under way are answered.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadTimeout: readTimeout}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	err := server.Shutdown(stop)
	if serveErr := <-failed; !errors.Is(serveErr, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", serveErr)
	}
	return err
}
