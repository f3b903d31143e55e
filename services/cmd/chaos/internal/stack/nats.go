package stack

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Node is one server of NATS.
type Node struct {
	*Process
	addr  string
	route string
	disk  *disk // nil where it cannot be filled
}

// startNodes starts one node, or a cluster.
func (s *Stack) startNodes(ctx context.Context) error {
	routes := make([]string, s.cfg.Nodes)
	for i := range s.cfg.Nodes {
		n := &Node{}
		var err error
		if n.addr, err = FreeAddr(ctx); err != nil {
			return err
		}
		if n.route, err = FreeAddr(ctx); err != nil {
			return err
		}
		routes[i] = "nats://" + n.route
		s.Nodes = append(s.Nodes, n)
	}
	for i, n := range s.Nodes {
		if err := s.prepareNode(i, n, routes); err != nil {
			return err
		}
		if err := n.Start(); err != nil {
			return err
		}
	}
	for _, n := range s.Nodes {
		if err := s.await(ctx, n.Name, func(ctx context.Context) error { return dial(ctx, n.addr) }); err != nil {
			return err
		}
	}
	return s.await(ctx, "JetStream", s.jetStream)
}

// jetStream is nil when JetStream answers: in a cluster, when it has a leader.
func (s *Stack) jetStream(ctx context.Context) error {
	conn, err := s.Connect()
	if err != nil {
		return err
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, err = js.AccountInfo(ctx)
	return err
}

func (s *Stack) prepareNode(i int, n *Node, routes []string) error {
	name := "nats-" + strconv.Itoa(i)
	store := filepath.Join(s.dir, name)
	if err := os.Mkdir(store, 0o700); err != nil {
		return err
	}
	if s.cfg.Disk {
		var err error
		if n.disk, err = mount(store); err != nil {
			return err
		}
	}
	text := fmt.Sprintf("server_name: %s\nlisten: %q\njetstream { store_dir: %q }\n", name, n.addr, store)
	if len(routes) > 1 {
		// Clients are not told of the other nodes' own addresses: they would go
		// past the links.
		text += fmt.Sprintf("cluster { name: chaos, listen: %q, no_advertise: true, routes: [%s] }\n", n.route, `"`+strings.Join(routes, `", "`)+`"`)
	}
	file := store + ".conf"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	n.Process = s.process(name, s.cfg.Binaries.NATS, nil, "-c", file)
	return nil
}

// Fill lets the node's writes fail until Empty.
func (n *Node) Fill() error { return n.disk.fill() }

// Empty makes room and starts the node again: a stream that had no room stays
// closed to writes for as long as its server runs.
func (n *Node) Empty() error {
	if err := n.disk.empty(); err != nil {
		return err
	}
	n.Kill()
	return n.Start()
}

// URLs are the nodes' own addresses, past all links.
func (s *Stack) URLs() string {
	urls := make([]string, len(s.Nodes))
	for i, n := range s.Nodes {
		urls[i] = "nats://" + n.addr
	}
	return strings.Join(urls, ",")
}

// Connect is a client of NATS past all links, which reconnects for ever.
func (s *Stack) Connect() (*nats.Conn, error) {
	return nats.Connect(s.URLs(), nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond), nats.RetryOnFailedConnect(true), nats.Name("chaos"))
}

// Leader is the node that leads the stream; the first one where there is no
// cluster, or where nobody knows.
func (s *Stack) Leader(ctx context.Context, js jetstream.JetStream, stream string) *Node {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	found, err := js.Stream(ctx, stream)
	if err == nil && found.CachedInfo().Cluster != nil {
		for _, n := range s.Nodes {
			if n.Name == found.CachedInfo().Cluster.Leader {
				return n
			}
		}
	}
	return s.Nodes[0]
}
