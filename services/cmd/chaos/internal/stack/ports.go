package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
)

// Ports are taken from below the range from which systems pick those of
// outgoing connections: what is started again needs its own back.
const (
	firstPort = 18000
	ports     = 12000
)

var portsGiven atomic.Int64

// FreeAddr is an address on loopback that nobody listens on. Each is given
// once; where in the range to begin differs between processes.
func FreeAddr(ctx context.Context) (string, error) {
	for range 500 {
		port := firstPort + (int64(os.Getpid())*97+portsGiven.Add(1))%ports
		addr := fmt.Sprintf("127.0.0.1:%d", port)
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
		if err != nil {
			continue
		}
		l.Close()
		return addr, nil
	}
	return "", errors.New("no free port on 127.0.0.1")
}
