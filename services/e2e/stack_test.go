package e2e

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/posthaste/posthaste/services/internal/testbed/sealedtest"
)

// stack is Posthaste as it runs in production: four services, each a process
// of its own, on a nats-server and a redis-server.
type stack struct {
	*api
	nats, redis          *server
	ingest, control      *service
	routers, dispatchers []*service

	binary   string
	settings env
	each     func(service string) env
}

// service is one process of Posthaste.
type service struct {
	*process
	admin string // address of /readyz and /metrics
	http  *http.Client
}

// plan says what differs from one of each with the settings of startStack.
type plan struct {
	routers, dispatchers int
	settings             env // of all services
	dispatcher           env // of the dispatchers alone
	// each gives the settings of one kind of service; nil for none.
	each func(service string) env
	// nats is one that runs; nil for a new one.
	nats *server
}

const testKey = "e2e-0123456789abcdef"

// startStack runs the services and returns when all are ready. A message that
// a killed process held goes to another after 3 s.
func startStack(t *testing.T, p plan) *stack {
	t.Helper()
	if p.nats == nil {
		p.nats = startNATS(t)
	}
	s := &stack{nats: p.nats, redis: startRedis(t), binary: posthaste(t), api: newAPI(t, testKey), each: p.each}
	s.settings = env{
		"POSTHASTE_NATS_URL": s.nats.url, "POSTHASTE_REDIS_URL": s.redis.url, "POSTHASTE_API_KEY": testKey,
		"POSTHASTE_ENCRYPTION_KEYS": sealedtest.A,
		"POSTHASTE_ACK_WAIT":        "3s", "POSTHASTE_DEDUP_WINDOW": "1m", "POSTHASTE_PUBLISH_TIMEOUT": "1s",
		"POSTHASTE_ALLOW_INSECURE_ENDPOINTS": "true", "POSTHASTE_ALLOW_NETWORKS": "127.0.0.0/8,::1/128",
	}.and(p.settings)
	events, subscriptions := freeAddr(t), freeAddr(t)
	s.ingest = s.run(t, "ingest", "", env{"POSTHASTE_ADDR": events})
	s.control = s.run(t, "control", "", env{"POSTHASTE_ADDR": subscriptions})
	for i := range max(1, p.routers) {
		s.routers = append(s.routers, s.run(t, "router", strconv.Itoa(i), nil))
	}
	for range max(1, p.dispatchers) {
		s.addDispatcher(t, p.dispatcher)
	}
	s.events, s.subscriptions = "http://"+events, "http://"+subscriptions
	for _, each := range s.services() {
		each.awaitReady(t)
	}
	return s
}

func (s *stack) addDispatcher(t *testing.T, more env) *service {
	t.Helper()
	d := s.run(t, "dispatcher", strconv.Itoa(len(s.dispatchers)), more)
	s.dispatchers = append(s.dispatchers, d)
	return d
}

func (s *stack) services() []*service {
	return append(append([]*service{s.ingest, s.control}, s.routers...), s.dispatchers...)
}

func (s *stack) run(t *testing.T, command, number string, more env) *service {
	t.Helper()
	admin := freeAddr(t)
	settings := s.settings.and(env{"POSTHASTE_ADMIN_ADDR": admin})
	if s.each != nil {
		settings = settings.and(s.each(command))
	}
	settings = settings.and(more)
	return &service{process: start(t, command+number, s.binary, settings, command), admin: admin, http: s.http}
}

// ready says what /readyz says now.
func (s *service) ready() bool {
	res, err := s.http.Get("http://" + s.admin + "/readyz")
	if err != nil {
		return false
	}
	res.Body.Close()
	return res.StatusCode == http.StatusOK
}

func (s *service) awaitReady(t *testing.T) {
	t.Helper()
	eventually(t, s.name+" to be ready", func() bool {
		if !s.running() {
			t.Fatalf("%s ended:\n%s", s.name, s.log.tail(1<<10))
		}
		return s.ready()
	}, func() string { return s.log.tail(1 << 10) })
}

// newHTTP is a client whose connections end with the test.
func newHTTP(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 8}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}
