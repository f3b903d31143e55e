package stack

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/posthaste/posthaste/services/internal/embedded"
)

// ServeNATS is the command by which the bench starts itself as a nats-server:
// serve-nats <directory> <address>.
const ServeNATS = "serve-nats"

// RunNATS is that server. It returns after SIGTERM.
func RunNATS(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("usage: %s <directory> <address>", ServeNATS)
	}
	n, err := embedded.StartNATS(args[0], args[1], slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	<-ctx.Done()
	stop()
	return n.Close()
}
