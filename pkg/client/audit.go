package client

import (
	"context"
	"net/http"
	"time"
)

// Books are what went into the pipeline beside what became of it. Deliveries are
// counted since OpenedAt: Made = Delivered + Failed + Cancelled + Waiting + Missing.
type Books struct {
	At       time.Time  `json:"at"`
	OpenedAt *time.Time `json:"openedAt"` // nil where they are not opened yet
	Opened   string     `json:"opened,omitempty"`
	Events   struct {
		Accepted int64      `json:"accepted"`
		Routed   int64      `json:"routed"`
		Rejected int64      `json:"rejected"`
		Waiting  BooksQueue `json:"waiting"`
	} `json:"events"`
	Deliveries struct {
		Made      int64 `json:"made"`
		Delivered int64 `json:"delivered"`
		Failed    int64 `json:"failed"`
		Cancelled int64 `json:"cancelled"`
		Waiting   int64 `json:"waiting"`
	} `json:"deliveries"`
	Waiting struct {
		Total int64                 `json:"total"`
		Lanes map[string]BooksQueue `json:"lanes"`
		Tiers map[string]int64      `json:"tiers"`
	} `json:"waiting"`
	History   BooksQueue `json:"history"`
	Missing   int64      `json:"missing"`
	Settled   bool       `json:"settled"` // Missing is exact
	Uncounted struct {
		Records int64 `json:"records"`
		Events  int64 `json:"events"`
	} `json:"uncounted"`
	Open []string `json:"open"` // what is not settled, and why
}

// BooksQueue is what waits in one place.
type BooksQueue struct {
	Pending int64 `json:"pending"`
	InHand  int64 `json:"inHand"`
}

// AuditService balances what was accepted with what became of it, which takes an
// operator's key with ScopeAdmin.
type AuditService struct{ core *core }

// Get says how the books stand.
func (s *AuditService) Get(ctx context.Context) (*Books, error) {
	return fetchData[Books](ctx, s.core, call{method: http.MethodGet, path: []string{"audit"}})
}

// Open opens the books anew from what is there. The error is a 409 where
// something moves.
func (s *AuditService) Open(ctx context.Context) (*Books, error) {
	return fetchData[Books](ctx, s.core, call{method: http.MethodPost, path: []string{"audit", "open"}})
}
