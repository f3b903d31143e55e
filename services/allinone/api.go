package allinone

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"

	"github.com/posthaste/posthaste/services/control"
	"github.com/posthaste/posthaste/services/ingest"
	"github.com/posthaste/posthaste/services/internal/catalogue"
	"github.com/posthaste/posthaste/services/internal/history"
	"github.com/posthaste/posthaste/services/internal/httpserver"
	"github.com/posthaste/posthaste/services/internal/idempotency"
	"github.com/posthaste/posthaste/services/internal/notify"
	"github.com/posthaste/posthaste/services/internal/settings"
)

// addAPI puts ingest and control on one server.
func (p *Posthaste) addAPI(ctx context.Context) error {
	if err := p.addTypes(ctx); err != nil {
		return err
	}
	events, err := ingest.New(p.cfg.Ingest, ingest.Deps{
		Bus: p.bus, Event: p.cfg.Event, Keys: p.keys, Catalogue: p.types, Idempotency: p.answers,
		Log: p.log, Meter: p.telemetry.Meter("ingest"), Tracer: p.telemetry.Tracer("ingest"),
	})
	if err != nil {
		return fmt.Errorf("make ingest: %w", err)
	}
	api, err := p.addControl(ctx)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle(ingest.Path, events.Handler())
	mux.Handle("GET "+ingest.Path, api)
	mux.Handle("/", api)
	server, err := httpserver.New(p.cfg.Addr, p.cfg.HTTP, p.telemetry.Server(mux), p.cfg.Grace, p.log)
	if err != nil {
		return err
	}
	p.addr = server.Addr()
	p.process.OnClose(server.Close)
	p.process.Serve(server.Serve)
	return nil
}

// addTypes adds what tenants have set, the catalogue of event types, and the
// answers that are kept.
func (p *Posthaste) addTypes(ctx context.Context) (err error) {
	if p.tenants, p.types, err = catalogue.OpenAll(ctx, p.bus, p.cfg.Types, p.dialects, p.log); err != nil {
		return err
	}
	p.process.Support(p.tenants.Run)
	p.process.Check("tenants", p.tenants.Ready)
	p.process.Support(p.types.Run)
	p.process.Check("event types", p.types.Ready)
	p.answers, err = idempotency.Open(ctx, p.bus, p.seals)
	return err
}

// addControl adds control, its history and the notifications.
func (p *Posthaste) addControl(ctx context.Context) (http.Handler, error) {
	if p.cfg.History.File == settings.Defaults[history.Config]().File { // nobody asked for another
		p.cfg.History.File = filepath.Join(p.cfg.DataDir, "history.db")
	}
	records, err := history.Open(ctx, p.cfg.History, p.log)
	if err != nil {
		return nil, err
	}
	p.process.OnClose(records.Close)
	p.process.Check("history", records.Ready)
	notifier, err := notify.New(p.cfg.Notify, p.bus, p.log, p.telemetry.Meter("notify"))
	if err != nil {
		return nil, err
	}
	s, err := control.New(ctx, p.cfg.Control, control.Deps{
		Bus: p.bus, Live: p.subs, Tenants: p.tenants, Catalogue: p.types, Idempotency: p.answers, History: records,
		Redis: p.redis, Keys: p.keys, APIKeys: p.held, Guard: p.guard, Dialects: p.dialects, Policies: p.policies,
		Event: p.cfg.Event, Books: p.account, Log: p.log, Meter: p.telemetry.Meter("control"),
	})
	if err != nil {
		return nil, fmt.Errorf("make control: %w", err)
	}
	p.process.Serve(notifier.Run)
	p.process.Serve(s.Run)
	return s.Handler(), nil
}
