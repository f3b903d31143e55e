package e2e

import (
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"testing"
)

// Ports are taken from below the range from which systems pick those of
// outgoing connections: a server that is started again needs its own back.
const (
	firstPort = 18000
	ports     = 12000
)

var portsGiven atomic.Int64

// freeAddr is an address on loopback that nobody listens on. Each is given
// once; where in the range to begin differs between processes.
func freeAddr(t *testing.T) string {
	t.Helper()
	for range 200 {
		port := firstPort + (int64(os.Getpid())*97+portsGiven.Add(1))%ports
		addr := fmt.Sprintf("127.0.0.1:%d", port)
		l, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		l.Close()
		return addr
	}
	t.Fatal("no free port")
	return ""
}
